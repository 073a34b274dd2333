"""What products are grouped by beside categories: brands and collections."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from catalog.models.naming import NAME_LENGTH, SLUG_LENGTH, slug_is_readable, translations


class Brand(models.Model):
    """Who makes it. A product names its brand in words; the database keeps the row (see the migrations)."""

    name = models.CharField(max_length=NAME_LENGTH)
    slug = models.CharField(max_length=SLUG_LENGTH)
    description = models.TextField(blank=True, default="", help_text="Sanitised HTML.")
    translations = translations()
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            *slug_is_readable("brand"),
            models.UniqueConstraint(fields=["name"], name="brand_name_is_unique"),
            models.UniqueConstraint(fields=["slug"], name="brand_slug_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="brand_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Collection(models.Model):
    """Products put together by hand: gifts for Genna, the founder's favourites."""

    name = models.CharField(max_length=NAME_LENGTH)
    slug = models.CharField(max_length=SLUG_LENGTH)
    description = models.TextField(blank=True, default="", help_text="Sanitised HTML.")
    translations = translations()
    is_published = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            *slug_is_readable("collection"),
            models.UniqueConstraint(fields=["slug"], name="collection_slug_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="collection_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class CollectionProduct(models.Model):
    """That a product is in a collection, and where."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="entries")
    product = models.ForeignKey(
        "catalog.Product", models.CASCADE, related_name="collection_entries"
    )
    position = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "product"], name="collection_holds_a_product_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} in {self.collection_id}"
