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
    """A moment at which something shown changes by itself: a price begins or ends, a product appears or goes.

    It may stand here more than once, so that writers who name the same do not wait for each other.
    """

    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="moments_in_order")]

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


class Document(models.Model):
    """What a product looks like to one kind of caller: the bytes of its JSON, and what they were true of.

    A cache that every process shares and a restart keeps; its table is not logged, as it can be written again at any time.
    It
    holds as long as the product's version and that of the shared things are these, until `valid_until`.
    """

    product_id = models.BigIntegerField()
    context = models.CharField(max_length=40, help_text="Price list, currency and language.")
    version = models.BigIntegerField()
    shared = models.BigIntegerField()
    valid_until = models.DateTimeField(help_text="When a price of it begins or ends by itself.")
    body = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product_id", "context"], name="document_is_unique_in_context"
            ),
        ]

    def __str__(self) -> str:
        return f"product {self.product_id} for {self.context}"
