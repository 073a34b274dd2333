"""`settle`: the one function that may call a payment good."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from django.db import transaction
from django.utils import timezone

from common.actors import SYSTEM, Actor
from common.errors import NotFound
from events.models import Letter
from inventory.models import StockItem
from orders import services as orders
from orders.edits import SetQuantity, edit
from orders.models import CancelReason, Order
from payments.models import Payment, ReviewReason
from payments.services import PaymentUnavailable, close, settle
from reporting.doctor import examine
from tests.payments.conftest import jobs, place_order
from tests.payments.fake_chapa import envelope


def ask(payment, source="test"):
    return settle(payment_id=payment.pk, source=source)


def stock(variant):
    item = StockItem.objects.get(pk=variant.stock_item_id)
    return item.on_hand, item.reserved


def paid_letters():
    return Letter.objects.filter(subject__contains="is paid").count()


def end(order, reason):
    with transaction.atomic():
        orders.cancel(order=orders.lock_order(order.pk), by=SYSTEM, reason=reason)


@pytest.mark.parametrize("variant_name", ["A", "B", "C"])
def test_a_paid_payment_pays_its_order(chapa, payment, order, variant, variant_name):
    chapa.variant = variant_name
    assert ask(payment).status == "pending"
    assert stock(variant) == (10, 1)
    chapa.pay(payment.reference)
    settled = ask(payment)
    order.refresh_from_db()
    assert settled.status == "succeeded"
    assert settled.gateway_reference == chapa.transactions[payment.reference].reference
    assert settled.fee == Decimal("37.50")
    assert settled.settled_at is not None
    assert settled.next_check_at is None
    assert (order.status, order.payment_status) == ("paid", "paid")
    assert stock(variant) == (9, 0)
    assert paid_letters() == 1


@pytest.mark.parametrize("variant_name", ["A", "B", "C"])
def test_a_failed_attempt_may_still_succeed(chapa, payment, order, variant_name):
    chapa.variant = variant_name
    chapa.fail(payment.reference)
    failed = ask(payment)
    order.refresh_from_db()
    assert failed.status == "failed"
    assert failed.next_check_at is not None
    assert order.status == "pending"
    chapa.pay(payment.reference)
    assert ask(payment).status == "succeeded"
    order.refresh_from_db()
    assert order.status == "paid"


def test_success_is_the_end_of_it(chapa, payment, order):
    chapa.pay(payment.reference)
    ask(payment)
    asked = chapa.count("verify")
    chapa.fail(payment.reference)
    for _ in range(3):
        assert ask(payment).status == "succeeded"
    assert chapa.count("verify") == asked  # it is not even asked again
    assert paid_letters() == 1


def test_an_older_answer_that_arrives_late_changes_nothing(chapa, payment, order):
    """Two answers cross: "failed" was given before "success", and is written after it."""
    chapa.fail(payment.reference)

    def overtaken(tx_ref):
        chapa.before.clear()
        chapa.pay(tx_ref)
        ask(payment)
        chapa.fail(tx_ref)

    chapa.before["verify"] = overtaken
    assert ask(payment).status == "succeeded"
    order.refresh_from_db()
    assert order.status == "paid"


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"amount": 1}, ReviewReason.AMOUNT_DIFFERS),
        ({"amount": "1249.99"}, ReviewReason.AMOUNT_DIFFERS),
        ({"amount": 1250.01}, ReviewReason.AMOUNT_DIFFERS),  # more is not equal either
        ({"amount": "1,250.00"}, ReviewReason.AMOUNT_DIFFERS),
        ({"amount": None}, ReviewReason.AMOUNT_DIFFERS),
        ({"amount": True}, ReviewReason.AMOUNT_DIFFERS),
        ({"currency": "USD"}, ReviewReason.CURRENCY_DIFFERS),
        ({"currency": "etb"}, ReviewReason.CURRENCY_DIFFERS),
        ({"currency": None}, ReviewReason.CURRENCY_DIFFERS),
        ({"mode": "live"}, ReviewReason.MODE_DIFFERS),
        ({"mode": None}, ReviewReason.MODE_DIFFERS),
        ({"tx_ref": "somebody-elses"}, ReviewReason.REFERENCE_DIFFERS),
        ({"tx_ref": None}, ReviewReason.REFERENCE_DIFFERS),
        ({"reference": None}, ReviewReason.REFERENCE_DIFFERS),
        ({"reference": ""}, ReviewReason.REFERENCE_DIFFERS),
        ({"status": "refunded"}, ReviewReason.RETURNED),
    ],
)
def test_money_that_does_not_fit_goes_to_a_person(
    chapa, payment, order, variant, overrides, reason
):
    chapa.pay(payment.reference, **overrides)
    for _ in range(2):
        settled = ask(payment)
    order.refresh_from_db()
    assert (settled.status, settled.review_reason) == ("review", reason)
    assert (order.status, order.payment_status) == ("pending", "review")
    assert settled.next_check_at is None
    assert stock(variant) == (10, 1)
    assert paid_letters() == 0
    assert settled.history.filter(status="review").count() == 1
    assert Letter.objects.count() == 1  # that it is being looked at, once


@pytest.mark.parametrize("pieces", [2, 3])
def test_an_order_changed_while_its_payment_page_was_open_is_not_paid_by_the_old_amount(
    chapa, begin, variant, pieces
):
    order = place_order(variant, quantity=2 if pieces == 3 else 3)
    payment = begin(order)
    chapa.fail(payment.reference)
    assert ask(payment).status == "failed"
    Payment.objects.update(expires_at=timezone.now() - timedelta(hours=1))  # thought to be dead
    line = order.lines.get()
    edit(order_id=order.pk, operations=[SetQuantity(line.pk, pieces)], reason="asked", by=SYSTEM)
    chapa.pay(payment.reference)  # and the page was open all the time
    for _ in range(2):
        settled = ask(payment)
    order.refresh_from_db()
    assert (settled.status, settled.review_reason) == ("review", ReviewReason.AMOUNT_DIFFERS)
    assert (order.status, order.payment_status, order.total) == (
        "pending", "review", Decimal(1250) * pieces,
    )  # fmt: skip
    said = settled.history.get(status="review").note
    assert "before the order was changed" in said
    assert f"{order.total} now" in said
    assert stock(variant) == (10, pieces)
    assert paid_letters() == 0
    assert examine() == []


@pytest.mark.parametrize("amount", [1250, 1250.0, "1250.00", "1250.000", "1250"])
def test_equal_amounts_are_equal_however_they_are_written(chapa, payment, amount):
    chapa.pay(payment.reference, amount=amount)
    assert ask(payment).status == "succeeded"


def test_a_review_may_end_well_when_the_gateway_puts_itself_right(chapa, payment, order):
    chapa.pay(payment.reference, amount=1)
    assert ask(payment).status == "review"
    chapa.pay(payment.reference)
    settled = ask(payment)
    order.refresh_from_db()
    assert (settled.status, settled.review_reason) == ("succeeded", "")
    assert (order.status, order.payment_status) == ("paid", "paid")


def test_one_gateway_reference_pays_once(chapa, begin, payment, order, variant):
    other = begin(place_order(variant))
    chapa.pay(payment.reference, reference="APsame")
    chapa.pay(other.reference, reference="APsame")
    assert ask(payment).status == "succeeded"
    settled = ask(other)
    assert (settled.status, settled.review_reason) == ("review", "reference_differs")
    assert settled.gateway_reference is None


def test_the_second_payment_of_a_paid_order_is_surplus(chapa, begin, order, payment, variant):
    """Two links were paid: the money of the second is kept in sight, and nothing happens twice."""
    chapa.fail(payment.reference)
    ask(payment)
    second = begin(order)
    assert second.pk != payment.pk
    chapa.pay(payment.reference)
    chapa.pay(second.reference)
    assert ask(payment).status == "succeeded"
    settled = ask(second)
    order.refresh_from_db()
    assert (settled.status, settled.review_reason) == ("review", "surplus")
    assert settled.gateway_reference
    assert order.status == "paid"
    assert stock(variant) == (9, 0)
    assert paid_letters() == 1


def test_after_success_the_other_links_are_closed(chapa, begin, order, payment):
    chapa.fail(payment.reference)
    ask(payment)
    second = begin(order)
    chapa.pay(payment.reference)  # the first link was closed, and yet money came
    ask(payment)
    assert jobs("payments.close") == [{"payment_id": second.pk}]
    assert close(payment_id=second.pk, source="test").status == "cancelled"
    assert chapa.transactions[second.reference].link == "closed"


def test_money_for_an_expired_order_revives_it(chapa, payment, order, variant):
    end(order, CancelReason.EXPIRED)
    assert stock(variant) == (10, 0)
    chapa.pay(payment.reference)
    assert ask(payment).status == "succeeded"
    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("paid", "paid")
    assert stock(variant) == (9, 0)


def test_money_for_an_expired_order_whose_stock_is_gone_is_a_refund_due(
    chapa, payment, order, variant
):
    end(order, CancelReason.EXPIRED)
    place_order(variant, quantity=10)
    chapa.pay(payment.reference)
    settled = ask(payment)
    order.refresh_from_db()
    assert (settled.status, settled.review_reason) == ("review", "order_ended")
    assert settled.gateway_reference
    assert (order.status, order.payment_status) == ("cancelled", "review")
    assert stock(variant) == (10, 10)
    assert Letter.objects.filter(subject__startswith="Your payment").count() == 1


@pytest.mark.parametrize("reason", [CancelReason.CUSTOMER, CancelReason.STAFF])
def test_money_for_an_order_that_a_person_cancelled_is_a_refund_due(
    chapa, payment, order, variant, reason
):
    end(order, reason)
    chapa.pay(payment.reference)
    settled = ask(payment)
    assert (settled.status, settled.review_reason) == ("review", "order_ended")
    assert stock(variant) == (10, 0)


def test_money_after_the_link_was_cancelled_still_counts(chapa, payment, order):
    cancelled = close(payment_id=payment.pk, source="test")
    assert cancelled.status == "cancelled"
    assert cancelled.next_check_at is not None
    chapa.pay(payment.reference)
    assert ask(payment).status == "succeeded"
    order.refresh_from_db()
    assert order.status == "paid"


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("down"),
        httpx.ReadTimeout("slow"),
        envelope(500, "oops", "failed"),
        httpx.Response(200, text="<html>"),
        envelope(401, "Invalid API Key", "failed"),
    ],
)
@pytest.mark.parametrize("was", ["pending", "failed"])
def test_without_a_clear_answer_nothing_changes_but_the_next_check(
    chapa, payment, order, trouble, was
):
    if was == "failed":
        chapa.fail(payment.reference)
        ask(payment)
    before = Payment.objects.values("status", "checks").get(pk=payment.pk)
    events = payment.history.count()
    chapa.script["verify"] = [trouble]
    with pytest.raises(PaymentUnavailable):
        ask(payment)
    payment.refresh_from_db()
    order.refresh_from_db()
    assert Payment.objects.values("status", "checks").get(pk=payment.pk) == before
    assert payment.history.count() == events
    assert timezone.now() < payment.next_check_at <= timezone.now() + timedelta(minutes=2)
    assert order.status == "pending"


def test_a_start_that_died_before_the_gateway_heard_of_it_has_failed(chapa, payment, order):
    """Killed between the commit of the attempt and the call."""
    Payment.objects.filter(pk=payment.pk).update(initialised_at=None, checkout_url=None)
    del chapa.transactions[payment.reference]
    assert ask(payment).status == "pending"  # it may be on its way right now
    Payment.objects.filter(pk=payment.pk).update(created_at=timezone.now() - timedelta(seconds=20))
    assert ask(payment).status == "failed"


def test_a_reference_the_gateway_has_forgotten_is_kept_open(chapa, payment):
    del chapa.transactions[payment.reference]
    assert ask(payment).status == "pending"


def test_closing_needs_the_gateway(chapa, payment):
    for script in ({"cancel": [httpx.ReadTimeout("x")]}, {"verify": [httpx.ReadTimeout("x")]}):
        chapa.script |= script
        with pytest.raises(PaymentUnavailable):
            close(payment_id=payment.pk, source="test")
        payment.refresh_from_db()
        assert payment.status == "pending"
    assert close(payment_id=payment.pk, source="test").status == "cancelled"


def test_closing_a_paid_link_settles_it(chapa, payment, order):
    chapa.pay(payment.reference)
    assert close(payment_id=payment.pk, source="test").status == "succeeded"
    order.refresh_from_db()
    assert order.status == "paid"


@pytest.mark.parametrize("verb", [settle, close])
def test_a_conversation_refuses_to_run_inside_a_transaction(chapa, payment, verb):
    calls = len(chapa.calls)
    with pytest.raises(RuntimeError), transaction.atomic():
        verb(payment_id=payment.pk, source="test")
    assert len(chapa.calls) == calls


def test_no_call_is_made_inside_a_transaction(chapa, order, begin):
    from django.db import connection

    inside = []
    for route in ("initialize", "verify", "cancel"):
        chapa.before[route] = lambda tx_ref: inside.append(connection.in_atomic_block)
    payment = begin(order)
    ask(payment)
    close(payment_id=payment.pk, source="test")
    assert inside == [False] * 4


def test_without_a_key_nobody_is_asked(chapa, payment, settings):
    settings.CHAPA_SECRET_KEY = ""
    calls = len(chapa.calls)
    with pytest.raises(PaymentUnavailable):
        ask(payment)
    assert len(chapa.calls) == calls


def test_an_unknown_payment(real_db, chapa):
    with pytest.raises(NotFound):
        settle(payment_id=0, source="test")


def test_the_history_says_who_asked(chapa, payment, order):
    chapa.pay(payment.reference)
    ask(payment, source="webhook")
    notes = list(payment.history.order_by("pk").values_list("status", "actor", "note"))
    assert notes == [
        ("pending", "guest", "started"),
        ("succeeded", "gateway:chapa", "asked by webhook"),
    ]
    assert Order.objects.get(pk=order.pk).history.filter(status="paid").count() == 1


def test_staff_may_cancel_while_money_is_in_review_and_it_stays_in_the_queue(
    chapa, payment, order, variant
):
    from payments.services import cancel_order
    from payments.start import PaymentInReview

    chapa.pay(payment.reference, amount=1)
    ask(payment)
    with pytest.raises(PaymentInReview):
        cancel_order(order_id=order.pk, by=Actor("customer", 1), reason=CancelReason.CUSTOMER)
    cancel_order(order_id=order.pk, by=Actor("staff"), reason=CancelReason.STAFF)
    payment.refresh_from_db()
    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("cancelled", "review")
    assert payment.status == "review"
    assert stock(variant) == (10, 0)
    told = Letter.objects.get(subject__contains="is cancelled")
    assert "Nothing was charged" not in told.text
