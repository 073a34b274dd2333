"""Edit, payment and cancellation of one order at one moment: one after the other, each seeing what the others left."""

from __future__ import annotations

import time

import pytest
from django.db import DatabaseError, transaction

from common.errors import Conflict, Refusal
from common.idempotency import with_retries
from inventory.models import StockItem
from orders import services as orders
from orders.edits import SetQuantity, edit
from orders.models import CancelReason, Order
from tests import factories
from tests.orders.test_edits import STAFF, adds_up, line_of, order_of
from tests.orders.test_edits_random import taken_by
from tests.together import at_once


class AnotherAmount(Conflict):
    """What the payment was for is not what the order costs now: as `settle`, nothing is paid."""


def rush(order: Order) -> list[str]:
    """What became of an edit, a payment of the first total, and a cancellation, all at once."""
    asked, line = order.total, line_of(order).pk

    def change():
        edit(order_id=order.pk, operations=[SetQuantity(line, 1)], reason="race", by=STAFF)

    def pay():
        with transaction.atomic():
            locked = orders.lock_order(order.pk)
            if locked.total != asked:
                raise AnotherAmount
            orders.mark_paid(order=locked, by=STAFF)

    def cancel():
        with transaction.atomic():
            orders.cancel(order=orders.lock_order(order.pk), by=STAFF, reason=CancelReason.STAFF)

    calls = [change, pay, cancel]

    def one(place: int) -> str:
        try:
            with_retries(calls[place])
        except (Refusal, DatabaseError) as refusal:
            return type(refusal).__name__
        return "done"

    return at_once(3, one)


def what_is_left(order: Order) -> None:
    adds_up(order)
    shelf = StockItem.objects.get(pk=line_of(order).variant.stock_item_id)
    pieces = {"pending": line_of(order).quantity}.get(order.status, 0)
    sold = sum(taken_by(order).values())
    assert (shelf.on_hand, shelf.reserved) == (10 - sold, pieces)
    if order.status == "paid":
        assert sold == line_of(order).quantity


@pytest.mark.django_db(transaction=True)
def test_edit_pay_and_cancel_come_one_after_the_other():
    for _ in range(12):
        order = order_of((factories.variant(price="100"), 3))
        results = rush(order)
        is_well(order, results)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_something_is_lost(monkeypatch):
    def look(pk: int) -> Order:
        order = Order.objects.get(pk=pk)
        time.sleep(0.3)
        return order

    monkeypatch.setattr(orders, "lock_order", look)
    order = order_of((factories.variant(price="100"), 3))
    results = rush(order)
    with pytest.raises(AssertionError):
        is_well(order, results)


def is_well(order: Order, results: list[str]) -> None:
    what_is_left(order)
    assert results.count("done") in {1, 2}
    assert not set(results) & {"IntegrityError", "ProgrammingError"}
