"""Taxes as dated facts: rates change, orders of the past do not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now

from account.models import CustomerGroup, User
from catalog.models import Category, Product
from pricing.basket import STANDARD, Treatment

CODE_LENGTH, AREA_LENGTH, CERTIFICATE_LENGTH = 40, 64, 64


class TsTzRange(Func):
    """`tstzrange(lower, upper, bounds)`."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class TaxCategory(models.Model):
    """What is taxed alike. `standard` is that of everything that has no other; migrations write it, and it stays."""

    code = models.CharField(max_length=CODE_LENGTH, primary_key=True)
    name = models.CharField(max_length=80)
    treatment = models.CharField(
        max_length=10,
        choices=[(one.value, one.value.replace("_", " ")) for one in Treatment],
        default=Treatment.TAXED.value,
        help_text="Taxed at the dated rate of the category, or at nothing by law.",
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "tax categories"
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[a-z][a-z0-9_-]*$"), name="tax_category_code_is_plain"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="tax_category_has_a_name"),
            models.CheckConstraint(
                condition=Q(treatment__in=[one.value for one in Treatment]),
                name="tax_treatment_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(code=STANDARD) | Q(treatment=Treatment.TAXED.value),
                name="standard_goods_are_taxed",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TaxRate(models.Model):
    """The rate of a tax category from a moment on, everywhere or in one area.

    `rate` is a fraction: 0.1500 is 15 %. Ethiopia's standard rate under Proclamation 1341/2024 is the one that the first
    migration writes; change it by ending that row and adding the next, never by editing it.
    """

    name = models.CharField(max_length=40, default="VAT")
    tax_category = models.ForeignKey(
        TaxCategory, models.PROTECT, related_name="rates", db_default=STANDARD, default=STANDARD
    )
    area = models.CharField(
        max_length=AREA_LENGTH, blank=True, default="", db_default="",
        help_text="Code of the area where it holds, and in all below it; empty: everywhere.",
    )  # fmt: skip
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
                    ("tax_category", RangeOperators.EQUAL),
                    ("area", RangeOperators.EQUAL),
                    (TsTzRange("valid_from", "valid_until", Value("[)")), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.rate:%} from {self.valid_from:%Y-%m-%d}"


class TaxAssignment(models.Model):
    """A product, or all products of a category of the shop, are of a tax category. The nearest has the last word."""

    tax_category = models.ForeignKey(TaxCategory, models.PROTECT, related_name="assignments")
    product = models.OneToOneField(
        Product, models.CASCADE, null=True, blank=True, related_name="tax_assignment"
    )
    category = models.OneToOneField(
        Category, models.CASCADE, null=True, blank=True, related_name="tax_assignment"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=True) ^ Q(category__isnull=True),
                name="tax_is_assigned_to_a_product_or_a_category",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tax_category_id} for {self.product_id or self.category_id}"


class TaxExemption(models.Model):
    """A certificate that frees one customer, or all of a group, from tax, for a time."""

    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="tax_exemptions"
    )
    group = models.ForeignKey(
        CustomerGroup, models.CASCADE, null=True, blank=True, related_name="tax_exemptions"
    )
    certificate = models.CharField(max_length=CERTIFICATE_LENGTH)
    categories = ArrayField(
        models.CharField(max_length=CODE_LENGTH), default=list, blank=True,
        help_text="Codes of the tax categories it is for; empty: all.",
    )  # fmt: skip
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(
        null=True, blank=True, help_text="Exclusive; empty: until further notice."
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=True) ^ Q(group__isnull=True),
                name="tax_exemption_is_of_a_customer_or_a_group",
            ),
            models.CheckConstraint(
                condition=~Q(certificate=""), name="tax_exemption_has_a_certificate"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="tax_exemption_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.certificate


def tax_rate_at(moment: datetime) -> Decimal:
    """The standard rate (a fraction) that holds everywhere at `moment`; zero when none is recorded."""
    rate = (
        TaxRate.objects.filter(tax_category=STANDARD, area="", valid_from__lte=moment)
        .exclude(valid_until__lte=moment)
        .values_list("rate", flat=True)
        .first()
    )
    return rate if rate is not None else Decimal(0)
