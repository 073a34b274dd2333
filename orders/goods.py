"""Where an order's goods stand: what its lines count as shipped and returned decides it. Steps under the order's lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import F

from common.actors import Actor
from common.errors import Conflict
from common.transactions import require_transaction
from inventory import services as inventory
from orders.models import FulfilmentStatus, Order, OrderLine, Status


class PiecesOwed(Conflict):
    """The order was sold pieces that are not there yet: what waits for them cannot be packed."""

    code = "pieces_owed"
    title = "Not everything is there yet"


def refuse_owed(order: Order) -> None:
    """Refuse to send off the whole of an order of which something is still to come.

    Raises:
        PiecesOwed
    """
    if inventory.is_owed(holder=order.public_id):
        raise PiecesOwed(
            "Some pieces of this order are on back-order. Send what is there as a shipment."
        )


def count_shipped(*, order: Order, pieces: Mapping[int, int], by: Actor) -> None:
    """These pieces (by id of the line) have left; the order moves along.

    Raises:
        django.db.IntegrityError: more than was agreed; whoever calls has looked.
    """
    require_transaction()
    for line_id, quantity in sorted(pieces.items()):
        OrderLine.objects.filter(pk=line_id, order=order).update(shipped=F("shipped") + quantity)
    follow_goods(order=order, by=by)


def count_returned(*, order: Order, pieces: Mapping[int, int], by: Actor) -> None:
    """These pieces (by id of the line) have come back; the order moves along.

    Raises:
        django.db.IntegrityError: more than had left; whoever calls has looked.
    """
    require_transaction()
    for line_id, quantity in sorted(pieces.items()):
        OrderLine.objects.filter(pk=line_id, order=order).update(returned=F("returned") + quantity)
    follow_goods(order=order, by=by)


def follow_goods(*, order: Order, by: Actor) -> None:
    """Let the order follow its goods: `shipped` once every agreed piece has left, `fulfilment_status` at every step.

    Safe to repeat. Also for whoever takes pieces out of a paid order: what was missing may not be any more.
    """
    require_transaction()
    lines = list(OrderLine.objects.filter(order=order))
    stands = stands_at(lines)
    if order.status == Status.PAID and stands in {
        FulfilmentStatus.FULFILLED,
        FulfilmentStatus.RETURNED,
    }:
        order.move_to(Status.SHIPPED, by=by, fulfilment_status=stands)
    elif order.status != Status.CANCELLED and order.fulfilment_status != stands:
        order.fulfilment_status = stands
        order.save(update_fields=["fulfilment_status", "updated_at"])


def stands_at(lines: Iterable[OrderLine]) -> FulfilmentStatus:
    """Where goods stand. `partial`: some have left, and some have not; `returned`: all have left and come back."""
    agreed = shipped = returned = 0
    for line in lines:
        agreed += line.quantity
        shipped += line.shipped
        returned += line.returned
    if not shipped:
        return FulfilmentStatus.UNFULFILLED
    if shipped < agreed:
        return FulfilmentStatus.PARTIAL
    return FulfilmentStatus.RETURNED if returned == shipped else FulfilmentStatus.FULFILLED
