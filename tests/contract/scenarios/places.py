"""Places and delivery: where things go, and what that costs."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from places import pickup, services
from places.models import Area
from pricing import delivery_verbs
from pricing.models import DeliveryBooking, DeliveryWindow
from tests.contract.recorder import Recorder
from tests.contract.scenarios.catalog_model import listed
from tests.contract.scenarios.catalog_prices import refused
from tests.contract.scenarios.orders import standing_days
from tests.contract.scenarios.second_factor import set_up, standing_clock, token_of

KEY = "places-2026-11-23-0001"
HOURS = [
    {"weekday": 1, "opens": "08:30", "closes": "12:30"},
    {"weekday": 1, "opens": "13:30", "closes": "18:00"},
]
POINT = {
    "slug": "bole-medhanialem", "name": "Bole Medhanialem", "area": "ET-AA-BOLE",
    "landmark": "Ground floor of Edna Mall", "latitude": "8.997700", "longitude": "38.786900",
    "phone": "0911 23 45 67", "opening_hours": HOURS, "translations": {"am": {"name": "ቦሌ መድኃኔዓለም"}},
}  # fmt: skip
FEES = [
    {"fee": "250.00", "max_weight": 30000},
    {"area": "ET-AA", "fee": "80.00", "free_above": "1500.00", "max_weight": 20000},
]


def _addis() -> Area:
    addis = services.create_area(
        code="ET-AA", name="Addis Ababa", kind="chartered_city", aliases="Finfinne",
        translations={"am": {"name": "አዲስ አበባ"}},
    )  # fmt: skip
    return services.create_area(
        code="ET-AA-BOLE", name="Bole", kind="sub_city", parent=addis,
        translations={"am": {"name": "ቦሌ"}},
    )  # fmt: skip


def areas(s: Recorder) -> None:
    """A tree of areas."""
    _addis()
    listed(s, "areas_list", "Everywhere")
    s.call(
        "areas_list", "search", "In any alphabet", query={"search": "ቦሌ"}, status=200,
    )  # fmt: skip
    s.call("areas_retrieve", "show", "With its path", path={"key": "ET-AA-BOLE"}, status=200)
    token: dict[str, Any] = {"token": s.world.staff_token}
    made = s.call(
        "areas_create", "create", "An area in another", **token, key=KEY, status=201,
        body={
            "code": "ET-AA-YEKA", "kind": "sub_city", "name": "Yeka", "parent": "ET-AA",
            "translations": {"am": {"name": "የካ"}},
        },
    )  # fmt: skip
    whole = {"code": "ET-AA-NEW", "kind": "sub_city", "name": "New", "parent": "ET-AA"}
    refused(s, "areas_create", [
        ("area_code_taken", "There is such a code", 409, "area_code_taken", {**whole, "code": "ET-AA-BOLE"}),
        ("area_name_taken", "There is such an area", 409, "area_name_taken", {**whole, "name": "Bole"}),
        ("wrong_level", "A sub-city lies in something larger", 400, "wrong_level",
         {**whole, "parent": "ET-AA-BOLE"}),
        ("invalid", "It needs a kind", 400, "invalid", {"code": "ET-AA-NEW", "name": "New"}),
    ], **token)  # fmt: skip
    one: dict[str, Any] = {**token, "path": {"key": made["code"]}}
    s.call(
        "areas_change", "rename", "Another spelling to find it by", **one,
        body={"aliases": "Yekka"}, status=200,
    )  # fmt: skip
    refused(s, "areas_change", [
        ("area_code_stays", "It keeps its code", 409, "area_code_stays", {"code": "ET-AA-YEKKA"}),
        ("area_name_taken", "There is such an area", 409, "area_name_taken", {"name": "Bole"}),
        ("wrong_level", "A sub-city lies in something", 400, "wrong_level", {"parent": None}),
        ("invalid", "There is no such kind", 400, "invalid", {"kind": "island"}),
    ], **one)  # fmt: skip
    s.call(
        "areas_delete", "area_in_use", "Others lie in it", **token, path={"key": "ET-AA"}, status=409,
        code="area_in_use",
    )  # fmt: skip
    s.call("areas_delete", "delete", "Nothing refers to it", **one, status=204)


def pickup_points(s: Recorder) -> None:
    """Where parcels wait."""
    _addis()
    token: dict[str, Any] = {"token": s.world.staff_token}
    made = s.call(
        "pickup_points_create", "create", "With its opening hours", **token, key=KEY, status=201,
        body=POINT,
    )  # fmt: skip
    wrong: list[tuple[str, str, int, str, Any]] = [
        ("hours_overlap", "Half past eight is there twice", 400, "hours_overlap",
         {"opening_hours": [HOURS[0], HOURS[0]]}),
        ("empty_address", "Where is it?", 400, "empty_address",
         {"landmark": "", "latitude": None, "longitude": None}),
        ("invalid", "There is no such weekday", 400, "invalid",
         {"opening_hours": [{"weekday": 8, "opens": "08:30", "closes": "12:30"}]}),
    ]  # fmt: skip
    refused(s, "pickup_points_create", [
        ("slug_taken", "There is such a slug", 409, "slug_taken", POINT),
        *((*case[:4], {**POINT, "slug": "new", **case[4]}) for case in wrong),
    ], **token)  # fmt: skip
    listed(s, "pickup_points_list", "In the shop's order")
    s.call(
        "pickup_points_list",
        "near",
        "The nearest first",
        query={"near": "9.0300,38.7500"},
        status=200,
    )
    at: dict[str, Any] = {"path": {"key": made["slug"]}}
    s.call("pickup_points_retrieve", "show", "By its slug", **at, status=200)
    s.call(
        "pickup_points_change", "hours", "Other opening hours", **token, **at,
        body={"opening_hours": HOURS[:1]}, status=200,
    )  # fmt: skip
    pickup.create_pickup_point(
        slug="piassa", name="Piassa", area=Area.objects.get(code="ET-AA"),
        landmark="Behind the post office",
    )  # fmt: skip
    refused(s, "pickup_points_change", [
        ("slug_taken", "There is such a slug", 409, "slug_taken", {"slug": "piassa"}), *wrong,
    ], **token, **at)  # fmt: skip
    s.call("pickup_points_delete", "delete", "It is gone", **token, **at, status=204)


def delivery(s: Recorder) -> None:
    """A method, its fees and windows, and what it costs."""
    _addis()
    token: dict[str, Any] = {"token": s.world.staff_token}
    courier = {
        "code": "courier", "name": "Courier", "kind": "courier",
        "translations": {"am": {"name": "በመልእክተኛ"}},
    }  # fmt: skip
    s.call(
        "delivery_methods_create", "create", "Without fees at first", **token, key=KEY, body=courier,
        status=201,
    )  # fmt: skip
    refused(s, "delivery_methods_create", [
        ("delivery_method_code_taken", "There is such a method", 409, "delivery_method_code_taken", courier),
        ("invalid", "It needs a kind", 400, "invalid", {"code": "post", "name": "Post"}),
    ], **token)  # fmt: skip
    at: dict[str, Any] = {"path": {"key": "courier"}}
    s.call(
        "delivery_fees_set",
        "set",
        "By area and weight",
        **token,
        **at,
        body={"fees": FEES},
        status=200,
    )
    refused(s, "delivery_fees_set", [
        ("fees_overlap", "Two fees for one parcel", 400, "fees_overlap",
         {"fees": [*FEES, {"fee": "1.00", "min_weight": 29000}]}),
        ("invalid", "There is no such area", 400, "invalid",
         {"fees": [{"fee": "1.00", "area": "ET-NOWHERE"}]}),
    ], **token, **at)  # fmt: skip
    window = {"weekday": 1, "begins": "14:00", "ends": "17:00", "cutoff_hours": 2, "capacity": 20}
    s.call(
        "delivery_windows_set", "set", "On Mondays, for twenty orders", **token, **at,
        body={"windows": [window]}, status=200,
    )  # fmt: skip
    with standing_days():
        chosen = DeliveryWindow.objects.get()
        for _ in range(2):
            DeliveryBooking.objects.create(window=chosen, day="2026-11-02", holder=uuid4())
        refused(s, "delivery_windows_set", [
            ("delivery_window_booked", "Two orders are promised it", 409, "delivery_window_booked",
             {"windows": [{**window, "capacity": 1}]}),
        ], **token, **at)  # fmt: skip
        s.call(
            "delivery_options", "windows", "Today's afternoon still takes orders",
            query={"area": "ET-AA-BOLE", "weight": 900, "value": "700.00"}, status=200,
        )  # fmt: skip
        DeliveryBooking.objects.all().delete()
    refused(s, "delivery_windows_set", [
        ("windows_overlap", "Two at once", 400, "windows_overlap",
         {"windows": [window, {**window, "begins": "16:00", "ends": "18:00"}]}),
        ("invalid", "There is no such weekday", 400, "invalid", {"windows": [{**window, "weekday": 0}]}),
    ], **token, **at)  # fmt: skip
    s.call("delivery_windows_set", "none", "At any time", **token, **at, body={"windows": []}, status=200)  # fmt: skip
    asked = {"area": "ET-AA-BOLE", "weight": 900, "value": "1500.00"}
    s.call("delivery_options", "free", "Free from 1,500 birr on", query=asked, status=200)
    s.call(
        "delivery_options", "too_heavy", "Not everything goes everywhere",
        query={"area": "ET-AA", "weight": 25000}, status=200,
    )  # fmt: skip
    s.call(
        "delivery_options", "does_not_exist", "There is no such area", query={"area": "ET-NOWHERE"},
        status=400, code="does_not_exist",
    )  # fmt: skip
    s.call(
        "delivery_options", "invalid", "A weight is in grams", query={"weight": "heavy"}, status=400,
        code="invalid",
    )  # fmt: skip
    listed(s, "delivery_methods_list", "In the shop's order")
    s.call("delivery_methods_retrieve", "show", "With its fees", **at, status=200)
    s.call(
        "delivery_methods_change", "describe", "A few words", **token, **at,
        body={"description": "To your door."}, status=200,
    )  # fmt: skip
    refused(s, "delivery_methods_change", [
        ("delivery_method_code_stays", "It keeps its code", 409, "delivery_method_code_stays", {"code": "bike"}),
        ("invalid", "There is no such kind", 400, "invalid", {"kind": "drone"}),
    ], **token, **at)  # fmt: skip
    s.call("delivery_methods_delete", "delete", "With its fees", **token, **at, status=204)


def sensitive(s: Recorder) -> None:
    """Fees are prices: whoever has an authenticator app gives a code before changing them."""
    delivery_verbs.create_method(code="courier", name="Courier", kind="courier")
    with standing_clock():
        set_up(s.world.owner)
    token = token_of(s.world.owner, hours=13)
    at = {"path": {"key": "courier"}}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("delivery_methods_create", {"body": {"code": "post", "name": "Post", "kind": "post"}}),
        ("delivery_methods_change", {**at, "body": {"name": "Bike"}}),
        ("delivery_methods_delete", at),
        ("delivery_fees_set", {**at, "body": {"fees": []}}),
        ("delivery_windows_set", {**at, "body": {"windows": []}}),
    ]
    for operation, rest in calls:
        s.call(
            operation, "second_factor", "A code is needed for this; the last one is too old",
            token=token, status=403, code="second_factor_required", **rest,
        )  # fmt: skip


STORIES = [areas, pickup_points, delivery, sensitive]
