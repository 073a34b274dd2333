"""Serializer base classes and fields that all doors share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from common.money import DECIMAL_PLACES, EXPONENTS, MAX_AMOUNT, Money, format_amount, parse_amount


class StrictMixin:
    """Refuse body fields that the serializer does not know; ignore those it only shows."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = self.fields.keys()  # type: ignore[attr-defined]
            unknown = [str(key) for key in data if key not in known]
            if unknown:
                raise serializers.ValidationError(
                    {name: ["There is no such field."] for name in unknown[:20]},
                    code="unknown_field",
                )
        return super().to_internal_value(data)  # type: ignore[misc]


class StrictSerializer(StrictMixin, serializers.Serializer[Any]):
    """A plain serializer that refuses unknown fields."""


class StrictModelSerializer(StrictMixin, serializers.ModelSerializer[Any]):
    """A model serializer that refuses unknown fields."""


MONEY_SCHEMA = {
    "type": "object",
    "description": "An exact decimal amount in major units (birr, not santim) of a currency (ISO 4217).",
    "properties": {
        "amount": {
            "type": "string",
            "pattern": r"^-?\d{1,12}(\.\d{1,2})?$",
            "examples": ["1250.00"],
        },
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["ETB"]},
    },
    "required": ["amount", "currency"],
}
AMOUNT_PATTERN = r"^\d{1,12}(\.\d{1,2})?$"
MONEY_INPUT_SCHEMA = {
    "description": "An amount in major units of the shop's currency; as an object it may name that currency.",
    "anyOf": [
        {"type": "string", "pattern": AMOUNT_PATTERN, "examples": ["1250.00"]},
        {"type": "number", "minimum": 0, "maximum": int(MAX_AMOUNT)},
        {
            "type": "object",
            "properties": {
                "amount": {
                    "anyOf": [
                        {"type": "string", "pattern": AMOUNT_PATTERN},
                        {"type": "number", "minimum": 0, "maximum": int(MAX_AMOUNT)},
                    ]
                },
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            },
            "required": ["amount"],
            "additionalProperties": False,
        },
    ],
}

ANY_MONEY_INPUT_SCHEMA = MONEY_INPUT_SCHEMA | {
    "description": "An amount in major units; as an object, of the currency that it names. Otherwise of the shop's own.",
}


class MoneyField(serializers.Field):
    """Money of one currency, 0 ≤ amount: the shop's, unless `currency` is set.

    Reads `"1250.00"`, `1250` or `{"amount": "1250.00", "currency": "ETB"}` into a Decimal; writes the object. The written
    currency is that of the instance's `currency` attribute, or the shop's.
    """

    default_error_messages = {
        "invalid": "Give an amount such as 1250.00, or an object with amount and currency.",
        "currency": "This shop sells in {currency}.",
        "negative": "An amount cannot be negative.",
        "too_large": "This amount is too large.",
        "decimals": "{currency} has no more than {places} decimals.",
    }

    def __init__(self, *, min_amount: Decimal = Decimal(0), **kwargs: Any) -> None:
        self.min_amount = min_amount
        self.currency = ""
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        currency = self.currency or settings.SHOP_CURRENCY
        if isinstance(data, Mapping):
            if set(data) - {"amount", "currency"} or "amount" not in data:
                self.fail("invalid")
            if data.get("currency", currency) != currency:
                self.fail("currency", currency=currency)
            data = data["amount"]
        return self.exactly(data, currency)

    def exactly(self, data: Any, currency: str) -> Decimal:
        """The amount, if it can be paid in that currency."""
        try:
            amount = parse_amount(data)
        except ValueError:
            self.fail("invalid")
        if amount < self.min_amount:
            self.fail("negative")
        if amount > MAX_AMOUNT:
            self.fail("too_large")
        places = min(EXPONENTS[currency], DECIMAL_PLACES)
        if amount != round(amount, places):
            self.fail("decimals", currency=currency, places=places)
        return amount.quantize(Decimal(1).scaleb(-places))

    def to_representation(self, value: Decimal | Money) -> dict[str, str]:
        if isinstance(value, Money):
            return value.as_json()
        currency: str = settings.SHOP_CURRENCY
        return {"amount": format_amount(value, currency), "currency": currency}


class AnyMoneyField(MoneyField):
    """Money of any currency that can be sold in, read into `Money`: `{"amount": "9.50", "currency": "USD"}`."""

    default_error_messages = {"unknown": "Nothing is sold in this currency."}

    def to_internal_value(self, data: Any) -> Money:
        currency: Any = settings.SHOP_CURRENCY
        if isinstance(data, Mapping):
            if set(data) - {"amount", "currency"} or "amount" not in data:
                self.fail("invalid")
            currency, data = data.get("currency", currency), data["amount"]
        if not isinstance(currency, str) or currency not in EXPONENTS:
            self.fail("unknown")
        return Money(self.exactly(data, currency), currency)


class MoneyFieldInDocument(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Money is read in three spellings and written in one."""

    target_class = "common.serializers.MoneyField"
    match_subclasses = True

    def get_name(self) -> str:
        return self.name

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        if direction == "response":
            self.name = "Money"
            return MONEY_SCHEMA
        any_currency = isinstance(self.target, AnyMoneyField)
        self.name = "AnyMoneyInput" if any_currency else "MoneyInput"
        return ANY_MONEY_INPUT_SCHEMA if any_currency else MONEY_INPUT_SCHEMA
