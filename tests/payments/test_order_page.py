"""The page on which a customer pays what staff wrote down for them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from orders.change_letters import pay_link
from orders.models import CancelReason, Order
from tests.payments.test_return_page import state


@pytest.fixture
def browser():
    return Client(enforce_csrf_checks=True)


def press(browser, order):
    """Open the page and press the button, as a browser does."""
    path = f"/pay/order/{order.public_id}/"
    token = re.search(
        r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(path).content.decode()
    )
    return browser.post(path, {"csrfmiddlewaretoken": token[1] if token else ""})


def test_the_letter_s_link_leads_to_paying(browser, chapa, order):
    path = "/pay/order/" + pay_link(order).partition("/pay/order/")[2].partition("#")[0]
    shown = browser.get(path)
    assert state(shown) == "due"
    assert order.number in shown.content.decode()
    assert order.email not in shown.content.decode()
    assert not order.payments.exists()
    answer = press(browser, order)
    payment = order.payments.get()
    assert (answer.status_code, answer["Location"]) == (302, payment.checkout_url)
    assert press(browser, order)["Location"] == payment.checkout_url


def test_without_the_form_s_token_nothing_happens(browser, chapa, order):
    assert browser.post(f"/pay/order/{order.public_id}/").status_code == 403
    assert not order.payments.exists()


def test_what_cannot_be_paid_has_no_button(browser, order):
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert state(browser.get(f"/pay/order/{order.public_id}/")) == "ended"
    Order.objects.filter(pk=order.pk).update(status="cancelled", cancel_reason=CancelReason.STAFF)
    shown = browser.get(f"/pay/order/{order.public_id}/")
    assert state(shown) == "ended"
    assert "<form" not in shown.content.decode()


def test_who_guesses_finds_nothing(browser, db):
    path = "/pay/order/01936b2f-0000-7000-8000-000000000000/"
    assert browser.get(path).status_code == 404
