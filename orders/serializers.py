"""The shapes of orders: what a checkout asks for, and what everybody reads."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from account.actors import person_of
from account.addresses import as_shipping_address, find_address
from account.serializers import AddressField
from catalog.prices import known_currencies
from common.errors import NotFound
from common.money import Money
from common.phones import normalise_phone
from common.serializers import MoneyField, StrictSerializer
from orders.checkout import MAX_LINES, MAX_QUANTITY
from orders.models import FulfilmentStatus, Order, PaymentStatus, Source, Status


class PhoneField(serializers.CharField):
    """A telephone number, Ethiopian local forms included; E.164 inside."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=32, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text:
            return text
        try:
            return normalise_phone(text)
        except ValueError:
            raise serializers.ValidationError(
                "Give a telephone number such as 0911234567 or +251911234567.", code="invalid_phone"
            ) from None


def _text(length: int) -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, max_length=length)


class AddressSerializer(StrictSerializer):
    """Where to deliver. Nothing is compulsory: many places have no street, no number and no postcode."""

    name = _text(120)
    first_name = _text(60)
    last_name = _text(60)
    company = _text(120)
    phone = PhoneField(required=False, allow_blank=True)
    country = serializers.RegexField(
        r"^[A-Z]{2}$", required=False, help_text="ISO 3166-1 alpha-2, such as ET."
    )
    region = _text(120)
    zone = _text(120)
    city = _text(120)
    sub_city = _text(120)
    woreda = _text(60)
    kebele = _text(60)
    area = serializers.CharField(
        required=False, allow_blank=True, max_length=64,
        help_text="Code of an area (`/api/places/areas/`), such as ET-AA-BOLE: fees and taxes may depend on it.",
    )  # fmt: skip
    house_number = _text(60)
    line1 = _text(200)
    line2 = _text(200)
    street = _text(200)
    landmark = _text(200)
    postcode = _text(20)
    postal_code = _text(20)
    latitude = serializers.FloatField(required=False, min_value=-90, max_value=90)
    longitude = serializers.FloatField(required=False, min_value=-180, max_value=180)
    note = _text(500)


class DeliverySerializer(StrictSerializer):
    """How the customer would like to get it, and where to. `/api/delivery/options/` tells what there is, and its price.

    `delivery` and `pickup` are noted without a fee where the shop has no method of that code.
    """

    method = serializers.CharField(
        required=False, max_length=40, help_text="Code of a delivery method."
    )
    area = serializers.CharField(
        required=False, allow_blank=True, max_length=64,
        help_text="Code of the area; left out: that of `shipping_address`.",
    )  # fmt: skip
    pickup_point = serializers.CharField(
        required=False, allow_blank=True, max_length=64, help_text="Slug of a pickup point."
    )
    window = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1,
        help_text="One of the method's windows, of `/api/delivery/options/`; left out: no particular time.",
    )  # fmt: skip
    day = serializers.DateField(required=False, help_text="The window's day.")
    hide_prices = serializers.BooleanField(
        required=False, help_text="Whether the packing slip hides them: the order is a present."
    )
    note = _text(500)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("window" in attrs) != ("day" in attrs):
            missing = "day" if "window" in attrs else "window"
            raise serializers.ValidationError(
                {missing: ["A window and a day go together."]}, code="required"
            )
        if "day" in attrs:  # kept as it is written
            attrs["day"] = attrs["day"].isoformat()
        return attrs


class ItemSerializer(StrictSerializer):
    """A variant, or a product that comes in one variant only."""

    product_id = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    variant_id = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("product_id" in attrs) == ("variant_id" in attrs):
            raise serializers.ValidationError(
                {"product_id": ["Give either product_id or variant_id."]}, code="required"
            )
        return attrs


class CheckoutSerializer(StrictSerializer):
    """The body of a checkout: `items`, or a `cart`.

    A signed-in customer's e-mail and telephone are used when none is given.
    """

    items = ItemSerializer(many=True, required=False, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    cart = serializers.UUIDField(
        required=False,
        help_text="A cart of the caller's; a guest's `X-Cart-Token` goes with it. It has its own codes and currency.",
    )
    codes = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, max_length=10,
        help_text="Coupon codes. One that gives nothing is refused, unless `expected_total` shows that the customer knows.",
    )  # fmt: skip
    email = AddressField(required=False, allow_blank=True)
    phone = PhoneField(required=False, allow_blank=True)
    shipping_address = AddressSerializer(required=False)
    shipping_address_id = serializers.UUIDField(
        required=False,
        write_only=True,
        help_text="An address of the signed-in customer's own address book, instead of `shipping_address`.",
    )
    delivery = DeliverySerializer(required=False)
    payment_method = serializers.CharField(required=False, allow_blank=True, max_length=20)
    currency = serializers.ChoiceField(
        choices=known_currencies(),
        required=False,
        help_text="What to pay in; left out: the shop's own. What has no price in it is refused (409 `not_for_sale`).",
    )
    expected_total = MoneyField(
        required=False, help_text="What the customer was shown; another total is refused with 409."
    )

    def to_internal_value(self, data: Any) -> Any:
        asked = data.get("currency") if isinstance(data, Mapping) else None
        if isinstance(data, Mapping) and "cart" in data:  # it has its own currency
            total = data.get("expected_total")
            asked = total.get("currency") if isinstance(total, Mapping) else None
        if isinstance(asked, str) and asked in known_currencies():
            expected: Any = self.fields["expected_total"]
            expected.currency = asked
        # A number of items that is plainly abuse is refused before each of them is looked at.
        items = data.get("items") if isinstance(data, Mapping) else None
        if isinstance(items, list) and len(items) > MAX_LINES:
            raise serializers.ValidationError(
                {"items": [f"An order has at most {MAX_LINES} items."]}, code="too_many_items"
            )
        read = super().to_internal_value(data)
        if "cart" in read and asked:
            read["expected_currency"] = asked
        return read

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _refuse_both_or_neither(attrs)
        user = person_of(self.context["request"].user)
        if user is not None:
            attrs["email"] = attrs.get("email") or user.email or ""
            attrs["phone"] = attrs.get("phone") or user.phone or ""
        if "shipping_address_id" in attrs:
            attrs["shipping_address"] = self._from_address_book(attrs)
        if not attrs.get("email") and not attrs.get("phone"):
            raise serializers.ValidationError(
                {"email": ["Give an e-mail address or a telephone number."]}, code="required"
            )
        return attrs

    def _from_address_book(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "shipping_address" in attrs:
            raise serializers.ValidationError(
                {"shipping_address_id": ["Give either shipping_address or shipping_address_id."]},
                code="exclusive",
            )
        user = person_of(self.context["request"].user)
        try:
            if user is None:  # guests and programs have no address book
                raise NotFound
            found = find_address(user=user, address_id=attrs["shipping_address_id"])
        except NotFound:
            raise serializers.ValidationError(
                {"shipping_address_id": ["There is no such address in your address book."]},
                code="does_not_exist",
            ) from None
        return as_shipping_address(found)


def _refuse_both_or_neither(attrs: dict[str, Any]) -> None:
    if "cart" not in attrs:
        if "items" not in attrs:
            raise serializers.ValidationError(
                {"items": ["Give items, or a cart."]}, code="required"
            )
        return
    for name in ("items", "codes", "currency"):
        if name in attrs:
            raise serializers.ValidationError(
                {name: ["The cart says this; give the one or the other."]}, code="exclusive"
            )


@extend_schema_field(MoneyField())
class AmountField(serializers.Field):
    """A decimal column shown as money of its row's own `currency`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def get_attribute(self, instance: Any) -> Money:
        amount: Any = super().get_attribute(instance)
        return Money(amount, instance.currency)

    def to_representation(self, value: Money) -> dict[str, str]:
        return value.as_json()


class OrderLineSerializer(serializers.Serializer[Any]):
    """One line, as agreed now. `total` is `quantity` times `unit_price`, before the `discount`; `tax` is of what is left."""

    id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    variant_id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = MoneyField()
    total = MoneyField()
    discount = MoneyField()
    tax = MoneyField()
    tax_rate = serializers.DecimalField(max_digits=5, decimal_places=4, help_text="0.15 is 15 %.")
    cancelled = serializers.IntegerField(help_text="Pieces no longer in `quantity`.")
    shipped = serializers.IntegerField()
    returned = serializers.IntegerField()


class AppliedSerializer(serializers.Serializer[Any]):
    """A promotion that took something off."""

    name = serializers.CharField()
    code = serializers.CharField(allow_blank=True)
    amount = MoneyField()


class PaymentSummarySerializer(serializers.Serializer[Any]):
    """One attempt to pay."""

    id = serializers.UUIDField(source="public_id")
    method = serializers.CharField()
    status = serializers.ChoiceField(
        choices=["pending", "succeeded", "failed", "cancelled", "review"]
    )
    amount = AmountField()
    reference = serializers.CharField()
    checkout_url = serializers.SerializerMethodField()

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_checkout_url(self, payment: Any) -> str | None:
        return payment.checkout_url or None


class OrderSerializer(serializers.Serializer[Order]):
    """An order. `total` = `subtotal` + `delivery_total` − `discount_total`, plus `tax_total` unless prices include it."""

    id = serializers.UUIDField(source="public_id")
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    payment_status = serializers.ChoiceField(choices=PaymentStatus.choices)
    fulfilment_status = serializers.ChoiceField(choices=FulfilmentStatus.choices)
    email = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    lines = serializers.SerializerMethodField()
    subtotal = AmountField()
    discount_total = AmountField()
    delivery_total = AmountField()
    tax_total = AmountField()
    total = AmountField()
    prices_include_tax = serializers.BooleanField()
    discounts = serializers.SerializerMethodField()
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Source.choices,
        help_text="Placed in the shop, by staff for a customer, or sold elsewhere before.",
    )
    refund_due = AmountField(help_text="What must go back to the customer.")
    shipping_address = serializers.JSONField()
    delivery = serializers.JSONField()
    payment_method = serializers.CharField(allow_blank=True)
    expires_at = serializers.DateTimeField(
        help_text="A pending order that is not paid by then is cancelled."
    )
    cancel_reason = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    payments = PaymentSummarySerializer(many=True)

    @extend_schema_field(OrderLineSerializer(many=True))
    def get_lines(self, order: Order) -> list[dict[str, Any]]:
        lines = sorted(order.lines.all(), key=lambda line: line.position)
        return [
            {
                "id": line.pk,
                "product_id": line.product_id,
                "variant_id": line.variant_id,
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "unit_price": Money(line.unit_price, order.currency).as_json(),
                "total": Money(line.total, order.currency).as_json(),
                "discount": Money(line.discount, order.currency).as_json(),
                "tax": Money(line.tax, order.currency).as_json(),
                "tax_rate": str(order.tax_rate if line.tax_rate is None else line.tax_rate),
                "cancelled": line.cancelled,
                "shipped": line.shipped,
                "returned": line.returned,
            }
            for line in lines
        ]

    @extend_schema_field(AppliedSerializer(many=True))
    def get_discounts(self, order: Order) -> list[dict[str, Any]]:
        return [
            {**one, "amount": Money(Decimal(one["amount"]), order.currency).as_json()}
            for one in order.discounts
        ]


class PlacedOrderSerializer(OrderSerializer):
    """The answer to a checkout; a guest's carries the token that stands for its owner."""

    order_token = serializers.CharField(
        required=False, help_text="Guests only, and only here: keep it, send it as X-Order-Token."
    )


class OrderEventSerializer(serializers.Serializer[Any]):
    """One move of an order."""

    from_status = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=Status.choices)
    actor = serializers.SerializerMethodField(
        help_text="customer, guest, staff, gateway or system; who of the staff is told to staff alone"
    )
    note = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()

    def get_actor(self, event: Any) -> str:
        # Customers see that staff acted, not who.
        request = self.context.get("request")
        user = request.user if request is not None else None
        if user is not None and user.is_authenticated and user.has_perm("orders.view_orderevent"):
            return str(event.actor)
        return str(event.actor).partition(":")[0]
