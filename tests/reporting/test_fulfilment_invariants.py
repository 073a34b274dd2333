"""The doctor on shipments and returns: silent while all is well, and it names every corruption."""

from __future__ import annotations

import pytest
from django.db import connection

from fulfilment.models import (
    ReturnEvent,
    ReturnRequest,
    Shipment,
    ShipmentEvent,
    ShipmentKind,
    ShipmentLine,
)
from fulfilment.packing import pack
from fulfilment.receiving import Arrived, receive
from inventory.models import Movement
from orders.models import Order, OrderLine, RefundDue
from orders.services import ship as ship_whole
from reporting.fulfilment_invariants import QUERIES
from tests import factories
from tests.fulfilment.world import STAFF, approved, came, lines_of, paid, ship

pytestmark = pytest.mark.django_db


def found() -> list[str]:
    """The names of the invariants that do not hold, with their details."""
    told = []
    with connection.cursor() as cursor:
        for name, (query, template) in QUERIES.items():
            cursor.execute(query)
            told += [f"{name}: {template.format(*row)}" for row in cursor.fetchall()]
    return told


@pytest.fixture
def order() -> Order:
    """Three pieces: two have left in a parcel, one came back and one was written off, one is packed."""
    made = paid()
    ship(made, 2)
    came(made, 1)
    asked = approved(made, 1)
    receive(return_id=asked.pk, lines={lines_of(made)[0].pk: Arrived(written_off=1)}, by=STAFF)
    pack(order_id=made.pk, kind=ShipmentKind.COURIER, by=STAFF)
    return made


def test_all_is_well(order):
    ship_whole(order_id=paid().pk, by=STAFF)
    factories.place()
    assert found() == []


CORRUPTIONS = {
    "shipped = what left": lambda o: ShipmentLine.objects.filter(shipment__state="sent").update(
        quantity=1
    ),
    "returned = what came back": lambda o: OrderLine.objects.filter(order=o).update(returned=1),
    "shipments and returns are of their order's lines": lambda o: ShipmentLine.objects.filter(
        shipment__state="packed"
    ).update(line=lines_of(paid())[0]),
    "no shipment is empty": lambda o: ShipmentLine.objects.filter(
        shipment__state="packed"
    ).delete(),
    "nothing of a dead order is on its way": lambda o: Order.objects.filter(pk=o.pk).update(
        status="cancelled", cancel_reason="staff"
    ),
    "orders follow their goods": lambda o: Order.objects.filter(pk=o.pk).update(
        fulfilment_status="fulfilled"
    ),
    "a shipment's last event is its state": lambda o: ShipmentEvent.objects.filter(
        state="sent"
    ).delete(),
    "restocked = movements": lambda o: Movement.objects.create(
        stock_item_id=lines_of(o)[0].variant.stock_item_id, quantity=1, reason="correction",
        holder=ReturnRequest.objects.order_by("pk")[0].public_id, actor="nobody",
    ),
    "what returns owe = refunds due": lambda o: RefundDue.objects.order_by("pk")[:1].get().delete(),
}  # fmt: skip


def test_every_invariant_has_its_corruption():
    assert set(CORRUPTIONS) == set(QUERIES)


@pytest.mark.parametrize("name", list(CORRUPTIONS))
def test_a_corruption_is_found_and_named(name, order):
    CORRUPTIONS[name](order)
    told = [line for line in found() if line.startswith(f"{name}: ")]
    assert told, found()
    named = {str(o.number) for o in Order.objects.all()}
    named |= {str(r) for r in ReturnRequest.objects.values_list("public_id", flat=True)}
    assert any(word in line for line in told for word in named) or "line" in told[0]


@pytest.mark.parametrize(
    ("name", "corrupt"),
    [
        ("restocked = movements", lambda o: Movement.objects.filter(reason="damaged").delete()),
        ("restocked = movements", lambda o: Movement.objects.filter(reason="returned").delete()),
        ("a shipment's last event is its state", lambda o: ReturnEvent.objects.all().delete()),
        (
            "what returns owe = refunds due",
            lambda o: ReturnRequest.objects.filter(amount__gt=0).update(amount=1),
        ),
        ("orders follow their goods", lambda o: Order.objects.filter(pk=o.pk).update(status="shipped")),
        ("shipped = what left", lambda o: Shipment.objects.filter(state="sent").delete()),
    ],
)  # fmt: skip
def test_other_ways_to_break_it(name, corrupt, order):
    corrupt(order)
    assert any(line.startswith(f"{name}: ") for line in found()), found()
