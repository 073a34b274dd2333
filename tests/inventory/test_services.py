"""Stock: set aside, sold, put back, counted; never below zero, never promised twice."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from common.actors import SYSTEM
from inventory.models import Movement, Reason, Reservation, StockItem
from inventory.services import (
    BelowReserved,
    OutOfStock,
    adjust,
    commit,
    open_item,
    release,
    reserve,
    set_on_hand,
)

pytestmark = pytest.mark.django_db


def levels(item: StockItem) -> tuple[int, int]:
    item.refresh_from_db()
    return item.on_hand, item.reserved


def test_opening_stock_is_a_movement():
    item = open_item(on_hand=7, by=SYSTEM)
    movement = Movement.objects.get(stock_item=item)
    assert (movement.quantity, movement.reason, movement.actor) == (7, Reason.OPENING, "system")


def test_an_empty_shelf_has_no_movement():
    assert not Movement.objects.filter(stock_item=open_item(on_hand=0, by=SYSTEM)).exists()


def test_reserve_then_commit_sells():
    item, holder = open_item(on_hand=5, by=SYSTEM), uuid4()
    reserve(quantities={item.pk: 3}, holder=holder)
    assert levels(item) == (5, 3)
    commit(holder=holder, by=SYSTEM)
    assert levels(item) == (2, 0)
    sold = Movement.objects.get(stock_item=item, reason=Reason.SOLD)
    assert (sold.quantity, sold.holder) == (-3, holder)


def test_commit_and_release_twice_do_nothing_more():
    item, holder = open_item(on_hand=5, by=SYSTEM), uuid4()
    reserve(quantities={item.pk: 3}, holder=holder)
    commit(holder=holder, by=SYSTEM)
    commit(holder=holder, by=SYSTEM)
    release(holder=holder)
    assert levels(item) == (2, 0)


def test_release_puts_back():
    item, holder = open_item(on_hand=5, by=SYSTEM), uuid4()
    reserve(quantities={item.pk: 5}, holder=holder)
    release(holder=holder)
    assert levels(item) == (5, 0)
    assert Reservation.objects.get(holder=holder).state == Reservation.State.RELEASED


def test_all_or_nothing_and_every_short_item_is_named():
    plenty, few, none = (open_item(on_hand=n, by=SYSTEM) for n in (9, 1, 0))
    with pytest.raises(OutOfStock) as refusal:
        reserve(quantities={plenty.pk: 2, few.pk: 2, none.pk: 1}, holder=uuid4())
    assert refusal.value.short == {few.pk: 1, none.pk: 0}
    assert levels(plenty) == (9, 0)


def test_an_unknown_item_is_out_of_stock():
    with pytest.raises(OutOfStock) as refusal:
        reserve(quantities={987654: 1}, holder=uuid4())
    assert refusal.value.short == {987654: 0}


def test_a_count_is_a_movement_of_the_difference():
    item = open_item(on_hand=5, by=SYSTEM)
    set_on_hand(stock_item_id=item.pk, on_hand=2, by=SYSTEM)
    set_on_hand(stock_item_id=item.pk, on_hand=2, by=SYSTEM)
    quantities = Movement.objects.filter(stock_item=item).order_by("pk")
    assert list(quantities.values_list("quantity", flat=True)) == [5, -3]


def test_stock_cannot_fall_below_what_is_promised():
    item = open_item(on_hand=5, by=SYSTEM)
    reserve(quantities={item.pk: 4}, holder=uuid4())
    with pytest.raises(BelowReserved):
        set_on_hand(stock_item_id=item.pk, on_hand=3, by=SYSTEM)
    with pytest.raises(BelowReserved):
        adjust(stock_item_id=item.pk, quantity=-2, reason=Reason.DAMAGED, by=SYSTEM)
    assert levels(item) == (5, 4)


@pytest.mark.parametrize("change", ["on_hand = -1", "reserved = -1", "reserved = on_hand + 1"])
def test_the_database_has_the_last_word(change):
    item = open_item(on_hand=5, by=SYSTEM)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE inventory_stockitem SET {change} WHERE id = %s", [item.pk])


def test_many_items_cost_as_many_statements_as_one(django_assert_num_queries):
    items = [open_item(on_hand=5, by=SYSTEM) for _ in range(20)]
    with django_assert_num_queries(3):
        reserve(quantities={items[0].pk: 1}, holder=uuid4())
    with django_assert_num_queries(3):
        reserve(quantities={item.pk: 1 for item in items}, holder=uuid4())


@pytest.mark.django_db(transaction=True)
def test_steps_refuse_to_run_outside_a_transaction():
    for step in (
        lambda: reserve(quantities={1: 1}, holder=uuid4()),
        lambda: release(holder=uuid4()),
        lambda: commit(holder=uuid4(), by=SYSTEM),
    ):
        with pytest.raises(RuntimeError, match="needs a transaction"):
            step()
