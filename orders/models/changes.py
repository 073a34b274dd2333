"""What happened to an order's money: how each version of it was computed, and what is owed back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.ids import uuid7
from orders.models.orders import Order


class OrderTrace(models.Model):
    """How an order's prices came about (`pricing.recompute` gives the same totals). Append-only: each edit adds one."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="traces")
    revision = models.PositiveSmallIntegerField(help_text="0: as placed; then one for each edit.")
    trace = models.JSONField()
    actor = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "revision"], name="order_has_one_trace_per_revision"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} as of revision {self.revision}"


class RefundDue(models.Model):
    """Money that must go back to the customer, and why. The sum of an order's rows is its `refund_due`.

    `key` names the cause (an edit, a return), once per order. Paying it out belongs to the payments.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds_due")
    amount = models.DecimalField(
        max_digits=14, decimal_places=2, help_text="In the order's currency."
    )
    key = models.CharField(max_length=80)
    reason = models.CharField(max_length=300)
    actor = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_due_is_positive"),
            models.UniqueConstraint(fields=["order", "key"], name="a_cause_owes_once"),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="refund_due_by_age")]

    def __str__(self) -> str:
        return f"{self.amount} for {self.order_id}"
