"""The page a customer comes back to."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from common.actors import SYSTEM
from orders import services as orders
from orders.models import CancelReason, Order
from payments.models import Payment
from payments.services import close, settle


@pytest.fixture
def browser():
    return Client(enforce_csrf_checks=True)


def url(payment):
    return f"/pay/return/{payment.public_id}/"


def state(answer):
    return re.search(r'data-state="(\w+)"', answer.content.decode())[1]


def press(browser, payment, action):
    """Open the page and press a button, as a browser does."""
    page = browser.get(url(payment)).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    return browser.post(url(payment), {"csrfmiddlewaretoken": token, "action": action})


def test_it_shows_number_amount_and_state_and_nothing_else(browser, chapa, payment, order):
    answer = browser.get(url(payment))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert state(answer) == "pending"
    assert order.number in text
    assert "1,250.00 ETB" in text
    for secret in (order.email, "0911", "251911", "ሐና", payment.reference, payment.checkout_url):
        assert secret not in text
    assert "no-store" in answer["Cache-Control"]
    assert 'name="viewport"' in text


def test_a_get_asks_nobody_and_changes_nothing(browser, chapa, payment):
    chapa.pay(payment.reference)
    calls = len(chapa.calls)
    for query in ("", "?status=success&trx_ref=x", "?amp;tx_ref=1", "?action=check", "?x=%00"):
        assert state(browser.get(url(payment) + query)) == "pending"
        assert browser.head(url(payment) + query).status_code == 200
    assert len(chapa.calls) == calls


def test_the_button_asks_the_gateway(browser, chapa, payment, order):
    chapa.pay(payment.reference)
    answer = press(browser, payment, "check")
    assert (answer.status_code, answer["Location"]) == (302, url(payment))
    assert state(browser.get(url(payment))) == "paid"
    assert Order.objects.get(pk=order.pk).status == "paid"


def test_a_post_without_the_pages_token_is_refused(browser, chapa, payment):
    chapa.pay(payment.reference)
    answer = browser.post(url(payment), {"action": "check"})
    assert answer.status_code == 403
    payment.refresh_from_db()
    assert payment.status == "pending"


def test_every_state_has_its_words(browser, chapa, begin, payment, order):
    chapa.fail(payment.reference)
    settle(payment_id=payment.pk, source="test")
    assert state(browser.get(url(payment))) == "failed"
    close(payment_id=payment.pk, source="test")
    assert state(browser.get(url(payment))) == "cancelled"
    second = begin(order)
    chapa.pay(second.reference, amount=1)
    settle(payment_id=second.pk, source="test")
    page = browser.get(url(second))
    assert state(page) == "review"
    assert b"<form" not in page.content  # nobody should pay again now
    assert state(browser.get(url(payment))) == "cancelled"
    chapa.pay(second.reference)
    settle(payment_id=second.pk, source="test")
    assert state(browser.get(url(second))) == "paid"
    assert state(browser.get(url(payment))) == "paid"  # its order is


def test_an_order_that_has_ended(browser, chapa, payment, order):
    close(payment_id=payment.pk, source="test")
    with transaction.atomic():
        orders.cancel(order=orders.lock_order(order.pk), by=SYSTEM, reason=CancelReason.EXPIRED)
    page = browser.get(url(payment))
    assert state(page) == "ended"
    assert b'data-testid="pay"' not in page.content
    chapa.pay(payment.reference)
    press(browser, payment, "check")
    assert state(browser.get(url(payment))) == "paid"  # the money revived it


def test_back_to_the_open_checkout_page(browser, chapa, payment):
    answer = press(browser, payment, "pay")
    assert (answer.status_code, answer["Location"]) == (302, payment.checkout_url)
    assert chapa.count("initialize") == 1


def test_try_again_after_a_failure(browser, chapa, payment, order):
    chapa.fail(payment.reference)
    settle(payment_id=payment.pk, source="test")
    answer = press(browser, payment, "pay")
    second = Payment.objects.get(status="pending")
    assert answer["Location"] == second.checkout_url
    assert second.pk != payment.pk


def test_try_again_when_it_was_paid_after_all(browser, chapa, payment, order):
    chapa.fail(payment.reference)
    settle(payment_id=payment.pk, source="test")
    chapa.pay(payment.reference)
    answer = press(browser, payment, "pay")
    assert answer.status_code == 409
    assert state(answer) == "paid"


def test_the_browser_lets_the_form_lead_to_chapa(browser, chapa, payment):
    policy = browser.get(url(payment))["Content-Security-Policy"]
    (forms,) = [part for part in policy.split(";") if "form-action" in part]
    assert "'self'" in forms
    assert "https://*.chapa.co" in forms


def test_when_the_gateway_is_away_it_says_so(browser, chapa, payment):
    chapa.down = True
    answer = press(browser, payment, "check")
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert state(answer) == "pending"
    assert b'data-testid="notice"' in answer.content


def test_it_reloads_while_there_is_hope_and_not_for_ever(browser, chapa, payment):
    def reload_after(age):
        Payment.objects.filter(pk=payment.pk).update(initialised_at=timezone.now() - age)
        found = re.search(
            r'http-equiv="refresh" content="(\d+)"', browser.get(url(payment)).content.decode()
        )
        return found and int(found[1])

    assert reload_after(timedelta(seconds=5)) == 3
    assert reload_after(timedelta(minutes=5)) == 10
    assert reload_after(timedelta(minutes=16)) is None
    chapa.pay(payment.reference)
    settle(payment_id=payment.pk, source="test")
    assert reload_after(timedelta(seconds=5)) is None


def test_the_buttons_are_limited(browser, chapa, payment, settings):
    import time_machine

    settings.RATE_LIMITS = True
    with time_machine.travel(timezone.now(), tick=False):
        answers = [press(browser, payment, "pay").status_code for _ in range(11)]
    assert answers == [302] * 10 + [429]


@pytest.mark.parametrize(
    "path", ["/pay/return/01936b2f-0000-7000-8000-000000000000/", "/pay/return/x/", "/pay/return/"]
)
def test_unknown_payments(browser, real_db, path):
    answer = browser.get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
