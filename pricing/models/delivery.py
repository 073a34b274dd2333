"""Delivery as facts: methods, their tables of fees, their windows."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce, Now

from common.money import DECIMAL_PLACES, EXPONENTS, MAX_DIGITS
from places.models import Area, MinutesRange
from pricing.basket import STANDARD
from pricing.models.taxes import TaxCategory

METHOD_CODE_LENGTH, METHOD_NAME_LENGTH = 40, 120
METHOD_CODE_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"


class DeliveryKind(models.TextChoices):
    """Who moves."""

    COURIER = "courier", "a courier brings it"
    PICKUP = "pickup", "the customer fetches it"
    POST = "post", "the post brings it"


class Span(Func):
    """`int8range` or `numrange`, from a column on, to before another; NULL is without end."""

    template = "%(function)s(%(expressions)s, '[)')"


class DeliveryMethod(models.Model):
    """How things travel: by courier in the city, at a pickup point, by post."""

    TEXTS = {"name": METHOD_NAME_LENGTH, "description": 500}  # what has translations

    code = models.CharField(max_length=METHOD_CODE_LENGTH, help_text="Orders keep it.")
    name = models.CharField(max_length=METHOD_NAME_LENGTH, help_text="In English.")
    description = models.CharField(max_length=500, blank=True, db_default="")
    translations = models.JSONField(default=dict, db_default={}, blank=True)
    kind = models.CharField(max_length=8, choices=DeliveryKind)
    tax_category = models.ForeignKey(
        TaxCategory, models.PROTECT, related_name="delivery_methods", default=STANDARD,
        db_default=STANDARD, help_text="How the fee is taxed.",
    )  # fmt: skip
    position = models.PositiveIntegerField(default=0, db_default=0)
    is_active = models.BooleanField(default=True, db_default=True)
    version = models.PositiveIntegerField(
        default=1, db_default=1, help_text="Grows at each edit, also of fees and windows."
    )
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="delivery_method_code_is_unique"),
            models.CheckConstraint(
                condition=Q(code__regex=METHOD_CODE_PATTERN), name="delivery_method_code_is_plain"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=DeliveryKind.values), name="delivery_kind_is_known"
            ),
        ]
        indexes = [models.Index(fields=["position", "id"], name="delivery_method_in_order")]

    def __str__(self) -> str:
        return self.name


class DeliveryFee(models.Model):
    """One row of a method's table for an area, or for everywhere. `pricing.delivery` says how it is read."""

    method = models.ForeignKey(DeliveryMethod, models.CASCADE, related_name="fees")
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="delivery_fees",
        help_text="Empty: everywhere that has no table of its own.",
    )  # fmt: skip
    currency = models.CharField(max_length=3)
    min_weight = models.PositiveIntegerField(default=0, db_default=0, help_text="Grams, inclusive.")
    max_weight = models.PositiveIntegerField(
        null=True, blank=True, help_text="Grams, exclusive; empty: without end."
    )
    min_value = models.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, default=0, db_default=0,
        help_text="Of the goods before promotions, inclusive.",
    )  # fmt: skip
    max_value = models.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, null=True, blank=True,
        help_text="Exclusive; empty: without end.",
    )  # fmt: skip
    fee = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES)
    free_above = models.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, null=True, blank=True,
        help_text="No fee when the goods come to so much, before promotions.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(currency__in=sorted(EXPONENTS)), name="delivery_fee_currency_is_known"
            ),
            models.CheckConstraint(
                condition=Q(fee__gte=0)
                & Q(min_value__gte=0)
                & (Q(free_above__isnull=True) | Q(free_above__gte=0)),
                name="delivery_fee_is_not_negative",
            ),
            models.CheckConstraint(
                condition=(Q(max_weight__isnull=True) | Q(max_weight__gt=F("min_weight")))
                & (Q(max_value__isnull=True) | Q(max_value__gt=F("min_value"))),
                name="delivery_fee_covers_something",
            ),
            ExclusionConstraint(
                name="one_delivery_fee_for_each_parcel",
                expressions=[
                    ("method", RangeOperators.EQUAL),
                    (Coalesce("area_id", Value(0)), RangeOperators.EQUAL),
                    ("currency", RangeOperators.EQUAL),
                    (
                        Span("min_weight", "max_weight", function="int4range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (Span("min_value", "max_value", function="numrange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fee} {self.currency}"


class DeliveryWindow(models.Model):
    """A span of a weekday in which parcels come, every week. In the shop's own time zone."""

    method = models.ForeignKey(DeliveryMethod, models.CASCADE, related_name="windows")
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="delivery_windows",
        help_text="Empty: everywhere that has no windows of its own.",
    )  # fmt: skip
    weekday = models.PositiveSmallIntegerField(help_text="1 is Monday, 7 Sunday (ISO 8601).")
    begins = models.TimeField()
    ends = models.TimeField()
    cutoff_hours = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Order so many hours before it begins."
    )
    capacity = models.PositiveIntegerField(
        null=True, blank=True, help_text="Orders that one window takes; empty: any number."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__gte=1, weekday__lte=7), name="delivery_window_is_of_a_weekday"
            ),
            models.CheckConstraint(
                condition=Q(ends__gt=F("begins")), name="delivery_window_ends_after_it_begins"
            ),
            ExclusionConstraint(
                name="delivery_windows_do_not_overlap",
                expressions=[
                    ("method", RangeOperators.EQUAL),
                    (Coalesce("area_id", Value(0)), RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (MinutesRange("begins", "ends"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.begins:%H:%M}–{self.ends:%H:%M}"


class DeliveryBooking(models.Model):
    """An order's place in a window on one day. Given back when the order comes to nothing.

    Attributes:
        window: empty: staff have taken it away since; the order itself says what it was promised.
        holder: the public id of an order. Not a foreign key: pricing knows no orders.
    """

    window = models.ForeignKey(
        DeliveryWindow, models.SET_NULL, null=True, related_name="bookings", db_index=False
    )
    day = models.DateField(help_text="In the shop's own time zone.")
    holder = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now())
    given_back_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: the place is taken."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["holder"], name="an_order_books_one_delivery_window"),
        ]
        indexes = [models.Index(fields=["window", "day"], name="delivery_booking_by_window")]

    def __str__(self) -> str:
        return f"{self.day} for {self.holder}"
