"""Payments as facts: each try to pay, every move of it, and what the gateway told us."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.actors import Actor
from common.errors import Conflict
from common.ids import uuid7
from orders.models import Order


class WrongPaymentState(Conflict):
    """The payment is not in a state in which this can happen."""

    code = "wrong_payment_state"
    title = "Wrong payment state"


class Method(models.TextChoices):
    """How the money travels."""

    CHAPA = "chapa", "Chapa"


class Status(models.TextChoices):
    """Where a payment stands. `failed` is not final: while its link lives, the customer may try again and succeed."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REVIEW = "review"


class ReviewReason(models.TextChoices):
    """Why a person must look at a payment."""

    AMOUNT_DIFFERS = "amount_differs", "another amount was paid"
    CURRENCY_DIFFERS = "currency_differs", "another currency was paid"
    MODE_DIFFERS = "mode_differs", "test money in a live shop, or the reverse"
    REFERENCE_DIFFERS = "reference_differs", "the gateway's references do not fit"
    SURPLUS = "surplus", "the order was paid already: refund due"
    ORDER_ENDED = "order_ended", "the order had ended: refund due"
    RETURNED = "returned", "refunded or reversed at the gateway"
    GATEWAY_SILENT = "gateway_silent", "the gateway has not answered for a day"


# After how long a payment that is not decided is asked about again, counted from its start.
CHECK_AFTER = [timedelta(minutes=minutes) for minutes in (1, 3, 10, 30, 60, 120)] + [
    timedelta(days=days) for days in (1, 2, 3)
]
# The longest a checkout link lives at Chapa, whatever the dashboard says.
LINK_LIFETIME = timedelta(minutes=60)


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Which payments."""

    def unsettled(self) -> PaymentQuerySet:
        """Money may still come in, or has come in and does not fit."""
        return self.filter(status__in=[Status.PENDING, Status.FAILED, Status.REVIEW])

    def open(self) -> PaymentQuerySet:
        """The gateway is still asked about these from time to time."""
        return self.filter(Q(status=Status.PENDING) | Q(next_check_at__isnull=False))

    def due(self, now: datetime) -> PaymentQuerySet:
        """The gateway should be asked about these now."""
        return self.filter(next_check_at__lte=now)


class Payment(models.Model):
    """One attempt to pay one order. `amount` in major units of `currency`.

    `reference` is ours (Chapa's `tx_ref`), made and committed before the gateway hears of it and never used twice;
    `gateway_reference` is the gateway's, known once money has come.
    """

    NEXT: ClassVar[dict[str, frozenset[str]]] = {
        Status.PENDING: frozenset(
            {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.REVIEW}
        ),
        # The link may outlive a failed try, and money may outrun a cancellation.
        Status.FAILED: frozenset({Status.SUCCEEDED, Status.CANCELLED, Status.REVIEW}),
        Status.CANCELLED: frozenset({Status.SUCCEEDED, Status.REVIEW}),
        # Asked again, the gateway may have put itself right; a link it was silent about can be closed.
        Status.REVIEW: frozenset({Status.SUCCEEDED, Status.CANCELLED}),
        Status.SUCCEEDED: frozenset(),
    }

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    method = models.CharField(max_length=10, choices=Method)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    mode = models.CharField(max_length=4, choices=[("live", "live"), ("test", "test")])
    reference = models.CharField(max_length=50, unique=True)
    gateway_reference = models.CharField(max_length=100, null=True, blank=True)
    fee = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, help_text="What the gateway keeps."
    )
    checkout_url = models.CharField(max_length=500, null=True, blank=True)
    review_reason = models.CharField(max_length=20, choices=ReviewReason, blank=True)
    idempotency_key = models.CharField(
        max_length=64, null=True, blank=True, help_text="SHA-256 of the caller's scope and key."
    )
    fingerprint = models.CharField(max_length=64, blank=True, help_text="SHA-256 of that request.")
    created_at = models.DateTimeField(db_default=Now())
    initialised_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="After this the checkout link is dead at the latest."
    )
    checks = models.PositiveIntegerField(default=0, help_text="Answers of the gateway so far.")
    last_checked_at = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(reference__regex=r"^[A-Za-z0-9_-]{8,50}$"),
                name="payment_reference_fits_the_gateway",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(status="pending"),
                name="one_pending_payment_per_order",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(status="succeeded"),
                name="one_succeeded_payment_per_order",
            ),
            models.UniqueConstraint(
                fields=["method", "gateway_reference"],
                name="gateway_reference_pays_once",
            ),
            models.UniqueConstraint(
                fields=["order", "idempotency_key"],
                name="one_payment_per_idempotency_key",
            ),
            models.CheckConstraint(
                condition=~Q(status="succeeded")
                | Q(gateway_reference__isnull=False, settled_at__isnull=False),
                name="succeeded_payment_has_the_gateways_reference",
            ),
            models.CheckConstraint(
                condition=Q(status="review", review_reason__gt="")
                | (~Q(status="review") & Q(review_reason="")),
                name="payment_in_review_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | Q(cancelled_at__isnull=False),
                name="cancelled_payment_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                condition=Q(next_check_at__isnull=False),
                name="payment_next_check",
            ),
            models.Index(fields=["status", "created_at"], name="payment_queue"),
        ]

    def __str__(self) -> str:
        return self.reference

    def move_to(self, status: str, *, by: Actor, note: str = "", **changes: Any) -> None:
        """Change state, with the fields that change along, or refuse. The caller holds the row lock.

        Raises:
            WrongPaymentState: there is no such move from here.
        """
        if status not in self.NEXT[self.status]:
            raise WrongPaymentState(f"The payment is {self.status}; it cannot become {status}.")
        previous, self.status = self.status, status
        if status != Status.REVIEW:
            changes["review_reason"] = ""
        for name, value in changes.items():
            setattr(self, name, value)
        self.save(update_fields=["status", *changes])
        self.history.create(
            from_status=previous,
            status=status,
            actor=str(by),
            user_id=by.user_id,
            note=note[:300],
        )

    def scheduled_check(self, now: datetime) -> datetime | None:
        """When to ask the gateway next if it has nothing new to say now; None when nothing more can be expected."""
        following = (self.created_at + after for after in CHECK_AFTER)
        planned = next((moment for moment in following if moment > now), None)
        if self.status == Status.PENDING:
            latest = now + timedelta(minutes=settings.RECONCILE_MINUTES)
            return min(planned or latest, latest)
        return planned


class PaymentEvent(models.Model):
    """One move of a payment. Append-only."""

    payment = models.ForeignKey(Payment, models.CASCADE, related_name="history")
    from_status = models.CharField(max_length=10, choices=Status, blank=True)
    status = models.CharField(max_length=10, choices=Status)
    actor = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["payment", "created_at"], name="payment_history")]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.from_status or '·'} → {self.status}"


class SignatureKind(models.TextChoices):
    """Which header proved that a webhook came from the gateway, and with which of our secrets."""

    BODY = "body", "x-chapa-signature"
    BODY_PREVIOUS = "body_previous", "x-chapa-signature, previous secret"
    CUSTOM = "custom", "chapa-signature over the body"
    CUSTOM_PREVIOUS = "custom_previous", "chapa-signature over the body, previous secret"


class WebhookOutcome(models.TextChoices):
    """What came of a webhook. It is only ever a reason to ask the gateway."""

    WAITING = "waiting", "not looked at yet"
    ASKED = "asked", "the gateway was asked"
    DECIDED_BEFORE = "decided_before", "the payment was decided already"
    UNKNOWN_REFERENCE = "unknown_reference", "no payment of ours"
    NO_REFERENCE = "no_reference", "not about a payment"


class WebhookEvent(models.Model):
    """One webhook exactly as it came in, kept once however often it is delivered.

    Nothing in it is believed. Its signature headers are not stored: only which of them was right. After a while, or when the
    customer's data is erased, the body keeps only what is about the money.
    """

    sha256 = models.CharField(max_length=64, unique=True, help_text="Of the raw body.")
    body = models.BinaryField()
    signature = models.CharField(max_length=16, choices=SignatureKind)
    event = models.CharField(max_length=64, blank=True)
    reference = models.CharField(max_length=50, blank=True, help_text="The tx_ref in the body.")
    claims_success = models.BooleanField(default=False)
    deliveries = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField(db_default=Now())
    processed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(
        max_length=20, choices=WebhookOutcome, default=WebhookOutcome.WAITING
    )
    redacted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="waiting", processed_at__isnull=True)
                | (~Q(outcome="waiting") & Q(processed_at__isnull=False)),
                name="processed_webhook_has_an_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["reference"], name="webhook_reference"),
            models.Index(fields=["received_at"], name="webhook_received"),
            models.Index(
                fields=["received_at"],
                condition=Q(redacted_at__isnull=True),
                name="webhook_to_redact",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event or 'event'} {self.reference}"
