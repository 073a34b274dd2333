"""Lists: signed keyset cursors, so that page 5,000 costs what page 1 costs and nothing is skipped or shown twice.

A view names its orderings as data:

    class ProductList(ListAPIView):
        orderings = {"price": "min_price", "-price": "-min_price", "created_at": "created_at"}
        default_ordering = "-created_at"

Each is one column that is never null; the primary key breaks ties, in the same direction. A cursor holds the column's value
and the key of the row at a page's edge, not the row: that may change or go, the place stays. It is signed together with its
context (the list, ordering, filters, whose prices), so that it opens no other list.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connection
from django.db.models import Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import Invalid, invalid_field
from common.http import public_url

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_PAGE = 100
MAX_COUNT = 10_000  # rows that are counted one by one; beyond it a count is an estimate
SALT = b"common.pagination"
SIGNATURE_LENGTH = 16
MAX_CURSOR_LENGTH = 4096
# Parameters that change neither which rows a list has nor their order.
PRESENTATION = frozenset(
    {"cursor", "page", "page_size", "count", "facets", "fields", "expand", "highlight"}
)


class InvalidCursor(Invalid):
    """The cursor is not one of ours, or belongs to another list, ordering or filter."""

    code = "invalid_cursor"
    title = "Invalid cursor"


class PageTooDeep(Invalid):
    """Numbered pages stop at 100: follow `next` instead, it has no end."""

    code = "page_too_deep"
    title = "Page too deep"


# --- cursors ----------------------------------------------------------------------------------


def encode(context: str, backwards: bool, value: str, pk: int | str) -> str:
    """A cursor: a place in the list that `context` describes, 22 characters longer than what it holds.

    Args:
        context: the list, its ordering and filters, and whatever else decides what is in it; signed, but not contained.
        backwards: whether it leads to the rows before the place.
        value: the ordering's column, as text that PostgreSQL or Python reads back without loss.
        pk: breaks ties among equal values.
    """
    payload = f"{'<' if backwards else '>'}{pk}:{value}".encode()
    signed = _signature(_key(settings.SECRET_KEY), context, payload) + payload
    return _text_of(signed)


def decode(cursor: str, context: str) -> tuple[bool, str, str]:
    """What `encode` was given: whether it leads backwards, the column's value and the primary key, as texts.

    Raises:
        InvalidCursor: not one of ours, or of another context.
    """
    try:
        if len(cursor) > MAX_CURSOR_LENGTH:
            raise ValueError
        signed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        if _text_of(signed) != cursor:  # decoding forgives what nobody was given
            raise ValueError
        given, payload = signed[:SIGNATURE_LENGTH], signed[SIGNATURE_LENGTH:]
        secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        genuine = [
            hmac.compare_digest(given, _signature(_key(one), context, payload)) for one in secrets
        ]
        if not any(genuine):
            raise ValueError
        pk, _, value = payload[1:].decode().partition(":")
        return payload[:1] == b"<", value, pk
    except ValueError:  # UnicodeError and binascii.Error are
        raise InvalidCursor(
            "Use `next` and `previous` as they were given, with the same ordering and filters."
        ) from None


def _text_of(signed: bytes) -> str:
    return urlsafe_b64encode(signed).rstrip(b"=").decode()


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return hashlib.sha256(SALT + secret.encode()).digest()


def _signature(key: bytes, context: str, payload: bytes) -> bytes:
    """128 bits of HMAC. The lengths in front keep what belongs to the context apart from what belongs to the place."""
    described = context.encode(errors="surrogatepass")
    return hmac.digest(key, b"%d:%b%b" % (len(described), described, payload), "sha256")[
        :SIGNATURE_LENGTH
    ]


# --- counts -----------------------------------------------------------------------------------


def bounded_count(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> tuple[int, bool]:
    """How many rows a SELECT has, and whether that is an estimate: exact up to MAX_COUNT, in at most two statements.

    Beyond it, the planner's idea of it from the statistics of the tables, which costs nothing however many rows there are.
    """
    with connection.cursor() as cursor:
        first = f"SELECT FROM ({sql}) one LIMIT {MAX_COUNT + 1}"
        cursor.execute(f"SELECT count(*) FROM ({first}) counted", params)  # noqa: S608
        exact: int = cursor.fetchone()[0]
        if exact <= MAX_COUNT:
            return exact, False
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (plan,) = cursor.fetchone()
    estimate = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"]
    return max(int(estimate), MAX_COUNT + 1), True


# --- the way through a queryset ---------------------------------------------------------------


class KeysetPagination(BasePagination):
    """`?cursor=` (from `next` and `previous`), or `?page=` up to 100; `?page_size=`; `?count=true`."""

    page_size_query_param = "page_size"

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any]:
        self.request = request
        params = request.query_params
        self.size = self._page_size(params.get("page_size"))
        orderings: Mapping[str, str] = getattr(view, "orderings", {"-created_at": "-created_at"})
        default = getattr(view, "default_ordering", next(iter(orderings)))
        name = params.get("ordering") or default
        if name not in orderings:
            raise invalid_field(
                "ordering", "invalid_choice", f"Choose one of {', '.join(sorted(orderings))}."
            )
        self.column = orderings[name].lstrip("-")
        self.descending = orderings[name].startswith("-")
        self.counted = self._count(queryset) if params.get("count") in {"true", "1"} else None
        cursor, page = params.get("cursor"), params.get("page")
        if cursor is not None and page is not None:
            raise invalid_field("page", "exclusive", "Give either page or cursor, not both.")
        if page is not None:
            return self._numbered(queryset, page)
        return self._keyset(queryset, cursor)

    # --- the two ways to a page ---------------------------------------------------------------

    def _keyset(self, queryset: QuerySet[Any], cursor: str | None) -> list[Any]:
        values, backwards = self._read(cursor, queryset) if cursor is not None else (None, False)
        descending = self.descending != backwards
        if values is not None:
            queryset = queryset.filter(self._after(values, descending))
        rows = list(self._ordered(queryset, descending)[: self.size + 1])
        more = len(rows) > self.size
        rows = rows[: self.size]
        if backwards:
            rows.reverse()
        has_next = more if not backwards else values is not None
        has_previous = more if backwards else values is not None
        self.next = self._link(rows[-1], False) if rows and has_next else None
        self.previous = self._link(rows[0], True) if rows and has_previous else None
        return rows

    def _numbered(self, queryset: QuerySet[Any], page: str) -> list[Any]:
        if not (page.isascii() and page.isdigit()) or int(page[:9]) < 1:
            raise invalid_field("page", "invalid", "A page is a number from 1 to 100.")
        number = int(page[:9])
        if number > MAX_PAGE:
            raise PageTooDeep("Numbered pages stop at 100. Follow `next`, or narrow the filter.")
        start = (number - 1) * self.size
        rows = list(self._ordered(queryset, self.descending)[start : start + self.size + 1])
        more = len(rows) > self.size
        rows = rows[: self.size]
        self.next = None
        if more:  # numbers end at 100, the list does not
            self.next = (
                self._url(page=str(number + 1))
                if number < MAX_PAGE
                else self._link(rows[-1], False)
            )
        self.previous = self._url(page=str(number - 1)) if number > 1 else None
        return rows

    def _ordered(self, queryset: QuerySet[Any], descending: bool) -> QuerySet[Any]:
        sign = "-" if descending else ""
        return queryset.order_by(f"{sign}{self.column}", f"{sign}pk")

    def _after(self, values: tuple[Any, Any], descending: bool) -> Q:
        """Rows strictly behind `values`; the first condition is the one an index can use."""
        value, pk = values
        op = "lt" if descending else "gt"
        return Q(**{f"{self.column}__{op}e": value}) & (
            Q(**{f"{self.column}__{op}": value}) | Q(**{f"pk__{op}": pk})
        )

    # --- cursors ------------------------------------------------------------------------------

    def _context(self) -> str:
        """What a cursor belongs to: the list, its ordering and its filters."""
        kept = sorted(
            (key, values)
            for key, values in self.request.query_params.lists()
            if key not in PRESENTATION
        )
        return f"{self.request.path}|{self.column}|{self.descending}|{kept}"

    def _link(self, row: Any, backwards: bool) -> str:
        value = self._text(getattr(row, self.column))
        return self._url(cursor=encode(self._context(), backwards, value, str(row.pk)))

    @staticmethod
    def _text(value: Any) -> str:
        return value.isoformat() if hasattr(value, "isoformat") else str(value)

    def _read(self, cursor: str, queryset: QuerySet[Any]) -> tuple[tuple[Any, Any], bool]:
        backwards, value, pk = decode(cursor, self._context())
        annotation = queryset.query.annotations.get(self.column)
        field = (
            annotation.output_field
            if annotation is not None
            else queryset.model._meta.get_field(self.column)
        )
        try:
            return (field.to_python(value), queryset.model._meta.pk.to_python(pk)), backwards
        except (ValueError, ValidationError):  # of a release in which the column had another type
            raise InvalidCursor("Begin at the first page again.") from None

    @staticmethod
    def _count(queryset: QuerySet[Any]) -> tuple[int, bool]:
        try:
            return bounded_count(*queryset.order_by().values("pk").query.sql_with_params())
        except EmptyResultSet:
            return 0, False

    def _url(self, **changes: str) -> str:
        params = {
            key: values
            for key, values in self.request.query_params.lists()
            if key not in {"cursor", "page"}
        }
        return f"{public_url(self.request.path)}?{urlencode({**params, **changes}, doseq=True)}"

    @staticmethod
    def _page_size(given: str | None) -> int:
        if given is None:
            return DEFAULT_PAGE_SIZE
        if not (given.isascii() and given.isdigit()) or int(given[:9]) < 1:
            raise invalid_field("page_size", "invalid", "A page size is a number from 1 to 100.")
        return min(int(given[:9]), MAX_PAGE_SIZE)

    # --- what the caller sees -----------------------------------------------------------------

    def get_paginated_response(self, data: Any) -> Response:
        body = {"results": data, "next": self.next, "previous": self.previous}
        if self.counted is not None:
            body["count"], is_estimate = self.counted
            if is_estimate:
                body["count_is_estimate"] = True
        return Response(body)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": link,
                "previous": link,
                "count": {
                    "type": "integer",
                    "description": f"Only with `?count=true`; exact up to {MAX_COUNT:,}.",
                },
                "count_is_estimate": {
                    "type": "boolean",
                    "description": f"`true` where `count` is an estimate, as beyond {MAX_COUNT:,}; else absent.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        orderings = sorted(getattr(view, "orderings", {}))
        parameters: list[dict[str, Any]] = [
            _parameter("cursor", {"type": "string"}, "A place in the list, from `next`/`previous`."),
            _parameter("page", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE},
                       "A numbered page; excludes `cursor`."),
            _parameter("page_size", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE,
                                     "default": DEFAULT_PAGE_SIZE}, "Rows on a page."),
            _parameter("count", {"type": "boolean"}, "Add the number of rows as `count`."),
        ]  # fmt: skip
        if orderings:
            schema = {"type": "string", "enum": orderings}
            parameters.append(_parameter("ordering", schema, "How to sort."))
        return parameters


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name, "in": "query", "required": False, "schema": schema, "description": description
    }  # fmt: skip
