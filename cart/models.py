"""Carts as facts: what somebody intends to buy. Prices and stock are asked for when a cart is read, never kept here."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils import timezone

from common.ids import uuid7
from common.money import DECIMAL_PLACES, EXPONENTS, MAX_DIGITS
from places.models import CODE_LENGTH, SLUG_LENGTH
from pricing.codes import LONGEST
from pricing.gathering import MOST_CODES
from pricing.models.delivery import METHOD_CODE_LENGTH

if TYPE_CHECKING:
    from account.models import User

MAX_LINES = 100
MAX_QUANTITY = 10_000
NOTE_LENGTH = 500


class Status(models.TextChoices):
    """Where a cart stands. Only an open one changes. Abandoned is no state: it is one that nobody touches any more."""

    OPEN = "open"
    ORDERED = "ordered"
    MERGED = "merged"


def hash_token(token: str) -> str:
    """What is stored of a guest's token: 256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def kept_until(*, is_guests: bool) -> datetime:
    """When a cart that is touched now may be forgotten."""
    days = settings.CART_EXPIRY_DAYS if is_guests else settings.USER_CART_EXPIRY_DAYS
    return timezone.now() + timedelta(days=days)


class CartQuerySet(models.QuerySet["Cart"]):
    """Which carts."""

    def visible_to(self, *, user: User | None, token: str = "") -> CartQuerySet:
        """The carts of this user, and the one that this guest token stands for."""
        mine = Q(pk__in=())
        if user is not None:
            mine |= Q(owner=user)
        if token:
            mine |= Q(token_hash=hash_token(token))
        return self.filter(mine)

    def open(self) -> CartQuerySet:
        """Those that can still change and be ordered."""
        return self.filter(status=Status.OPEN)

    def abandoned(self) -> CartQuerySet:
        """Open ones with something in them that nobody has touched for CART_ABANDONED_HOURS."""
        since = timezone.now() - timedelta(hours=settings.CART_ABANDONED_HOURS)
        filled = CartItem.objects.filter(cart=models.OuterRef("pk"))
        return self.open().filter(models.Exists(filled), updated_at__lt=since)


class Cart(models.Model):
    """What somebody intends to buy, how they would like to get it, and the codes they have typed.

    It is a user's or, until they sign in, that of a guest who holds its token. `version` grows at each change.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="carts"
    )
    token_hash = models.CharField(
        max_length=64, blank=True, default="", help_text="Of a guest's cart token."
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    currency = models.CharField(max_length=3)
    codes = ArrayField(
        models.CharField(max_length=LONGEST),
        default=list,
        blank=True,
        help_text="As they are unique.",
    )
    delivery_method = models.CharField(max_length=METHOD_CODE_LENGTH, blank=True, default="")
    delivery_area = models.CharField(max_length=CODE_LENGTH, blank=True, default="")
    pickup_point = models.CharField(max_length=SLUG_LENGTH, blank=True, default="")
    delivery_window = models.BigIntegerField(
        null=True, blank=True, help_text="Of `pricing.DeliveryWindow`, as wished."
    )
    delivery_day = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=NOTE_LENGTH, blank=True, default="")
    order = models.UUIDField(null=True, blank=True, help_text="The order that it has become.")
    merged_into = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="merged",
        help_text="The cart that holds what a guest's cart held before they signed in.",
    )  # fmt: skip
    version = models.PositiveIntegerField(default=1, db_default=1)
    expires_at = models.DateTimeField(help_text="Forgotten after that.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(
        db_default=Now(), help_text="When its holder last changed it."
    )

    objects = CartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=True, token_hash__gt="")
                | Q(owner__isnull=False, token_hash=""),
                name="cart_is_a_users_or_a_guests",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="open", order__isnull=True, merged_into__isnull=True)
                    | Q(status="ordered", order__isnull=False, merged_into__isnull=True)
                    | Q(status="merged", order__isnull=True, merged_into__isnull=False)
                ),
                name="cart_says_what_became_of_it",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="cart_is_not_merged_into_itself",
            ),
            models.CheckConstraint(
                condition=Q(currency__in=sorted(EXPONENTS)), name="cart_currency_is_known"
            ),
            models.CheckConstraint(
                condition=Q(codes__len__lte=MOST_CODES), name="cart_has_few_codes"
            ),
            models.CheckConstraint(
                condition=Q(delivery_area="") | Q(pickup_point=""),
                name="cart_goes_to_an_area_or_a_pickup_point",
            ),
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="cart_token_is_unique"
            ),
            models.UniqueConstraint(
                fields=["order"], condition=Q(order__isnull=False), name="one_cart_per_order"
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "-updated_at", "-id"], condition=Q(status="open"),
                name="cart_by_owner",
            ),
            models.Index(
                fields=["-updated_at", "-id"], condition=Q(status="open"), name="cart_abandoned"
            ),
            models.Index(fields=["expires_at"], name="cart_expiry"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def is_open(self) -> bool:
        """Whether it can still change and be ordered."""
        return self.status == Status.OPEN

    def touch(self, **changes: object) -> None:
        """Write the changes down with a new version, and keep the cart for longer. The caller holds the row lock."""
        changes |= {
            "version": self.version + 1,
            "updated_at": timezone.now(),
            "expires_at": kept_until(is_guests=self.owner_id is None),
        }
        for name, value in changes.items():
            setattr(self, name, value)
        self.save(update_fields=list(changes))


class CartItem(models.Model):
    """So many pieces of a variant. What staff withdraw stays here until its holder has seen that, so a variant that is
    in a cart is archived and not deleted."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    cart = models.ForeignKey(Cart, models.CASCADE, related_name="items")
    variant = models.ForeignKey("catalog.Variant", models.PROTECT, related_name="cart_items")
    quantity = models.PositiveIntegerField()
    shown_price = models.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, null=True, blank=True,
        help_text="Of one piece, in the cart's currency, when its holder last chose it. Empty: it had none.",
    )  # fmt: skip
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cart", "variant"], name="cart_names_each_variant_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1) & Q(quantity__lte=MAX_QUANTITY),
                name="cart_item_has_a_sane_quantity",
            ),
            models.CheckConstraint(
                condition=Q(shown_price__isnull=True) | Q(shown_price__gte=Value(0)),
                name="cart_item_was_shown_no_negative_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of variant {self.variant_id}"
