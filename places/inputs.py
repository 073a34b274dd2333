"""Bodies, queries and answers of areas and pickup points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.phones import normalise_phone
from common.public_doors import ForCaller, OwnTextField, OwnTranslationsField, WallClockField
from common.serializers import StrictSerializer
from places.models import (
    CODE_LENGTH,
    CODE_PATTERN,
    LINE_LENGTH,
    NAME_LENGTH,
    SLUG_LENGTH,
    SLUG_PATTERN,
    Area,
    Kind,
    PickupPoint,
)
from places.pickup import MOST_HOURS
from places.refusals import NoSuchArea, NoSuchAreaHere
from places.services import find_area

MAX_POSITION = 1_000_000
BEYOND = 2_147_483_647  # the distance of what has no pin


class TolerantSerializer(StrictSerializer):
    """Refuses unknown fields, but drops what answers show and nobody can set: what was read can be sent back."""

    SHOWN_ONLY: frozenset[str] = frozenset()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            data = {key: data[key] for key in data if key not in self.SHOWN_ONLY}
        return super().to_internal_value(data)


@extend_schema_field({
    "type": ["integer", "string", "object"],
    "description": "An area's id or code, or an object with one of them.",
})  # fmt: skip
class AreaField(serializers.Field[Any, Any, Any, Any]):
    """An area by id, code, or an object that holds either."""

    default_error_messages = {"invalid": "Give an area's id or code."}

    def to_internal_value(self, data: Any) -> Area:
        if isinstance(data, Mapping):
            data = data.get("id", data.get("code"))
        if isinstance(data, bool) or not isinstance(data, (int, str)):
            self.fail("invalid")
        try:
            return find_area(str(data)[: CODE_LENGTH + 1], archived=True)
        except NoSuchAreaHere:
            raise serializers.ValidationError(NoSuchArea.title, code=NoSuchArea.code) from None

    def to_representation(self, value: Area) -> int:
        return value.pk


# --- areas ------------------------------------------------------------------------------------


class PlaceSerializer(serializers.Serializer[Any]):
    """One area on a path."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    name = OwnTextField()


class AreaSerializer(ForCaller):
    """A part of the country, and where it lies."""

    STAFF_ONLY = ("is_active", "translations", "version")

    id = serializers.IntegerField()
    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    level = serializers.IntegerField(help_text="1, a region, to 4, a kebele.")
    name = OwnTextField()
    aliases = serializers.CharField(help_text="Other spellings; the search knows them.")
    parent = serializers.IntegerField(  # type: ignore[assignment]
        source="parent_id", allow_null=True
    )
    path = serializers.SerializerMethodField(help_text="The region first, itself last.")
    has_children = serializers.BooleanField(help_text="Whether there are areas to choose in it.")
    is_active = serializers.BooleanField(required=False, help_text="Staff.")
    translations = OwnTranslationsField(required=False, help_text="Staff.")
    version = serializers.IntegerField(required=False, help_text="Staff.")

    @extend_schema_field(PlaceSerializer(many=True))
    def get_path(self, area: Area) -> Any:
        return PlaceSerializer(area.path, many=True, context=self.context).data


class AreaInputSerializer(TolerantSerializer):
    """An area to add or change."""

    SHOWN_ONLY = frozenset({"id", "level", "path", "has_children", "version"})

    code = serializers.RegexField(
        CODE_PATTERN.replace("A-Z", "A-Za-z"), max_length=CODE_LENGTH,
        help_text="The country's code, a hyphen, and whatever you choose: ET-AA-BOLE.",
    )  # fmt: skip
    kind = serializers.ChoiceField(choices=Kind.choices)
    name = serializers.CharField(max_length=NAME_LENGTH, help_text="In English.")
    parent = AreaField(required=False, allow_null=True, default=None)  # type: ignore[assignment]
    aliases = serializers.CharField(max_length=300, allow_blank=True, default="")
    is_active = serializers.BooleanField(default=True)
    translations = OwnTranslationsField(required=False)


class AreaQuerySerializer(serializers.Serializer[Any]):
    """How areas are chosen."""

    parent = AreaField(  # type: ignore[assignment]
        required=False, help_text="Directly in this area."
    )
    within = AreaField(required=False, help_text="In this area, at any depth.")
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    search = serializers.CharField(
        max_length=200, required=False, allow_blank=True,
        help_text="Words of a name in any alphabet, in any order: `bole`, `ቦሌ`.",
    )  # fmt: skip
    archived = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="For staff: only those, or none."
    )


# --- pickup points ----------------------------------------------------------------------------


class HoursSerializer(StrictSerializer):
    """One span of a weekday."""

    weekday = serializers.IntegerField(min_value=1, max_value=7, help_text="1 is Monday.")
    opens = WallClockField()
    closes = WallClockField()


class PickupPointSerializer(ForCaller):
    """A counter where customers fetch what they have bought."""

    STAFF_ONLY = ("is_active", "translations", "version")

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = OwnTextField()
    area = serializers.SerializerMethodField(help_text="The region first, the nearest last.")
    address = OwnTextField()
    landmark = OwnTextField()
    note = OwnTextField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    distance_m = serializers.SerializerMethodField(
        help_text="Metres as the crow flies, with `near`."
    )
    phone = serializers.CharField()
    opening_hours = HoursSerializer(source="hours.all", many=True)
    position = serializers.IntegerField()
    is_active = serializers.BooleanField(required=False, help_text="Staff.")
    translations = OwnTranslationsField(required=False, help_text="Staff.")
    version = serializers.IntegerField(required=False, help_text="Staff.")

    @extend_schema_field(PlaceSerializer(many=True))
    def get_area(self, point: PickupPoint) -> Any:
        return PlaceSerializer(point.area.path, many=True, context=self.context).data

    @extend_schema_field({"type": ["integer", "null"], "minimum": 0})
    def get_distance_m(self, point: Any) -> int | None:
        distance: int = getattr(point, "distance", BEYOND)
        return None if distance == BEYOND else distance


class PhoneField(serializers.CharField):
    """A telephone number as people write it, kept as E.164."""

    def to_internal_value(self, data: Any) -> str:
        text = str(super().to_internal_value(data))
        try:
            return normalise_phone(text) if text else ""
        except ValueError:
            raise serializers.ValidationError("This is no telephone number.", "invalid") from None


class PickupPointInputSerializer(TolerantSerializer):
    """A pickup point to add or change. An address, a landmark or a pin says where it is."""

    SHOWN_ONLY = frozenset({"id", "distance_m", "version"})

    slug = serializers.RegexField(
        rf"^(?=.*[a-z]){SLUG_PATTERN[1:]}", max_length=SLUG_LENGTH,
        help_text="Lower case letters, digits and hyphens.",
    )  # fmt: skip
    name = serializers.CharField(max_length=NAME_LENGTH)
    area = AreaField()
    address = serializers.CharField(max_length=LINE_LENGTH, allow_blank=True, default="")
    landmark = serializers.CharField(max_length=LINE_LENGTH, allow_blank=True, default="")
    note = serializers.CharField(max_length=500, allow_blank=True, default="")
    latitude = serializers.DecimalField(
        max_digits=9, decimal_places=6, min_value=-90, max_value=90, allow_null=True, default=None
    )
    longitude = serializers.DecimalField(
        max_digits=9, decimal_places=6, min_value=-180, max_value=180, allow_null=True, default=None
    )
    phone = PhoneField(max_length=40, allow_blank=True, default="")
    opening_hours = HoursSerializer(  # type: ignore[call-arg]
        many=True, required=False, max_length=MOST_HOURS, help_text="Given: these are all."
    )
    position = serializers.IntegerField(min_value=0, max_value=MAX_POSITION, default=0)
    is_active = serializers.BooleanField(default=True)
    translations = OwnTranslationsField(required=False)


@extend_schema_field(str)
class NearField(serializers.Field[Any, Any, Any, Any]):
    """`9.0108,38.7613`: a latitude and a longitude in degrees."""

    def to_internal_value(self, data: Any) -> tuple[float, float]:
        try:
            latitude, longitude = (float(part) for part in str(data).split(","))
            if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
                raise ValueError
        except ValueError:
            raise serializers.ValidationError(
                "Give a latitude and a longitude: 9.0108,38.7613.", "invalid"
            ) from None
        return latitude, longitude

    def to_representation(self, value: Any) -> str:
        return ",".join(map(str, value))


class PickupQuerySerializer(serializers.Serializer[Any]):
    """How pickup points are chosen."""

    area = AreaField(required=False, help_text="In this area, at any depth.")
    near = NearField(
        required=False, help_text="`9.0108,38.7613`: the nearest first, each with its distance."
    )
    archived = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="For staff: only those, or none."
    )
