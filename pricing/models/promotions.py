"""Promotions: what makes a basket cheaper, for whom, when, and how often."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from account.models import CustomerGroup
from catalog.models import Brand, Category, Collection, Product
from common.money import DECIMAL_PLACES, MAX_DIGITS
from pricing.basket import Kind, Level

NAME_LENGTH, CODE_LENGTH, CUSTOMER_LENGTH = 120, 40, 80


def _choices(values: Any) -> list[tuple[str, str]]:
    return [(one.value, one.value.replace("_", " ")) for one in values]


def _within_limit(noun: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(limit__isnull=True) | Q(uses__lte=F("limit")),
        name=f"{noun}_is_used_within_its_limit",
    )


class Promotion(models.Model):
    """A promotion. What it is about stands in `targets`, its amounts by currency in `amounts`, its codes in `coupons`.

    `uses` is kept only while there is a limit, so that a promotion without one has no row that every checkout waits for;
    `pricing.redemptions` counts anew when a limit is set.
    """

    name = models.CharField(max_length=NAME_LENGTH)
    translations = models.JSONField(
        default=dict, blank=True, db_default=models.Value({}, models.JSONField())
    )
    kind = models.CharField(max_length=16, choices=_choices(Kind))
    level = models.CharField(max_length=8, choices=_choices(Level))
    percent = models.DecimalField(
        max_digits=5, decimal_places=2, null=True, blank=True,
        help_text="Of `percentage` and `buy_x_get_y`: 10 is 10 %.",
    )  # fmt: skip
    buy = models.PositiveIntegerField(default=0)
    get = models.PositiveIntegerField(default=0)
    times = models.PositiveIntegerField(
        null=True, blank=True, help_text="At most so often a basket."
    )
    is_about_everything = models.BooleanField(
        default=True, help_text="If not, only about the targets that are included."
    )
    has_reward = models.BooleanField(
        default=False,
        help_text="What one gets are the targets that are a reward, not more of the same.",
    )
    minimum_pieces = models.PositiveIntegerField(default=0)
    groups = models.ManyToManyField(
        CustomerGroup, through="PromotionGroup", related_name="promotions", blank=True
    )
    is_for_groups = models.BooleanField(
        default=False, help_text="Only for the groups named, even when none of them is left."
    )
    first_order_only = models.BooleanField(default=False)
    needs_code = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    valid_from = models.DateTimeField(db_default=Now())
    valid_until = models.DateTimeField(
        null=True, blank=True, help_text="Exclusive; empty: until further notice."
    )
    priority = models.IntegerField(default=0, help_text="The higher goes first.")
    is_exclusive = models.BooleanField(default=False, help_text="Combines with no other.")
    exclusivity_group = models.CharField(
        max_length=40, blank=True, default="", help_text="Of those with the same name one applies."
    )
    limit = models.PositiveIntegerField(null=True, blank=True, help_text="Uses in all.")
    limit_per_customer = models.PositiveIntegerField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0, db_default=0)
    version = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            _within_limit("promotion"),
            models.CheckConstraint(condition=~Q(name=""), name="promotion_has_a_name"),
            models.CheckConstraint(
                condition=(
                    Q(kind__in=[Kind.PERCENTAGE, Kind.AMOUNT], level__in=[Level.LINE, Level.ORDER])
                    | Q(kind=Kind.BUY_X_GET_Y, level=Level.LINE)
                    | Q(kind=Kind.FREE_DELIVERY, level=Level.DELIVERY)
                ),
                name="promotion_kind_fits_its_level",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind__in=[Kind.PERCENTAGE, Kind.BUY_X_GET_Y], percent__gt=0, percent__lte=100)
                    | Q(kind__in=[Kind.AMOUNT, Kind.FREE_DELIVERY], percent__isnull=True)
                ),
                name="promotion_has_a_percentage_where_it_needs_one",
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.BUY_X_GET_Y, buy__gte=1, get__gte=1)
                | Q(buy=0, get=0, times__isnull=True, has_reward=False),
                name="promotion_says_what_to_buy_and_get",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="promotion_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(
                fields=["valid_from"], condition=Q(is_active=True, needs_code=False),
                name="promotion_automatic",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class PromotionGroup(models.Model):
    """A group of customers that a promotion is for."""

    promotion = models.ForeignKey(Promotion, models.CASCADE, related_name="group_rows")
    group = models.ForeignKey(CustomerGroup, models.CASCADE, related_name="promotion_rows")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["promotion", "group"], name="promotion_names_a_group_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.promotion_id} for group {self.group_id}"


class PromotionAmount(models.Model):
    """What a promotion comes to in one currency, in major units. One that has such rows holds in these currencies only."""

    promotion = models.ForeignKey(Promotion, models.CASCADE, related_name="amounts")
    currency = models.CharField(max_length=3)
    value = models.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, null=True, blank=True,
        help_text="What is taken off, of kind `amount`.",
    )  # fmt: skip
    minimum = models.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, null=True, blank=True,
        help_text="What the goods it is about have to come to.",
    )  # fmt: skip
    most = models.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, null=True, blank=True,
        help_text="At most so much is taken off.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["promotion", "currency"], name="promotion_has_one_amount_by_currency"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="promotion_currency_is_a_code"
            ),
            models.CheckConstraint(
                condition=(
                    (Q(value__isnull=True) | Q(value__gt=0))
                    & (Q(minimum__isnull=True) | Q(minimum__gt=0))
                    & (Q(most__isnull=True) | Q(most__gt=0))
                ),
                name="promotion_amounts_are_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value or ''} {self.currency}".strip()


class PromotionTarget(models.Model):
    """A product, or what products belong to, that a promotion includes, excludes or rewards with."""

    class Role(models.TextChoices):
        """What it is to the promotion."""

        INCLUDED = "included"
        EXCLUDED = "excluded"
        REWARD = "reward"

    promotion = models.ForeignKey(Promotion, models.CASCADE, related_name="targets")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.INCLUDED)
    product = models.ForeignKey(Product, models.CASCADE, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, models.CASCADE, null=True, blank=True, related_name="+")
    brand = models.ForeignKey(Brand, models.CASCADE, null=True, blank=True, related_name="+")
    collection = models.ForeignKey(
        Collection, models.CASCADE, null=True, blank=True, related_name="+"
    )
    tag = models.CharField(max_length=NAME_LENGTH, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["promotion", "role", "product", "category", "brand", "collection", "tag"],
                nulls_distinct=False, name="promotion_names_a_target_once",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["included", "excluded", "reward"]),
                name="promotion_target_role_is_known",
            ),
            models.CheckConstraint(
                condition=(
                    Q(product__isnull=False, category=None, brand=None, collection=None, tag="")
                    | Q(product=None, category__isnull=False, brand=None, collection=None, tag="")
                    | Q(product=None, category=None, brand__isnull=False, collection=None, tag="")
                    | Q(product=None, category=None, brand=None, collection__isnull=False, tag="")
                    | (Q(product=None, category=None, brand=None, collection=None) & ~Q(tag=""))
                ),
                name="promotion_target_is_one_thing",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.role} of {self.promotion_id}"


class Coupon(models.Model):
    """A code that stands for a promotion. `code` is normalised (`pricing.codes`); `uses` as on the promotion."""

    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="coupons")
    code = models.CharField(max_length=CODE_LENGTH)
    batch = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    limit = models.PositiveIntegerField(null=True, blank=True, help_text="Uses in all.")
    limit_per_customer = models.PositiveIntegerField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0, db_default=0)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            _within_limit("coupon"),
            models.UniqueConstraint(fields=["code"], name="coupon_code_is_unique"),
            models.CheckConstraint(
                condition=Q(code=models.functions.Upper("code"))
                & ~Q(code__contains=" ")
                & ~Q(code=""),
                name="coupon_code_is_normalised",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CouponUse(models.Model):
    """A promotion used by somebody for something, with a code or without. Given back when that something comes to nothing.

    Attributes:
        holder: what it was used for: the public id of an order. Not a foreign key: pricing knows no orders.
        customers: keys of who used it (`pricing.redemptions.customer_keys`): the account, and hashes of the contact.
    """

    class State(models.TextChoices):
        """Whether it counts."""

        ACTIVE = "active"
        GIVEN_BACK = "given_back"

    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="coupon_uses")
    coupon = models.ForeignKey(
        Coupon, models.PROTECT, null=True, blank=True, related_name="coupon_uses"
    )
    holder = models.UUIDField()
    customers = ArrayField(models.CharField(max_length=CUSTOMER_LENGTH), default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(db_default=Now())
    given_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["holder", "promotion"],
                condition=Q(state="active"),
                name="promotion_is_used_once_by_its_holder",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="active", given_back_at__isnull=True)
                    | Q(state="given_back", given_back_at__isnull=False)
                ),
                name="coupon_use_is_active_or_given_back",
            ),
        ]
        indexes = [
            models.Index(
                fields=["promotion", "coupon"], condition=Q(state="active"),
                name="coupon_use_counted",
            ),
            GinIndex(
                fields=["customers"], condition=Q(state="active"), name="coupon_use_by_customer",
                fastupdate=False,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.promotion_id} by {self.holder}"
