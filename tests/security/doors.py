"""What a line of the table of access says, and the groups of callers that its lines name."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from tests.security.world import (
    CUSTOMER,
    DESK,
    EDITOR,
    EVERYBODY,
    FINANCE,
    GUEST_HOLDER,
    KEEPER,
    KEY,
    KEYS,
    OTHER_GUEST,
    OWNER,
    PEOPLE,
    READ_KEY,
    ROLES,
    STRANGERS,
    SUPERUSER,
    SUPPORT,
    Upload,
    World,
)

Body = dict[str, Any] | Upload | Callable[[World], Any] | None


@dataclass(frozen=True)
class Door:
    """What one method of one route does for whom."""

    ok: frozenset[str]
    status: frozenset[int]
    body: Body = None
    strangers: int = 401
    others: int = 403
    named: dict[str, int] = field(default_factory=dict)
    query: str = ""

    def expected(self, who: str) -> frozenset[int]:
        if who in self.named:
            return frozenset({self.named[who]})
        if who in self.ok:
            return self.status
        return frozenset({self.strangers if who in STRANGERS else self.others})


def door(ok: Collection[str], *status: int, body: Body = None, **more: Any) -> Door:
    return Door(frozenset(ok), frozenset(status or {200}), body, **more)


def for_all(*status: int, body: Body = None) -> Door:
    return door(EVERYBODY, *status, body=body)


OWNERS = {OWNER, SUPERUSER}
EDITORS = {*OWNERS, EDITOR, KEY}
COUNTERS = {*EDITORS, KEEPER}
STOCK = {*OWNERS, KEEPER}
SEE_ORDERS = {*OWNERS, DESK, FINANCE, SUPPORT, KEY}
HOLDERS = {CUSTOMER, GUEST_HOLDER}
# Other people do not learn that there is such an order; a program without the scope is told so.
HIDDEN = {OTHER_GUEST: 404, READ_KEY: 403}
SEE_PROMOTIONS = {*OWNERS, EDITOR, DESK, FINANCE, SUPPORT}
TAXES = {*OWNERS, FINANCE}
SEE_SHIPMENTS = {*OWNERS, DESK, KEEPER, FINANCE, SUPPORT}
PARCELS = {"others": 404, "named": {**HIDDEN, KEY: 403}}
ONLOOKERS = {CUSTOMER: 403, GUEST_HOLDER: 401, FINANCE: 403, SUPPORT: 403}
PACKS = {"others": 404, "named": {**HIDDEN, OTHER_GUEST: 401, KEY: 403, **ONLOOKERS}}
NOT_MINE = {"others": 404, "named": HIDDEN}
SEE_CARTS = SEE_ORDERS - {KEY}
NOT_MY_CART: dict[str, Any] = {"strangers": 404, "others": 404, "named": dict.fromkeys(KEYS, 403)}
SEES_DRAFTS = {*ROLES, SUPERUSER, KEY, READ_KEY}

# People's own business: whoever is signed in, but no program.
MINE = PEOPLE
PROMOTION = "api/promotions/<int:promotion_id>/"
CART = "api/carts/<uuid:cart_id>/"
TAXED = "api/tax-categories/<slug:code>/"
PRICES_OF = "api/products/<slug:key>/variants/<int:variant_id>/prices/"
PARCEL = "api/orders/<uuid:public_id>/shipments/<uuid:shipment_id>/"
RETURN = "api/returns/<uuid:return_id>/"
OPTIONS = {"price": "5.00", "options": [{"name": "Colour", "value": "Red"}]}
ITEM = {"phone": "0911234567"}
EDIT = {"operations": [{"op": "remove", "line": 1}], "reason": "by telephone"}
LEGAL = {"valid_from": "2027-01-01", "legal_name": "Buna House PLC"}


def order_of(world: World) -> dict[str, Any]:
    return {**ITEM, "items": [{"variant_id": world.variant.pk, "quantity": 1}]}


def cart_item_of(world: World) -> dict[str, Any]:
    return {"variant_id": world.variant.pk}


def described(
    noun: str, key: str, body: dict[str, Any], read: Collection[str] = EVERYBODY
) -> dict[str, Door]:
    """A noun that editors write, and its readers read."""
    return {
        f"GET api/{noun}/": door(read),
        f"POST api/{noun}/": door(EDITORS, 201, body=body),
        f"GET api/{noun}/{key}/": door(read),
        f"PUT api/{noun}/{key}/": door(EDITORS, body=body),
        f"PATCH api/{noun}/{key}/": door(EDITORS, body={"name": "New"}),
        f"DELETE api/{noun}/{key}/": door(EDITORS, 204),
    }
