"""Telephone numbers: E.164 inside, whatever people write outside."""

from __future__ import annotations

import phonenumbers

HOME_REGION = "ET"


def normalise_phone(text: str) -> str:
    """`0911 23 45 67`, `911234567` or `+251911234567` as E.164 (`+251911234567`).

    Raises:
        ValueError: not a possible number.
    """
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise ValueError("not a telephone number") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("not a telephone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
