"""The shapes of drafts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from account.serializers import AddressField
from catalog.prices import known_currencies
from common.errors import invalid_field
from common.money import Money
from common.serializers import AnyMoneyField, MoneyField, StrictSerializer
from orders.asked import MAX_LINES, MAX_QUANTITY
from orders.drafts import DraftQuote
from orders.models import DraftOrder, DraftStatus
from orders.serializers import AddressSerializer, DeliverySerializer, PhoneField
from pricing.delivery import NoDelivery, NoSlot, WindowReason


class DraftItemSerializer(StrictSerializer):
    """So many pieces of a variant; at a price that staff agree with the customer, that and the reason."""

    variant_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)
    unit_price = AnyMoneyField(required=False, help_text="Before promotions, as prices are shown.")
    reason = serializers.CharField(required=False, max_length=200)


class DraftInputSerializer(StrictSerializer):
    """What a customer wants. Everything can follow later."""

    customer = serializers.UUIDField(
        required=False, allow_null=True, help_text="Id of an account; left out: a guest's order."
    )
    email = AddressField(required=False, allow_blank=True)
    phone = PhoneField(required=False, allow_blank=True)
    currency = serializers.ChoiceField(choices=known_currencies(), required=False)
    items = DraftItemSerializer(many=True, required=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    codes = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, max_length=10
    )
    shipping_address = AddressSerializer(required=False)
    delivery = DeliverySerializer(required=False)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)


def fields_of(data: dict[str, Any], currency: str) -> dict[str, Any]:
    """What the verbs take; `currency` is the draft's, where the call names none.

    Raises:
        common.errors.Invalid: a price in another currency.
    """
    currency = data.get("currency", currency)
    fields = dict(data)
    if "items" in data:
        fields["items"] = [
            {**item, "unit_price": _amount(item.get("unit_price"), currency, place)}
            for place, item in enumerate(data["items"])
        ]
    return fields


def _amount(price: Money | None, currency: str, place: int) -> Any:
    if price is None or price.currency == currency:
        return price and price.amount
    said = f"This draft is in {currency}: give an object with amount and currency."
    raise invalid_field(f"items.{place}.unit_price", "currency", said)


class ShownDraftItemSerializer(serializers.Serializer[Any]):
    """An item of a draft."""

    variant_id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    unit_price = MoneyField(allow_null=True, help_text="As agreed; null: the shop's price.")
    reason = serializers.CharField(allow_blank=True)


class DraftSerializer(serializers.Serializer[DraftOrder]):
    """A draft. Once it is closed it no longer says whom it was for: its order does."""

    id = serializers.UUIDField(source="public_id")
    status = serializers.ChoiceField(choices=DraftStatus.choices)
    created_by = serializers.CharField()
    customer = serializers.UUIDField(source="customer.public_id", default=None, allow_null=True)
    email = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    currency = serializers.CharField()
    items = serializers.SerializerMethodField()
    codes = serializers.ListField(child=serializers.CharField())
    shipping_address = serializers.JSONField()
    delivery = serializers.JSONField()
    note = serializers.CharField(allow_blank=True)
    order = serializers.UUIDField(
        source="order.public_id", default=None, allow_null=True, help_text="What it has become."
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    @extend_schema_field(ShownDraftItemSerializer(many=True))
    def get_items(self, draft: DraftOrder) -> list[dict[str, Any]]:
        return [
            {
                "variant_id": item["variant_id"],
                "quantity": item["quantity"],
                "unit_price": _shown_price(item.get("unit_price"), draft.currency),
                "reason": item.get("reason", ""),
            }
            for item in draft.items
        ]


def _shown_price(price: str | None, currency: str) -> dict[str, str] | None:

    return None if price is None else Money(Decimal(price), currency).as_json()


class PlaceSerializer(StrictSerializer):
    """The total that the customer was told; another is refused."""

    expected_total = AnyMoneyField(required=False)


class DraftLineSerializer(serializers.Serializer[Any]):
    """What one item would cost."""

    variant_id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    unit_price = MoneyField()
    subtotal = MoneyField()
    discount = MoneyField()
    total = MoneyField()
    tax = MoneyField()
    explained = serializers.CharField(help_text="How the total came about.")


class DraftProblemSerializer(serializers.Serializer[Any]):
    """Why the draft could not be placed as it is."""

    code = serializers.ChoiceField(
        choices=[
            "empty", "not_for_sale", "not_delivered", "delivery_window_unavailable", "delivery_window_full",
            "coupon_not_applied",
        ]
    )  # fmt: skip
    detail = serializers.CharField()
    variant_id = serializers.IntegerField(required=False)


class DraftQuoteSerializer(serializers.Serializer[Any]):
    """What a draft would cost now."""

    currency = serializers.CharField()
    lines = DraftLineSerializer(many=True)
    subtotal = MoneyField()
    discount_total = MoneyField()
    delivery_total = MoneyField()
    tax_total = MoneyField()
    total = MoneyField()
    problems = DraftProblemSerializer(many=True)

    def __init__(self, *args: Any, currency: str = "", **kwargs: Any) -> None:
        self._currency = currency
        super().__init__(*args, **kwargs)

    def to_representation(self, shown: DraftQuote) -> dict[str, Any]:
        made = shown.quote

        def money(amount: Any) -> dict[str, str]:
            return Money(amount, self._currency).as_json()

        totals = ("subtotal", "discount_total", "delivery_total", "tax_total", "total")
        return {
            "currency": self._currency,
            "lines": [
                {
                    "variant_id": line.variant_id,
                    "quantity": line.quantity,
                    **{
                        name: money(getattr(line, name))
                        for name in ("unit_price", "subtotal", "discount", "total", "tax")
                    },
                    "explained": line.explained,
                }
                for line in (made.lines if made else ())
            ],
            **{name: money(getattr(made, name) if made else Decimal(0)) for name in totals},
            "problems": _problems(shown),
        }


def _problems(shown: DraftQuote) -> list[dict[str, Any]]:
    if shown.asked is None:
        return [{"code": "empty", "detail": "There is nothing in this draft."}]
    asked = shown.asked
    found: list[dict[str, Any]] = [
        {"code": "not_for_sale", "detail": "This is not for sale.", "variant_id": pk}
        for pk in (*asked.unknown, *asked.unpriced)
    ]
    if isinstance(asked.delivery, NoDelivery):
        found.append({"code": "not_delivered", "detail": asked.delivery.detail})
    elif isinstance(asked.slot, NoSlot):
        found.append({"code": str(asked.slot.reason), "detail": asked.slot.detail})
    elif shown.is_full:
        found.append({"code": str(WindowReason.FULL), "detail": "The delivery window is full."})
    if shown.quote is not None:
        found += [
            {"code": "coupon_not_applied", "detail": f"{one.code}: {one.detail}"}
            for one in shown.quote.not_applied
            if one.code
        ]
    return found
