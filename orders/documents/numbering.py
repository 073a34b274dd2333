"""Numbers without gaps: of each kind and year 1, 2, 3 …, whoever else is being served and whatever fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from common.transactions import require_transaction
from orders.documents.models import Kind

# Whose calendar and clock documents go by: the shop's, not the server's. All of East Africa shares it.
SHOP_ZONE = ZoneInfo("Africa/Addis_Ababa")
PREFIXES = {
    Kind.INVOICE: "INV",
    Kind.RECEIPT: "RCT",
    Kind.CREDIT_NOTE: "CRN",
    Kind.PACKING_SLIP: "PKS",
}


@dataclass(frozen=True, slots=True)
class Number:
    """One number, and the moment (aware) at which it was taken."""

    kind: Kind
    is_test: bool
    year: int
    sequence: int
    taken_at: datetime

    def __str__(self) -> str:
        test = "TEST-" if self.is_test else ""
        return f"{test}{PREFIXES[self.kind]}-{self.year}-{self.sequence:06}"


def take_number(*, kind: Kind, is_test: bool) -> Number:
    """The next number of its series (kind, and Gregorian year in the shop's time zone); test documents have their own.

    A step, and the last of its transaction: until the commit all who want a number of this series wait. A transaction that
    is rolled back has taken none.
    """
    require_transaction()
    while True:
        year, sequence, taken_at = _count(kind, is_test, 1)
        if taken_at.astimezone(SHOP_ZONE).year == year:
            return Number(kind, is_test, year, sequence, taken_at)
        # The year ended while we waited. Nobody has seen this number, and it is ours until the commit: it goes back.
        _count(kind, is_test, -1, year)


def _count(
    kind: Kind, is_test: bool, step: int, year: int | None = None
) -> tuple[int, int, datetime]:
    """Move the counter of a year (the present one) under its lock: the year, where it stands, and when.

    The time is read with the lock held, so that later numbers have later times.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_documentcounter AS counter (kind, is_test, year, last)"
            " VALUES (%s, %s, coalesce(%s, extract(year FROM clock_timestamp() AT TIME ZONE %s)), 1)"
            " ON CONFLICT (kind, is_test, year) DO UPDATE SET last = counter.last + %s"
            " RETURNING year, last, clock_timestamp()",
            [kind, is_test, year, SHOP_ZONE.key, step],
        )
        found: tuple[int, int, datetime] = cursor.fetchone()
    return found
