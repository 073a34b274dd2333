"""The tree of categories."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from catalog.models.naming import NAME_LENGTH, SLUG_LENGTH, slug_is_readable, translations

_BELOW = """
    WITH RECURSIVE below AS (
        SELECT id FROM catalog_category WHERE START
         UNION
        SELECT child.id FROM catalog_category child JOIN below ON child.parent_id = below.id
    )
    SELECT id FROM below
"""


class CategoryQuerySet(models.QuerySet["Category"]):
    """Which categories."""

    def below(self, *, pk: int | None = None, slug: str | None = None) -> CategoryQuerySet:
        """A category, by id or slug, and everything below it. Unknown: none."""
        start = "id = %s" if pk is not None else "slug = %s"
        ids = RawSQL(_BELOW.replace("START", start), [slug if pk is None else pk])  # noqa: S611
        return self.filter(pk__in=ids)


class Category(models.Model):
    """A shelf label. Categories form a tree: each knows its parent, and nothing else is stored about the tree."""

    MAX_DEPTH = 10

    name = models.CharField(max_length=NAME_LENGTH)
    slug = models.CharField(max_length=SLUG_LENGTH)
    description = models.TextField(blank=True, default="", help_text="Sanitised HTML.")
    translations = translations()
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    position = models.PositiveIntegerField(default=0, help_text="Order among siblings.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            *slug_is_readable("category"),
            models.UniqueConstraint(fields=["slug"], name="category_slug_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="category_has_a_name"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="category_is_not_its_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name
