"""Pictures."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from catalog.models.naming import translations
from catalog.models.products import Product
from catalog.models.variants import Variant


class Image(models.Model):
    """A picture of a product: a file of ours, or the address of one that was never fetched."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="images")
    variant = models.ForeignKey(
        Variant, models.SET_NULL, null=True, blank=True, related_name="images"
    )
    file = models.FileField(blank=True, max_length=200)
    source_url = models.URLField(
        blank=True, default="", max_length=2000, help_text="Where an import found it."
    )
    alt = models.CharField(max_length=300, blank=True, default="")
    translations = translations()
    renditions = models.JSONField(
        default=list, blank=True, db_default=models.Value([], models.JSONField()),
        help_text="Smaller copies of the file: [{width, height, format, name}].",
    )  # fmt: skip
    position = models.PositiveIntegerField(default=0)
    width = models.PositiveIntegerField(null=True, blank=True, help_text="Pixels.")
    height = models.PositiveIntegerField(null=True, blank=True, help_text="Pixels.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(file="") | ~Q(source_url=""), name="image_has_a_file_or_a_source"
            ),
        ]

    def __str__(self) -> str:
        return self.alt or f"image {self.pk}"
