"""What happens to a shipment once it is packed: sent, ready, delivered, cancelled. The order is locked first, then it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.actors import Actor
from common.transactions import lock_row, require_transaction
from fulfilment import codes, letters
from fulfilment.models import LEFT, Shipment, ShipmentKind, ShipmentLine, ShipmentState
from fulfilment.models import WrongShipmentState as WrongShipmentState
from fulfilment.packing import SHIPPABLE, Carriage, pack
from fulfilment.refusals import HandOverCodeNeeded, NotToBeShipped, TooManyPieces
from orders.goods import count_shipped
from orders.models import Order, PaymentStatus, Status
from orders.services import lock_order

NO_SHIPMENT = "There is no such shipment of this order."


def hold_shipment(shipment_id: int) -> tuple[Order, Shipment]:
    """Order and shipment, locked in that order. The shipment's order never changes, so that it may be read before.

    Raises:
        common.errors.NotFound
    """
    require_transaction()
    order_id = Shipment.objects.filter(pk=shipment_id).values_list("order_id", flat=True).first()
    order = lock_order(order_id or 0)
    shipment = lock_row(Shipment.objects.all(), shipment_id, missing=NO_SHIPMENT)
    shipment.order = order
    return order, shipment


def send(
    *,
    shipment_id: int,
    by: Actor,
    carriage: Carriage | None = None,
    with_code: bool = False,
    note: str = "",
) -> Shipment:
    """packed → sent: its pieces count as shipped, the customer is told how to follow it.

    Args:
        carriage: what is known of the carrier now; None leaves what packing wrote down.
        with_code: whoever carries it hands it over for a code, which the customer is told in the letter.

    Raises:
        WrongShipmentState: it is not packed, or the customer fetches it.
        NotToBeShipped, TooManyPieces: the order has ended, or lost some of these pieces since: pack anew.
        common.limits.TooManyRequests
    """
    with transaction.atomic():
        order, shipment = hold_shipment(shipment_id)
        if shipment.kind == ShipmentKind.PICKUP:
            raise WrongShipmentState("The customer fetches this one: it is made ready, not sent.")
        changes: dict[str, Any] = {"sent_at": timezone.now()}
        for name in ("carrier", "tracking_number", "tracking_url"):
            if carriage is not None and getattr(carriage, name):
                changes[name] = getattr(carriage, name)
        shipment.move_to(ShipmentState.SENT, by=by, note=note, **changes)
        code = codes.issue(shipment) if with_code else ""
        _leave(order, shipment, by)
        letters.tell_sent(order, shipment, code=code)
    return shipment


def ship_pieces(
    *,
    order_id: int,
    kind: ShipmentKind,
    by: Actor,
    lines: Mapping[int, int] | None = None,
    carriage: Carriage | None = None,
    location: str = "",
    note: str = "",
) -> Shipment:
    """Pack and send in one step; see `pack` and `send`."""
    with transaction.atomic():
        packed = pack(
            order_id=order_id, kind=kind, lines=lines, carriage=carriage, location=location, by=by, note=note
        )  # fmt: skip
        return send(shipment_id=packed.pk, by=by)


def make_ready(*, shipment_id: int, by: Actor, note: str = "") -> Shipment:
    """packed → ready for pickup: the customer is told where, and the code for which it is handed over.

    Raises:
        WrongShipmentState: it is not packed, or not for pickup. NotToBeShipped, TooManyPieces: see `send`.
    """
    with transaction.atomic():
        order, shipment = hold_shipment(shipment_id)
        if shipment.kind != ShipmentKind.PICKUP:
            raise WrongShipmentState("This one is sent: nobody fetches it.")
        shipment.move_to(ShipmentState.READY, by=by, note=note, ready_at=timezone.now())
        _refuse_gone(order, shipment)
        letters.tell_ready(order, shipment, code=codes.issue(shipment))
    return shipment


def issue_new_code(*, shipment_id: int, by: Actor) -> Shipment:
    """Send the customer another hand-over code; the one before is void, and guesses are counted from zero.

    Raises:
        WrongShipmentState: nothing is waiting to be handed over. HandOverCodeNeeded: it was sent without a code.
        common.limits.TooManyRequests: five a day.
    """
    with transaction.atomic():
        order, shipment = hold_shipment(shipment_id)
        if shipment.state not in codes.HANDED_OVER_FROM or not shipment.code_digest:
            raise WrongShipmentState("No code is out for this shipment.")
        code = codes.issue(shipment)
        shipment.remember(by=by, note="a new hand-over code was issued", previous=shipment.state)
        letters.tell_code(order, shipment, code=code)
    return shipment


def mark_delivered(*, shipment_id: int, by: Actor, note: str = "") -> Shipment:
    """sent → delivered (or ready → delivered, where the customer cannot show the code and `note` says why they may have it).

    Raises:
        WrongShipmentState: it is not on its way. HandOverCodeNeeded: it is handed over for a code, and nothing says why not.
    """
    with transaction.atomic():
        order, shipment = hold_shipment(shipment_id)
        if shipment.code_digest and shipment.state in codes.HANDED_OVER_FROM and not note.strip():
            raise HandOverCodeNeeded(
                "Hand it over for the customer's code, or note how they were known without it."
            )
        deliver(order, shipment, by=by, note=note)
    return shipment


def deliver(order: Order, shipment: Shipment, *, by: Actor, note: str = "") -> None:
    """It is in the customer's hands. A step: order and shipment are locked."""
    require_transaction()
    shipment.move_to(ShipmentState.DELIVERED, by=by, note=note, delivered_at=timezone.now())
    if shipment.kind == ShipmentKind.PICKUP:  # out of the house only now
        _leave(order, shipment, by)
    letters.tell_delivered(order, shipment)
    _complete(order, by)


def cancel_shipment(*, shipment_id: int, by: Actor, note: str = "") -> Shipment:
    """packed or ready → cancelled: its pieces may be packed again.

    Raises:
        WrongShipmentState: it has left.
    """
    with transaction.atomic():
        order, shipment = hold_shipment(shipment_id)
        was_ready = shipment.state == ShipmentState.READY
        shipment.move_to(
            ShipmentState.CANCELLED, by=by, note=note, cancelled_at=timezone.now(), code_digest=""
        )
        if was_ready:
            letters.tell_not_ready(order, shipment)
    return shipment


def change_carriage(*, shipment_id: int, changes: Mapping[str, str], by: Actor) -> Shipment:
    """Correct who carries it, or its tracking.

    Args:
        changes: of `carrier`, `tracking_number`, `tracking_url`, those that change.

    Raises:
        WrongShipmentState: it was cancelled.
    """
    if unknown := set(changes) - {"carrier", "tracking_number", "tracking_url"}:
        raise ValueError(f"no carriage: {sorted(unknown)}")
    with transaction.atomic():
        _, shipment = hold_shipment(shipment_id)
        if shipment.state == ShipmentState.CANCELLED:
            raise WrongShipmentState("The shipment was cancelled.")
        changed = [name for name, value in changes.items() if getattr(shipment, name) != value]
        for name in changed:
            setattr(shipment, name, changes[name])
        if changed:
            shipment.save(update_fields=changed)
            shipment.remember(by=by, note=f"changed: {', '.join(changed)}", previous=shipment.state)
    return shipment


def _leave(order: Order, shipment: Shipment, by: Actor) -> None:
    """Its pieces are out of the house."""
    _refuse_gone(order, shipment)
    count_shipped(order=order, pieces=_pieces(shipment), by=by)


def _refuse_gone(order: Order, shipment: Shipment) -> None:
    """The order may have changed since it was packed; nothing leaves that is no longer agreed."""
    if order.status not in SHIPPABLE:
        raise NotToBeShipped(f"The order is {order.status} by now; cancel the shipment.")
    pieces = _pieces(shipment)
    short = {
        f"lines.{line.pk}": max(line.quantity - line.shipped, 0)
        for line in order.lines.filter(pk__in=pieces)
        if line.shipped + pieces[line.pk] > line.quantity
    }
    if short:
        raise TooManyPieces(short)


def _pieces(shipment: Shipment) -> dict[int, int]:
    return dict(shipment.lines.values_list("line_id", "quantity"))


def _complete(order: Order, by: Actor) -> None:
    """The order is completed with its last delivery, if every piece of it left as a shipment and its money is there."""
    if order.status != Status.SHIPPED or order.payment_status == PaymentStatus.UNPAID:
        return
    if Shipment.objects.filter(order=order, state=ShipmentState.SENT).exists():
        return
    travelled: dict[int, int] = {}
    rows = ShipmentLine.objects.filter(shipment__order=order, shipment__state__in=LEFT)
    for line_id, quantity in rows.values_list("line_id", "quantity"):
        travelled[line_id] = travelled.get(line_id, 0) + quantity
    if all(travelled.get(line.pk, 0) == line.shipped for line in order.lines.all()):
        order.move_to(Status.COMPLETED, by=by)
