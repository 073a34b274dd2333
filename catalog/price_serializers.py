"""What prices look like from outside, and what staff send about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from account.models import CustomerGroup
from catalog.inputs import TolerantSerializer
from catalog.models import NAME_LENGTH, RETAIL, SKU_LENGTH, Price, PriceList
from catalog.price_verbs import MAX_AT_ONCE
from catalog.prices import currency_of, known_currencies
from common.money import Money
from common.serializers import AnyMoneyField, MoneyField, StrictSerializer

MAX_QUANTITY = 1_000_000
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class MomentField(serializers.DateTimeField):
    """A moment that a shop can mean."""

    default_error_messages = {"range": "Give a moment between the years 1970 and 9000."}

    def to_internal_value(self, value: Any) -> datetime:
        try:
            moment = super().to_internal_value(value)
        except OverflowError:  # the offset leads out of the calendar
            self.fail("range")
        if not FIRST <= moment < LAST:
            self.fail("range")
        return moment


# --- price lists ------------------------------------------------------------------------------


class GroupRefSerializer(serializers.Serializer[CustomerGroup]):
    """A group of customers, named."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class PriceListSerializer(serializers.Serializer[PriceList]):
    """A price list. The retail list, number 1, is everybody's and has no group."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    group = GroupRefSerializer(allow_null=True)
    created_at = serializers.DateTimeField()


class GroupField(serializers.PrimaryKeyRelatedField[CustomerGroup]):
    """A group by its id, or by an object that holds it, as reads give it."""

    def to_internal_value(self, data: Any) -> CustomerGroup:
        if isinstance(data, dict):
            data = data.get("id")
        if isinstance(data, bool) or (isinstance(data, int) and abs(data) >= 2**63):
            self.fail("incorrect_type", data_type=type(data).__name__)
        return super().to_internal_value(data)


class PriceListInputSerializer(TolerantSerializer):
    """A price list to make or change."""

    SHOWN_ONLY = frozenset({"id", "created_at"})

    name = serializers.CharField(max_length=NAME_LENGTH)
    group = GroupField(
        queryset=CustomerGroup.objects.all(), allow_null=True, default=None,
        help_text="Whose prices these are, by id; a group has one list at most.",
    )  # fmt: skip


# --- prices -----------------------------------------------------------------------------------


class PriceSerializer(serializers.Serializer[Price]):
    """A price in a list. A `future` one can be changed and deleted, a `current` one ended, an `ended` one only read."""

    id = serializers.IntegerField()
    variant_id = serializers.IntegerField()
    price_list = serializers.IntegerField(source="price_list_id", help_text="1: the retail list.")
    price = serializers.SerializerMethodField()
    is_sale = serializers.BooleanField(help_text="A reduction, shown beside the regular price.")
    min_quantity = serializers.IntegerField(help_text="From so many pieces on.")
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(
        allow_null=True, help_text="Exclusive; null: until further notice."
    )
    status = serializers.SerializerMethodField()

    @extend_schema_field(MoneyField())
    def get_price(self, row: Price) -> dict[str, str]:
        return Money(row.amount, currency_of(row.currency)).as_json()

    @extend_schema_field({"type": "string", "enum": ["future", "current", "ended"]})
    def get_status(self, row: Price) -> str:
        now = timezone.now()
        if row.valid_from > now:
            return "future"
        return "ended" if row.valid_until is not None and row.valid_until <= now else "current"


class _PriceFields(TolerantSerializer):
    """What is said about any price."""

    SHOWN_ONLY = frozenset({"id", "status"})

    is_sale = serializers.BooleanField(
        default=False, help_text="A reduction; not above the regular price of the moment it begins."
    )
    min_quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)
    valid_from = MomentField(
        allow_null=True, default=None, help_text="Not in the past; left out: now."
    )
    valid_until = MomentField(
        allow_null=True, default=None, help_text="Exclusive; left out: until further notice."
    )


class PriceInputSerializer(_PriceFields):
    """A price to add to a variant, or changes of one that is still to come."""

    SHOWN_ONLY = _PriceFields.SHOWN_ONLY | {"variant_id"}

    price = AnyMoneyField(help_text="With its currency; without one, the shop's own is meant.")
    price_list = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, default=RETAIL, help_text="Left out: the retail list."
    )


class PriceChangeInputSerializer(PriceInputSerializer):
    """Changes of a price that is still to come; variant and list stay."""

    SHOWN_ONLY = PriceInputSerializer.SHOWN_ONLY | {"price_list"}

    price_list = None  # type: ignore[assignment]


class EndPriceSerializer(StrictSerializer):
    """When a price ends."""

    at = MomentField(required=False, help_text="Not in the past; left out: now.")


class ListedPriceInputSerializer(_PriceFields):
    """One price of a list, for the variant with this id or SKU. Without a price, what holds then ends."""

    SHOWN_ONLY = _PriceFields.SHOWN_ONLY | {"price_list"}

    variant_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    sku = serializers.CharField(max_length=SKU_LENGTH, required=False)
    price = AnyMoneyField(allow_null=True)
    currency = serializers.ChoiceField(
        choices=known_currencies(), required=False,
        help_text="Beside a `price` of null: of which currency. Left out: the shop's own.",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("variant_id" in attrs) == ("sku" in attrs):
            raise serializers.ValidationError({"variant_id": "Give variant_id or sku."}, "required")
        if attrs["price"] is not None and "currency" in attrs:
            raise serializers.ValidationError(
                {"currency": "The currency is that of the price."}, "exclusive"
            )
        return attrs


class PriceBatchSerializer(StrictSerializer):
    """Prices of a list, for as many variants as you like."""

    prices = ListedPriceInputSerializer(many=True, min_length=1, max_length=MAX_AT_ONCE)  # type: ignore[call-arg]

    def to_internal_value(self, data: Any) -> Any:
        # A number that is plainly too large is refused before each of them is looked at.
        prices = data.get("prices") if isinstance(data, dict) else None
        if isinstance(prices, list) and len(prices) > MAX_AT_ONCE:
            raise serializers.ValidationError(
                {"prices": [f"At most {MAX_AT_ONCE} at once."]}, code="max_length"
            )
        return super().to_internal_value(data)


class PriceBatchAnswerSerializer(serializers.Serializer[Any]):
    """What became of them."""

    changed = serializers.IntegerField(help_text="How many differed from what was there.")


class PriceFilterSerializer(serializers.Serializer[Any]):
    """Which prices of a list are shown."""

    status = serializers.ChoiceField(choices=["future", "current", "ended"], required=False)
    currency = serializers.ChoiceField(choices=known_currencies(), required=False)
    price_list = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


# --- what a caller pays -----------------------------------------------------------------------


class PricesQuerySerializer(serializers.Serializer[Any]):
    """For whom, in what, how many, when."""

    currency = serializers.ChoiceField(
        choices=known_currencies(), required=False, help_text="Left out: the shop's own."
    )
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)
    at = MomentField(required=False, help_text="Any past or future moment; left out: now.")
    price_list = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False,
        help_text="As somebody with this price list would see it. Staff.",
    )  # fmt: skip


class TierSerializer(serializers.Serializer[Any]):
    """What one piece costs from so many pieces on."""

    min_quantity = serializers.IntegerField()
    price = MoneyField()


class VariantPricesSerializer(serializers.Serializer[Any]):
    """What the caller pays for one piece of a variant. Without a `price` it is not sold in this currency."""

    variant_id = serializers.IntegerField()
    sku = serializers.CharField()
    price = MoneyField(allow_null=True, help_text="Of one piece, when so many are bought.")
    regular_price = MoneyField(allow_null=True, help_text="The lowest that is no reduction.")
    compare_at_price = MoneyField(allow_null=True, help_text="To be struck through.")
    is_sale = serializers.BooleanField()
    valid_until = serializers.DateTimeField(
        allow_null=True, help_text="When the price is known to change; null: until further notice."
    )
    tiers = TierSerializer(many=True, help_text="Prices by quantity; each step is lower.")
    lowest_price_30_days = MoneyField(
        allow_null=True,
        help_text="The lowest price of one piece in the 30 days before the present one began. Null with `at`.",
    )
