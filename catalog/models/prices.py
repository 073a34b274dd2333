"""Prices: of whom, in which currency, from how many pieces, from when to when."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now

from account.models import CustomerGroup
from catalog.models.naming import NAME_LENGTH
from catalog.models.variants import Variant
from common.money import DECIMAL_PLACES, MAX_DIGITS

RETAIL = 1  # the price list of everybody who has none of their own; a migration writes it
SHOP_CURRENCY = ""  # in these tables: the currency of the shop, whatever SHOP_CURRENCY says


class TsTzRange(Func):
    """`tstzrange(lower, upper)`: from `lower` on, `upper` excluded."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class PriceList(models.Model):
    """What one group of customers pays. Where a list says nothing, the retail prices hold."""

    name = models.CharField(max_length=NAME_LENGTH)
    group = models.OneToOneField(
        CustomerGroup, models.PROTECT, null=True, blank=True, related_name="price_list",
        help_text="Whose prices these are; the retail list has none.",
    )  # fmt: skip
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], name="price_list_name_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="price_list_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """One price of a variant, beside `Variant.price`, which is everybody's regular price in the shop's currency.

    Of all prices that apply to a caller at a moment, the lowest is paid. A price that has begun is history: it is ended,
    not edited.
    """

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="prices")
    price_list = models.ForeignKey(PriceList, models.CASCADE, related_name="prices")
    currency = models.CharField(
        max_length=3, blank=True, default="", help_text="ISO 4217; empty: the shop's own."
    )
    is_sale = models.BooleanField(default=False, help_text="A reduction of the price beside it.")
    min_quantity = models.PositiveIntegerField(default=1, help_text="From so many pieces on.")
    amount = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES)
    valid_from = models.DateTimeField(db_default=Now())
    valid_until = models.DateTimeField(
        null=True, blank=True, help_text="Exclusive; empty: until further notice."
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_is_not_negative"),
            models.CheckConstraint(
                condition=Q(min_quantity__gte=1), name="price_is_for_one_piece_or_more"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^([A-Z]{3})?$"), name="price_currency_is_a_code"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="price_ends_after_it_begins",
            ),
            ExclusionConstraint(
                name="one_price_at_a_time",
                expressions=[
                    ("variant", RangeOperators.EQUAL),
                    ("price_list", RangeOperators.EQUAL),
                    ("currency", RangeOperators.EQUAL),
                    ("min_quantity", RangeOperators.EQUAL),
                    (models.functions.Cast("is_sale", models.IntegerField()), RangeOperators.EQUAL),
                    (
                        TsTzRange("valid_from", "valid_until", Value("[)")),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}".strip()


class PriceChange(models.Model):
    """What `Variant.price` was, and when. Kept by a trigger; it makes "the price at a moment" answerable."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="price_changes")
    price = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["variant", "valid_from"], name="price_change_by_variant")]

    def __str__(self) -> str:
        return f"{self.price} from {self.valid_from}"


class Offer(models.Model):
    """What a product costs at the least: for one price list, in one currency, from a moment to a moment.

    Kept by triggers, only for what is published; lists are sorted and narrowed by it, so that a price that begins or ends
    needs nobody to write anything. `valid_from` and `valid_until` are never null: open ends are the years 1 and 9999.
    """

    product = models.ForeignKey("catalog.Product", models.CASCADE, related_name="offers")
    price_list = models.ForeignKey(PriceList, models.CASCADE, related_name="offers")
    currency = models.CharField(max_length=3, blank=True, default="")
    category_id = models.BigIntegerField(null=True, help_text="The product's; for the index.")
    price = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "price_list", "currency", "valid_from"],
                include=[
                    "valid_until",
                    "price",
                ],  # so that thousands are looked up in the index alone
                name="one_offer_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["price_list", "currency", "price", "product"], name="offer_by_price"
            ),
            models.Index(
                fields=["price_list", "currency", "category_id", "price", "product"],
                name="offer_by_category_price",
            ),
        ]

    def __str__(self) -> str:
        return f"product {self.product_id} for {self.price}"
