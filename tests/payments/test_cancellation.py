"""Ending orders that money may still be on its way to."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from django.db import transaction
from django.utils import timezone

from common.actors import Actor
from inventory.models import StockItem
from orders.models import CancelReason, Order, WrongOrderState
from payments.models import Payment
from payments.services import PaymentUnavailable, cancel_order, expire_orders, settle
from payments.start import OrderAlreadyPaid, PaymentInReview, PaymentStarting
from tests.payments.conftest import make_variant, place_order
from tests.payments.fake_chapa import envelope

CUSTOMER = Actor("customer")


def cancel(order, by=CUSTOMER):
    return cancel_order(order_id=order.pk, by=by, reason=CancelReason.CUSTOMER)


def overdue(*orders, by=timedelta(minutes=1)):
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(
        expires_at=timezone.now() - by
    )


def status(order):
    return Order.objects.get(pk=order.pk).status


def reserved(variant):
    return StockItem.objects.get(pk=variant.stock_item_id).reserved


def test_an_order_without_payments_needs_no_gateway(chapa, order, variant):
    assert cancel(order).status == "cancelled"
    assert chapa.calls == []
    assert reserved(variant) == 0


@pytest.mark.parametrize("variant_name", ["A", "B", "C"])
def test_a_live_link_is_closed_and_asked_about_first(chapa, order, payment, variant, variant_name):
    chapa.variant = variant_name
    assert cancel(order).status == "cancelled"
    payment.refresh_from_db()
    assert payment.status == "cancelled"
    assert [route for route, _ in chapa.calls] == ["initialize", "cancel", "verify"]
    assert reserved(variant) == 0


def test_a_payment_that_wins_the_race_is_kept(chapa, order, payment, variant):
    chapa.pay(payment.reference)
    with pytest.raises(OrderAlreadyPaid):
        cancel(order)
    payment.refresh_from_db()
    assert (status(order), payment.status) == ("paid", "succeeded")


def test_without_the_gateway_nothing_changes(chapa, order, payment, variant):
    chapa.down = True
    with pytest.raises(PaymentUnavailable):
        cancel(order)
    payment.refresh_from_db()
    assert (status(order), payment.status, reserved(variant)) == ("pending", "pending", 1)


def test_a_payment_that_is_being_started_is_waited_for(chapa, begin, order):
    seen = []

    def meanwhile(tx_ref):
        with pytest.raises(PaymentStarting) as caught:
            cancel(order)
        seen.append(caught.value.retry_after)

    chapa.before["initialize"] = meanwhile
    begin(order)
    assert seen == [2]
    assert status(order) == "pending"


def test_a_payment_started_between_closing_and_cancelling_is_seen(chapa, begin, order, payment):
    def meanwhile(tx_ref):
        if not chapa.before:
            return
        chapa.before.clear()
        settle(payment_id=payment.pk, source="test")
        Payment.objects.filter(pk=payment.pk).update(
            status="cancelled", cancelled_at=timezone.now()
        )
        begin(order)

    chapa.before["verify"] = meanwhile
    with pytest.raises(PaymentStarting):
        cancel(order)
    assert status(order) == "pending"


def test_what_is_paid_or_ended_is_not_cancelled(chapa, order, payment):
    chapa.pay(payment.reference)
    settle(payment_id=payment.pk, source="test")
    with pytest.raises(OrderAlreadyPaid):
        cancel(order)


def test_a_second_cancellation_is_refused(chapa, order):
    cancel(order)
    with pytest.raises(WrongOrderState):
        cancel(order)


def test_it_refuses_to_run_inside_a_transaction(chapa, order, payment):
    with pytest.raises(RuntimeError), transaction.atomic():
        cancel(order)


# --- Expiry ------------------------------------------------------------------------------------


def test_unpaid_orders_end_when_their_time_is_over(chapa, begin, variant):
    bare, linked, paid, young = (place_order(variant) for _ in range(4))
    begin(linked)
    chapa.pay(begin(paid).reference)
    overdue(bare, linked, paid)
    result = expire_orders()
    assert [status(o) for o in (bare, linked, paid, young)] == [
        "cancelled", "cancelled", "paid", "pending",
    ]  # fmt: skip
    assert (result.cancelled, result.paid, result.kept, result.unreachable) == (2, 1, 0, 0)
    assert reserved(variant) == 1
    assert Order.objects.get(pk=bare.pk).cancel_reason == "expired"
    assert expire_orders().cancelled == 0


def test_a_failed_attempt_whose_link_lives_is_closed_first(chapa, order, payment):
    chapa.fail(payment.reference)
    settle(payment_id=payment.pk, source="test")
    overdue(order)
    expire_orders()
    payment.refresh_from_db()
    assert (status(order), payment.status) == ("cancelled", "cancelled")
    assert chapa.transactions[payment.reference].link == "closed"


def test_a_gateway_that_is_down_keeps_only_the_stock_it_could_still_bring_money_for(
    chapa, begin, variant
):
    bare, linked = place_order(variant), place_order(variant)
    begin(linked)
    overdue(bare, linked)
    chapa.down = True
    result = expire_orders()
    assert (status(bare), status(linked)) == ("cancelled", "pending")
    assert (result.cancelled, result.unreachable) == (1, 1)
    chapa.down = False
    expire_orders()
    assert status(linked) == "cancelled"


def test_a_sweep_does_not_wait_for_a_dead_gateway_a_hundred_times(chapa, begin, real_db):
    variant = make_variant(stock=100)
    placed = [place_order(variant) for _ in range(8)]
    for order in placed:
        begin(order)
    overdue(*placed)
    chapa.down = True
    before = len(chapa.calls)
    assert expire_orders().unreachable == 3
    assert len(chapa.calls) - before == 3


def test_orders_that_never_get_an_answer_do_not_hold_up_the_others(chapa, begin, real_db):
    """Three attempts made with a key of the other mode: verify and cancel say 401 for ever."""
    variant = make_variant(stock=100)
    placed = [place_order(variant) for _ in range(6)]
    stuck = [begin(order).reference for order in placed[:3]]
    for order in placed[3:]:
        begin(order)
    for number, order in enumerate(placed):
        overdue(order, by=timedelta(hours=6 - number))

    def refuse(request, tx_ref):
        return envelope(401, "Invalid API Key", "failed") if tx_ref in stuck else None

    for _ in range(2):
        chapa.script["cancel"] = [refuse] * 6
        expire_orders()
    assert [status(order) for order in placed] == ["pending"] * 3 + ["cancelled"] * 3


def test_a_day_of_silence_goes_to_a_person_and_keeps_the_stock(chapa, order, payment, variant):
    overdue(order, by=timedelta(hours=25))
    chapa.down = True
    expire_orders()
    payment.refresh_from_db()
    assert (payment.status, payment.review_reason) == ("review", "gateway_silent")
    assert (status(order), reserved(variant)) == ("pending", 1)
    expire_orders()
    assert payment.history.filter(status="review").count() == 1
    # The gateway speaks again, and nothing was paid: the order ends like any other.
    chapa.down = False
    expire_orders()
    payment.refresh_from_db()
    assert (status(order), payment.status) == ("cancelled", "cancelled")


def test_after_a_day_of_silence_money_that_was_there_pays_the_order(chapa, order, payment):
    overdue(order, by=timedelta(hours=25))
    chapa.down = True
    expire_orders()
    chapa.down = False
    chapa.pay(payment.reference)
    expire_orders()
    payment.refresh_from_db()
    assert (status(order), payment.status) == ("paid", "succeeded")


def test_an_order_with_money_in_review_is_a_persons_business(chapa, order, payment, variant):
    chapa.pay(payment.reference, amount=1)
    settle(payment_id=payment.pk, source="test")
    overdue(order, by=timedelta(days=3))
    result = expire_orders()
    assert (result.cancelled, result.kept) == (0, 0)
    assert (status(order), reserved(variant)) == ("pending", 1)
    with pytest.raises(PaymentInReview):
        cancel(order)


def test_a_lost_answer_of_one_order_does_not_stop_the_others(chapa, begin, variant):
    placed = [place_order(variant) for _ in range(3)]
    for order in placed:
        begin(order)
    overdue(*placed)
    chapa.script["cancel"] = [httpx.ReadTimeout("x")]
    result = expire_orders()
    assert (result.cancelled, result.unreachable) == (2, 1)
