"""Stock of orders that change: more or fewer pieces set aside, and sold pieces that come back. Steps of the orders' verbs.

As everywhere, the rows of the items are locked first, in the order of their ids; what belongs to them is looked at then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F, Sum
from django.db.models.functions import Now

from common.actors import Actor
from common.errors import invalid_field
from common.transactions import require_transaction
from inventory.models import (
    MAX_PIECES,
    Location,
    Movement,
    Reason,
    Reservation,
    StockItem,
    StockLevel,
)
from inventory.refusals import BelowReserved, NotThere, OutOfStock, PurchaseLimit, TooMuchReserved
from inventory.reservations import fill
from inventory.shelves import Shelf, lock_shelves, movement, per_item, ring, sound_alarm

State = Reservation.State


def change_reservation(
    *, holder: UUID, quantities: Mapping[int, int], customer: str = "", by: Actor
) -> None:
    """What is set aside for an order that is not paid becomes exactly `quantities`: all of the change or none.

    A reservation that grows keeps its place in the queue. Pieces that are set free go to whoever waits for them.

    Args:
        quantities: pieces by stock item id, already summed per item; what is not named is set free.
        customer: whose limits the growth counts against, as in `reserve`; empty: nobody's, staff change it for somebody.
            What is new is counted for the customer of the other reservations of this holder nevertheless.
        by: in whose name pieces go to those who waited for them.

    Raises:
        OutOfStock: names the items of which there is less than is wanted more, with the pieces of it that this holder
            could have in all.
        PurchaseLimit: more of an item that grows than one order, or this customer, may take.
        TooMuchReserved: the customer would hold more than MAX_OPEN_PIECES unpaid.
    """
    require_transaction()
    wanted = {pk: pieces for pk, pieces in quantities.items() if pieces}
    known = Reservation.objects.filter(holder=holder, state=State.ACTIVE)
    items = {*wanted, *known.values_list("stock_item_id", flat=True)}
    elsewhere, taken = _taken(customer, items, holder) if customer else (0, {})
    shelves = lock_shelves(items)
    held = {row.stock_item_id: row for row in known.select_for_update(no_key=True).order_by("pk")}
    more = _differences(wanted, held)
    growing = {pk: pieces for pk, pieces in more.items() if pieces > 0}
    short = {
        pk: _held(held, pk) + max(shelves[pk].sellable, 0) if pk in shelves else 0
        for pk, pieces in growing.items()
        if pk not in shelves or shelves[pk].sellable < pieces
    }
    if short:
        raise OutOfStock(short)
    if customer and growing and elsewhere + sum(wanted.values()) > settings.MAX_OPEN_PIECES:
        raise TooMuchReserved(
            f"At most {settings.MAX_OPEN_PIECES} pieces can be set aside before they are paid."
        )
    _refuse_beyond_limits({pk: wanted[pk] for pk in growing}, shelves, taken)
    if not more:
        return
    waiting = [pk for pk, pieces in more.items() if pieces < 0 and shelves[pk].is_overpromised]
    before = {pk: shelves[pk].available for pk in growing}
    StockItem.objects.filter(pk__in=more).update(reserved=F("reserved") + per_item(more))
    counted = customer or next((row.customer for row in held.values() if row.customer), "")
    _write(wanted, held, more, holder=holder, customer=counted)
    for pk, pieces in more.items():
        shelves[pk].reserved += pieces
    ring(before, shelves)
    if waiting:
        fill({pk: shelves[pk] for pk in waiting}, by=by)


def take_back(
    *,
    quantities: Mapping[int, int],
    holder: UUID,
    by: Actor,
    reason: Reason = Reason.RETURNED,
    location: str = "",
    note: str = "",
) -> None:
    """Sold pieces lie on the shelf again; whoever is owed some gets them at once, the oldest first.

    Safe to repeat: what has come back for this holder is not put back a second time.

    Args:
        quantities: pieces by stock item id. holder: names the cause (an edit or a return), not the order.
        location: the code of where they are put; empty: the default one.

    Raises:
        common.errors.Invalid: there is no such location. NotThere: it is closed.
        BelowReserved: there would be more than a billion.
    """
    require_transaction()
    place = _location(location)
    shelves = lock_shelves([pk for pk, pieces in quantities.items() if pieces > 0])
    done = set(
        Movement.objects.filter(holder=holder, reason=reason, stock_item__in=shelves).values_list(
            "stock_item_id", flat=True
        )
    )
    coming = {pk: quantities[pk] for pk in shelves if pk not in done}
    if not coming:
        return
    if any(shelves[pk].on_hand + pieces > MAX_PIECES for pk, pieces in coming.items()):
        raise BelowReserved(f"Stock cannot be more than {MAX_PIECES}.")
    before = {pk: shelves[pk].available for pk in coming}
    changes: dict[str, Any] = {
        "on_hand": F("on_hand") + per_item(coming),
        "version": F("version") + 1,
    }
    if place is not None:
        changes["elsewhere"] = F("elsewhere") + per_item(coming)
    StockItem.objects.filter(pk__in=coming).update(**changes)
    moved = []
    for pk, pieces in coming.items():
        shelves[pk].on_hand += pieces
        if place is not None:
            shelves[pk].elsewhere += pieces
            level, is_new = StockLevel.objects.get_or_create(
                stock_item_id=pk, location=place, defaults={"on_hand": pieces}
            )
            if not is_new:
                StockLevel.objects.filter(pk=level.pk).update(on_hand=F("on_hand") + pieces)
        back = movement(pk, pieces, reason, by, location=place.pk if place else None, note=note)
        back.holder = holder
        moved.append(back)
    Movement.objects.bulk_create(moved)
    waiting = {pk: shelves[pk] for pk, available in before.items() if available < 0}
    if waiting:
        fill(waiting, by=by)
    sound_alarm(before, {pk: shelves[pk] for pk in coming})


def give_back_sold(
    *, order: UUID, quantities: Mapping[int, int], holder: UUID, by: Actor, note: str = ""
) -> None:
    """Pieces of a paid order that has not left are no longer wanted: those still owed to it are owed no more, the others
    lie on the shelf again.

    Args:
        order: the holder they were sold to. quantities: pieces by stock item id.
        holder: names the cause, as in `take_back`.

    Raises:
        BelowReserved: there would be more than a billion on hand.
    """
    require_transaction()
    shelves = lock_shelves([pk for pk, pieces in quantities.items() if pieces > 0])
    rows = Reservation.objects.select_for_update(no_key=True).filter(
        holder=order, state=State.OWED, stock_item__in=shelves
    )
    freed: dict[int, int] = {}
    for row in rows.order_by("stock_item_id", "pk"):
        pieces = min(row.quantity, quantities[row.stock_item_id] - freed.get(row.stock_item_id, 0))
        if not pieces:
            continue
        freed[row.stock_item_id] = freed.get(row.stock_item_id, 0) + pieces
        row.quantity -= pieces
        if row.quantity:
            row.save(update_fields=["quantity"])
        else:
            _end([row])
    if freed:
        StockItem.objects.filter(pk__in=freed).update(reserved=F("reserved") - per_item(freed))
        for pk, pieces in freed.items():
            shelves[pk].reserved -= pieces
        fill({pk: shelves[pk] for pk in freed}, by=by)
    take_back(
        quantities={pk: quantities[pk] - freed.get(pk, 0) for pk in shelves},
        holder=holder,
        by=by,
        note=note,
    )


def _differences(wanted: Mapping[int, int], held: Mapping[int, Reservation]) -> dict[int, int]:
    """By how much each item changes; those that do not are left out."""
    return {
        pk: difference
        for pk in sorted({*wanted, *held})
        if (difference := wanted.get(pk, 0) - _held(held, pk))
    }


def _held(held: Mapping[int, Reservation], item: int) -> int:
    return held[item].quantity if item in held else 0


def _write(
    wanted: Mapping[int, int],
    held: Mapping[int, Reservation],
    more: Iterable[int],
    *,
    holder: UUID,
    customer: str,
) -> None:
    ended, new = [], []
    for pk in more:
        row = held.get(pk)
        if row is None:
            new.append(
                Reservation(stock_item_id=pk, holder=holder, quantity=wanted[pk], customer=customer)
            )
        elif pk in wanted:
            row.quantity = wanted[pk]
            row.save(update_fields=["quantity"])
        else:
            ended.append(row)
    _end(ended)
    Reservation.objects.bulk_create(new)


def _end(rows: Iterable[Reservation]) -> None:
    """These hold nothing any more; how much they held stays written down."""
    Reservation.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=State.RELEASED, ended_at=Now()
    )


def _taken(customer: str, items: Iterable[int], holder: UUID) -> tuple[int, dict[int, int]]:
    """What this customer has in all orders but this one: pieces not paid yet, and pieces of each of these items ever.

    Under the lock that their checkouts wait for.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM inventory_holdings(%s, %s)", [customer, list(items)])
        rows = cursor.fetchall()
    own = dict(
        Reservation.objects.filter(holder=holder, customer=customer, state=State.ACTIVE)
        .values("stock_item_id")
        .annotate(pieces=Sum("quantity"))
        .values_list("stock_item_id", "pieces")
    )
    [unpaid] = [pieces for item, _, pieces in rows if item is None]
    taken = {item: pieces - own.get(item, 0) for item, _, pieces in rows if item is not None}
    return unpaid - sum(own.values()), taken


def _refuse_beyond_limits(
    growing: Mapping[int, int], shelves: Mapping[int, Shelf], taken: Mapping[int, int]
) -> None:
    """What shrinks is never refused, whatever limits have been set since.

    Raises:
        PurchaseLimit
    """
    limits: dict[int, int] = {}
    details: dict[int, str] = {}
    for pk, pieces in growing.items():
        shelf, before = shelves[pk], taken.get(pk, 0)
        if shelf.max_per_customer is not None and before + pieces > shelf.max_per_customer:
            limits[pk] = max(shelf.max_per_customer - before, 0)
            details[pk] = f"At most {shelf.max_per_customer} per customer."
        if shelf.max_per_order is not None and pieces > shelf.max_per_order:
            limits[pk] = min(limits.get(pk, shelf.max_per_order), shelf.max_per_order)
            details.setdefault(pk, f"At most {shelf.max_per_order} in one order.")
    if limits:
        raise PurchaseLimit(limits, details)


def _location(code: str) -> Location | None:
    """The location, None for the default one."""
    if not code:
        return None
    place = Location.objects.filter(code=code).first()
    if place is None:
        raise invalid_field("location", "does_not_exist", "There is no such location.")
    if place.is_default:
        return None
    if not place.is_active:
        raise NotThere(f"{place.name} is closed: nothing can be put there.")
    return place
