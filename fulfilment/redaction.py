"""Shipments and returns without the people they were for: what travelled and what came back stays."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from common.transactions import require_transaction
from fulfilment.models import ReturnEvent, ReturnRequest, Shipment, ShipmentEvent

_TOLD = Q(tracking_number__gt="") | Q(tracking_url__gt="") | Q(code_digest__gt="")


def redact_fulfilment(*, order_ids: Collection[int]) -> None:
    """Take the person out of the shipments and returns of these orders, for good. The caller has locked the orders.

    What would lead to them goes: tracking, codes, what they and staff wrote.
    """
    require_transaction()
    ids = list(order_ids)
    Shipment.objects.filter(_TOLD, order__in=ids).update(
        tracking_number="", tracking_url="", code_digest=""
    )
    ReturnRequest.objects.filter(order__in=ids).update(customer_note="", answer="")
    ShipmentEvent.objects.filter(shipment__order__in=ids).exclude(note="").update(note="")
    ReturnEvent.objects.filter(request__order__in=ids).exclude(note="").update(note="")


def redact_old_fulfilment(*, batch: int = 1000) -> int:
    """The same for orders whose contact has gone because they are old. Returns how many orders there were."""
    require_transaction()
    told = Shipment.objects.filter(_TOLD, order__redacted_at__isnull=False)
    written = ReturnRequest.objects.filter(
        Q(customer_note__gt="") | Q(answer__gt=""), order__redacted_at__isnull=False
    )
    ids = set(told.order_by("order").values_list("order", flat=True)[:batch])
    ids |= set(written.order_by("order").values_list("order", flat=True)[:batch])
    redact_fulfilment(order_ids=ids)
    return len(ids)
