"""Who passes which door of carts, orders, shipments, documents and payments; see `access_table`."""

from __future__ import annotations

from tests.security.doors import (
    CART,
    EDIT,
    HIDDEN,
    HOLDERS,
    LEGAL,
    MINE,
    NOT_MINE,
    NOT_MY_CART,
    OWNERS,
    PACKS,
    PARCEL,
    PARCELS,
    RETURN,
    SEE_CARTS,
    SEE_ORDERS,
    SEE_SHIPMENTS,
    Door,
    cart_item_of,
    door,
    for_all,
    order_of,
)
from tests.security.world import (
    ANON,
    DESK,
    EVERYBODY,
    FINANCE,
    GUEST_HOLDER,
    KEEPER,
    KEY,
    KEYS,
    OTHER_GUEST,
    PEOPLE,
    READ_KEY,
    SUPPORT,
)

ORDERS_AND_MONEY: dict[str, Door] = {
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
