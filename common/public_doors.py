"""Doors that the public reads and staff write by permission, in the caller's language: what places and delivery share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.utils.cache import patch_vary_headers
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.permissions import SAFE_METHODS, AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.languages import MOST_LANGUAGES, Reading
from common.public_reads import ConditionalReads

VERBS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
AS_WRITTEN = OpenApiParameter(
    "translations", bool,
    description="For staff who edit: texts as they are written, whatever `Accept-Language` says.",
)  # fmt: skip


class WritesByPermission(BasePermission):
    """The permission on the noun that the view names, such as `places.area`. Being staff grants nothing by itself.

    What a method means follows from HTTP; a view whose rows are parts of another says so with `verb`.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        verb = getattr(view, "verb", "") or VERBS.get(request.method or "")
        if verb is None:
            return True  # the view answers 405
        user: Any = request.user
        return bool(user.is_authenticated and user.has_perm(permission(view, verb)))


def permission(view: Any, verb: str) -> str:
    """`places.change_area` for a view of `places.area`."""
    app, _, model = view.noun.partition(".")
    return f"{app}.{verb}_{model}"


class PublicDoor(ConditionalReads, generics.GenericAPIView[Any]):
    """A view of a noun that everybody reads. Who may see it in the admin sees what is archived, too."""

    noun: str  # app.model
    permission_classes = [WritesByPermission]

    def get_permissions(self) -> list[Any]:
        reading = self.request.method in SAFE_METHODS
        return [AllowAny()] if reading else list(super().get_permissions())

    @cached_property
    def sees_everything(self) -> bool:
        """Whether the caller sees what is archived, and what only staff are told."""
        if getattr(self, "swagger_fake_view", False):
            return True
        user: Any = self.request.user
        return bool(user.is_authenticated and user.has_perm(permission(self, "view")))

    @cached_property
    def reading(self) -> Reading:
        """In which language the answer is: as written after a write, and for editors who ask for it."""
        if getattr(self, "swagger_fake_view", False):
            return Reading()
        as_written = self.request.query_params.get("translations") in {"true", "1"}
        if self.request.method not in SAFE_METHODS or (as_written and self.sees_everything):
            return Reading()
        return Reading(self.request.headers.get("Accept-Language", ""))

    def get_serializer_context(self) -> dict[str, Any]:
        return {
            **super().get_serializer_context(),
            "reading": self.reading,
            "sees_everything": self.sees_everything,
        }

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        if "reading" in self.__dict__ and self.reading.used:
            final["Content-Language"] = ", ".join(sorted(self.reading.used))
        if "reading" in self.__dict__:
            patch_vary_headers(final, ["Accept-Language"])
        return final

    def page(self, rows: Any) -> Response:
        """One page of rows, as the view's serializer shows them."""
        shown = self.get_serializer(self.paginate_queryset(rows), many=True)
        return self.get_paginated_response(shown.data)


def checked(serializer_class: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
    """The validated content of a body or query.

    Raises:
        rest_framework.exceptions.ValidationError: naming each field that is wrong.
    """
    serializer = serializer_class(data=data, **kwargs)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class ForCaller(serializers.Serializer[Any]):
    """An answer without what only staff are told, for everybody else."""

    STAFF_ONLY: tuple[str, ...] = ()

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if not self.context.get("sees_everything", True):
            for name in self.STAFF_ONLY:
                fields.pop(name, None)
        return fields


class OwnTextField(serializers.CharField):
    """A text of a row, in the caller's language where the row has it."""

    def get_attribute(self, instance: Any) -> Any:
        reading: Reading = self.context.get("reading") or Reading()
        return reading.text(instance, str(self.field_name))


@extend_schema_field({
    "type": "object",
    "description": 'By language, then by text: `{"am": {"name": "ቦሌ"}}`. `null` removes.',
    "additionalProperties": {
        "type": ["object", "null"],
        "additionalProperties": {"type": ["string", "null"]},
    },
    "examples": [{"am": {"name": "ቦሌ"}}],
})  # fmt: skip
class OwnTranslationsField(serializers.Field[Any, Any, Any, Any]):
    """`{"am": {"name": "ቦሌ"}, "om": null}`; which texts there are, the verb knows."""

    default_error_messages = {
        "invalid": "Give an object of languages.",
        "invalid_entry": "{code}: give an object of texts, or null.",
        "too_many": "At most 50 languages.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            self.fail("invalid")
        if len(data) > MOST_LANGUAGES:
            self.fail("too_many")
        return {str(code).lower(): self._texts(str(code), texts) for code, texts in data.items()}

    def to_representation(self, value: Any) -> Any:
        return value

    def _texts(self, code: str, texts: Any) -> dict[str, str | None] | None:
        if texts is None:
            return None
        if not isinstance(texts, Mapping) or len(texts) > MOST_LANGUAGES:
            self.fail("invalid_entry", code=code)
        if not all(text is None or isinstance(text, str) for text in texts.values()):
            self.fail("invalid_entry", code=code)
        return {str(name): text for name, text in texts.items()}


@extend_schema_field({
    "type": "string",
    "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$",
    "description": "By the clock on the shop's wall.",
    "examples": ["08:30"],
})  # fmt: skip
class WallClockField(serializers.TimeField):
    """A time of day in the shop's own time zone, to the minute."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M", "%H:%M:%S"], **kwargs)

    def to_internal_value(self, value: Any) -> Any:
        return super().to_internal_value(value).replace(second=0, microsecond=0)
