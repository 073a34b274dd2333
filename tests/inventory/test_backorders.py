"""Back-orders: promised beyond the shelf, owed when paid for, given in the order in which they were promised."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from common.actors import SYSTEM
from inventory.models import Movement, Reason, Reservation, StockItem
from inventory.refusals import BackordersInUse, BelowReserved, OutOfStock
from inventory.services import (
    adjust,
    commit,
    count,
    is_owed,
    open_item,
    owed_pieces,
    receive,
    release,
    reserve,
    set_limits,
)
from reporting.doctor import QUERIES, _ask

pytestmark = pytest.mark.django_db
OF_STOCK = [
    "stock = movements",
    "reserved = active and owed reservations",
    "reservations ≤ on hand and back-orders",
    "nothing is owed that is there",
    "what lies elsewhere = levels = movements",
    "one location is the default",
]


@pytest.fixture(autouse=True)
def _adds_up():
    yield
    assert [violation for name in OF_STOCK for violation in _ask(name)] == []
    assert set(OF_STOCK) <= set(QUERIES)


def item_of(on_hand: int, backorders: int) -> StockItem:
    item = open_item(on_hand=on_hand, by=SYSTEM)
    set_limits(stock_item_id=item.pk, changes={"backorder_limit": backorders})
    return item


def levels(item: StockItem) -> tuple[int, int]:
    item.refresh_from_db()
    return item.on_hand, item.reserved


def held(item: StockItem, pieces: int, *, paid: bool = False):
    holder = uuid4()
    reserve(quantities={item.pk: pieces}, holder=holder)
    if paid:
        commit(holder=holder, by=SYSTEM)
    return holder


def state(holder) -> str:
    return Reservation.objects.get(holder=holder).state


def test_as_many_as_the_limit_and_not_one_more():
    item = item_of(2, backorders=3)
    held(item, 5)
    with pytest.raises(OutOfStock) as refusal:
        held(item, 1)
    assert refusal.value.short == {item.pk: 0}
    assert levels(item) == (2, 5)


def test_the_database_knows_the_limit_too():
    item = item_of(2, backorders=3)
    with pytest.raises(IntegrityError), transaction.atomic():
        StockItem.objects.filter(pk=item.pk).update(reserved=6)


def test_who_pays_for_what_is_not_there_is_owed_it():
    item = item_of(2, backorders=3)
    holder = held(item, 5, paid=True)
    assert (levels(item), state(holder), is_owed(holder=holder)) == ((2, 5), "owed", True)
    assert owed_pieces(holder=holder) == {item.pk: 5}
    assert not Movement.objects.filter(holder=holder).exists()


def test_what_comes_goes_to_the_oldest_first_and_whole():
    item = item_of(0, backorders=10)
    first, second, third = (held(item, pieces, paid=True) for pieces in (3, 1, 2))
    receive(stock_item_id=item.pk, quantity=2, by=SYSTEM)
    assert [state(holder) for holder in (first, second, third)] == ["owed", "owed", "owed"]
    receive(stock_item_id=item.pk, quantity=2, by=SYSTEM)
    assert [state(holder) for holder in (first, second, third)] == [
        "committed",
        "committed",
        "owed",
    ]
    assert levels(item) == (0, 2)
    receive(stock_item_id=item.pk, quantity=7, by=SYSTEM)
    assert levels(item) == (5, 0)
    sold = Movement.objects.filter(reason=Reason.SOLD).order_by("pk")
    assert [(row.holder, row.quantity) for row in sold] == [(first, -3), (second, -1), (third, -2)]


def test_pieces_promised_to_somebody_who_came_before_are_not_given_away():
    item = item_of(2, backorders=5)
    unpaid = held(item, 2)
    late = held(item, 2, paid=True)
    assert (state(unpaid), state(late)) == ("active", "owed")
    commit(holder=unpaid, by=SYSTEM)
    assert (state(unpaid), state(late), levels(item)) == ("committed", "owed", (0, 2))


def test_pieces_that_become_free_go_to_those_who_wait():
    item = item_of(2, backorders=5)
    unpaid = held(item, 2)
    late = held(item, 2, paid=True)
    release(holder=unpaid)
    assert (state(unpaid), state(late), levels(item)) == ("released", "committed", (0, 0))


def test_an_order_that_dies_while_it_is_owed_gives_its_place_back():
    item = item_of(0, backorders=2)
    holder = held(item, 2, paid=True)
    release(holder=holder)
    assert (state(holder), levels(item), is_owed(holder=holder)) == ("released", (0, 0), False)


def test_paying_twice_changes_nothing():
    item = item_of(0, backorders=2)
    holder = held(item, 2, paid=True)
    commit(holder=holder, by=SYSTEM)
    assert (state(holder), levels(item)) == ("owed", (0, 2))


def test_an_order_may_be_partly_owed():
    there, missing = open_item(on_hand=3, by=SYSTEM), item_of(0, backorders=2)
    holder = uuid4()
    reserve(quantities={there.pk: 1, missing.pk: 1}, holder=holder)
    commit(holder=holder, by=SYSTEM)
    assert (levels(there), levels(missing)) == ((2, 0), (0, 1))
    assert owed_pieces(holder=holder) == {missing.pk: 1}


def test_a_count_gives_the_owed_theirs_too():
    item = item_of(0, backorders=4)
    holder = held(item, 2, paid=True)
    count(stock_item_id=item.pk, on_hand=3, by=SYSTEM)
    assert (state(holder), levels(item)) == ("committed", (1, 0))


def test_the_limit_cannot_be_lower_than_what_is_promised():
    item = item_of(1, backorders=4)
    held(item, 3)
    with pytest.raises(BackordersInUse):
        set_limits(stock_item_id=item.pk, changes={"backorder_limit": 1})
    set_limits(stock_item_id=item.pk, changes={"backorder_limit": 2})


def test_damage_may_not_break_a_promise():
    item = item_of(3, backorders=2)
    held(item, 4)
    adjust(stock_item_id=item.pk, quantity=-1, reason=Reason.DAMAGED, by=SYSTEM)
    with pytest.raises(BelowReserved):
        adjust(stock_item_id=item.pk, quantity=-1, reason=Reason.DAMAGED, by=SYSTEM)
    assert levels(item) == (2, 4)


def test_what_is_on_the_shelf_costs_no_statement_more(django_assert_num_queries):
    items = [open_item(on_hand=5, by=SYSTEM) for _ in range(20)]
    one, many = uuid4(), uuid4()
    reserve(quantities={items[0].pk: 1}, holder=one)
    reserve(quantities={item.pk: 1 for item in items}, holder=many)
    with django_assert_num_queries(5):
        commit(holder=one, by=SYSTEM)
    with django_assert_num_queries(5):
        commit(holder=many, by=SYSTEM)


def test_filling_costs_the_same_for_one_and_for_many(django_assert_num_queries):
    few, many = item_of(0, backorders=50), item_of(0, backorders=50)
    held(few, 1, paid=True)
    for _ in range(30):
        held(many, 1, paid=True)
    with django_assert_num_queries(10):  # savepoints included
        receive(stock_item_id=few.pk, quantity=1, by=SYSTEM)
    with django_assert_num_queries(10):
        receive(stock_item_id=many.pk, quantity=30, by=SYSTEM)
    assert levels(many) == (0, 0)
