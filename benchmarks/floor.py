"""The floor: what a bare WSGI function with one prepared statement can do on the same tables, machine and server.

No framework, no middleware, no authentication, no cache: PostgreSQL builds the JSON, the function hands it on. Served by
the same gunicorn with the same settings; `DATABASE_DSN` names the database. It takes places in lists unsigned (`at`, `id`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

import psycopg

DSN = os.environ["DATABASE_DSN"]
_local = threading.local()

_MONEY = "json_build_object('amount', {0}::text, 'currency', %(currency_name)s::text)"
_PRODUCT = f"""
json_build_object(
    'id', product.id, 'slug', product.slug,
    'name', coalesce(product.translations->%(language)s->>'name', product.name),
    'description', coalesce(product.translations->%(language)s->>'description', product.description),
    'brand', product.brand, 'tags', product.tags,
    'category', (SELECT json_build_object('id', category.id, 'slug', category.slug, 'name', category.name)
                   FROM catalog_category category WHERE category.id = product.category_id),
    'price', {_MONEY.format("page.price")}, 'in_stock', product.in_stock,
    'variants', (
        SELECT json_agg(json_build_object(
                   'id', variant.id, 'sku', variant.sku, 'name', variant.name, 'options', variant.options,
                   'price', {_MONEY.format("paid.amount")},
                   'in_stock', item.on_hand > item.reserved, 'barcode', variant.barcode,
                   'weight_grams', variant.weight_grams) ORDER BY variant.position, variant.id)
          FROM catalog_variant variant
          JOIN inventory_stockitem item ON item.id = variant.stock_item_id
         CROSS JOIN LATERAL (
               SELECT min(amount) AS amount FROM (
                      SELECT variant.price AS amount WHERE %(currency)s = ''
                       UNION ALL
                      SELECT price.amount FROM catalog_price price
                       WHERE price.variant_id = variant.id AND price.currency = %(currency)s
                         AND price.price_list_id IN (1, %(list)s) AND price.min_quantity = 1
                         AND price.valid_from <= now() AND (price.valid_until IS NULL OR price.valid_until > now())
               ) AS candidates
         ) AS paid
         WHERE variant.product_id = product.id AND variant.archived_at IS NULL),
    'attributes', (
        SELECT json_agg(json_build_object('code', attribute.code, 'name', attribute.name, 'value', coalesce(
                   value.text, value.number::text, choice.value, value.boolean::text, value.date::text)))
          FROM catalog_attributevalue value
          JOIN catalog_attribute attribute ON attribute.id = value.attribute_id
          LEFT JOIN catalog_attributechoice choice ON choice.id = value.choice_id
         WHERE value.product_id = product.id),
    'images', (
        SELECT json_agg(json_build_object(
                   'id', image.id, 'url', '/media/' || image.file, 'alt', image.alt, 'width', image.width,
                   'height', image.height, 'renditions', image.renditions) ORDER BY image.position, image.id)
          FROM catalog_image image WHERE image.product_id = product.id),
    'created_at', product.created_at, 'updated_at', product.updated_at)
"""
_OFFERED = """catalog_offer offer JOIN catalog_product product ON product.id = offer.product_id
     WHERE offer.price_list_id = %(list)s AND offer.currency = %(currency)s
       AND offer.valid_from <= now() AND offer.valid_until > now() AND product.is_published"""
_WINDOWS = {
    "newest": f"""
    SELECT product.id, offer.price FROM {_OFFERED}
       AND (product.created_at, product.id) < (%(at)s::timestamptz, %(id)s)
     ORDER BY product.created_at DESC, product.id DESC LIMIT 20""",
    "category": f"""
    SELECT product.id, offer.price FROM {_OFFERED}
       AND offer.category_id = %(category)s AND (offer.price, offer.product_id) > (%(at)s::numeric, %(id)s)
     ORDER BY offer.price, offer.product_id LIMIT 20""",
    "search": """
    SELECT product.id, product.min_price AS price FROM catalog_product product
     WHERE product.search @@ to_tsquery('simple', catalog_fold(%(search)s)) AND product.is_published
     ORDER BY catalog_relevance(product.search, product.folded_name, %(search)s, %(search)s) DESC, product.id DESC
     LIMIT 20""",
    "detail": f"""SELECT product.id, offer.price FROM {_OFFERED} AND product.id = %(id)s""",
}


def _statement(window: str, shape: str) -> str:
    return f"""
    WITH page AS MATERIALIZED ({window})
    SELECT {shape.format(f"{_PRODUCT}")}::text FROM page JOIN catalog_product product USING (id)"""


SQL = {
    name: _statement(
        window,
        "{}" if name == "detail" else "json_build_object('results', coalesce(json_agg({}), '[]'))",
    )
    for name, window in _WINDOWS.items()
}
DEFAULTS: dict[str, Any] = {
    "currency": "", "currency_name": "ETB", "list": 1, "language": "en", "at": "infinity", "id": 2**62,
    "category": 0, "search": "",
}  # fmt: skip


def answer(path: str, query: str) -> bytes | None:
    """The body for an address, or None when there is nothing."""
    given = dict(parse_qsl(query))
    kind = given.pop("as", "newest")
    key = path.removeprefix("/api/products/").strip("/")
    if key:
        kind, given["id"] = "detail", key
    values = {**DEFAULTS, **given}
    if values["currency"]:
        values["currency_name"] = values["currency"]
    try:
        connection = _local.connection
    except AttributeError:
        connection = _local.connection = psycopg.connect(DSN, autocommit=True, prepare_threshold=0)
    row = connection.execute(SQL[kind], values, binary=True).fetchone()
    return row[0].encode() if row else None


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI."""
    body = answer(environ["PATH_INFO"], environ["QUERY_STRING"])
    status = "200 OK" if body is not None else "404 Not Found"
    body = body or b"{}"
    start_response(
        status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]
