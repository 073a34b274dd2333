"""Dates of the Ethiopian calendar: twelve months of thirty days, and Pagumen with five, or six in a leap year.

Every fourth year is a leap year, without exception: the one whose number leaves 3 when divided by 4. The count of years is
seven or eight behind the Gregorian; a year begins on 11 September, or on the 12th after a leap year's Pagumen (between 1900
and 2099). The arithmetic follows E. M. Reingold and N. Dershowitz, *Calendrical Calculations* (4th edition, Cambridge
University Press 2018), chapter 4: the epoch, 1 Mäskäräm of the year 1, is 29 August of the year 8 of the Julian calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

# `date.toordinal()` of 1 Meskerem 1: Rata Die 2796 of the book, which counts days as Python does.
EPOCH = 2796

# Amharic, and the Latin spelling that the Ethiopian press uses.
MONTHS: tuple[tuple[str, str], ...] = (
    ("መስከረም", "Meskerem"),
    ("ጥቅምት", "Tikimt"),
    ("ኅዳር", "Hidar"),
    ("ታኅሣሥ", "Tahsas"),
    ("ጥር", "Tir"),
    ("የካቲት", "Yekatit"),
    ("መጋቢት", "Megabit"),
    ("ሚያዝያ", "Miyazya"),
    ("ግንቦት", "Ginbot"),
    ("ሰኔ", "Sene"),
    ("ሐምሌ", "Hamle"),
    ("ነሐሴ", "Nehase"),
    ("ጳጉሜን", "Pagumen"),
)


@dataclass(frozen=True, slots=True, order=True)
class EthiopianDate:
    """A day: year of the Incarnation (Amete Mihret), month 1 to 13, day.

    Raises:
        ValueError: there is no such day.
    """

    year: int
    month: int
    day: int

    def __post_init__(self) -> None:
        if self.year < 1 or not 1 <= self.month <= 13:
            raise ValueError("There is no such month in the Ethiopian calendar.")
        if not 1 <= self.day <= days_in_month(self.year, self.month):
            raise ValueError("There is no such day in the Ethiopian calendar.")

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}-{self.day:02}"

    def in_amharic(self) -> str:
        """As a letter dates itself: `ኅዳር 14 ቀን 2019 ዓ.ም.`"""
        return f"{MONTHS[self.month - 1][0]} {self.day} ቀን {self.year} ዓ.ም."

    def in_english(self) -> str:
        """`14 Hidar 2019 E.C.`"""
        return f"{self.day} {MONTHS[self.month - 1][1]} {self.year} E.C."


def is_leap_year(year: int) -> bool:
    """Whether Pagumen of this Ethiopian year has six days."""
    return year % 4 == 3


def days_in_month(year: int, month: int) -> int:
    """Thirty; of the thirteenth month five, or six in a leap year."""
    if month < 13:
        return 30
    return 6 if is_leap_year(year) else 5


def to_ethiopian(day: date) -> EthiopianDate:
    """The Ethiopian date of a Gregorian one.

    Raises:
        ValueError: the day lies before the Ethiopian calendar's first.
    """
    passed = day.toordinal() - EPOCH
    if passed < 0:
        raise ValueError("The Ethiopian calendar begins later.")
    # 1461 days are four years; the leap year is the third of each four that begin with a year 1.
    year = (4 * passed + 1463) // 1461
    in_year = passed - _days_before(year)
    return EthiopianDate(year, in_year // 30 + 1, in_year % 30 + 1)


def to_gregorian(day: EthiopianDate) -> date:
    """The Gregorian date of an Ethiopian one.

    Raises:
        ValueError: Python knows no such date (after the year 9999).
    """
    ordinal = EPOCH + _days_before(day.year) + 30 * (day.month - 1) + day.day - 1
    try:
        return date.fromordinal(ordinal)
    except (ValueError, OverflowError):
        raise ValueError("There is no such date.") from None


def _days_before(year: int) -> int:
    """Days from the epoch to the first of this year."""
    return 365 * (year - 1) + year // 4
