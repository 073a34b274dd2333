"""Shipments as facts: what of an order travels together, how, and how far it has come."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.actors import Actor
from common.errors import Conflict
from common.ids import uuid7
from orders.models import Order, OrderLine

MAX_GUESSES = 5


class WrongShipmentState(Conflict):
    """The shipment is not in a state in which this can happen."""

    code = "wrong_shipment_state"
    title = "Wrong state of the shipment"


class ShipmentKind(models.TextChoices):
    """How it gets to the customer."""

    COURIER = "courier"
    POST = "post"
    PICKUP = "pickup", "the customer fetches it"


class ShipmentState(models.TextChoices):
    """How far it has come."""

    PACKED = "packed"
    SENT = "sent"
    READY = "ready_for_pickup", "ready for pickup"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


OPEN = (ShipmentState.PACKED, ShipmentState.READY)  # its pieces are in the house, and in no other
LEFT = (ShipmentState.SENT, ShipmentState.DELIVERED)  # its pieces are out of the house


class Shipment(models.Model):
    """One parcel of an order, or what lies ready for its customer to fetch.

    Its pieces count as shipped from the moment they leave the house: when it is sent, or handed over at the counter.
    """

    NEXT: ClassVar[dict[str, frozenset[str]]] = {
        ShipmentState.PACKED: frozenset(
            {ShipmentState.SENT, ShipmentState.READY, ShipmentState.CANCELLED}
        ),
        ShipmentState.SENT: frozenset({ShipmentState.DELIVERED}),
        ShipmentState.READY: frozenset({ShipmentState.DELIVERED, ShipmentState.CANCELLED}),
        ShipmentState.DELIVERED: frozenset(),
        ShipmentState.CANCELLED: frozenset(),
    }

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    number = models.PositiveSmallIntegerField(help_text="Within the order, from 1.")
    kind = models.CharField(max_length=10, choices=ShipmentKind)
    carrier = models.CharField(max_length=80, blank=True, help_text="Who carries it.")
    tracking_number = models.CharField(max_length=100, blank=True)
    tracking_url = models.URLField(max_length=500, blank=True)
    state = models.CharField(max_length=20, choices=ShipmentState, default=ShipmentState.PACKED)
    location = models.CharField(
        max_length=40, blank=True, help_text="The code of the stock location it leaves from; empty: the default one."
    )  # fmt: skip
    pickup_point = models.CharField(
        max_length=80, blank=True, help_text="The slug of the pickup point where it is fetched."
    )
    code_digest = models.CharField(
        max_length=64, blank=True, help_text="Keyed digest of the hand-over code; empty: none is out."
    )  # fmt: skip
    code_guesses = models.PositiveSmallIntegerField(default=0)
    code_issued_at = models.DateTimeField(null=True, blank=True)
    packed_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    actor = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="shipment_number_is_its_own"),
            models.CheckConstraint(condition=Q(number__gt=0), name="shipment_number_is_positive"),
            models.CheckConstraint(
                condition=Q(kind__in=ShipmentKind.values), name="shipment_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ShipmentState.values), name="shipment_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False) & ~Q(kind="pickup"),
                name="what_is_sent_travels_and_says_since_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="ready_for_pickup") | Q(kind="pickup", ready_at__isnull=False),
                name="what_is_ready_is_fetched",
            ),
            models.CheckConstraint(
                condition=~Q(state="delivered")
                | Q(delivered_at__isnull=False) & (Q(kind="pickup") | Q(sent_at__isnull=False)),
                name="what_is_delivered_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False, sent_at__isnull=True)
                | ~Q(state="cancelled") & Q(cancelled_at__isnull=True),
                name="what_has_left_is_not_cancelled",
            ),
            models.CheckConstraint(
                condition=Q(code_guesses__lte=MAX_GUESSES), name="a_code_is_guessed_a_few_times"
            ),
            models.CheckConstraint(
                condition=Q(code_digest="") | Q(code_issued_at__isnull=False),
                name="a_code_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(tracking_url="") | Q(tracking_url__regex=r"^https?://"),
                name="tracking_url_is_a_web_address",
            ),
        ]
        indexes = [models.Index(fields=["-packed_at", "-id"], name="shipment_by_age")]

    def __str__(self) -> str:
        return f"shipment {self.number} of {self.order_id}"

    @property
    def name(self) -> str:
        """What documents, letters and stock call it, once per order."""
        return f"shipment-{self.number}"

    def move_to(self, state: str, *, by: Actor, note: str = "", **changes: Any) -> None:
        """Change state, with the fields that change along, or refuse. The caller holds the order's lock and this row's.

        Raises:
            WrongShipmentState: there is no such move from here.
        """
        if state not in self.NEXT[self.state]:
            raise WrongShipmentState(f"The shipment is {self.state}; it cannot become {state}.")
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


class ShipmentLine(models.Model):
    """So many pieces of a line of the order."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="shipment_lines")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="shipment_line_has_pieces"),
            models.UniqueConstraint(
                fields=["shipment", "line"], name="one_line_per_shipment_and_line"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.line_id}"


class ShipmentEvent(models.Model):
    """One move of a shipment, or something noted about it. Append-only."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="history")
    from_state = models.CharField(max_length=20, choices=ShipmentState, blank=True)
    state = models.CharField(max_length=20, choices=ShipmentState)
    actor = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.shipment_id}: {self.from_state or '·'} → {self.state}"
