"""Bodies and answers of brands and collections."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalog.groupings import MOST_IN_COLLECTION, brand_translations
from catalog.inputs import MAX_POSITION, SlugField, TolerantSerializer
from catalog.model_fields import TextField, TranslationsField, reader_of
from catalog.models import NAME_LENGTH, SLUG_LENGTH, Brand, Collection, CollectionProduct
from catalog.richtext import MAX_LENGTH
from catalog.serializers import for_caller
from common.serializers import StrictSerializer


class BrandTranslationsField(TranslationsField):
    """Its own column and the words for its name; of many brands the view has fetched them together."""

    def get_attribute(self, instance: Any) -> Any:
        known = self.context.get("brand_translations")
        return (brand_translations([instance]) if known is None else known)[instance.pk]


class BrandSerializer(serializers.Serializer[Brand]):
    """Who makes products."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.SerializerMethodField(method_name="named")
    description = TextField(help_text="Sanitised HTML.")
    translations = BrandTranslationsField(required=False, help_text="Staff.")

    STAFF_ONLY = ("translations",)

    def get_fields(self) -> dict[str, Any]:
        return for_caller(super().get_fields(), self)

    def named(self, brand: Brand) -> str:
        return reader_of(self).word(brand.name)


class _GroupInputSerializer(TolerantSerializer):
    SHOWN_ONLY = frozenset({"id"})

    name = serializers.CharField(max_length=NAME_LENGTH)
    slug = SlugField(
        max_length=SLUG_LENGTH, required=False, help_text="Left out: made from the name."
    )
    description = serializers.CharField(
        max_length=MAX_LENGTH, allow_blank=True, default="",
        help_text="HTML; everything that is not plain formatting is removed.",
    )  # fmt: skip
    translations = TranslationsField(required=False, help_text="Left out: as they are.")


class BrandInputSerializer(_GroupInputSerializer):
    """A brand to create or change."""


class CollectionSerializer(serializers.Serializer[Collection]):
    """Products put together by hand."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = TextField()
    description = TextField(help_text="Sanitised HTML.")
    position = serializers.IntegerField(help_text="Order among collections.")
    is_published = serializers.BooleanField(required=False, help_text="Staff.")
    translations = TranslationsField(required=False, help_text="Staff.")

    STAFF_ONLY = ("is_published", "translations")

    def get_fields(self) -> dict[str, Any]:
        return for_caller(super().get_fields(), self)


class CollectionInputSerializer(_GroupInputSerializer):
    """A collection to create or change."""

    is_published = serializers.BooleanField(default=True)
    position = serializers.IntegerField(min_value=0, max_value=MAX_POSITION, default=0)


class EntrySerializer(serializers.Serializer[CollectionProduct]):
    """A product in a collection, as staff see it."""

    id = serializers.IntegerField(source="product_id", help_text="The product's.")
    slug = serializers.CharField(source="product.slug")
    name = serializers.CharField(source="product.name")
    status = serializers.CharField(source="product.status")
    position = serializers.IntegerField()


class EntriesInputSerializer(StrictSerializer):
    """All products of a collection, in order."""

    products = serializers.ListField(
        child=serializers.IntegerField(min_value=1), max_length=MOST_IN_COLLECTION
    )


class EntryInputSerializer(StrictSerializer):
    """A product to put into a collection, or to move there."""

    product = serializers.IntegerField(min_value=1, help_text="Its id.")
    position = serializers.IntegerField(
        min_value=0, max_value=MAX_POSITION, required=False, allow_null=True, default=None,
        help_text="Counted from 0. Left out: behind the others.",
    )  # fmt: skip
