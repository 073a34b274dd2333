"""Bodies and answers of stock."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.low_stock import is_low
from catalog.models import Variant
from common.serializers import StrictSerializer
from inventory.models import MAX_PIECES, Location, Movement, Reason, Reservation, StockItem

# What staff may say by hand; sales, counts, transfers and opening stock have verbs of their own.
BY_HAND = (Reason.RECEIVED, Reason.RETURNED, Reason.DAMAGED, Reason.CORRECTION)
CODE = RegexValidator(r"^[a-z0-9]+(?:-[a-z0-9]+)*$", "Small letters, digits and single hyphens.")


def location_field(**more: Any) -> serializers.CharField:
    """A location by its code."""
    return serializers.CharField(max_length=40, **more)


class StockedProductSerializer(serializers.Serializer[Any]):
    """What is on the shelf, as the catalogue calls it."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()


class LevelSerializer(serializers.Serializer[Any]):
    """How much of it is at a location."""

    location = serializers.CharField(help_text="Its code.")
    on_hand = serializers.IntegerField()


class StockItemSerializer(serializers.Serializer[StockItem]):
    """A countable thing, what of it there is, and what is promised."""

    id = serializers.IntegerField()
    sku = serializers.SerializerMethodField(help_text="Null when nothing is sold of it any more.")
    variant_id = serializers.SerializerMethodField()
    product = serializers.SerializerMethodField()
    on_hand = serializers.IntegerField(help_text="Pieces on all shelves, promised ones too.")
    reserved = serializers.IntegerField(help_text="Promised to orders.")
    owed = serializers.IntegerField(help_text="Of these: paid for and not there yet.")
    available = serializers.IntegerField(
        help_text="On hand and promised to nobody; below zero: so many are missing."
    )
    levels = serializers.SerializerMethodField(
        help_text="Where it lies: the default location first."
    )
    backorder_limit = serializers.IntegerField(
        help_text="Pieces that may be promised beyond what is on hand."
    )
    max_per_order = serializers.IntegerField(allow_null=True)
    max_per_customer = serializers.IntegerField(allow_null=True)
    low_stock_at = serializers.IntegerField(
        allow_null=True, help_text="Null: as the shop's LOW_STOCK_AT says."
    )
    is_low = serializers.SerializerMethodField()
    alerted_at = serializers.DateTimeField(
        allow_null=True, help_text="When staff were last told; null once it is restocked."
    )
    version = serializers.IntegerField(help_text="Grows at every edit by staff.")
    created_at = serializers.DateTimeField()

    @extend_schema_field({"type": ["string", "null"]})
    def get_sku(self, item: StockItem) -> str | None:
        variant = _variant(item)
        return None if variant is None else variant.sku

    @extend_schema_field({"type": ["integer", "null"]})
    def get_variant_id(self, item: StockItem) -> int | None:
        variant = _variant(item)
        return None if variant is None else variant.pk

    @extend_schema_field(StockedProductSerializer(allow_null=True))
    def get_product(self, item: StockItem) -> Any:
        variant = _variant(item)
        return None if variant is None else StockedProductSerializer(variant.product).data

    @extend_schema_field(LevelSerializer(many=True))
    def get_levels(self, item: StockItem) -> list[dict[str, Any]]:
        here = {
            "location": self.context["default_location"],
            "on_hand": item.on_hand - item.elsewhere,
        }
        there = [
            {"location": level.location.code, "on_hand": level.on_hand}
            for level in item.levels.all()
            if level.on_hand
        ]
        return [here, *there]

    def get_is_low(self, item: StockItem) -> bool:
        return is_low(item)


def _variant(item: StockItem) -> Variant | None:
    try:
        return item.variant
    except ObjectDoesNotExist:
        return None


class StockQuerySerializer(StrictSerializer):
    """Which stock items."""

    sku = serializers.CharField(required=False, max_length=200, help_text="Exactly this SKU.")
    product = serializers.CharField(
        required=False, max_length=220, help_text="Of a product: its id or slug."
    )
    location = location_field(required=False, help_text="Of which pieces lie at this location.")
    low = serializers.BooleanField(required=False, help_text="`true`: only what runs low.")

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value({name: data[name] for name in self.fields if name in data})


class LimitsInputSerializer(StrictSerializer):
    """What may be promised and taken, and when staff are told."""

    backorder_limit = serializers.IntegerField(min_value=0, max_value=MAX_PIECES, required=False)
    max_per_order = serializers.IntegerField(
        min_value=1, max_value=MAX_PIECES, required=False, allow_null=True, help_text="Null: any."
    )
    max_per_customer = serializers.IntegerField(
        min_value=1, max_value=MAX_PIECES, required=False, allow_null=True, help_text="Null: any."
    )
    low_stock_at = serializers.IntegerField(
        min_value=0, max_value=MAX_PIECES, required=False, allow_null=True,
        help_text="Null: as the shop's LOW_STOCK_AT says.",
    )  # fmt: skip


class _NotedSerializer(StrictSerializer):
    note = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="Why, in words."
    )


class MovementInputSerializer(_NotedSerializer):
    """A change of stock: a difference, never a total."""

    quantity = serializers.IntegerField(
        min_value=-MAX_PIECES, max_value=MAX_PIECES,
        help_text="Pieces, negative when they go. What is received or returned is positive, what is damaged negative.",
    )  # fmt: skip
    reason = serializers.ChoiceField(choices=[(reason.value, reason.label) for reason in BY_HAND])
    location = location_field(
        required=False,
        help_text="Left out: added at the default one; taken away as sales do, from there first.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        quantity, reason = attrs["quantity"], attrs["reason"]
        signs = {Reason.RECEIVED: 1, Reason.RETURNED: 1, Reason.DAMAGED: -1}
        if quantity == 0:
            raise serializers.ValidationError({"quantity": "Nothing would move."}, code="zero")
        if quantity * signs.get(reason, quantity) < 0:
            wanted = "positive" if signs[reason] > 0 else "negative"
            raise serializers.ValidationError(
                {"quantity": f"What is {reason} is {wanted}."}, code="wrong_sign"
            )
        return attrs


class CountInputSerializer(_NotedSerializer):
    """What was counted, and what whoever counted expected."""

    on_hand = serializers.IntegerField(
        min_value=0, max_value=MAX_PIECES, help_text="Pieces that are there, promised ones too."
    )
    expected_on_hand = serializers.IntegerField(
        min_value=0, max_value=MAX_PIECES, required=False,
        help_text="What was read before counting. Not needed with `If-Match`.",
    )  # fmt: skip
    location = location_field(required=False, help_text="Left out: all locations together.")


class TransferInputSerializer(_NotedSerializer):
    """Pieces that move from one location to another."""

    quantity = serializers.IntegerField(min_value=1, max_value=MAX_PIECES)
    to = location_field()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": location_field()}


class MovementSerializer(serializers.Serializer[Movement]):
    """One change of stock on hand."""

    id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    reason = serializers.ChoiceField(choices=Reason.choices)
    location = serializers.SerializerMethodField(help_text="Its code.")
    note = serializers.CharField()
    order = serializers.UUIDField(source="holder", allow_null=True)
    actor = serializers.CharField()
    created_at = serializers.DateTimeField()

    def get_location(self, movement: Movement) -> str:
        if movement.location is None:
            return str(self.context["default_location"])
        return movement.location.code


class ReservationSerializer(serializers.Serializer[Reservation]):
    """Pieces promised to an order."""

    id = serializers.IntegerField()
    order = serializers.UUIDField(source="holder")
    quantity = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Reservation.State.choices)
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class ReservationQuerySerializer(StrictSerializer):
    """Which reservations."""

    state = serializers.ChoiceField(choices=Reservation.State.choices, required=False)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value({name: data[name] for name in self.fields if name in data})


class LocationSerializer(serializers.Serializer[Location]):
    """Where pieces lie."""

    code = serializers.CharField()
    name = serializers.CharField()
    is_default = serializers.BooleanField(
        help_text="Where pieces lie of which nothing else is said."
    )
    is_active = serializers.BooleanField()
    priority = serializers.IntegerField(
        help_text="Sales take from the default location first, then from the lowest number."
    )
    place = serializers.CharField(help_text="The code of an area or pickup point, or empty.")
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class LocationInputSerializer(StrictSerializer):
    """A location to open or change."""

    code = location_field(validators=[CODE])
    name = serializers.CharField(max_length=120)
    priority = serializers.IntegerField(min_value=0, max_value=30_000, default=0)
    place = serializers.CharField(max_length=80, allow_blank=True, default="")
    is_active = serializers.BooleanField(default=True)
