"""Transfers and counts against sales: nothing sold is overwritten, nothing moved is doubled. Unprotected, it is."""

from __future__ import annotations

import contextlib
import time
import uuid

import pytest
from django.db import transaction

from common.actors import SYSTEM
from inventory import services as inventory
from inventory.locations import create_location, default_location
from inventory.models import Location, Movement, Reason, StockItem, StockLevel
from inventory.refusals import NotThere, StockMoved
from reporting.doctor import examine
from tests.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS, PIECES = 16, 40
NO_ORDERS = "nothing belongs to an order that is not there"  # none of those who buy here has one


def sell_one(item: StockItem) -> bool:
    """Reserve a piece and pay for it, as an order without a price does."""
    holder = uuid.uuid4()
    try:
        with transaction.atomic():
            inventory.reserve(quantities={item.pk: 1}, holder=holder)
            inventory.commit(holder=holder, by=SYSTEM)
    except inventory.OutOfStock:
        return False
    return True


# --- transfers ----------------------------------------------------------------------------------


def shuffle_and_sell(transfer) -> tuple[StockItem, int]:
    """Half of the workers move pieces to and fro, half sell. The item as it is then, and how many were sold."""
    item = inventory.open_item(on_hand=PIECES, by=SYSTEM)
    main, bole = default_location(), create_location(code="bole", name="Bole")

    def work(place: int) -> int:
        if place % 2:
            return sum(sell_one(item) for _ in range(4))
        for turn in range(4):
            ends = (main, bole) if (place // 2 + turn) % 2 else (bole, main)
            with contextlib.suppress(NotThere):
                transfer(stock_item_id=item.pk, source=ends[0], target=ends[1], pieces=3, by=SYSTEM)
        return 0

    sold = sum(at_once(WORKERS, work))
    item.refresh_from_db()
    return item, sold


def transfer_without_lock(
    *, stock_item_id: int, source: Location, target: Location, pieces: int, by
):
    """The same moves, by somebody who looks before they lock."""
    with transaction.atomic():
        item = StockItem.objects.get(pk=stock_item_id)
        away = source.is_default
        there = item.on_hand - item.elsewhere if away else item.elsewhere
        if there < pieces:
            raise NotThere
        time.sleep(0.05)
        becomes = item.elsewhere + (pieces if away else -pieces)
        place = target if away else source
        StockLevel.objects.update_or_create(
            stock_item=item, location=place, defaults={"on_hand": becomes}
        )
        StockItem.objects.filter(pk=item.pk).update(elsewhere=becomes)
        for location, quantity in ((source, -pieces), (target, pieces)):
            Movement.objects.create(
                stock_item=item, quantity=quantity, reason=Reason.TRANSFER, actor="x",
                location_id=inventory.key_of(location),
            )  # fmt: skip


def test_transfers_and_sales_add_up():
    item, sold = shuffle_and_sell(inventory.transfer)
    assert sold == 32
    assert (item.on_hand, item.reserved) == (PIECES - sold, 0)
    assert [found for found in examine() if found.invariant != NO_ORDERS] == []


def test_control_without_the_lock_pieces_are_in_two_places_or_none():
    shuffle_and_sell(transfer_without_lock)
    assert "what lies elsewhere = levels = movements" in {found.invariant for found in examine()}


# --- counts -------------------------------------------------------------------------------------


def found_more(item: StockItem, *, says_what_it_expected: bool) -> bool:
    """Somebody reads how many there are, finds two more, and says so."""
    read = StockItem.objects.get(pk=item.pk).on_hand
    time.sleep(0.05)  # the walk back from the shelf
    try:
        inventory.count(
            stock_item_id=item.pk,
            on_hand=read + 2,
            by=SYSTEM,
            expected=read if says_what_it_expected else None,
        )
    except StockMoved:
        return False
    return True


def count_and_sell(*, says_what_it_expected: bool) -> tuple[int, int]:
    """What is on hand in the end, and what should be."""
    item = inventory.open_item(on_hand=PIECES, by=SYSTEM)

    def work(place: int) -> tuple[int, int]:
        if place % 2:
            sold = 0
            for _ in range(3):
                sold += sell_one(item)
                time.sleep(0.04)
            return sold, 0
        return 0, sum(
            found_more(item, says_what_it_expected=says_what_it_expected) for _ in range(3)
        )

    done = at_once(WORKERS, work)
    item.refresh_from_db()
    sold, counts = (sum(column) for column in zip(*done, strict=True))
    assert sold == 24
    return item.on_hand, PIECES - sold + 2 * counts


def test_a_count_that_says_what_it_expected_overwrites_no_sale():
    is_there, should_be = count_and_sell(says_what_it_expected=True)
    assert is_there == should_be
    assert [found for found in examine() if found.invariant != NO_ORDERS] == []


def test_control_without_an_expectation_sales_are_counted_back():
    is_there, should_be = count_and_sell(says_what_it_expected=False)
    assert is_there != should_be


# --- what is owed -------------------------------------------------------------------------------


def test_deliveries_payments_and_dying_orders_leave_nothing_owed_that_is_there():
    item = inventory.open_item(on_hand=0, by=SYSTEM)
    inventory.set_limits(stock_item_id=item.pk, changes={"backorder_limit": 60})
    holders = [uuid.uuid4() for _ in range(30)]
    for holder in holders:
        with transaction.atomic():
            inventory.reserve(quantities={item.pk: 2}, holder=holder)

    def work(place: int) -> None:
        if place < 10:
            inventory.receive(stock_item_id=item.pk, quantity=5, by=SYSTEM)
            return
        with transaction.atomic():
            if place % 3:
                inventory.commit(holder=holders[place - 10], by=SYSTEM)
            else:
                inventory.release(holder=holders[place - 10])

    at_once(40, work)
    item.refresh_from_db()
    sold = -sum(Movement.objects.filter(reason=Reason.SOLD).values_list("quantity", flat=True))
    paid = sum(1 for place in range(10, 40) if place % 3)
    assert (sold, item.on_hand, item.reserved) == (2 * paid, 50 - 2 * paid, 0)
    assert [found.detail for found in examine() if "owed" in found.invariant] == []
