"""Setting stock aside, selling it, putting it back; and what is owed when it was sold before it was there.

The shelf belongs to reservations in the order in which they were made. Who pays for pieces that older reservations have a
right to is owed them (`Reservation.State.OWED`) and gets them as soon as there are enough for everybody before. As long as
no more is reserved than is on hand nothing is owed, and none of this costs a statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F, Sum
from django.db.models.functions import Now

from common.actors import SYSTEM, Actor
from common.transactions import require_transaction
from inventory.models import Movement, Reason, Reservation, StockItem
from inventory.refusals import OutOfStock, PurchaseLimit, TooMuchReserved
from inventory.shelves import Shelf, lock_shelves, movement, per_item, ring, take

ACTIVE, OWED = Reservation.State.ACTIVE, Reservation.State.OWED
COMMITTED, RELEASED = Reservation.State.COMMITTED, Reservation.State.RELEASED
CUSTOMER_LENGTH = 80


def reserve(
    *,
    quantities: Mapping[int, int],
    holder: UUID,
    customer: str = "",
    capped: bool = True,
    limited: bool = True,
) -> None:
    """Set stock aside for `holder`: all of it or none. The last thing a checkout does, as it holds hot rows.

    Args:
        quantities: pieces by stock item id, already summed per item.
        customer: whose limits it counts against, a key of at most 80 characters that is the same in all their orders: an
            account's number or a hash of a contact, never the contact itself. Empty for nobody's: staff order for somebody,
            or an order comes back to life.
        capped: whether what they hold unpaid has a bound. Not for a contact that nobody proved: anybody could use it up.
        limited: False: the caller has seen that no item has a limit per customer, which spares a statement.

    Raises:
        OutOfStock: names every item that is short, with what is left of it, back-orders included.
        PurchaseLimit: more of an item than one order, or this customer, may take.
        TooMuchReserved: the customer has MAX_OPEN_ORDERS unpaid, or would hold more than MAX_OPEN_PIECES.
    """
    require_transaction()
    asked = customer and (capped or limited)
    taken = _holdings(customer, quantities, capped=capped) if asked else {}
    shelves = lock_shelves(quantities)
    short = {
        pk: max(shelves[pk].sellable, 0) if pk in shelves else 0
        for pk, quantity in quantities.items()
        if pk not in shelves or shelves[pk].sellable < quantity
    }
    if short:
        raise OutOfStock(short)
    _refuse_beyond_limits(quantities, shelves, taken)
    StockItem.objects.filter(pk__in=quantities).update(
        reserved=F("reserved") + per_item(quantities)
    )
    Reservation.objects.bulk_create(
        Reservation(stock_item_id=pk, holder=holder, quantity=quantity, customer=customer)
        for pk, quantity in quantities.items()
    )
    before = {pk: shelf.available for pk, shelf in shelves.items()}
    for pk, quantity in quantities.items():
        shelves[pk].reserved += quantity
    ring(before, shelves)


def release(*, holder: UUID, by: Actor = SYSTEM) -> None:
    """Put back what was set aside for `holder`, or is owed to it. Nothing set aside: nothing happens.

    Args:
        by: in whose name pieces go to those who waited for them.
    """
    require_transaction()
    shelves = _lock_of(holder, (ACTIVE, OWED))
    ended = _held_by(holder, (ACTIVE, OWED))
    quantities = _sums(ended)
    Reservation.objects.filter(pk__in=[row.pk for row in ended]).update(
        state=RELEASED, ended_at=Now()
    )
    waiting = [pk for pk in quantities if shelves[pk].is_overpromised]
    StockItem.objects.filter(pk__in=quantities).update(
        reserved=F("reserved") - per_item(quantities)
    )
    for pk, quantity in quantities.items():
        shelves[pk].reserved -= quantity
    if waiting:
        fill({pk: shelves[pk] for pk in waiting}, by=by)


def commit(*, holder: UUID, by: Actor) -> None:
    """What was set aside for `holder` is sold: it leaves the shelf, once.

    What is not there, or is promised to those who came before, is owed from now on; `is_owed` tells.
    """
    require_transaction()
    shelves = _lock_of(holder, (ACTIVE,))
    rows = _held_by(holder, (ACTIVE,))
    overpromised = [row.stock_item_id for row in rows if shelves[row.stock_item_id].is_overpromised]
    owed: set[int] = set()
    if overpromised:
        queue = _queue(overpromised)
        owed = {
            row.pk
            for row in rows
            if row.stock_item_id in queue
            and queue[row.stock_item_id][row.pk] > shelves[row.stock_item_id].on_hand
        }
        Reservation.objects.filter(pk__in=owed).update(state=OWED)
    _sell([row for row in rows if row.pk not in owed], shelves, by)


def is_owed(*, holder: UUID) -> bool:
    """Whether pieces that `holder` has paid for are not there yet: its parcel cannot be packed."""
    return Reservation.objects.filter(holder=holder, state=OWED).exists()


def owed_pieces(*, holder: UUID) -> dict[int, int]:
    """Pieces by stock item id that `holder` has paid for and that are not there yet."""
    owed = Reservation.objects.filter(holder=holder, state=OWED)
    return dict(
        owed.values("stock_item_id")
        .annotate(pieces=Sum("quantity"))
        .values_list("stock_item_id", "pieces")
    )


def fill(shelves: Mapping[int, Shelf], *, by: Actor) -> list[UUID]:
    """Give what has come, or become free, to those who are owed it, whole reservations, the oldest first.

    The caller holds the locks; `shelves` are as the change left them.

    Returns:
        The holders that got something.
    """
    require_transaction()
    queue = _queue(shelves)
    due = [
        pk
        for item, places in queue.items()
        for pk, needed in places.items()
        if needed <= shelves[item].on_hand
    ]
    rows = list(
        Reservation.objects.select_for_update(no_key=True)
        .filter(pk__in=due, state=OWED)
        .order_by("stock_item_id", "pk")
    )
    _sell(rows, dict(shelves), by)
    return [row.holder for row in rows]


def _sell(rows: Sequence[Reservation], shelves: Mapping[int, Shelf], by: Actor) -> None:
    """These reservations leave the shelf, each with its movements."""
    quantities = _sums(rows)
    Reservation.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=COMMITTED, ended_at=Now()
    )
    were_elsewhere = {pk: shelves[pk].elsewhere for pk in quantities}
    takes = take(shelves, [(row.stock_item_id, row.quantity) for row in rows])
    changes = {
        "reserved": F("reserved") - per_item(quantities),
        "on_hand": F("on_hand") - per_item(quantities),
    }
    from_elsewhere = {
        pk: there for pk, was in were_elsewhere.items() if (there := was - shelves[pk].elsewhere)
    }
    if from_elsewhere:
        changes["elsewhere"] = F("elsewhere") - per_item(from_elsewhere)
    StockItem.objects.filter(pk__in=quantities).update(**changes)
    for pk, quantity in quantities.items():
        shelves[pk].reserved -= quantity
    movements = []
    for row, of_row in zip(rows, takes, strict=True):
        for location, pieces in of_row:
            sold = movement(row.stock_item_id, -pieces, Reason.SOLD, by, location=location)
            sold.holder = row.holder
            movements.append(sold)
    Movement.objects.bulk_create(movements)


def _queue(items: Collection[int] | Mapping[int, Shelf]) -> dict[int, dict[int, int]]:
    """For each item the reservations it is held by, oldest first, with the pieces that it and all before it need."""
    rows = Reservation.objects.filter(stock_item__in=list(items), state__in=Reservation.HELD)
    needed: dict[int, dict[int, int]] = defaultdict(dict)
    sums: dict[int, int] = defaultdict(int)
    for pk, item, quantity in rows.order_by("pk").values_list("pk", "stock_item_id", "quantity"):
        sums[item] += quantity
        needed[item][pk] = sums[item]
    return needed


def _lock_of(holder: UUID, states: Iterable[str]) -> dict[int, Shelf]:
    held = Reservation.objects.filter(holder=holder, state__in=list(states))
    return lock_shelves(held.values("stock_item_id"))


def _held_by(holder: UUID, states: Iterable[str]) -> list[Reservation]:
    """The holder's reservations in these states, locked after their items."""
    rows = Reservation.objects.select_for_update(no_key=True)
    return list(rows.filter(holder=holder, state__in=list(states)).order_by("stock_item_id", "pk"))


def _sums(rows: Iterable[Reservation]) -> dict[int, int]:
    quantities: dict[int, int] = defaultdict(int)
    for row in rows:
        quantities[row.stock_item_id] += row.quantity
    return dict(quantities)


def taken_by(*, customer: str, items: Collection[int]) -> dict[int, int]:
    """What this customer took of these items in all their orders, as far as can be told without waiting; `reserve` decides.

    One statement. Items of which they took nothing are left out.
    """
    taken = Reservation.objects.filter(customer=customer, stock_item__in=list(items))
    sums = taken.exclude(state=RELEASED).values_list("stock_item_id")
    return dict(sums.annotate(pieces=Sum("quantity")).order_by()) if customer else {}


def _holdings(customer: str, quantities: Mapping[int, int], *, capped: bool) -> dict[int, int]:
    """What this customer took of these items in all their orders, under a lock that their other checkouts wait for.

    Raises:
        TooMuchReserved
    """
    if len(customer) > CUSTOMER_LENGTH:
        raise ValueError(f"a customer's key has at most {CUSTOMER_LENGTH} characters")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM inventory_holdings(%s, %s)", [customer, list(quantities)])
        rows = cursor.fetchall()
    [(orders, pieces)] = [(orders, pieces) for item, orders, pieces in rows if item is None]
    if capped and orders >= settings.MAX_OPEN_ORDERS:
        raise TooMuchReserved(
            f"{orders} of your orders are not paid yet. Pay or cancel one of them first."
        )
    if capped and pieces + sum(quantities.values()) > settings.MAX_OPEN_PIECES:
        raise TooMuchReserved(
            f"At most {settings.MAX_OPEN_PIECES} pieces can be set aside before they are paid;"
            f" {pieces} are already."
        )
    return {item: pieces for item, _, pieces in rows if item is not None}


def _refuse_beyond_limits(
    quantities: Mapping[int, int], shelves: Mapping[int, Shelf], taken: Mapping[int, int]
) -> None:
    """Without a customer's key an order is all that is known of a customer.

    Raises:
        PurchaseLimit
    """
    limits: dict[int, int] = {}
    details: dict[int, str] = {}
    for pk, quantity in quantities.items():
        shelf, before = shelves[pk], taken.get(pk, 0)
        if shelf.max_per_customer is not None and before + quantity > shelf.max_per_customer:
            limits[pk] = max(shelf.max_per_customer - before, 0)
            details[pk] = f"At most {shelf.max_per_customer} per customer."
        if shelf.max_per_order is not None and quantity > shelf.max_per_order:
            limits[pk] = min(limits.get(pk, shelf.max_per_order), shelf.max_per_order)
            details.setdefault(pk, f"At most {shelf.max_per_order} in one order.")
    if limits:
        raise PurchaseLimit(limits, details)
