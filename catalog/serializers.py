"""What the catalogue looks like from outside."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.files.storage import default_storage
from drf_spectacular.helpers import lazy_serializer
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.attribute_values import shown_value
from catalog.model_fields import (
    TextField,
    TranslationsField,
    WordField,
    reader_of,
)
from catalog.models import AttributeValue, Category, Image, Kind, Product, ProductType, Variant
from common.http import public_url
from common.serializers import MoneyField


class CategoryRefSerializer(serializers.Serializer[Category]):
    """A category, named."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = TextField()


@extend_schema_field(lazy_serializer("catalog.serializers.CategorySerializer")(many=True))
class SubtreeField(serializers.ListField):
    """Categories below a category."""


class CategorySerializer(CategoryRefSerializer):
    """A category and where it hangs. `children` comes with `?tree=true` only."""

    description = TextField(help_text="Sanitised HTML.")
    parent = serializers.IntegerField(  # type: ignore[assignment]
        source="parent_id", allow_null=True, help_text="The parent's id; null at the top."
    )
    position = serializers.IntegerField(help_text="Order among siblings.")
    children = SubtreeField(required=False, help_text="With `?tree=true`.")
    translations = TranslationsField(required=False, help_text="Staff.")

    STAFF_ONLY = ("translations",)

    def to_representation(self, instance: Category) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if hasattr(instance, "children_below"):
            shown["children"] = [self.to_representation(c) for c in instance.children_below]
        return shown

    def get_fields(self) -> dict[str, Any]:
        fields = for_caller(super().get_fields(), self)
        if "sees_everything" in self.context:  # written above; declared for the schema
            fields.pop("children")
        return fields


class OptionSerializer(serializers.Serializer[Any]):
    """One choice that makes a variant: its name and value."""

    name = WordField(max_length=100)
    value = WordField(max_length=255)


class OptionsSerializer(serializers.Serializer[Any]):
    """One option of a product and all its values, in the order of the variants."""

    name = WordField()
    values = serializers.ListField(child=WordField())


class AttributeValueSerializer(serializers.Serializer[AttributeValue]):
    """What an attribute of a product is."""

    code = serializers.CharField(source="attribute.code")
    name = WordField(source="attribute.name")
    kind = serializers.ChoiceField(choices=Kind.choices, source="attribute.kind")
    value = serializers.SerializerMethodField(method_name="shown")
    unit = WordField(source="attribute.unit", help_text="Of a number; else empty.")

    @extend_schema_field({"type": ["string", "number", "boolean"]})
    def shown(self, row: AttributeValue) -> str | bool | int | float:
        value = shown_value(row)
        return reader_of(self).word(str(value)) if row.choice_id is not None else value


class PartSerializer(serializers.Serializer[Any]):
    """What a bundle is made of."""

    variant_id = serializers.IntegerField()
    sku = serializers.CharField()
    quantity = serializers.IntegerField(help_text="Pieces in one bundle.")


class VariantSerializer(serializers.Serializer[Variant]):
    """A variant. `stock`, `on_hand`, `reserved` and `parts` are for staff only."""

    id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField(help_text="Empty for the only variant of a simple product.")
    options = OptionSerializer(many=True)
    price = MoneyField()
    compare_at_price = MoneyField(allow_null=True)
    is_bundle = serializers.SerializerMethodField()
    in_stock = serializers.SerializerMethodField()
    barcode = serializers.CharField()
    weight_grams = serializers.IntegerField(allow_null=True)
    stock = serializers.IntegerField(
        source="available", required=False, help_text="Pieces that can be sold. Staff."
    )
    on_hand = serializers.IntegerField(
        source="stock_item.on_hand", required=False, help_text="Pieces on the shelf. Staff."
    )
    reserved = serializers.IntegerField(
        source="stock_item.reserved", required=False, help_text="Promised to open orders. Staff."
    )

    parts = PartSerializer(
        many=True, source="shown_parts", required=False, help_text="Of a bundle; else empty. Staff."
    )

    STAFF_ONLY = ("stock", "on_hand", "reserved", "parts")

    def get_fields(self) -> dict[str, Any]:
        return for_caller(super().get_fields(), self)

    def get_in_stock(self, variant: Variant) -> bool:
        return variant.sellable > 0

    def get_is_bundle(self, variant: Variant) -> bool:
        return bool(variant.shown_parts)


class RenditionSerializer(serializers.Serializer[Any]):
    """A smaller copy of a picture. What is at its address never changes."""

    url = serializers.URLField()
    width = serializers.IntegerField(help_text="Pixels.")
    height = serializers.IntegerField(help_text="Pixels.")
    format = serializers.ChoiceField(choices=["webp", "jpeg"])


class VariantsSerializer(serializers.Serializer[Any]):
    """The variants that were added."""

    results = VariantSerializer(many=True)


class ImageSerializer(serializers.Serializer[Image]):
    """A picture of a product. `translations` is for staff only."""

    id = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    alt = TextField(help_text="What the picture shows, for those who cannot see it.")
    width = serializers.IntegerField(allow_null=True, help_text="Pixels; null when not known.")
    height = serializers.IntegerField(allow_null=True, help_text="Pixels; null when not known.")
    variant_id = serializers.IntegerField(
        allow_null=True, help_text="The variant it shows, if it shows only one."
    )
    position = serializers.IntegerField()
    renditions = serializers.SerializerMethodField(
        help_text="Smaller copies, smallest first; empty until they are made, and for pictures that are elsewhere."
    )
    translations = TranslationsField(required=False, help_text="Staff.")

    STAFF_ONLY = ("translations",)

    def get_fields(self) -> dict[str, Any]:
        return for_caller(super().get_fields(), self)

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_url(self, image: Image) -> str:
        return image_url(image)

    @extend_schema_field(RenditionSerializer(many=True))
    def get_renditions(self, image: Image) -> list[dict[str, Any]]:
        return [
            {
                "url": file_url(made["name"]),
                "width": made["width"],
                "height": made["height"],
                "format": made["format"],
            }
            for made in image.renditions
        ]


def image_url(image: Image) -> str:
    """Where the picture is: our own file, or the address an import found and never fetched."""
    return file_url(str(image.file.name)) if image.file else image.source_url


def file_url(name: str) -> str:
    """Where a stored file is for everybody: at the shop, or at the base address of the storage."""
    url: str = default_storage.url(name)
    return public_url(url) if url.startswith("/") else url


class ProductTypeRefSerializer(serializers.Serializer[ProductType]):
    """A product type, named."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ProductSerializer(serializers.Serializer[Product]):
    """A product as shops show it. What is said to be for staff is shown to staff only."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = TextField()
    description = TextField(help_text="Sanitised HTML.")
    brand = WordField()
    tags = serializers.ListField(child=WordField())
    category = CategoryRefSerializer(allow_null=True)
    price = MoneyField(source="min_price", help_text="Of the cheapest variant.")
    compare_at_price = MoneyField(
        source="shown_compare_at",
        allow_null=True,
        help_text="Of the cheapest variant, whose price is the product's.",
    )
    lowest_price_30_days = serializers.SerializerMethodField()
    in_stock = serializers.BooleanField(help_text="Whether any variant can be bought now.")
    options = OptionsSerializer(many=True, source="shown_options")
    attributes = AttributeValueSerializer(many=True, source="shown_values")
    variant_count = serializers.IntegerField(help_text="Lists show at most 100 variants of each.")
    variants = VariantSerializer(many=True, source="live_variants")
    images = ImageSerializer(many=True, source="shown_images")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    stock = serializers.IntegerField(
        source="available",
        required=False,
        help_text="Pieces that can be sold, of all variants. Staff.",
    )
    is_published = serializers.BooleanField(required=False, help_text="Staff.")
    status = serializers.CharField(
        required=False,
        help_text="`draft`, `scheduled`, `published`, `expired` or `archived`. Staff.",
    )
    published_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Staff.")
    archived_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Staff.")
    publish_from = serializers.DateTimeField(required=False, allow_null=True, help_text="Staff.")
    publish_until = serializers.DateTimeField(required=False, allow_null=True, help_text="Staff.")
    product_type = ProductTypeRefSerializer(required=False, allow_null=True, help_text="Staff.")
    translations = TranslationsField(required=False, help_text="Staff.")
    version = serializers.IntegerField(required=False, help_text="Grows with every change. Staff.")

    STAFF_ONLY = (
        "stock", "is_published", "status", "published_at", "archived_at", "publish_from",
        "publish_until", "product_type", "translations", "version",
    )  # fmt: skip

    def get_fields(self) -> dict[str, Any]:
        return for_caller(super().get_fields(), self)

    @extend_schema_field(MoneyField(allow_null=True))
    def get_lowest_price_30_days(self, product: Any) -> dict[str, str] | None:
        """Before the present price began; the present price if there was no other."""
        lowest: Decimal | None = getattr(product, "lowest_price", None)
        return None if lowest is None else MoneyField().to_representation(lowest)


def for_caller(fields: dict[str, Any], serializer: Any) -> dict[str, Any]:
    """Leave out what only staff may see (`STAFF_ONLY`). The schema generator, which has no request, sees all of it."""
    if "sees_everything" in serializer.context and not serializer.context["sees_everything"]:
        for name in serializer.STAFF_ONLY:
            fields.pop(name, None)
    return fields
