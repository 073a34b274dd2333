"""What staff send: the bodies of writes, checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.bundles import MAX_IN_BUNDLE, MAX_PARTS, Part
from catalog.categories import find_category
from catalog.model_fields import AttributesField, ProductTypeField, TranslationsField
from catalog.models import NAME_LENGTH, SKU_LENGTH, SLUG_LENGTH, VARIANT_NAME_LENGTH, Category
from catalog.refusals import NoSuchCategory
from catalog.richtext import MAX_LENGTH
from catalog.services import MAX_VARIANTS
from catalog.slugs import is_slug
from common.serializers import MoneyField, StrictSerializer
from inventory.services import MAX_ON_HAND

MAX_OPTIONS = 5
MAX_TAGS = 50
MAX_POSITION = 1_000_000


class TolerantSerializer(StrictSerializer):
    """Refuses unknown fields, but drops what answers show and nobody can set: what was read can be sent back."""

    SHOWN_ONLY: frozenset[str] = frozenset()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            data = {key: data[key] for key in data if key not in self.SHOWN_ONLY}
        return super().to_internal_value(data)


@extend_schema_field({
    "type": ["integer", "string", "object"],
    "description": "A category's id or slug, or an object with one of them.",
})  # fmt: skip
class CategoryField(serializers.Field[Any, Any, Any, Any]):
    """A category by id, slug, or an object that holds either."""

    default_error_messages = {"invalid": "Give a category's id or slug."}

    def to_internal_value(self, data: Any) -> Category:
        if isinstance(data, Mapping):
            data = data.get("id", data.get("slug"))
        if isinstance(data, bool) or not isinstance(data, (int, str)) or "\x00" in str(data):
            self.fail("invalid")
        try:
            return find_category(str(data)[: SLUG_LENGTH + 1])
        except NoSuchCategory as refusal:
            raise serializers.ValidationError(refusal.detail, code=refusal.code) from None

    def to_representation(self, value: Category) -> int:
        return value.pk


class SlugField(serializers.CharField):
    """A slug: lower case ASCII, with at least one character that is no digit."""

    def to_internal_value(self, data: Any) -> str:
        slug = str(super().to_internal_value(data)).lower()
        if slug and not is_slug(slug):
            raise serializers.ValidationError(
                "Use lower case letters, digits, hyphens and underscores; not digits alone.",
                code="invalid_slug",
            )
        return slug


class CategoryInputSerializer(TolerantSerializer):
    """A category to create or change."""

    SHOWN_ONLY = frozenset({"id", "children"})

    name = serializers.CharField(max_length=NAME_LENGTH)
    slug = SlugField(max_length=SLUG_LENGTH, required=False)
    description = serializers.CharField(max_length=MAX_LENGTH, allow_blank=True, default="")
    parent = CategoryField(allow_null=True, default=None)  # type: ignore[assignment]
    position = serializers.IntegerField(min_value=0, max_value=MAX_POSITION, default=0)
    translations = TranslationsField(required=False, help_text="Left out: as they are.")


class OptionInputSerializer(StrictSerializer):
    """One choice that makes a variant."""

    name = serializers.CharField(max_length=100)
    value = serializers.CharField(max_length=255)


class PartInputSerializer(TolerantSerializer):
    """So many pieces of a variant, in one bundle."""

    SHOWN_ONLY = frozenset({"sku"})

    variant_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_IN_BUNDLE, default=1)

    def to_internal_value(self, data: Any) -> Any:
        return Part(**super().to_internal_value(data))


class _VariantFields(TolerantSerializer):
    """What a variant and a simple product have in common."""

    sku = serializers.CharField(
        max_length=SKU_LENGTH, required=False, allow_blank=True, allow_null=True,
        help_text="Empty: one is generated.",
    )  # fmt: skip
    compare_at_price = MoneyField(
        allow_null=True, default=None, help_text="The price before a reduction; not below `price`."
    )
    stock = serializers.IntegerField(
        min_value=0, max_value=MAX_ON_HAND, required=False, help_text="Pieces that can be sold."
    )
    expected_stock = serializers.IntegerField(
        min_value=0, max_value=MAX_ON_HAND, required=False, write_only=True,
        help_text="The `stock` that was read before: if it is another by now, 409 `stock_moved`, and nothing changes.",
    )  # fmt: skip

    parts = PartInputSerializer(  # type: ignore[call-arg]
        many=True, required=False, max_length=MAX_PARTS,
        help_text="What a bundle is made of; empty: it is none. Left out: as it is.",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("sku"):
            attrs.pop("sku", None)
        return attrs

    def validate_parts(self, parts: list[Part]) -> list[Part]:
        if len({part.variant_id for part in parts}) < len(parts):
            raise serializers.ValidationError("Each variant is named once.", code="repeated")
        return parts


class VariantInputSerializer(_VariantFields):
    """A variant to create or change."""

    SHOWN_ONLY = frozenset({"id", "in_stock", "reserved", "is_bundle"})

    name = serializers.CharField(
        max_length=VARIANT_NAME_LENGTH, allow_blank=True, required=False,
        help_text="Left out: made from the option values.",
    )  # fmt: skip
    options = OptionInputSerializer(  # type: ignore[call-arg]
        many=True, required=False, max_length=MAX_OPTIONS
    )
    price = MoneyField()
    on_hand = serializers.IntegerField(
        min_value=0, max_value=MAX_ON_HAND, required=False,
        help_text="Pieces counted on the shelf, reserved ones too. Ignored beside `stock`.",
    )  # fmt: skip
    position = serializers.IntegerField(min_value=0, max_value=MAX_POSITION, required=False)
    barcode = serializers.CharField(max_length=64, allow_blank=True, default="")
    weight_grams = serializers.IntegerField(
        min_value=0, max_value=2_000_000_000, allow_null=True, default=None
    )

    def validate_options(self, options: list[dict[str, str]]) -> list[dict[str, str]]:
        if any(len(option) < 2 for option in options):  # in a PATCH nothing is required by itself
            raise serializers.ValidationError("Give each option's name and value.", code="required")
        names = [option["name"] for option in options]
        if len(set(names)) < len(names):
            raise serializers.ValidationError("Each option is named once.", code="repeated")
        return options


class ProductInputSerializer(_VariantFields):
    """A product to create or change. Price, SKU and stock are those of its only variant."""

    SHOWN_ONLY = frozenset({
        "id", "in_stock", "variants", "images", "created_at", "updated_at", "status", "published_at",
        "archived_at", "lowest_price_30_days", "options", "variant_count", "version",
    })  # fmt: skip

    name = serializers.CharField(max_length=NAME_LENGTH)
    slug = SlugField(
        max_length=SLUG_LENGTH, required=False, help_text="Left out: made from the name."
    )
    category = CategoryField(allow_null=True, default=None)
    price = MoneyField()
    description = serializers.CharField(
        max_length=MAX_LENGTH, allow_blank=True, default="",
        help_text="HTML; everything that is not plain formatting is removed.",
    )  # fmt: skip
    brand = serializers.CharField(max_length=NAME_LENGTH, allow_blank=True, default="")
    tags = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=MAX_TAGS, default=list
    )
    is_published = serializers.BooleanField(required=False, help_text="Left out: as it is.")
    product_type = ProductTypeField(
        required=False, allow_null=True,
        help_text="Which attributes it has. Values that the new type does not have go. Left out: as it is.",
    )  # fmt: skip
    attributes = AttributesField(required=False, help_text="Left out: as they are.")
    translations = TranslationsField(required=False, help_text="Left out: as they are.")
    publish_from = serializers.DateTimeField(
        required=False, allow_null=True,
        help_text="Published, it is shown from then on. Left out: as it is.",
    )  # fmt: skip
    publish_until = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Not shown from then on. Left out: as it is."
    )


class NewProductInputSerializer(ProductInputSerializer):
    """A product to create: simple with a `price`, or with several `variants`."""

    SHOWN_ONLY = ProductInputSerializer.SHOWN_ONLY - {"variants"}

    price = MoneyField(required=False)
    is_published = serializers.BooleanField(default=True, help_text="False: kept as a draft.")
    variants = VariantInputSerializer(  # type: ignore[call-arg]
        many=True, required=False, max_length=MAX_VARIANTS
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if attrs.get("variants"):
            beside = [name for name in ("price", "sku", "stock", "parts") if name in attrs]
            if beside:
                raise serializers.ValidationError(
                    dict.fromkeys(beside, "Give it with each variant."), code="exclusive"
                )
        elif "price" not in attrs:
            raise serializers.ValidationError(
                {"price": "Give a price, or variants."}, code="required"
            )
        return attrs


class RestoreInputSerializer(StrictSerializer):
    """How an archived product comes back."""

    slug = SlugField(max_length=SLUG_LENGTH, required=False, help_text="Left out: its own.")


class VariantBatchInputSerializer(StrictSerializer):
    """Several variants to add."""

    variants = VariantInputSerializer(many=True, min_length=1, max_length=MAX_VARIANTS)  # type: ignore[call-arg]


class ImageInputSerializer(TolerantSerializer):
    """What can be changed about a picture."""

    SHOWN_ONLY = frozenset({"id", "url", "width", "height", "renditions"})

    alt = serializers.CharField(max_length=300, allow_blank=True, required=False)
    position = serializers.IntegerField(min_value=0, max_value=MAX_POSITION, required=False)
    variant_id = serializers.IntegerField(min_value=1, allow_null=True, required=False)
    translations = TranslationsField(
        required=False, help_text="Of `alt`. Left out: as they are. In a form: as JSON."
    )


class ImageUploadSerializer(ImageInputSerializer):
    """A picture to add, as multipart/form-data."""

    file = serializers.FileField(
        help_text="JPEG or PNG of up to 25 million pixels, or WebP of up to 12.5 million; 5 MB."
    )

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            data = {key: data[key] for key in data}
            if "image" in data and "file" not in data:  # many clients name it so
                data["file"] = data.pop("image")
            if isinstance(written := data.get("translations"), str):
                try:
                    data["translations"] = orjson.loads(written or "{}")
                except orjson.JSONDecodeError:  # the field says what it wants
                    data["translations"] = written
        return super().to_internal_value(data)
