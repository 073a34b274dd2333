# ruff: noqa: S608 (every piece of SQL below is a constant of this file; values are parameters)
"""What a product looks like: PostgreSQL writes the very bytes that `catalog.serializers.ProductSerializer` would write.

Going around the serializer costs one test (tests/catalog/reads/test_bytes.py) and saves nine tenths of a list's time. The
statement exists in two forms: for the language the catalogue is written in, and for all others, which look translations up.

To render costs PostgreSQL some milliseconds, to read what was rendered some microseconds: so it is kept, see `Document`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from functools import lru_cache

from django.conf import settings
from django.db import InternalError, OperationalError

from catalog.prices import effective_price_sql, lowest_price_sql
from catalog.reads.context import Context, media_base
from catalog.reads.database import in_transaction, rows

log = logging.getLogger(__name__)

# A list shows so many variants of one product, and `variant_count` says how many there are; the product itself shows all.
LISTED_VARIANTS = 100
ALL_VARIANTS = 1_000_000


def render(ids: Sequence[int], context: Context, *, whole: bool = False) -> dict[int, bytes]:
    """The JSON of each product, by id; of those that are deleted or drafts again by now, nothing. One statement.

    What is rendered is kept in `catalog_document` for the next who asks, unless a transaction is open: others cannot
    know yet what it has changed.

    Args:
        whole: with all variants, not only the first `LISTED_VARIANTS`.
    """
    parameters = {
        **context.parameters,
        "ids": sorted(
            ids
        ),  # in one order for everybody: two who keep the same documents do not wait for each other in a ring
        "variants": ALL_VARIANTS if whole else LISTED_VARIANTS,
        "context": document_key(context, whole=whole),
    }
    written = _statement(bool(context.language))
    if not in_transaction():
        try:
            return dict(rows(_KEEP.format(written=written), parameters))
        except (OperationalError, InternalError):
            log.warning("documents cannot be kept", exc_info=True)
    return {pk: body for pk, _, _, _, _, body in rows(written, parameters)}


def document_key(context: Context, *, whole: bool) -> str:
    """Under which a product's document is kept: for whom it is, and how it is written.

    The second part is different in a release that writes products otherwise and in a shop that moves its pictures: what the
    other one kept is then not found, rather than sent.
    """
    return f"{context.key}.{_manner(media_base())}{'.all' if whole else ''}"


@lru_cache(maxsize=4)
def _manner(media: str) -> str:
    written = f"{_statement(False)}|{_statement(True)}|{media}|{settings.SHOP_CURRENCY}"
    return hashlib.sha256(written.encode()).hexdigest()[:8]


_KEEP = """
    INSERT INTO catalog_document (product_id, context, version, shared, valid_until, body)
    SELECT * FROM ({written}) written
        ON CONFLICT (product_id, context) DO UPDATE
       SET (version, shared, valid_until, body)
         = (excluded.version, excluded.shared, excluded.valid_until, excluded.body)
    RETURNING product_id, body
"""


@lru_cache(maxsize=2)
def _statement(translated: bool) -> str:
    def text(row: str, field: str) -> str:
        """A longer text, in the caller's language where there is one."""
        original = f"{row}.{field}"
        if not translated:
            return original
        return f"coalesce(nullif({row}.translations -> %(language)s ->> '{field}', ''), {original})"

    def term(word: str) -> str:
        """A short word that products share."""
        if not translated:
            return word
        return (
            f"coalesce((SELECT nullif(term.translations ->> %(language)s, '')"
            f" FROM catalog_term term WHERE term.text = {word}), {word})"
        )

    def money(amount: str) -> str:
        return f"""'{{"amount":"' || round({amount}, %(exponent)s) || '","currency":"' || %(shown_currency)s || '"}}'"""

    def money_or_null(amount: str) -> str:
        return f"coalesce({money(amount)}, 'null')"

    def moment(column: str) -> str:
        written = f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        return f"""'"' || replace({written}, '.000000Z', 'Z') || '"'"""

    def word(value: str) -> str:
        return f"to_json({value})::text"

    def array(elements: str) -> str:
        return f"'[' || coalesce({elements}, '') || ']'"

    option = f"""'{{"name":' || {word(term("choice.value ->> 'name'"))}
                 || ',"value":' || {word(term("choice.value ->> 'value'"))} || '}}'"""
    options_of_variant = f"""(
        SELECT string_agg({option}, ',' ORDER BY choice.ordinality)
          FROM jsonb_array_elements(live.options) WITH ORDINALITY choice
    )"""
    variant = f"""
        '{{"id":' || live.id || ',"sku":' || {word("live.sku")} || ',"name":' || {word("live.name")}
        || ',"options":' || {array(options_of_variant)}
        || ',"price":' || {money_or_null("live.amount")}
        || ',"compare_at_price":' || {money_or_null("live.compare_at")}
        || ',"is_bundle":' || (live.can_be_bought IS NOT NULL)
        || ',"in_stock":' || coalesce(live.can_be_bought, live.has_stock)
        || ',"barcode":' || {word("live.barcode")}
        || ',"weight_grams":' || coalesce(live.weight_grams::text, 'null') || '}}'
    """
    rendition = """'{"url":' || to_json(%(media)s || (copy.value ->> 'name'))::text
        || ',"width":' || (copy.value ->> 'width') || ',"height":' || (copy.value ->> 'height')
        || ',"format":' || to_json(copy.value ->> 'format')::text || '}'"""
    renditions = f"""(
        SELECT string_agg({rendition}, ',' ORDER BY copy.ordinality)
          FROM jsonb_array_elements(image.renditions) WITH ORDINALITY copy
    )"""
    image = f"""
        '{{"id":' || image.id
        || ',"url":' || {word("CASE WHEN image.file = '' THEN image.source_url ELSE %(media)s || image.file END")}
        || ',"alt":' || {word(text("image", "alt"))}
        || ',"width":' || coalesce(image.width::text, 'null') || ',"height":' || coalesce(image.height::text, 'null')
        || ',"variant_id":' || coalesce(image.variant_id::text, 'null')
        || ',"position":' || image.position
        || ',"renditions":' || {array(renditions)} || '}}'
    """
    value = """CASE WHEN said.choice_id IS NOT NULL THEN to_json(CHOICE)::text
                    WHEN said.text IS NOT NULL THEN to_json(said.text)::text
                    WHEN said.number IS NOT NULL THEN trim_scale(said.number)::text
                    WHEN said.boolean IS NOT NULL THEN said.boolean::text
                    ELSE '"' || said.date || '"' END""".replace("CHOICE", term("option.value"))
    attribute = f"""
        '{{"code":' || {word("attribute.code")} || ',"name":' || {word(term("attribute.name"))}
        || ',"kind":' || {word("attribute.kind")} || ',"value":' || {value}
        || ',"unit":' || {word(term("attribute.unit"))} || '}}'
    """
    # The innermost rows: live variants with what this caller pays, each looked up once.
    live = f"""
        SELECT variant.id, variant.sku, variant.name, variant.options, variant.barcode, variant.weight_grams,
               paid.amount, paid.compare_at, item.on_hand + item.backorder_limit > item.reserved AS has_stock,
               (SELECT bool_and(part_item.on_hand + part_item.backorder_limit - part_item.reserved >= part.quantity)
                  FROM catalog_bundlepart part JOIN inventory_stockitem part_item ON part_item.id = part.stock_item_id
                 WHERE part.variant_id = variant.id) AS can_be_bought,
               row_number() OVER (ORDER BY variant.position, variant.id) AS place,
               row_number() OVER (ORDER BY paid.amount, variant.position, variant.id) AS cheapness,
               variant.compare_at_price, variant.price
          FROM catalog_variant variant
          JOIN inventory_stockitem item ON item.id = variant.stock_item_id
         CROSS JOIN LATERAL ({effective_price_sql("variant")}) paid
         WHERE variant.product_id = product.id AND variant.archived_at IS NULL
    """
    # A price that was never another needs no look into the past.
    lowest = f"""(
        SELECT CASE WHEN EXISTS (SELECT FROM catalog_pricechange past
                                  WHERE past.variant_id = live.id AND past.valid_until IS NOT NULL)
                      OR EXISTS (SELECT FROM catalog_price other WHERE other.variant_id = live.id)
                    THEN {lowest_price_sql("live", "live.amount")} ELSE live.amount END
          FROM live WHERE live.cheapness = 1 AND live.amount IS NOT NULL
    )"""
    changes = """(
        SELECT coalesce(min(edge.at), '9999-12-30 00:00+00')
          FROM live JOIN catalog_price price ON price.variant_id = live.id
         CROSS JOIN LATERAL (VALUES (price.valid_from), (price.valid_until)) edge (at)
         WHERE price.currency = %(currency)s AND price.price_list_id IN (1, %(price_list)s) AND edge.at > now()
    )"""
    options = f"""(
        SELECT string_agg('{{"name":' || {word(term("kind.name"))} || ',"values":[' || kind.written || ']}}',
                          ',' ORDER BY kind.first)
          FROM (
            SELECT one.name, min(one.first) AS first,
                   string_agg({word(term("one.value"))}, ',' ORDER BY one.first) AS written
              FROM (
                SELECT choice.value ->> 'name' AS name, choice.value ->> 'value' AS value,
                       min(live.place * 10 + choice.ordinality) AS first
                  FROM live CROSS JOIN jsonb_array_elements(live.options) WITH ORDINALITY choice
                 GROUP BY 1, 2
              ) one GROUP BY one.name
          ) kind
    )"""
    tags = f"""(
        SELECT string_agg({word(term("tag.word"))}, ',' ORDER BY tag.place)
          FROM unnest(product.tags) WITH ORDINALITY tag (word, place)
    )"""
    return f"""
        SELECT product.id, %(context)s::varchar, product.version,
               coalesce((SELECT version FROM catalog_catalogversion WHERE scope = -1), 0), shown.valid_until, convert_to(
            '{{"id":' || product.id || ',"slug":' || {word("product.slug")} || ',"name":' || {word(text("product", "name"))}
            || ',"description":' || {word(text("product", "description"))}
            || ',"brand":' || {word(term("product.brand"))}
            || ',"tags":' || {array(tags)}
            || ',"category":' || coalesce('{{"id":' || category.id || ',"slug":' || {word("category.slug")}
                || ',"name":' || {word(text("category", "name"))} || '}}', 'null')
            || ',"price":' || {money_or_null("shown.price")}
            || ',"compare_at_price":' || {money_or_null("shown.compare_at")}
            || ',"lowest_price_30_days":' || {money_or_null("shown.lowest")}
            || ',"in_stock":' || product.in_stock
            || ',"options":' || {array("shown.options")}
            || ',"attributes":' || {array("described.attributes")}
            || ',"variant_count":' || product.variant_count
            || ',"variants":' || {array("shown.variants")}
            || ',"images":' || {array("pictured.images")}
            || ',"created_at":' || {moment("product.created_at")}
            || ',"updated_at":' || {moment("product.updated_at")} || '}}', 'UTF8')
          FROM unnest(%(ids)s::bigint[]) wanted (id)
          JOIN catalog_product product ON product.id = wanted.id AND product.is_published AND product.archived_at IS NULL
          LEFT JOIN catalog_category category ON category.id = product.category_id
         CROSS JOIN LATERAL (
            WITH live AS ({live})
            SELECT min(live.amount) AS price,
                   (SELECT cheapest.compare_at FROM live cheapest WHERE cheapest.cheapness = 1) AS compare_at,
                   {lowest} AS lowest,
                   {options} AS options, {changes} AS valid_until,
                   string_agg({variant}, ',' ORDER BY live.place) FILTER (WHERE live.place <= %(variants)s) AS variants
              FROM live
         ) shown
         CROSS JOIN LATERAL (
            SELECT string_agg({image}, ',' ORDER BY image.position, image.id) AS images
              FROM catalog_image image WHERE image.product_id = product.id
         ) pictured
         CROSS JOIN LATERAL (
            SELECT string_agg({attribute}, ',' ORDER BY named.position, attribute.id) AS attributes
              FROM catalog_attributevalue said
              JOIN catalog_attribute attribute ON attribute.id = said.attribute_id
              LEFT JOIN catalog_attributechoice option ON option.id = said.choice_id
              LEFT JOIN catalog_typeattribute named
                     ON named.product_type_id = product.product_type_id AND named.attribute_id = attribute.id
             WHERE said.product_id = product.id
         ) described
         ORDER BY product.id
    """
