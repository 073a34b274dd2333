"""Payments without the people who made them: references, amounts and states stay.

What the gateway sent names its customer. It is kept as it came for a while, for disputes. Then, or when the person is
erased, only what is about the money remains.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import connection
from django.utils import timezone

from common.transactions import require_transaction
from payments.models import Payment, PaymentEvent, WebhookEvent, WebhookOutcome

# Of a webhook's fields these say what happened to the money. Everything else may be about the customer.
ABOUT_THE_MONEY = (
    "event", "status", "tx_ref", "trx_ref", "reference", "amount", "charge", "currency", "mode", "type",
    "payment_method", "created_at", "updated_at",
)  # fmt: skip
REFUSAL = "refused by the gateway"


def redact_body(body: bytes) -> bytes:
    """A webhook's body with the fields about the money alone; nested objects are looked through, one level deep."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return b"{}"
    if not isinstance(data, dict):
        return b"{}"
    kept = _about_the_money(data)
    if isinstance(inner := data.get("data"), dict):
        kept["data"] = _about_the_money(inner)
    return orjson.dumps(kept)


def _about_the_money(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name in ABOUT_THE_MONEY
        if isinstance(value := fields.get(name), (str, int, float)) and len(str(value)) <= 100
    }


def redact_payments(*, order_ids: Collection[int]) -> int:
    """Take the customer out of the payments of these orders, and out of the webhooks about them. Returns how many payments.

    The caller has locked the orders `FOR UPDATE`: a webhook that comes in meanwhile waits for it (`is_redacted`).
    """
    references = redact_messages(order_ids=order_ids)
    Payment.objects.filter(order_id__in=list(order_ids)).update(checkout_url=None)
    return len(references)


def redact_messages(*, order_ids: Collection[int]) -> list[str]:
    """Take the customer out of what the gateway said about these orders. Returns the references of their payments."""
    require_transaction()
    payments = Payment.objects.filter(order_id__in=list(order_ids))
    PaymentEvent.objects.filter(payment__in=payments, note__startswith=f"{REFUSAL}:").update(
        note=REFUSAL  # its reason may quote what we said about the buyer
    )
    references = list(payments.values_list("reference", flat=True))
    for event in WebhookEvent.objects.filter(reference__in=references, redacted_at=None):
        _redact(event)
    return references


def is_redacted(*, reference: str) -> bool:
    """Whether the order that this payment belongs to has been redacted; waits for whoever is at it.

    The lock is the weakest there is: only a redaction takes one that it has to wait for.
    """
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT redacted_at IS NOT NULL FROM orders_order"
            " WHERE id = (SELECT order_id FROM payments_payment WHERE reference = %s)"
            " FOR KEY SHARE",
            [reference],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def redact_old_webhooks(*, batch: int = 500) -> int:
    """Redact webhooks that came in INBOX_KEEP_DAYS ago or earlier. Returns how many."""
    require_transaction()
    then = timezone.now() - timedelta(days=settings.INBOX_KEEP_DAYS)
    old = WebhookEvent.objects.filter(redacted_at=None, received_at__lt=then)
    events = list(old.select_for_update(skip_locked=True).order_by("received_at")[:batch])
    for event in events:
        _redact(event)
    return len(events)


def redact_stray_webhooks(*, marks: Collection[str]) -> int:
    """Redact webhooks that name no payment of ours and hold one of these addresses or numbers. Returns how many."""
    require_transaction()
    stray = WebhookEvent.objects.filter(
        redacted_at=None,
        outcome__in=[WebhookOutcome.NO_REFERENCE, WebhookOutcome.UNKNOWN_REFERENCE],
    )
    found = [
        event for event in stray.iterator() if any(mark in _folded(event.body) for mark in marks)
    ]
    for event in found:
        _redact(event)
    return len(found)


def _folded(body: bytes | memoryview) -> str:
    return bytes(body).decode("utf-8", "replace").casefold()


def _redact(event: WebhookEvent) -> None:
    WebhookEvent.objects.filter(pk=event.pk).update(
        body=redact_body(bytes(event.body)), redacted_at=timezone.now()
    )
