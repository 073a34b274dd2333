"""What the doors of the catalogue share: who may, in which language, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from django.db.models import Model
from django.utils.cache import patch_vary_headers
from drf_spectacular.utils import OpenApiParameter
from rest_framework import generics
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.response import Response

from account.step_up import SensitiveFields
from catalog import texts
from catalog.access import SeesEverything, WriteByPermission, sees_everything
from common.conditional import state_of
from common.languages import chosen
from common.public_reads import ConditionalReads

KEY = OpenApiParameter("key", str, OpenApiParameter.PATH, description="An id or a slug.")
TAGS = ["catalog"]
AS_WRITTEN = OpenApiParameter(
    "translations", bool,
    description="For staff who edit: texts as they are written, whatever `Accept-Language` says.",
)  # fmt: skip
PRICES = frozenset({"price", "compare_at_price"})  # changing them wants a fresh second factor


def checked(serializer_class: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
    """The validated content of a body or query.

    Raises:
        rest_framework.exceptions.ValidationError: naming each field that is wrong.
    """
    serializer = serializer_class(data=data, **kwargs)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class CatalogView(ConditionalReads, generics.GenericAPIView[Any]):
    """What the catalogue's doors share."""

    permission_classes = [WriteByPermission, SensitiveFields]

    def get_permissions(self) -> list[Any]:
        reading = self.request.method in SAFE_METHODS
        return [AllowAny()] if reading else list(super().get_permissions())

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["sees_everything"] = sees_everything(self.request)
        return context

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """A serializer that speaks the caller's language."""
        rows = args[0] if args else kwargs.get("instance")
        if rows is not None and "data" not in kwargs:
            shown = list(rows) if kwargs.get("many") else [rows]
            context = kwargs.pop("context", None) or self.get_serializer_context()
            kwargs["context"] = {**context, "reader": self.reader(shown)}
        return super().get_serializer(*args, **kwargs)

    @cached_property
    def languages(self) -> list[str]:
        """The shop's languages; the catalogue is written in the first."""
        return texts.codes()

    @cached_property
    def language(self) -> str:
        """In which language the answer is: that of the catalogue after a write, and for editors who ask for it."""
        as_written = self.request.query_params.get("translations") in {"true", "1"}
        if self.request.method not in SAFE_METHODS or (
            as_written and sees_everything(self.request)
        ):
            return self.languages[0]
        return self.asked_language

    @cached_property
    def asked_language(self) -> str:
        """What the caller reads by themselves."""
        return chosen(self.request.headers.get("Accept-Language", ""), self.languages)

    def as_written(self, row: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The changes without texts that the row shows in the language which the caller reads."""
        return texts.without_own_words(row, changes, language=self.asked_language)

    def reader(self, rows: Iterable[Model], *, language: str = "") -> texts.Reader:
        """Who reads these rows: one statement for all their shared words, none in the catalogue's own language."""
        words = texts.words_of(rows)
        return texts.reader(language or self.language, written_in=self.languages[0], texts=words)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        if "language" in self.__dict__ and not final.has_header("Content-Language"):
            final["Content-Language"] = self.language
            patch_vary_headers(final, ["Accept-Language"])
        return final

    def page(self, rows: Any) -> Response:
        """One page of rows, as the view's serializer shows them."""
        chosen = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(chosen, many=True).data)


class StaffView(CatalogView):
    """What only staff who see products may read, too."""

    def get_permissions(self) -> list[Any]:
        reading = self.request.method in SAFE_METHODS
        return [SeesEverything()] if reading else list(super().get_permissions())


def row_state(*rows: Model) -> str:
    """The first part of the ETag of rows that are changed together: the same for everybody and in every language."""
    return state_of(
        [
            {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
            for row in rows
        ]
    )
