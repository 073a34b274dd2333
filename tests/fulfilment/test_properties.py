"""Whatever is done to orders in whatever order: shipped within agreed, returned within shipped, money and stock add up."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F, Sum

from common.errors import Refusal
from fulfilment.models import ReturnLine, ReturnReason, ReturnRequest, Shipment, ShipmentKind
from fulfilment.packing import pack
from fulfilment.receiving import Arrived, receive
from fulfilment.returning import approve, close, refuse, request_return
from fulfilment.travelling import cancel_shipment, make_ready, mark_delivered, send
from inventory.models import StockItem
from ledger.trial_balance import trial_balance
from orders.documents.models import Document
from orders.models import Order, OrderLine
from reporting.fulfilment_invariants import QUERIES
from tests import factories
from tests.fulfilment.world import STAFF, lines_of, paid

pytestmark = pytest.mark.django_db
STEPS, RUNS = 60, 8


class Walk:
    """One random life of two orders."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.done = 0
        price = self.random.choice(["33.33", "10.01", "100.00", "0.05"])
        first, second = factories.variant(price=price, stock=20), factories.variant(stock=20)
        self.orders = [paid((first, 5), (second, 3)), paid((first, 2))]

    def step(self) -> None:
        verbs = [
            self.pack,
            self.pack,
            self.move,
            self.move,
            self.ask,
            self.decide,
            self.decide,
            self.receive,
        ]
        try:
            self.random.choice(verbs)()
            self.done += 1
        except (Refusal, IndexError):
            pass

    def pieces(self, order: Order) -> dict[int, int]:
        lines = self.random.sample(lines_of(order), k=self.random.randint(1, order.lines.count()))
        return {line.pk: self.random.randint(1, 2) for line in lines}

    def pack(self) -> None:
        order, kind = self.random.choice(self.orders), self.random.choice(list(ShipmentKind))
        wanted = self.pieces(order) if self.random.random() < 0.8 else None
        pack(order_id=order.pk, kind=kind, lines=wanted, by=STAFF)

    def move(self) -> None:
        shipment = self.random.choice(Shipment.objects.order_by("pk"))
        verb = self.random.choice(
            [send, make_ready, mark_delivered, mark_delivered, cancel_shipment]
        )
        verb(shipment_id=shipment.pk, by=STAFF, note="known to us")

    def ask(self) -> None:
        order = self.random.choice(self.orders)
        request_return(
            order_id=order.pk, lines=self.pieces(order), reason=ReturnReason.OTHER, by=STAFF
        )

    def decide(self) -> None:
        asked = self.random.choice(ReturnRequest.objects.order_by("pk"))
        if self.random.random() < 0.8:
            approve(return_id=asked.pk, by=STAFF)
        elif self.random.random() < 0.5:
            refuse(return_id=asked.pk, by=STAFF, answer="no")
        else:
            close(return_id=asked.pk, by=STAFF)

    def receive(self) -> None:
        asked = self.random.choice(ReturnRequest.objects.order_by("pk"))
        came = {}
        for row in asked.lines.all():
            restocked = self.random.randint(0, row.quantity)
            written_off = self.random.randint(0, row.quantity - restocked)
            worn = self.random.choice([None, None, Decimal("0.01")])
            if restocked + written_off:
                came[row.line_id] = Arrived(restocked, written_off, worn)
        receive(return_id=asked.pk, lines=came, by=STAFF)


def everything_adds_up() -> None:
    assert not OrderLine.objects.filter(shipped__gt=F("quantity")).exists()
    assert not OrderLine.objects.filter(returned__gt=F("shipped")).exists()
    for order in Order.objects.all():
        assert order.refund_due <= (order.total if order.paid_total is None else order.paid_total)
        owed = order.returns.aggregate(n=Sum("amount"))["n"] or 0
        assert owed == order.refund_due
        notes = Document.objects.filter(order=order, kind="credit_note").aggregate(
            n=Sum("total"), t=Sum("tax_total")
        )
        rows = ReturnLine.objects.filter(request__order=order)
        taxes = rows.filter(request__amount__gt=0).aggregate(t=Sum("tax"))["t"]
        assert ((notes["n"] or 0), (notes["t"] or 0)) == (owed, taxes or 0)
    for line in OrderLine.objects.all():
        rows = ReturnLine.objects.filter(line=line)
        sums = rows.aggregate(a=Sum("amount"), t=Sum("tax"), s=Sum("share"))
        assert (sums["a"] or 0) <= line.total - line.discount
        assert (sums["t"] or 0) <= line.tax
        if line.returned == line.quantity:
            assert sums["s"] == line.total - line.discount
    for item in StockItem.objects.annotate(moved=Sum("movements__quantity")):
        assert item.on_hand == (item.moved or 0)
    assert all(balance.is_balanced for balance in trial_balance())
    with connection.cursor() as cursor:
        for name, (query, template) in QUERIES.items():
            cursor.execute(query)
            assert [template.format(*row) for row in cursor.fetchall()] == [], name


@pytest.mark.parametrize("seed", range(RUNS))
def test_any_sequence_adds_up(seed):
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.step()
        if walk.random.random() < 0.1:
            everything_adds_up()
    everything_adds_up()
    assert walk.done >= 5  # it went somewhere


def test_the_walks_get_everywhere():
    """A property over nothing holds always: here is what the walks above have seen."""
    seen: set[str] = set()
    for seed in range(4):
        walk = Walk(seed)
        for _ in range(STEPS * 2):
            walk.step()
        seen |= set(Shipment.objects.values_list("state", flat=True))
        seen |= set(ReturnRequest.objects.values_list("state", flat=True))
    assert {"sent", "delivered", "cancelled", "approved", "received"} <= seen
