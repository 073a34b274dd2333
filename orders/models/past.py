"""What was sold before there was this shop: which file and line each fact came from, and what was credited then."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from common.ids import uuid7
from orders.models.orders import Order, OrderLine


class PastFile(models.Model):
    """A file of past sales that was read, by the digest of what is in it: its name may change."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the unpacked file.")
    name = models.CharField(max_length=255)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class PastSale(models.Model):
    """What an order of source `history` was elsewhere. `customer` is the other system's number for a person, or empty.

    An invoice whose lines come in several imports is several orders: its `part` counts them from 1.
    """

    order = models.OneToOneField(Order, models.CASCADE, primary_key=True, related_name="past_sale")
    invoice = models.CharField(max_length=40)
    part = models.PositiveSmallIntegerField(default=1)
    customer = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=80, blank=True, help_text="As the file spells it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "part"], name="past_invoice_is_imported_once"
            ),
        ]
        indexes = [
            models.Index(fields=["customer"], condition=~Q(customer=""), name="past_sale_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice} ({self.part})" if self.part > 1 else self.invoice


class PastLine(models.Model):
    """Where a line of a past sale stood. `key` is what it said, and the how manieth of its invoice to say so."""

    order_line = models.OneToOneField(
        OrderLine, models.CASCADE, primary_key=True, related_name="past_line"
    )
    file = models.ForeignKey(
        PastFile, models.PROTECT, null=True, db_index=False, related_name="lines"
    )
    line = models.PositiveIntegerField(help_text="Of the file, from 1, the header's.")
    key = models.UUIDField(unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="past_line_is_imported_once"),
        ]

    def __str__(self) -> str:
        return f"line {self.line} of {self.file_id}"


class PastCredit(models.Model):
    """Money given back before there was this shop, for pieces of a past sale or, without a `sold_line`, on its own.

    A row of a file that credits pieces of several sales is several rows here: its `piece` counts them from 1.
    Append-only; `customer` may be blanked.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    sold_line = models.ForeignKey(
        OrderLine, models.PROTECT, null=True, blank=True, related_name="past_credits"
    )
    invoice = models.CharField(max_length=40)
    customer = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=80, blank=True)
    sku = models.CharField(max_length=100)
    name = models.CharField(max_length=400)
    quantity = models.PositiveIntegerField()
    exact_unit_price = models.DecimalField(max_digits=20, decimal_places=8)
    exact_amount = models.DecimalField(max_digits=20, decimal_places=8)
    amount = models.DecimalField(max_digits=14, decimal_places=2, help_text="Rounded.")
    tax = models.DecimalField(max_digits=14, decimal_places=2, help_text="Within `amount`.")
    currency = models.CharField(max_length=3)
    credited_at = models.DateTimeField()
    file = models.ForeignKey(
        PastFile, models.PROTECT, null=True, db_index=False, related_name="credits"
    )
    line = models.PositiveIntegerField()
    key = models.UUIDField()
    piece = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "piece"], name="past_credit_is_imported_once"),
            models.UniqueConstraint(
                fields=["file", "line", "piece"], name="past_credit_has_its_own_line"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0)
                & Q(exact_unit_price__gte=0)
                & Q(amount__gte=0)
                & Q(tax__gte=0, tax__lte=F("amount")),
                name="past_credit_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(
                    exact_amount=F("quantity") * F("exact_unit_price"),
                    exact_amount__lt=F("amount") + 1,
                    exact_amount__gt=F("amount") - 1,
                ),
                name="past_credit_is_its_pieces_at_their_price",
            ),
        ]
        indexes = [models.Index(fields=["-credited_at", "-id"], name="past_credit_by_age")]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.quantity} × {self.sku}"
