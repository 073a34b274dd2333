"""Times as exports write them. Which of two numbers is the month, only the whole file can tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache

MONTH_FIRST, DAY_FIRST, ISO = "month-first", "day-first", "iso"
ORDERS = (MONTH_FIRST, DAY_FIRST, ISO)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)? ?(Z|[+-]\d\d:?\d\d)?"
)
_NUMBERS = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d\d)(?:,? +(\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([AaPp])\.?[Mm]\.?)?)?"
)
_EARLIEST = 1900


class NoDate(ValueError):
    """It is no time, or not in this file's order."""


@dataclass(slots=True)
class Evidence:
    """What the dates of a file say about their order: how many cannot be read the other way."""

    month_first: int = 0
    day_first: int = 0
    dotted: int = 0
    numeric: int = 0

    def see(self, text: str) -> None:
        """One more date."""
        match = _NUMBERS.fullmatch(text)
        if match is None:
            return
        self.numeric += 1
        self.dotted += match[2] == "."
        self.month_first += int(match[3]) > 12
        self.day_first += int(match[1]) > 12

    @property
    def order(self) -> str:
        """The order that more dates demand; without any that does, the usual one: of dots day first, else month first."""
        if not self.numeric:
            return ISO
        if self.month_first != self.day_first:
            return MONTH_FIRST if self.month_first > self.day_first else DAY_FIRST
        return DAY_FIRST if self.dotted * 2 > self.numeric else MONTH_FIRST

    @property
    def is_certain(self) -> bool:
        """Whether no date had to be guessed, and none contradicts."""
        return not self.numeric or (self.month_first > 0) != (self.day_first > 0)


@dataclass(frozen=True)
class Clock:
    """Reads a file's times. `order`: one of ORDERS; ISO ones are read in any case. `zone`: of those that name none."""

    order: str
    zone: tzinfo

    def read(self, text: str) -> datetime:
        """The moment, with a time zone.

        Raises:
            NoDate: it is none.
        """
        return _read(self.order, self.zone, text)


@lru_cache(maxsize=4096)
def _read(order: str, zone: tzinfo, text: str) -> datetime:
    if match := _ISO.fullmatch(text):
        year, month, day, hour, minute, second, offset = match.groups()
        ending = ""
    elif order != ISO and (match := _NUMBERS.fullmatch(text)):
        first, _, other, year, hour, minute, second, ending = match.groups()
        month, day = (first, other) if order == MONTH_FIRST else (other, first)
        year, offset = year if len(year) == 4 else f"20{year}", None
    else:
        raise NoDate
    hours = int(hour or 0)
    if ending:
        if not 1 <= hours <= 12:
            raise NoDate
        hours = hours % 12 + (12 if ending in "Pp" else 0)
    try:
        moment = datetime(
            int(year), int(month), int(day), hours, int(minute or 0), int(second or 0), tzinfo=zone
        )
        if offset:
            zoned = datetime.fromisoformat(f"2000-01-01T00:00:00{offset.replace('Z', '+00:00')}")
            moment = moment.replace(tzinfo=zoned.tzinfo)
    except ValueError:
        raise NoDate from None
    if moment.year < _EARLIEST:
        raise NoDate
    return moment
