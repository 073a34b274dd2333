"""Bodies, queries and answers of delivery."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.money import EXPONENTS, Money
from common.public_doors import ForCaller, OwnTextField, OwnTranslationsField, WallClockField
from common.serializers import MONEY_SCHEMA, AnyMoneyField, MoneyField, StrictSerializer
from places.inputs import AreaField, PlaceSerializer, TolerantSerializer
from pricing.delivery import NoReason
from pricing.delivery_options import Option
from pricing.delivery_verbs import MOST_FEES, MOST_WINDOWS
from pricing.models import DeliveryFee, DeliveryKind, DeliveryMethod, TaxCategory
from pricing.models.delivery import METHOD_CODE_LENGTH, METHOD_CODE_PATTERN, METHOD_NAME_LENGTH

MAX_POSITION = 1_000_000
MAX_GRAMS = 2_000_000_000


@extend_schema_field({**MONEY_SCHEMA, "type": ["object", "null"]})
class OwnMoneyField(serializers.Field[Any, Any, Any, Any]):
    """An amount of a row, in the row's own currency."""

    def get_attribute(self, instance: Any) -> Any:
        amount = getattr(instance, str(self.field_name))
        return None if amount is None else Money(amount, instance.currency)

    def to_representation(self, value: Any) -> Any:
        return value.as_json()


@extend_schema_field(str)
class TaxCategoryField(serializers.Field[Any, Any, Any, Any]):
    """A tax category by its code."""

    default_error_messages = {"does_not_exist": "There is no such tax category."}

    def to_internal_value(self, data: Any) -> TaxCategory:
        found = None
        if isinstance(data, str) and "\x00" not in data:
            found = TaxCategory.objects.filter(pk=data).first()
        if found is None:
            self.fail("does_not_exist")
        return found

    def to_representation(self, value: TaxCategory) -> str:
        return value.pk


# --- fees -------------------------------------------------------------------------------------


class DeliveryFeeSerializer(serializers.Serializer[DeliveryFee]):
    """One row of a table."""

    area = PlaceSerializer(allow_null=True, help_text="Null: everywhere without a table.")
    min_weight = serializers.IntegerField(help_text="Grams, inclusive.")
    max_weight = serializers.IntegerField(allow_null=True, help_text="Grams, exclusive.")
    min_value = OwnMoneyField()
    max_value = OwnMoneyField()
    fee = OwnMoneyField()
    free_above = OwnMoneyField()


class DeliveryFeeInputSerializer(StrictSerializer):
    """One row of a table to set. All its amounts are of the currency of `fee`."""

    area = AreaField(
        required=False, allow_null=True, default=None,
        help_text="Left out: everywhere that has no table of its own.",
    )  # fmt: skip
    fee = AnyMoneyField()
    free_above = AnyMoneyField(
        required=False, allow_null=True, default=None,
        help_text="No fee when the goods come to so much, before promotions.",
    )  # fmt: skip
    min_weight = serializers.IntegerField(min_value=0, max_value=MAX_GRAMS, default=0)
    max_weight = serializers.IntegerField(
        min_value=1, max_value=MAX_GRAMS, allow_null=True, default=None
    )
    min_value = AnyMoneyField(required=False, allow_null=True, default=None)
    max_value = AnyMoneyField(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        currency = attrs["fee"].currency
        amounts: dict[str, Decimal | None] = {}
        for name in ("fee", "free_above", "min_value", "max_value"):
            money = attrs[name]
            if money is not None and money.currency != currency:
                raise serializers.ValidationError(
                    {name: [f"The fee is in {currency}: give this in {currency}, too."]},
                    "currency",
                )
            amounts[name] = None if money is None else money.amount
        amounts["min_value"] = amounts["min_value"] or Decimal(0)
        return {**attrs, **amounts, "currency": currency}


class DeliveryFeesInputSerializer(StrictSerializer):
    """All fees of a method."""

    fees = DeliveryFeeInputSerializer(many=True, max_length=MOST_FEES)  # type: ignore[call-arg]


# --- windows ----------------------------------------------------------------------------------


class DeliveryWindowSerializer(serializers.Serializer[Any]):
    """A span of a weekday, every week, in the shop's own time zone."""

    id = serializers.IntegerField()
    area = PlaceSerializer(allow_null=True, help_text="Null: everywhere without windows.")
    weekday = serializers.IntegerField(help_text="1 is Monday.")
    begins = WallClockField()
    ends = WallClockField()
    cutoff_hours = serializers.IntegerField(help_text="Order so many hours before it begins.")
    capacity = serializers.IntegerField(allow_null=True)


class DeliveryWindowInputSerializer(TolerantSerializer):
    """A window to set."""

    SHOWN_ONLY = frozenset({"id"})

    area = AreaField(required=False, allow_null=True, default=None)
    weekday = serializers.IntegerField(min_value=1, max_value=7, help_text="1 is Monday.")
    begins = WallClockField()
    ends = WallClockField()
    cutoff_hours = serializers.IntegerField(min_value=0, max_value=24 * 14, default=0)
    capacity = serializers.IntegerField(
        min_value=1, max_value=1_000_000, allow_null=True, default=None
    )


class DeliveryWindowsInputSerializer(StrictSerializer):
    """All windows of a method."""

    windows = DeliveryWindowInputSerializer(many=True, max_length=MOST_WINDOWS)  # type: ignore[call-arg]


# --- methods ----------------------------------------------------------------------------------


class DeliveryMethodSummarySerializer(ForCaller):
    """How things travel, in short."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    name = OwnTextField()
    description = OwnTextField()
    kind = serializers.ChoiceField(choices=DeliveryKind.choices)


class DeliveryMethodSerializer(DeliveryMethodSummarySerializer):
    """How things travel, with all its fees and windows."""

    STAFF_ONLY = ("is_active", "translations", "version")

    currencies = serializers.SerializerMethodField(help_text="In which there are fees.")
    tax_category = serializers.CharField(source="tax_category_id")
    fees = DeliveryFeeSerializer(source="fees.all", many=True)
    windows = DeliveryWindowSerializer(source="windows.all", many=True)
    position = serializers.IntegerField()
    is_active = serializers.BooleanField(required=False, help_text="Staff.")
    translations = OwnTranslationsField(required=False, help_text="Staff.")
    version = serializers.IntegerField(required=False, help_text="Staff.")

    def get_currencies(self, method: DeliveryMethod) -> list[str]:
        return sorted({fee.currency for fee in method.fees.all()})


class DeliveryMethodInputSerializer(TolerantSerializer):
    """A delivery method to add or change; its fees and windows have doors of their own."""

    SHOWN_ONLY = frozenset({"id", "currencies", "fees", "windows", "version"})

    code = serializers.RegexField(METHOD_CODE_PATTERN, max_length=METHOD_CODE_LENGTH)
    name = serializers.CharField(max_length=METHOD_NAME_LENGTH, help_text="In English.")
    description = serializers.CharField(max_length=500, allow_blank=True, default="")
    kind = serializers.ChoiceField(choices=DeliveryKind.choices)
    tax_category = TaxCategoryField(required=False)
    position = serializers.IntegerField(min_value=0, max_value=MAX_POSITION, default=0)
    is_active = serializers.BooleanField(default=True)
    translations = OwnTranslationsField(required=False)


# --- options ----------------------------------------------------------------------------------


class DeliveryOptionsQuerySerializer(serializers.Serializer[Any]):
    """What is to travel, and where to."""

    area = serializers.CharField(
        max_length=41,
        required=False,
        allow_blank=True,
        default="",
        help_text="A code or id; left out: not known yet.",
    )
    weight = serializers.IntegerField(
        min_value=0, max_value=MAX_GRAMS, default=0, help_text="Of the goods, in grams."
    )
    value = MoneyField(
        required=False,
        default=Decimal(0),
        help_text="Of the goods in `currency`, before promotions.",
    )
    currency = serializers.ChoiceField(choices=sorted(EXPONENTS), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"currency": settings.SHOP_CURRENCY, **attrs}


class DeliverySlotSerializer(serializers.Serializer[Any]):
    """One window on one day."""

    window = serializers.IntegerField()
    day = serializers.DateField()
    begins = serializers.DateTimeField()
    ends = serializers.DateTimeField()
    order_by = serializers.DateTimeField(help_text="Until then.")
    left = serializers.IntegerField(
        allow_null=True, help_text="How many orders it still takes; null: any number."
    )


class DeliveryRefusalSerializer(serializers.Serializer[Any]):
    """Why a method is not offered."""

    code = serializers.ChoiceField(choices=[one.value for one in NoReason], source="reason")
    detail = serializers.CharField()
    details = serializers.DictField(source="data", help_text="Such as `max_weight_grams`.")


class DeliveryOptionSerializer(serializers.Serializer[Option]):
    """One method: what it costs there, or why it does not go there."""

    method = DeliveryMethodSummarySerializer()
    available = serializers.SerializerMethodField()
    fee = serializers.SerializerMethodField(help_text="To be paid for goods of that value.")
    full_fee = serializers.SerializerMethodField(help_text="Below `free_above`.")
    free_above = serializers.SerializerMethodField()
    refusal = DeliveryRefusalSerializer(allow_null=True)
    slots = DeliverySlotSerializer(many=True, help_text="The next seven days.")

    def get_available(self, option: Option) -> bool:
        return option.fee is not None

    @extend_schema_field(OwnMoneyField)
    def get_fee(self, option: Option) -> Any:
        fee = option.fee
        return fee and Money(fee.charged(self.context["value"]), fee.currency).as_json()

    @extend_schema_field(OwnMoneyField)
    def get_full_fee(self, option: Option) -> Any:
        return option.fee and Money(option.fee.fee, option.fee.currency).as_json()

    @extend_schema_field(OwnMoneyField)
    def get_free_above(self, option: Option) -> Any:
        fee = option.fee
        if fee is None or fee.free_above is None:
            return None
        return Money(fee.free_above, fee.currency).as_json()


class DeliveryOptionsSerializer(serializers.Serializer[Any]):
    """All methods, in the shop's order."""

    results = DeliveryOptionSerializer(many=True)
