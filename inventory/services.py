"""The verbs of stock. Rows are always locked in the order of their ids, so that two orders cannot deadlock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import models, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from common.actors import Actor
from common.errors import Conflict
from common.transactions import require_transaction
from inventory.models import Movement, Reason, Reservation, StockItem

MAX_ON_HAND = 1_000_000_000


class OutOfStock(Conflict):
    """There is less than was asked for. `short` maps stock item ids to what is left of them."""

    code = "out_of_stock"
    title = "Out of stock"

    def __init__(self, short: Mapping[int, int]) -> None:
        super().__init__("There is not enough stock.")
        self.short = dict(short)


class BelowReserved(Conflict):
    """Stock on hand cannot be set below what is promised to open orders, or above a billion."""

    code = "stock_below_reserved"
    title = "Stock below what is reserved"


def open_item(*, on_hand: int, by: Actor) -> StockItem:
    """Put a new item on the shelf with its opening stock (pieces)."""
    with transaction.atomic():
        item = StockItem.objects.create(on_hand=on_hand)
        if on_hand:
            _move(item, on_hand, Reason.OPENING, by)
    return item


def open_items(*, on_hand: Sequence[int], by: Actor) -> list[int]:
    """Put many new items on the shelf, each with its opening stock (pieces); their ids, in the order given."""
    with transaction.atomic():
        items = StockItem.objects.bulk_create(StockItem(on_hand=pieces) for pieces in on_hand)
        Movement.objects.bulk_create(
            Movement(
                stock_item=item,
                quantity=item.on_hand,
                reason=Reason.OPENING,
                actor=str(by),
                user_id=by.user_id,
            )
            for item in items
            if item.on_hand
        )
    return [item.pk for item in items]


def count_available(*, available: Mapping[int, int], by: Actor) -> None:
    """Record counts of many items: pieces that can be sold, by stock item id; what is promised lies beside them.

    Raises:
        BelowReserved: more than a billion.
    """
    with transaction.atomic():
        rows = StockItem.objects.select_for_update(no_key=True).filter(pk__in=available)
        differences = {
            item.pk: difference
            for item in rows.order_by("pk")
            if (difference := available[item.pk] - item.available)
        }
        if any(pieces > MAX_ON_HAND for pieces in available.values()):
            raise BelowReserved(f"Stock cannot be more than {MAX_ON_HAND}.")
        StockItem.objects.filter(pk__in=differences).update(
            on_hand=F("on_hand") + _per_item(differences)
        )
        Movement.objects.bulk_create(
            Movement(
                stock_item_id=pk,
                quantity=difference,
                reason=Reason.COUNT,
                actor=str(by),
                user_id=by.user_id,
            )
            for pk, difference in differences.items()
        )


def set_on_hand(*, stock_item_id: int, on_hand: int, by: Actor) -> None:
    """Record a count: stock on hand becomes `on_hand`, by a movement of the difference, under the row's lock.

    Raises:
        BelowReserved: fewer pieces than open orders were promised.
    """
    with transaction.atomic():
        item = StockItem.objects.select_for_update(no_key=True).get(pk=stock_item_id)
        if difference := on_hand - item.on_hand:
            _adjust(item, difference, Reason.COUNT, by)


def adjust(*, stock_item_id: int, quantity: int, reason: Reason, by: Actor) -> None:
    """Add `quantity` pieces (or take them away when negative).

    Raises:
        BelowReserved: fewer pieces would remain than open orders were promised.
    """
    with transaction.atomic():
        item = StockItem.objects.select_for_update(no_key=True).get(pk=stock_item_id)
        if quantity:
            _adjust(item, quantity, reason, by)


def discard_item(*, stock_item_id: int) -> None:
    """Remove an item that no order ever asked for, with its movements: it was a mistake, not history.

    Raises:
        django.db.models.ProtectedError: an order was promised a piece of it once; it stays.
    """
    require_transaction()
    _lock([stock_item_id])
    Movement.objects.filter(stock_item_id=stock_item_id, holder__isnull=True).delete()
    StockItem.objects.filter(pk=stock_item_id).delete()


def reserve(*, quantities: Mapping[int, int], holder: UUID) -> None:
    """Set stock aside for `holder`: all of it or none. The last thing a checkout does, as it holds hot rows.

    Args:
        quantities: pieces by stock item id, already summed per item.

    Raises:
        OutOfStock: names every item that is short, with what is left of it.
    """
    require_transaction()
    # values_list: what the row says under the lock is all we need, one narrow query.
    available = {
        pk: on_hand - reserved
        for pk, on_hand, reserved in StockItem.objects.select_for_update(no_key=True)
        .filter(pk__in=quantities)
        .order_by("pk")
        .values_list("pk", "on_hand", "reserved")
    }
    short = {
        pk: max(available.get(pk, 0), 0)
        for pk, quantity in quantities.items()
        if available.get(pk, 0) < quantity
    }
    if short:
        raise OutOfStock(short)
    StockItem.objects.filter(pk__in=quantities).update(
        reserved=F("reserved") + _per_item(quantities)
    )
    Reservation.objects.bulk_create(
        Reservation(stock_item_id=pk, holder=holder, quantity=quantity)
        for pk, quantity in quantities.items()
    )


def release(*, holder: UUID) -> None:
    """Put back what was set aside for `holder`. Nothing set aside: nothing happens."""
    require_transaction()
    quantities = _end(holder, Reservation.State.RELEASED)
    StockItem.objects.filter(pk__in=quantities).update(
        reserved=F("reserved") - _per_item(quantities)
    )


def commit(*, holder: UUID, by: Actor) -> None:
    """What was set aside for `holder` is sold: it leaves the shelf, once."""
    require_transaction()
    quantities = _end(holder, Reservation.State.COMMITTED)
    StockItem.objects.filter(pk__in=quantities).update(
        reserved=F("reserved") - _per_item(quantities),
        on_hand=F("on_hand") - _per_item(quantities),
    )
    Movement.objects.bulk_create(
        Movement(
            stock_item_id=pk,
            quantity=-quantity,
            reason=Reason.SOLD,
            holder=holder,
            actor=str(by),
            user_id=by.user_id,
        )
        for pk, quantity in quantities.items()
    )


def _end(holder: UUID, state: Reservation.State) -> dict[int, int]:
    """End the holder's active reservations under the locks of their items; returns pieces by item."""
    active = Reservation.objects.filter(holder=holder, state=Reservation.State.ACTIVE)
    _lock(active.values_list("stock_item_id", flat=True))
    ended = list(active.select_for_update(no_key=True).order_by("stock_item_id"))
    Reservation.objects.filter(pk__in=[row.pk for row in ended]).update(state=state, ended_at=Now())
    return {row.stock_item_id: row.quantity for row in ended}


def _lock(ids: Iterable[int]) -> None:
    list(
        StockItem.objects.select_for_update(no_key=True)
        .filter(pk__in=list(ids))
        .order_by("pk")
        .values_list("pk")
    )


def _per_item(quantities: Mapping[int, int]) -> Case:
    return Case(
        *(When(pk=pk, then=Value(quantity)) for pk, quantity in quantities.items()),
        default=Value(0),
        output_field=models.IntegerField(),
    )


def _adjust(item: StockItem, difference: int, reason: Reason, by: Actor) -> None:
    if not item.reserved <= item.on_hand + difference <= MAX_ON_HAND:
        raise BelowReserved(
            f"{item.reserved} pieces are promised to open orders; stock cannot be less than that"
            f" or more than {MAX_ON_HAND}."
        )
    item.on_hand = F("on_hand") + difference
    item.save(update_fields=["on_hand"])
    _move(item, difference, reason, by)


def _move(item: StockItem, quantity: int, reason: Reason, by: Actor) -> None:
    Movement.objects.create(
        stock_item=item, quantity=quantity, reason=reason, actor=str(by), user_id=by.user_id
    )
