"""Everything at once, over real connections. Each race has a control that takes the protection away and must go wrong."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from common.actors import GUEST, Actor
from common.errors import Refusal
from events.models import Letter
from inventory.models import Movement, StockItem
from orders.models import CancelReason, Order
from payments import inbox, settle, start
from payments.gateways import wire
from payments.models import Payment, WebhookEvent
from payments.services import cancel_order, expire_orders, reconcile
from tests.payments.conftest import jobs, make_variant, place_order, sign, webhook_body


@pytest.fixture(autouse=True)
def _room(monkeypatch):
    """The limit of two calls at once has its own test; here it would only blur the races."""
    monkeypatch.setattr(wire, "_places", threading.BoundedSemaphore(100))


def at_once(*calls):
    """Run the calls in threads of their own, from one starting signal; returns results and exceptions."""
    results: list = [None] * len(calls)
    ready = threading.Barrier(len(calls))

    def run(index, call):
        try:
            connection.ensure_connection()
            ready.wait(30)
            results[index] = call()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def story(payment):
    """What must have happened exactly once."""
    order = payment.order
    return {
        "payment": payment.history.filter(status="succeeded").count(),
        "order": order.history.filter(status="paid").count(),
        "sold": Movement.objects.filter(holder=order.public_id, reason="sold").count(),
        "letters": Letter.objects.filter(subject__contains="is paid").count(),
    }


ONCE = {"payment": 1, "order": 1, "sold": 1, "letters": 1}


def errors_in(results):
    return [type(result).__name__ for result in results if isinstance(result, Exception)]


def consistent(order):
    """paid ⇔ a succeeded payment, and the stock agrees."""
    order = Order.objects.get(pk=order.pk)
    succeeded = Payment.objects.filter(order=order, status="succeeded").count()
    assert (order.status == "paid") == (succeeded == 1)
    sold = Movement.objects.filter(holder=order.public_id).count()
    assert sold == succeeded
    return order.status


# --- Twenty settles ----------------------------------------------------------------------------


def twenty_settles(monkeypatch, payment):
    ask, meet = settle._ask, threading.Barrier(20)

    def asked_together(*args):
        answer = ask(*args)
        meet.wait(30)  # all have their answer before anybody writes
        return answer

    monkeypatch.setattr(settle, "_ask", asked_together)
    call = lambda: settle.settle(payment_id=payment.pk, source="race").status  # noqa: E731
    return at_once(*[call] * 20)


def test_twenty_settles_at_once_are_one_transition_and_one_letter(monkeypatch, chapa, payment):
    chapa.pay(payment.reference)
    assert twenty_settles(monkeypatch, payment) == ["succeeded"] * 20
    assert story(payment) == ONCE


def test_control_without_the_locks_settles_collide(monkeypatch, chapa, payment):
    chapa.pay(payment.reference)

    def unlocked(model):
        def read(pk):
            row = model.objects.get(pk=pk)
            time.sleep(0.2)
            return row

        return read

    monkeypatch.setattr(settle.orders, "lock_order", unlocked(Order))
    monkeypatch.setattr(settle, "lock_payment", unlocked(Payment))
    results = twenty_settles(monkeypatch, payment)
    # The database's constraints still refuse the second sale, so what the locks prevent shows as collisions.
    assert errors_in(results) or story(payment) != ONCE


# --- Everybody finds the money -----------------------------------------------------------------


def test_webhook_return_page_poller_expiry_and_cancellation_at_once(chapa, payment, order):
    chapa.pay(payment.reference)
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now())
    body = webhook_body(payment)

    def webhook():
        Client().post(
            "/api/payments/chapa/webhook/", body, content_type="application/json",
            headers={"x-chapa-signature": sign(body)},
        )  # fmt: skip
        for event in WebhookEvent.objects.all():
            inbox.process(event_id=event.pk)

    def cancel():
        cancel_order(order_id=order.pk, by=Actor("customer"), reason=CancelReason.CUSTOMER)

    results = at_once(
        *[webhook] * 3,
        *[lambda: settle.settle(payment_id=payment.pk, source="check")] * 3,
        *[lambda: reconcile(all_open=True)] * 2,
        *[expire_orders] * 2,
        *[cancel] * 2,
    )
    assert set(errors_in(results)) == {"OrderAlreadyPaid"}
    assert story(payment) == ONCE
    assert consistent(order) == "paid"


@pytest.mark.parametrize("seed", range(12))
def test_cancel_against_pay(chapa, begin, variant, seed):
    """Whoever wins: never a cancelled order with money that nobody sees, never a paid one without."""
    order = place_order(variant)
    payment = begin(order)
    chance = random.Random(seed)
    pauses = [chance.uniform(0, 0.03) for _ in range(3)]

    def pay():
        time.sleep(pauses[0])
        with chapa._lock:
            if chapa.transactions[payment.reference].link == "open" or chance.random() < 0.5:
                chapa.pay(payment.reference)
        settle.settle(payment_id=payment.pk, source="webhook")

    def cancel():
        time.sleep(pauses[1])
        cancel_order(order_id=order.pk, by=Actor("customer"), reason=CancelReason.CUSTOMER)

    def look():
        time.sleep(pauses[2])
        settle.settle(payment_id=payment.pk, source="check")

    results = at_once(pay, cancel, look)
    assert set(errors_in(results)) <= {"OrderAlreadyPaid"}
    settle.settle(payment_id=payment.pk, source="reconciliation")
    payment.refresh_from_db()
    has_money = chapa.transactions[payment.reference].status == "success"
    state = consistent(order)
    if state == "paid":
        assert has_money
    else:
        assert state == "cancelled"
        assert payment.status == ("review" if has_money else "cancelled")
    assert StockItem.objects.get(pk=variant.stock_item_id).reserved == 0


# --- Two payments of one order -----------------------------------------------------------------


def test_two_tabs_pay_at_the_same_moment(chapa, begin, order, payment):
    chapa.fail(payment.reference)
    settle.settle(payment_id=payment.pk, source="test")
    second = begin(order)
    chapa.pay(payment.reference)
    chapa.pay(second.reference)
    results = at_once(
        *[lambda: settle.settle(payment_id=payment.pk, source="a")] * 5,
        *[lambda: settle.settle(payment_id=second.pk, source="b")] * 5,
    )
    assert errors_in(results) == []
    states = Counter(Payment.objects.values_list("status", "review_reason"))
    assert states == {("succeeded", ""): 1, ("review", "surplus"): 1}
    assert consistent(order) == "paid"
    assert Letter.objects.filter(subject__contains="is paid").count() == 1


# --- Twenty starts -----------------------------------------------------------------------------


def twenty_starts(order):
    def call():
        return start.start(order_id=order.pk, method="chapa", by=GUEST).pk

    return at_once(*[call] * 20)


def test_twenty_starts_at_once_open_one_link(chapa, order):
    chapa.before["initialize"] = lambda tx_ref: time.sleep(0.3)
    results = twenty_starts(order)
    assert chapa.count("initialize") == 1
    assert Payment.objects.count() == 1
    assert set(errors_in(results)) <= {"PaymentStarting"}
    made = {result for result in results if isinstance(result, int)}
    assert made == {Payment.objects.get().pk}


def test_control_without_the_orders_lock_starts_collide(monkeypatch, chapa, order):
    def unlocked(pk):
        return Order.objects.get(pk=pk)

    find = start._next_for
    monkeypatch.setattr(start.orders, "lock_order", unlocked)
    create = start._create

    def slow_create(*args):
        time.sleep(0.3)
        return create(*args)

    monkeypatch.setattr(start, "_create", slow_create)
    results = twenty_starts(order)
    assert find is start._next_for
    # The constraint still allows only one pending attempt; the others break on it instead of being told.
    assert "IntegrityError" in errors_in(results)


def test_twenty_starts_and_cancellations_at_once(chapa, real_db):
    variant = make_variant(stock=50)
    for _ in range(4):
        order = place_order(variant)

        def begin(order=order):
            return start.start(order_id=order.pk, method="chapa", by=GUEST).pk

        def cancel(order=order):
            cancel_order(order_id=order.pk, by=Actor("customer"), reason=CancelReason.CUSTOMER)

        results = at_once(*[begin, cancel] * 6)
        assert all(isinstance(r, Refusal) for r in results if isinstance(r, Exception)), results
        for job in jobs("payments.close"):
            settle.close(payment_id=job["payment_id"], source="job")
        # A cancelled order has no link that still takes money.
        if consistent(order) == "cancelled":
            references = Payment.objects.filter(order=order).values_list("reference", flat=True)
            links = {
                chapa.transactions[ref].link for ref in references if ref in chapa.transactions
            }
            assert links <= {"closed"}


# --- Twenty webhooks ---------------------------------------------------------------------------


def test_one_webhook_twenty_times_at_once_is_one_event_and_one_job(chapa, payment):
    chapa.pay(payment.reference)
    body = webhook_body(payment)

    def deliver():
        return (
            Client()
            .post(
                "/api/payments/chapa/webhook/", body, content_type="application/json",
                headers={"x-chapa-signature": sign(body)},
            )
            .status_code
        )  # fmt: skip

    assert at_once(*[deliver] * 20) == [200] * 20
    assert WebhookEvent.objects.get().deliveries == 20
    (job,) = jobs("payments.process_webhook")
    results = at_once(*[lambda: inbox.process(**job)] * 10)
    assert errors_in(results) == []
    assert story(payment) == ONCE


def test_control_without_the_unique_inbox_each_delivery_is_an_event(real_db, payment):
    """What `ON CONFLICT` is for: two different bodies about one payment are two events."""
    for number in range(3):
        body = webhook_body(payment, attempt=number)
        Client().post(
            "/api/payments/chapa/webhook/", body, content_type="application/json",
            headers={"x-chapa-signature": sign(body)},
        )  # fmt: skip
    assert WebhookEvent.objects.count() == 3
    assert len(jobs("payments.process_webhook")) == 3
