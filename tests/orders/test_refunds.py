"""What is owed back: once for each cause, never above what was paid, and in the books."""

from __future__ import annotations

from decimal import Decimal
from threading import Barrier

import pytest
from django.db import IntegrityError, transaction

from common.actors import SYSTEM
from ledger import chart
from ledger.models import Entry
from ledger.services import balances
from orders import refunds
from orders import services as orders
from orders.models import Order, RefundDue
from orders.refunds import TooMuchRefunded, note_paid, owe, paid_for
from tests import factories
from tests.together import at_once

pytestmark = pytest.mark.django_db


def paid_order(price: str = "115.00") -> Order:
    order = factories.place(variant=factories.variant(price=price))
    with transaction.atomic():
        orders.mark_paid(order=orders.lock_order(order.pk), by=SYSTEM)
    order.refresh_from_db()
    return order


def as_before(order: Order) -> Order:
    """As the release before left its paid orders: nothing is said about what was paid."""
    Order.objects.filter(pk=order.pk).update(paid_total=None)
    order.refresh_from_db()
    return order


def go_back(order: Order, amount: str, key: str = "return:1", **more) -> RefundDue:
    with transaction.atomic():
        return owe(
            order=orders.lock_order(order.pk), amount=Decimal(amount), key=key, reason="broken",
            by=SYSTEM, **more,
        )  # fmt: skip


def balance(account: str) -> Decimal:
    return sum((one.amount for one in balances() if one.account == account), Decimal(0))


def test_it_is_kept_with_the_order_and_in_the_ledger():
    order = paid_order()
    due = go_back(order, "23.00")
    order.refresh_from_db()
    assert (due.amount, order.refund_due, order.paid_total) == (23, 23, 115)
    assert (balance(chart.RETURNS), balance(chart.REFUNDS_DUE)) == (20, -23)
    assert balance(chart.VAT) == -12  # 15 were sold, 3 have gone back
    assert sum(one.amount for one in balances()) == 0


def test_a_cause_owes_once():
    order = paid_order()
    first = go_back(order, "23.00")
    assert go_back(order, "23.00") == first
    order.refresh_from_db()
    assert order.refund_due == 23
    assert Entry.objects.filter(kind=refunds.OWED).count() == 1


def test_what_was_paid_before_it_was_written_down_is_the_total():
    order = as_before(paid_order())
    assert paid_for(order) == 115
    go_back(order, "115.00")
    order.refresh_from_db()
    assert (order.paid_total, order.refund_due) == (115, 115)


def test_noting_what_was_paid_leaves_unpaid_orders_alone():
    order = factories.place()
    with transaction.atomic():
        note_paid(orders.lock_order(order.pk))
    order.refresh_from_db()
    assert order.paid_total is None


def test_never_more_than_was_paid():
    order = as_before(paid_order())
    go_back(order, "100.00", key="return:1")
    with pytest.raises(TooMuchRefunded, match=r"15\.00 ETB"):
        go_back(order, "15.01", key="return:2")
    order.refresh_from_db()
    assert order.refund_due == 100
    assert balance(chart.REFUNDS_DUE) == -100
    go_back(order, "15.00", key="return:2")


def test_nothing_is_owed_for_what_was_not_paid():
    with pytest.raises(TooMuchRefunded):
        go_back(factories.place(), "1.00")


@pytest.mark.parametrize("amount", ["0", "-1", "0.001"])
def test_what_is_no_sum_of_money_is_a_bug(amount):
    with pytest.raises(ValueError, match="cannot go back"):
        go_back(paid_order(), amount)


def test_in_parts_all_of_the_tax_goes_back_and_no_more():
    order = paid_order("99.99")
    for place, amount in enumerate(["33.33", "0.01", "33.32", "33.33"]):
        go_back(order, amount, key=f"return:{place}")
    assert balance(chart.VAT) == 0
    assert balance(chart.RETURNS) + balance(chart.SALES) == 0


def test_the_tax_of_lines_taxed_otherwise_is_given():
    order = paid_order()
    go_back(order, "50.00", tax=Decimal(0))
    assert balance(chart.VAT) == -15


def race(order: Order) -> list[object]:
    def one(place: int) -> object:
        try:
            return go_back(order, "60.00", key=f"return:{place}").amount
        except (TooMuchRefunded, IntegrityError) as refusal:
            return type(refusal)

    return at_once(4, one)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_exceed_what_was_paid():
    order = paid_order()
    results = race(order)
    order.refresh_from_db()
    assert results.count(Decimal(60)) == 1
    assert results.count(TooMuchRefunded) == 3
    assert order.refund_due == 60 == -balance(chart.REFUNDS_DUE)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_only_the_constraint_is_left(monkeypatch):
    """Whoever looks before they lock believes that there is enough for everybody."""
    order = paid_order()
    monkeypatch.setattr(orders, "lock_order", lambda pk: Order.objects.get(pk=pk))
    looked = Barrier(4, timeout=20)
    usual = refunds.note_paid
    monkeypatch.setattr(refunds, "note_paid", lambda one: (looked.wait(), usual(one)))
    assert IntegrityError in race(order)
