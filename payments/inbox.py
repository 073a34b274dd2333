"""What the gateway tells us: proved by its signature, kept once, believed never.

A webhook is a reason to ask `verify`. So the worst that a forged one could do, had it a right signature, is to make us ask.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from common.errors import Invalid, Kind, Refusal
from common.jobs import enqueue
from payments.models import Payment, SignatureKind, Status, WebhookEvent, WebhookOutcome
from payments.redaction import is_redacted, redact_body
from payments.settle import PaymentUnavailable, settle

log = logging.getLogger(__name__)

_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,50}")
_EVENT = re.compile(r"[\x21-\x7e]{1,64}")
AGAIN_AFTER = timedelta(seconds=15)
AGAIN = 6  # 15 s, 30 s, 1 min … 8 min; after that the reconciliation's own schedule goes on


class BadSignature(Refusal):
    """Neither signature header is the HMAC of the body under a secret of ours."""

    kind = Kind.UNAUTHENTICATED
    code = "bad_signature"
    title = "Bad signature"


class MalformedWebhook(Invalid):
    """The body is not a JSON object."""

    code = "malformed"
    title = "Malformed webhook"


def check_signature(body: bytes, headers: Mapping[str, str]) -> SignatureKind:
    """Which header and secret prove that `body` came from the gateway, byte for byte.

    `chapa-signature` on a standard webhook is a constant, HMAC(secret, secret): it proves nothing about the body and is not
    accepted. On a custom webhook the same header carries the body's HMAC, and is.

    Raises:
        BadSignature: none does, or no secret is set.
    """
    by_x = headers.get("x-chapa-signature", "").strip().lower().encode("utf-8", "replace")
    by_plain = headers.get("chapa-signature", "").strip().lower().encode("utf-8", "replace")
    candidates = [
        (settings.CHAPA_WEBHOOK_SECRET, by_x, SignatureKind.BODY),
        (settings.CHAPA_WEBHOOK_SECRET_PREVIOUS, by_x, SignatureKind.BODY_PREVIOUS),
        (settings.CHAPA_WEBHOOK_SECRET, by_plain, SignatureKind.CUSTOM),
        (settings.CHAPA_WEBHOOK_SECRET_PREVIOUS, by_plain, SignatureKind.CUSTOM_PREVIOUS),
    ]
    for secret, given, kind in candidates:
        if not secret:
            continue
        expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if hmac.compare_digest(given, expected.encode()):
            return kind
    raise BadSignature("The webhook's signature does not fit its body.")


def receive(*, body: bytes, headers: Mapping[str, str]) -> None:
    """Keep a webhook, once, and have it processed. A repetition that was processed is only counted.

    Args:
        headers: any case; only the two signature headers are read, and neither is stored.

    Raises:
        BadSignature: it is not from the gateway.
        MalformedWebhook: it is, and is not a JSON object.
    """
    kind = check_signature(body, {name.lower(): value for name, value in headers.items()})
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedWebhook("The body is not JSON.") from None
    if not isinstance(data, dict):
        raise MalformedWebhook("The body is not a JSON object.")
    with transaction.atomic():
        event_id, waiting = _store(body, kind, data)
        if waiting:
            enqueue(
                "payments.process_webhook",
                at_most_one=f"payments.webhook:{event_id}",
                event_id=event_id,
            )


def _store(body: bytes, kind: SignatureKind, data: Mapping[str, Any]) -> tuple[int, bool]:
    """The event's id, and whether it still waits to be processed."""
    event = _field(data, "event")
    reference = _field(data, "tx_ref") or _field(data, "trx_ref")
    reference = reference if _REFERENCE.fullmatch(reference) else ""
    # What the gateway still knows of a customer whom we were asked to forget must not come back through this door.
    redacted = is_redacted(reference=reference)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_webhookevent"
            " (sha256, body, signature, event, reference, claims_success, deliveries, outcome, redacted_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, 1, 'waiting', CASE WHEN %s THEN now() END)"
            " ON CONFLICT (sha256) DO UPDATE SET deliveries = payments_webhookevent.deliveries + 1"
            " RETURNING id, processed_at IS NULL",
            [
                hashlib.sha256(body).hexdigest(),
                redact_body(body) if redacted else body,
                kind.value,
                event if _EVENT.fullmatch(event) else "",
                reference,
                _field(data, "status").lower() == "success",
                redacted,
            ],
        )
        event_id, waiting = cursor.fetchone()
    return event_id, waiting


def _field(data: Mapping[str, Any], name: str) -> str:
    """A text field at the top, or under `data` as an older document has it."""
    inner = data.get("data")
    for holder in (data, inner if isinstance(inner, dict) else {}):
        if isinstance(value := holder.get(name), str):
            return value
    return ""


def process(*, event_id: int) -> None:
    """Ask the gateway about the payment that a webhook names. Safe to run twice.

    When the webhook speaks of success and the gateway does not (yet), it is asked again soon, a few times.
    """
    event = WebhookEvent.objects.filter(pk=event_id, processed_at__isnull=True).first()
    if event is None:
        return
    outcome, payment = WebhookOutcome.NO_REFERENCE, None
    if event.reference:
        payment = Payment.objects.filter(reference=event.reference).first()
        outcome = WebhookOutcome.UNKNOWN_REFERENCE
    if payment is not None and payment.status == Status.SUCCEEDED:
        outcome = WebhookOutcome.DECIDED_BEFORE
    elif payment is not None:
        outcome = WebhookOutcome.ASKED
        settle_soon(
            payment_id=payment.pk, source="webhook", again=AGAIN if event.claims_success else 2
        )
    elif event.reference:
        log.warning("webhook %s names a payment that is not ours", event_id)
    WebhookEvent.objects.filter(pk=event_id, processed_at__isnull=True).update(
        processed_at=timezone.now(), outcome=outcome
    )


def settle_soon(*, payment_id: int, source: str, again: int = 0) -> None:
    """Settle now; without a decision, up to `again` more times with growing pauses."""
    try:
        payment = settle(payment_id=payment_id, source=source)
        decided = payment.status in {Status.SUCCEEDED, Status.REVIEW}
    except PaymentUnavailable:
        decided = False
    if decided or again <= 0:
        return
    with transaction.atomic():
        enqueue(
            "payments.settle",
            at_most_one=f"payments.again:{payment_id}",
            delay=AGAIN_AFTER * 2 ** max(AGAIN - again, 0),
            payment_id=payment_id,
            source=source,
            again=again - 1,
        )


def nudge(*, reference: str) -> None:
    """An unproved hint that something happened to a payment: have the gateway asked, at most once at a time.

    An unknown reference does nothing, and looks the same from outside.
    """
    if not _REFERENCE.fullmatch(reference):
        return
    payment = Payment.objects.open().filter(reference=reference).first()
    if payment is None:
        return
    with transaction.atomic():
        enqueue(
            "payments.settle",
            at_most_one=f"payments.nudge:{payment.pk}",
            payment_id=payment.pk,
            source="callback",
            again=2,
        )
