"""Who passes which door of prices, promotions, taxes, places, delivery and stock; see `access_table`."""

from __future__ import annotations

from tests.security.doors import (
    EDITORS,
    OWNERS,
    PRICES_OF,
    PROMOTION,
    SEE_PROMOTIONS,
    SEES_DRAFTS,
    STOCK,
    TAXED,
    TAXES,
    Door,
    door,
    for_all,
)
from tests.security.world import KEY, STRANGER

PRICES_AND_STOCK: dict[str, Door] = {
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
}  # fmt: skip
