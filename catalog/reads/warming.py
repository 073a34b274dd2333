"""Rendering ahead: what the next visitors will ask for, before they ask."""

from __future__ import annotations

import time
from collections.abc import Iterator

from catalog.reads.callers import context_of
from catalog.reads.context import Context
from catalog.reads.database import rows
from catalog.reads.freshness import Freshness, freshness, scopes_of, shared
from catalog.reads.rendering import document_key, render
from catalog.statistics import Growth

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
     ORDER BY p.id LIMIT PORTION
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
    growth = Growth(("catalog_document",))
    while at_most is None or done < at_most:
        found = rows(
            _WANTING.replace("PORTION", str(PORTION)),
            {"after": after, "document": document_key(context, whole=False)},
        )
        if not found:
            break
        ids = [pk for (pk,) in found]
        render(ids, context)
        after, done = ids[-1], done + len(ids)
        growth.grew(len(ids))
        yield len(ids)
    growth.ended()


def catch_up(seconds: float = 20.0) -> int:
    """Render what has changed since this process last did, for visitors nobody knows, for so many seconds at most.

    Returns:
        How many products were rendered.
    """
    global _caught_up
    before = freshness(scopes_of(None))
    if before == _caught_up:
        return 0
    deadline, done = time.monotonic() + seconds, 0
    for context in everybodys_contexts():
        for rendered in render_ahead(context):
            done += rendered
            if time.monotonic() > deadline:
                return done
    _caught_up = before
    return done


def prune() -> int:
    """Remove documents that no longer hold and that nobody has asked for since, and moments long past.

    Returns:
        How many documents.
    """
    ((count,),) = rows(_PRUNE, {})
    return int(count)


# Of the moments the last one stays: readers compare with it.
_PRUNE = """
    WITH gone AS (
        DELETE FROM catalog_document
         WHERE shared < coalesce((SELECT version FROM catalog_catalogversion WHERE scope = -1), 0) OR valid_until <= now()
     RETURNING 1
    ), past AS (
        DELETE FROM catalog_catalogmoment
         WHERE at < (SELECT max(at) FROM catalog_catalogmoment WHERE at <= now())
    )
    SELECT count(*) FROM gone
"""
_caught_up: Freshness | None = None
