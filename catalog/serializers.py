"""What the catalogue looks like from outside."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.helpers import lazy_serializer
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import Category, Image, Product, Variant
from common.http import public_url
from common.serializers import MoneyField


class CategoryRefSerializer(serializers.Serializer[Category]):
    """A category, named."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()


@extend_schema_field(lazy_serializer("catalog.serializers.CategorySerializer")(many=True))
class SubtreeField(serializers.ListField):
    """Categories below a category."""


class CategorySerializer(CategoryRefSerializer):
    """A category and where it hangs. `children` comes with `?tree=true` only."""

    description = serializers.CharField(help_text="Sanitised HTML.")
    parent = serializers.IntegerField(  # type: ignore[assignment]
        source="parent_id", allow_null=True, help_text="The parent's id; null at the top."
    )
    position = serializers.IntegerField(help_text="Order among siblings.")
    children = SubtreeField(required=False, help_text="With `?tree=true`.")

    def to_representation(self, instance: Category) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if hasattr(instance, "children_below"):
            shown["children"] = [self.to_representation(c) for c in instance.children_below]
        return shown

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if "sees_everything" in self.context:  # written above; declared for the schema
            fields.pop("children")
        return fields


class OptionSerializer(serializers.Serializer[Any]):
    """One choice that makes a variant: its name and value."""

    name = serializers.CharField(max_length=100)
    value = serializers.CharField(max_length=255)


class VariantSerializer(serializers.Serializer[Variant]):
    """A variant. `stock`, `on_hand` and `reserved` are for staff only."""

    id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField(help_text="Empty for the only variant of a simple product.")
    options = OptionSerializer(many=True)
    price = MoneyField()
    compare_at_price = MoneyField(allow_null=True)
    in_stock = serializers.SerializerMethodField()
    barcode = serializers.CharField()
    weight_grams = serializers.IntegerField(allow_null=True)
    stock = serializers.IntegerField(
        source="stock_item.available", required=False, help_text="Pieces that can be sold. Staff."
    )
    on_hand = serializers.IntegerField(
        source="stock_item.on_hand", required=False, help_text="Pieces on the shelf. Staff."
    )
    reserved = serializers.IntegerField(
        source="stock_item.reserved", required=False, help_text="Promised to open orders. Staff."
    )

    STAFF_ONLY = ("stock", "on_hand", "reserved")

    def get_fields(self) -> dict[str, Any]:
        return _for_caller(super().get_fields(), self)

    def get_in_stock(self, variant: Variant) -> bool:
        return variant.stock_item.available > 0


class ImageSerializer(serializers.Serializer[Image]):
    """A picture of a product."""

    id = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    alt = serializers.CharField(help_text="What the picture shows, for those who cannot see it.")
    width = serializers.IntegerField(allow_null=True, help_text="Pixels; null when not known.")
    height = serializers.IntegerField(allow_null=True, help_text="Pixels; null when not known.")
    variant_id = serializers.IntegerField(
        allow_null=True, help_text="The variant it shows, if it shows only one."
    )
    position = serializers.IntegerField()

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_url(self, image: Image) -> str:
        return image_url(image)


def image_url(image: Image) -> str:
    """Where the picture is: our own file, or the address an import found and never fetched."""
    if not image.file:
        return image.source_url
    url: str = image.file.url
    return public_url(url) if url.startswith("/") else url


class ProductSerializer(serializers.Serializer[Product]):
    """A product as shops show it. `stock`, `status`, `published_at` and `archived_at` are for staff only."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(help_text="Sanitised HTML.")
    brand = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    category = CategoryRefSerializer(allow_null=True)
    price = MoneyField(source="min_price", help_text="Of the cheapest variant.")
    compare_at_price = serializers.SerializerMethodField()
    in_stock = serializers.BooleanField(help_text="Whether any variant can be bought now.")
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
        required=False, help_text="`draft`, `published` or `archived`. Staff."
    )
    published_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Staff.")
    archived_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Staff.")

    STAFF_ONLY = ("stock", "is_published", "status", "published_at", "archived_at")

    def get_fields(self) -> dict[str, Any]:
        return _for_caller(super().get_fields(), self)

    @extend_schema_field(MoneyField(allow_null=True))
    def get_compare_at_price(self, product: Any) -> dict[str, str] | None:
        """Of the cheapest variant, whose price is the product's."""
        cheapest = min(
            product.live_variants,
            key=lambda variant: (variant.price, variant.position),
            default=None,
        )
        before: Decimal | None = cheapest.compare_at_price if cheapest else None
        return None if before is None else MoneyField().to_representation(before)


def _for_caller(fields: dict[str, Any], serializer: Any) -> dict[str, Any]:
    """Leave out what only staff may see. The schema generator, which has no request, sees all of it."""
    if "sees_everything" in serializer.context and not serializer.context["sees_everything"]:
        for name in serializer.STAFF_ONLY:
            fields.pop(name, None)
    return fields
