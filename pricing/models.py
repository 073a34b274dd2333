"""Tax rates as dated facts: rates change, orders of the past do not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value


class TsTzRange(Func):
    """`tstzrange(lower, upper, bounds)`."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class TaxRate(models.Model):
    """The shop's VAT rate from a moment on. Prices include it.

    `rate` is a fraction: 0.1500 is 15 %. Ethiopia's standard rate under Proclamation 1341/2024 is the one that the first
    migration writes; change it by ending that row and adding the next, never by editing it.
    """

    name = models.CharField(max_length=40, default="VAT")
    rate = models.DecimalField(max_digits=5, decimal_places=4)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(
        null=True, blank=True, help_text="Exclusive; empty: still valid."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rate__gte=0) & Q(rate__lt=1), name="tax_rate_is_a_fraction"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="tax_rate_ends_after_it_begins",
            ),
            ExclusionConstraint(
                name="one_tax_rate_at_a_time",
                expressions=[
                    (TsTzRange("valid_from", "valid_until", Value("[)")), RangeOperators.OVERLAPS)
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.rate:%} from {self.valid_from:%Y-%m-%d}"


def tax_rate_at(moment: datetime) -> Decimal:
    """The VAT rate (a fraction) that holds at `moment`; zero when none is recorded."""
    rate = (
        TaxRate.objects.filter(valid_from__lte=moment)
        .exclude(valid_until__lte=moment)
        .values_list("rate", flat=True)
        .first()
    )
    return rate if rate is not None else Decimal(0)
