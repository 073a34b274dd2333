"""Bodies and answers about taxes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from account.models import CustomerGroup, User
from catalog.inputs import TolerantSerializer
from catalog.models import Category, Product
from catalog.price_serializers import MomentField
from places.inputs import AreaField
from places.models import Area
from pricing.basket import STANDARD, Treatment
from pricing.models import TaxAssignment, TaxCategory, TaxExemption, TaxRate
from pricing.models.taxes import CERTIFICATE_LENGTH, CODE_LENGTH

BIG = 2**63 - 1


class CodeField(serializers.RegexField):
    """The code of a tax category."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[a-z][a-z0-9_-]*$", max_length=CODE_LENGTH, **kwargs)


def _row(model: Any, **kwargs: Any) -> Any:
    return serializers.PrimaryKeyRelatedField(
        queryset=model._default_manager.all(), allow_null=True, default=None,
        pk_field=serializers.IntegerField(min_value=1, max_value=BIG), **kwargs,
    )  # fmt: skip


# --- rates ------------------------------------------------------------------------------------


class TaxRateSerializer(serializers.ModelSerializer[TaxRate]):
    """A dated rate."""

    tax_category = serializers.CharField(source="tax_category_id")
    area = serializers.CharField(help_text="Code of an area; empty: everywhere.")

    class Meta:
        model = TaxRate
        fields = ["id", "name", "tax_category", "area", "rate", "valid_from", "valid_until"]


class AreaCodeField(AreaField):
    """An area, by id or code; empty or null: everywhere."""

    def to_internal_value(self, data: Any) -> Any:
        if data == "":
            return ""
        area: Area = super().to_internal_value(data)
        return area.code


class TaxRateInputSerializer(TolerantSerializer):
    """A rate to write down, or changes of one."""

    SHOWN_ONLY = frozenset({"id"})

    name = serializers.CharField(max_length=40, default="VAT")
    tax_category = CodeField(default=STANDARD)
    area = AreaCodeField(default="")
    rate = serializers.DecimalField(
        max_digits=5, decimal_places=4, min_value=Decimal(0), max_value=Decimal("0.9999"),
        help_text="A fraction: 0.15 is 15 %.",
    )  # fmt: skip
    valid_from = MomentField()
    valid_until = MomentField(allow_null=True, default=None, help_text="Exclusive.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "tax_category" in attrs:
            code = attrs.pop("tax_category")
            if not TaxCategory.objects.filter(pk=code).exists():
                raise serializers.ValidationError(
                    {"tax_category": ["There is no such tax category."]}, "does_not_exist"
                )
            attrs["tax_category_id"] = code
        return attrs


class TaxRateFilterSerializer(serializers.Serializer[Any]):
    """Which rates are shown."""

    tax_category = serializers.CharField(max_length=CODE_LENGTH, required=False)
    area = serializers.CharField(max_length=64, required=False, allow_blank=True)


# --- categories -------------------------------------------------------------------------------


class TaxCategorySerializer(serializers.ModelSerializer[TaxCategory]):
    """What is taxed alike."""

    class Meta:
        model = TaxCategory
        fields = ["code", "name", "treatment", "created_at"]


class TaxCategoryChangeSerializer(TolerantSerializer):
    """Changes of a tax category; its code stays."""

    SHOWN_ONLY = frozenset({"code", "created_at"})

    name = serializers.CharField(max_length=80)
    treatment = serializers.ChoiceField(
        choices=[one.value for one in Treatment], default=Treatment.TAXED.value
    )


class TaxCategoryInputSerializer(TaxCategoryChangeSerializer):
    """A tax category to add."""

    SHOWN_ONLY = frozenset({"created_at"})

    code = CodeField()


class TaxAssignmentSerializer(serializers.ModelSerializer[TaxAssignment]):
    """A product, or all of a category of the shop, is of the tax category."""

    product = serializers.IntegerField(source="product_id", allow_null=True)
    category = serializers.IntegerField(source="category_id", allow_null=True)

    class Meta:
        model = TaxAssignment
        fields = ["id", "product", "category", "created_at"]


class TaxAssignmentInputSerializer(TolerantSerializer):
    """A product or a category of the shop, by id."""

    SHOWN_ONLY = frozenset({"id", "created_at"})

    product = _row(Product)
    category = _row(Category)


# --- exemptions -------------------------------------------------------------------------------


class TaxExemptionSerializer(serializers.ModelSerializer[TaxExemption]):
    """A certificate that frees a customer or a group from tax."""

    user = serializers.SerializerMethodField(help_text="Id of a customer.")
    group = serializers.IntegerField(source="group_id", allow_null=True)

    class Meta:
        model = TaxExemption
        fields = [
            "id", "user", "group", "certificate", "categories", "valid_from", "valid_until", "created_at",
        ]  # fmt: skip

    @extend_schema_field({"type": ["string", "null"], "format": "uuid"})
    def get_user(self, row: TaxExemption) -> str | None:
        return str(row.user.public_id) if row.user else None


class TaxExemptionChangeSerializer(TolerantSerializer):
    """Changes of a certificate; whose it is stays."""

    SHOWN_ONLY = frozenset({"id", "user", "group", "created_at"})

    certificate = serializers.CharField(max_length=CERTIFICATE_LENGTH)
    categories = serializers.ListField(
        child=CodeField(), max_length=100, default=list, help_text="Empty: all."
    )
    valid_from = MomentField()
    valid_until = MomentField(allow_null=True, default=None, help_text="Exclusive.")


class TaxExemptionInputSerializer(TaxExemptionChangeSerializer):
    """A certificate to write down."""

    SHOWN_ONLY = frozenset({"id", "created_at"})

    user = serializers.SlugRelatedField(
        slug_field="public_id", queryset=User.objects.filter(erased_at__isnull=True),
        allow_null=True, default=None, help_text="Id of a customer.",
    )  # fmt: skip
    group = _row(CustomerGroup)
