"""Places in delivery windows are booked, and given back: no window takes more orders than its capacity.

Lock order: after coupons, before stock. A window that has a capacity is locked against others for as long as a checkout
takes; one without is shared, so that no checkout waits for another. Whoever sets a capacity locks out both, and counts what
has been booked before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.db.models.functions import Now
from django.utils import timezone

from common.transactions import require_transaction
from pricing.delivery import Slot
from pricing.delivery_refusals import DeliveryWindowFull, DeliveryWindowUnavailable
from pricing.models import DeliveryBooking, DeliveryWindow

_LOCKED = """
WITH shared AS (SELECT * FROM pricing_deliverywindow WHERE id = %(window)s AND capacity IS NULL FOR KEY SHARE),
     counted AS (SELECT * FROM pricing_deliverywindow WHERE id = %(window)s AND capacity IS NOT NULL FOR NO KEY UPDATE)
SELECT * FROM shared UNION ALL SELECT * FROM counted
"""
# Looked at and written at once, under the lock that the statement before has waited for.
_BOOK = """
INSERT INTO pricing_deliverybooking (window_id, day, holder)
SELECT %(window)s, %(day)s, %(holder)s
 WHERE %(capacity)s::bigint IS NULL
    OR (SELECT count(*) FROM pricing_deliverybooking
         WHERE window_id = %(window)s AND day = %(day)s AND given_back_at IS NULL) < %(capacity)s::bigint
"""


def today() -> date:
    """The day it is in the shop."""
    return timezone.now().astimezone(ZoneInfo(settings.SHOP_TIME_ZONE)).date()


def book(*, slot: Slot, holder: UUID) -> None:
    """Take a place in a window. A step: needs a transaction. Two statements.

    Args:
        slot: of `pricing.delivery.chosen_slot`. holder: the public id of an order that has booked none yet.

    Raises:
        DeliveryWindowFull; DeliveryWindowUnavailable: staff have taken the window away since it was offered.
    """
    require_transaction()
    row = _locked(slot.window)
    if row is None:
        raise DeliveryWindowUnavailable("The delivery method has no such window any more.")
    given: dict[str, Any] = {
        "window": row.pk,
        "day": slot.day,
        "holder": holder,
        "capacity": row.capacity,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BOOK, given)
        if not cursor.rowcount:
            raise DeliveryWindowFull(
                f"Choose another one: no place is left on {slot.day} from {slot.begins:%H:%M}."
            )


def give_back(*, holder: UUID) -> int:
    """Give the place back of an order that comes to nothing. A step; whoever comes second gives back nothing.

    Returns:
        How many places were given back: 1, or 0.
    """
    require_transaction()
    mine = DeliveryBooking.objects.filter(holder=holder, given_back_at=None)
    return mine.update(given_back_at=Now())


def book_again(*, holder: UUID) -> str:
    """Take the place again of an order that has come back to life. A step, under the order's lock.

    Returns:
        Empty, or why it cannot be had, to be noted for staff: the order stays, they agree on another window.
    """
    require_transaction()
    booking = DeliveryBooking.objects.filter(holder=holder, given_back_at__isnull=False).first()
    if booking is None:
        return ""
    row = _locked(booking.window_id) if booking.window_id else None
    if row is None:
        return "its delivery window is no longer offered"
    zone = ZoneInfo(settings.SHOP_TIME_ZONE)
    if datetime.combine(booking.day, row.begins, zone) <= timezone.now():
        return "its delivery window is over"
    others = DeliveryBooking.objects.filter(window=row, day=booking.day, given_back_at=None)
    if row.capacity is not None and others.count() >= row.capacity:
        return "its delivery window is full"
    DeliveryBooking.objects.filter(pk=booking.pk).update(given_back_at=None)
    return ""


def taken(windows: Collection[int]) -> Mapping[tuple[int, date], int]:
    """How many orders have places in these windows, by window and day, from today on. One statement, or none for none."""
    if not windows:
        return {}
    booked = DeliveryBooking.objects.filter(
        window__in=list(windows), day__gte=today(), given_back_at=None
    )
    counted = booked.values_list("window_id", "day").annotate(number=Count("pk")).order_by()
    return {(window, day): number for window, day, number in counted if window is not None}


def is_full(slot: Slot) -> bool:
    """Whether a chosen window has no place left, as far as can be told without waiting; `book` decides.

    One statement, and none for a window that takes any number.
    """
    if slot.left is None:
        return False
    return taken([slot.window]).get((slot.window, slot.day), 0) >= slot.left


def _locked(window: int) -> DeliveryWindow | None:
    """The window, locked; a row that is given a capacity, or loses it, while it is waited for is asked for again."""
    for _ in range(3):
        for row in DeliveryWindow.objects.raw(_LOCKED, {"window": window}):
            return row
    return None
