"""Rendering ahead: what the next visitors will ask for, before they ask."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.reads.callers import context_of
from catalog.reads.context import Context
from catalog.reads.database import rows
from catalog.reads.freshness import shared
from catalog.reads.rendering import document_key, render

PORTION = 200  # products that one statement renders: a fraction of a second

_WANTING = """
    SELECT p.id FROM catalog_product p
     WHERE p.id > %(after)s AND p.is_published AND p.archived_at IS NULL
       AND NOT EXISTS (
           SELECT FROM catalog_document document
            WHERE document.product_id = p.id AND document.context = %(document)s AND document.version = p.version
              AND document.valid_until > now()
              AND document.shared = coalesce((SELECT version FROM catalog_catalogversion WHERE scope = -1), 0)
       )
     ORDER BY p.id LIMIT %(portion)s
"""


def everybodys_contexts() -> list[Context]:
    """The contexts of visitors nobody knows: retail prices in the shop's currency, in each of its languages."""
    return [context_of("", language) for language in shared().languages]


def render_ahead(context: Context, *, at_most: int | None = None) -> Iterator[int]:
    """Render what is published and not rendered yet, by id, in portions; each is kept as soon as it is done.

    Args:
        at_most: stop after so many products.

    Yields:
        How many products were rendered, portion by portion.
    """
    after, done = 0, 0
    while at_most is None or done < at_most:
        found = rows(
            _WANTING,
            {"after": after, "document": document_key(context, whole=False), "portion": PORTION},
        )
        if not found:
            return
        ids = [pk for (pk,) in found]
        render(ids, context)
        after, done = ids[-1], done + len(ids)
        yield len(ids)


def prune() -> int:
    """Remove documents that no longer hold and that nobody asked for since: those of other versions of the shared things.

    Returns:
        How many.
    """
    stale = """
        WITH gone AS (
            DELETE FROM catalog_document document
             WHERE document.shared < coalesce((SELECT version FROM catalog_catalogversion WHERE scope = -1), 0)
                OR document.valid_until <= now()
         RETURNING 1
        ) SELECT count(*) FROM gone
    """
    ((count,),) = rows(stale, {})
    return int(count)
