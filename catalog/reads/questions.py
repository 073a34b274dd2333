"""What a caller asks of the list of products: parameters checked, and made into a page to find."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.utils.datastructures import MultiValueDict

from catalog import search, sync
from catalog.facets import facets
from catalog.filters import Condition, conditions
from catalog.reads.context import Context
from catalog.reads.finding import ORDERINGS, Found, Wanted, everything
from catalog.reads.pages import Asked
from common.errors import invalid_field
from common.http import public_url
from common.pagination import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE,
    MAX_PAGE_SIZE,
    PRESENTATION,
    PageTooDeep,
    bounded_count,
    decode,
    encode,
)

NEWEST = "-created_at"
_YES = {"true", "1"}
NEAREST = 1000  # products of a search that are looked at first ...
NEAREST_FIRST = 100  # ... and for the first pages, which are what most callers see
Parameters = Sequence[tuple[str, str]]


# --- the common questions, checked without ceremony ---------------------------------------------

_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
_PLAIN = {
    "category", "min_price", "max_price", "in_stock", "ordering", "currency", "search", *PRESENTATION,
} - {"facets", "fields", "expand", "count", "highlight"}  # fmt: skip
_FLAGS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


def plain_query(parameters: Parameters) -> dict[str, Any] | None:
    """What `ProductQuerySerializer` would make of these parameters, when they are few and unmistakable; else None.

    A checked query costs the serializer more than the database. Whatever is unusual, and whatever is wrong, is its business.
    """
    query: dict[str, Any] = {"attributes": {}, "options": {}}
    for name, value in parameters:
        if name not in _PLAIN or name in query or not value or len(value) > 100:
            return None
        if name in {"min_price", "max_price"}:
            if not _AMOUNT.fullmatch(value):
                return None
            query[name] = Decimal(value)
        elif name == "in_stock":
            if value not in _FLAGS:
                return None
            query[name] = _FLAGS[value]
        elif name == "category":
            if not value.isascii() or not value.isprintable():
                return None
            query[name] = value
        elif name == "search":
            if not value.isprintable() or value != value.strip():
                return None
            query[name] = value
        elif name not in {"cursor", "page", "page_size"}:
            query[name] = value
    return query


# --- from a checked query to a page -------------------------------------------------------------


def ask(
    path: str,
    parameters: Parameters,
    query: Mapping[str, Any],
    context: Context,
    *,
    reshape: Callable[[list[bytes]], list[bytes]] | None = None,
) -> Asked:
    """The question for a list.

    Args:
        query: what `ProductQuerySerializer` or `plain_query` made of the parameters.
        reshape: makes products smaller or fuller than they were rendered.

    Raises:
        common.errors.Invalid: an unknown ordering, a page or page size that makes no sense, a foreign cursor.
    """
    given = dict(parameters)
    words = query.get("search") or ""
    ordering = given.get("ordering") or ("relevance" if words else NEWEST)
    if ordering not in ORDERINGS:
        raise invalid_field(
            "ordering", "invalid_choice", f"Choose one of {', '.join(sorted(ORDERINGS))}."
        )
    if ordering == "relevance" and not words:
        raise invalid_field("ordering", "needs_search", "Relevance needs a search.")
    size = page_size(given)
    place = _place(path, ordering, parameters, context)
    wanted = Wanted(
        ordering=ordering,
        size=size,
        conditions=tuple(_others(query)),
        everywhere=given.get("facets") in _YES,
    )
    page = None
    if (cursor := given.get("cursor")) is not None:
        if "page" in given:
            raise invalid_field("page", "exclusive", "Give either page or cursor, not both.")
        backwards, value, pk = decode(cursor, place)
        wanted = replace(wanted, after=(value, int(pk)), backwards=backwards)
    elif "page" in given:
        page = _number(given, "page", 1, "A page is a number from 1 to 100.")
        if page > MAX_PAGE:
            raise PageTooDeep("Numbered pages stop at 100. Follow `next`, or narrow the filter.")
        wanted = replace(wanted, offset=(page - 1) * size)
    if words:
        every = hits(words, most=None)
        # A word that nearly everything has: the nearest products make the page, if they are enough for it.
        forward = ordering == "relevance" and not wanted.backwards
        begins = wanted.after is None and wanted.offset + size < NEAREST_FIRST
        nearest = NEAREST_FIRST if begins else NEAREST
        wanted = (
            replace(wanted, search=hits(words, most=nearest), search_all=every)
            if forward
            else replace(wanted, search=every)
        )

    def links(found: Found) -> tuple[str | None, str | None]:
        return _links(found, wanted, page, path, parameters, place)

    def further(page: Wanted, of: Context) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if given.get("count") in _YES:
            count, estimated = bounded_count(*everything(page, of))
            found = (
                {"count": count, "count_is_estimate": estimated} if estimated else {"count": count}
            )
        if given.get("facets") in _YES:
            found["facets"] = facets(query, of)
        return found

    return Asked(
        key=f"{path}?{urlencode(sorted(parameters))}",
        category=query.get("category") or "",
        wanted=lambda shelves: replace(wanted, shelves=shelves),
        links=links,
        further=further if {"count", "facets"} & given.keys() else None,
        reshape=reshape,
    )


def page_size(given: Mapping[str, str]) -> int:
    """How many rows a page has.

    Raises:
        common.errors.Invalid: it is no number from 1 on.
    """
    complaint = "A page size is a number from 1 to 100."
    return min(_number(given, "page_size", DEFAULT_PAGE_SIZE, complaint), MAX_PAGE_SIZE)


def changes_since(
    path: str, parameters: Parameters, query: Mapping[str, Any], context: Context
) -> tuple[sync.Changes, str | None]:
    """A page of what has changed, and the address of the next (docs/lists.md).

    Raises:
        common.errors.Invalid: a foreign cursor, a numbered page or an ordering: changes have their own.
    """
    given = dict(parameters)
    for name in ("ordering", "page", "facets", "count"):
        if name in given:
            raise invalid_field(
                name, "exclusive", "Changes come in the order in which they happened."
            )
    place = _place(path, "changes", parameters, context)
    after = None
    if (cursor := given.get("cursor")) is not None:
        _, value, pk = decode(cursor, place)
        after = (value, int(pk))
    found = sync.changes(query, context, size=page_size(given), after=after)
    following = None
    if found.following is not None:
        kept = [(key, value) for key, value in parameters if key != "cursor"]
        cursor = encode(place, False, *found.following)
        following = f"{public_url(path)}?{urlencode([*kept, ('cursor', cursor)])}"
    return found, following


def _place(path: str, ordering: str, parameters: Parameters, context: Context) -> str:
    """What a cursor belongs to: the list, its order, its filters, and whose prices it is sorted and narrowed by."""
    kept = sorted((name, value) for name, value in parameters if name not in PRESENTATION)
    return f"{path}|{ordering}|{kept}|{context.price_list}.{context.currency}"


def _others(query: Mapping[str, Any]) -> list[Condition]:
    """The conditions that are no walk of their own: not the category, not the search."""
    return conditions({**query, "category": None, "search": None})


def hits(words: str, *, most: int | None) -> tuple[str, dict[str, Any]]:
    """`search.matches` with named parameters, as `Wanted.search` takes it."""
    sql, params = search.matches(words, most=most)
    first, *rest = sql.split("%s")
    text = first + "".join(f"%(hit_{place})s{piece}" for place, piece in enumerate(rest))
    return text, {f"hit_{place}": param for place, param in enumerate(params)}


def _number(given: Mapping[str, str], name: str, default: int, complaint: str) -> int:
    value = given.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit()) or int(value[:9]) < 1:
        raise invalid_field(name, "invalid", complaint)
    return int(value[:9])


def _links(
    found: Found, wanted: Wanted, page: int | None, path: str, parameters: Parameters, place: str
) -> tuple[str | None, str | None]:
    """The addresses of the pages behind and before this one; takes away the row that only told whether there is more."""
    more = len(found.rows) > wanted.size
    rows = found.rows = found.rows[: wanted.size]
    if wanted.backwards:
        rows.reverse()

    def url(**changes: str) -> str:
        kept = [(key, value) for key, value in parameters if key not in {"cursor", "page"}]
        return f"{public_url(path)}?{urlencode([*kept, *changes.items()])}"

    def cursor(row: tuple[int, str], *, backwards: bool) -> str:
        return url(cursor=encode(place, backwards, row[1], row[0]))

    if page is not None:
        following = None
        if more:  # numbers end at 100, the list does not
            following = (
                url(page=str(page + 1)) if page < MAX_PAGE else cursor(rows[-1], backwards=False)
            )
        return following, url(page=str(page - 1)) if page > 1 else None
    continued = wanted.after is not None
    has_next = continued if wanted.backwards else more
    has_previous = more if wanted.backwards else continued
    return (
        cursor(rows[-1], backwards=False) if rows and has_next else None,
        cursor(rows[0], backwards=True) if rows and has_previous else None,
    )


def as_parameters(query: MultiValueDict[str, str]) -> Parameters:
    """All parameters of a request in order, repeated ones too."""
    return [(key, value) for key, values in query.lists() for value in values]
