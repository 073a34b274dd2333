"""Orders as facts. An order never reads the catalogue again: names, prices and tax are copies."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from common.actors import Actor
from common.errors import Conflict
from common.ids import uuid7

if TYPE_CHECKING:
    from account.models import User


class WrongOrderState(Conflict):
    """The order is not in a state in which this can happen."""

    code = "wrong_order_state"
    title = "Wrong order state"


class Status(models.TextChoices):
    """Where an order stands."""

    PENDING = "pending"
    PAID = "paid"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class PaymentStatus(models.TextChoices):
    """Where its money stands. `review`: money arrived that a person must look at."""

    UNPAID = "unpaid"
    PAID = "paid"
    REVIEW = "review"
    REFUNDED = "refunded"


class FulfilmentStatus(models.TextChoices):
    """Where its goods stand."""

    UNFULFILLED = "unfulfilled"
    PARTIAL = "partial", "some of them have left"
    FULFILLED = "fulfilled"
    RETURNED = "returned", "all of them have come back"
    CANCELLED = "cancelled"


class Source(models.TextChoices):
    """Where an order came from."""

    SHOP = "shop", "placed in the shop"
    STAFF = "staff", "placed by staff for a customer"
    HISTORY = "history", "sold elsewhere, before"


class CancelReason(models.TextChoices):
    """Why an order was cancelled."""

    CUSTOMER = "customer", "by the customer"
    STAFF = "staff", "by staff"
    EXPIRED = "expired", "not paid in time"


class OrderQuerySet(models.QuerySet["Order"]):
    """Which orders, and with what beside them."""

    def visible_to(self, *, user: User | None, token: str = "") -> OrderQuerySet:
        """The orders of this user, and the one that this guest token stands for."""
        mine = Q(pk__in=())
        if user is not None:
            mine |= Q(owner=user)
        if token:
            mine |= Q(token_hash=hash_token(token))
        return self.filter(mine)

    def counted(self) -> OrderQuerySet:
        """Those that make somebody a customer of old: all but those that only time has ended."""
        return self.exclude(status=Status.CANCELLED, cancel_reason=CancelReason.EXPIRED)

    def for_reading(self) -> OrderQuerySet:
        """With lines and payments: a fixed number of statements for any number of orders."""
        return self.prefetch_related("lines", "payments")


def hash_token(token: str) -> str:
    """What is stored of a guest's token: 256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Order(models.Model):
    """What a customer agreed to buy, at the prices they were shown. Amounts in major units of `currency`.

    `total` = `subtotal` + `delivery_total` − `discount_total`, plus `tax_total` where prices do not include tax.
    `subtotal` is before discounts, `delivery_total` after what was taken off the delivery.
    """

    NEXT: ClassVar[dict[str, frozenset[str]]] = {
        Status.PENDING: frozenset({Status.PAID, Status.SHIPPED, Status.CANCELLED}),
        Status.PAID: frozenset({Status.SHIPPED, Status.REFUNDED}),
        Status.SHIPPED: frozenset({Status.COMPLETED, Status.REFUNDED}),
        Status.COMPLETED: frozenset({Status.REFUNDED}),
        # Money that arrives for an order which only time has ended revives it; see services.revive.
        Status.CANCELLED: frozenset({Status.PAID}),
        Status.REFUNDED: frozenset(),
    }

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    number = models.CharField(max_length=16, unique=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="orders"
    )
    token_hash = models.CharField(max_length=64, blank=True, help_text="Of a guest's order token.")
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    payment_status = models.CharField(
        max_length=10, choices=PaymentStatus, default=PaymentStatus.UNPAID
    )
    fulfilment_status = models.CharField(
        max_length=12, choices=FulfilmentStatus, default=FulfilmentStatus.UNFULFILLED
    )
    currency = models.CharField(max_length=3)
    subtotal = models.DecimalField(max_digits=14, decimal_places=2)
    discount_total = models.DecimalField(max_digits=14, decimal_places=2)
    delivery_total = models.DecimalField(max_digits=14, decimal_places=2)
    tax_total = models.DecimalField(
        max_digits=14, decimal_places=2, help_text="The tax that `total` includes."
    )
    tax_rate = models.DecimalField(
        max_digits=5, decimal_places=4, help_text="The highest of its lines; each line has its own."
    )
    total = models.DecimalField(max_digits=14, decimal_places=2)
    prices_include_tax = models.BooleanField(default=True, db_default=True)
    delivery_tax = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal(0), db_default=Value(Decimal(0)),
        help_text="The delivery's part of `tax_total`.",
    )  # fmt: skip
    delivery_tax_rate = models.DecimalField(
        max_digits=5, decimal_places=4, default=Decimal(0), db_default=Value(Decimal(0))
    )
    discounts = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True,
        help_text="What took something off: name, code as typed, amount as text.",
    )  # fmt: skip
    paid_total = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True,
        help_text="What was paid for it. Empty: nothing yet, or all of `total` before this was written down.",
    )  # fmt: skip
    refund_due = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal(0), db_default=Value(Decimal(0)),
        help_text="What must go back to the customer, of what was paid.",
    )  # fmt: skip
    source = models.CharField(
        max_length=10, choices=Source, default=Source.SHOP, db_default=Source.SHOP
    )
    cart = models.UUIDField(
        null=True, blank=True, help_text="The cart that it was: one order per cart."
    )
    shipping_address = models.JSONField(default=dict, blank=True)
    delivery = models.JSONField(default=dict, blank=True)
    payment_method = models.CharField(
        max_length=20, blank=True, help_text="As wished; not binding."
    )
    expires_at = models.DateTimeField(help_text="Unpaid until then: cancelled.")
    cancel_reason = models.CharField(max_length=10, choices=CancelReason, blank=True)
    redacted_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Since then the order says what was bought, and no longer by whom.",
    )
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    prices_include_tax=True,
                    total=F("subtotal") + F("delivery_total") - F("discount_total"),
                )
                | Q(
                    prices_include_tax=False,
                    total=F("subtotal")
                    + F("delivery_total")
                    - F("discount_total")
                    + F("tax_total"),
                ),
                name="order_total_is_its_parts_and_tax",
            ),
            models.CheckConstraint(
                condition=Q(refund_due=0)
                | Q(refund_due__gt=0, paid_total__isnull=False, refund_due__lte=F("paid_total")),
                name="refund_due_is_within_what_was_paid",
            ),
            models.CheckConstraint(
                condition=Q(subtotal__gte=0)
                & Q(discount_total__gte=0)
                & Q(delivery_total__gte=0)
                & Q(tax_total__gte=0)
                & Q(total__gte=0)
                & Q(tax_total__lte=F("total")),
                name="order_amounts_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=False) | ~Q(token_hash="") | Q(source="history"),
                name="order_has_an_owner_or_a_token_or_is_past",
            ),
            models.CheckConstraint(
                condition=~Q(email="")
                | ~Q(phone="")
                | Q(redacted_at__isnull=False)
                | Q(source="history"),
                name="order_can_be_answered_or_is_past",
            ),
            models.CheckConstraint(
                condition=Q(redacted_at__isnull=True)
                | Q(email="", phone="", shipping_address={}, delivery={}, payment_method=""),
                name="redacted_order_has_no_personal_data",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["paid", "completed"])
                | Q(payment_status__in=["paid", "review"]),
                name="paid_order_has_its_money",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancel_reason__gt="")
                | (~Q(status="cancelled") & Q(cancel_reason="")),
                name="cancelled_order_says_why",
            ),
            models.UniqueConstraint(
                fields=["cart"], condition=Q(cart__isnull=False), name="one_order_per_cart"
            ),
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="order_token_is_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="order_by_owner"),
            models.Index(fields=["-created_at", "-id"], name="order_by_age"),
            models.Index(fields=["expires_at"], condition=Q(status="pending"), name="order_expiry"),
        ]

    def __str__(self) -> str:
        return self.number

    def move_to(self, status: str, *, by: Actor, note: str = "", **changes: Any) -> None:
        """Change state, with the fields that change along, or refuse. The caller holds the row lock.

        Raises:
            WrongOrderState: there is no such move from here.
        """
        if status not in self.NEXT[self.status]:
            raise WrongOrderState(f"The order is {self.status}; it cannot become {status}.")
        previous, self.status = self.status, status
        for name, value in changes.items():
            setattr(self, name, value)
        self.save(update_fields=["status", "updated_at", *changes])
        self.history.create(
            from_status=previous, status=status, actor=str(by), user_id=by.user_id, note=note
        )


class OrderLine(models.Model):
    """So many pieces of one thing, at the price of that moment. `product` and `variant` are links, not sources.

    `quantity` is what is agreed now; pieces that were cancelled are no longer in it. `total` = `quantity` × `unit_price`,
    before the `discount`; `tax` is of what the discount leaves.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey("catalog.Product", models.PROTECT, related_name="order_lines")
    variant = models.ForeignKey("catalog.Variant", models.PROTECT, related_name="order_lines")
    sku = models.CharField(max_length=100)
    name = models.CharField(max_length=400)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=14, decimal_places=2)
    total = models.DecimalField(max_digits=14, decimal_places=2)
    tax = models.DecimalField(max_digits=14, decimal_places=2)
    discount = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal(0), db_default=Value(Decimal(0))
    )
    tax_rate = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, blank=True, help_text="Empty: the order's."
    )
    tax_category = models.CharField(max_length=40, blank=True, default="", db_default="")
    cancelled = models.PositiveIntegerField(default=0, db_default=0)
    shipped = models.PositiveIntegerField(default=0, db_default=0)
    returned = models.PositiveIntegerField(default=0, db_default=0)
    exact_unit_price = models.DecimalField(
        max_digits=20, decimal_places=8, null=True, blank=True,
        help_text="Of a past sale: the price as it was, where the currency has no such coin.",
    )  # fmt: skip
    exact_total = models.DecimalField(
        max_digits=20, decimal_places=8, null=True, blank=True,
        help_text="Of a past sale: quantity times the exact price; `total` is this, rounded.",
    )  # fmt: skip
    parts = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True,
        help_text="Of a bundle, as it was sold: variant, SKU, stock item and pieces in one.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0) | Q(quantity=0, cancelled__gt=0),
                name="line_has_pieces_or_had",
            ),
            models.CheckConstraint(
                condition=Q(exact_total__isnull=True, total=F("quantity") * F("unit_price"))
                | Q(
                    exact_total=F("quantity") * F("exact_unit_price"),
                    exact_total__lte=F("total") + Decimal("0.5"),  # a currency may have no cents
                    exact_total__gte=F("total") - Decimal("0.5"),
                ),
                name="line_total_is_its_pieces_at_their_price",
            ),
            models.CheckConstraint(
                condition=Q(discount__gte=0) & Q(discount__lte=F("total")),
                name="line_discount_is_within_its_total",
            ),
            models.CheckConstraint(
                condition=Q(shipped__lte=F("quantity")), name="line_ships_what_was_agreed"
            ),
            models.CheckConstraint(
                condition=Q(returned__lte=F("shipped")), name="line_returns_what_was_shipped"
            ),
            models.CheckConstraint(
                condition=Q(tax__gte=0) & Q(tax__lte=F("total")),
                name="line_tax_is_within_its_total",
            ),
            models.UniqueConstraint(fields=["order", "position"], name="one_line_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"


class OrderEvent(models.Model):
    """One move of an order, or a note on it. Append-only."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="history")
    from_status = models.CharField(max_length=10, choices=Status, blank=True)
    status = models.CharField(max_length=10, choices=Status)
    actor = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["order", "created_at"], name="order_history")]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.from_status or '·'} → {self.status}"
