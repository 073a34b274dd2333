"""Many hands at once, each on a connection of its own; with the lock taken away the same races end badly."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import IntegrityError

from common.errors import Refusal
from fulfilment.handing_over import hand_over
from fulfilment.models import Shipment, ShipmentKind, ShipmentLine
from fulfilment.packing import pack
from fulfilment.receiving import Arrived, receive
from fulfilment.travelling import make_ready, send, ship_pieces
from inventory.models import Movement, StockItem
from orders.models import Order, RefundDue
from tests import factories
from tests.fulfilment.world import STAFF, approved, lines_of, paid, ship
from tests.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)
COURIER = ShipmentKind.COURIER


def tried(verb: Any, **arguments: Any) -> str:
    """What became of it: done, or how it was refused."""
    try:
        verb(**arguments)
    except Refusal as refusal:
        return refusal.code
    except IntegrityError:
        return "constraint"
    return "done"


@pytest.fixture
def no_lock(monkeypatch):
    """The control: orders are read and not locked, and everybody looks before anybody writes."""

    def look(order_id: int) -> Order:
        return Order.objects.get(pk=order_id)

    def slow(rows: Any, pk: Any, *, missing: str) -> Any:
        found = rows.get(pk=pk)
        time.sleep(0.3)
        return found

    def dawdle(order: Order) -> Any:
        found = left(order)
        time.sleep(0.3)
        return found

    from fulfilment import packing

    left = packing.what_is_left
    monkeypatch.setattr("fulfilment.packing.lock_order", look)
    monkeypatch.setattr("fulfilment.packing.what_is_left", dawdle)
    monkeypatch.setattr("fulfilment.packing._next_number", _any_number)
    monkeypatch.setattr("fulfilment.travelling.lock_order", look)
    monkeypatch.setattr("fulfilment.travelling.lock_row", slow)
    monkeypatch.setattr("fulfilment.returning.lock_order", look)
    monkeypatch.setattr("fulfilment.returning.lock_row", slow)


def _any_number(order: Order) -> int:
    return int(time.monotonic_ns() % 30_000) + 1


def pack_the_last(_: int, order: Order) -> str:
    return tried(pack, order_id=order.pk, kind=COURIER, by=STAFF)


def packed_pieces(order: Order) -> int:
    return sum(
        ShipmentLine.objects.filter(shipment__order=order).values_list("quantity", flat=True)
    )


def test_the_last_pieces_are_packed_once():
    order = paid()
    told = at_once(8, lambda place: pack_the_last(place, order))
    assert sorted(told) == ["done"] + ["not_to_be_shipped"] * 7
    assert packed_pieces(order) == 3


def test_control_without_the_lock_they_are_packed_twice(no_lock):
    order = paid()
    told = at_once(8, lambda place: pack_the_last(place, order))
    assert told.count("done") > 1
    assert packed_pieces(order) > 3


def test_the_last_pieces_are_shipped_once():
    order = paid()
    at_once(6, lambda _: tried(ship_pieces, order_id=order.pk, kind=COURIER, by=STAFF))
    [line] = lines_of(order)
    assert line.shipped == 3
    assert Shipment.objects.count() == 1


def test_a_shipment_is_sent_once():
    order = paid()
    shipment = pack(order_id=order.pk, kind=COURIER, by=STAFF)
    told = at_once(6, lambda _: tried(send, shipment_id=shipment.pk, by=STAFF))
    assert sorted(told) == ["done"] + ["wrong_shipment_state"] * 5
    assert lines_of(order)[0].shipped == 3


def test_parts_of_a_line_go_at_once_and_are_all_counted():
    """Two parcels of one order leave in the same moment: neither counter nor status is lost."""
    order = paid((factories.variant(stock=50), 10))
    [line] = lines_of(order)
    parcels = [
        pack(order_id=order.pk, kind=COURIER, lines={line.pk: 1}, by=STAFF) for _ in range(10)
    ]
    told = at_once(10, lambda place: tried(send, shipment_id=parcels[place].pk, by=STAFF))
    assert told == ["done"] * 10
    order.refresh_from_db()
    assert (lines_of(order)[0].shipped, order.status) == (10, "shipped")


def back(order: Order) -> tuple[Any, StockItem]:
    ship(order)
    asked = approved(order, 2)
    return asked, StockItem.objects.get(pk=lines_of(order)[0].variant.stock_item_id)


def take_in(asked: Any, line_id: int) -> str:
    return tried(receive, return_id=asked.pk, lines={line_id: Arrived(1, 1)}, by=STAFF)


def test_a_return_is_received_once():
    order = paid()
    asked, item = back(order)
    line = lines_of(order)[0]
    told = at_once(6, lambda _: take_in(asked, line.pk))
    assert sorted(told) == ["done"] + ["wrong_return_state"] * 5
    line.refresh_from_db()
    assert line.returned == 2
    assert StockItem.objects.get(pk=item.pk).on_hand == item.on_hand + 1
    assert RefundDue.objects.get().amount == 200
    assert Movement.objects.filter(holder=asked.public_id).count() == 1


def test_control_without_the_lock_a_return_is_received_more_than_once(no_lock):
    """The constraints behind the lock hold what they can; the state machine alone does not."""
    order = paid((factories.variant(stock=50), 12))
    asked, _ = back(order)
    line = lines_of(order)[0]
    told = at_once(4, lambda _: take_in(asked, line.pk))
    assert told.count("wrong_return_state") < 3


@pytest.mark.django_db(transaction=True)
def test_five_of_any_number_of_guesses_are_looked_at():
    order = paid()
    shipment = pack(order_id=order.pk, kind=ShipmentKind.PICKUP, by=STAFF)
    make_ready(shipment_id=shipment.pk, by=STAFF)
    told = at_once(
        16, lambda place: tried(hand_over, shipment_id=shipment.pk, code=f"{place:06d}", by=STAFF)
    )
    assert told.count("wrong_hand_over_code") <= 5
    assert set(told) <= {"wrong_hand_over_code", "hand_over_code_used_up", "done"}
