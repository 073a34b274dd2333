"""What a webhook says: the event's fields, the bytes they become, and the two signatures."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from chapa_simulator.clock import timestamp
from chapa_simulator.transactions import State, Transaction

SUCCEEDED = "charge.success"
FAILED = "charge.failed/cancelled"


def event_of(transaction: Transaction) -> str:
    """The event that tells of the transaction's present state."""
    return SUCCEEDED if transaction.state is State.SUCCESS else FAILED


def customization_of(transaction: Transaction) -> dict[str, str | None]:
    """Title, description and logo as Chapa repeats them."""
    return {
        "title": transaction.title,
        "description": transaction.description,
        "logo": transaction.logo,
    }


def charge_fields(transaction: Transaction) -> dict[str, Any]:
    """The flat body of a charge event. Amounts are text with two decimals."""
    succeeded = transaction.state is State.SUCCESS
    mobile = transaction.mobile or transaction.phone
    return {
        "event": event_of(transaction),
        "first_name": transaction.first_name or "",
        "last_name": transaction.last_name or "",
        "email": transaction.email,
        "mobile": "251" + mobile.removeprefix("0") if mobile else None,
        "currency": transaction.currency,
        "amount": transaction.amount,
        "charge": transaction.charge or "0.00",
        "status": "success" if succeeded else "failed/cancelled",
        "mode": transaction.mode,
        "reference": transaction.reference,
        "created_at": timestamp(transaction.created_at),
        "updated_at": timestamp(transaction.updated_at),
        "type": "API",
        "tx_ref": transaction.tx_ref,
        "payment_method": transaction.method,
        "customization": customization_of(transaction),
        "meta": transaction.meta,
    }


def _encode_like_php(fields: dict[str, Any]) -> str:
    # A slash occurs only inside strings, so escaping every one of them is what PHP does.
    return json.dumps(fields, separators=(",", ":")).replace("/", "\\/")


def _encode_compact(fields: dict[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def _encode_spaced(fields: dict[str, Any]) -> str:
    return json.dumps(fields)


ENCODERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "php": _encode_like_php,
    "compact": _encode_compact,
    "spaced": _encode_spaced,
}


def sign(secret: str, message: str) -> str:
    """Lower-case hex HMAC-SHA256 of the message under the merchant's secret hash."""
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def signed_headers(secret: str, body: str) -> dict[str, str]:
    """The headers of a standard webhook. Only `x-chapa-signature` covers the body."""
    return {
        "content-type": "application/json",
        "chapa-signature": sign(secret, secret),
        "x-chapa-signature": sign(secret, body),
    }
