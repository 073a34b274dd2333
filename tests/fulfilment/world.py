"""Orders that fulfilment starts from."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from catalog.models import Variant
from common.actors import SYSTEM, Actor
from fulfilment.models import ReturnReason, ReturnRequest, Shipment, ShipmentKind
from fulfilment.receiving import Arrived, receive
from fulfilment.returning import approve, request_return
from fulfilment.travelling import ship_pieces
from orders.checkout import Contact, Item, Wishes, checkout
from orders.models import Order, OrderLine
from orders.services import lock_order, mark_paid
from tests import factories

STAFF = Actor("staff", None, "packer@shop.test")


def paid(
    *wanted: tuple[Variant, int], owner=None, delivery: dict | None = None,
    amounts: dict | None = None, line_amounts: dict | None = None, **contact: str,
) -> Order:  # fmt: skip
    """A paid order; of three pieces of one thing, if nothing else is asked for.

    Args:
        amounts, line_amounts: what pricing would have said of it and its only line, before it is paid and invoiced.
    """
    items = wanted or ((factories.variant(), 3),)
    with transaction.atomic():
        order = checkout(
            items=[Item(quantity=pieces, variant_id=variant.pk) for variant, pieces in items],
            owner=owner,
            contact=Contact(**(contact or {"email": "abebe@buyers.shop"})),
            wishes=Wishes(delivery=delivery or {}),
            expected_total=None,
            by=SYSTEM,
        )
        if line_amounts:
            order.lines.update(**line_amounts)
        if amounts:
            Order.objects.filter(pk=order.pk).update(**amounts)
    with transaction.atomic():
        mark_paid(order=lock_order(order.pk), by=SYSTEM)
    return Order.objects.get(pk=order.pk)


def lines_of(order: Order) -> list[OrderLine]:
    return list(order.lines.order_by("position"))


def ship(order: Order, *pieces: int) -> Shipment:
    """Pack and send: so many of each line, or all."""
    wanted = (
        {line.pk: n for line, n in zip(lines_of(order), pieces, strict=True) if n}
        if pieces
        else None
    )
    return ship_pieces(order_id=order.pk, kind=ShipmentKind.COURIER, lines=wanted, by=STAFF)


def approved(order: Order, *pieces: int) -> ReturnRequest:
    """A return that may be sent: so many of each line."""
    wanted = {line.pk: n for line, n in zip(lines_of(order), pieces, strict=True) if n}
    asked = request_return(order_id=order.pk, lines=wanted, reason=ReturnReason.DAMAGED, by=STAFF)
    return approve(return_id=asked.pk, by=STAFF)


def came(order: Order, *pieces: int, amount: Decimal | None = None) -> ReturnRequest:
    """Pieces of each line come back to the shelf."""
    asked = approved(order, *pieces)
    arrived = {
        line.pk: Arrived(restocked=n, amount=amount)
        for line, n in zip(lines_of(order), pieces, strict=True)
        if n
    }
    return receive(return_id=asked.pk, lines=arrived, by=STAFF)
