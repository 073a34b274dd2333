"""The Ethiopian calendar, against days that are known from history and from printed calendars."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from common.ethiopian import (
    MONTHS,
    EthiopianDate,
    days_in_month,
    is_leap_year,
    to_ethiopian,
    to_gregorian,
)

KNOWN = [
    # Reingold and Dershowitz, Calendrical Calculations, appendix C: sample dates.
    (date(576, 5, 20), (568, 9, 23)),
    (date(1096, 5, 24), (1088, 9, 23)),
    (date(1190, 3, 23), (1182, 7, 20)),
    (date(1492, 4, 9), (1484, 8, 5)),
    (date(1648, 6, 10), (1640, 10, 6)),
    (date(1940, 4, 25), (1932, 8, 17)),
    (date(1996, 2, 25), (1988, 6, 17)),
    (date(2038, 11, 10), (2031, 3, 1)),
    (date(2094, 7, 18), (2086, 11, 11)),
    # History: the victory of Adwa, the patriots' day, the revolution, the fall of the Derg.
    (date(1896, 3, 1), (1888, 6, 23)),
    (date(1941, 5, 5), (1933, 8, 27)),
    (date(1974, 9, 12), (1967, 1, 2)),
    (date(1991, 5, 28), (1983, 9, 20)),
    # The third millennium began on 12 September 2007; ordinary New Years fall on the 11th.
    (date(2007, 9, 12), (2000, 1, 1)),
    (date(2007, 9, 11), (1999, 13, 6)),
    (date(2024, 9, 11), (2017, 1, 1)),
    (date(2023, 9, 12), (2016, 1, 1)),
    (date(2025, 9, 10), (2017, 13, 5)),
    # Christmas is 29 Tahsas, which is 7 January; 28 Tahsas after a leap year.
    (date(2025, 1, 7), (2017, 4, 29)),
    (date(2024, 1, 7), (2016, 4, 28)),
]


@pytest.mark.parametrize(("gregorian", "ethiopian"), KNOWN)
def test_known_days(gregorian: date, ethiopian: tuple[int, int, int]) -> None:
    assert to_ethiopian(gregorian) == EthiopianDate(*ethiopian)
    assert to_gregorian(EthiopianDate(*ethiopian)) == gregorian


def test_every_day_of_four_centuries_follows_the_one_before() -> None:
    day, known = date(1800, 1, 1), to_ethiopian(date(1800, 1, 1))
    while day < date(2200, 1, 1):
        day += timedelta(days=1)
        if known.day < days_in_month(known.year, known.month):
            known = EthiopianDate(known.year, known.month, known.day + 1)
        elif known.month < 13:
            known = EthiopianDate(known.year, known.month + 1, 1)
        else:
            known = EthiopianDate(known.year + 1, 1, 1)
        assert to_ethiopian(day) == known
        assert to_gregorian(known) == day


def test_leap_years_come_before_the_gregorian_ones() -> None:
    assert [year for year in range(2010, 2022) if is_leap_year(year)] == [2011, 2015, 2019]


NO_DAYS = [(2017, 13, 6), (2017, 14, 1), (2017, 0, 1), (2017, 1, 31), (0, 1, 1), (2017, 1, 0)]


@pytest.mark.parametrize("day", NO_DAYS)
def test_days_that_are_none(day: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="There is no such"):
        EthiopianDate(*day)


def test_the_ends_of_what_can_be_said() -> None:
    assert to_ethiopian(date(8, 8, 27)) == EthiopianDate(1, 1, 1)
    with pytest.raises(ValueError, match="begins later"):
        to_ethiopian(date(8, 8, 26))
    assert to_gregorian(to_ethiopian(date.max)) == date.max
    with pytest.raises(ValueError, match="no such date"):
        to_gregorian(EthiopianDate(9999, 13, 5))


def test_words() -> None:
    day = to_ethiopian(date(2026, 11, 23))
    assert day.in_amharic() == "ኅዳር 14 ቀን 2019 ዓ.ም."
    assert day.in_english() == "14 Hidar 2019 E.C."
    assert str(day) == "2019-03-14"
    assert len(MONTHS) == len({name for pair in MONTHS for name in pair}) / 2 == 13
