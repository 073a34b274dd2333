"""Searching products: pieces of SQL for whoever builds the statement. Nothing here asks the database.

What a search means is read by `catalog_read_search` (migration 0007_words): a tsquery per level of nearness, each found by
the index alone. A product's relevance is the best of its levels and, among equals, how few words its name has; it depends on
nothing but the product and the words, so a cursor stays true while other products come and go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Sql = tuple[str, list[Any]]

_HIGHLIGHTS = """
    WITH marks AS MATERIALIZED (SELECT * FROM catalog_marks(%s))
    SELECT p.id,
           catalog_highlight(texts.name, marks.beginnings, marks.skeletons, marks.whole, 100) AS name,
           catalog_highlight(
               catalog_plain_text(texts.description), marks.beginnings, marks.skeletons, marks.whole, 15
           ) AS description
      FROM marks, catalog_product p
     CROSS JOIN LATERAL (SELECT
           coalesce(nullif(p.translations -> %s ->> 'name', ''), p.name) AS name,
           coalesce(nullif(p.translations -> %s ->> 'description', ''), p.description) AS description
     ) texts
     WHERE p.id = ANY (%s)
"""
# Every word typed begins a word of the shelf's name, in any language.
_NAMED_SO = """
    shelf.id IN (SELECT source FROM catalog_searchalias WHERE kind = 'KIND' AND word >= asked.last COLLATE "C"
                    AND word < (asked.last || U&'\\+10FFFF') COLLATE "C")
    AND NOT EXISTS (
        SELECT FROM unnest(asked.folded) word WHERE NOT EXISTS (
            SELECT FROM catalog_searchalias alias
             WHERE alias.kind = 'KIND' AND alias.source = shelf.id AND starts_with(alias.word, word)))
"""
_SUGGESTIONS = f"""
    WITH asked AS MATERIALIZED (
        SELECT folded, folded[cardinality(folded)] AS last,
               array_to_string(spelt[:cardinality(spelt) - 1] || ARRAY[''], ' ') AS before
          FROM (SELECT catalog_search_words(catalog_fold_words(%s)) AS folded,
                       catalog_search_words(catalog_as_spelt(%s)) AS spelt) typed
         WHERE folded <> '{{}}' AND spelt <> '{{}}'
    ), hit AS MATERIALIZED (
        SELECT p.id, p.slug, hit.relevance,
               concat_ws(' ', p.name, catalog_texts_of(p.translations, 'name')) AS names,
               coalesce(nullif(p.translations -> %s ->> 'name', ''), p.name) AS shown
          FROM asked, catalog_find_products(array_to_string(asked.folded, ' '), true, 100) hit
          JOIN catalog_product p ON p.id = hit.product_id
    ), parts AS (
        SELECT asked.before || word AS text, catalog_fold_words(word) AS folded, hit.relevance < 3 AS misspelt, asked.last
          FROM asked, hit, string_to_table(catalog_only_words(catalog_as_spelt(hit.names)), ' ') word
         WHERE word <> ''
    ), begun AS (
        SELECT text, count(*) AS frequency FROM parts
         WHERE starts_with(folded, last)
            OR misspelt AND folded IN (SELECT correction FROM asked, catalog_corrections(asked.last))
         GROUP BY text
    )
    SELECT (SELECT json_agg(text ORDER BY frequency DESC, text)
              FROM (SELECT * FROM begun ORDER BY frequency DESC, text LIMIT %s) best),
           (SELECT json_agg(json_build_object('id', id, 'slug', slug, 'name', shown) ORDER BY relevance DESC, id DESC)
              FROM (SELECT * FROM hit ORDER BY relevance DESC, id DESC LIMIT %s) best),
           (SELECT json_agg(json_build_object('id', id, 'slug', slug, 'name', name) ORDER BY position, id)
              FROM (SELECT shelf.id, shelf.slug, shelf.position,
                           coalesce(nullif(shelf.translations -> %s ->> 'name', ''), shelf.name) AS name
                      FROM asked, catalog_category shelf WHERE {_NAMED_SO.replace("KIND", "c")}
                     ORDER BY shelf.position, shelf.id LIMIT %s) best),
           (SELECT json_agg(json_build_object('id', id, 'slug', slug, 'name', name) ORDER BY name, id)
              FROM (SELECT shelf.id, shelf.slug,
                           coalesce(nullif(shelf.translations -> %s ->> 'name', ''), shelf.name) AS name
                      FROM asked, catalog_brand shelf WHERE {_NAMED_SO.replace("KIND", "b")}
                       AND EXISTS (SELECT FROM catalog_product p
                                    WHERE p.brand_id = shelf.id AND p.is_published AND p.archived_at IS NULL
                                      AND (p.publish_from IS NULL OR p.publish_from <= now())
                                      AND (p.publish_until IS NULL OR p.publish_until > now()))
                     ORDER BY shelf.name, shelf.id LIMIT %s) best)
"""  # noqa: S608


def matches(words: str, *, on_sale: bool = True, most: int | None = None) -> Sql:
    """A subquery of the products that a search finds: `product_id`, and `relevance` (larger is nearer, to six decimals).

    Args:
        on_sale: only what the public may see now; otherwise drafts and archived products as well.
        most: of a single word no more than these, the nearest ones: exactly the first of what is found without it, and far
            cheaper for a word that nearly everything has. So a page that follows on the first `most` is right if it is full,
            whatever narrows it; if it is not full (or read backwards), ask again without `most`.
    """
    return (
        "SELECT product_id, relevance FROM catalog_find_products(%s, %s, %s)",
        [_text(words), on_sale, most],
    )


def relevance(words: str, table: str = "catalog_product") -> Sql:
    """An expression over the rows of `table`: how near each is to the words; below 1 when it is not found at all."""
    return (
        "catalog_relevance_in((SELECT levels FROM catalog_read_search(%s)),"  # noqa: S608
        f" {table}.search, {table}.name_words)",
        [_text(words)],
    )


def highlights(words: str, product_ids: Sequence[int], language: str = "") -> Sql:
    """A statement: `id`, and `name` and a passage of `description` as HTML: words found in <mark>, all else escaped.

    Either is null when none of the words is in it.

    Args:
        language: of the texts; empty: as they were written.
    """
    return _HIGHLIGHTS, [_text(words), language, language, list(product_ids)]


def suggestions(words: str, *, language: str = "", most: int = 5) -> Sql:
    """A statement with one row: completed words, products, categories and brands as JSON arrays or null, `most` of each.

    Only what is on sale is suggested. Completed words are taken from the names of the hundred nearest products, the most
    frequent first.
    """
    text = _text(words)
    return _SUGGESTIONS, [text, text, language, most, most, language, most, language, most]


def _text(words: str) -> str:
    """What PostgreSQL can hold: no NUL, no lone surrogates."""
    return words.replace("\x00", " ").encode("utf-8", "replace").decode()
