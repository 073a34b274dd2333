"""Stock as facts: what is on the shelf, what of it is promised, and every change that led there."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class StockItem(models.Model):
    """A countable thing on a shelf. A catalogue variant points to it; it knows no variant.

    `on_hand` and `reserved` are counters for speed: the movements sum to the first, the active reservations to the second,
    and the doctor compares them.
    """

    on_hand = models.PositiveIntegerField(default=0, help_text="Pieces on the shelf.")
    reserved = models.PositiveIntegerField(
        default=0, help_text="Pieces promised to orders that are not paid yet."
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_is_never_negative"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(reserved__lte=F("on_hand")),
                name="reserved_is_at_most_on_hand",
            ),
        ]

    def __str__(self) -> str:
        return f"stock item {self.pk}"

    @property
    def available(self) -> int:
        """Pieces that can still be sold."""
        return self.on_hand - self.reserved


class Reason(models.TextChoices):
    """Why stock on hand changed."""

    OPENING = "opening", "opening stock"
    COUNT = "count", "counted"
    RECEIVED = "received", "received"
    SOLD = "sold", "sold"
    RETURNED = "returned", "returned"
    DAMAGED = "damaged", "damaged or lost"
    CORRECTION = "correction", "corrected"


class Movement(models.Model):
    """One change of stock on hand. Append-only: a mistake is corrected by another movement."""

    stock_item = models.ForeignKey(StockItem, models.PROTECT, related_name="movements")
    quantity = models.IntegerField(help_text="Pieces, positive when stock grew.")
    reason = models.CharField(max_length=12, choices=Reason)
    holder = models.UUIDField(null=True, blank=True, help_text="The order it was sold to.")
    actor = models.CharField(max_length=80, help_text="Who: customer, staff:name, system …")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="movement_moves_something"),
            models.UniqueConstraint(
                fields=["holder", "stock_item", "reason"],
                condition=Q(holder__isnull=False),
                name="an_order_takes_its_stock_once",
            ),
        ]
        indexes = [models.Index(fields=["stock_item", "created_at"], name="movement_history")]

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.reason}"


class Reservation(models.Model):
    """Pieces of one stock item set aside for one holder (an order's public id)."""

    class State(models.TextChoices):
        """Where a reservation ends: sold when committed, back on the shelf when released."""

        ACTIVE = "active"
        COMMITTED = "committed"
        RELEASED = "released"

    stock_item = models.ForeignKey(StockItem, models.PROTECT, related_name="reservations")
    holder = models.UUIDField()
    quantity = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_is_positive"),
            models.UniqueConstraint(
                fields=["holder", "stock_item"],
                condition=Q(state="active"),
                name="one_active_reservation_per_holder_and_item",
            ),
        ]
        indexes = [
            models.Index(fields=["holder"], name="reservation_holder"),
            models.Index(
                fields=["stock_item"], condition=Q(state="active"), name="reservation_active"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.stock_item_id} for {self.holder}"
