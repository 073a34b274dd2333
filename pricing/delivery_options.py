"""How a basket can travel to an area: every method, with its fee and next windows, or why not. Five statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings

from places.services import AreaPath, resolve
from pricing import bookings
from pricing.basket import STANDARD
from pricing.delivery import (
    EVERYWHERE,
    Fee,
    FeeRule,
    Method,
    NoDelivery,
    Slot,
    WindowRule,
    delivery_fee,
    delivery_slots,
)
from pricing.delivery_verbs import find_method, for_display
from pricing.models import DeliveryMethod

DAYS = 7


@dataclass(frozen=True, slots=True)
class Option:
    """One method for one destination: what it costs, or why it does not go there."""

    method: DeliveryMethod
    fee: Fee | None
    refusal: NoDelivery | None
    slots: tuple[Slot, ...]


def delivery_options(
    *,
    area: str,
    weight: int,
    value: Decimal,
    currency: str,
    now: datetime,
) -> list[Option]:
    """All methods in the shop's order, those that cannot go there with the reason. Full windows are left out.

    Args:
        area: code or id of the destination's area; empty: not known yet.
        weight: of the goods, in grams. value: of the goods in `currency`, before promotions.

    Raises:
        places.refusals.NoSuchArea
    """
    path = resolve(area) if area else None
    rows = list(for_display().filter(is_active=True).order_by("position", "pk"))
    windows = [window for row in rows for window in row.windows.all()]
    taken = bookings.taken([window.pk for window in windows if window.capacity is not None])
    return [
        _option(row, path, weight=weight, value=value, currency=currency, now=now, taken=taken)
        for row in rows
    ]


def quoted_fee(
    *, method: str, area: str, weight: int, value: Decimal, currency: str
) -> Fee | NoDelivery:
    """What one method costs to an area: for a basket that has chosen. At most four statements.

    Raises:
        NoSuchDeliveryMethod; places.refusals.NoSuchArea
    """
    row = find_method(method)
    path = resolve(area) if area else None
    return delivery_fee(
        method=method_of(row),
        rules=fee_rules(row),
        path=path.codes if path else (),
        weight=weight,
        value=value,
        currency=currency,
    )


def method_of(row: DeliveryMethod) -> Method:
    """The row as the pure functions know it."""
    return Method(code=row.code, name=row.name, tax_category=row.tax_category_id or STANDARD)


def fee_rules(row: DeliveryMethod) -> list[FeeRule]:
    """The tables of a method that was fetched for display."""
    return [
        FeeRule(
            fee=fee.fee,
            currency=fee.currency,
            area=fee.area.code if fee.area else EVERYWHERE,
            min_weight=fee.min_weight,
            max_weight=fee.max_weight,
            min_value=fee.min_value,
            max_value=fee.max_value,
            free_above=fee.free_above,
        )
        for fee in row.fees.all()
    ]


def window_rules(row: DeliveryMethod) -> list[WindowRule]:
    """The windows of a method that was fetched for display."""
    return [
        WindowRule(
            id=window.pk,
            weekday=window.weekday,
            begins=window.begins,
            ends=window.ends,
            cutoff_hours=window.cutoff_hours,
            area=window.area.code if window.area else EVERYWHERE,
            capacity=window.capacity,
        )
        for window in row.windows.all()
    ]


def _option(
    row: DeliveryMethod,
    path: AreaPath | None,
    *,
    weight: int,
    value: Decimal,
    currency: str,
    now: datetime,
    taken: Mapping[tuple[int, date], int] | None,
) -> Option:
    codes = path.codes if path else ()
    found = delivery_fee(
        method=method_of(row), rules=fee_rules(row), path=codes, weight=weight, value=value,
        currency=currency,
    )  # fmt: skip
    if isinstance(found, NoDelivery):
        return Option(row, None, found, ())
    slots = delivery_slots(
        rules=window_rules(row), path=codes, now=now, zone=ZoneInfo(settings.SHOP_TIME_ZONE),
        days=DAYS, taken=taken,
    )  # fmt: skip
    return Option(row, found, None, tuple(slots))
