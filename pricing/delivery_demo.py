"""How the demo shop delivers: Ethiopia's areas, two pickup points, a courier and pickup. What is there stays as it is."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Any

from django.db import transaction

from places.importing import SHIPPED, import_areas
from places.models import Area, PickupPoint
from places.pickup import create_pickup_point
from pricing import delivery_verbs as verbs
from pricing.models import DeliveryMethod

_WORKDAYS = [
    {"weekday": weekday, "opens": time(8, 30), "closes": time(18)} for weekday in range(1, 6)
]
_SATURDAY = [{"weekday": 6, "opens": time(9), "closes": time(13)}]
POINTS: tuple[dict[str, Any], ...] = (
    {
        "slug": "bole-pickup", "name": "Bole pickup counter", "area": "ET-AA-BOLE",
        "address": "Africa Avenue", "landmark": "Near Bole Medhanialem church",
        "latitude": Decimal("8.997700"), "longitude": Decimal("38.786900"),
        "opening_hours": [*_WORKDAYS, *_SATURDAY],
        "translations": {"am": {"name": "የቦሌ መረከቢያ", "landmark": "ቦሌ መድኃኔዓለም ቤተ ክርስቲያን አጠገብ"}},
    },
    {
        "slug": "piassa-pickup", "name": "Piassa pickup counter", "area": "ET-AA-ARADA",
        "address": "Churchill Avenue", "landmark": "Opposite the old post office, Piassa",
        "latitude": Decimal("9.035000"), "longitude": Decimal("38.752000"),
        "opening_hours": _WORKDAYS, "position": 1,
        "translations": {"am": {"name": "የፒያሳ መረከቢያ", "landmark": "ፒያሳ ከአሮጌው ፖስታ ቤት ፊት ለፊት"}},
    },
)  # fmt: skip
_BIRR = {"currency": "ETB"}


def build_delivery() -> int:
    """Make what is missing; returns how many areas, points and methods that were."""
    made = 0
    if not Area.objects.exists():
        for report in import_areas(SHIPPED):
            made = report.added
    with transaction.atomic():
        areas = {area.code: area for area in Area.objects.filter(code__startswith="ET-AA")}
        for point in POINTS:
            known = PickupPoint.objects.filter(slug=point["slug"]).exists()
            if not known and point["area"] in areas:
                create_pickup_point(**{**point, "area": areas[point["area"]]})
                made += 1
        if "ET-AA" in areas:
            made += _methods(areas["ET-AA"])
    return made


def _methods(addis: Area) -> int:
    known = set(DeliveryMethod.objects.values_list("code", flat=True))
    made = 0
    if "courier" not in known:
        courier = verbs.create_method(
            code="courier", name="Courier", kind="courier", description="To your door.",
            translations={"am": {"name": "በመልእክተኛ", "description": "እስከ በርዎ ድረስ።"}},
        )  # fmt: skip
        fees: list[dict[str, Any]] = [
            {**_BIRR, "area": addis, "fee": Decimal(80), "max_weight": 5_000, "free_above": Decimal(3000)},
            {**_BIRR, "area": addis, "fee": Decimal(150), "min_weight": 5_000, "max_weight": 30_000},
            {**_BIRR, "area": None, "fee": Decimal(250), "max_weight": 10_000},
        ]  # fmt: skip
        verbs.set_fees(method_id=courier.pk, fees=fees)
        windows = [
            {"area": addis, "weekday": weekday, "begins": begins, "ends": ends, "cutoff_hours": 3, "capacity": 40}
            for weekday in range(1, 7) for begins, ends in ((time(9), time(12)), (time(14), time(18)))
        ]  # fmt: skip
        verbs.set_windows(method_id=courier.pk, windows=windows)
        made += 1
    if "pickup" not in known:
        pickup = verbs.create_method(
            code="pickup", name="Pickup", kind="pickup", position=1,
            description="At one of our counters, without a fee.",
            translations={"am": {"name": "በመረከቢያ ቦታ", "description": "ከመረከቢያ ቦታዎቻችን በነጻ።"}},
        )  # fmt: skip
        verbs.set_fees(method_id=pickup.pk, fees=[{**_BIRR, "area": None, "fee": Decimal(0)}])
        made += 1
    return made
