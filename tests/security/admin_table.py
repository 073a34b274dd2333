"""Who sees, adds, changes and deletes what in the admin, and which actions are offered to whom: one line per model."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.security.world import (
    DESK,
    EDITOR,
    FINANCE,
    KEEPER,
    OWNER,
    ROLES,
    SUPERUSER,
    SUPPORT,
)

NOBODY: frozenset[str] = frozenset()
OWNERS = frozenset({OWNER, SUPERUSER})
EVERY_ROLE = ROLES | {SUPERUSER}
EDITORS = OWNERS | {EDITOR}
SEE_DELIVERY = OWNERS | {KEEPER, DESK, FINANCE, SUPPORT}
SEE_MONEY = OWNERS | {DESK, FINANCE, SUPPORT}


@dataclass(frozen=True)
class Pages:
    """The pages of one model. `actions`: who is offered which."""

    see: frozenset[str]
    add: frozenset[str] = NOBODY
    change: frozenset[str] = NOBODY
    delete: frozenset[str] = NOBODY
    actions: dict[str, frozenset[str]] = field(default_factory=dict)


ADMIN: dict[str, Pages] = {
    "account.user": Pages(
        OWNERS | {DESK, SUPPORT}, add=OWNERS, change=OWNERS,
        actions=dict.fromkeys(("sign_out_everywhere", "hand_out_everything", "erase"), OWNERS),
    ),
    "privacy.erasure": Pages(OWNERS, add=OWNERS),
    "privacy.export": Pages(OWNERS),
    "account.session": Pages(OWNERS),
    "account.apikey": Pages(OWNERS, actions={"revoke": OWNERS}),
    "audit.auditentry": Pages(OWNERS | {FINANCE}),
    "ledger.account": Pages(OWNERS | {FINANCE}),
    "ledger.entry": Pages(OWNERS | {FINANCE}),
    "events.letter": Pages(OWNERS | {SUPPORT}),
    "catalog.category": Pages(
        EVERY_ROLE, EDITORS, EDITORS, EDITORS, actions={"delete_selected": EDITORS}
    ),
    "catalog.transfer": Pages(EDITORS),
    "catalog.product": Pages(
        EVERY_ROLE, EDITORS, EDITORS | {KEEPER}, EDITORS,
        actions=dict.fromkeys(("publish", "unpublish", "restore", "delete_selected"), EDITORS),
    ),
    "catalog.variant": Pages(
        EVERY_ROLE, change=EDITORS | {KEEPER}, delete=EDITORS, actions={"delete_selected": EDITORS}
    ),
    **{
        f"catalog.{name}": Pages(
            EVERY_ROLE, EDITORS, EDITORS, EDITORS, actions={"delete_selected": EDITORS}
        )
        for name in ("attribute", "producttype", "brand", "collection", "language", "term")
    },
    "catalog.price": Pages(EVERY_ROLE, EDITORS, EDITORS, EDITORS, actions={"end_now": EDITORS}),
    "catalog.pricelist": Pages(EVERY_ROLE, EDITORS, EDITORS, EDITORS),
    "account.customergroup": Pages(OWNERS, OWNERS, OWNERS, OWNERS),
    "inventory.stockitem": Pages(
        OWNERS | {KEEPER},
        actions=dict.fromkeys(("receive", "write_off", "no_more_backorders"), OWNERS | {KEEPER}),
    ),
    "inventory.location": Pages(
        OWNERS | {KEEPER}, OWNERS | {KEEPER}, OWNERS | {KEEPER}, OWNERS | {KEEPER}
    ),
    "inventory.movement": Pages(OWNERS | {KEEPER}),
    "inventory.reservation": Pages(OWNERS | {KEEPER}),
    "cart.cart": Pages(SEE_MONEY),
    "orders.order": Pages(
        SEE_MONEY,
        actions={"mark_shipped": OWNERS | {DESK}, "mark_completed": OWNERS | {DESK}},
    ),
    "orders.draftorder": Pages(
        OWNERS | {DESK}, actions=dict.fromkeys(("place", "discard"), OWNERS | {DESK})
    ),
    "orders.document": Pages(OWNERS | {FINANCE}),
    "orders.legaldetails": Pages(*[OWNERS | {FINANCE}] * 4),
    "fulfilment.shipment": Pages(
        SEE_DELIVERY,
        actions=dict.fromkeys(
            ("mark_sent", "mark_ready", "mark_delivered", "cancel_shipments"), OWNERS | {DESK, KEEPER}
        ),
    ),
    "fulfilment.returnrequest": Pages(
        SEE_DELIVERY, actions=dict.fromkeys(("approve_returns", "close_returns"), OWNERS | {DESK})
    ),
    "payments.payment": Pages(SEE_MONEY, actions={"ask_the_gateway": OWNERS | {DESK, FINANCE}}),
    "payments.webhookevent": Pages(OWNERS | {FINANCE}),
    **{
        name: Pages(
            SEE_DELIVERY, OWNERS, OWNERS, OWNERS, actions={"delete_selected": OWNERS}
        )
        for name in ("places.area", "places.pickuppoint", "pricing.deliverymethod")
    },
    # A rate that has begun, as this one, is ended and not deleted.
    "pricing.taxrate": Pages(OWNERS | {FINANCE}, OWNERS | {FINANCE}, OWNERS | {FINANCE}),
    "pricing.taxcategory": Pages(*[OWNERS | {FINANCE}] * 4),
    "pricing.taxexemption": Pages(*[OWNERS | {FINANCE}] * 4),
    "pricing.promotion": Pages(
        EDITORS | {DESK, FINANCE, SUPPORT}, change=EDITORS, delete=EDITORS,
        actions=dict.fromkeys(("activate", "deactivate"), EDITORS),
    ),
    "pricing.coupon": Pages(EDITORS | {DESK, FINANCE, SUPPORT}, change=EDITORS, delete=EDITORS),
    # Jobs are the operator's: their arguments are nobody's business.
    "procrastinate.procrastinatejob": Pages(
        frozenset({SUPERUSER}),
        actions=dict.fromkeys(("retry", "cancel", "abort"), frozenset({SUPERUSER})),
    ),
}  # fmt: skip

# Everything else below /admin/, with who gets a page (200) or is led on (302); nobody else does.
PAGES: dict[str, frozenset[str]] = {
    "admin/": EVERY_ROLE,
    "admin/password_change/": EVERY_ROLE,
    "admin/password_change/done/": EVERY_ROLE,
    "admin/jsi18n/": EVERY_ROLE,
    "admin/audit/auditentry/export/": OWNERS | {FINANCE},
    "admin/account/user/<id>/password/": OWNERS,
    "admin/orders/document/<int:document_id>/file.pdf": OWNERS | {FINANCE},
}
# Open to look at, or no page of their own: tried one by one in the test.
OTHERS = {
    "admin/login/",
    "admin/logout/",
    "admin/second-factor/",
    "admin/autocomplete/",
    "admin/r/<path:content_type_id>/<path:object_id>/",
    "admin/^(?P<app_label>",
    "admin/(?P<url>.*)$",
}
