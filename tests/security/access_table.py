"""Who passes which door of the API and the pages: one line per route and method.

A new route without a line here fails the matrix. `ok` names who passes, and `status` with what; of the others strangers get
`strangers` (401) and everybody else `others` (403, or 404 where the thing itself is hidden).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from tests.security.world import (
    ANON,
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
    STRANGER,
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
ONLOOKERS = {CUSTOMER: 403, GUEST_HOLDER: 403, FINANCE: 403, SUPPORT: 403}
PACKS = {"others": 404, "named": {**HIDDEN, KEY: 403, **ONLOOKERS}}
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


API: dict[str, Door] = {
    # --- the house ---
    "GET livez": for_all(),
    "GET readyz": for_all(200, 503),
    "GET ^api/docs/?$": for_all(),
    "GET ^api/redoc/?$": for_all(),
    "GET api/schema/": for_all(),
    "GET .well-known/jwks.json": for_all(404),  # HS256: there is no public key
    "GET api/dev/": for_all(),
    "GET media/<path:path>": for_all(404),
    "GET ": for_all(),
    "GET account/verify/": for_all(200, 400),
    "GET account/reset/": for_all(200, 400),
    "GET pay/return/<uuid:public_id>/": for_all(),
    "GET pay/order/<uuid:public_id>/": for_all(),
    # --- the way in: for everybody, and guessed at by nobody (limits) ---
    "POST api/auth/register/": for_all(400, body={}),
    "POST api/auth/verify-email/": for_all(400, body={}),
    "POST api/auth/verify-email/resend/": for_all(400, body={}),
    "POST api/auth/login/": for_all(400, body={}),
    "POST api/auth/refresh/": for_all(400, body={}),
    "POST api/auth/logout/": for_all(400, body={}),
    "POST api/auth/password/forgot/": for_all(400, body={}),
    "POST api/auth/password/reset/": for_all(400, body={}),
    "POST api/auth/phone/code/": for_all(400, body={}),
    "POST api/auth/phone/login/": for_all(400, body={}),
    # --- one's own account ---
    "POST api/auth/password/change/": door(MINE, 400, body={}),
    "DELETE api/auth/phone/": door(MINE, 204, 400, 409),
    "POST api/auth/phone/verify/": door(MINE, 400, body={}),
    "POST api/auth/phone/verify/confirm/": door(MINE, 400, body={}),
    "POST api/auth/email/": door(MINE, 400, body={}),
    "GET api/auth/sessions/": door(MINE),
    "DELETE api/auth/sessions/": door(MINE, 200, 204),
    "DELETE api/auth/sessions/<uuid:session_id>/": door({CUSTOMER}, 204, others=404, named=dict.fromkeys(KEYS, 403)),
    "GET api/auth/second-factor/": door(MINE),
    "DELETE api/auth/second-factor/": door(MINE, 204, 400, 404, 409, body={}),
    "POST api/auth/second-factor/enrol/": door(MINE - {CUSTOMER, STRANGER}, 200, 201, body={}),
    "POST api/auth/second-factor/confirm/": door(MINE, 400, body={}),
    "POST api/auth/second-factor/recovery-codes/": door(MINE, 400, 404, 409, body={}),
    "POST api/auth/reauthenticate/": door(MINE, 400, body={}),
    "GET api/auth/me/": door(MINE),
    "PATCH api/auth/me/": door(MINE, body={"first_name": "New"}),
    "DELETE api/auth/me/": door(MINE, 202, 409),
    "GET api/auth/me/export/": door(MINE, 200, 404),
    "POST api/auth/me/export/": door(MINE, 200, 202, body={}),
    "GET api/auth/me/export/document/": door(MINE, 404),
    "GET api/addresses/": door(MINE),
    "POST api/addresses/": door(MINE, 201, body={"city": "Adama"}),
    **{
        f"{method} api/addresses/<uuid:public_id>/": door(
            {CUSTOMER}, 200, 204, body=body, others=404, named=dict.fromkeys(KEYS, 403)
        )
        for method, body in (
            ("GET", None), ("PUT", {"city": "Adama"}), ("PATCH", {"city": "Adama"}), ("DELETE", None),
        )
    },
    # --- who runs the shop ---
    "GET api/keys/": door(OWNERS),
    "POST api/keys/": door(OWNERS, 201, body={"name": "K", "scopes": ["catalog:read"]}),
    "GET api/keys/<uuid:public_id>/": door(OWNERS),
    "POST api/keys/<uuid:public_id>/rotate/": door(OWNERS, body={}),
    "POST api/keys/<uuid:public_id>/revoke/": door(OWNERS),
    "GET api/staff/": door(OWNERS),
    "POST api/staff/": door(
        OWNERS, body=lambda w: {"email": w.users[CUSTOMER].email, "roles": ["owner"]}
    ),
    "GET api/staff/<uuid:public_id>/": door(OWNERS),
    "PUT api/staff/<uuid:public_id>/roles/": door(OWNERS, body={"roles": ["owner"]}),
    "GET api/audit/": door({*OWNERS, FINANCE}),
    "GET api/metrics/": door(OWNERS),
    "GET api/ledger/accounts/": door({*OWNERS, FINANCE}),
    "GET api/ledger/entries/": door({*OWNERS, FINANCE}),
    "GET api/ledger/entries/<uuid:public_id>/": door({*OWNERS, FINANCE}),
    "GET api/ledger/trial-balance/": door({*OWNERS, FINANCE}),
    # --- the catalogue ---
    "GET api/categories/": for_all(),
    "POST api/categories/": door(EDITORS, 201, body={"name": "Tea"}),
    "GET api/categories/<slug:key>/": for_all(),
    "PUT api/categories/<slug:key>/": door(EDITORS, body={"name": "Tea"}),
    "PATCH api/categories/<slug:key>/": door(EDITORS, body={"name": "Tea"}),
    "DELETE api/categories/<slug:key>/": door(EDITORS, 204),
    "GET api/products/": for_all(),
    "POST api/products/": door(EDITORS, 201, body={"name": "Tea", "price": "5.00", "stock": 4}),
    "GET api/products/suggest/": for_all(),
    "GET api/products/<slug:key>/": for_all(),
    "PUT api/products/<slug:key>/": door(EDITORS, body={"name": "Tea", "price": "5.00"}),
    "PATCH api/products/<slug:key>/": door(EDITORS, body={"name": "Tea"}),
    "DELETE api/products/<slug:key>/": door(EDITORS, 204),
    "GET api/products/<slug:key>/variants/": for_all(),
    "POST api/products/<slug:key>/variants/": door(EDITORS, 201, body=OPTIONS),
    "GET api/products/<slug:key>/variants/<int:variant_id>/": for_all(),
    "PUT api/products/<slug:key>/variants/<int:variant_id>/": door(EDITORS, body=OPTIONS),
    "PATCH api/products/<slug:key>/variants/<int:variant_id>/": door(EDITORS, body={"name": "L"}),
    "DELETE api/products/<slug:key>/variants/<int:variant_id>/": door(EDITORS, 204),
    "POST api/products/<slug:key>/variants/batch/": door(EDITORS, 201, body={"variants": [OPTIONS]}),
    "POST api/products/<slug:key>/restore/": door(EDITORS, body={}),
    "GET api/products/<slug:key>/images/": for_all(),
    "POST api/products/<slug:key>/images/": door(EDITORS, 201, body=Upload()),
    "GET api/products/<slug:key>/images/<int:image_id>/": for_all(),
    "PATCH api/products/<slug:key>/images/<int:image_id>/": door(EDITORS, body={"alt": "B"}),
    "DELETE api/products/<slug:key>/images/<int:image_id>/": door(EDITORS, 204),
    # --- how it is described and grouped ---
    **described("attributes", "<int:attribute_id>", {"code": "body", "name": "Body", "kind": "text"}, read=SEES_DRAFTS),
    **described("product-types", "<int:type_id>", {"name": "Tea"}, read=SEES_DRAFTS),
    **described("brands", "<slug:key>", {"name": "Sheger"}),
    **described("collections", "<slug:key>", {"name": "Spring"}),
    "GET api/collections/<slug:key>/products/": door(SEES_DRAFTS),
    "PUT api/collections/<slug:key>/products/": door(EDITORS, 204, body={"products": []}),
    "POST api/collections/<slug:key>/products/": door(
        EDITORS, 201, body=lambda w: {"product": w.single.pk}
    ),
    "DELETE api/collections/<slug:key>/products/<int:product_id>/": door(EDITORS, 204),
    "GET api/languages/": for_all(),
    "POST api/languages/": door(EDITORS, 201, body={"code": "ti", "name": "ትግርኛ"}),
    "GET api/languages/<slug:code>/": for_all(),
    "PATCH api/languages/<slug:code>/": door(EDITORS, body={"name": "Oromo"}),
    "DELETE api/languages/<slug:code>/": door(EDITORS, 204),
    "GET api/terms/": door(SEES_DRAFTS),
    "POST api/terms/": door(EDITORS, 201, body={"text": "Blue", "translations": {"am": "ሰማያዊ"}}),
    "PUT api/terms/": door(EDITORS, body={"terms": [{"text": "Red", "translations": {}}]}),
    "GET api/terms/<int:term_id>/": door(SEES_DRAFTS),
    "PATCH api/terms/<int:term_id>/": door(EDITORS, body={"translations": {"am": None}}),
    "DELETE api/terms/<int:term_id>/": door(EDITORS, 204),
    "GET api/imports/": door(EDITORS),
    "POST api/imports/": door(EDITORS, 202, body=Upload()),
    "GET api/imports/<uuid:public_id>/": door(EDITORS),
    "GET api/exports/": door({*EDITORS, READ_KEY}),
    "POST api/exports/": door({*EDITORS, READ_KEY}, 202, body={}),
    "GET api/exports/<uuid:public_id>/": door({*EDITORS, READ_KEY}),
    "GET api/exports/<uuid:public_id>/file/": door({*EDITORS, READ_KEY}),
    # --- what it costs, and whom ---
    "GET api/products/<slug:key>/prices/": for_all(),
    f"GET {PRICES_OF}": door(SEES_DRAFTS),
    f"POST {PRICES_OF}": door(EDITORS, 201, body={"price": "8.00", "min_quantity": 9}),
    f"GET {PRICES_OF}<int:price_id>/": door(SEES_DRAFTS),
    f"PATCH {PRICES_OF}<int:price_id>/": door(EDITORS, body={"price": "7.00"}),
    f"DELETE {PRICES_OF}<int:price_id>/": door(EDITORS, 204),
    f"POST {PRICES_OF}<int:price_id>/end/": door(EDITORS, body={}),
    "GET api/price-lists/": door(SEES_DRAFTS),
    "POST api/price-lists/": door(EDITORS, 201, body={"name": "Hotels"}),
    "GET api/price-lists/<int:list_id>/": door(SEES_DRAFTS),
    "PATCH api/price-lists/<int:list_id>/": door(EDITORS, body={"name": "Hotels"}),
    "DELETE api/price-lists/<int:list_id>/": door(EDITORS, 204),
    "GET api/price-lists/<int:list_id>/prices/": door(SEES_DRAFTS),
    "PUT api/price-lists/<int:list_id>/prices/": door(
        EDITORS, body=lambda w: {"prices": [{"variant_id": w.variant.pk, "price": "9.00"}]}
    ),
    # --- promotions and taxes ---
    "GET api/promotions/": door(SEE_PROMOTIONS),
    "POST api/promotions/": door(
        EDITORS - {KEY}, 201, body={"name": "Genna", "kind": "percentage", "percent": "5"}
    ),
    f"GET {PROMOTION}": door(SEE_PROMOTIONS),
    f"PATCH {PROMOTION}": door(EDITORS - {KEY}, body={"name": "Timket"}),
    f"DELETE {PROMOTION}": door(EDITORS - {KEY}, 204),
    f"GET {PROMOTION}coupons/": door(SEE_PROMOTIONS),
    f"POST {PROMOTION}coupons/": door(EDITORS - {KEY}, 201, body={"code": "GENNA"}),
    f"POST {PROMOTION}coupons/batch/": door(EDITORS - {KEY}, 201, body={"count": 2}),
    f"GET {PROMOTION}coupons/<int:coupon_id>/": door(SEE_PROMOTIONS),
    f"PATCH {PROMOTION}coupons/<int:coupon_id>/": door(EDITORS - {KEY}, body={"limit": 5}),
    f"DELETE {PROMOTION}coupons/<int:coupon_id>/": door(EDITORS - {KEY}, 204),
    "GET api/tax-rates/": door(TAXES),
    "POST api/tax-rates/": door(
        TAXES, 201, body={"tax_category": "zero", "rate": "0", "valid_from": "2031-01-01T00:00:00Z"}
    ),
    "GET api/tax-rates/<int:rate_id>/": door(TAXES),
    "PATCH api/tax-rates/<int:rate_id>/": door(TAXES, body={"name": "VAT"}),
    "DELETE api/tax-rates/<int:rate_id>/": door(OWNERS, 204),
    "GET api/tax-categories/": door(TAXES),
    "POST api/tax-categories/": door(TAXES, 201, body={"code": "low", "name": "Low"}),
    f"GET {TAXED}": door(TAXES),
    f"PATCH {TAXED}": door(TAXES, body={"name": "Reduced"}),
    f"DELETE {TAXED}": door(TAXES, 204),
    f"GET {TAXED}assignments/": door(TAXES),
    f"POST {TAXED}assignments/": door(TAXES, 201, body=lambda w: {"product": w.single.pk}),
    f"DELETE {TAXED}assignments/<int:assignment_id>/": door(TAXES, 204),
    "GET api/tax-exemptions/": door(TAXES),
    "POST api/tax-exemptions/": door(
        TAXES, 201,
        body=lambda w: {"group": w.group.pk, "certificate": "D-2", "valid_from": "2026-01-01T00:00:00Z"},
    ),
    "GET api/tax-exemptions/<int:exemption_id>/": door(TAXES),
    "PATCH api/tax-exemptions/<int:exemption_id>/": door(TAXES, body={"certificate": "D-3"}),
    "DELETE api/tax-exemptions/<int:exemption_id>/": door(TAXES, 204),
    # --- where things go, and how ---
    "GET api/places/areas/": for_all(),
    "POST api/places/areas/": door(
        OWNERS, 201, body={"code": "ET-DD", "kind": "chartered_city", "name": "Dire Dawa"}
    ),
    "GET api/places/areas/<slug:key>/": for_all(),
    "PATCH api/places/areas/<slug:key>/": door(OWNERS, body={"name": "New"}),
    "DELETE api/places/areas/<slug:key>/": door(OWNERS, 204),
    "GET api/places/pickup-points/": for_all(),
    "POST api/places/pickup-points/": door(
        OWNERS, 201,
        body={"slug": "new", "name": "New", "area": "ET-AA", "landmark": "Behind the post office"},
    ),
    "GET api/places/pickup-points/<slug:key>/": for_all(),
    "PATCH api/places/pickup-points/<slug:key>/": door(OWNERS, body={"name": "New"}),
    "DELETE api/places/pickup-points/<slug:key>/": door(OWNERS, 204),
    "GET api/delivery/options/": for_all(),
    "GET api/delivery/methods/": for_all(),
    "POST api/delivery/methods/": door(
        OWNERS, 201, body={"code": "post", "name": "Post", "kind": "post"}
    ),
    "GET api/delivery/methods/<slug:key>/": for_all(),
    "PATCH api/delivery/methods/<slug:key>/": door(OWNERS, body={"name": "New"}),
    "DELETE api/delivery/methods/<slug:key>/": door(OWNERS, 204),
    "PUT api/delivery/methods/<slug:key>/fees/": door(OWNERS, body={"fees": []}),
    "PUT api/delivery/methods/<slug:key>/windows/": door(OWNERS, body={"windows": []}),
    # --- how many there are, and where ---
    "GET api/stock/": door(STOCK | {KEY}),
    "GET api/stock/<int:item_id>/": door(STOCK | {KEY}),
    "PATCH api/stock/<int:item_id>/": door(STOCK | {KEY}, body={"low_stock_at": 3}),
    "GET api/stock/<int:item_id>/movements/": door(STOCK | {KEY}),
    "POST api/stock/<int:item_id>/movements/": door(
        STOCK | {KEY}, 201, body={"quantity": 1, "reason": "received"}
    ),
    "POST api/stock/<int:item_id>/counts/": door(
        STOCK | {KEY}, 201, body=lambda w: dict.fromkeys(
            ("on_hand", "expected_on_hand"), type(w.variant.stock_item).objects.get(variant=w.variant).on_hand
        ),
    ),
    "POST api/stock/<int:item_id>/transfers/": door(
        STOCK | {KEY}, 201, body={"from": "main", "to": "bole", "quantity": 1}
    ),
    "GET api/stock/<int:item_id>/reservations/": door(STOCK),
    "GET api/stock/locations/": door(STOCK | {KEY}),
    "POST api/stock/locations/": door(STOCK, 201, body={"code": "adama", "name": "Adama"}),
    "GET api/stock/locations/<slug:location>/": door(STOCK | {KEY}),
    "PATCH api/stock/locations/<slug:location>/": door(STOCK, body={"name": "Bole road"}),
    "DELETE api/stock/locations/<slug:location>/": door(STOCK, 204),
    "GET api/customer-groups/": door(OWNERS),
    "POST api/customer-groups/": door(OWNERS, 201, body={"name": "Hotels"}),
    "GET api/customer-groups/<int:group_id>/": door(OWNERS),
    "PATCH api/customer-groups/<int:group_id>/": door(OWNERS, body={"name": "Hotels"}),
    "DELETE api/customer-groups/<int:group_id>/": door(OWNERS, 204),
    "GET api/customer-groups/<int:group_id>/customers/": door(OWNERS),
    "POST api/customer-groups/<int:group_id>/customers/": door(
        OWNERS, body=lambda w: {"email": w.users[STRANGER].email}
    ),
    "PUT api/customer-groups/<int:group_id>/customers/<uuid:public_id>/": door(OWNERS),
    "DELETE api/customer-groups/<int:group_id>/customers/<uuid:public_id>/": door(OWNERS, 204),
    # --- carts: their holders'; no program has one ---
    "GET api/carts/": door(PEOPLE | {GUEST_HOLDER, OTHER_GUEST}),
    "POST api/carts/": door(EVERYBODY - KEYS, 201, body={}),
    "POST api/carts/merge/": door(MINE, 404, body={}),
    f"GET {CART}": door(HOLDERS | SEE_CARTS, **NOT_MY_CART),
    f"PATCH {CART}": door(HOLDERS, body={"note": "soon"}, **NOT_MY_CART),
    f"DELETE {CART}": door(HOLDERS, 204, **NOT_MY_CART),
    f"GET {CART}quote/": door(HOLDERS | SEE_CARTS, **NOT_MY_CART),
    f"POST {CART}items/": door(HOLDERS, 201, body=cart_item_of, **NOT_MY_CART),
    f"PATCH {CART}items/<uuid:item_id>/": door(HOLDERS, body={"quantity": 3}, **NOT_MY_CART),
    f"DELETE {CART}items/<uuid:item_id>/": door(HOLDERS, 204, **NOT_MY_CART),
    f"POST {CART}coupon/": door(HOLDERS, 409, body={"code": "NONE-SUCH"}, **NOT_MY_CART),
    f"DELETE {CART}coupon/": door(HOLDERS, 204, body={}, **NOT_MY_CART),
    # --- orders and money ---
    "POST api/orders/checkout/": door(EVERYBODY - {READ_KEY}, 201, body=order_of),
    "GET api/orders/": door(EVERYBODY - {ANON, READ_KEY}),
    "GET api/orders/<uuid:public_id>/": door(HOLDERS | SEE_ORDERS, **NOT_MINE),
    "GET api/orders/<uuid:public_id>/history/": door(HOLDERS | SEE_ORDERS, **NOT_MINE),
    # Not sold yet: whoever may see the order is told so.
    "GET api/orders/<uuid:public_id>/invoice.pdf": door(HOLDERS | SEE_ORDERS, 409, **NOT_MINE),
    "GET api/orders/<uuid:public_id>/receipt.pdf": door(HOLDERS | SEE_ORDERS, 409, **NOT_MINE),
    "GET api/orders/<uuid:public_id>/packing-slip.pdf": door({*OWNERS, DESK}),
    "GET api/orders/<uuid:public_id>/documents/": door(HOLDERS | SEE_ORDERS, **NOT_MINE),
    # A packing slip, which its own customer does not see.
    "GET api/orders/<uuid:public_id>/documents/<slug:number>.pdf": door(
        SEE_ORDERS, others=404, named={**HIDDEN, GUEST_HOLDER: 404}
    ),
    # Its payment is under way: whoever may change the order is told so.
    "POST api/orders/<uuid:public_id>/edits/": door({*OWNERS, DESK}, 409, body=EDIT),
    "POST api/orders/<uuid:public_id>/cancel-lines/": door(
        HOLDERS | {*OWNERS, DESK, KEY}, 409, body={"lines": [{"line": 1, "quantity": 1}]}, others=404,
        named={**HIDDEN, FINANCE: 403, SUPPORT: 403},
    ),
    "GET api/orders/<uuid:public_id>/notes/": door(HOLDERS | SEE_ORDERS, **NOT_MINE),
    "POST api/orders/<uuid:public_id>/notes/": door(
        {*OWNERS, DESK}, 201, body={"text": "Calls back at five"}
    ),
    "GET api/refunds-due/": door({*OWNERS, DESK, FINANCE}),
    "GET api/orders/drafts/": door({*OWNERS, DESK}),
    "POST api/orders/drafts/": door({*OWNERS, DESK}, 201, body={"phone": "0911234567"}),
    "GET api/orders/drafts/<uuid:draft_id>/": door({*OWNERS, DESK}),
    "PATCH api/orders/drafts/<uuid:draft_id>/": door({*OWNERS, DESK}, body={"note": "By bus"}),
    "DELETE api/orders/drafts/<uuid:draft_id>/": door({*OWNERS, DESK}, 204),
    "GET api/orders/drafts/<uuid:draft_id>/quote/": door({*OWNERS, DESK}),
    "POST api/orders/drafts/<uuid:draft_id>/place/": door({*OWNERS, DESK}, 201, body={}),
    # --- how it travels: of an order that is not paid, which is told to whoever may ---
    "GET api/orders/<uuid:public_id>/shipments/": door(HOLDERS | SEE_SHIPMENTS, **PARCELS),
    "POST api/orders/<uuid:public_id>/shipments/": door(
        {*OWNERS, DESK, KEEPER}, 409, body={}, **PACKS
    ),
    f"GET {PARCEL}": door(HOLDERS | SEE_SHIPMENTS, **PARCELS),
    f"PATCH {PARCEL}": door({*OWNERS, DESK, KEEPER}, body={"carrier": "EMS"}, **PACKS),
    **{
        f"POST {PARCEL}{action}/": door({*OWNERS, DESK, KEEPER}, status, body=body, **PACKS)
        for action, status, body in (
            ("sent", 409, {}), ("ready", 409, {}), ("code", 409, None), ("handover", 409, {"code": "123456"}),
            ("delivered", 409, {}), ("cancel", 200, {}),
        )
    },
    f"GET {PARCEL}label.pdf": door({*OWNERS, DESK, KEEPER}, **PACKS),
    f"GET {PARCEL}packing-slip.pdf": door({*OWNERS, DESK, KEEPER}, **PACKS),
    "GET api/orders/<uuid:public_id>/returns/": door(HOLDERS | SEE_SHIPMENTS, **PARCELS),
    "POST api/orders/<uuid:public_id>/returns/": door(
        HOLDERS | {*OWNERS, DESK}, 409, 400,
        body=lambda w: {"lines": [{"line_id": w.order.lines.get().pk, "quantity": 1}], "reason": "other"},
        others=404, named={**HIDDEN, KEY: 403, KEEPER: 403, FINANCE: 403, SUPPORT: 403},
    ),
    "GET api/returns/": door(SEE_SHIPMENTS),
    f"GET {RETURN}": door(SEE_SHIPMENTS),
    f"POST {RETURN}approve/": door({*OWNERS, DESK}, body={}),
    f"POST {RETURN}refuse/": door({*OWNERS, DESK}, body={"answer": "It was opened."}),
    f"POST {RETURN}receive/": door(
        {*OWNERS, DESK}, 409, body=lambda w: {"lines": [{"line_id": w.order.lines.get().pk, "restocked": 1}]}
    ),
    f"POST {RETURN}close/": door({*OWNERS, DESK}, 409, body={}),
    "GET api/legal-details/": door({*OWNERS, FINANCE}),
    "POST api/legal-details/": door({*OWNERS, FINANCE}, 201, body=LEGAL),
    "GET api/legal-details/<int:details_id>/": door({*OWNERS, FINANCE}),
    "PATCH api/legal-details/<int:details_id>/": door({*OWNERS, FINANCE}, body={"tin": "0012345678"}),
    "DELETE api/legal-details/<int:details_id>/": door({*OWNERS, FINANCE}, 204),
    "POST api/orders/<uuid:public_id>/payments/": door(
        HOLDERS | {*OWNERS, DESK, KEY}, 201, body={"method": "chapa"}, others=404,
        named={**HIDDEN, FINANCE: 403, SUPPORT: 403},
    ),
    "POST api/orders/<uuid:public_id>/cancel/": door(
        HOLDERS | {*OWNERS, DESK, KEY}, others=404,
        named={**HIDDEN, FINANCE: 403, SUPPORT: 403},
    ),
    "GET api/payments/<uuid:public_id>/": door(HOLDERS | SEE_ORDERS, **NOT_MINE),
    "POST api/payments/<uuid:public_id>/check/": door(
        HOLDERS | {*OWNERS, DESK, FINANCE, KEY}, others=404, named={**HIDDEN, SUPPORT: 403}
    ),
    # The gateway shows its signature, or is not believed.
    "POST api/payments/chapa/webhook/": for_all(401, body={}),
    "GET api/payments/chapa/callback/": for_all(200, 400),
    "POST api/payments/chapa/callback/": for_all(200, 400, body={}),
}  # fmt: skip

# The same door, other bodies or things: who may set which field, and who sees what is not for everybody.
MORE: dict[str, tuple[str, Door]] = {
    "a price": ("PATCH api/products/<slug:key>/", door(EDITORS, body={"price": "1.00"})),
    "stock": ("PATCH api/products/<slug:key>/", door(COUNTERS - {EDITOR}, body={"stock": 3})),
    "a variant's price": (
        "PATCH api/products/<slug:key>/variants/<int:variant_id>/", door(EDITORS, body={"price": "1.00"}),
    ),
    "a variant's stock": (
        "PATCH api/products/<slug:key>/variants/<int:variant_id>/",
        door(COUNTERS - {EDITOR}, body={"stock": 3}),
    ),
    "drafts": ("GET api/products/", door(SEES_DRAFTS, query="status=draft")),
    "everything": ("GET api/products/", door(SEES_DRAFTS, query="status=all")),
    "a role of one's own": (
        "PUT api/staff/<uuid:public_id>/roles/", door(OWNERS, body={"roles": ["owner", "support"]}),
    ),
}  # fmt: skip


def address(world: World, route: str, who: str) -> str:
    """A real address for a route, with things that exist."""
    guest = who == GUEST_HOLDER
    unpaid = (
        "unpaid"
        if route.endswith(("public_id>/cancel/", "orders/<uuid:public_id>/payments/"))
        else ""
    )
    order = f"{'guest ' if guest else ''}order {unpaid}".strip()
    payment = f"payment of {'guest ' if guest else ''}order"
    things = {
        "api/orders/": lambda: world.things[order].public_id,
        "api/payments/": lambda: world.things[payment].public_id,
        "pay/order/": lambda: world.things[order].public_id,
        "pay/return/": lambda: world.things[payment].public_id,
        "api/addresses/": lambda: world.things["address"].public_id,
        "api/keys/": lambda: world.things["key"].public_id,
        "api/customer-groups/": lambda: world.users[CUSTOMER].public_id,
        "api/staff/": lambda: world.users[SUPPORT].public_id,
        "api/ledger/entries/": lambda: world.things["entry"].public_id,
        "api/imports/": lambda: world.things["import"].public_id,
        "api/exports/": lambda: world.things["export"].public_id,
    }
    nouns = {"categories": "category", "brands": "brand", "collections": "collection"}
    named = next((thing for noun, thing in nouns.items() if f"api/{noun}/" in route), "product")
    key = world.things[named].slug
    if route.endswith("restore/"):
        key = world.archived.slug
    if route == "api/products/<slug:key>/":
        key = world.single.slug  # of one variant, so that it has a price and a stock of its own
    keys = {
        "api/places/areas/": "ET-AA-BOLE", "api/places/pickup-points/": "piassa",
        "api/delivery/methods/": "courier",
    }  # fmt: skip
    key = next((found for start, found in keys.items() if route.startswith(start)), key)
    filled = route.removeprefix("^").removesuffix("/?$")
    for start, found in things.items():
        if filled.startswith(start) and "<uuid:public_id>" in filled:
            filled = filled.replace("<uuid:public_id>", str(found()))
    return "/" + (
        filled.replace("<slug:key>", key)
        .replace("<uuid:cart_id>", str(world.things["guest cart" if guest else "cart"].public_id))
        .replace(
            "<uuid:item_id>",
            str(world.things[f"item of {'guest ' if guest else ''}cart"].public_id),
        )
        .replace("<int:variant_id>", str(world.variant.pk))
        .replace("<int:image_id>", str(world.image.pk))
        .replace("<uuid:session_id>", str(world.things[f"session of {CUSTOMER}"].public_id))
        .replace(
            "<uuid:shipment_id>",
            str(world.things[f"shipment of {'guest ' if guest else ''}order"].public_id),
        )
        .replace("<uuid:return_id>", str(world.things["return of order"].public_id))
        .replace("<path:path>", "none.webp")
        .replace("<int:attribute_id>", str(world.attribute.pk))
        .replace("<int:type_id>", str(world.product_type.pk))
        .replace("<int:product_id>", str(world.product.pk))
        .replace("<int:term_id>", str(world.term.pk))
        .replace("<int:item_id>", str(world.variant.stock_item_id))
        .replace("<slug:location>", "bole")
        .replace("<int:list_id>", str(world.price_list.pk))
        .replace("<int:group_id>", str(world.group.pk))
        .replace(
            "<int:price_id>",
            str(world.things["current price" if "end/" in filled else "future price"].pk),
        )
        .replace("tax-categories/<slug:code>/assignments", "tax-categories/zero/assignments")
        .replace("tax-categories/<slug:code>", "tax-categories/reduced")
        .replace("<slug:code>", world.language.pk)
        .replace("<slug:number>", world.things["packing slip"].number)
        .replace("<uuid:draft_id>", str(world.things["draft"].public_id))
        .replace("<int:details_id>", str(world.things["legal details"].pk))
        .replace("<int:promotion_id>", str(world.promotion.pk))
        .replace("<int:coupon_id>", str(world.coupon.pk))
        .replace("<int:rate_id>", str(world.things["future rate"].pk))
        .replace("<int:assignment_id>", str(world.things["tax assignment"].pk))
        .replace("<int:exemption_id>", str(world.things["tax exemption"].pk))
    )
