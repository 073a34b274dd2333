"""What the verbs of stock share: locked rows, pieces taken location by location, movements, the alarm of low stock.

Everything here runs in the caller's transaction. The row of the stock item is the lock of all that belongs to it: its
levels, its reservations, its movements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from common.actors import Actor
from common.jobs import enqueue
from inventory.models import Movement, Reason, StockItem, StockLevel

QUIET = timedelta(
    days=1
)  # what runs low again within a day, without having been restocked, is not news
_COLUMNS = (
    "pk", "on_hand", "reserved", "elsewhere", "backorder_limit", "max_per_order", "max_per_customer",
    "low_stock_at", "alerted_at",
)  # fmt: skip

Take = tuple[int | None, int]  # location (None: the default one), pieces


@dataclass(slots=True)
class Shelf:
    """A stock item as it is under its lock."""

    pk: int
    on_hand: int
    reserved: int
    elsewhere: int
    backorder_limit: int
    max_per_order: int | None
    max_per_customer: int | None
    low_stock_at: int | None
    alerted_at: datetime | None

    @property
    def available(self) -> int:
        """Pieces promised to nobody; negative: missing."""
        return self.on_hand - self.reserved

    @property
    def sellable(self) -> int:
        """Pieces that can still be promised."""
        return self.available + self.backorder_limit

    @property
    def is_overpromised(self) -> bool:
        """Whether more is reserved than there is; only then can anything be owed."""
        return self.reserved > self.on_hand

    @property
    def low_at(self) -> int:
        """The number of available pieces from which on it runs low."""
        return settings.LOW_STOCK_AT if self.low_stock_at is None else self.low_stock_at


def lock_shelves(items: Iterable[int] | models.QuerySet[Any, Any]) -> dict[int, Shelf]:
    """Lock stock items in the order of their ids; one narrow query. Those that are not there are not in the answer."""
    wanted: Any = items if isinstance(items, models.QuerySet) else list(items)
    rows = StockItem.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=wanted)
    return {row[0]: Shelf(*row) for row in rows.order_by("pk").values_list(*_COLUMNS)}


def per_item(quantities: Mapping[int, int]) -> Case:
    """The quantity of each stock item, in one UPDATE of several."""
    return Case(
        *(When(pk=pk, then=Value(quantity)) for pk, quantity in quantities.items()),
        default=Value(0),
        output_field=models.IntegerField(),
    )


def take(shelves: Mapping[int, Shelf], wanted: Sequence[tuple[int, int]]) -> list[list[Take]]:
    """Take pieces off the shelves, the default location's first, then by priority; the caller has seen that they are there.

    Levels are written here and `shelves` is kept up to date; the rows of the items are the caller's to write.

    Args:
        wanted: item and pieces, as often as need be.

    Returns:
        For each of `wanted`, from where.
    """
    asked: dict[int, int] = defaultdict(int)
    for item, pieces in wanted:
        asked[item] += pieces
    beyond = [
        item
        for item, pieces in asked.items()
        if shelves[item].elsewhere and pieces > shelves[item].on_hand - shelves[item].elsewhere
    ]
    levels: dict[int, list[StockLevel]] = defaultdict(list)
    if beyond:
        rows = StockLevel.objects.filter(stock_item__in=beyond, on_hand__gt=0)
        for level in rows.order_by("location__priority", "location_id"):
            levels[level.stock_item_id].append(level)
    taken = [_take_one(shelves[item], pieces, levels[item]) for item, pieces in wanted]
    if beyond:
        StockLevel.objects.bulk_update(
            [level for of_item in levels.values() for level in of_item], ["on_hand"]
        )
    return taken


def _take_one(shelf: Shelf, pieces: int, levels: Sequence[StockLevel]) -> list[Take]:
    takes: list[Take] = []
    here = min(pieces, shelf.on_hand - shelf.elsewhere)
    if here:
        takes.append((None, here))
    missing = pieces - here
    for level in levels:
        there = min(missing, level.on_hand)
        if there:
            level.on_hand -= there
            shelf.elsewhere -= there
            takes.append((level.location_id, there))
            missing -= there
    shelf.on_hand -= pieces
    return takes


def movement(
    item: int,
    quantity: int,
    reason: Reason,
    by: Actor,
    *,
    location: int | None = None,
    note: str = "",
) -> Movement:
    """A change of stock on hand, not written yet."""
    return Movement(
        stock_item_id=item,
        quantity=quantity,
        reason=reason,
        location_id=location,
        note=note,
        actor=str(by),
        user_id=by.user_id,
    )  # fmt: skip


def sound_alarm(before: Mapping[int, int], shelves: Mapping[int, Shelf]) -> None:
    """Have staff told, after the commit, of what began to run low; once, until it is restocked.

    Args:
        before: what was available of each item before the change; `shelves` says what is now.
    """
    restocked = [
        shelf.pk
        for shelf in shelves.values()
        if shelf.alerted_at is not None
        and shelf.available > max(shelf.low_at, before.get(shelf.pk, shelf.available))
    ]
    if restocked:
        StockItem.objects.filter(pk__in=restocked).update(alerted_at=None)
    ring(before, shelves)


def ring(before: Mapping[int, int], shelves: Mapping[int, Shelf]) -> None:
    """The half of `sound_alarm` that a checkout needs: it never restocks anything."""
    quiet_until = timezone.now() - QUIET
    low = [
        pk
        for pk, available in before.items()
        if available > shelves[pk].low_at >= shelves[pk].available
        and ((alerted := shelves[pk].alerted_at) is None or alerted < quiet_until)
    ]
    if low:
        StockItem.objects.filter(pk__in=low).update(alerted_at=Now())
        enqueue("catalog.tell_low_stock", stock_item_ids=low)
