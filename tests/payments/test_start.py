"""Starting to pay: one live link per order, whatever the gateway, the network or the customer does."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest
from django.db import transaction
from django.utils import timezone

from common.actors import GUEST, SYSTEM
from common.errors import Invalid
from orders import services as orders
from orders.models import CancelReason, Order
from payments.models import LINK_LIFETIME, Payment
from payments.services import PaymentUnavailable, settle, start
from payments.start import (
    STARTING,
    OrderAlreadyPaid,
    OrderNotPayable,
    PaymentInReview,
    PaymentRefused,
    PaymentStarting,
)
from tests.payments.conftest import jobs
from tests.payments.fake_chapa import envelope


def age(payment, **fields):
    Payment.objects.filter(pk=payment.pk).update(**fields)


def attempts(order):
    return list(Payment.objects.filter(order=order).order_by("pk"))


def test_an_attempt_is_opened_and_handed_out(chapa, begin, order):
    payment = begin(order)
    assert payment.status == "pending"
    assert payment.checkout_url.startswith("https://checkout.chapa.co/")
    assert (payment.amount, payment.currency, payment.mode) == (order.total, "ETB", "test")
    assert payment.expires_at - payment.initialised_at == LINK_LIFETIME
    assert jobs("payments.settle") == [{"payment_id": payment.pk, "source": "first check"}]
    sent = json.loads(chapa.requests[0].content)
    assert sent["tx_ref"] == payment.reference
    assert sent["amount"] == "1250.00"
    assert sent["first_name"] == "ሐና"
    assert sent["last_name"] == "ተስፋዬ"
    assert sent["email"] == "hana@shop.et"
    assert sent["phone_number"] == "0911234567"
    assert sent["return_url"] == f"https://shop.example/pay/return/{payment.public_id}/"
    assert sent["callback_url"] == "https://shop.example/api/payments/chapa/callback/"
    assert sent["customization"]["title"] == order.number


def test_the_front_ends_return_page_is_used_when_there_is_one(chapa, begin, order, settings):
    settings.FRONTEND_URL = "https://front.example"
    payment = begin(order)
    sent = json.loads(chapa.requests[0].content)
    assert sent["return_url"] == f"https://front.example/pay/return/{payment.public_id}/"
    assert sent["callback_url"].startswith("https://shop.example/")


def test_the_attempt_is_committed_before_the_gateway_hears_of_it(chapa, begin, order):
    seen = []
    chapa.before["initialize"] = lambda tx_ref: seen.append(
        Payment.objects.get(reference=tx_ref).status
    )
    begin(order)
    assert seen == ["pending"]


def test_the_live_link_is_handed_out_again_without_a_call(chapa, begin, order, payment):
    again = begin(order)
    assert (again.pk, again.checkout_url) == (payment.pk, payment.checkout_url)
    assert chapa.count("initialize") == 1
    assert chapa.count("verify") == 0


def test_an_older_link_is_asked_about_before_it_is_handed_out(chapa, begin, order, payment):
    age(payment, initialised_at=timezone.now() - timedelta(minutes=5))
    assert begin(order).pk == payment.pk
    assert chapa.count("verify") == 1
    assert begin(order).pk == payment.pk  # and then it is fresh again
    assert chapa.count("verify") == 1


def test_an_older_link_is_handed_out_when_it_cannot_be_asked_about(chapa, begin, order, payment):
    age(payment, initialised_at=timezone.now() - timedelta(minutes=5))
    chapa.script["verify"] = [httpx.ReadTimeout("x")]
    assert begin(order).pk == payment.pk


def test_an_older_link_that_was_paid_meanwhile_pays_the_order(chapa, begin, order, payment):
    age(payment, initialised_at=timezone.now() - timedelta(minutes=5))
    chapa.pay(payment.reference)
    with pytest.raises(OrderAlreadyPaid):
        begin(order)
    assert Order.objects.get(pk=order.pk).status == "paid"
    assert chapa.count("initialize") == 1


def test_a_failed_attempt_is_closed_and_replaced(chapa, begin, order, payment):
    chapa.fail(payment.reference)
    settle(payment_id=payment.pk, source="test")
    second = begin(order)
    payment.refresh_from_db()
    assert second.pk != payment.pk
    assert second.reference != payment.reference
    assert payment.status == "cancelled"
    assert chapa.transactions[payment.reference].link == "closed"
    routes = [route for route, _ in chapa.calls[-3:]]
    assert routes == ["cancel", "verify", "initialize"]


def test_a_failed_attempt_that_turns_out_paid_is_not_replaced(chapa, begin, order, payment):
    """Defect 6: a second start must not lose a late payment of the first."""
    chapa.fail(payment.reference)
    settle(payment_id=payment.pk, source="test")
    chapa.pay(payment.reference)
    with pytest.raises(OrderAlreadyPaid):
        begin(order)
    payment.refresh_from_db()
    assert payment.status == "succeeded"
    assert len(attempts(order)) == 1


def test_without_the_gateway_a_failed_attempt_is_not_replaced(chapa, begin, order, payment):
    chapa.fail(payment.reference)
    settle(payment_id=payment.pk, source="test")
    chapa.down = True
    with pytest.raises(PaymentUnavailable):
        begin(order)
    assert len(attempts(order)) == 1


def test_a_link_whose_life_is_over_is_closed_and_replaced(chapa, begin, order, payment):
    age(payment, expires_at=timezone.now() - timedelta(seconds=1))
    assert begin(order).pk != payment.pk
    payment.refresh_from_db()
    assert payment.status == "cancelled"


@pytest.mark.parametrize("status", ["paid", "cancelled", "expired", "review"])
def test_orders_that_cannot_be_paid(chapa, begin, order, payment, status):
    expected = OrderNotPayable
    if status == "paid":
        chapa.pay(payment.reference)
        settle(payment_id=payment.pk, source="test")
        expected = OrderAlreadyPaid
    elif status == "cancelled":
        with transaction.atomic():
            orders.cancel(
                order=orders.lock_order(order.pk), by=SYSTEM, reason=CancelReason.CUSTOMER
            )
    elif status == "expired":
        Order.objects.filter(pk=order.pk).update(expires_at=timezone.now())
    else:
        chapa.pay(payment.reference, amount=1)
        settle(payment_id=payment.pk, source="test")
        expected = PaymentInReview
    with pytest.raises(expected):
        begin(order)
    assert chapa.count("initialize") == 1


def test_there_is_no_other_way_to_pay(chapa, order):
    with pytest.raises(Invalid):
        start(order_id=order.pk, method="cash", by=GUEST)
    assert attempts(order) == []


def test_without_a_key_no_attempt_is_made(chapa, begin, order, settings):
    settings.CHAPA_SECRET_KEY = ""
    with pytest.raises(PaymentUnavailable):
        begin(order)
    assert attempts(order) == []


# --- The gateway refuses -----------------------------------------------------------------------


def test_a_refusal_over_the_buyer_is_answered_by_leaving_the_buyer_out(chapa, begin, order):
    """A dead e-mail domain must not keep anybody from paying."""
    chapa.script["initialize"] = [envelope(400, {"email": ["validation.email"]}, "failed")]
    payment = begin(order)
    first, second = attempts(order)
    assert (first.status, second.pk) == ("failed", payment.pk)
    assert first.reference != second.reference  # the first may be burnt
    assert "email: validation.email" in first.history.get(status="failed").note
    assert "email" not in json.loads(chapa.requests[1].content)


@pytest.mark.parametrize(
    "message",
    [
        {"amount": ["The amount must not exceed 1000000."]},
        "User can't receive payments",
        ["a", {"b": "c"}],
        None,
    ],
)
def test_a_refusal_of_the_payment_itself(chapa, begin, order, message):
    chapa.script["initialize"] = [envelope(400, message, "failed")] * 2
    with pytest.raises(PaymentRefused) as caught:
        begin(order)
    assert str(message) not in caught.value.detail
    assert [payment.status for payment in attempts(order)] == ["failed", "failed"]
    assert begin(order).status == "pending"


def test_a_refused_key_is_our_trouble_not_the_buyers(chapa, begin, order):
    chapa.script["initialize"] = [envelope(401, "Invalid API Key", "failed")]
    with pytest.raises(PaymentUnavailable):
        begin(order)
    assert [payment.status for payment in attempts(order)] == ["failed"]


def test_an_evil_checkout_url_is_handed_to_nobody(chapa, begin, order):
    evil = envelope(200, "Hosted Link", "success", {"checkout_url": "https://evil.example/"})
    chapa.script["initialize"] = [evil, evil]
    with pytest.raises(PaymentRefused):
        begin(order)
    assert {payment.checkout_url for payment in attempts(order)} == {None}


# --- The answer is lost ------------------------------------------------------------------------

LOST = [
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("reset"),
    httpx.Response(200, text="<html>"),
    httpx.Response(200, text=""),
    envelope(500, "x", "failed"),
    envelope(503, "x", "failed"),
    envelope(429, "Too many requests", "failed"),
    envelope(200, "Hosted Link", "success", []),
]


@pytest.mark.parametrize("trouble", LOST)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_makes_no_double_checkout(chapa, begin, order, trouble, when):
    def lose(request, tx_ref):
        if when == "after":
            chapa.create(request, tx_ref)
        if isinstance(trouble, Exception):
            raise trouble
        return trouble

    chapa.script["initialize"] = [lose]
    with pytest.raises(PaymentUnavailable):
        begin(order)
    (first,) = attempts(order)
    assert first.status == "failed"
    if when == "after":
        assert chapa.transactions[first.reference].link == "closed"
    assert chapa.count("initialize") == 1  # never repeated by itself
    second = begin(order)
    assert second.status == "pending"
    assert second.reference != first.reference
    open_links = [ref for ref, made in chapa.transactions.items() if made.link == "open"]
    assert open_links == [second.reference]


def test_no_connection_had_no_effect_and_needs_no_tidying(chapa, begin, order):
    chapa.down = True
    with pytest.raises(PaymentUnavailable):
        begin(order)
    assert chapa.calls == [("initialize", attempts(order)[0].reference)]
    assert attempts(order)[0].status == "failed"
    chapa.down = False
    assert begin(order).status == "pending"


def test_a_lost_answer_that_cannot_be_tidied_up_is_taken_over_later(chapa, begin, order):
    def lose(request, tx_ref):
        chapa.create(request, tx_ref)
        chapa.down = True
        raise httpx.ReadTimeout("slow")

    chapa.script["initialize"] = [lose]
    with pytest.raises(PaymentUnavailable):
        begin(order)
    (first,) = attempts(order)
    assert first.status == "pending"
    with pytest.raises(PaymentStarting) as caught:
        begin(order)
    assert caught.value.retry_after
    age(first, created_at=timezone.now() - STARTING)
    with pytest.raises(PaymentUnavailable):
        begin(order)  # the gateway is still away, and the old link may be alive
    chapa.down = False
    second = begin(order)
    first.refresh_from_db()
    assert first.status == "failed"
    assert chapa.transactions[first.reference].link == "closed"
    assert second.status == "pending"


def test_a_start_that_was_killed_does_not_block_for_ever(chapa, begin, order):
    """Killed after the commit of the attempt: another start takes over after STARTING."""

    class Killed(BaseException):
        pass

    def kill(tx_ref):
        raise Killed

    chapa.before["initialize"] = kill
    with pytest.raises(Killed):
        begin(order)
    del chapa.before["initialize"]
    (first,) = attempts(order)
    with pytest.raises(PaymentStarting):
        begin(order)
    age(first, created_at=timezone.now() - STARTING)
    second = begin(order)
    first.refresh_from_db()
    assert (first.status, second.status) == ("failed", "pending")


def test_a_start_that_was_thought_dead_and_comes_back_leaves_no_second_link(chapa, begin, order):
    """The first call hangs for so long that a second one takes over; then the first answers after all."""
    taken = []

    def overtake(tx_ref):
        del chapa.before["initialize"]
        (first,) = attempts(order)
        age(first, created_at=timezone.now() - STARTING)
        taken.append(begin(order))

    chapa.before["initialize"] = overtake
    with pytest.raises(PaymentStarting):
        begin(order)
    first, second = attempts(order)
    assert second.pk == taken[0].pk
    assert jobs("payments.close") == [{"payment_id": first.pk}]
    from payments.tasks import close_payment

    close_payment(payment_id=first.pk)
    first.refresh_from_db()
    assert first.status == "cancelled"
    open_links = [ref for ref, made in chapa.transactions.items() if made.link == "open"]
    assert open_links == [second.reference]


def test_a_webhook_that_outruns_the_answer_finds_the_attempt(chapa, begin, order):
    def outrun(request, tx_ref):
        chapa.create(request, tx_ref)
        chapa.pay(tx_ref)
        settle(payment_id=Payment.objects.get(reference=tx_ref).pk, source="webhook")
        url = "https://checkout.chapa.co/x"
        return envelope(200, "Hosted Link", "success", {"checkout_url": url})

    chapa.script["initialize"] = [outrun]
    payment = begin(order)
    assert payment.status == "succeeded"
    assert payment.checkout_url == "https://checkout.chapa.co/x"
    payment.refresh_from_db()
    assert payment.next_check_at is None
    assert Order.objects.get(pk=order.pk).status == "paid"


def test_an_order_that_ends_while_its_payment_is_opened(chapa, begin, order):
    def meanwhile(tx_ref):
        with transaction.atomic():
            locked = orders.lock_order(order.pk)
            payment = Payment.objects.get(reference=tx_ref)
            payment.move_to("cancelled", by=SYSTEM, cancelled_at=timezone.now())
            orders.cancel(order=locked, by=SYSTEM, reason=CancelReason.CUSTOMER)

    chapa.before["initialize"] = meanwhile
    with pytest.raises(OrderNotPayable):
        begin(order)
    assert len(jobs("payments.close")) == 1
