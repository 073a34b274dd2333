"""Chapa, version 1 of its API, as far as taking payments needs it.

The documents contradict each other and were written over years, so this adapter believes little: an answer counts only if
all its parts agree, `message` is logged and never branched on, and whatever is not plainly understood is `Unclear`.
"""

from __future__ import annotations

import functools
import logging
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from django.conf import settings

from common.money import MAX_AMOUNT, Money
from payments.gateways.chapa_text import (
    DESCRIPTION_LENGTH,
    TITLE_LENGTH,
    deliverable_email,
    mobile_number,
    person_name,
    plain_text,
)
from payments.gateways.wire import TOTAL, Answer, NoAnswer, Wire

log = logging.getLogger(__name__)

FAILED = {"failed", "failed/cancelled", "cancelled", "canceled"}
RETURNED = {"refunded", "reversed"}
CURRENCIES = frozenset({"ETB", "USD"})
CHECKOUT_DOMAIN = "checkout.chapa.co"
MAX_URL_LENGTH = 500
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who pays, as far as is known; what Chapa would refuse is left out."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be paid. `amount` in major units (birr)."""

    tx_ref: str
    amount: Money
    title: str
    description: str
    callback_url: str
    return_url: str
    buyer: Buyer


# --- What initialize can come to ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """There is a checkout page."""

    checkout_url: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Chapa said no, for good. `message` is for the log, not for the buyer."""

    message: str
    http_status: int = 400


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody knows. `sent` is False when the request certainly had no effect."""

    reason: str
    sent: bool = True


# --- What verify can come to -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Success:
    """Chapa has the money. Whether it is the right money is for `settle` to compare; `amount` is None when unreadable."""

    tx_ref: str
    reference: str
    amount: Decimal | None
    currency: str
    mode: str
    fee: Decimal | None
    raw_amount: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """Nothing has been paid so far."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The last try failed, or the link is closed. While a link lives, the buyer may try again."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The money came and went back: refunded or reversed."""

    status: str


@dataclass(frozen=True, slots=True)
class NoSuchReference:
    """Chapa does not know this reference."""


# --- What cancel can come to -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkClosed:
    """The link no longer takes money."""


@dataclass(frozen=True, slots=True)
class LinkNotOpen:
    """There was no open link: paid, expired or never made. Only verify tells which."""


Verified: TypeAlias = Success | NotYet | Failed | Returned | NoSuchReference | Unclear
Initialised: TypeAlias = Started | Refused | Unclear
Closed: TypeAlias = LinkClosed | LinkNotOpen | Unclear


class Chapa:
    """The three calls. None raises for anything the other side may do."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def initialize(self, demand: Demand) -> Initialised:
        """Open a checkout page. Never repeated by itself: a lost answer is `Unclear`."""
        try:
            answer = self._wire.exchange(
                "POST", "transaction/initialize", json=_initialize_body(demand)
            )
        except NoAnswer as silence:
            return _unclear("initialize", demand.tx_ref, silence.reason, sent=silence.sent)
        return _read_initialize(answer, demand.tx_ref)

    def verify(self, tx_ref: str, *, total: float = TOTAL) -> Verified:
        """Ask what became of a reference of ours: the authoritative answer, within `total` seconds."""
        try:
            answer = self._wire.exchange(
                "GET", f"transaction/verify/{_segment(tx_ref)}", total=total
            )
        except NoAnswer as silence:
            return _unclear("verify", tx_ref, silence.reason, sent=silence.sent)
        return _read_verify(answer, tx_ref)

    def cancel(self, tx_ref: str, *, total: float = TOTAL) -> Closed:
        """Close the checkout link at once and for ever."""
        try:
            answer = self._wire.exchange(
                "PUT", f"transaction/cancel/{_segment(tx_ref)}", total=total
            )
        except NoAnswer as silence:
            return _unclear("cancel", tx_ref, silence.reason, sent=silence.sent)
        if answer.status == 200 and _text(_field(answer.body, "status")) == "success":
            return LinkClosed()
        if answer.status in {401, 403, 429} or not 200 <= answer.status < 500:
            return _unclear("cancel", tx_ref, _describe(answer))
        return LinkNotOpen()


@functools.cache
def _wire(base_url: str, secret_key: str) -> Wire:
    return Wire(
        base_url=base_url + "/",
        headers={"Authorization": f"Bearer {secret_key}", "User-Agent": "nexus"},
    )


def client() -> Chapa:
    """Chapa as the settings describe it."""
    return Chapa(_wire(settings.CHAPA_BASE_URL, settings.CHAPA_SECRET_KEY))


def takes(currency: str) -> bool:
    """Whether Chapa takes payments in this currency (ISO 4217)."""
    return currency in CURRENCIES


def is_configured() -> bool:
    """Whether there is a key at all; without one no call is worth making."""
    return bool(settings.CHAPA_SECRET_KEY)


def is_checkout_url(url: str) -> bool:
    """Whether a buyer may be sent there: https at Chapa's own checkout, or in development the gateway double's host."""
    if len(url) > MAX_URL_LENGTH or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts, base = urlsplit(url), urlsplit(settings.CHAPA_BASE_URL)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None or "\\" in url:
        return False
    if not settings.PRODUCTION and host == base.hostname and parts.scheme in {"http", "https"}:
        return True
    ours = host == CHECKOUT_DOMAIN or host.endswith(".chapa.co")
    return parts.scheme == "https" and ours and port in {None, 443}


# --- Writing -----------------------------------------------------------------------------------


def _initialize_body(demand: Demand) -> dict[str, Any]:
    body: dict[str, Any] = {
        "amount": f"{demand.amount.amount:.2f}",
        "currency": demand.amount.currency,
        "tx_ref": demand.tx_ref,
        "callback_url": demand.callback_url,
        "return_url": demand.return_url,
        "customization": {
            "title": plain_text(demand.title, TITLE_LENGTH),
            "description": plain_text(demand.description, DESCRIPTION_LENGTH),
        },
        "meta": {"payment_reason": plain_text(demand.description, DESCRIPTION_LENGTH)},
    }
    optional = {
        "first_name": person_name(demand.buyer.first_name),
        "last_name": person_name(demand.buyer.last_name),
        "email": deliverable_email(demand.buyer.email),
        "phone_number": mobile_number(demand.buyer.phone),
    }
    return body | {name: value for name, value in optional.items() if value}


def _segment(tx_ref: str) -> str:
    return quote(tx_ref, safe="")


# --- Reading -----------------------------------------------------------------------------------


def _read_initialize(answer: Answer, tx_ref: str) -> Initialised:
    if answer.status == 200 and _text(_field(answer.body, "status")) == "success":
        url = _field(_field(answer.body, "data"), "checkout_url")
        if not isinstance(url, str) or not url:
            return _unclear("initialize", tx_ref, "success without a checkout_url")
        if not is_checkout_url(url):
            log.error("chapa initialize %s: the checkout_url is not at Chapa; refused", tx_ref)
            return Refused("checkout_url is not an address of Chapa's")
        return Started(url)
    if answer.status in {401, 403}:
        log.error("chapa initialize %s: the key was refused (HTTP %s)", tx_ref, answer.status)
    refused_in_a_200 = answer.status == 200 and _text(_field(answer.body, "status")) == "failed"
    is_refusal = answer.status in {400, 401, 403, 404, 422} or refused_in_a_200
    if is_refusal and isinstance(answer.body, dict) and "message" in answer.body:
        message = describe_message(answer.body["message"])
        log.warning("chapa initialize %s: HTTP %s, %s", tx_ref, answer.status, message)
        return Refused(message, answer.status)
    return _unclear("initialize", tx_ref, _describe(answer))


def _read_verify(answer: Answer, tx_ref: str) -> Verified:
    body = answer.body
    if not isinstance(body, dict):
        return _unclear("verify", tx_ref, _describe(answer))
    outer = _text(body.get("status"))
    if answer.status == 404 and "status" in body:
        # The two kinds of 404 differ in `status` only: null (or, in one SDK's tests, the text "null") against "failed".
        if outer in {"", "null"}:
            return NotYet()
        if outer == "failed":
            return NoSuchReference()
    if answer.status in {401, 403}:
        log.error(
            "chapa verify %s: refused with HTTP %s: key or mode is wrong", tx_ref, answer.status
        )
    data = body.get("data")
    if answer.status != 200 or not isinstance(data, dict):
        return _unclear("verify", tx_ref, _describe(answer))
    inner = _text(data.get("status"))
    if outer == "success" and inner == "success":
        return _success(data)
    if inner == "success" or "status" not in data:
        # Paid inside and something else outside, or no word at all: nobody can call that.
        return _unclear("verify", tx_ref, f"contradicting statuses {outer!r} and {inner!r}")
    if inner in RETURNED:
        return Returned(inner)
    if inner in FAILED and outer in FAILED | {"success"}:
        return Failed()
    if inner == "pending" and outer in {"success", "pending", ""}:
        return NotYet()
    return _unclear("verify", tx_ref, f"unknown statuses {outer!r} and {inner!r}")


def _success(data: dict[str, Any]) -> Success:
    return Success(
        tx_ref=_as_string(data.get("tx_ref")),
        reference=_as_string(data.get("reference")),
        amount=read_amount(data.get("amount")),
        currency=_as_string(data.get("currency")),
        mode=_as_string(data.get("mode")),
        fee=_read_fee(data.get("charge")),
        raw_amount=repr(data.get("amount"))[:40],
    )


def read_amount(value: Any) -> Decimal | None:
    """A plain non-negative number, or a text that is one in ASCII digits; anything else is None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    text = str(value)
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def _read_fee(value: Any) -> Decimal | None:
    """The gateway's fee, to two places; None when it cannot be one. It decides nothing, so it must not break anything."""
    fee = read_amount(value)
    return None if fee is None or fee > MAX_AMOUNT else fee.quantize(Decimal("0.01"), ROUND_HALF_UP)


def describe_message(message: Any) -> str:
    """Chapa's `message`, which is a text, a list of texts, or a map of field to texts, as one line for the log."""
    if isinstance(message, dict):
        text = "; ".join(f"{name}: {describe_message(value)}" for name, value in message.items())
    elif isinstance(message, list):
        text = ", ".join(describe_message(value) for value in message)
    else:
        text = str(message)
    return "".join(char if char.isprintable() else " " for char in text)[:300]


def _describe(answer: Answer) -> str:
    if isinstance(answer.body, dict):
        message = describe_message(answer.body.get("message"))
        return f"HTTP {answer.status}, status {_text(answer.body.get('status'))!r}, {message}"
    kind = "not JSON" if answer.body is None else type(answer.body).__name__
    return f"HTTP {answer.status}, {kind}"


def _unclear(call: str, tx_ref: str, reason: str, *, sent: bool = True) -> Unclear:
    log.warning("chapa %s %s: %s", call, tx_ref, reason)
    return Unclear(reason[:200], sent=sent)


def _field(body: Any, name: str) -> Any:
    return body.get(name) if isinstance(body, dict) else None


def _text(value: Any) -> str:
    return value.strip().lower()[:40] if isinstance(value, str) else ""


def _as_string(value: Any) -> str:
    """A short single-line text, or nothing: it will be compared, stored and shown."""
    if not isinstance(value, str) or len(value) > 100 or not value.isprintable():
        return ""
    return value.strip()
