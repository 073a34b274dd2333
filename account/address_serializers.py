"""The shape of an entry in the address book."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from account.models import Address
from account.serializers import PhoneField
from common.serializers import StrictModelSerializer

MICRO = Decimal("0.000001")  # of a degree: eleven centimetres


class DegreesField(serializers.FloatField):
    """An angle in degrees, kept to six places; a JSON number, as in an order's `shipping_address`."""

    def to_internal_value(self, data: Any) -> Decimal:  # type: ignore[override]
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return Decimal(repr(value)).quantize(MICRO)

    def to_representation(self, value: Any) -> float:  # type: ignore[override]
        return float(value)


@extend_schema_field(
    {"anyOf": [{"type": "string", "pattern": "^[A-Z]{2}$"}, {"type": "string", "maxLength": 0}]}
)
class CountryField(serializers.RegexField):
    """Two capital letters, or nothing; drf-spectacular would put the default where nothing is not allowed."""


def _text(length: int, help_text: str = "") -> serializers.CharField:
    return serializers.CharField(
        default="", allow_blank=True, max_length=length, help_text=help_text or None
    )


class AddressBookSerializer(StrictModelSerializer):
    """Where things are brought. No single field is compulsory, as long as a place, a landmark or a pin says where."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    label = _text(60, "How its owner calls it: home.")  # type: ignore[assignment]
    name = _text(120, "Who receives it, in one piece or as first and last name.")
    first_name = _text(60)
    last_name = _text(60)
    company = _text(120)
    phone = PhoneField(default="", allow_blank=True, help_text="Of whoever receives it.")
    country = CountryField(
        r"^[A-Z]{2}$",
        default="",
        allow_blank=True,
        help_text="ISO 3166-1 alpha-2, such as ET.",
    )
    region = _text(120)
    zone = _text(120)
    city = _text(120)
    sub_city = _text(120)
    woreda = _text(60)
    kebele = _text(60)
    house_number = _text(60)
    line1 = _text(200)
    line2 = _text(200)
    street = _text(200)
    landmark = _text(200, "What the courier asks for: behind Edna Mall.")
    postcode = _text(20, "Never needed.")
    latitude = DegreesField(default=None, allow_null=True, min_value=-90, max_value=90)
    longitude = DegreesField(default=None, allow_null=True, min_value=-180, max_value=180)
    note = _text(500, "For the courier.")
    is_default = serializers.BooleanField(
        required=False, help_text="At most one is; the first address is by itself."
    )

    class Meta:
        model = Address
        fields = [
            "id", "label", "name", "first_name", "last_name", "company", "phone", "country",
            "region", "zone", "city", "sub_city", "woreda", "kebele", "house_number", "line1",
            "line2", "street", "landmark", "postcode", "latitude", "longitude", "note",
            "is_default", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["created_at", "updated_at"]
