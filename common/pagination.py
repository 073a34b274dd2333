"""Lists: signed keyset cursors, so that page 5,000 costs what page 1 costs and nothing is skipped or shown twice.

A view names its orderings as data:

    class ProductList(ListAPIView):
        orderings = {"price": "min_price", "-price": "-min_price", "created_at": "created_at"}
        default_ordering = "-created_at"

Each is one column that is never null; the primary key breaks ties, in the same direction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import Invalid, invalid_field
from common.http import public_url

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_PAGE = 100
SALT = "common.pagination"


class InvalidCursor(Invalid):
    """The cursor is not one of ours, or belongs to another list, ordering or filter."""

    code = "invalid_cursor"
    title = "Invalid cursor"


class PageTooDeep(Invalid):
    """Numbered pages stop at 100: follow `next` instead, it has no end."""

    code = "page_too_deep"
    title = "Page too deep"


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
        self.count = queryset.count() if params.get("count") in {"true", "1"} else None
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
            if key not in {"cursor", "page", "page_size", "count"}
        )
        text = f"{self.request.path}|{self.column}|{self.descending}|{kept}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _link(self, row: Any, backwards: bool) -> str:
        payload = [
            self._context(), int(backwards), self._text(getattr(row, self.column)), str(row.pk)
        ]  # fmt: skip
        return self._url(cursor=signing.dumps(payload, salt=SALT))

    @staticmethod
    def _text(value: Any) -> str:
        return value.isoformat() if hasattr(value, "isoformat") else str(value)

    def _read(self, cursor: str, queryset: QuerySet[Any]) -> tuple[tuple[Any, Any], bool]:
        try:
            context, backwards, value, pk = signing.loads(cursor, salt=SALT)
            if context != self._context():
                raise InvalidCursor("This cursor belongs to another list, ordering or filter.")
            annotation = queryset.query.annotations.get(self.column)
            field = (
                annotation.output_field
                if annotation is not None
                else queryset.model._meta.get_field(self.column)
            )
            return (field.to_python(value), queryset.model._meta.pk.to_python(pk)), bool(backwards)
        except (signing.BadSignature, ValueError, TypeError, ValidationError):
            raise InvalidCursor("Use `next` and `previous` as they were given.") from None

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
        if self.count is not None:
            body["count"] = self.count
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
                "count": {"type": "integer", "description": "Only with `?count=true`; exact."},
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
            _parameter("count", {"type": "boolean"}, "Add the exact number of rows as `count`."),
        ]  # fmt: skip
        if orderings:
            schema = {"type": "string", "enum": orderings}
            parameters.append(_parameter("ordering", schema, "How to sort."))
        return parameters


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name, "in": "query", "required": False, "schema": schema, "description": description
    }  # fmt: skip
