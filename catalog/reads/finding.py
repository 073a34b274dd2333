# ruff: noqa: S608 (every piece of SQL below is a constant of this package or of catalog.filters; values are parameters)
"""Which products, in what order: a page of a list in one statement, however deep it is and however many products there are.

An ordering walks its own index from where the cursor stands and stops after a page. In a category with others below it, it
does so on each shelf, and the best of all shelves make the page: PostgreSQL has no index that is sorted by price across
several categories, and to sort them all would take longer the more there are.

The same statement brings the documents that are still true, and the versions they were compared with. Each is looked up by
itself (LATERAL): a plan made while few documents were kept would otherwise read all of them for a page, once there are many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from catalog.filters import Condition, named
from catalog.reads.context import Context
from catalog.reads.database import rows
from catalog.reads.freshness import VERSIONS, Freshness, scopes_of
from catalog.reads.rendering import document_key


@dataclass(frozen=True, slots=True)
class Ordering:
    """By what a list is sorted; the product's id breaks ties, in the same direction.

    Attributes:
        key: an expression over `p`, `o` and `hit` that is never null.
        type: what a cursor's text is cast to.
    """

    key: str
    type: str
    descending: bool = False


_BY = {
    "price": ("o.price", "numeric"),
    "name": ("p.folded_name", "text"),
    "created_at": ("p.created_at", "timestamptz"),
    "updated_at": ("p.updated_at", "timestamptz"),
}
ORDERINGS = {
    **{name: Ordering(*by) for name, by in _BY.items()},
    **{f"-{name}": Ordering(*by, descending=True) for name, by in _BY.items()},
    "relevance": Ordering("hit.relevance", "numeric", descending=True),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page is to hold.

    Attributes:
        shelves: ids of categories; None: anywhere.
        conditions: further ones, as SQL.
        search: a subquery of product_id and relevance, with its parameters.
        search_all: the same, when `search` only gives the nearest products: asked if these do not fill the page.
        after: the sort key and id of the row behind which the page begins, in the direction of `backwards`.
        everywhere: the answer also counts products of other shelves, as a facet does that leaves its own choice out.
    """

    ordering: str
    size: int
    shelves: tuple[int, ...] | None = None
    conditions: tuple[Condition, ...] = ()
    search: tuple[str, dict[str, Any]] | None = None
    search_all: tuple[str, dict[str, Any]] | None = None
    after: tuple[str, int] | None = None
    backwards: bool = False
    offset: int = 0
    everywhere: bool = False

    @property
    def scopes(self) -> list[int]:
        """Whose versions the answer depends on."""
        return scopes_of(None if self.everywhere else self.shelves)


@dataclass(slots=True)
class Found:
    """A page: ids and sort keys in order, one row more than asked for if there is one; and what is known of their bytes."""

    freshness: Freshness
    rows: list[tuple[int, str]] = field(default_factory=list)
    documents: dict[int, bytes] = field(default_factory=dict)


def find(wanted: Wanted, context: Context) -> Found:
    """A page. One statement, or two where the nearest products of a search do not fill it."""
    page = _find(wanted, context)
    if wanted.search_all is not None and len(page.rows) <= wanted.size:
        page = _find(replace(wanted, search=wanted.search_all), context)
    return page


def _find(wanted: Wanted, context: Context) -> Found:
    conditions, filters = named(wanted.conditions)
    search, search_filters = wanted.search or ("", {})
    statement = _statement(
        wanted.ordering,
        wanted.backwards,
        _shape(wanted.shelves),
        conditions,
        search,
        wanted.after is not None,
        wanted.size + 1,
        wanted.offset,
    )
    key, pk = wanted.after or ("", 0)
    shelves = wanted.shelves or ()
    parameters = {
        **context.parameters, **filters, **search_filters, "shelves": list(shelves), "after": key, "after_id": pk,
        "scopes": wanted.scopes, "document": document_key(context, whole=False),
    }  # fmt: skip
    # What a search or a token finds may be one product or all of them: that is for the planner to know.
    walks = not search and all(one.facet in {"price", "in_stock"} for one in wanted.conditions)
    walks = walks and not wanted.offset
    found = rows(statement, parameters, prepared=walks)
    page = Found(Freshness(*found[0][3:]))
    for pk, key, body, *_ in found:
        if pk is None:
            break
        page.rows.append((pk, key))
        if body is not None:
            page.documents[pk] = body
    return page


def everything(wanted: Wanted, context: Context) -> tuple[str, dict[str, Any]]:
    """The whole list of which `wanted` is a page, as a SELECT of ids with its parameters; to be counted."""
    conditions, filters = named(wanted.conditions)
    search, search_filters = wanted.search_all or wanted.search or ("", {})
    shelves = "true" if wanted.shelves is None else "o.category_id = ANY (%(shelves)s::bigint[])"
    statement = f"""
        SELECT p.id FROM {_tables(search)} WHERE {" AND ".join([*_SHOWN, shelves, f"({conditions})"])}
    """
    return statement, {
        **context.parameters, **filters, **search_filters, "shelves": list(wanted.shelves or ()),
    }  # fmt: skip


_SHOWN = (
    "o.price_list_id = %(price_list)s", "o.currency = %(currency)s", "o.valid_from <= now()",
    "o.valid_until > now()", "p.is_published", "p.archived_at IS NULL",
)  # fmt: skip


def _tables(search: str) -> str:
    tables = "catalog_product p JOIN catalog_offer o ON o.product_id = p.id"
    return tables + (f" JOIN ({search}) hit ON hit.product_id = p.id" if search else "")


def _shape(shelves: Sequence[int] | None) -> str:
    return "anywhere" if shelves is None else "one" if len(shelves) == 1 else "several"


@lru_cache(maxsize=256)
def _statement(
    ordering: str,
    backwards: bool,
    shelves: str,
    conditions: str,
    search: str,
    continued: bool,
    limit: int,
    offset: int,
) -> str:
    """The statement of a page.

    How many rows it has stands in the text: of a parameter a plan for all parameters knows nothing, and expects a tenth of
    the table.
    """
    by = ORDERINGS[ordering]
    descending = by.descending != backwards
    direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
    by_price = by.key == "o.price"
    tie = "o.product_id" if by_price else "p.id"
    category = "o.category_id" if by_price else "p.category_id"
    where = [*_SHOWN, f"({conditions})"]
    if continued:
        where.append(f"({by.key}, {tie}) {beyond} (%(after)s::{by.type}, %(after_id)s::bigint)")

    def ordered(extra: str, rows: str) -> str:
        return f"""
            SELECT p.id, p.version, {by.key} AS sort FROM {_tables(search)}
             WHERE {" AND ".join([extra, *where])}
             ORDER BY {by.key} {direction}, {tie} {direction} LIMIT {rows}
        """

    page = f"{limit} OFFSET {offset}"
    if shelves == "several":
        found = f"""
            SELECT one.id, one.version, one.sort FROM unnest(%(shelves)s::bigint[]) shelf (id)
             CROSS JOIN LATERAL ({ordered(f"{category} = shelf.id", str(limit + offset))}) one
             ORDER BY one.sort {direction}, one.id {direction} LIMIT {page}
        """
    elif shelves == "one":
        found = ordered(f"{category} = (%(shelves)s::bigint[])[1]", page)
    else:
        found = ordered("true", page)
    return f"""
        SELECT found.id, found.sort::text, document.body, now_is.shared, now_is.products, now_is.moment
          FROM ({VERSIONS}) now_is
          LEFT JOIN ({found}) found ON true
          LEFT JOIN LATERAL (
                SELECT kept.body FROM catalog_document kept
                 WHERE kept.product_id = found.id AND kept.context = %(document)s
                   AND kept.version = found.version AND kept.shared = now_is.shared AND kept.valid_until > now()
                 LIMIT 1
               ) document ON true
         ORDER BY found.sort {direction}, found.id {direction}
    """
