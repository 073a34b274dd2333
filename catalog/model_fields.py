"""Fields of bodies and answers that several rows share: translations, attributes, texts in a caller's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.attributes import MOST_ATTRIBUTES, find_type
from catalog.models import NAME_LENGTH, ProductType
from catalog.richtext import MAX_LENGTH
from catalog.texts import AS_WRITTEN, Reader

MOST_LANGUAGES = 50


def reader_of(
    field: serializers.Field[Any, Any, Any, Any] | serializers.BaseSerializer[Any],
) -> Reader:
    """Who reads the answer; the view says so in the context."""
    found: Reader = field.context.get("reader", AS_WRITTEN)
    return found


class TextField(serializers.CharField):
    """A text of a row, in the caller's language where it has been translated."""

    def get_attribute(self, instance: Any) -> Any:
        return reader_of(self).text(instance, str(self.field_name))


class WordField(serializers.CharField):
    """A short word that many rows share, in the caller's language where it has been translated."""

    def to_representation(self, value: Any) -> str:
        return reader_of(self).word(str(value))


TRANSLATIONS_SCHEMA = {
    "type": "object",
    "description": 'By language, then by text: `{"am": {"name": "ቡና"}}`. `null` removes.',
    "additionalProperties": {
        "type": ["object", "null"],
        "additionalProperties": {"type": ["string", "null"], "maxLength": MAX_LENGTH},
    },
    "examples": [{"am": {"name": "ቡና"}}],
}
WORDS_SCHEMA = {
    "type": "object",
    "description": 'By language: `{"am": "ቀይ"}`. `null` removes.',
    "additionalProperties": {"type": ["string", "null"], "maxLength": NAME_LENGTH},
    "examples": [{"am": "ቀይ"}],
}


class _TextsByLanguage(serializers.Field[Any, Any, Any, Any]):
    default_error_messages = {
        "invalid": "Give an object of languages.",
        "invalid_entry": "{code}: give an object of texts, or null.",
        "invalid_text": "{code}: give texts, or null.",
        "too_many": "At most 50 languages.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            self.fail("invalid")
        if len(data) > MOST_LANGUAGES:
            self.fail("too_many")
        return {str(code).lower(): self.read(str(code), value) for code, value in data.items()}

    def to_representation(self, value: Any) -> Any:
        return value

    def read(self, code: str, value: Any) -> Any:
        """What one language has to say."""
        raise NotImplementedError


@extend_schema_field(TRANSLATIONS_SCHEMA)
class TranslationsField(_TextsByLanguage):
    """`{"am": {"name": "ቡና", "description": null}, "om": null}`; which languages and texts there are, the verb knows."""

    def read(self, code: str, value: Any) -> dict[str, str | None] | None:
        if value is None:
            return None
        if not isinstance(value, Mapping) or len(value) > MOST_LANGUAGES:
            self.fail("invalid_entry", code=code)
        if not all(text is None or isinstance(text, str) for text in value.values()):
            self.fail("invalid_text", code=code)
        return {str(name): text for name, text in value.items()}


@extend_schema_field(WORDS_SCHEMA)
class WordsField(_TextsByLanguage):
    """`{"am": "ቀይ"}`: one word in other languages."""

    def read(self, code: str, value: Any) -> str | None:
        if value is not None and not isinstance(value, str):
            self.fail("invalid_text", code=code)
        return value


_VALUE_SCHEMA = {
    "description": "A text, number, choice, `true` or `false`, or a date such as `2025-10-01`; null removes.",
    "type": ["string", "number", "boolean", "null"],
}


@extend_schema_field({
    "description": "Values by code: `{\"roast\": \"dark\", \"weight\": 250}`; or the list that answers show.",
    "anyOf": [
        {"type": "object", "additionalProperties": _VALUE_SCHEMA},
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "value"],
                "properties": {"code": {"type": "string"}, "value": _VALUE_SCHEMA},
            },
        },
    ],
})  # fmt: skip
class AttributesField(serializers.Field[Any, Any, Any, Any]):
    """Values of attributes by code; which there are and of which kind, the verb knows."""

    default_error_messages = {
        "invalid": "Give an object of values by code.",
        "too_many": "At most 100 attributes.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if data is None:
            return {}
        if isinstance(data, list):
            if not all(
                isinstance(entry, Mapping) and isinstance(entry.get("code"), str) for entry in data
            ):
                self.fail("invalid")
            data = {entry["code"]: entry.get("value") for entry in data}
        if not isinstance(data, Mapping):
            self.fail("invalid")
        if len(data) > MOST_ATTRIBUTES:
            self.fail("too_many")
        return {str(code): value for code, value in data.items()}

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({
    "type": ["integer", "string", "object"],
    "description": "A product type's id or name, or an object with one of them.",
})  # fmt: skip
class ProductTypeField(serializers.Field[Any, Any, Any, Any]):
    """A product type by id, name, or an object that holds either."""

    default_error_messages = {
        "invalid": "Give a product type's id or name.",
        "does_not_exist": "There is no such product type.",
    }

    def to_internal_value(self, data: Any) -> ProductType:
        if isinstance(data, Mapping):
            data = data.get("id", data.get("name"))
        if isinstance(data, bool) or not isinstance(data, (int, str)) or "\x00" in str(data):
            self.fail("invalid")
        if isinstance(data, str):
            data = data[: NAME_LENGTH + 1]
        found = find_type(data)
        if found is None:
            self.fail("does_not_exist")
        return found

    def to_representation(self, value: ProductType) -> int:
        return value.pk
