# ruff: noqa: S608 (the SQL below is made of constants of this module; words are parameters)
"""Searching products: pieces of SQL for whoever builds the statement. Nothing here asks the database.

What a search means is read by `catalog_read_search` (migration 0007_words): a tsquery per level of nearness, each found by
the index alone. A product's relevance is the best of its levels and, among equals, how few words its name has; it depends on
nothing but the product and the words, so a cursor stays true while other products come and go.
"""

from __future__ import annotations

from typing import Any

Sql = tuple[str, list[Any]]

ON_SALE = (
    "p.is_published AND p.archived_at IS NULL"
    " AND (p.publish_from IS NULL OR p.publish_from <= now())"
    " AND (p.publish_until IS NULL OR p.publish_until > now())"
)
_ASKED = "SELECT levels, widest FROM catalog_read_search(%s)"


def matches(words: str, *, on_sale: bool = True) -> Sql:
    """A subquery of the products that a search finds: `product_id`, and `relevance` (larger is nearer, to six decimals).

    Args:
        on_sale: only what the public may see now; otherwise drafts and archived products as well.
    """
    return (
        f"WITH asked AS MATERIALIZED ({_ASKED})"
        " SELECT p.id AS product_id, catalog_relevance_in(asked.levels, p.search, p.name_words) AS relevance"
        " FROM asked JOIN catalog_product p ON p.search @@ asked.widest"
        + (f" WHERE {ON_SALE}" if on_sale else ""),
        [_text(words)],
    )


def relevance(words: str, table: str = "catalog_product") -> Sql:
    """An expression over the rows of `table`: how near each is to the words; below 1 when it is not found at all."""
    return (
        "catalog_relevance_in((SELECT levels FROM catalog_read_search(%s)),"
        f" {table}.search, {table}.name_words)",
        [_text(words)],
    )


def _text(words: str) -> str:
    """What PostgreSQL can hold: no NUL."""
    return words.replace("\x00", " ")
