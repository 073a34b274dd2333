"""How readers know that something they keep is still true. All three tables are written by triggers alone."""

from __future__ import annotations

from django.db import models


class CatalogVersion(models.Model):
    """A number that grows when something shown has changed.

    `scope` is a category's id (products shown in it), 0 (any product) or -1 (what all products share: categories, brands,
    words, languages).
    """

    PRODUCTS = 0
    SHARED = -1

    scope = models.BigIntegerField(primary_key=True)
    version = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.scope}: {self.version}"


class CatalogMoment(models.Model):
    """A moment at which something shown changes by itself: a price begins or ends, a product appears or goes."""

    at = models.DateTimeField(primary_key=True)

    def __str__(self) -> str:
        return f"{self.at}"


class CatalogTouch(models.Model):
    """Which scopes the running transaction has touched; their versions grow when it commits, and the row goes."""

    transaction = models.BigIntegerField()
    scope = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transaction", "scope"], name="touched_once"),
        ]

    def __str__(self) -> str:
        return f"{self.transaction}: {self.scope}"
