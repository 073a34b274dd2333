"""The shapes of what changes an order: edits, cancellations by line, notes; and of refunds due."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.errors import invalid_field
from common.money import Money
from common.serializers import AnyMoneyField, MoneyField, StrictSerializer
from orders.asked import MAX_LINES, MAX_QUANTITY
from orders.edit_effects import Edited
from orders.edits import MOST_OPERATIONS, Add, Operation, Reprice, SetQuantity
from orders.models import OrderNote, RefundDue
from orders.models.desk import NOTE_LENGTH
from orders.serializers import OrderSerializer

REASON_LENGTH = 200
LARGEST_ID = 2**63 - 1
NEEDS = {
    "add": ("variant_id", "quantity"),
    "quantity": ("line", "quantity"),
    "remove": ("line",),
    "reprice": ("line", "unit_price", "reason"),
}


class OperationSerializer(StrictSerializer):
    """One operation. `add` takes `variant_id` and `quantity`, `quantity` takes `line` and `quantity`, `remove` takes `line`,
    `reprice` takes `line`, `unit_price` and `reason`."""

    op = serializers.ChoiceField(choices=list(NEEDS))
    line = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="`id` of a line of this order."
    )
    variant_id = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    quantity = serializers.IntegerField(required=False, min_value=1, max_value=MAX_QUANTITY)
    unit_price = AnyMoneyField(required=False, help_text="Before promotions, as prices are shown.")
    reason = serializers.CharField(required=False, max_length=REASON_LENGTH)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = set(attrs) - {"op"}
        needed = set(NEEDS[attrs["op"]])
        if wrong := sorted(given ^ needed):
            said = "Give it." if wrong[0] in needed else f"`{attrs['op']}` takes no such field."
            code = "required" if wrong[0] in needed else "unknown_field"
            raise serializers.ValidationError({wrong[0]: [said]}, code=code)
        return attrs


class EditSerializer(StrictSerializer):
    """What is to change, and why."""

    operations = OperationSerializer(many=True, allow_empty=False, max_length=MOST_OPERATIONS)  # type: ignore[call-arg]
    reason = serializers.CharField(
        max_length=REASON_LENGTH, help_text="For the history, the customer and the credit note."
    )


def operations_of(data: list[dict[str, Any]], currency: str) -> list[Operation]:
    """The verb's operations.

    Raises:
        common.errors.Invalid: a price in another currency than the order's.
    """
    made: list[Operation] = []
    for place, one in enumerate(data):
        if one["op"] == "add":
            made.append(Add(one["variant_id"], one["quantity"]))
        elif one["op"] == "reprice":
            if one["unit_price"].currency != currency:
                said = f"This order is in {currency}: give an object with amount and currency."
                raise invalid_field(f"operations.{place}.unit_price", "currency", said)
            made.append(Reprice(one["line"], one["unit_price"].amount, one["reason"]))
        else:
            made.append(SetQuantity(one["line"], one.get("quantity", 0)))
    return made


class LinePiecesSerializer(StrictSerializer):
    """So many pieces of a line."""

    line = serializers.IntegerField(
        min_value=1, max_value=LARGEST_ID, help_text="`id` of a line of this order."
    )
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class CancelLinesSerializer(StrictSerializer):
    """Which pieces are not wanted any more."""

    lines = LinePiecesSerializer(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    reason = serializers.CharField(required=False, allow_blank=True, max_length=REASON_LENGTH)

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({one["line"] for one in lines}) != len(lines):
            raise serializers.ValidationError("Name each line once.", code="repeated")
        return lines


class LostSerializer(serializers.Serializer[Any]):
    """A promotion or code that gave something before the edit and gives nothing now."""

    name = serializers.CharField()
    code = serializers.CharField(allow_blank=True)
    amount = MoneyField(help_text="What it had given.")
    reason = serializers.CharField(allow_blank=True, help_text="Such as `below_threshold`.")
    detail = serializers.CharField(allow_blank=True)


class EditedSerializer(serializers.Serializer[Any]):
    """What an edit came to."""

    order = OrderSerializer()
    revision = serializers.IntegerField(help_text="How often the order has been changed.")
    previous_total = MoneyField()
    difference = MoneyField(help_text="New total less the previous one; may be negative.")
    refund_due = MoneyField(allow_null=True, help_text="What goes back for this edit, if anything.")
    no_longer_applied = LostSerializer(many=True)

    def to_representation(self, edited: Edited) -> dict[str, Any]:
        currency = edited.order.currency
        why = {one.promotion_id: one for one in edited.why}
        refund = edited.refund

        def money(amount: Any) -> dict[str, str]:
            return Money(amount, currency).as_json()

        return {
            "order": OrderSerializer(edited.order).data,
            "revision": edited.revision,
            "previous_total": money(edited.before),
            "difference": money(edited.after - edited.before),
            "refund_due": money(refund.amount) if refund else None,
            "no_longer_applied": [
                {
                    "name": one.name,
                    "code": one.code,
                    "amount": money(one.amount),
                    "reason": str(why[one.promotion_id].reason) if one.promotion_id in why else "",
                    "detail": why[one.promotion_id].detail if one.promotion_id in why else "",
                }
                for one in edited.lost
            ],
        }


class NewNoteSerializer(StrictSerializer):
    """A remark. What is `is_for_customer` is sent to them, too."""

    text = serializers.CharField(max_length=NOTE_LENGTH)
    is_for_customer = serializers.BooleanField(default=False)


class NoteSerializer(serializers.Serializer[OrderNote]):
    """A remark on an order."""

    id = serializers.UUIDField(source="public_id")
    text = serializers.CharField(allow_blank=True)
    is_for_customer = serializers.BooleanField()
    actor = serializers.SerializerMethodField(help_text="Who wrote it; customers see `staff`.")
    created_at = serializers.DateTimeField()

    def get_actor(self, note: OrderNote) -> str:
        return note.actor if self.context.get("sees_who") else note.actor.partition(":")[0]


class RefundDueSerializer(serializers.Serializer[RefundDue]):
    """Money that must go back to a customer."""

    id = serializers.UUIDField(source="public_id")
    order = serializers.UUIDField(source="order.public_id")
    order_number = serializers.CharField(source="order.number")
    amount = serializers.SerializerMethodField()
    cause = serializers.CharField(source="key", help_text="Such as `edit:1` or `return:…`.")
    reason = serializers.CharField()
    actor = serializers.CharField()
    created_at = serializers.DateTimeField()

    @extend_schema_field(MoneyField())
    def get_amount(self, due: RefundDue) -> dict[str, str]:
        return Money(due.amount, due.order.currency).as_json()
