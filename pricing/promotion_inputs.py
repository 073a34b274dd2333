"""Bodies and answers about promotions and their codes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from account.models import CustomerGroup
from catalog.inputs import TolerantSerializer
from catalog.models import Brand, Category, Collection, Product
from catalog.price_serializers import MomentField
from catalog.prices import known_currencies
from common.money import DECIMAL_PLACES, MAX_DIGITS, Money
from common.public_doors import OwnTranslationsField
from common.serializers import MONEY_SCHEMA
from pricing.basket import Kind, Level
from pricing.coupon_verbs import MOST_AT_ONCE
from pricing.models import Coupon, Promotion, PromotionAmount
from pricing.models.promotions import CODE_LENGTH, NAME_LENGTH

MOST_TARGETS, MOST_PIECES, MOST_USES = 1000, 1_000_000, 2_000_000_000
KINDS = {"product": Product, "category": Category, "brand": Brand, "collection": Collection}
PLURALS = {
    "product": "products", "category": "categories", "brand": "brands", "collection": "collections",
}  # fmt: skip


# --- what a promotion is about ----------------------------------------------------------------


def _ids() -> Any:
    return serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        max_length=MOST_TARGETS, default=list,
    )  # fmt: skip


class TargetsSerializer(TolerantSerializer):
    """Products, by themselves or by what they belong to; a product that any of these names is one of them."""

    products = _ids()
    categories = _ids()
    brands = _ids()
    collections = _ids()
    tags = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=MOST_TARGETS, default=list
    )

    def validate(self, attrs: dict[str, Any]) -> Any:
        rows: list[dict[str, Any]] = [{"tag": tag} for tag in dict.fromkeys(attrs["tags"])]
        for kind, model in KINDS.items():
            asked = set(attrs[PLURALS[kind]])
            known = set(model._default_manager.filter(pk__in=asked).values_list("pk", flat=True))
            if asked - known:
                detail = f"There is no such {kind}: {min(asked - known)}."
                raise serializers.ValidationError({PLURALS[kind]: [detail]}, "does_not_exist")
            rows += [{f"{kind}_id": pk} for pk in sorted(asked)]
        return {"rows": rows}


def _targets(promotion: Promotion, role: str) -> dict[str, list[Any]]:
    mine = [row for row in promotion.targets.all() if row.role == role]
    shown: dict[str, list[Any]] = {
        PLURALS[kind]: sorted(filter(None, (getattr(row, f"{kind}_id") for row in mine)))
        for kind in KINDS
    }
    shown["tags"] = sorted(row.tag for row in mine if row.tag)
    return shown


# --- promotions -------------------------------------------------------------------------------


@extend_schema_field({**MONEY_SCHEMA, "type": ["object", "null"]})
class RowMoneyField(serializers.Field[Any, Any, Any, Any]):
    """An amount of a row, in the row's own currency."""

    def get_attribute(self, instance: Any) -> Any:
        amount = getattr(instance, str(self.field_name))
        return None if amount is None else Money(amount, instance.currency)

    def to_representation(self, value: Any) -> Any:
        return value.as_json()


class PromotionAmountSerializer(serializers.Serializer[PromotionAmount]):
    """What a promotion comes to in one currency."""

    currency = serializers.CharField()
    value = RowMoneyField(help_text="What is taken off, of kind `amount`.")
    minimum = RowMoneyField(help_text="What the goods it is about come to at least.")
    most = RowMoneyField(help_text="At most so much is taken off.")


class AmountField(serializers.DecimalField):
    """An amount, or money as answers show it; the currency is said beside it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, min_value=Decimal("0.01"),
            allow_null=True, default=None, **kwargs,
        )  # fmt: skip

    def to_internal_value(self, data: Any) -> Decimal:
        given: Any = data.get("amount") if isinstance(data, dict) else data
        return super().to_internal_value("" if given is None else given)


class PromotionAmountInputSerializer(TolerantSerializer):
    """The amounts of a promotion in one currency."""

    currency = serializers.ChoiceField(choices=known_currencies())
    value = AmountField()
    minimum = AmountField()
    most = AmountField()


_COLUMNS = [
    "kind", "level", "percent", "buy", "get", "times", "minimum_pieces", "first_order_only", "needs_code",
    "is_active", "valid_from", "valid_until", "priority", "is_exclusive", "exclusivity_group", "limit",
    "limit_per_customer",
]  # fmt: skip


class PromotionSerializer(serializers.ModelSerializer[Promotion]):
    """A promotion, as staff see it."""

    amounts = PromotionAmountSerializer(many=True)
    groups = serializers.SerializerMethodField(help_text="Null: everybody.")
    included = serializers.SerializerMethodField(help_text="Null: everything.")
    excluded = serializers.SerializerMethodField()
    reward = serializers.SerializerMethodField(help_text="Null: more of the same.")
    translations = OwnTranslationsField()
    uses = serializers.IntegerField(source="uses_now", help_text="That count now.")

    class Meta:
        model = Promotion
        fields = [
            "id", "name", "translations", *_COLUMNS, "amounts", "groups", "included", "excluded", "reward", "uses",
            "version", "created_at", "updated_at",
        ]  # fmt: skip

    @extend_schema_field({"type": ["array", "null"], "items": {"type": "integer"}})
    def get_groups(self, row: Promotion) -> list[int] | None:
        return sorted(one.group_id for one in row.group_rows.all()) if row.is_for_groups else None

    @extend_schema_field(TargetsSerializer(allow_null=True))
    def get_included(self, row: Promotion) -> dict[str, list[Any]] | None:
        return None if row.is_about_everything else _targets(row, "included")

    @extend_schema_field(TargetsSerializer())
    def get_excluded(self, row: Promotion) -> dict[str, list[Any]]:
        return _targets(row, "excluded")

    @extend_schema_field(TargetsSerializer(allow_null=True))
    def get_reward(self, row: Promotion) -> dict[str, list[Any]] | None:
        return _targets(row, "reward") if row.has_reward else None


def _pieces(**kwargs: Any) -> Any:
    return serializers.IntegerField(min_value=0, max_value=MOST_PIECES, required=False, **kwargs)


def _uses(**kwargs: Any) -> Any:
    return serializers.IntegerField(
        min_value=0, max_value=MOST_USES, required=False, allow_null=True, **kwargs
    )


class PromotionInputSerializer(TolerantSerializer):
    """A promotion to make or change."""

    SHOWN_ONLY = frozenset({"id", "uses", "version", "created_at", "updated_at"})

    name = serializers.CharField(max_length=NAME_LENGTH)
    translations = OwnTranslationsField(required=False)
    kind = serializers.ChoiceField(choices=[one.value for one in Kind])
    level = serializers.ChoiceField(
        choices=[one.value for one in Level], required=False,
        help_text="`line`: off each line by itself; `order`: off them together. Left out: what the kind allows first.",
    )  # fmt: skip
    percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=Decimal("0.01"), max_value=Decimal(100),
        required=False, allow_null=True, help_text="10 is 10 %.",
    )  # fmt: skip
    amounts = PromotionAmountInputSerializer(many=True, required=False, max_length=20)  # type: ignore[call-arg]
    buy = _pieces()
    get = _pieces()
    times = serializers.IntegerField(
        min_value=1, max_value=MOST_PIECES, required=False, allow_null=True
    )
    minimum_pieces = _pieces()
    included = TargetsSerializer(required=False, allow_null=True)
    excluded = TargetsSerializer(required=False)
    reward = TargetsSerializer(required=False, allow_null=True)
    groups = serializers.PrimaryKeyRelatedField(
        queryset=CustomerGroup.objects.all(), many=True, required=False, allow_null=True,
        pk_field=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
    )  # fmt: skip
    first_order_only = serializers.BooleanField(required=False)
    needs_code = serializers.BooleanField(required=False)
    is_active = serializers.BooleanField(required=False)
    valid_from = MomentField(required=False)
    valid_until = MomentField(required=False, allow_null=True)
    priority = serializers.IntegerField(min_value=-1000, max_value=1000, required=False)
    is_exclusive = serializers.BooleanField(required=False)
    exclusivity_group = serializers.CharField(max_length=40, required=False, allow_blank=True)
    limit = _uses()
    limit_per_customer = _uses()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for role in ("included", "excluded", "reward"):
            if attrs.get(role) is not None:
                attrs[role] = attrs[role]["rows"]
        return attrs


# --- codes ------------------------------------------------------------------------------------


class CouponSerializer(serializers.ModelSerializer[Coupon]):
    """A code of a promotion."""

    uses = serializers.IntegerField(source="uses_now", help_text="That count now.")

    class Meta:
        model = Coupon
        fields = [
            "id", "code", "batch", "limit", "limit_per_customer", "uses", "is_active", "created_at",
        ]  # fmt: skip


class CouponChangeSerializer(TolerantSerializer):
    """Changes of a code. What it is stays: customers have it on paper."""

    SHOWN_ONLY = frozenset({"id", "code", "uses", "created_at"})

    batch = serializers.CharField(max_length=NAME_LENGTH, required=False, allow_blank=True)
    limit = _uses(help_text="Uses in all; null: no limit.")
    limit_per_customer = _uses()
    is_active = serializers.BooleanField(required=False)


class CouponInputSerializer(CouponChangeSerializer):
    """A code to add."""

    SHOWN_ONLY = CouponChangeSerializer.SHOWN_ONLY - {"code"}

    code = serializers.CharField(
        max_length=2 * CODE_LENGTH, help_text="Case and blanks do not matter."
    )


class CouponBatchSerializer(CouponChangeSerializer):
    """How many codes to make, and how."""

    count = serializers.IntegerField(min_value=1, max_value=MOST_AT_ONCE)
    prefix = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")


class CouponBatchAnswerSerializer(serializers.Serializer[Any]):
    """The codes that were made."""

    count = serializers.IntegerField()
    codes = serializers.ListField(child=serializers.CharField())


class CouponFilterSerializer(serializers.Serializer[Any]):
    """Which codes are shown."""

    code = serializers.CharField(max_length=2 * CODE_LENGTH, required=False)
    batch = serializers.CharField(max_length=NAME_LENGTH, required=False)
    is_active = serializers.BooleanField(required=False, allow_null=True, default=None)


class PromotionFilterSerializer(serializers.Serializer[Any]):
    """Which promotions are shown."""

    is_active = serializers.BooleanField(required=False, allow_null=True, default=None)
    needs_code = serializers.BooleanField(required=False, allow_null=True, default=None)
