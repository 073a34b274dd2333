"""What staff write down: notes on orders, and drafts of orders for customers on the telephone."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now

from common.actors import Actor
from common.errors import Conflict
from common.ids import uuid7
from orders.models.orders import Order

NOTE_LENGTH = 2000


class OrderNote(models.Model):
    """A remark on an order. Append-only; only an erasure takes its words away."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    order = models.ForeignKey(Order, models.CASCADE, related_name="notes")
    text = models.CharField(max_length=NOTE_LENGTH, blank=True)
    is_for_customer = models.BooleanField(
        default=False, help_text="Whether the customer reads it too."
    )
    actor = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    redacted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(text="") | Q(redacted_at__isnull=False), name="note_says_something"
            ),
            models.CheckConstraint(
                condition=Q(redacted_at__isnull=True) | Q(text=""), name="redacted_note_is_empty"
            ),
        ]
        indexes = [models.Index(fields=["order", "-created_at", "-id"], name="order_notes")]

    def __str__(self) -> str:
        return f"note {self.pk} on {self.order_id}"


class DraftClosed(Conflict):
    """The draft has become an order, or was thrown away."""

    code = "draft_closed"
    title = "This draft is closed"


class DraftStatus(models.TextChoices):
    """Where a draft stands."""

    DRAFT = "draft"
    PLACED = "placed"
    DISCARDED = "discarded"


class DraftOrder(models.Model):
    """What a customer wants, as staff write it down while they talk. It becomes one order, or nothing.

    Prices are asked for anew whenever it is shown. Once it is closed it forgets whom it was for: the order knows.
    """

    NEXT: ClassVar[dict[str, frozenset[str]]] = {
        DraftStatus.DRAFT: frozenset({DraftStatus.PLACED, DraftStatus.DISCARDED}),
        DraftStatus.PLACED: frozenset(),
        DraftStatus.DISCARDED: frozenset(),
    }

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    status = models.CharField(max_length=10, choices=DraftStatus, default=DraftStatus.DRAFT)
    created_by = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Who wrote it.",
    )  # fmt: skip
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Whose order it becomes; empty: a guest's.",
    )  # fmt: skip
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    currency = models.CharField(max_length=3)
    items = models.JSONField(
        default=list, blank=True,
        help_text="Variant, quantity; where a price was agreed, that (as text) and why.",
    )  # fmt: skip
    codes = models.JSONField(default=list, blank=True)
    shipping_address = models.JSONField(default=dict, blank=True)
    delivery = models.JSONField(default=dict, blank=True)
    note = models.CharField(max_length=500, blank=True)
    order = models.OneToOneField(Order, models.PROTECT, null=True, blank=True, related_name="draft")
    version = models.PositiveIntegerField(default=1, db_default=Value(1))
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status=DraftStatus.PLACED, order__isnull=False)
                | (~Q(status=DraftStatus.PLACED) & Q(order__isnull=True)),
                name="placed_draft_has_its_order",
            ),
            models.CheckConstraint(
                condition=Q(status=DraftStatus.DRAFT)
                | Q(customer__isnull=True, email="", phone="", shipping_address={}, delivery={}, note=""),
                name="closed_draft_has_no_personal_data",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="draft_by_age"),
            models.Index(
                fields=["updated_at"], condition=Q(status="draft"), name="draft_untouched"
            ),
        ]

    def __str__(self) -> str:
        return f"draft {self.public_id}"

    def move_to(self, status: str, *, by: Actor, order: Order | None = None) -> None:
        """Close the draft, or refuse; it forgets whom it was for. The caller holds the row lock.

        Raises:
            DraftClosed
        """
        if status not in self.NEXT[self.status]:
            raise DraftClosed(f"The draft is {self.status}.")
        self.status, self.order = status, order
        self.customer = None
        self.email = self.phone = self.note = ""
        self.shipping_address, self.delivery = {}, {}
        self.version += 1
        self.save()
