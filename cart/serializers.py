"""The shapes of carts: what doors take, and what they answer (`cart.shapes` fills these in)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cart.models import MAX_QUANTITY, NOTE_LENGTH, Cart, Status
from catalog.prices import known_currencies
from common.money import Money
from common.serializers import MoneyField, StrictSerializer

_KEY: dict[str, Any] = {
    "required": False,
    "allow_null": True,
    "allow_blank": True,
    "max_length": 60,
}


class NewCartSerializer(StrictSerializer):
    """The body that starts a cart."""

    currency = serializers.ChoiceField(
        choices=known_currencies(), required=False, help_text="Left out: the shop's own."
    )


class NothingSerializer(StrictSerializer):
    """Nothing: what it is about comes in a header."""


class CartDeliverySerializer(StrictSerializer):
    """How and where to. It replaces what was chosen before."""

    method = serializers.CharField(**_KEY, help_text="Of `GET /api/delivery/options/`.")
    area = serializers.CharField(**_KEY, help_text="Code or id of an area.")
    pickup_point = serializers.CharField(**_KEY, help_text="Slug or id, instead of an area.")
    window = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**63 - 1
    )
    day = serializers.DateField(required=False, allow_null=True)


class CartChangesSerializer(StrictSerializer):
    """What changes of a cart."""

    currency = serializers.ChoiceField(choices=known_currencies(), required=False)
    delivery = CartDeliverySerializer(required=False, allow_null=True)
    note = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH)
    accept_prices = serializers.BooleanField(
        required=False, help_text="True: today's prices have been seen; `price_changed` is over."
    )


class NewCartItemSerializer(StrictSerializer):
    """A variant, or a product that comes in one variant only."""

    product_id = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    variant_id = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("product_id" in attrs) == ("variant_id" in attrs):
            raise serializers.ValidationError(
                {"product_id": ["Give either product_id or variant_id."]}, code="required"
            )
        return attrs


class CartQuantitySerializer(StrictSerializer):
    """How many pieces a line is to have; 0 takes it out."""

    quantity = serializers.IntegerField(min_value=0, max_value=MAX_QUANTITY)


class CartCodeSerializer(StrictSerializer):
    """A code as somebody typed it: case and blanks do not matter."""

    code = serializers.CharField(max_length=100)


class CartCodeToForgetSerializer(StrictSerializer):
    """Which code goes; left out: all of them."""

    code = serializers.CharField(max_length=100, required=False)


class QuoteTrialSerializer(serializers.Serializer[Any]):
    """Another delivery than the one chosen, to see what it would cost; nothing is kept."""

    delivery = serializers.CharField(required=False, max_length=60, help_text="A method's code.")
    area = serializers.CharField(required=False, max_length=60, help_text="Code or id of an area.")
    pickup_point = serializers.CharField(required=False, max_length=60, help_text="Slug or id.")


class CartListQuerySerializer(serializers.Serializer[Any]):
    """Narrowing a list of carts."""

    abandoned = serializers.BooleanField(
        required=False, allow_null=True, default=None,
        help_text="With something in them, and untouched for `CART_ABANDONED_HOURS`.",
    )  # fmt: skip
    status = serializers.ChoiceField(
        choices=Status.choices, required=False, help_text="Left out: open ones."
    )
    updated_before = serializers.DateTimeField(required=False)
    updated_after = serializers.DateTimeField(required=False)


# --- answers ----------------------------------------------------------------------------------


class CartImageSerializer(serializers.Serializer[Any]):
    """The picture of a line: the variant's own, else the product's first."""

    url = serializers.URLField()
    alt = serializers.CharField(allow_blank=True)


class CartItemProblemSerializer(serializers.Serializer[Any]):
    """What is in the way of a line."""

    code = serializers.ChoiceField(
        choices=[
            "price_changed", "out_of_stock", "not_for_sale", "not_sold_in_currency",
            "purchase_limit",
        ]
    )  # fmt: skip
    detail = serializers.CharField()
    blocks = serializers.BooleanField(
        help_text="Whether a checkout would refuse the line as it is."
    )
    available = serializers.IntegerField(
        required=False, help_text="Of `out_of_stock` and `purchase_limit`: pieces that can be had."
    )
    limit = serializers.IntegerField(
        required=False,
        help_text="Of `purchase_limit`: pieces that one order, or one customer, may have.",
    )
    was = MoneyField(required=False, help_text="Of `price_changed`: what one piece cost before.")
    now = MoneyField(required=False, help_text="Of `price_changed`: what it costs now.")


class CartProblemSerializer(serializers.Serializer[Any]):
    """What is in the way of a whole cart."""

    code = serializers.ChoiceField(choices=["empty", "no_delivery", "total_too_large"])
    detail = serializers.CharField()
    reason = serializers.CharField(
        required=False,
        help_text=(
            "Of `no_delivery`: as in `GET /api/delivery/options/`, `not_offered`, `delivery_window_unavailable` or"
            " `delivery_window_full`."
        ),
    )


class CartItemSerializer(serializers.Serializer[Any]):
    """One line. Amounts are of the pieces that can be had now; null where there are none."""

    id = serializers.UUIDField()
    product_id = serializers.IntegerField()
    product_slug = serializers.CharField()
    variant_id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    variant_name = serializers.CharField(allow_blank=True)
    options = serializers.ListField(child=serializers.DictField())
    image = CartImageSerializer(allow_null=True)
    quantity = serializers.IntegerField()
    available = serializers.IntegerField(help_text="Pieces of `quantity` that can be had now.")
    unit_price = MoneyField(allow_null=True)
    subtotal = MoneyField(allow_null=True)
    discount = MoneyField(allow_null=True)
    total = MoneyField(allow_null=True)
    problems = CartItemProblemSerializer(many=True)
    added_at = serializers.DateTimeField()


class ShownCartDeliverySerializer(serializers.Serializer[Any]):
    """How and where to."""

    method = serializers.CharField(allow_null=True)
    area = serializers.CharField(allow_null=True)
    pickup_point = serializers.CharField(allow_null=True)
    window = serializers.IntegerField(allow_null=True)
    day = serializers.DateField(allow_null=True)


class CartSerializer(serializers.Serializer[Any]):
    """A cart as it stands. Totals are of what can be had now, after discounts, with the chosen delivery and tax."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Status.choices)
    currency = serializers.CharField()
    items = CartItemSerializer(many=True)
    pieces = serializers.IntegerField()
    codes = serializers.ListField(child=serializers.CharField())
    delivery = ShownCartDeliverySerializer(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    subtotal = MoneyField(allow_null=True)
    discount_total = MoneyField(allow_null=True)
    delivery_total = MoneyField(allow_null=True)
    tax_total = MoneyField(allow_null=True)
    total = MoneyField(allow_null=True)
    prices_include_tax = serializers.BooleanField(allow_null=True)
    problems = CartProblemSerializer(many=True)
    is_ready = serializers.BooleanField(help_text="Whether a checkout would take it as it is now.")
    order = serializers.UUIDField(allow_null=True, help_text="The order that it has become.")
    merged_into = serializers.UUIDField(
        allow_null=True, help_text="The cart that its items are in."
    )
    expires_at = serializers.DateTimeField(help_text="Untouched until then, it is deleted.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class StartedCartSerializer(CartSerializer):
    """The cart; a guest's carries the token that stands for its holder."""

    cart_token = serializers.CharField(
        required=False, help_text="Guests only, and only here: keep it, send it as X-Cart-Token."
    )


class CartSummarySerializer(serializers.Serializer[Cart]):
    """A cart in a list."""

    id = serializers.UUIDField(source="public_id")
    status = serializers.ChoiceField(choices=Status.choices)
    currency = serializers.CharField()
    customer = serializers.SerializerMethodField(
        help_text="Staff: the address or number of the customer; null of a guest."
    )
    lines = serializers.IntegerField()
    pieces = serializers.IntegerField()
    value = serializers.SerializerMethodField(
        help_text="Of the items, at the prices that were last shown."
    )
    is_abandoned = serializers.BooleanField()
    order = serializers.UUIDField(allow_null=True)
    expires_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_customer(self, cart: Cart) -> str | None:
        seen = self.context.get("sees_all") and cart.owner is not None
        return (cart.owner.email or cart.owner.phone) if seen and cart.owner else None

    def get_value(self, cart: Any) -> dict[str, str]:
        return Money(cart.value, cart.currency).as_json()


class MergedCartSerializer(serializers.Serializer[Any]):
    """What became of a guest's cart on log-in."""

    id = serializers.UUIDField(help_text="The customer's cart that holds everything now.")
    dropped = serializers.ListField(
        child=serializers.DictField(),
        help_text="What there was no room for: `{variant_id, quantity}`.",
    )
    dropped_codes = serializers.ListField(child=serializers.CharField())


# --- the quote --------------------------------------------------------------------------------


class QuotedDiscountSerializer(serializers.Serializer[Any]):
    """What one promotion took off."""

    name = serializers.CharField()
    code = serializers.CharField(allow_blank=True)
    amount = MoneyField()


class QuotedStepSerializer(serializers.Serializer[Any]):
    """One step of the way to a total: of one piece up to `exemption`, of the line from `subtotal` on."""

    step = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    amount = MoneyField()
    change = MoneyField()


class QuotedItemSerializer(serializers.Serializer[Any]):
    """One line, explained."""

    id = serializers.UUIDField()
    product_id = serializers.IntegerField()
    variant_id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = MoneyField()
    subtotal = MoneyField()
    discounts = QuotedDiscountSerializer(many=True)
    discount = MoneyField()
    total = MoneyField()
    tax = MoneyField()
    tax_rate = serializers.CharField()
    tax_category = serializers.CharField()
    exemption = serializers.CharField(allow_blank=True)
    steps = QuotedStepSerializer(many=True)
    explained = serializers.CharField()


class QuotedDeliverySerializer(serializers.Serializer[Any]):
    """The delivery, explained."""

    method = serializers.CharField()
    name = serializers.CharField()
    fee = MoneyField()
    discounts = QuotedDiscountSerializer(many=True)
    total = MoneyField()
    tax = MoneyField()
    tax_rate = serializers.CharField()
    steps = QuotedStepSerializer(many=True)


class QuoteNoDeliverySerializer(serializers.Serializer[Any]):
    """Why the chosen method does not come."""

    method = serializers.CharField()
    reason = serializers.CharField()
    detail = serializers.CharField()


class QuotedTaxSerializer(serializers.Serializer[Any]):
    """What is taxed alike."""

    category = serializers.CharField()
    treatment = serializers.CharField()
    rate = serializers.CharField()
    exemption = serializers.CharField(allow_blank=True)
    net = MoneyField()
    tax = MoneyField()


class QuoteNotAppliedSerializer(serializers.Serializer[Any]):
    """A promotion or code that takes nothing off, and why."""

    name = serializers.CharField(allow_blank=True)
    code = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()
    detail = serializers.CharField()
    facts = serializers.DictField()


class QuoteProblemSerializer(serializers.Serializer[Any]):
    """What is in the way, of the whole cart or of the `item` named."""

    code = serializers.CharField()
    detail = serializers.CharField()
    item = serializers.UUIDField(required=False)
    blocks = serializers.BooleanField(required=False)


class QuoteSerializer(serializers.Serializer[Any]):
    """What a cart costs now, and how that came about."""

    cart = serializers.UUIDField()
    currency = serializers.CharField()
    prices_include_tax = serializers.BooleanField()
    items = QuotedItemSerializer(many=True)
    delivery = QuotedDeliverySerializer(allow_null=True)
    no_delivery = QuoteNoDeliverySerializer(allow_null=True)
    subtotal = MoneyField()
    discount_total = MoneyField()
    delivery_total = MoneyField()
    tax_total = MoneyField()
    total = MoneyField()
    expected_total = MoneyField(help_text="Send this to the checkout: another total is refused.")
    taxes = QuotedTaxSerializer(many=True)
    applied = QuotedDiscountSerializer(many=True)
    not_applied = QuoteNotAppliedSerializer(many=True)
    problems = QuoteProblemSerializer(many=True)
    is_ready = serializers.BooleanField()
