"""Returns as facts: what a customer wants to send back, what came, and what became of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from common.actors import Actor
from common.errors import Conflict
from common.ids import uuid7
from orders.models import Order, OrderLine


class WrongReturnState(Conflict):
    """The return is not in a state in which this can happen."""

    code = "wrong_return_state"
    title = "Wrong state of the return"


class ReturnState(models.TextChoices):
    """Where a return stands. `closed`: nothing more is to come of it."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    RECEIVED = "received"
    CLOSED = "closed"


class ReturnReason(models.TextChoices):
    """Why it comes back."""

    DAMAGED = "damaged", "it arrived damaged"
    WRONG_ITEM = "wrong_item", "it is not what was ordered"
    NOT_AS_DESCRIBED = "not_as_described", "it is not as described"
    CHANGED_MIND = "changed_mind", "it is no longer wanted"
    UNDELIVERABLE = "undeliverable", "it could not be delivered"
    OTHER = "other"


class ReturnRequest(models.Model):
    """Pieces of one order on their way back. Amounts in the order's currency.

    `public_id` names its movements of stock, its credit note and what is owed for it, so that each exists once.
    """

    NEXT: ClassVar[dict[str, frozenset[str]]] = {
        ReturnState.REQUESTED: frozenset({ReturnState.APPROVED, ReturnState.REFUSED}),
        ReturnState.APPROVED: frozenset({ReturnState.RECEIVED, ReturnState.CLOSED}),
        ReturnState.REFUSED: frozenset(),
        ReturnState.RECEIVED: frozenset({ReturnState.CLOSED}),
        ReturnState.CLOSED: frozenset(),
    }
    AWAITED: ClassVar[tuple[str, ...]] = (ReturnState.REQUESTED, ReturnState.APPROVED)

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    written_off_id = models.UUIDField(
        default=uuid7, unique=True, editable=False,
        help_text="Names the movements of what came back and was not fit for the shelf.",
    )  # fmt: skip
    order = models.ForeignKey(Order, models.PROTECT, related_name="returns")
    state = models.CharField(max_length=10, choices=ReturnState, default=ReturnState.REQUESTED)
    reason = models.CharField(max_length=20, choices=ReturnReason)
    customer_note = models.CharField(max_length=500, blank=True)
    answer = models.CharField(
        max_length=300, blank=True, help_text="What staff tell the customer about it."
    )
    location = models.CharField(
        max_length=40, blank=True, help_text="The code of the stock location it came to; empty: the default one."
    )  # fmt: skip
    delivery_refund = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal(0),
        help_text="What goes back of the delivery fee, as the order's prices are: with tax or without.",
    )  # fmt: skip
    amount = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal(0),
        help_text="Owed for what was received, in all and tax included.",
    )  # fmt: skip
    actor = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ReturnState.values), name="return_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=ReturnReason.values), name="return_reason_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state="requested", decided_at__isnull=True)
                | ~Q(state="requested") & Q(decided_at__isnull=False),
                name="decided_return_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="received") | Q(received_at__isnull=False),
                name="received_return_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                | ~Q(state="closed") & Q(closed_at__isnull=True),
                name="closed_return_says_when",
            ),
            models.CheckConstraint(
                condition=Q(delivery_refund=0)
                | Q(delivery_refund__gt=0, received_at__isnull=False),
                name="return_refunds_delivery_when_received",
            ),
            models.CheckConstraint(
                condition=Q(amount=0) | Q(amount__gt=0, received_at__isnull=False),
                name="return_is_owed_for_when_received",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="return_by_age"),
            models.Index(fields=["state", "-created_at", "-id"], name="return_by_state"),
        ]

    def __str__(self) -> str:
        return f"return of {self.order_id}, {self.state}"

    def move_to(self, state: str, *, by: Actor, note: str = "", **changes: Any) -> None:
        """Change state, with the fields that change along, or refuse. The caller holds the order's lock and this row's.

        Raises:
            WrongReturnState: there is no such move from here.
        """
        if state not in self.NEXT[self.state]:
            raise WrongReturnState(f"The return is {self.state}; it cannot become {state}.")
        previous, self.state = self.state, state
        for name, value in changes.items():
            setattr(self, name, value)
        self.save(update_fields=["state", *changes])
        self.remember(by=by, note=note, previous=previous)

    def remember(self, *, by: Actor, note: str = "", previous: str = "") -> None:
        """Write what happened into the history, in the state it is in now."""
        self.history.create(
            from_state=previous, state=self.state, actor=str(by), user_id=by.user_id, note=note[:300]
        )  # fmt: skip


class ReturnLine(models.Model):
    """So many pieces of a line of the order: asked for, come, restocked or written off, and what is owed for them."""

    request = models.ForeignKey(ReturnRequest, models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="return_lines")
    quantity = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    restocked = models.PositiveIntegerField(default=0)
    written_off = models.PositiveIntegerField(default=0)
    share = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal(0),
        help_text="What was charged for what was received, as the order's prices are: with tax or without.",
    )  # fmt: skip
    amount = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal(0), help_text="Owed for what was received, tax included."
    )  # fmt: skip
    tax = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal(0), help_text="The tax within it."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="return_line_has_pieces"),
            models.CheckConstraint(
                condition=Q(received__lte=F("quantity")), name="no_more_returns_than_was_asked"
            ),
            models.CheckConstraint(
                condition=Q(received=F("restocked") + F("written_off")),
                name="what_returns_is_restocked_or_written_off",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0) & Q(tax__gte=0) & Q(tax__lte=F("amount")),
                name="return_line_tax_is_within_its_amount",
            ),
            models.CheckConstraint(
                condition=Q(amount__lte=F("share") + F("tax")), name="no_more_is_owed_than_was_paid"
            ),
            models.CheckConstraint(
                condition=Q(received__gt=0) | Q(share=0), name="only_what_returns_is_owed_for"
            ),
            models.UniqueConstraint(
                fields=["request", "line"], name="one_line_per_return_and_line"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.line_id}"


class ReturnEvent(models.Model):
    """One move of a return, or something noted about it. Append-only."""

    request = models.ForeignKey(ReturnRequest, models.CASCADE, related_name="history")
    from_state = models.CharField(max_length=10, choices=ReturnState, blank=True)
    state = models.CharField(max_length=10, choices=ReturnState)
    actor = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.request_id}: {self.from_state or '·'} → {self.state}"
