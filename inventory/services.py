"""The verbs of stock. Rows are always locked in the order of their ids, so that two orders cannot deadlock.

Here is what staff do: open, count, receive, correct, move. What orders do is in `inventory.reservations`, places in
`inventory.locations`; both are spoken to through this module as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F

from common.actors import Actor
from common.errors import NotFound, invalid_field
from common.transactions import require_transaction
from inventory.models import MAX_PIECES, Location, Movement, Reason, StockItem, StockLevel
from inventory.refusals import BackordersInUse, NotThere, StockMoved
from inventory.refusals import BelowReserved as BelowReserved
from inventory.refusals import OutOfStock as OutOfStock
from inventory.refusals import PurchaseLimit as PurchaseLimit
from inventory.refusals import TooMuchReserved as TooMuchReserved
from inventory.reservations import commit as commit
from inventory.reservations import fill
from inventory.reservations import is_owed as is_owed
from inventory.reservations import owed_pieces as owed_pieces
from inventory.reservations import release as release
from inventory.reservations import reserve as reserve
from inventory.shelves import Shelf, lock_shelves, movement, per_item, sound_alarm, take

MAX_ON_HAND = MAX_PIECES
LIMITS = frozenset({"backorder_limit", "max_per_order", "max_per_customer", "low_stock_at"})


def open_item(*, on_hand: int, by: Actor) -> StockItem:
    """Put a new item on the shelf with its opening stock (pieces)."""
    with transaction.atomic():
        item = StockItem.objects.create(on_hand=on_hand)
        if on_hand:
            movement(item.pk, on_hand, Reason.OPENING, by).save(force_insert=True)
    return item


def open_items(*, on_hand: Sequence[int], by: Actor) -> list[int]:
    """Put many new items on the shelf, each with its opening stock (pieces); their ids, in the order given."""
    with transaction.atomic():
        items = StockItem.objects.bulk_create(StockItem(on_hand=pieces) for pieces in on_hand)
        Movement.objects.bulk_create(
            movement(item.pk, item.on_hand, Reason.OPENING, by) for item in items if item.on_hand
        )
    return [item.pk for item in items]


def discard_item(*, stock_item_id: int) -> None:
    """Remove an item that no order ever asked for, with its movements: it was a mistake, not history.

    Raises:
        django.db.models.ProtectedError: an order was promised a piece of it once; it stays.
    """
    require_transaction()
    lock_shelves([stock_item_id])
    Movement.objects.filter(stock_item_id=stock_item_id, holder__isnull=True).delete()
    StockItem.objects.filter(pk=stock_item_id).delete()


# --- counts -------------------------------------------------------------------------------------


def count_available(*, available: Mapping[int, int], by: Actor) -> None:
    """Record counts of many items: pieces that can be sold, by stock item id; what is promised lies beside them.

    Raises:
        BelowReserved: more than a billion.
    """
    with transaction.atomic():
        if any(pieces > MAX_ON_HAND for pieces in available.values()):
            raise BelowReserved(f"Stock cannot be more than {MAX_ON_HAND}.")
        shelves = lock_shelves(available)
        differences = {
            pk: difference
            for pk, shelf in shelves.items()
            if (difference := available[pk] - shelf.available)
        }
        change_shelves(shelves, differences, reason=Reason.COUNT, by=by)


def set_on_hand(*, stock_item_id: int, on_hand: int, by: Actor) -> None:
    """Record a count of all shelves together: `count` by whoever does not say what they expected.

    Raises:
        BelowReserved: fewer pieces than open orders were promised.
    """
    count(stock_item_id=stock_item_id, on_hand=on_hand, by=by)


def count(
    *,
    stock_item_id: int,
    on_hand: int,
    by: Actor,
    expected: int | None = None,
    location: Location | None = None,
    note: str = "",
) -> int:
    """Record a count: stock on hand becomes `on_hand`, by a movement of the difference, under the row's lock.

    Args:
        on_hand: pieces counted, promised ones too; at `location` if one is given, else everywhere.
        expected: what whoever counted read before; None: they do not say.

    Returns:
        The difference in pieces.

    Raises:
        StockMoved: there is not what was expected; nothing changes.
        BelowReserved: fewer pieces than open orders were promised, or more than a billion.
    """
    with transaction.atomic():
        shelf = hold(stock_item_id)
        present = shelf.on_hand if location is None else pieces_at(shelf, location)
        if expected is not None and expected != present:
            raise StockMoved(field="expected_on_hand", expected=expected, actual=present)
        if difference := on_hand - present:
            _change(shelf, difference, reason=Reason.COUNT, by=by, location=location, note=note)
    return difference


# --- changes ------------------------------------------------------------------------------------


def adjust(
    *,
    stock_item_id: int,
    quantity: int,
    reason: Reason,
    by: Actor,
    location: Location | None = None,
    note: str = "",
) -> None:
    """Add `quantity` pieces (or take them away when negative), at one location.

    Args:
        location: None adds at the default one, and takes away there first, then elsewhere by priority.

    Raises:
        BelowReserved: fewer pieces would remain than open orders were promised.
        NotThere: the location has fewer than are taken away.
    """
    with transaction.atomic():
        shelf = hold(stock_item_id)
        if quantity:
            _change(shelf, quantity, reason=reason, by=by, location=location, note=note)


def receive(
    *,
    stock_item_id: int,
    quantity: int,
    by: Actor,
    location: Location | None = None,
    note: str = "",
) -> None:
    """Put pieces that have come onto the shelf. Whoever is owed some gets them at once, the oldest first.

    Raises:
        BelowReserved: there would be more than a billion.
        ValueError: none have come.
    """
    if quantity <= 0:
        raise ValueError("what is received is at least one piece")
    adjust(
        stock_item_id=stock_item_id, quantity=quantity, reason=Reason.RECEIVED, by=by,
        location=location, note=note,
    )  # fmt: skip


def transfer(
    *,
    stock_item_id: int,
    source: Location,
    target: Location,
    pieces: int,
    by: Actor,
    note: str = "",
) -> None:
    """Move pieces from one location to another; how many there are in all stays.

    Raises:
        NotThere: the source holds fewer.
        common.errors.Invalid: no pieces, or from a location to itself.
    """
    if pieces <= 0:
        raise invalid_field("quantity", "min_value", "Move at least one piece.")
    if source.pk == target.pk:
        raise invalid_field("to", "same_location", "It lies there already.")
    with transaction.atomic():
        shelf = hold(stock_item_id)
        _refuse_inactive(target)
        for location, quantity in ((source, -pieces), (target, pieces)):
            if not location.is_default:
                _move_level(shelf, location, quantity)
            elif pieces_at(shelf, location) + quantity < 0:
                raise _not_there(shelf, location)
        Movement.objects.bulk_create(
            movement(shelf.pk, quantity, Reason.TRANSFER, by, location=key_of(place), note=note)
            for place, quantity in ((source, -pieces), (target, pieces))
        )
        StockItem.objects.filter(pk=shelf.pk).update(
            elsewhere=shelf.elsewhere, version=F("version") + 1
        )


def set_limits(*, stock_item_id: int, changes: Mapping[str, Any]) -> None:
    """Change what may be promised beyond the shelf, what one order or customer may take, and when staff are told.

    Args:
        changes: of `backorder_limit`, `max_per_order`, `max_per_customer`, `low_stock_at`, those that change.

    Raises:
        BackordersInUse: more is promised beyond what is on hand than the new limit.
    """
    if unknown := set(changes) - LIMITS:
        raise ValueError(f"no limits: {sorted(unknown)}")
    with transaction.atomic():
        shelf = hold(stock_item_id)
        needed = max(shelf.reserved - shelf.on_hand, 0)
        if changes.get("backorder_limit", needed) < needed:
            raise BackordersInUse(
                f"{needed} pieces are promised beyond what is on hand: the limit cannot be lower than that."
            )
        StockItem.objects.filter(pk=shelf.pk).update(**changes, version=F("version") + 1)


def end_backorders(*, stock_item_id: int) -> None:
    """Promise nothing more beyond what is on hand; what is promised stays so."""
    with transaction.atomic():
        shelf = hold(stock_item_id)
        needed = max(shelf.reserved - shelf.on_hand, 0)
        set_limits(stock_item_id=stock_item_id, changes={"backorder_limit": needed})


def hold(stock_item_id: int) -> Shelf:
    """One stock item, locked.

    Raises:
        common.errors.NotFound
    """
    found = lock_shelves([stock_item_id]).get(stock_item_id)
    if found is None:
        raise NotFound("There is no such stock item.")
    return found


def pieces_at(shelf: Shelf, location: Location) -> int:
    """Pieces of an item at a location, under the item's lock."""
    if location.is_default:
        return shelf.on_hand - shelf.elsewhere
    level = StockLevel.objects.filter(stock_item_id=shelf.pk, location=location).first()
    return level.on_hand if level else 0


def key_of(location: Location | None) -> int | None:
    """How movements write a location down: the default one is no key at all."""
    return None if location is None or location.is_default else location.pk


def _change(
    shelf: Shelf, difference: int, *, reason: Reason, by: Actor, location: Location | None, note: str
) -> None:  # fmt: skip
    if location is None:
        change_shelves({shelf.pk: shelf}, {shelf.pk: difference}, reason=reason, by=by, note=note)
        return
    if difference > 0:
        _refuse_inactive(location)
    if pieces_at(shelf, location) + difference < 0:
        raise _not_there(shelf, location)
    _refuse_uncountable(shelf, difference)
    before = shelf.available
    if not location.is_default:
        _move_level(shelf, location, difference)
    shelf.on_hand += difference
    StockItem.objects.filter(pk=shelf.pk).update(
        on_hand=shelf.on_hand, elsewhere=shelf.elsewhere, version=F("version") + 1
    )
    movement(shelf.pk, difference, reason, by, location=key_of(location), note=note).save(
        force_insert=True
    )
    _afterwards({shelf.pk: shelf}, {shelf.pk: before}, by=by)


def change_shelves(
    shelves: Mapping[int, Shelf],
    differences: Mapping[int, int],
    *,
    reason: Reason,
    by: Actor,
    note: str = "",
) -> None:
    """Change many items under their locks: what grows grows at the default location, what shrinks is taken as sales take.

    Raises:
        BelowReserved
    """
    for pk, difference in differences.items():
        _refuse_uncountable(shelves[pk], difference)
    if not differences:
        return
    before = {pk: shelves[pk].available for pk in differences}
    were_elsewhere = {pk: shelves[pk].elsewhere for pk in differences}
    less = [(pk, -difference) for pk, difference in differences.items() if difference < 0]
    moved = [
        movement(pk, -pieces, reason, by, location=place, note=note)
        for (pk, _), takes in zip(less, take(shelves, less), strict=True)
        for place, pieces in takes
    ]
    for pk, difference in differences.items():
        if difference > 0:
            shelves[pk].on_hand += difference
            moved.append(movement(pk, difference, reason, by, note=note))
    changes: dict[str, Any] = {
        "on_hand": F("on_hand") + per_item(differences),
        "version": F("version") + 1,
    }
    from_elsewhere = {
        pk: there for pk, was in were_elsewhere.items() if (there := was - shelves[pk].elsewhere)
    }
    if from_elsewhere:
        changes["elsewhere"] = F("elsewhere") - per_item(from_elsewhere)
    StockItem.objects.filter(pk__in=differences).update(**changes)
    Movement.objects.bulk_create(moved)
    _afterwards({pk: shelves[pk] for pk in differences}, before, by=by)


def _afterwards(shelves: Mapping[int, Shelf], before: Mapping[int, int], *, by: Actor) -> None:
    """What follows from any change: the owed get theirs, and staff hear of what runs low."""
    waiting = {pk: shelves[pk] for pk, available in before.items() if available < 0}
    if waiting:  # more was promised than there was
        fill(waiting, by=by)
    sound_alarm(before, shelves)


def _refuse_uncountable(shelf: Shelf, difference: int) -> None:
    becomes = shelf.on_hand + difference
    least = max(shelf.reserved - shelf.backorder_limit, 0)
    if becomes > MAX_ON_HAND or (difference < 0 and becomes < least):
        raise BelowReserved(
            f"{shelf.reserved} pieces are promised to open orders; stock cannot be less than that"
            f" or more than {MAX_ON_HAND}."
        )


def _refuse_inactive(location: Location) -> None:
    if not location.is_active:
        raise NotThere(f"{location.name} is closed: nothing can be put there.")


def _move_level(shelf: Shelf, location: Location, quantity: int) -> None:
    level = StockLevel.objects.filter(stock_item_id=shelf.pk, location=location).first()
    there = level.on_hand if level else 0
    if there + quantity < 0:
        raise _not_there(shelf, location)
    StockLevel.objects.update_or_create(
        stock_item_id=shelf.pk, location=location, defaults={"on_hand": there + quantity}
    )
    shelf.elsewhere += quantity


def _not_there(shelf: Shelf, location: Location) -> NotThere:
    return NotThere(f"There are {pieces_at(shelf, location)} at {location.name}.")
