"""Products with everything that belongs to them: one statement per portion, by keyset, so that memory stays flat.

What one statement reads is of one moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from catalog.importing.values import picture_address
from catalog.models import RETAIL

PORTION = 200  # products

_VARIANTS = f"""
    SELECT json_agg(json_build_object(
               'sku', variant.sku, 'name', variant.name, 'options', variant.options, 'price', variant.price::text,
               'compare_at_price', variant.compare_at_price::text, 'stock', greatest(item.on_hand - item.reserved, 0),
               'barcode', variant.barcode, 'weight_grams', variant.weight_grams,
               'prices', coalesce((
                   SELECT json_agg(json_build_object(
                              'price_list', CASE WHEN list.id = {RETAIL} THEN '' ELSE list.name END,
                              'currency', price.currency, 'amount', price.amount::text, 'is_sale', price.is_sale,
                              'min_quantity', price.min_quantity,
                              'valid_from', price.valid_from, 'valid_until', price.valid_until)
                          ORDER BY list.id <> {RETAIL}, list.name, price.currency, price.min_quantity, price.is_sale,
                                   price.valid_from)
                     FROM catalog_price price JOIN catalog_pricelist list ON list.id = price.price_list_id
                    WHERE price.variant_id = variant.id
                      AND (price.valid_until IS NULL OR price.valid_until > now())), '[]'),
               'parts', coalesce((
                   SELECT json_agg(json_build_object('sku', needed.sku, 'quantity', part.quantity) ORDER BY needed.sku)
                     FROM catalog_bundlepart part JOIN catalog_variant needed ON needed.stock_item_id = part.stock_item_id
                    WHERE part.variant_id = variant.id), '[]'))
           ORDER BY variant.position, variant.id)
      FROM catalog_variant variant JOIN inventory_stockitem item ON item.id = variant.stock_item_id
     WHERE variant.product_id = product.id AND variant.archived_at IS NULL
"""  # noqa: S608
_IMAGES = """
    SELECT json_agg(json_build_object(
               'file', image.file, 'source_url', image.source_url, 'alt', image.alt,
               'translations', image.translations, 'variant', coalesce(shown.sku, ''))
           ORDER BY image.position, image.id)
      FROM catalog_image image
      LEFT JOIN catalog_variant shown ON shown.id = image.variant_id AND shown.archived_at IS NULL
     WHERE image.product_id = product.id
"""
_ATTRIBUTES = """
    SELECT json_agg(json_build_object(
               'code', attribute.code, 'name', attribute.name, 'kind', attribute.kind, 'unit', attribute.unit,
               'value', coalesce(choice.value, trim_scale(said.number)::text, said.boolean::text, said.date::text,
                                 said.text))
           ORDER BY attribute.code)
      FROM catalog_attributevalue said JOIN catalog_attribute attribute ON attribute.id = said.attribute_id
      LEFT JOIN catalog_attributechoice choice ON choice.id = said.choice_id
     WHERE said.product_id = product.id
"""
_COLLECTIONS = """
    SELECT json_agg(json_build_object('slug', collection.slug, 'name', collection.name, 'position', entry.position)
           ORDER BY collection.slug)
      FROM catalog_collectionproduct entry JOIN catalog_collection collection ON collection.id = entry.collection_id
     WHERE entry.product_id = product.id
"""
_CATEGORY = """
    WITH RECURSIVE above AS (
        SELECT id, parent_id, name, slug, 0 AS height FROM catalog_category WHERE id = product.category_id
         UNION ALL
        SELECT parent.id, parent.parent_id, parent.name, parent.slug, height + 1
          FROM catalog_category parent JOIN above ON above.parent_id = parent.id WHERE height < 50
    )
    SELECT json_agg(json_build_object('name', name, 'slug', slug) ORDER BY height DESC) FROM above
"""
_STATEMENT = f"""
    SELECT product.id, json_build_object(
               'slug', product.slug, 'name', product.name, 'description', product.description, 'brand', product.brand,
               'category', ({_CATEGORY}), 'product_type', coalesce(type.name, ''),
               'attributes', ({_ATTRIBUTES}), 'collections', ({_COLLECTIONS}), 'tags', product.tags,
               'is_published', product.is_published, 'publish_from', product.publish_from,
               'publish_until', product.publish_until, 'translations', product.translations,
               'images', ({_IMAGES}), 'variants', ({_VARIANTS}))::text
      FROM (
          SELECT * FROM catalog_product product
           WHERE archived_at IS NULL AND id > %(after)s
             AND (%(published)s::boolean IS NULL OR is_published = %(published)s::boolean)
             AND (%(updated_since)s::timestamptz IS NULL OR updated_at >= %(updated_since)s::timestamptz)
             AND (%(category)s::bigint IS NULL OR category_id IN (
                 WITH RECURSIVE below AS (
                     SELECT id FROM catalog_category WHERE id = %(category)s::bigint
                      UNION
                     SELECT child.id FROM catalog_category child JOIN below ON child.parent_id = below.id
                 )
                 SELECT id FROM below))
           ORDER BY id LIMIT %(portion)s
      ) product
      LEFT JOIN catalog_producttype type ON type.id = product.product_type_id
     ORDER BY product.id
"""  # noqa: S608

Described = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which products: published ones, drafts, or both; of a category and below; changed since a moment."""

    published: bool | None = None
    category: int | None = None
    updated_since: datetime | None = None


def portion(filters: Filters, *, after: int) -> tuple[int, list[Described]]:
    """The next products behind the id `after`, and the id to go on behind; empty at the end.

    What has no variant is left out: it cannot be bought, and no file can say it.
    """
    parameters: Mapping[str, Any] = {
        "after": after, "portion": PORTION, "published": filters.published,
        "category": filters.category, "updated_since": filters.updated_since,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, parameters)
        rows = cursor.fetchall()
    described = (_tidied(orjson.loads(text)) for _, text in rows)
    return (rows[-1][0] if rows else after), [one for one in described if one["variants"]]


def portions(filters: Filters, *, after: int = 0) -> Iterator[list[Described]]:
    """All products, in the order of their ids."""
    while True:
        last, found = portion(filters, after=after)
        if last == after:
            return
        after = last
        yield found


def _tidied(product: Described) -> Described:
    """With the addresses of pictures, the names of currencies, and no spaces around texts."""
    for name in ("slug", "name", "description", "brand"):
        product[name] = product[name].strip()
    product["tags"] = list(dict.fromkeys(tag.strip() for tag in product["tags"] if tag.strip()))
    for name in ("category", "attributes", "collections", "images", "variants"):
        product[name] = product[name] or []
    product["images"] = [_image(image) for image in product["images"]]
    for variant in product["variants"]:
        for name in ("sku", "name", "barcode"):
            variant[name] = variant[name].strip()
        for price in variant["prices"]:
            price["currency"] = price["currency"] or settings.SHOP_CURRENCY
        if variant["parts"]:
            variant["stock"] = 0
    return product


def _image(row: Described) -> Described:
    shown = {
        "url": picture_address(file=row["file"], source_url=row["source_url"]),
        "alt": row["alt"].strip(),
    }
    if row["variant"]:
        shown["variant"] = row["variant"].strip()
    if row["translations"]:
        shown["translations"] = row["translations"]
    return shown
