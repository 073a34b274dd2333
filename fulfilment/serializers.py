"""The shapes of shipments and returns."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.money import Money
from common.serializers import MoneyField, StrictSerializer
from fulfilment.models import (
    ReturnLine,
    ReturnReason,
    ReturnRequest,
    ReturnState,
    Shipment,
    ShipmentKind,
    ShipmentState,
)
from orders.checkout import MAX_LINES

PIECES = 1_000_000


def _text(length: int, **kwargs: Any) -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, max_length=length, **kwargs)


# --- what is sent -------------------------------------------------------------------------------


class PiecesSerializer(StrictSerializer):
    """So many pieces of a line of the order."""

    line_id = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="`lines[].id` of the order."
    )
    quantity = serializers.IntegerField(min_value=1, max_value=PIECES)


class NamesLinesOnce(StrictSerializer):
    """A body whose `lines` name each line of the order once at most."""

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ids = [line["line_id"] for line in lines]
        if len(set(ids)) != len(ids):
            raise serializers.ValidationError("Name each line once.", code="duplicate")
        return lines


class CarriageSerializer(StrictSerializer):
    """Who carries a parcel, and how to follow it."""

    carrier = _text(80)
    tracking_number = _text(100)
    tracking_url = serializers.URLField(required=False, allow_blank=True, max_length=500)

    def validate_tracking_url(self, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise serializers.ValidationError("Give a web address.", code="invalid")
        return value


class PackSerializer(NamesLinesOnce, CarriageSerializer):
    """What is packed, and how it travels."""

    kind = serializers.ChoiceField(choices=ShipmentKind.choices, default=ShipmentKind.COURIER)
    lines = PiecesSerializer(
        many=True, required=False, allow_empty=False, max_length=MAX_LINES,
        help_text="Left out: everything that is there and in no other shipment.",
    )  # type: ignore[call-arg]  # fmt: skip
    location = _text(40, help_text="Code of the stock location it leaves from.")
    pickup_point = _text(
        80, help_text="Slug of where it is fetched; left out: what the order says."
    )
    send = serializers.BooleanField(default=False, help_text="It leaves at once; not for pickup.")
    note = _text(300)


class SendSerializer(CarriageSerializer):
    """What is known when it leaves."""

    with_code = serializers.BooleanField(
        default=False,
        help_text="It is handed over for a code, which the letter tells the customer.",
    )
    note = _text(300)


class NoteSerializer(StrictSerializer):
    """A remark for the history."""

    note = _text(300)


class NothingSerializer(StrictSerializer):
    """An empty body, or `{}`."""


class HandOverSerializer(StrictSerializer):
    """What the customer says."""

    code = serializers.RegexField(r"^\d{6}\Z", help_text="Six digits, out of the letter.")


class AskSerializer(NamesLinesOnce):
    """What is to be sent back, and why."""

    lines = PiecesSerializer(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    reason = serializers.ChoiceField(choices=ReturnReason.choices)
    note = _text(500, help_text="In the customer's own words.")


class AnswerSerializer(StrictSerializer):
    """What the customer is told."""

    answer = _text(300)


class RefusalSerializer(StrictSerializer):
    """Why, for the customer."""

    answer = serializers.CharField(max_length=300)


class ArrivedSerializer(StrictSerializer):
    """What came of one line."""

    line_id = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="`lines[].id` of the order."
    )
    restocked = serializers.IntegerField(min_value=0, max_value=PIECES, default=0)
    written_off = serializers.IntegerField(
        min_value=0, max_value=PIECES, default=0, help_text="Not fit for the shelf."
    )
    amount = MoneyField(
        required=False, help_text="Owed for it, if less than its share: the goods are worn. As the order's prices are."
    )  # fmt: skip


class ReceiveSerializer(NamesLinesOnce):
    """What has come back, and what becomes of it."""

    lines = ArrivedSerializer(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    location = _text(40, help_text="Code of the stock location it is put to.")
    delivery_refund = MoneyField(
        required=False, help_text="How much of the delivery fee goes back too. Left out: nothing."
    )
    note = _text(300)

    def __init__(self, *args: Any, currency: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        refund: Any = self.fields["delivery_refund"]
        lines: Any = self.fields["lines"]
        refund.currency = currency
        lines.child.fields["amount"].currency = currency


# --- what is answered ---------------------------------------------------------------------------


class EventSerializer(serializers.Serializer[Any]):
    """One move."""

    from_state = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    actor = serializers.SerializerMethodField(help_text="customer, guest, staff, key or system")
    note = serializers.SerializerMethodField(help_text="For staff; empty for customers.")
    created_at = serializers.DateTimeField()

    def get_actor(self, event: Any) -> str:
        # Customers see that staff acted, not who.
        return str(event.actor).partition(":")[0]

    def get_note(self, event: Any) -> str:
        return str(event.note) if self.context.get("is_staff") else ""


class ShipmentLineSerializer(serializers.Serializer[Any]):
    """What is in it."""

    line_id = serializers.IntegerField()
    sku = serializers.CharField(source="line.sku")
    name = serializers.CharField(source="line.name")
    quantity = serializers.IntegerField()


class ShipmentSerializer(serializers.Serializer[Shipment]):
    """A parcel, or what lies ready to be fetched. The hand-over code is in the customer's letter and in no answer."""

    id = serializers.UUIDField(source="public_id")
    number = serializers.IntegerField(help_text="Within the order, from 1.")
    kind = serializers.ChoiceField(choices=ShipmentKind.choices)
    state = serializers.ChoiceField(choices=ShipmentState.choices)
    carrier = serializers.CharField(allow_blank=True)
    tracking_number = serializers.CharField(allow_blank=True)
    tracking_url = serializers.CharField(allow_blank=True)
    pickup_point = serializers.CharField(
        allow_blank=True, help_text="The slug of where it is fetched."
    )
    location = serializers.SerializerMethodField(help_text="Where it leaves from; for staff.")
    is_handed_over_for_a_code = serializers.SerializerMethodField()
    lines = ShipmentLineSerializer(many=True)
    history = serializers.SerializerMethodField()
    packed_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    ready_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    cancelled_at = serializers.DateTimeField(allow_null=True)

    def get_location(self, shipment: Shipment) -> str:
        return shipment.location if self.context.get("is_staff") else ""

    def get_is_handed_over_for_a_code(self, shipment: Shipment) -> bool:
        return bool(shipment.code_digest)

    @extend_schema_field(EventSerializer(many=True))
    def get_history(self, shipment: Shipment) -> Any:
        events = sorted(shipment.history.all(), key=lambda event: event.pk)
        return EventSerializer(events, many=True, context=self.context).data


class ReturnLineSerializer(serializers.Serializer[ReturnLine]):
    """What is to come, what came, and what is owed for it."""

    line_id = serializers.IntegerField()
    sku = serializers.CharField(source="line.sku")
    name = serializers.CharField(source="line.name")
    quantity = serializers.IntegerField()
    received = serializers.IntegerField()
    restocked = serializers.IntegerField()
    written_off = serializers.IntegerField()
    amount = serializers.SerializerMethodField()

    @extend_schema_field(MoneyField())
    def get_amount(self, row: ReturnLine) -> dict[str, str]:
        return Money(row.amount, self.context["currencies"][row.request_id]).as_json()


class ReturnSerializer(serializers.Serializer[ReturnRequest]):
    """Goods on their way back."""

    id = serializers.UUIDField(source="public_id")
    order_id = serializers.UUIDField(source="order.public_id")
    order_number = serializers.CharField(source="order.number")
    state = serializers.ChoiceField(choices=ReturnState.choices)
    reason = serializers.ChoiceField(choices=ReturnReason.choices)
    note = serializers.CharField(source="customer_note", allow_blank=True)
    answer = serializers.CharField(allow_blank=True, help_text="What the shop says to it.")
    lines = serializers.SerializerMethodField()
    delivery_refund = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField(
        help_text="Owed for what was received, with what of the delivery fee."
    )
    history = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(ReturnLineSerializer(many=True))
    def get_lines(self, asked: ReturnRequest) -> Any:
        rows = sorted(asked.lines.all(), key=lambda row: row.line_id)
        context = {**self.context, "currencies": {asked.pk: asked.order.currency}}
        shown: Any = ReturnLineSerializer(rows, many=True, context=context)  # type: ignore[arg-type]
        return shown.data

    @extend_schema_field(MoneyField())
    def get_delivery_refund(self, asked: ReturnRequest) -> dict[str, str]:
        return Money(asked.delivery_refund, asked.order.currency).as_json()

    @extend_schema_field(MoneyField())
    def get_amount(self, asked: ReturnRequest) -> dict[str, str]:
        return Money(asked.amount, asked.order.currency).as_json()

    @extend_schema_field(EventSerializer(many=True))
    def get_history(self, asked: ReturnRequest) -> Any:
        events = sorted(asked.history.all(), key=lambda event: event.pk)
        return EventSerializer(events, many=True, context=self.context).data
