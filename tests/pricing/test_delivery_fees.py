"""What delivery costs: the pure function, by examples and by what must hold for every table and parcel."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.delivery import (
    Fee,
    FeeRule,
    Method,
    NoDelivery,
    NoReason,
    WindowRule,
    delivery_fee,
    delivery_slots,
)

COURIER = Method("courier", "Courier", "standard")
D = Decimal
RULES = [
    FeeRule(D("250"), "ETB", max_weight=30_000),
    FeeRule(D("80"), "ETB", "ET-AA", max_weight=5_000, free_above=D("1500")),
    FeeRule(D("120"), "ETB", "ET-AA", min_weight=5_000, max_weight=20_000),
    FeeRule(D("60"), "ETB", "ET-AA-BOLE"),
    FeeRule(D("9.50"), "USD", "ET-AA"),
]
ADDIS, YEKA, BOLE = ("ET-AA",), ("ET-AA", "ET-AA-YEKA"), ("ET-AA", "ET-AA-BOLE", "ET-AA-BOLE-W03")


def fee(path, weight=1000, value="100", currency="ETB", rules=RULES):
    return delivery_fee(
        method=COURIER, rules=rules, path=path, weight=weight, value=D(value), currency=currency
    )


@pytest.mark.parametrize(
    ("path", "weight", "costs", "table"),
    [
        (("ET-OR",), 1000, "250", ""),
        (ADDIS, 0, "80", "ET-AA"),
        (YEKA, 4_999, "80", "ET-AA"),
        (YEKA, 5_000, "120", "ET-AA"),
        (YEKA, 19_999, "120", "ET-AA"),
        (BOLE, 1_000_000, "60", "ET-AA-BOLE"),
        ((), 1000, "250", ""),
    ],
)
def test_the_most_specific_table_decides(path, weight, costs, table):
    found = fee(path, weight)
    assert isinstance(found, Fee)
    assert (found.fee, found.area, found.method) == (D(costs), table, "courier")


def test_a_table_is_not_completed_by_a_wider_one():
    """Everywhere else 25 kg would be carried."""
    found = fee(YEKA, 25_000)
    assert isinstance(found, NoDelivery)
    assert (found.reason, found.data) == (NoReason.TOO_HEAVY, {"max_weight_grams": 20_000})


def test_why_not():
    assert fee(ADDIS, currency="EUR").reason == NoReason.WRONG_CURRENCY
    assert fee(("ET-OR",), currency="USD").reason == NoReason.NOT_DELIVERED_HERE
    assert fee((), currency="USD").reason == NoReason.AREA_NEEDED
    gap = [FeeRule(D(1), "ETB", min_value=D("50"), max_value=D("100"))]
    assert fee((), value="49.99", rules=gap).reason == NoReason.OUT_OF_RANGE
    assert fee((), value="100", rules=gap).reason == NoReason.OUT_OF_RANGE
    assert fee((), value="99.99", rules=gap).fee == D(1)


def test_free_from_the_threshold_on():
    found = fee(ADDIS)
    assert [found.charged(D(value)) for value in ("1499.99", "1500", "9999")] == [D(80), D(0), D(0)]
    assert fee(BOLE).charged(D("1000000")) == D(60)
    delivery = found.as_delivery()
    assert (delivery.method, delivery.fee, delivery.free_above, delivery.tax_category, delivery.name) == (
        "courier", D(80), D(1500), "standard", "Courier",
    )  # fmt: skip


AREAS = ["", "A", "A-B", "A-B-C", "X"]
BOUNDS = st.lists(st.integers(1, 60), unique=True, max_size=4).map(sorted)


@st.composite
def tables(draw):
    """Tables without overlaps: weights cut at some bounds, every other piece kept."""
    rules = []
    for area in draw(st.lists(st.sampled_from(AREAS), unique=True, max_size=5)):
        edges = [0, *draw(BOUNDS), None]
        for low, high in pairwise(edges):
            if draw(st.booleans()):
                amount = D(draw(st.integers(0, 100_000))) / 100
                rules.append(FeeRule(amount, "ETB", area, min_weight=low, max_weight=high))
    return rules


@given(tables(), st.sampled_from([(), ("A",), ("A", "A-B"), ("A", "A-B", "A-B-C"), ("X",), ("Y",)]),
       st.integers(0, 70), st.randoms())  # fmt: skip
def test_for_every_table_and_parcel(rules, path, weight, random):
    found = fee(path, weight, rules=rules)
    # The order of rows does not matter.
    shuffled = list(rules)
    random.shuffle(shuffled)
    assert fee(path, weight, rules=shuffled) == found
    # Written the other way round: walk from the destination up, stop at the first table there is.
    expected = None
    for area in [*reversed(path), ""]:
        table = [rule for rule in rules if rule.area == area]
        if table:
            expected = [rule for rule in table if rule.covers(weight, D(100))]
            break
    if expected:
        [rule] = expected
        assert (found.fee, found.area) == (rule.fee, rule.area)
    else:
        assert isinstance(found, NoDelivery)
        reasons = (
            {NoReason.TOO_HEAVY, NoReason.OUT_OF_RANGE} if expected is not None
            else {NoReason.WRONG_CURRENCY} if not rules
            else {NoReason.NOT_DELIVERED_HERE if path else NoReason.AREA_NEEDED}
        )  # fmt: skip
        assert found.reason in reasons
    # What other areas say changes nothing for this one.
    others = [rule for rule in rules if rule.area in {"", *path}]
    if others:
        assert fee(path, weight, rules=others) == found


# --- windows ----------------------------------------------------------------------------------

ADDIS_ABABA = ZoneInfo("Africa/Addis_Ababa")
MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # 08:00 in Addis Ababa
WINDOWS = [
    WindowRule(1, 1, time(9), time(12), cutoff_hours=2),
    WindowRule(2, 1, time(14), time(17), cutoff_hours=2, capacity=3),
    WindowRule(3, 2, time(9), time(12), cutoff_hours=12),
    WindowRule(4, 3, time(9), time(12), area="ET-AA"),
]


def slots(path=(), now=MONDAY, days=7, rules=WINDOWS, **more):
    return [
        (slot.window, slot.day.isoformat()[5:])
        for slot in delivery_slots(
            rules=rules, path=path, now=now, zone=ADDIS_ABABA, days=days, **more
        )
    ]


def test_windows_that_can_still_be_ordered_for():
    assert slots() == [(2, "11-23"), (3, "11-24")]
    assert slots(days=8) == [(2, "11-23"), (3, "11-24"), (1, "11-30"), (2, "11-30")]
    early = datetime(2026, 11, 23, 3, 59, 59, tzinfo=UTC)
    assert slots(now=early)[0] == (1, "11-23")
    assert slots(now=early.replace(hour=4, minute=0, second=0))[0] == (2, "11-23"), (
        "07:00 is too late"
    )
    [first, *_] = delivery_slots(rules=WINDOWS, path=(), now=MONDAY, zone=ADDIS_ABABA)
    assert first.begins == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    assert first.order_by == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert first.left == 3


def test_the_day_is_that_of_the_shop():
    """22:30 on Sunday in UTC is Monday in Addis Ababa."""
    assert slots(now=datetime(2026, 11, 22, 22, 30, tzinfo=UTC), days=1) == [
        (1, "11-23"),
        (2, "11-23"),
    ]


def test_an_area_with_windows_has_no_others():
    assert slots(path=("ET-AA", "ET-AA-BOLE")) == [(4, "11-25")]
    assert slots(path=("ET-OR",)) == slots()
    assert slots(path=("ET-OR",), rules=WINDOWS[3:]) == []


def test_full_windows_are_left_out():
    day = date(2026, 11, 23)
    assert (2, "11-23") in slots(taken={(2, day): 2})
    assert (2, "11-23") not in slots(taken={(2, day): 3})
    assert (2, "11-30") in slots(taken={(2, day): 3}, days=8)
