# ruff: noqa: S608 (every piece of SQL below is a constant of this file or of catalog.filters; values are parameters)
"""What has changed since a moment, for those who keep a copy of the catalogue (`?updated_since=`; docs/lists.md).

A page is a stretch of the changes in the order of their moments. Of each product that changed the answer says what it is
now, if the query shows it now, or else its id among `removed`; so the feed need not know what the caller had. Changes that
nobody writes are among them: a price or a publication that began or ended by the clock, and the new name of its category.

A transaction becomes visible later than the moment that it writes. `until`, the moment to ask for next time, is therefore no
later than the beginning of the oldest transaction that runs; what lies between is told twice rather than never.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog import search
from catalog.filters import Condition, conditions, named
from catalog.models import RETAIL
from catalog.reads.context import Context
from catalog.reads.database import rows

# The clock of a transaction starts a little before other sessions can see that it runs. Sessions of other roles hide when
# they began; an hour is more than any of them may take.
_UNTIL = """
    SELECT least(
        now(),
        min(xact_start),
        CASE WHEN bool_or(state IS NULL) THEN now() - interval '1 hour' END
    ) - interval '5 seconds'
      FROM pg_stat_activity
     WHERE datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of changes.

    Attributes:
        shown: ids of products that the query shows, in the order of their changes.
        removed: ids of products that it does not show (any more).
        following: the place behind the page; None: there is no more.
        until: what the next `updated_since` may be, once the last page has been read.
    """

    shown: list[int]
    removed: list[int]
    following: tuple[str, int] | None
    until: dt.datetime


def changes(
    query: Mapping[str, Any],
    context: Context,
    *,
    size: int,
    after: tuple[str, int] | None = None,
) -> Changes:
    """The changes since `query["updated_since"]`, or behind a place. Two statements for the first page, one for each other.

    Args:
        size: changes on a page.
        after: `following` of the page before.
    """
    since: dt.datetime = query["updated_since"]
    if after is None:
        ((until,),) = rows(_UNTIL, {})
        at, pk = since, -1
    else:
        place, pk = after
        at, until = (dt.datetime.fromisoformat(moment) for moment in place.split("|"))
    chosen = conditions({**query, "search": None})
    if words := query.get("search"):
        sql, params = search.matches(words)
        chosen.append(Condition("", f"p.id IN (SELECT hit.product_id FROM ({sql}) hit)", params))
    meets, parameters = named(chosen)
    found = rows(
        _STATEMENT.replace("MEETS", meets).replace("REACH", str(size + 1)),
        {
            **context.parameters, **parameters, "since": since, "after": at, "after_id": pk, "retail": RETAIL,
        },
        prepared=False,
    )  # fmt: skip
    page = found[:size]
    shown = dict.fromkeys(pk for _, pk, is_shown in page if is_shown)
    removed = dict.fromkeys(pk for _, pk, is_shown in page if not is_shown)
    following = None
    if len(found) > size:
        last, last_id, _ = page[-1]
        following = f"{last.isoformat()}|{until.isoformat()}", last_id
    return Changes(list(shown), list(removed), following, until)


def _stretch(moment: str, pk: str, rest: str) -> str:
    """Changes of one kind behind the place, no more than a page may need. Its index begins with the moment."""
    return f"""
        (SELECT {moment} AS at, {pk} AS id {rest}
            AND {moment} >= %(after)s AND {moment} <= now() AND ({moment}, {pk}) > (%(after)s, %(after_id)s)
          ORDER BY 1, 2 LIMIT REACH)
    """


_PRICES = """
    FROM catalog_price price JOIN catalog_variant variant ON variant.id = price.variant_id
   WHERE price.created_at < %(since)s AND price.price_list_id IN (%(retail)s, %(price_list)s)
     AND price.currency = %(currency)s
"""
# What was written after `since` moved the product's own updated_at: the other kinds are about what was written before.
_KINDS = " UNION ALL ".join(
    (
        _stretch("product.updated_at", "product.id",
                 "FROM catalog_product product WHERE product.is_published AND product.archived_at IS NULL"),
        _stretch("gone.at", "gone.id", "FROM catalog_departure gone WHERE true"),
        _stretch("product.publish_from", "product.id",
                 "FROM catalog_product product WHERE product.publish_from IS NOT NULL AND product.updated_at < %(since)s"),
        _stretch("product.publish_until", "product.id",
                 "FROM catalog_product product WHERE product.publish_until IS NOT NULL AND product.updated_at < %(since)s"),
        _stretch("price.valid_from", "variant.product_id", _PRICES),
        _stretch("price.valid_until", "variant.product_id", _PRICES),
        """
        (SELECT category.updated_at, one.id FROM catalog_category category CROSS JOIN LATERAL (
            SELECT traits.id FROM catalog_traits traits
             WHERE traits.category_id = category.id
               AND traits.id > CASE WHEN category.updated_at = %(after)s THEN %(after_id)s ELSE -1 END
             ORDER BY traits.id LIMIT REACH
          ) one
          WHERE category.created_at < %(since)s AND category.updated_at >= %(after)s AND category.updated_at <= now()
          ORDER BY 1, 2 LIMIT REACH)
        """,
    )
)  # fmt: skip
_STATEMENT = f"""
    SELECT page.at, page.id, EXISTS (
               SELECT FROM catalog_product p JOIN catalog_offer o ON o.product_id = p.id
                WHERE p.id = page.id AND p.is_published AND p.archived_at IS NULL
                  AND o.price_list_id = %(price_list)s AND o.currency = %(currency)s
                  AND o.valid_from <= now() AND o.valid_until > now() AND (MEETS)
           )
      FROM (SELECT DISTINCT at, id FROM ({_KINDS}) kind ORDER BY at, id LIMIT REACH) page
     ORDER BY page.at, page.id
"""
