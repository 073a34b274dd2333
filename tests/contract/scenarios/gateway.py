"""What Chapa's side calls."""

from __future__ import annotations

import hashlib
import hmac
import json

from tests.contract.document import operations
from tests.contract.recorder import JSON, Recorder
from tests.contract.scenarios.payments import CHAPA, place
from tests.payments.fake_chapa import WEBHOOK_SECRET


def signed(body: bytes) -> dict[str, str]:
    """Chapa's signature of a body."""
    return {
        "x-chapa-signature": hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    }


def webhook(s: Recorder) -> None:
    """Chapa tells us about a payment."""
    call = place(s)
    payment = s.send(operations()["payments_start"], **call, body=CHAPA).json()
    s.placeholders.learn(payment)
    s.chapa.pay(payment["reference"])
    event = {
        "event": "charge.success", "status": "success", "tx_ref": payment["reference"],
        "amount": "850.00", "currency": "ETB", "mode": "test", "reference": "AP0000000001",
    }  # fmt: skip
    body = json.dumps(event).encode()
    s.placeholders.known[signed(body)["x-chapa-signature"]] = hashlib.sha256(
        b"signature"
    ).hexdigest()
    s.call(
        "chapa_webhook", "paid", "A payment has succeeded", raw=(body, JSON), headers=signed(body),
        status=200, untold={"malformed"},
    )  # fmt: skip
    s.call(
        "chapa_webhook", "forged", "The signature does not fit the body", raw=(body, JSON),
        headers={"x-chapa-signature": "0" * 64}, status=401, code="bad_signature",
    )  # fmt: skip
    s.call(
        "chapa_webhook", "malformed", "Signed, but not a JSON object", raw=(b"[]", JSON),
        headers=signed(b"[]"), status=400, code="malformed",
    )  # fmt: skip


def callback(s: Recorder) -> None:
    """Chapa calls the callback address."""
    call = place(s)
    payment = s.send(operations()["payments_start"], **call, body=CHAPA).json()
    s.placeholders.learn(payment)
    s.call(
        "chapa_callback", "hint", "Something happened to a payment",
        query={"trx_ref": payment["reference"], "status": "success"}, status=200,
    )  # fmt: skip
    s.call(
        "chapa_callback_post", "hint", "The same as a POST",
        body={"trx_ref": payment["reference"], "status": "success"}, status=200,
    )  # fmt: skip


STORIES = [webhook, callback]
