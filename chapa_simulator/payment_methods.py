"""The ways to pay, and the test data that decide whether a simulated payment succeeds."""

from __future__ import annotations

import re
from dataclasses import dataclass

TEST_OTP = "12345"
TEST_EXPIRY = "12/34"


@dataclass(frozen=True)
class Method:
    """One choice on the checkout page; `kind` is wallet (a phone), otp (phone and code) or card."""

    code: str
    name: str
    hint: str
    kind: str
    test_phones: tuple[str, ...] = ()


_NINES = ("0900123456", "0900112233", "0900881111")
_SEVENS = ("0700123456", "0700112233", "0700881111")

METHODS: tuple[Method, ...] = (
    Method("telebirr", "telebirr", "Ethio telecom", "wallet", _NINES),
    Method("mpesa", "M-Pesa", "Safaricom", "wallet", _SEVENS),
    Method("cbebirr", "CBE Birr", "Commercial Bank", "wallet", _NINES),
    Method("ebirr", "Coopay E-Birr", "Cooperative Bank", "wallet", _NINES),
    Method("awashbirr", "Awash Birr", "Awash Bank", "otp", _NINES),
    Method("amole", "Amole", "Dashen Bank", "otp", _NINES),
    Method("card", "Card", "Visa, Mastercard, Amex, UnionPay", "card"),
)
_BY_CODE = {method.code: method for method in METHODS}

# number: (name in verify and webhooks, security code)
TEST_CARDS: dict[str, tuple[str, str]] = {
    "4200000000000000": ("visa", "123"),
    "5400000000000000": ("mastercard", "123"),
    "3700000000000000": ("amex", "1234"),
    "6200000000000000": ("unionpay", "123"),
    "3800000000000000": ("diners", "123"),
}


def find_method(code: str) -> Method | None:
    """The method with this code, or None."""
    return _BY_CODE.get(code)


def phone_succeeds(method: Method, phone: str) -> bool:
    """Whether a normalised phone number is one of the test numbers of a method."""
    return phone in method.test_phones


def card_digits(number: str) -> str | None:
    """The digits of a card number, or None if it cannot be one."""
    digits = re.sub(r"[\s-]", "", number)
    return digits if re.fullmatch(r"\d{13,19}", digits, re.A) else None


def card_outcome(digits: str, expiry: str, cvv: str) -> tuple[str, str | None]:
    """The card's scheme, and why it is declined (None: it is approved)."""
    scheme, code = TEST_CARDS.get(digits, ("card", ""))
    if not code:
        return scheme, "The card was declined by its bank."
    if re.sub(r"\s", "", expiry) != TEST_EXPIRY:
        return scheme, "The card has expired or its expiry date is wrong."
    if cvv != code:
        return scheme, "The security code is wrong."
    return scheme, None
