"""What Chapa accepts in `initialize`, and the exact words with which it refuses.

Chapa reports one field per answer. `message` is a plain string for some errors and a map of
field to list of strings for the others; both come from its documentation or from observation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

Message = str | dict[str, list[str]]

MINIMUM_AMOUNT = Decimal(1)
MAXIMUM_AMOUNT = Decimal(1_000_000)
CURRENCIES = ("ETB", "USD")
NAME_LENGTH = 35
TX_REF_LENGTH = 50
TITLE_LENGTH = 16
DESCRIPTION_LENGTH = 50

BAD_PHONE = "Invalid Phone number, please use a proper phone number or use business shortcode."
BAD_CURRENCY = "Invalid currency or currency is not supported"
BAD_CURRENCY_FORM = "The currency may only contain uppercase letters and numbers."
BAD_DESCRIPTION = (
    "The customization.description may only contain letters, numbers, hyphens, underscores,"
    " spaces, and dots."
)
NO_SUBACCOUNT = "The subaccount id you provided isn't associated with this account."

# What PHP calls numeric; `1e3` and surrounding blanks included.
_NUMERIC = re.compile(
    r"[ \t\n\r\v\f]*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?[ \t\n\r\v\f]*", re.A
)
_PHONE = re.compile(r"(?:\+?251|0)?([79]\d{8})", re.A)
_CURRENCY_FORM = re.compile(r"[A-Z0-9]+", re.A)
_DESCRIPTION = re.compile(r"[A-Za-z0-9\-_ .]*", re.A)
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
    re.A,
)
_URL_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*", re.A)
# Chapa asks the DNS whether the domain takes mail. There is no DNS here, so the domains that
# are reserved, and therefore can never take mail, stand for all dead ones.
_DEAD_DOMAINS = ("example.com", "example.org", "example.net")
_DEAD_TOP_LEVELS = ("test", "invalid", "example", "localhost", "local")


class Refused(Exception):
    """Chapa would answer 400 with this `message`."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class PaymentRequest:
    """A valid `initialize`, normalised. `amount` is in birr (or dollars), two decimals."""

    amount: Decimal
    currency: str
    tx_ref: str | None
    email: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None
    callback_url: str | None
    return_url: str | None
    title: str | None
    description: str | None
    logo: str | None
    meta: Any


def parse_payment_request(body: dict[str, Any]) -> PaymentRequest:
    """Check the fields in Chapa's order and refuse with the first that is wrong.

    Raises:
        Refused: with the `message` Chapa would send. A reused `tx_ref` is not known here.
    """
    body = _unfold(body)
    custom = body.get("customization")
    if custom is None:
        custom = {}
    meta = body.get("meta")

    phone = _phone(body.get("phone_number"), required=_phone_is_fixed(meta))
    amount = _amount(body.get("amount"))
    currency = _currency(body.get("currency"))
    email = _email(body.get("email"))
    first_name = _text(body, "first_name", "first name", NAME_LENGTH)
    last_name = _text(body, "last_name", "last name", NAME_LENGTH)
    tx_ref = _text(body, "tx_ref", "tx ref", TX_REF_LENGTH)
    callback_url = _url(body, "callback_url")
    return_url = _url(body, "return_url")
    if not isinstance(custom, dict):
        raise Refused({"customization": ["validation.array"]})
    title = _custom(custom, "title", TITLE_LENGTH)
    description = _custom(custom, "description", DESCRIPTION_LENGTH)
    if description is not None and not _DESCRIPTION.fullmatch(description):
        raise Refused({"customization.description": [BAD_DESCRIPTION]})
    if body.get("subaccounts"):
        # This merchant has no subaccount, so every id is foreign.
        raise Refused(NO_SUBACCOUNT)
    logo = custom.get("logo")
    return PaymentRequest(
        amount=amount,
        currency=currency,
        tx_ref=tx_ref,
        email=email,
        first_name=first_name,
        last_name=last_name,
        phone=phone,
        callback_url=callback_url,
        return_url=return_url,
        title=title,
        description=description,
        logo=logo if isinstance(logo, str) and logo else None,
        meta=meta,
    )


def normalise_phone(value: str) -> str | None:
    """An Ethiopian mobile number as ten digits (`0911223344`), or None if it is not one."""
    match = _PHONE.fullmatch(re.sub(r"[\s()-]", "", value))
    return "0" + match[1] if match else None


def _unfold(body: dict[str, Any]) -> dict[str, Any]:
    """Turn bracket keys (`customization[title]`) into nested ones, which win over brackets."""
    plain = {key: value for key, value in body.items() if not key.endswith("]")}
    for outer in ("customization", "meta"):
        prefix = outer + "["
        folded = {
            key[len(prefix) : -1]: value
            for key, value in body.items()
            if key.startswith(prefix) and key.endswith("]")
        }
        nested = plain.get(outer)
        if folded and (nested is None or isinstance(nested, dict)):
            plain[outer] = folded | (nested or {})
    # PHP frameworks turn an empty string into null before they validate.
    return {key: None if value == "" else value for key, value in plain.items()}


def _phone_is_fixed(meta: Any) -> bool:
    return isinstance(meta, dict) and meta.get("disable_phone_edit") is True


def _phone(value: Any, *, required: bool) -> str | None:
    if value is None:
        if required:
            raise Refused({"phone_number": ["validation.required"]})
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value < 10**13:
        value = str(value)
    match = _PHONE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refused(BAD_PHONE)
    return "0" + match[1]


def _amount(value: Any) -> Decimal:
    if value is None:
        raise Refused({"amount": ["validation.required"]})
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Refused({"amount": ["validation.numeric"]})
    text = str(value)
    if len(text) > 400 or not _NUMERIC.fullmatch(text):
        raise Refused({"amount": ["validation.numeric"]})
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        raise Refused({"amount": ["validation.numeric"]}) from None
    if amount < MINIMUM_AMOUNT:
        raise Refused({"amount": ["validation.min.numeric"]})
    if amount > MAXIMUM_AMOUNT:
        raise Refused({"amount": ["The amount must not exceed 1000000."]})
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _currency(value: Any) -> str:
    if value is None:
        return "ETB"
    if not isinstance(value, str) or not _CURRENCY_FORM.fullmatch(value):
        raise Refused({"currency": [BAD_CURRENCY_FORM, BAD_CURRENCY]})
    if value not in CURRENCIES:
        raise Refused({"currency": [BAD_CURRENCY]})
    return value


def _email(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused({"email": ["validation.string", "validation.email"]})
    if not _EMAIL.fullmatch(value) or ".." in value.partition("@")[0] or _is_dead(value):
        raise Refused({"email": ["validation.email"]})
    return value


def _is_dead(email: str) -> bool:
    domain = email.rpartition("@")[2].lower()
    return domain.rpartition(".")[2] in _DEAD_TOP_LEVELS or any(
        domain == dead or domain.endswith("." + dead) for dead in _DEAD_DOMAINS
    )


def _text(body: dict[str, Any], field: str, label: str, length: int) -> str | None:
    value = body.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused({field: ["validation.string"]})
    if len(value) > length:
        raise Refused({field: [f"The {label} must not exceed {length} characters."]})
    return value


def _custom(custom: dict[str, Any], name: str, length: int) -> str | None:
    value = custom.get(name)
    if value is None or value == "":
        return None
    field = f"customization.{name}"
    if not isinstance(value, str):
        raise Refused({field: ["validation.string"]})
    if len(value) > length:
        raise Refused({field: [f"The {field} must not exceed {length} characters."]})
    return value


def _url(body: dict[str, Any], field: str) -> str | None:
    value = body.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or not _is_url(value):
        raise Refused({field: [f"The {field.replace('_', ' ')} must be a valid URL."]})
    return value


def _is_url(value: str) -> bool:
    if any(character.isspace() or not character.isprintable() for character in value):
        return False
    scheme, separator, rest = value.partition("://")
    if not separator or not rest or not _URL_SCHEME.fullmatch(scheme):
        return False
    try:
        parts = urlsplit(value)
        # Reading the port makes urllib check that it is a number in range.
        return parts.port is None or bool(parts.hostname)
    except ValueError:
        return False
