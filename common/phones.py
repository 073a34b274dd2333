"""Telephone numbers: E.164 inside, whatever people write outside.

Two questions are asked of a number. *May it be written down?* needs a possible length and no tariff that bills the caller:
new ranges are opened faster than anybody's tables are updated, and a contact number that is refused is a lost order.
*May a code be sent to it?* costs money at each message and must never be steered to numbers that earn somebody a share,
so that the tables must know the number as a mobile one. At home the numbering plan itself says so: `9…` and `7…`.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

HOME_REGION = "ET"
LONGEST = 40  # characters that anybody writes a number in

# What address books and messengers put around and between the digits. Letters are no digits: "0911CALLME" is refused.
_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2069\ufeff")
)
_WRITTEN = re.compile(r"\+?[\d\s().,/\-\u2010-\u2015\u2212]+")
_HOME_MOBILE = re.compile(r"\+251[79]\d{8}")
_BILLED = {
    PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL, PhoneNumberType.PAGER,
}  # fmt: skip
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


def normalise_phone(text: str) -> str:
    """A number as E.164 (`+251911234567`), from any of its spellings.

    Ethiopian numbers may come as `0911 23 45 67`, `0711…`, `911234567`, `251911234567`, `00251911234567`, `+251911234567` or
    `+2510911234567`, with spaces, dots, dashes, slashes and brackets, in the decimal digits of any script. Ethiopic numerals
    have no zero and spell no telephone number.

    Raises:
        ValueError: not a possible number, an emergency or other short code, or one whose caller is billed.
    """
    number = _parse(text)
    if not phonenumbers.is_possible_number(number):
        raise ValueError("not a telephone number")
    if phonenumbers.number_type(number) in _BILLED:
        raise ValueError("not a person's telephone number")
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def can_get_codes(phone: str) -> bool:
    """Whether a code may be sent to this number (E.164): a mobile one, as far as its country tells them apart."""
    if _HOME_MOBILE.fullmatch(phone):
        return True
    number = _parse(phone)
    return phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in _MOBILE


def country_of(phone: str) -> str:
    """The ISO 3166-1 code of the number's country (`ET`); empty for numbers of no country."""
    if _HOME_MOBILE.fullmatch(phone):
        return HOME_REGION
    return phonenumbers.region_code_for_number(_parse(phone)) or ""


def begun_number(text: str) -> str:
    """What to look for in E.164 numbers when somebody types a number, or begins one, as people at home write it."""
    try:
        return normalise_phone(text)
    except ValueError:
        digits = re.sub(r"[\s().-]", "", text)
        return digits[1:] if re.fullmatch(r"0[1-9][0-9]{2,}", digits) else text


def local_form(phone: str) -> str:
    """How people at home write it: `0911234567`. Numbers of other countries stay as they are."""
    return f"0{phone[4:]}" if phone.startswith("+251") else phone


def _parse(text: str) -> PhoneNumber:
    if len(text) > LONGEST:
        raise ValueError("not a telephone number")
    written = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).strip()
    if not _WRITTEN.fullmatch(written):
        raise ValueError("not a telephone number")
    try:
        return phonenumbers.parse(written, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise ValueError("not a telephone number") from None
