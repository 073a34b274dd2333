"""The floor: what a bare WSGI function can do with the shop's own SQL, on the same tables, machine and server.

The statements are those of `catalog.reads`, taken from there when this starts: a page with the documents that are true, and
what nobody has rendered yet. Everything else is missing: Django, checks, cursors' signatures, callers, headers, ETags,
caches of pages. psycopg prepares each statement once per thread. `DATABASE_DSN` names the database; places in lists come
unsigned (`at`, `id`). Served by the same gunicorn with the same settings.
"""

# ruff: noqa: E402, I001
from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import django
import psycopg

django.setup()

from catalog.reads import finding, pages, rendering
from catalog.reads.context import Context
from catalog.reads.finding import Wanted
from catalog.reads.freshness import scopes_of
from catalog.reads.questions import NEAREST_FIRST, hits
from django.conf import settings


Statement = tuple[str, dict[str, Any], bool]  # with its parameters, and whether it is prepared


class Recorded(Exception):
    """A statement on its way to the database, which stops here."""

    def __init__(self, statement: Statement) -> None:
        super().__init__(statement[0])
        self.statement = statement


def _record(sql: str, parameters: dict[str, Any], *, prepared: bool = True) -> NoReturn:
    raise Recorded((sql, dict(parameters), prepared))


for module in (finding, pages, rendering):
    module.rows = _record

DSN = os.environ["DATABASE_DSN"]
OPTIONS = settings.DATABASES["default"]["OPTIONS"]["options"]
SIZE = 20
_local = threading.local()


def recorded(read: Callable[[], object]) -> Statement:
    """The first statement that `read` would send."""
    try:
        read()
    except Recorded as found:
        return found.statement
    raise RuntimeError("catalog.reads sends its statements another way now")


@lru_cache
def context_of(price_list: str, currency: str, language: str) -> Context:
    """For whom: an id, an ISO code or nothing, a language other than the catalogue's or nothing."""
    return Context(int(price_list), currency or settings.SHOP_CURRENCY, language, language or "en")


@lru_cache(maxsize=512)
def page(kind: str, size: int, words: str, context: Context) -> Statement:
    """The statement of a page behind a place."""
    if kind == "search":
        return recorded(
            lambda: finding.find(
                Wanted("relevance", size, search=hits(words, most=NEAREST_FIRST)), context
            )
        )
    if kind == "category":
        return recorded(
            lambda: finding.find(Wanted("price", size, shelves=(0,), after=("0", 0)), context)
        )
    after = None if kind == "home" else ("infinity", 0)
    return recorded(lambda: finding.find(Wanted("-created_at", size, after=after), context))


@lru_cache
def detail(context: Context) -> Statement:
    """The statement of one product."""
    return recorded(lambda: pages.one_product("1", context))


@lru_cache
def writing(context: Context) -> Statement:
    """The statement that writes products and keeps what it wrote."""
    return recorded(lambda: rendering.render([1], context))


def rows(statement: Statement, **changed: Any) -> list[tuple[Any, ...]]:
    """Ask PostgreSQL, over this thread's connection, with these parameters instead of those that were recorded."""
    sql, parameters, prepared = statement
    try:
        connection = _local.connection
    except AttributeError:
        connection = _local.connection = psycopg.connect(DSN, autocommit=True, options=OPTIONS)
    return connection.execute(
        sql, {**parameters, **changed}, prepare=prepared, binary=True
    ).fetchall()


def rendered(ids: list[int], context: Context) -> dict[int, bytes]:
    """What nobody has rendered yet."""
    return {row[0]: row[-1] for row in rows(writing(context), ids=sorted(ids))}


def answer(path: str, query: str) -> bytes | None:
    """The body for an address, or None when there is nothing."""
    given = dict(parse_qsl(query))
    context = context_of(given.get("list", "1"), given.get("currency", ""), given.get("language", ""))  # fmt: skip
    key = path[len("/api/products/") : -1]
    if key:
        found = rows(detail(context), key=int(key))
        if not found:
            return None
        pk, _, _, body, *_ = found[0]
        return body if body is not None else rendered([pk], context)[pk]
    kind, size = given.get("as", "home"), int(given.get("page_size", SIZE))
    changed: dict[str, Any] = {"after": given.get("at", ""), "after_id": int(given.get("id", 0))}
    if kind == "category":
        shelves = [int(given["category"])]
        changed |= {"shelves": shelves, "scopes": scopes_of(shelves)}
    answered = rows(page(kind, size, given.get("search", ""), context), **changed)
    found = [row for row in answered[:size] if row[0] is not None]
    missing = [row[0] for row in found if row[2] is None]
    written = rendered(missing, context) if missing else {}
    return b'{"results":[' + b",".join(row[2] or written[row[0]] for row in found) + b"]}"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI."""
    body = answer(environ["PATH_INFO"], environ["QUERY_STRING"])
    status = "200 OK" if body is not None else "404 Not Found"
    body = body or b"{}"
    start_response(
        status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]
