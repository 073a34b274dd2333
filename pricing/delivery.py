"""What delivery costs and when it can come. Pure: no database, no clock, no setting.

A method has one table of fees for everywhere, and further tables for areas. The most specific area of a destination that has
a table decides alone: what that table does not have is not delivered there, whatever wider areas say. Amounts are Decimals
in major units of the currency (birr), weights whole grams.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pricing.basket import STANDARD, Delivery

EVERYWHERE = ""


class NoReason(StrEnum):
    """Why a method is not offered. Stable: front ends translate them."""

    WRONG_CURRENCY = "wrong_currency"
    AREA_NEEDED = "area_needed"
    NOT_DELIVERED_HERE = "not_delivered_here"
    TOO_HEAVY = "too_heavy"
    OUT_OF_RANGE = "out_of_range"


@dataclass(frozen=True, slots=True)
class Method:
    """How things travel, as far as a fee depends on it."""

    code: str
    name: str = ""
    tax_category: str = STANDARD


@dataclass(frozen=True, slots=True)
class FeeRule:
    """One row of a table: from so many grams and so much value on (inclusive), up to (exclusive; None: without end).

    Attributes:
        area: its code; EVERYWHERE for the table of last resort.
        free_above: no fee when the goods come to so much, before promotions; None: always a fee.
    """

    fee: Decimal
    currency: str
    area: str = EVERYWHERE
    min_weight: int = 0
    max_weight: int | None = None
    min_value: Decimal = Decimal(0)
    max_value: Decimal | None = None
    free_above: Decimal | None = None

    def covers(self, weight: int, value: Decimal) -> bool:
        """Whether goods of this weight and value are in this row."""
        return (
            self.min_weight <= weight
            and (self.max_weight is None or weight < self.max_weight)
            and self.min_value <= value
            and (self.max_value is None or value < self.max_value)
        )


@dataclass(frozen=True, slots=True)
class Fee:
    """What a method costs to a destination, and whose table said so (an area's code, or EVERYWHERE)."""

    method: str
    name: str
    fee: Decimal
    currency: str
    free_above: Decimal | None = None
    tax_category: str = STANDARD
    area: str = EVERYWHERE

    def charged(self, value: Decimal) -> Decimal:
        """What is to be paid when the goods come to `value`, before promotions."""
        free = self.free_above is not None and value >= self.free_above
        return Decimal(0) if free else self.fee

    def as_delivery(self) -> Delivery:
        """As a basket has it."""
        return Delivery(
            method=self.method,
            name=self.name,
            fee=self.fee,
            free_above=self.free_above,
            tax_category=self.tax_category,
        )


@dataclass(frozen=True, slots=True)
class NoDelivery:
    """Why a method is not offered, in words and as data: `{"max_weight_grams": 30000}`."""

    method: str
    reason: NoReason
    detail: str
    data: Mapping[str, Any] = field(default_factory=dict)


def delivery_fee(
    *,
    method: Method,
    rules: Iterable[FeeRule],
    path: Sequence[str],
    weight: int,
    value: Decimal,
    currency: str,
) -> Fee | NoDelivery:
    """What a method costs.

    Args:
        rules: all of the method, in any order; rows of one table and currency do not overlap.
        path: codes of the destination's areas, the widest first; empty where nobody has said it yet.
        weight: of the goods, in grams. value: of the goods, before promotions.
    """

    def refused(reason: NoReason, detail: str, **data: Any) -> NoDelivery:
        return NoDelivery(method.code, reason, detail, data)

    tables: dict[str, list[FeeRule]] = {}
    for rule in rules:
        if rule.currency == currency:
            tables.setdefault(rule.area, []).append(rule)
    if not tables:
        return refused(NoReason.WRONG_CURRENCY, f"There is no fee in {currency}.")
    area = _most_specific(tables, path)
    if area is None:
        if not path:
            return refused(NoReason.AREA_NEEDED, "Say where to: the fee depends on the area.")
        return refused(NoReason.NOT_DELIVERED_HERE, "This method does not come here.")
    table = tables[area]
    for rule in table:
        if rule.covers(weight, value):
            return Fee(
                method=method.code,
                name=method.name,
                fee=rule.fee,
                currency=currency,
                free_above=rule.free_above,
                tax_category=method.tax_category,
                area=area,
            )
    ends = [rule.max_weight for rule in table]
    heaviest = None if None in ends else max(end for end in ends if end is not None)
    if heaviest is not None and weight >= heaviest:
        detail = f"Only parcels lighter than {heaviest} g."
        return refused(NoReason.TOO_HEAVY, detail, max_weight_grams=heaviest)
    return refused(
        NoReason.OUT_OF_RANGE, "Not for goods of this weight and value.", weight_grams=weight,
        value=str(value),
    )  # fmt: skip


def _most_specific(tables: Iterable[str], path: Sequence[str]) -> str | None:
    """The area whose table decides; None when there is none."""
    having = set(tables)
    for code in (*reversed(path), EVERYWHERE):
        if code in having:
            return code
    return None


# --- windows ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WindowRule:
    """Every week: on a weekday (1 is Monday), from a time until another, ordered so many hours before it begins.

    Attributes:
        capacity: orders that one window takes; None: any number.
    """

    id: int
    weekday: int
    begins: time
    ends: time
    cutoff_hours: int = 0
    area: str = EVERYWHERE
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One window on one day. `left`: how many orders it still takes; None: any number."""

    window: int
    day: date
    begins: datetime
    ends: datetime
    order_by: datetime
    left: int | None = None


class WindowReason(StrEnum):
    """Why a chosen window cannot be had. Stable: front ends translate them."""

    UNAVAILABLE = "delivery_window_unavailable"
    FULL = "delivery_window_full"


@dataclass(frozen=True, slots=True)
class NoSlot:
    """Why a chosen window cannot be had. `field`: which of the two was chosen wrongly, `window` or `day`."""

    reason: WindowReason
    field: str
    detail: str


def chosen_slot(
    *,
    rules: Iterable[WindowRule],
    path: Sequence[str],
    window: int | None,
    day: date | None,
    now: datetime,
    zone: ZoneInfo,
    days: int = 7,
) -> Slot | NoSlot:
    """The window that somebody chose, if it is offered there on that day. Whether it is full is not asked here.

    Its `left` is what it takes in all. For the other arguments see `delivery_slots`.
    """
    rules = _of_area(rules, path)
    for slot in delivery_slots(rules=rules, path=path, now=now, zone=zone, days=days):
        if slot.window == window and slot.day == day:
            return slot

    def refused(name: str, detail: str) -> NoSlot:
        return NoSlot(WindowReason.UNAVAILABLE, name, detail)

    if window not in {rule.id for rule in rules}:
        return refused("window", "The delivery method has no such window there.")
    return refused("day", "The window cannot be had on that day, or no longer.")


def _of_area(rules: Iterable[WindowRule], path: Sequence[str]) -> list[WindowRule]:
    """Those of the most specific area that has any."""
    tables: dict[str, list[WindowRule]] = {}
    for rule in rules:
        tables.setdefault(rule.area, []).append(rule)
    area = _most_specific(tables, path)
    return [] if area is None else tables[area]


def delivery_slots(
    *,
    rules: Iterable[WindowRule],
    path: Sequence[str],
    now: datetime,
    zone: ZoneInfo,
    days: int = 7,
    taken: Mapping[tuple[int, date], int] | None = None,
) -> list[Slot]:
    """The windows of the next days that can still be ordered for, the earliest first; full ones are left out.

    As with fees, the most specific area that has windows decides alone.

    Args:
        now: aware. zone: the one in which windows are meant. days: today is the first.
        taken: orders by window and day, for those with a capacity.
    """
    found = []
    rules = _of_area(rules, path)
    today = now.astimezone(zone).date()
    for ahead in range(days):
        day = today + timedelta(days=ahead)
        for rule in rules:
            if rule.weekday != day.isoweekday():
                continue
            begins = datetime.combine(day, rule.begins, zone)
            # Hours that pass, not hours on the wall: where clocks are changed these differ.
            order_by = (begins.astimezone(UTC) - timedelta(hours=rule.cutoff_hours)).astimezone(
                zone
            )
            left = None
            if rule.capacity is not None:
                left = rule.capacity - (taken or {}).get((rule.id, day), 0)
            if now < order_by and (left is None or left > 0):
                ends = datetime.combine(day, rule.ends, zone)
                found.append(Slot(rule.id, day, begins, ends, order_by, left))
    return sorted(found, key=lambda slot: (slot.begins, slot.ends))
