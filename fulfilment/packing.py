"""Packing: which pieces of an order may go, and setting them aside as one shipment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Sum

from common.actors import Actor
from common.errors import invalid_field
from fulfilment.models import OPEN, Shipment, ShipmentKind, ShipmentLine
from fulfilment.refusals import NotToBeShipped, TooManyPieces, owed
from inventory import services as inventory
from inventory.models import Location
from orders.models import Order, OrderLine, Status
from orders.services import lock_order
from places.models import PickupPoint

# Cash on delivery, when it comes, adds the pending orders that are paid at the door.
SHIPPABLE = frozenset({Status.PAID})


@dataclass(frozen=True, slots=True)
class ToPack:
    """What of a line is still to go.

    Args:
        left: agreed, not shipped, in no open shipment. there: of those, what does not wait for pieces on back-order, if
            the lines before it take theirs first.
    """

    line: OrderLine
    left: int
    there: int


@dataclass(frozen=True, slots=True)
class Carriage:
    """Who carries it, and where the customer can follow it."""

    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""


def pack(
    *,
    order_id: int,
    kind: ShipmentKind,
    by: Actor,
    lines: Mapping[int, int] | None = None,
    carriage: Carriage | None = None,
    location: str = "",
    pickup_point: str = "",
    note: str = "",
) -> Shipment:
    """Set pieces of a paid order aside as one shipment; they are in no other until it is cancelled.

    Args:
        lines: pieces by id of the order's line; None: everything that is there.
        location: code of the stock location it is packed at; empty: the default one.
        pickup_point: slug of where the customer fetches it; for a pickup, left out, what the order says.

    Raises:
        NotToBeShipped: the order is not paid, or there is nothing (more) of it to go.
        TooManyPieces: more than is left of a line. PiecesOwed: a line waits for pieces that are not there yet.
        common.errors.Invalid: no such line, location or pickup point.
    """
    with transaction.atomic():
        order = lock_order(order_id)
        if order.status not in SHIPPABLE:
            raise NotToBeShipped(
                f"The order is {order.status}; only pieces of a paid order are packed."
            )
        there = what_is_left(order)
        if lines is None:
            wanted = {one.line.pk: one.there for one in there if one.there}
            if not wanted:
                waiting = {f"lines.{one.line.pk}": 0 for one in there if one.left}
                raise owed(waiting) if waiting else NotToBeShipped("Everything is packed already.")
        else:
            wanted = _checked(order, lines, there)
        how = carriage or Carriage()
        shipment = Shipment.objects.create(
            order=order,
            number=_next_number(order),
            kind=kind,
            carrier=how.carrier,
            tracking_number=how.tracking_number,
            tracking_url=how.tracking_url,
            location=_location(location),
            pickup_point=_pickup_point(order, kind, pickup_point),
            actor=str(by),
            user_id=by.user_id,
        )
        ShipmentLine.objects.bulk_create(
            ShipmentLine(shipment=shipment, line_id=line_id, quantity=quantity)
            for line_id, quantity in sorted(wanted.items())
        )
        shipment.remember(by=by, note=note)
    shipment.refresh_from_db()
    return shipment


def what_is_left(order: Order) -> list[ToPack]:
    """What of each line is still to go, in the order of the lines. Exact under the order's lock."""
    packed = _packed(order)
    lines = list(order.lines.select_related("variant").order_by("position"))
    left = {line.pk: line.quantity - line.shipped - packed.get(line.pk, 0) for line in lines}
    free = _free(order, lines, left)
    found = []
    for line in lines:
        there = max(left[line.pk], 0)
        if free is not None:
            there = min([there, *(free[item] // pieces for item, pieces in takes(line).items())])
            for item, pieces in takes(line).items():
                free[item] -= there * pieces
        found.append(ToPack(line, max(left[line.pk], 0), there))
    return found


def takes(line: OrderLine) -> dict[int, int]:
    """What one piece of a line takes from the shelf, by stock item: a variant's own, or a bundle's parts as it was sold."""
    if not line.parts:
        return {line.variant.stock_item_id: 1}
    found: dict[int, int] = defaultdict(int)
    for part in line.parts:
        found[int(part["stock_item_id"])] += int(part["quantity"])
    return dict(found)


def _packed(order: Order) -> dict[int, int]:
    rows = ShipmentLine.objects.filter(shipment__order=order, shipment__state__in=OPEN)
    return dict(rows.values("line").annotate(n=Sum("quantity")).values_list("line", "n"))


def _free(
    order: Order, lines: Iterable[OrderLine], left: Mapping[int, int]
) -> dict[int, int] | None:
    """Pieces by stock item that are there for what is left; None: all of them."""
    missing = inventory.owed_pieces(holder=order.public_id)
    if not missing:
        return None
    free: dict[int, int] = defaultdict(int)
    for line in lines:
        for item, pieces in takes(line).items():
            free[item] += max(left[line.pk], 0) * pieces
    return {item: max(pieces - missing.get(item, 0), 0) for item, pieces in free.items()}


def _checked(order: Order, lines: Mapping[int, int], there: list[ToPack]) -> dict[int, int]:
    """The pieces wanted, if all of them may go."""
    left = {one.line.pk: one.left for one in there}
    for place, (line_id, quantity) in enumerate(lines.items()):
        if line_id not in left:
            raise invalid_field(
                f"lines.{place}.line_id", "does_not_exist", "The order has no such line."
            )
        if quantity < 1:
            raise invalid_field(f"lines.{place}.quantity", "min_value", "At least one piece.")
    if not lines:
        raise invalid_field("lines", "empty", "Name what is packed.")
    fields = {line_id: f"lines.{place}.quantity" for place, line_id in enumerate(lines)}
    if short := {fields[pk]: left[pk] for pk, pieces in lines.items() if pieces > left[pk]}:
        raise TooManyPieces(short)
    free = _free(order, [one.line for one in there], left)
    if free is not None:
        waiting = {}
        for one in there:
            if one.line.pk not in lines:
                continue
            needs = takes(one.line)
            may_go = min(free[item] // pieces for item, pieces in needs.items())
            if lines[one.line.pk] > may_go:
                waiting[fields[one.line.pk]] = may_go
            for item, pieces in needs.items():
                free[item] = max(free[item] - lines[one.line.pk] * pieces, 0)
        if waiting:
            raise owed(waiting)
    return dict(lines)


def _next_number(order: Order) -> int:
    """Under the order's lock."""
    last = Shipment.objects.filter(order=order).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def _location(code: str) -> str:
    if code and not Location.objects.filter(code=code, is_active=True).exists():
        raise invalid_field("location", "does_not_exist", "There is no such open location.")
    return code


def _pickup_point(order: Order, kind: str, slug: str) -> str:
    if kind != ShipmentKind.PICKUP:
        if slug:
            raise invalid_field(
                "pickup_point", "not_a_pickup", "Only what is fetched is fetched somewhere."
            )
        return ""
    if not slug:
        return str(order.delivery.get("pickup_point") or "")[:80]
    if not PickupPoint.objects.filter(slug=slug, is_active=True).exists():
        raise invalid_field("pickup_point", "does_not_exist", "There is no such pickup point.")
    return slug
