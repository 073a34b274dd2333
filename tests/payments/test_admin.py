"""Payments in the admin: to read, and to ask the gateway about."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from account.models import User
from orders.models import Order
from payments.models import Payment
from tests.payments.conftest import place_order, sign, webhook_body


@pytest.fixture
def owner(client, real_db):
    user = User.objects.create_superuser("owner@shop.et", "a long enough password")
    client.force_login(user)
    return client


def test_the_admin_shows_payments_and_asks_the_gateway(owner, chapa, payment, order):
    chapa.pay(payment.reference)
    listed = owner.get("/admin/payments/payment/?status__exact=pending")
    assert payment.reference in listed.content.decode()
    answer = owner.post(
        "/admin/payments/payment/",
        {"action": "ask_the_gateway", "_selected_action": [payment.pk]},
        follow=True,
    )
    assert f"{payment.reference}: succeeded." in answer.content.decode()
    assert Order.objects.get().status == "paid"
    page = owner.get(f"/admin/payments/payment/{payment.pk}/change/")
    assert page.status_code == 200
    assert "asked by staff" in page.content.decode()


def test_the_admin_says_when_the_gateway_is_away(owner, chapa, payment):
    chapa.down = True
    answer = owner.post(
        "/admin/payments/payment/",
        {"action": "ask_the_gateway", "_selected_action": [payment.pk]},
        follow=True,
    )
    assert "cannot be reached" in answer.content.decode()


@pytest.mark.parametrize("model", ["payment", "webhookevent"])
def test_nothing_can_be_written_in_the_admin(owner, chapa, payment, model):
    body = webhook_body(payment)
    owner.post(
        "/api/payments/chapa/webhook/", body, content_type="application/json",
        headers={"x-chapa-signature": sign(body)},
    )  # fmt: skip
    row = apps.get_model("payments", model).objects.get()
    assert owner.get(f"/admin/payments/{model}/").status_code == 200
    page = owner.get(f"/admin/payments/{model}/{row.pk}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert owner.get(f"/admin/payments/{model}/add/").status_code == 403
    assert owner.post(f"/admin/payments/{model}/{row.pk}/delete/").status_code == 403
    assert owner.post(f"/admin/payments/{model}/{row.pk}/change/", {}).status_code == 403


def test_the_admin_list_costs_the_same_for_many(owner, chapa, begin, variant):
    counts = []
    for number in (1, 6):
        while Payment.objects.count() < number:
            begin(place_order(variant))
        with CaptureQueriesContext(connection) as queries:
            assert owner.get("/admin/payments/payment/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
