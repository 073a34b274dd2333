"""Bodies and answers of attributes, product types, languages and words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.attributes import MOST_ATTRIBUTES, MOST_CHOICES, Choice, Use
from catalog.inputs import MAX_POSITION, TolerantSerializer
from catalog.model_fields import WordsField
from catalog.models import (
    CODE_PATTERN,
    NAME_LENGTH,
    Attribute,
    Kind,
    Language,
    ProductType,
    Term,
    TypeAttribute,
)
from catalog.texts import LANGUAGE_PATTERN, MOST_TERMS
from common.serializers import StrictSerializer

# --- attributes -------------------------------------------------------------------------------


class AttributeSerializer(serializers.Serializer[Attribute]):
    """An attribute as staff see it."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    unit = serializers.CharField(help_text="Of a number; else empty.")
    is_filterable = serializers.BooleanField()
    choices = serializers.SerializerMethodField(method_name="values_of")

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def values_of(self, attribute: Attribute) -> list[str]:
        rows = sorted(attribute.choices.all(), key=lambda choice: (choice.position, choice.pk))
        return [choice.value for choice in rows]


@extend_schema_field({
    "type": ["string", "object"],
    "description": "A choice; to rename one, `{\"value\": \"Dark roast\", \"was\": \"Dark\"}`.",
})  # fmt: skip
class ChoiceField(serializers.Field[Any, Any, Any, Any]):
    """A choice by its value, or with the value that it has now."""

    default_error_messages = {
        "invalid": "Give a text of 1 to 255 characters, or an object with value and was."
    }

    def to_internal_value(self, data: Any) -> Choice:
        given = data if isinstance(data, Mapping) else {"value": data}
        if not set(given) <= {"value", "was"}:
            self.fail("invalid")
        value, was = (self._text(given.get(name, "")) for name in ("value", "was"))
        if not value:
            self.fail("invalid")
        return Choice(value=value, was=was)

    def _text(self, text: Any) -> str:
        if not isinstance(text, str) or len(text) > NAME_LENGTH or "\x00" in text:
            self.fail("invalid")
        return text.strip()

    def to_representation(self, value: Any) -> Any:
        return value


class AttributeInputSerializer(TolerantSerializer):
    """An attribute to create or change."""

    SHOWN_ONLY = frozenset({"id"})

    code = serializers.RegexField(
        CODE_PATTERN, max_length=60,
        error_messages={"invalid": "Lower case letters, digits and underscores, a letter first."},
    )  # fmt: skip
    name = serializers.CharField(max_length=NAME_LENGTH)
    kind = serializers.ChoiceField(choices=Kind.choices)
    unit = serializers.CharField(max_length=20, allow_blank=True, default="")
    is_filterable = serializers.BooleanField(default=True)
    choices = serializers.ListField(
        child=ChoiceField(), max_length=MOST_CHOICES, required=False,
        help_text="Of a choice: all of them, in order.",
    )  # fmt: skip


# --- product types ----------------------------------------------------------------------------


class TypeAttributeSerializer(serializers.Serializer[TypeAttribute]):
    """An attribute of a type."""

    code = serializers.CharField(source="attribute.code")
    name = serializers.CharField(source="attribute.name")
    kind = serializers.CharField(source="attribute.kind")
    is_required = serializers.BooleanField(help_text="A published product has to have it.")


class ProductTypeSerializer(serializers.Serializer[ProductType]):
    """A product type, with its attributes in order."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    attributes = serializers.SerializerMethodField(method_name="uses_of")

    @extend_schema_field(TypeAttributeSerializer(many=True))
    def uses_of(self, product_type: ProductType) -> Any:
        uses = sorted(
            product_type.attributes.all(), key=lambda use: (use.position, use.attribute_id)
        )
        return [TypeAttributeSerializer(use).data for use in uses]


class UseInputSerializer(TolerantSerializer):
    """An attribute that products of the type have."""

    SHOWN_ONLY = frozenset({"name", "kind"})

    code = serializers.CharField(max_length=60)
    is_required = serializers.BooleanField(default=False)


class ProductTypeInputSerializer(TolerantSerializer):
    """A product type to create or change."""

    SHOWN_ONLY = frozenset({"id"})

    name = serializers.CharField(max_length=NAME_LENGTH)
    attributes = UseInputSerializer(  # type: ignore[call-arg]
        many=True, required=False, max_length=MOST_ATTRIBUTES,
        help_text="All of them, in order. Left out: as they are.",
    )  # fmt: skip

    def validate_attributes(self, given: list[dict[str, Any]]) -> list[Use]:
        codes = [entry.get("code", "") for entry in given]  # in a PATCH nothing is required
        known = {row.code: row for row in Attribute.objects.filter(code__in=codes)}
        errors = [
            {} if code in known else {"code": ["There is no such attribute."]} for code in codes
        ]
        if any(errors):
            raise serializers.ValidationError(errors, code="does_not_exist")
        return [Use(known[entry["code"]], entry.get("is_required", False)) for entry in given]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "attributes" in attrs:
            attrs["uses"] = attrs.pop("attributes")
        return attrs


# --- languages and words ----------------------------------------------------------------------


class LanguageSerializer(serializers.Serializer[Language]):
    """A language in which the shop can be read."""

    code = serializers.CharField()
    name = serializers.CharField(help_text="In itself.")
    position = serializers.IntegerField(help_text="The catalogue is written in the first.")


class LanguageInputSerializer(TolerantSerializer):
    """A language to add."""

    code = serializers.RegexField(
        LANGUAGE_PATTERN, max_length=12,
        error_messages={"invalid": "Give a language tag in lower case, such as am or pt-br."},
    )  # fmt: skip
    name = serializers.CharField(max_length=60)
    position = serializers.IntegerField(
        min_value=0, max_value=MAX_POSITION, required=False,
        help_text="Left out: behind the others; in a change, as it is.",
    )  # fmt: skip


class LanguageChangeSerializer(TolerantSerializer):
    """What can be changed about a language."""

    SHOWN_ONLY = frozenset({"code"})

    name = serializers.CharField(max_length=60)
    position = serializers.IntegerField(min_value=0, max_value=MAX_POSITION, required=False)


class TermSerializer(serializers.Serializer[Term]):
    """A word and what it is in other languages."""

    id = serializers.IntegerField()
    text = serializers.CharField(help_text="As it is written in the catalogue.")
    translations = WordsField()


class TermInputSerializer(TolerantSerializer):
    """A word to add or change."""

    SHOWN_ONLY = frozenset({"id"})

    text = serializers.CharField(max_length=NAME_LENGTH)
    translations = WordsField()


class TermsSerializer(serializers.Serializer[Any]):
    """The words that were written."""

    results = TermSerializer(many=True)


class TermBatchInputSerializer(StrictSerializer):
    """Many words at once."""

    terms = TermInputSerializer(many=True, max_length=MOST_TERMS)  # type: ignore[call-arg]
