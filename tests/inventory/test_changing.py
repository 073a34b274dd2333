"""Stock of orders that change: more or less set aside, sold pieces back on the shelf."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import transaction

from common.actors import SYSTEM
from common.errors import Invalid
from inventory.changing import change_reservation, give_back_sold, take_back
from inventory.models import Location, Movement, Reason, Reservation
from inventory.refusals import NotThere, OutOfStock, PurchaseLimit, TooMuchReserved
from inventory.services import is_owed, receive, reserve, set_limits
from tests.inventory.test_backorders import _adds_up as _adds_up
from tests.inventory.test_backorders import held, item_of, levels
from tests.together import at_once

pytestmark = pytest.mark.django_db


def change(holder, quantities, customer=""):
    with transaction.atomic():
        change_reservation(holder=holder, quantities=quantities, customer=customer, by=SYSTEM)


def back(holder, quantities, **more):
    with transaction.atomic():
        take_back(quantities=quantities, holder=holder, by=SYSTEM, **more)


def active(holder):
    rows = Reservation.objects.filter(holder=holder, state="active")
    return dict(rows.values_list("stock_item_id", "quantity"))


# --- reservations -------------------------------------------------------------------------------


def test_a_reservation_grows_shrinks_begins_and_ends():
    one, two, three = (item_of(10, 0) for _ in range(3))
    holder = uuid4()
    reserve(quantities={one.pk: 2, two.pk: 5}, holder=holder)
    change(holder, {one.pk: 4, three.pk: 1, two.pk: 0})
    assert active(holder) == {one.pk: 4, three.pk: 1}
    assert (levels(one), levels(two), levels(three)) == ((10, 4), (10, 0), (10, 1))
    ended = Reservation.objects.get(stock_item=two)
    assert (ended.state, ended.quantity) == ("released", 5)
    assert ended.ended_at


def test_the_same_again_changes_nothing(django_assert_num_queries):
    item = item_of(10, 0)
    holder = held(item, 3)
    with django_assert_num_queries(5):  # savepoint, what is held, lock, rows, release
        change(holder, {item.pk: 3})
    assert levels(item) == (10, 3)


def test_all_or_nothing_with_what_could_be_had_in_all():
    one, two = item_of(10, 0), item_of(3, 0)
    holder = held(two, 2)
    with pytest.raises(OutOfStock) as refusal:
        change(holder, {one.pk: 1, two.pk: 4, 10**9: 1})
    assert refusal.value.short == {two.pk: 3, 10**9: 0}
    assert (levels(one), levels(two)) == ((10, 0), (3, 2))


def test_what_is_set_free_goes_to_whoever_waits():
    item = item_of(4, 4)
    first = held(item, 2)
    waiting = held(item, 3, paid=True)
    assert is_owed(holder=waiting)
    change(first, {item.pk: 1})
    assert not is_owed(holder=waiting)
    assert levels(item) == (1, 1)


def test_limits_hold_for_what_grows_only():
    item = item_of(50, 0)
    holder = held(item, 6)
    set_limits(stock_item_id=item.pk, changes={"max_per_order": 4})
    change(holder, {item.pk: 5})
    with pytest.raises(PurchaseLimit) as refusal:
        change(holder, {item.pk: 7})
    assert refusal.value.limits == {item.pk: 4}


def test_a_customer_s_own_order_does_not_count_twice(settings):
    settings.MAX_OPEN_PIECES = 10
    item = item_of(50, 0)
    set_limits(stock_item_id=item.pk, changes={"max_per_customer": 8})
    holder, other = uuid4(), uuid4()
    reserve(quantities={item.pk: 3}, holder=holder, customer="user:1")
    reserve(quantities={item.pk: 3}, holder=other, customer="user:1")
    change(holder, {item.pk: 5}, customer="user:1")
    with pytest.raises(PurchaseLimit) as refusal:
        change(holder, {item.pk: 6}, customer="user:1")
    assert refusal.value.limits == {item.pk: 5}
    second = item_of(50, 0)
    with pytest.raises(TooMuchReserved):
        change(holder, {item.pk: 5, second.pk: 3}, customer="user:1")
    change(holder, {item.pk: 5, second.pk: 3})  # by staff: nobody's limits
    assert set(Reservation.objects.values_list("customer", flat=True)) == {"user:1"}


# --- back on the shelf --------------------------------------------------------------------------


def test_sold_pieces_come_back_once():
    item = item_of(10, 0)
    held(item, 4, paid=True)
    cause = uuid4()
    for _ in range(2):
        back(cause, {item.pk: 3}, note="edited")
    assert levels(item) == (9, 0)
    [moved] = Movement.objects.filter(holder=cause)
    assert (moved.quantity, moved.reason, moved.note) == (3, Reason.RETURNED, "edited")


def test_they_lie_where_they_are_put():
    item = item_of(10, 0)
    store = Location.objects.create(code="bole", name="Bole")
    back(uuid4(), {item.pk: 2}, location="bole")
    back(uuid4(), {item.pk: 1}, location="bole")
    item.refresh_from_db()
    assert (item.on_hand, item.elsewhere) == (13, 3)
    Location.objects.filter(pk=store.pk).update(is_active=False)
    with pytest.raises(NotThere):
        back(uuid4(), {item.pk: 1}, location="bole")
    with pytest.raises(Invalid):
        back(uuid4(), {item.pk: 1}, location="nowhere")


def test_whoever_is_owed_gets_them():
    item = item_of(2, 5)
    held(item, 2, paid=True)
    waiting = held(item, 2, paid=True)
    back(uuid4(), {item.pk: 1})
    assert is_owed(holder=waiting)
    back(uuid4(), {item.pk: 1})
    assert not is_owed(holder=waiting)
    assert levels(item) == (0, 0)


def test_pieces_that_never_came_do_not_come_back():
    item = item_of(1, 5)
    order = held(item, 3, paid=True)
    assert is_owed(holder=order)
    with transaction.atomic():
        give_back_sold(order=order, quantities={item.pk: 2}, holder=uuid4(), by=SYSTEM)
    # The one that is there is enough for what is still wanted.
    assert not is_owed(holder=order)
    assert levels(item) == (0, 0)
    assert not Movement.objects.filter(reason=Reason.RETURNED).exists()


def test_of_a_filled_order_they_do():
    item = item_of(1, 5)
    order = held(item, 3, paid=True)
    receive(stock_item_id=item.pk, quantity=2, by=SYSTEM)
    cause = uuid4()
    with transaction.atomic():
        give_back_sold(order=order, quantities={item.pk: 2}, holder=cause, by=SYSTEM)
    assert levels(item) == (2, 0)
    assert Movement.objects.get(holder=cause).quantity == 2


# --- together -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_many_orders_growing_at_once_get_what_there_is_and_no_more():
    item = item_of(20, 0)
    holders = [held_in_commit(item) for _ in range(8)]

    def grow(place: int) -> bool:
        try:
            change(holders[place], {item.pk: 4})
        except OutOfStock:
            return False
        return True

    assert sum(at_once(8, grow)) == 4  # 8 held, 12 left, 3 more each
    assert levels(item) == (20, 20)


def held_in_commit(item):
    holder = uuid4()
    with transaction.atomic():
        reserve(quantities={item.pk: 1}, holder=holder)
    return holder
