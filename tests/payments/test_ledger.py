"""What payments and sales post, on every way that money can take."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from common.actors import SYSTEM
from common.errors import Refusal
from ledger.models import Entry, Posting
from ledger.services import balances
from orders import services as orders
from orders.bookkeeping import sale_lines
from orders.models import CancelReason, Order, OrderLine
from payments import settle
from payments.models import Payment
from payments.services import cancel_order, close
from reporting.doctor import examine
from tests.payments.conftest import make_variant, place_order

PAID = {
    "gateway.chapa": Decimal("1212.50"), "fees.gateway": Decimal("37.50"),
    "sales": Decimal("-1086.96"), "tax.vat": Decimal("-163.04"), "customers.prepaid": Decimal(0),
}  # fmt: skip


def ask(payment):
    return settle.settle(payment_id=payment.pk, source="test")


def end(order, reason=CancelReason.EXPIRED):
    with transaction.atomic():
        orders.cancel(order=orders.lock_order(order.pk), by=SYSTEM, reason=reason)


def held(currency: str = "ETB") -> dict[str, Decimal]:
    found = {balance.account: balance.amount for balance in balances(currency=currency)}
    assert sum(found.values()) == 0
    return found


def kinds() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("kind", flat=True))


def complaints() -> list[str]:
    return [str(one) for one in examine() if one.invariant != "every change is audited"]


def of_the_ledger() -> list[str]:
    return [str(violation) for violation in examine() if "ledger" in violation.invariant]


def test_a_paid_order_is_money_at_the_gateway_a_fee_a_sale_and_its_tax(chapa, payment, order):
    ask(payment)
    assert kinds() == []  # asking posts nothing
    chapa.pay(payment.reference)
    settled = ask(payment)
    assert held() == PAID
    received, sold = Entry.objects.order_by("pk")
    assert (received.kind, received.key) == ("payment.received", payment.reference)
    assert (sold.kind, sold.key) == ("order.sold", str(order.public_id))
    assert received.order == sold.order == order.public_id
    assert received.occurred_at == settled.settled_at
    assert received.actor == sold.actor == "gateway:chapa"
    ask(payment)
    assert len(kinds()) == 2
    assert complaints() == []


def test_a_settled_payment_costs_two_statements_more(chapa, payment, monkeypatch):
    """One statement for what came in, one for the sale."""
    chapa.pay(payment.reference)
    with CaptureAll() as queries:
        ask(payment)
    posted = [sql for sql in queries if "ledger_" in sql]
    assert len(posted) == 2


class CaptureAll:
    """Every statement of this connection."""

    def __enter__(self):
        self.queries: list[str] = []
        self.wrapper = connection.execute_wrapper(self._note)
        self.wrapper.__enter__()
        return self.queries

    def _note(self, execute, sql, params, many, context):
        self.queries.append(sql)
        return execute(sql, params, many, context)

    def __exit__(self, *problem):
        self.wrapper.__exit__(*problem)


def test_a_crash_between_the_payment_and_the_ledger_leaves_neither(chapa, payment, order, monkeypatch):  # fmt: skip
    chapa.pay(payment.reference)

    def crash(**_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(settle, "book_received", crash)
        with pytest.raises(KeyboardInterrupt):
            ask(payment)
    payment.refresh_from_db()
    assert (payment.status, kinds()) == ("pending", [])
    assert ask(payment).status == "succeeded"
    assert held() == PAID


@pytest.mark.parametrize(
    ("charge", "kept"), [(None, "0"), (0, "0"), (1250, "1250"), ("12.345", "12.35")]
)
def test_whatever_the_gateway_keeps(chapa, payment, charge, kept):
    chapa.pay(payment.reference, charge=charge)
    assert ask(payment).status == "succeeded"
    assert held().get("fees.gateway", 0) == Decimal(kept)
    assert held().get("gateway.chapa", 0) == 1250 - Decimal(kept)
    assert of_the_ledger() == []


@pytest.mark.parametrize(
    ("overrides", "prepaid"),
    [
        ({"amount": 1}, {"ETB": 1}),
        ({"amount": "1250.01"}, {"ETB": Decimal("1250.01")}),
        ({"currency": "USD"}, {"USD": 1250}),
        ({"amount": "0.005"}, {}),
        ({"amount": -5}, {}),
        ({"amount": None}, {}),
        ({"currency": "XXX"}, {}),
        ({"currency": None}, {}),
        ({"mode": "live"}, {}),  # not money of this shop
        ({"amount": 1, "mode": "live"}, {}),
        ({"reference": None}, {}),
        ({"tx_ref": "somebody-elses"}, {}),
        ({"status": "refunded"}, {}),
    ],
)
def test_money_that_does_not_fit_is_the_customers(chapa, payment, overrides, prepaid):
    chapa.pay(payment.reference, **overrides)
    for _ in range(2):
        assert ask(payment).status == "review"
    assert kinds() == (["payment.unassigned"] if prepaid else [])
    for currency, amount in prepaid.items():
        assert held(currency)["customers.prepaid"] == -amount
    assert of_the_ledger() == []


def test_money_of_a_payment_that_was_odd_and_then_right_is_counted_once(chapa, payment):
    chapa.pay(payment.reference, amount=1)
    ask(payment)
    chapa.pay(payment.reference)
    assert ask(payment).status == "succeeded"
    assert kinds() == ["payment.unassigned", "reversal", "payment.received", "order.sold"]
    assert held() == PAID
    assert complaints() == []


def test_a_surplus_waits_with_the_customers_money(chapa, begin, payment, order):
    chapa.fail(payment.reference)
    ask(payment)
    second = begin(order)
    for one in (payment, second):
        chapa.pay(one.reference)
        ask(one)
    assert held() == PAID | {
        "customers.prepaid": Decimal(-1250), "gateway.chapa": 2 * PAID["gateway.chapa"],
        "fees.gateway": 2 * PAID["fees.gateway"],
    }  # fmt: skip
    assert complaints() == []


def test_money_for_an_order_that_has_ended_waits_and_is_taken_back_when_it_is_returned(
    chapa, payment, order
):
    end(order, CancelReason.STAFF)
    chapa.pay(payment.reference)
    assert ask(payment).review_reason == "order_ended"
    assert held()["customers.prepaid"] == -1250
    assert of_the_ledger() == []
    chapa.pay(payment.reference, status="refunded")
    for _ in range(2):
        ask(payment)
    assert kinds() == ["payment.unassigned", "reversal"]
    assert not any(held().values())


def test_money_for_an_expired_order_whose_stock_comes_back_is_sold_at_last(
    chapa, payment, order, variant
):
    end(order)
    other = place_order(variant, quantity=10)
    chapa.pay(payment.reference)
    assert ask(payment).review_reason == "order_ended"
    end(other)
    assert ask(payment).status == "succeeded"
    assert Counter(kinds()) == Counter(
        ["payment.unassigned", "reversal", "payment.received", "order.sold"]
    )
    assert held() == PAID
    assert complaints() == []


def test_an_expired_order_that_revives_is_sold_once(chapa, payment, order):
    end(order)
    chapa.pay(payment.reference)
    ask(payment)
    assert held() == PAID
    assert sorted(kinds()) == ["order.sold", "payment.received"]


def test_what_costs_nothing_is_not_in_the_ledger(chapa, real_db):
    order = place_order(make_variant(price="0.00"))
    assert (order.status, kinds()) == ("paid", [])
    assert complaints() == []


def test_a_cancelled_order_leaves_nothing(chapa, payment, order):
    cancel_order(order_id=order.pk, by=SYSTEM, reason=CancelReason.STAFF)
    assert kinds() == []


def test_a_sale_with_discount_and_delivery_is_split_and_balances():
    """As wave after wave of orders will have them: amounts include their tax, and a discount takes its tax off."""
    order = Order(
        currency="ETB", subtotal=Decimal(115), discount_total=Decimal("11.50"), delivery_total=Decimal(50),
        tax_total=Decimal("13.50"), tax_rate=Decimal("0.15"), total=Decimal("153.50"),
    )  # fmt: skip
    line = OrderLine(
        total=Decimal(115), discount=Decimal("11.50"), tax=Decimal("13.50"), quantity=1
    )
    assert {one.account: one.amount for one in sale_lines(order, [line])} == {
        "customers.prepaid": Decimal("153.50"), "sales": Decimal(-100), "sales.discounts": Decimal(10),
        "sales.delivery": Decimal(-50), "tax.vat": Decimal("-13.50"),
    }  # fmt: skip


# --- whatever happens -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_trial_balance_is_zero_and_the_doctor_content(
    real_db, chapa, begin, monkeypatch, seed
):
    """A shop that lives through forty random turns: paid, failed, odd, doubled, late, returned, cancelled, expired."""
    dice = random.Random(seed)
    variants = [make_variant(price=price, stock=8) for price in ("1250.00", "19.99", "0.05")]
    payments: list[Payment] = []
    monkeypatch.setattr("payments.start.FRESH", timedelta(0))

    def order():
        with_room = dice.choice(variants)
        payments.append(begin(place_order(with_room, quantity=dice.randint(1, 3))))

    def pay():
        one = dice.choice(payments)
        chapa.pay(one.reference, charge=dice.choice([None, "0.03", 1]))

    def odd():
        chapa.pay(dice.choice(payments).reference, amount=dice.choice([1, "7.77", None]))

    def fail():
        chapa.fail(dice.choice(payments).reference)

    def refund():
        chapa.pay(dice.choice(payments).reference, status="refunded")

    def look():
        ask(dice.choice(payments))

    def shut():
        close(payment_id=dice.choice(payments).pk, source="test")

    def again():
        payments.append(begin(dice.choice(payments).order))

    def expire():
        chosen = Order.objects.get(pk=dice.choice(payments).order_id)
        if chosen.status == "pending":
            end(chosen, dice.choice([CancelReason.EXPIRED, CancelReason.STAFF]))

    order()
    for _ in range(40):
        turn = dice.choice([order, pay, pay, odd, fail, refund, look, look, look, shut, again, expire])  # fmt: skip
        try:
            turn()
        except Refusal:
            continue
        for currency in Posting.objects.values_list("currency", flat=True).distinct():
            held(currency)
    for one in payments:
        ask(one)
    assert complaints() == []
    prepaid = held().get("customers.prepaid", Decimal(0))
    assert prepaid <= 0, "a sale took money that nobody had paid"
