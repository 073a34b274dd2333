"""Plans into the catalogue: a number of statements that does not grow with the number of products.

New products are written last, behind everything that hangs on them (foreign keys are looked at when the transaction
commits): so their triggers derive everything at once, instead of rewriting each product for each table. What triggers would
have derived from the rest, the same functions of the database derive for the whole batch then. The columns that are known
here anyway (cheapest price, availability, SKUs, most tokens) are filled in, so that those functions find them right and
rewrite nothing; they have the last word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from catalog.importing.planning import Plan
from catalog.importing.rows import insert_rows, new_ids, update_rows
from catalog.models import AttributeValue
from catalog.price_verbs import NewPrice, set_prices
from common.actors import Actor
from inventory import services as inventory

PRODUCT = {
    "slug": "varchar", "name": "varchar", "description": "text", "brand": "varchar", "tags": "varchar[]",
    "category_id": "bigint", "product_type_id": "bigint", "translations": "jsonb", "is_published": "boolean",
    "publish_from": "timestamptz", "publish_until": "timestamptz",
}  # fmt: skip
NEW_PRODUCT = {
    "id": "bigint", **PRODUCT, "published_at": "timestamptz", "min_price": "numeric", "in_stock": "boolean",
    "sku_list": "text", "variant_count": "integer", "tokens": "varchar[]",
}  # fmt: skip
VARIANT = {
    "sku": "varchar", "name": "varchar", "options": "jsonb", "price": "numeric", "compare_at_price": "numeric",
    "barcode": "varchar", "weight_grams": "integer",
}  # fmt: skip
NEW_VARIANT = {
    "id": "bigint", "product_id": "bigint", "position": "integer", "stock_item_id": "bigint", **VARIANT,
}  # fmt: skip
IMAGE = {
    "product_id": "bigint", "variant_id": "bigint", "source_url": "varchar", "alt": "varchar",
    "translations": "jsonb", "position": "integer", "file": "varchar",
}  # fmt: skip
VALUE = {
    "text": "text", "number": "numeric", "choice_id": "bigint", "boolean": "boolean", "date": "date",
}  # fmt: skip
PRICE = {
    "variant_id": "bigint", "price_list_id": "bigint", "currency": "varchar", "is_sale": "boolean",
    "min_quantity": "integer", "amount": "numeric", "valid_from": "timestamptz", "valid_until": "timestamptz",
}  # fmt: skip
MOST_PRICES = 1000
PUBLISHED = (
    "published_at = CASE WHEN given.is_published THEN coalesce(present.published_at, now())"
    " ELSE present.published_at END"
)


def write(plans: Sequence[Plan], *, by: Actor) -> None:
    """Write what the plans say. Whoever calls holds the locks of the products that exist, in a transaction.

    Raises:
        django.db.IntegrityError, DataError, common.errors.Refusal: one of them is refused, and none is written.
    """
    counts = {item: pieces for plan in plans for item, pieces in plan.counts.items()}
    if counts:
        inventory.count_available(available=counts, by=by)
    _changed_products(plans)
    new = [plan for plan in plans if plan.product_id is None]
    for plan, pk in zip(new, new_ids("catalog_product", len(new)), strict=True):
        plan.product["id"] = pk
    by_sku = _variants(plans, by=by)
    _images(plans, by_sku)
    _values(plans)
    _entries(plans)
    _prices(plans, by_sku)
    _new_products(new)


def _changed_products(plans: Iterable[Plan]) -> None:
    """All of which anything at all changes, so that `updated_at` says so."""
    changed = [plan for plan in plans if plan.product_id is not None and plan.changes_something]
    update_rows(
        "catalog_product",
        PRODUCT,
        [{**plan.product, "id": plan.product_id} for plan in changed],
        also=f"updated_at = now(), {PUBLISHED}",
    )


def _new_products(plans: Sequence[Plan]) -> None:
    if not plans:
        return
    brands = _brands({plan.product["brand"] for plan in plans})
    insert_rows("catalog_product", NEW_PRODUCT, [_with_derived(plan, brands) for plan in plans])
    ids = [plan.product["id"] for plan in plans]
    with connection.cursor() as cursor:
        for derive in (
            "catalog_refresh_products",
            "catalog_refresh_tokens",
            "catalog_refresh_offers",
        ):
            cursor.execute(f"SELECT {derive}(%s::bigint[])", [ids])


def _brands(names: set[str]) -> dict[str, int]:
    """The ids of these brands' rows; those that are missing are made, in one order for everybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, catalog_brand_of(name) FROM unnest(%s::text[]) name", [sorted(names)]
        )
        return dict(cursor.fetchall())


def _with_derived(plan: Plan, brands: dict[str, int]) -> dict[str, Any]:
    variants, product = plan.new_variants, plan.product
    tokens = {f"t:{tag}" for tag in product["tags"]}
    tokens |= {f"c:{entry['collection_id']}" for entry in plan.further.entries}
    tokens |= {
        f"o:{one['name']}={one['value']}"[:400] for row in variants for one in row["options"]
    }
    if product["brand"]:
        tokens.add(f"b:{brands[product['brand']]}")
    return {
        **product,
        "published_at": "now" if product["is_published"] else None,
        "min_price": min(row["price"] for row in variants),
        "in_stock": any(row["stock"] for row in variants),
        "sku_list": " ".join(row["sku"] for row in variants),
        "variant_count": len(variants),
        "tokens": sorted(tokens),
    }


def _variants(plans: Iterable[Plan], *, by: Actor) -> dict[str, int]:
    """Returns the ids of new variants by SKU."""
    update_rows(
        "catalog_variant",
        VARIANT,
        [row for plan in plans for row in plan.changed_variants],
        also="updated_at = now()",
    )
    new = [(plan.product["id"], row) for plan in plans for row in plan.new_variants]
    items = inventory.open_items(on_hand=[row["stock"] for _, row in new], by=by)
    rows = [
        {**row, "id": pk, "product_id": product_id, "stock_item_id": item, "record": None}
        for (product_id, row), item, pk in zip(
            new, items, new_ids("catalog_variant", len(new)), strict=True
        )
    ]
    insert_rows("catalog_variant", NEW_VARIANT, rows)
    return {row["sku"]: row["id"] for row in rows}


def _images(plans: Iterable[Plan], by_sku: dict[str, int]) -> None:
    rows = []
    for plan in plans:
        own = {row["record"].sku: by_sku[row["sku"]] for row in plan.new_variants}
        rows += [
            {**row, "product_id": plan.product["id"], "file": "", "variant_id": own.get(row["sku"])}
            for row in plan.further.images
        ]
    insert_rows("catalog_image", IMAGE, rows)
    update_rows(
        "catalog_image",
        {"alt": "varchar", "translations": "jsonb"},
        [row for plan in plans for row in plan.further.changed_images],
    )


def _values(plans: Iterable[Plan]) -> None:
    gone = [pk for plan in plans for pk in plan.further.gone_values]
    if gone:
        AttributeValue.objects.filter(pk__in=gone).delete()
    insert_rows(
        "catalog_attributevalue",
        {"product_id": "bigint", "attribute_id": "bigint", **VALUE},
        [
            {**row, "product_id": plan.product["id"]}
            for plan in plans
            for row in plan.further.values
        ],
    )
    update_rows(
        "catalog_attributevalue",
        VALUE,
        [row for plan in plans for row in plan.further.changed_values],
    )


def _entries(plans: Iterable[Plan]) -> None:
    insert_rows(
        "catalog_collectionproduct",
        {"product_id": "bigint", "collection_id": "bigint", "position": "integer"},
        [
            {**row, "product_id": plan.product["id"]}
            for plan in plans
            for row in plan.further.entries
        ],
    )
    update_rows(
        "catalog_collectionproduct",
        {"position": "integer"},
        [row for plan in plans for row in plan.further.moved_entries],
    )


def _prices(plans: Iterable[Plan], by_sku: dict[str, int]) -> None:
    """Those of new variants as they are, past beginnings too; others end what held before."""
    insert_rows(
        "catalog_price",
        PRICE,
        [
            {**row, "variant_id": by_sku[row["sku"]]}
            for plan in plans
            for row in plan.further.prices
        ],
    )
    rounds: dict[tuple[int, int], list[NewPrice]] = defaultdict(list)
    met: dict[tuple[Any, ...], int] = defaultdict(int)
    for plan in plans:
        for price_list, price in plan.further.wanted_prices:
            key = (
                price_list,
                price.variant_id,
                price.amount.currency,
                price.is_sale,
                price.min_quantity,
            )
            rounds[price_list, met[key]].append(price)
            met[key] += 1
    for (price_list, _), prices in sorted(rounds.items(), key=lambda entry: entry[0]):
        for start in range(0, len(prices), MOST_PRICES):
            set_prices(price_list_id=price_list, wanted=prices[start : start + MOST_PRICES])
