"""Returns: who may ask, what becomes of what comes, and that the money is right to the cent."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from common.errors import Invalid
from events.models import Letter
from fulfilment.models import (
    ReturnLine,
    ReturnReason,
    ReturnRequest,
    ReturnState,
    Shipment,
    WrongReturnState,
)
from fulfilment.receiving import Arrived, receive
from fulfilment.refusals import NotReturnable, ReturnTooLate
from fulfilment.returning import RETURN_DAYS, approve, close, refuse, request_return
from inventory.models import Movement, StockItem
from ledger.trial_balance import trial_balance
from orders.documents.models import Document
from orders.models import Order, OrderLine, RefundDue
from orders.refunds import TooMuchRefunded, owe
from orders.services import lock_order
from tests import factories
from tests.fulfilment.world import STAFF, approved, came, lines_of, paid, ship

pytestmark = pytest.mark.django_db
MIND = ReturnReason.CHANGED_MIND


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def shipped(*wanted, **rest) -> Order:
    order = paid(*wanted, **rest)
    ship(order)
    return fresh(order)


def ask(order: Order, pieces: int, **rest) -> ReturnRequest:
    line = lines_of(order)[0]
    return request_return(order_id=order.pk, lines={line.pk: pieces}, reason=MIND, by=STAFF, **rest)


def test_from_the_request_to_the_money():
    variant = factories.variant(stock=10)
    order = shipped((variant, 3))
    asked = ask(order, 2, customer_note="too bitter")
    approve(return_id=asked.pk, by=STAFF, answer="Bring it to the Bole shop.")
    line = lines_of(order)[0]
    receive(return_id=asked.pk, lines={line.pk: Arrived(restocked=1, written_off=1)}, by=STAFF)
    line.refresh_from_db()
    item = StockItem.objects.get(pk=variant.stock_item_id)
    assert (line.returned, item.on_hand) == (2, 8)
    moved = Movement.objects.filter(stock_item=item)
    assert moved.aggregate(n=Sum("quantity"))["n"] == item.on_hand
    assert list(moved.filter(holder=asked.public_id).values_list("quantity", "reason")) == [
        (1, "returned")
    ]
    assert sorted(moved.filter(holder=asked.written_off_id).values_list("quantity", "reason")) == [
        (-1, "damaged"),
        (1, "returned"),
    ]
    due = RefundDue.objects.get(order=order)
    assert (due.amount, fresh(order).refund_due) == (Decimal("200.00"), Decimal("200.00"))
    note = Document.objects.get(order=order, kind="credit_note")
    rows = ReturnLine.objects.filter(request=asked).aggregate(a=Sum("amount"), t=Sum("tax"))
    assert (
        (note.total, note.tax_total)
        == (rows["a"], rows["t"])
        == (Decimal("200.00"), Decimal("26.09"))
    )
    assert fresh(order).fulfilment_status == "fulfilled"
    close(return_id=asked.pk, by=STAFF)
    letters = Letter.objects.filter(dedupe_key__startswith="return:").order_by("pk")
    assert [letter.dedupe_key.split(":")[2] for letter in letters] == [
        "requested",
        "approved",
        "received",
    ]
    assert "Bole shop" in letters[1].text
    assert "200.00 ETB" in letters[2].text


def test_an_order_that_came_back_whole_says_so():
    order = shipped()
    came(order, 1)
    came(order, 2)
    assert fresh(order).fulfilment_status == "returned"
    assert fresh(order).refund_due == order.total


def test_a_line_returned_piece_by_piece_gives_back_what_it_cost():
    """100.00 less a discount, in three: 33.11, 33.12 and 33.11, and all of the tax."""
    order = shipped(
        (factories.variant(price="40.01"), 3),
        line_amounts={"discount": Decimal("20.69"), "tax": Decimal("12.96")},
        amounts={
            "discount_total": Decimal("20.69"), "total": Decimal("99.34"), "tax_total": Decimal("12.96"),
        },
    )  # fmt: skip
    for _ in range(3):
        came(order, 1)
    rows = ReturnLine.objects.order_by("pk")
    assert [str(row.amount) for row in rows] == ["33.11", "33.12", "33.11"]
    assert sum(row.tax for row in rows) == Decimal("12.96")
    assert fresh(order).refund_due == Decimal("99.34")
    notes = Document.objects.filter(order=order, kind="credit_note").order_by("pk")
    assert [(n.total, n.tax_total) for n in notes] == [(row.amount, row.tax) for row in rows]


def test_prices_without_tax_give_back_the_tax_too():
    order = shipped(
        (factories.variant(price="33.33"), 3),
        line_amounts={"tax": Decimal("15.00")},
        amounts={
            "prices_include_tax": False, "tax_total": Decimal("15.00"), "total": Decimal("114.99"),
        },
    )  # fmt: skip
    for _ in range(3):
        came(order, 1)
    rows = ReturnLine.objects.order_by("pk")
    assert [str(row.amount) for row in rows] == ["38.33"] * 3
    assert fresh(order).refund_due == Decimal("114.99")
    notes = Document.objects.filter(order=order, kind="credit_note").order_by("pk")
    assert [(n.total, n.tax_total) for n in notes] == [(row.amount, row.tax) for row in rows]


def test_worn_goods_are_worth_less_and_never_more():
    order = shipped()
    came(order, 1, amount=Decimal("60.00"))
    assert fresh(order).refund_due == Decimal("60.00")
    asked = approved(order, 2)
    line = lines_of(order)[0]
    for wrong in ("100.01", "-1", "0.001"):
        with pytest.raises(Invalid):
            receive(
                return_id=asked.pk, lines={line.pk: Arrived(1, amount=Decimal(wrong))}, by=STAFF
            )
    receive(return_id=asked.pk, lines={line.pk: Arrived(2)}, by=STAFF)
    assert fresh(order).refund_due == Decimal("260.00")


def test_the_delivery_fee_goes_back_if_staff_say_so():
    order = shipped(amounts={"delivery_total": 50, "total": 350})
    line = lines_of(order)[0]
    arrived = {line.pk: Arrived(restocked=1)}
    asked = approved(order, 1)
    for wrong in ("50.01", "-1", "0.001"):
        with pytest.raises(Invalid):
            receive(return_id=asked.pk, lines=arrived, delivery_refund=Decimal(wrong), by=STAFF)
    receive(return_id=asked.pk, lines=arrived, delivery_refund=Decimal(30), by=STAFF)
    assert fresh(order).refund_due == Decimal("130.00")
    asked = approved(order, 1)
    with pytest.raises(Invalid):
        receive(return_id=asked.pk, lines=arrived, delivery_refund=Decimal("20.01"), by=STAFF)


def test_never_more_than_was_paid():
    order = shipped()
    with transaction.atomic():
        owe(order=lock_order(order.pk), amount=Decimal(250), key="gesture", reason="late", by=STAFF)
    asked = approved(order, 1)
    line = lines_of(order)[0]
    with pytest.raises(TooMuchRefunded):
        receive(return_id=asked.pk, lines={line.pk: Arrived(restocked=1)}, by=STAFF)
    asked.refresh_from_db()
    line.refresh_from_db()
    assert (asked.state, line.returned) == ("approved", 0)
    receive(return_id=asked.pk, lines={line.pk: Arrived(restocked=1, amount=Decimal(50))}, by=STAFF)
    assert fresh(order).refund_due == fresh(order).total


def test_only_what_left_and_is_not_asked_for_can_be_returned():
    order = paid()
    with pytest.raises(NotReturnable):
        ask(order, 1)
    ship(order, 2)
    with pytest.raises(NotReturnable) as refused:
        ask(order, 3)
    assert refused.value.errors[0]["available"] == 2
    first = ask(order, 2)
    with pytest.raises(NotReturnable):
        ask(order, 1)
    refuse(return_id=first.pk, by=STAFF, answer="It was opened.")
    second = ask(order, 2)
    approve(return_id=second.pk, by=STAFF)
    close(return_id=second.pk, by=STAFF)
    assert ask(order, 2).state == "requested"


def test_a_request_names_lines_of_its_order():
    order, other = shipped(), lines_of(shipped())[0]
    line = lines_of(order)[0]
    for bad in ({other.pk: 1}, {line.pk: 0}, {}):
        with pytest.raises(Invalid):
            request_return(order_id=order.pk, lines=bad, reason=MIND, by=STAFF)


def test_customers_have_so_many_days_and_staff_all_of_them():
    order = shipped()
    long_ago = timezone.now() - timedelta(days=RETURN_DAYS, minutes=1)
    Shipment.objects.update(sent_at=long_ago)
    with pytest.raises(ReturnTooLate):
        ask(order, 1)
    assert ask(order, 1, is_timely=True).state == "requested"
    Shipment.objects.update(delivered_at=timezone.now())
    assert ask(order, 1).state == "requested"


def test_what_arrives_is_what_was_asked_for():
    order = shipped()
    asked = approved(order, 2)
    line, other = lines_of(order)[0], lines_of(shipped())[0]
    for bad in (
        {other.pk: Arrived(restocked=1)},
        {line.pk: Arrived()},
        {},
        {line.pk: Arrived(-1, 2)},
    ):
        with pytest.raises(Invalid):
            receive(return_id=asked.pk, lines=bad, by=STAFF)
    with pytest.raises(NotReturnable):
        receive(return_id=asked.pk, lines={line.pk: Arrived(2, 1)}, by=STAFF)
    with pytest.raises(Invalid):
        receive(return_id=asked.pk, lines={line.pk: Arrived(1)}, by=STAFF, location="nowhere")
    receive(return_id=asked.pk, lines={line.pk: Arrived(1)}, by=STAFF)
    assert ask(order, 2).state == "requested"  # what did not come is still with the customer


def test_parts_of_a_bundle_go_back_each_to_its_own_item():
    one, two = factories.variant(stock=10), factories.variant(stock=10)
    order = paid((factories.variant(), 2))
    line = lines_of(order)[0]
    line.parts = [
        {"stock_item_id": one.stock_item_id, "quantity": 1},
        {"stock_item_id": two.stock_item_id, "quantity": 3},
    ]
    line.save(update_fields=["parts"])
    ship(order)
    came(order, 1)
    found = {
        item.pk: item.on_hand
        for item in StockItem.objects.filter(pk__in=[one.stock_item_id, two.stock_item_id])
    }
    assert found == {one.stock_item_id: 11, two.stock_item_id: 13}


# --- the table of moves --------------------------------------------------------------------------

VERBS = {
    ReturnState.APPROVED: lambda r: approve(return_id=r.pk, by=STAFF),
    ReturnState.REFUSED: lambda r: refuse(return_id=r.pk, by=STAFF, answer="no"),
    ReturnState.RECEIVED: lambda r: receive(
        return_id=r.pk, lines={r.lines.get().line_id: Arrived(restocked=1)}, by=STAFF
    ),
    ReturnState.CLOSED: lambda r: close(return_id=r.pk, by=STAFF),
}
WAY = {
    "requested": [], "approved": ["approved"], "refused": ["refused"], "received": ["approved", "received"],
    "closed": ["approved", "closed"],
}  # fmt: skip


@pytest.mark.parametrize("start", ReturnState.values)
@pytest.mark.parametrize("end", [s for s in ReturnState.values if s != "requested"])
def test_every_move(start, end):
    asked = ask(shipped(), 1)
    for step in WAY[start]:
        VERBS[ReturnState(step)](asked)
    before = asked.history.count()
    if end in ReturnRequest.NEXT[start]:
        VERBS[ReturnState(end)](asked)
        asked.refresh_from_db()
        assert asked.state == end
        assert asked.history.count() == before + 1
    else:
        with pytest.raises(WrongReturnState):
            VERBS[ReturnState(end)](asked)
        asked.refresh_from_db()
        assert asked.state == start
        assert asked.history.count() == before


def test_a_refusal_says_why():
    asked = ask(shipped(), 1)
    with pytest.raises(Invalid):
        refuse(return_id=asked.pk, by=STAFF, answer=" ")


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "approved"}, {"state": "lost"}, {"reason": "boredom"}, {"delivery_refund": 1},
        {"state": "received", "decided_at": timezone.now()}, {"state": "closed", "decided_at": timezone.now()},
    ],
)  # fmt: skip
def test_the_database_has_the_last_word(broken):
    asked = ask(shipped(), 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReturnRequest.objects.filter(pk=asked.pk).update(**broken)


@pytest.mark.parametrize(
    "broken",
    [
        {"quantity": 0}, {"received": 1}, {"received": 2, "restocked": 2}, {"amount": 1}, {"tax": 1},
        {"received": 1, "restocked": 1, "share": 5, "amount": 6},
    ],
)  # fmt: skip
def test_and_over_its_lines(broken):
    asked = ask(shipped(), 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReturnLine.objects.filter(request=asked).update(**broken)


def test_the_books_balance():
    order = shipped()
    came(order, 2)
    assert [balance.is_balanced for balance in trial_balance()] == [True]
    assert OrderLine.objects.get(order=order).returned == 2
