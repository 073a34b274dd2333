"""What heals a lost webhook."""

from __future__ import annotations

import io
from datetime import timedelta

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from orders.models import Order
from payments import tasks
from payments.models import Payment
from payments.reconciliation import CLAIM, open_payments
from payments.services import close, reconcile, settle
from tests.payments.conftest import make_variant, place_order


@pytest.fixture
def many(chapa, begin, real_db):
    variant = make_variant(stock=100)
    return [begin(place_order(variant)) for _ in range(6)]


def due(*payments):
    Payment.objects.filter(pk__in=[payment.pk for payment in payments]).update(
        next_check_at=timezone.now() - timedelta(seconds=1)
    )


def statuses(payments):
    return [Payment.objects.get(pk=payment.pk).status for payment in payments]


def test_all_open_settles_everything_that_was_paid_in_silence(chapa, many):
    for payment in many[:3]:
        chapa.pay(payment.reference)
    chapa.fail(many[3].reference)
    close(payment_id=many[4].pk, source="test")
    seen = []
    report = reconcile(all_open=True, progress=seen.append)
    assert seen == [6] * 6
    assert (report.asked, report.settled, report.failed) == (6, 3, 1)
    assert (report.cancelled, report.still_open, report.unreachable) == (1, 1, 0)
    assert Order.objects.filter(status="paid").count() == 3
    assert reconcile(all_open=True).settled == 0


def test_it_goes_on_when_the_gateway_fails_for_some(chapa, many):
    for payment in many:
        chapa.pay(payment.reference)
    chapa.script["verify"] = [
        httpx.ReadTimeout("x"), None, httpx.Response(200, text="<html>"), httpx.ConnectError("x"),
        httpx.Response(500), None,
    ]  # fmt: skip
    report = reconcile(all_open=True)
    assert (report.asked, report.settled, report.unreachable) == (6, 2, 4)
    assert reconcile(all_open=True).settled == 4


def test_the_periodic_run_asks_only_about_what_is_due(chapa, many):
    assert reconcile().asked == 0
    due(*many[:2])
    assert reconcile().asked == 2
    assert reconcile().asked == 0  # each has its next check in the future again


def test_the_periodic_run_leaves_a_dead_gateway_alone(chapa, many):
    due(*many)
    chapa.down = True
    report = reconcile()
    assert (report.asked, report.unreachable) == (3, 3)


def test_two_runs_at_once_share_the_work(chapa, many):
    due(*many)
    asked = []

    def rival(tx_ref):
        del chapa.before["verify"]
        asked.append(reconcile().asked)

    chapa.before["verify"] = rival
    assert asked == []
    assert reconcile().asked + asked[0] == 6
    assert chapa.count("verify") == 6


def test_a_run_that_dies_gives_its_payment_back(chapa, many):
    due(many[0])

    def kill(tx_ref):
        raise KeyboardInterrupt

    chapa.before["verify"] = kill
    with pytest.raises(KeyboardInterrupt):
        reconcile()
    payment = Payment.objects.get(pk=many[0].pk)
    assert timezone.now() < payment.next_check_at <= timezone.now() + CLAIM


def test_what_is_decided_is_left_alone(chapa, many):
    chapa.pay(many[0].reference)
    chapa.pay(many[1].reference, amount=7)
    for payment in many[:2]:
        settle(payment_id=payment.pk, source="test")
    Payment.objects.filter(pk=many[2].pk).update(
        status="cancelled", cancelled_at=timezone.now(), next_check_at=None
    )
    assert open_payments(all_open=True) == [payment.pk for payment in many[3:]]


def test_after_its_days_a_failed_payment_is_left_alone(chapa, many):
    payment = many[0]
    chapa.fail(payment.reference)
    Payment.objects.filter(pk=payment.pk).update(created_at=timezone.now() - timedelta(days=4))
    assert settle(payment_id=payment.pk, source="test").next_check_at is None


def test_the_command_reports_and_is_safe_to_repeat(chapa, many):
    chapa.pay(many[0].reference)
    chapa.script["verify"] = [None, httpx.ReadTimeout("x")]
    out = io.StringIO()
    call_command("reconcile_payments", "--all-open", stdout=out, stderr=io.StringIO())
    assert out.getvalue().splitlines() == [
        "asked: 6", "settled: 1", "still open: 4", "failed: 0", "cancelled: 0", "review: 0",
        "unreachable: 1",
    ]  # fmt: skip
    out = io.StringIO()
    call_command("reconcile_payments", stdout=out, stderr=io.StringIO())
    assert out.getvalue().splitlines()[0] == "asked: 0"


def test_the_command_says_when_there_is_no_gateway(real_db, settings):
    settings.CHAPA_SECRET_KEY = ""
    with pytest.raises(CommandError, match="CHAPA_SECRET_KEY"):
        call_command("reconcile_payments")


def test_the_periodic_jobs_are_safe_to_run_twice(chapa, many):
    chapa.pay(many[0].reference)
    due(many[0])
    Order.objects.filter(payments=many[1]).update(expires_at=timezone.now())
    for _ in range(2):
        tasks.reconcile(timestamp=0)
        tasks.expire_orders(timestamp=0)
    assert statuses(many)[:3] == ["succeeded", "cancelled", "pending"]
