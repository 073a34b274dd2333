"""Who passes which door of the API and the pages: one line per route and method.

A new route without a line here fails the matrix. `ok` names who passes, and `status` with what; of the others strangers get
`strangers` (401) and everybody else `others` (403, or 404 where the thing itself is hidden).
"""

from __future__ import annotations

from tests.security.access_orders import ORDERS_AND_MONEY
from tests.security.access_prices import PRICES_AND_STOCK
from tests.security.doors import (
    COUNTERS,
    EDITORS,
    MINE,
    OPTIONS,
    OWNERS,
    SEES_DRAFTS,
    Door,
    described,
    door,
    for_all,
)
from tests.security.world import CUSTOMER, EDITOR, FINANCE, KEYS, READ_KEY, STRANGER, Upload

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
    **PRICES_AND_STOCK,
    **ORDERS_AND_MONEY,
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
