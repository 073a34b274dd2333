"""Goods of past sales: found by SKU, or entered as archived products that nobody sees and an order line can point to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from catalog.importing.rows import insert_rows, new_ids
from catalog.models import NAME_LENGTH
from catalog.slugs import slug_from
from common.actors import Actor
from common.transactions import require_transaction
from inventory import services as inventory

# Staff may give an archived SKU to something new: what is alive goes first, then what was archived last. One with a stock
# item that is alive is found by its index; the others only by a look at all variants, hence many at once.
_FIND = """
SELECT DISTINCT ON (variant.sku) variant.sku, variant.id, variant.product_id, product.name
  FROM unnest(%s::text[]) wanted (sku)
  JOIN catalog_variant variant ON variant.sku = wanted.sku
  JOIN catalog_product product ON product.id = variant.product_id
 ORDER BY variant.sku, variant.archived_at DESC NULLS FIRST, variant.id DESC
"""
# Those who enter goods of past sales do so one after the other: an archived SKU is under no unique index.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('catalog.past_goods'))"
_PRODUCT = {
    "id": "bigint", "slug": "varchar", "name": "varchar", "description": "text", "brand": "varchar",
    "tags": "varchar[]", "translations": "jsonb", "is_published": "boolean", "archived_at": "timestamptz",
}  # fmt: skip
_VARIANT = {
    "id": "bigint", "product_id": "bigint", "stock_item_id": "bigint", "sku": "varchar", "name": "varchar",
    "options": "jsonb", "price": "numeric", "position": "integer", "barcode": "varchar", "archived_at": "timestamptz",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastGood:
    """Something that was sold. `price` is in major units of whatever currency it was sold in; it is only a first guess."""

    sku: str
    name: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Found:
    """What stands for a SKU in the catalogue."""

    variant_id: int
    product_id: int
    name: str


def find_goods(skus: Iterable[str]) -> dict[str, Found]:
    """The variants of these SKUs, spelled exactly so; archived ones where there is no other."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [sorted(set(skus))])
        return {sku: Found(*rest) for sku, *rest in cursor.fetchall()}


def enter_goods(*, goods: Sequence[PastGood], by: Actor) -> dict[str, Found]:
    """`find_goods`, and what is unknown becomes an archived product with one archived variant and no stock. A step.

    Archived goods are in no list, search or checkout; staff can restore them, and give them a price of today then.
    """
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
    found = find_goods(good.sku for good in goods)
    new = list({good.sku: good for good in goods if good.sku not in found}.values())
    if not new:
        return found
    items = inventory.open_items(on_hand=[0] * len(new), by=by)
    products = new_ids("catalog_product", len(new))
    variants = new_ids("catalog_variant", len(new))
    for good, product, variant in zip(new, products, variants, strict=True):
        found[good.sku] = Found(variant, product, good.name[:NAME_LENGTH])
    # Variants first: then there is no product yet that their triggers would rewrite one by one. What triggers derive of a
    # product without live variants is what its columns say by themselves.
    insert_rows(
        "catalog_variant",
        _VARIANT,
        [
            {
                "id": found[good.sku].variant_id,
                "product_id": found[good.sku].product_id,
                "stock_item_id": item,
                "sku": good.sku,
                "name": "",
                "options": [],
                "price": good.price,
                "position": 0,
                "barcode": "",
                "archived_at": "now",
            }
            for good, item in zip(new, items, strict=True)
        ],
    )
    insert_rows(
        "catalog_product",
        _PRODUCT,
        [
            {
                "id": found[good.sku].product_id,
                "slug": slug_from(good.name, fallback="past"),
                "name": found[good.sku].name,
                "description": "",
                "brand": "",
                "tags": [],
                "translations": {},
                "is_published": False,
                "archived_at": "now",
            }
            for good in new
        ],
    )
    return found
