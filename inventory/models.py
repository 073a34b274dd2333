"""Stock as facts: what is on the shelf, where, what of it is promised, and every change that led there."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

MAX_PIECES = (
    1_000_000_000  # of one item on hand, and on back-order: their sum still fits the column
)


class Location(models.Model):
    """Where pieces lie: the shop's own shelf (the default), a second store, a pickup point.

    What is at the default location is never written down for itself: it is what is on hand and not elsewhere.
    """

    code = models.SlugField(max_length=40, help_text="Short and lasting, such as bole-store.")
    name = models.CharField(max_length=120)
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    priority = models.PositiveSmallIntegerField(
        default=0,
        help_text="Selling takes from the default location first, then the lowest number.",
    )
    place = models.CharField(
        max_length=80, blank=True, default="",
        help_text="The code of a delivery area or pickup point, if it is one.",
    )  # fmt: skip
    version = models.PositiveIntegerField(default=1, help_text="Grows at every edit.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="location_code_is_unique"),
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="at_most_one_location_is_the_default",
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(is_active=True),
                name="default_location_is_active",
            ),
            models.CheckConstraint(condition=~Q(code=""), name="location_has_a_code"),
        ]

    def __str__(self) -> str:
        return self.name


class StockItem(models.Model):
    """A countable thing on a shelf. A catalogue variant points to it; it knows no variant.

    `on_hand`, `reserved` and `elsewhere` are counters for speed: the movements sum to the first, the active and owed
    reservations to the second, the levels to the third, and the doctor compares them.

    More may be reserved than is on hand only as far as `backorder_limit` allows. While that is so, some reservations that
    are paid for may be owed; as soon as everything reserved is on hand, none is.
    """

    on_hand = models.PositiveIntegerField(default=0, help_text="Pieces on all shelves.")
    reserved = models.PositiveIntegerField(
        default=0,
        help_text="Pieces promised to orders that are not paid yet, or owed to paid ones.",
    )
    elsewhere = models.PositiveIntegerField(
        db_default=0, help_text="Pieces on hand that are not at the default location."
    )
    backorder_limit = models.PositiveIntegerField(
        db_default=0, help_text="Pieces that may be promised beyond what is on hand; 0: none."
    )
    max_per_order = models.PositiveIntegerField(
        null=True, blank=True, help_text="Pieces that one order may take; empty: any."
    )
    max_per_customer = models.PositiveIntegerField(
        null=True, blank=True,
        help_text="Pieces that one customer may take in all their orders; empty: any.",
    )  # fmt: skip
    low_stock_at = models.PositiveIntegerField(
        null=True, blank=True,
        help_text="Staff are told when no more than this can be sold; empty: as LOW_STOCK_AT says.",
    )  # fmt: skip
    alerted_at = models.DateTimeField(
        null=True, blank=True, help_text="When staff were told that it runs low; empty again once restocked."
    )  # fmt: skip
    version = models.PositiveIntegerField(db_default=1, help_text="Grows at every edit by staff.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_is_never_negative"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(reserved__lte=F("on_hand") + F("backorder_limit")),
                name="reserved_is_at_most_on_hand_and_backorders",
            ),
            models.CheckConstraint(
                condition=Q(elsewhere__gte=0) & Q(elsewhere__lte=F("on_hand")),
                name="elsewhere_is_part_of_on_hand",
            ),
            models.CheckConstraint(
                condition=Q(backorder_limit__lte=MAX_PIECES), name="backorders_are_countable"
            ),
            models.CheckConstraint(
                condition=Q(max_per_order__isnull=True) | Q(max_per_order__gt=0),
                name="an_order_may_take_something",
            ),
            models.CheckConstraint(
                condition=Q(max_per_customer__isnull=True) | Q(max_per_customer__gt=0),
                name="a_customer_may_take_something",
            ),
        ]

    def __str__(self) -> str:
        return f"stock item {self.pk}"

    @property
    def available(self) -> int:
        """Pieces on the shelf that are promised to nobody; below zero: so many are missing."""
        return self.on_hand - self.reserved

    @property
    def sellable(self) -> int:
        """Pieces that can still be ordered, back-orders included."""
        return self.on_hand + self.backorder_limit - self.reserved


class StockLevel(models.Model):
    """How much of an item is at a location that is not the default one."""

    stock_item = models.ForeignKey(StockItem, models.CASCADE, related_name="levels")
    location = models.ForeignKey(Location, models.PROTECT, related_name="levels")
    on_hand = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stock_item", "location"], name="one_level_per_item_and_location"
            ),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="level_is_never_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.on_hand} of {self.stock_item_id} at {self.location_id}"


class Reason(models.TextChoices):
    """Why stock on hand changed."""

    OPENING = "opening", "opening stock"
    COUNT = "count", "counted"
    RECEIVED = "received", "received"
    SOLD = "sold", "sold"
    RETURNED = "returned", "returned"
    DAMAGED = "damaged", "damaged or lost"
    CORRECTION = "correction", "corrected"
    TRANSFER = "transfer", "moved between locations"


class Movement(models.Model):
    """One change of stock on hand, at one location. Append-only: a mistake is corrected by another movement."""

    stock_item = models.ForeignKey(StockItem, models.PROTECT, related_name="movements")
    quantity = models.IntegerField(help_text="Pieces, positive when stock grew.")
    reason = models.CharField(max_length=12, choices=Reason)
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="movements",
        help_text="Empty: the default one.",
    )  # fmt: skip
    note = models.CharField(max_length=200, blank=True, db_default="")
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
                fields=["holder", "stock_item", "reason", "location"],
                condition=Q(holder__isnull=False),
                nulls_distinct=False,
                name="an_order_takes_its_stock_once_per_location",
            ),
        ]
        indexes = [models.Index(fields=["stock_item", "created_at"], name="movement_history")]

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.reason}"


class Reservation(models.Model):
    """Pieces of one stock item set aside for one holder (an order's public id)."""

    class State(models.TextChoices):
        """Where a reservation ends: sold when committed, back on the shelf when released.

        Owed in between: paid for, and not there yet. It counts as reserved until the pieces come.
        """

        ACTIVE = "active"
        OWED = "owed"
        COMMITTED = "committed"
        RELEASED = "released"

    HELD = (State.ACTIVE, State.OWED)

    stock_item = models.ForeignKey(StockItem, models.PROTECT, related_name="reservations")
    holder = models.UUIDField()
    quantity = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    customer = models.CharField(
        max_length=80, blank=True, db_default="",
        help_text="Whose limits it counts against: a key that the order's side makes; empty: nobody's.",
    )  # fmt: skip
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
            models.Index(
                fields=["stock_item", "id"], condition=Q(state="owed"), name="reservation_owed"
            ),
            models.Index(
                fields=["customer", "stock_item"],
                condition=~Q(customer="") & ~Q(state="released"),
                name="reservation_of_customer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.stock_item_id} for {self.holder}"
