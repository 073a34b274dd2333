"""The doors of payments for customers, guests and staff."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from account.models import User
from common.ids import uuid7
from common.models import StoredReply
from orders.models import Order
from payments.models import Payment
from tests.payments.conftest import place_order, token_of
from tests.payments.fake_chapa import envelope

CHAPA = {"method": "chapa"}


def pay_url(order):
    return f"/api/orders/{order.public_id}/payments/"


def cancel_url(order):
    return f"/api/orders/{order.public_id}/cancel/"


def signed_in(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def hana(real_db):
    return User.objects.create_user("hana@shop.et", "a long enough password")


@pytest.fixture
def others(real_db):
    """Everybody who must not get in, by name."""
    stranger = User.objects.create_user("abel@shop.et", "a long enough password")
    clerk = User.objects.create_user("clerk@shop.et", "a long enough password", is_staff=True)
    return {"stranger": signed_in(stranger), "clerk without rights": signed_in(clerk)}


@pytest.fixture
def staff(real_db, permit):
    """Staff who may do what the test says, through the API."""

    def with_permissions(*permissions):
        user = User.objects.create_user(
            f"{uuid4()}@shop.et", "a long enough password", is_staff=True
        )
        return signed_in(permit(user, *permissions))

    return with_permissions


def code(answer):
    assert answer["Content-Type"] == "application/problem+json", answer.content
    return answer.status_code, answer.json()["code"]


# --- Starting ----------------------------------------------------------------------------------


def test_a_guest_pays_with_the_orders_token(api, chapa, order, settings):
    settings.CHAPA_PUBLIC_KEY = "CHAPUBK_TEST-shown"
    answer = api.post(pay_url(order), CHAPA, headers=token_of(order))
    assert answer.status_code == 201
    body = answer.json()
    payment = Payment.objects.get()
    assert body == {
        "id": str(payment.public_id),
        "method": "chapa",
        "status": "pending",
        "amount": {"amount": "1250.00", "currency": "ETB"},
        "reference": payment.reference,
        "checkout_url": payment.checkout_url,
        "order_id": str(order.public_id),
        "mode": "test",
        "public_key": "CHAPUBK_TEST-shown",
        "created_at": body["created_at"],
        "settled_at": None,
        "expires_at": body["expires_at"],
    }
    shown = api.get(f"/api/orders/{order.public_id}/", headers=token_of(order)).json()
    assert [p["id"] for p in shown["payments"]] == [body["id"]]
    read = api.get(f"/api/payments/{body['id']}/", headers=token_of(order))
    assert read.json() == body


def test_a_customer_pays_an_own_order(chapa, variant, hana):
    order = place_order(variant, owner=hana)
    answer = signed_in(hana).post(pay_url(order), CHAPA)
    assert answer.status_code == 201
    assert Payment.objects.get().history.get().actor == "customer"


def test_nobody_else_sees_or_touches_it(api, chapa, variant, hana, others, order):
    mine = place_order(variant, owner=hana)
    payment = signed_in(hana).post(pay_url(mine), CHAPA).json()["id"]
    guest = {"another guest": token_of(order), "no real token": {"X-Order-Token": "x" * 43}}
    calls = len(chapa.calls)
    for who, client in others.items():
        attempts = [
            client.post(pay_url(mine), CHAPA),
            client.post(cancel_url(mine)),
            client.get(f"/api/payments/{payment}/"),
            client.post(f"/api/payments/{payment}/check/"),
        ]
        assert [code(answer) for answer in attempts] == [(404, "not_found")] * 4, who
    for who, headers in guest.items():
        attempts = [
            api.post(pay_url(mine), CHAPA, headers=headers),
            api.post(cancel_url(mine), headers=headers),
            api.get(f"/api/payments/{payment}/", headers=headers),
            api.post(f"/api/payments/{payment}/check/", headers=headers),
        ]
        assert [code(answer) for answer in attempts] == [(404, "not_found")] * 4, who
    anonymous = [
        api.post(pay_url(mine), CHAPA),
        api.post(cancel_url(mine)),
        api.get(f"/api/payments/{payment}/"),
        api.post(f"/api/payments/{payment}/check/"),
    ]
    assert [answer.status_code for answer in anonymous] == [401] * 4
    assert len(chapa.calls) == calls


def test_staff_need_the_permission_for_what_they_do(staff, chapa, order, payment):
    looker = staff("orders.view_order")
    assert looker.get(f"/api/payments/{payment.public_id}/").status_code == 200
    assert code(looker.post(pay_url(order), CHAPA)) == (403, "permission_denied")
    assert code(looker.post(cancel_url(order))) == (403, "permission_denied")
    money = staff("payments.view_payment")
    assert money.get(f"/api/payments/{payment.public_id}/").status_code == 200
    check = f"/api/payments/{payment.public_id}/check/"
    assert code(money.post(check)) == (403, "permission_denied")
    assert staff("payments.view_payment", "payments.check_payment").post(check).status_code == 200
    assert code(money.post(cancel_url(order))) == (404, "not_found")
    cashier = staff("orders.view_order", "payments.add_payment")
    assert cashier.post(pay_url(order), CHAPA).status_code == 201
    boss = staff("orders.view_order", "orders.cancel_order")
    assert boss.post(cancel_url(order)).status_code == 200
    assert Order.objects.get().cancel_reason == "staff"


@pytest.mark.parametrize(
    ("body", "field", "error"),
    [
        ({}, "method", "required"),
        ({"method": "cash_on_delivery"}, "method", "invalid_choice"),
        ({"method": None}, "method", "null"),
        ({"method": ["chapa"]}, "method", "invalid_choice"),
        ({"method": "chapa", "amount": "1.00"}, "amount", "unknown_field"),
        ({"method": "chapa", "status": "succeeded"}, "status", "unknown_field"),
        ([], "", "invalid"),
    ],
)
def test_bad_bodies_change_nothing(api, chapa, order, body, field, error):
    answer = api.post(pay_url(order), body, headers=token_of(order))
    assert answer.status_code == 400
    found = answer.json()["errors"][0]
    assert (found["field"], found["code"]) == (field, error)
    assert not Payment.objects.exists()
    assert chapa.calls == []


@pytest.mark.parametrize("public_id", [uuid7(), "nonsense", "0" * 36])
def test_unknown_ids(api, chapa, order, public_id):
    headers = token_of(order)
    answers = [
        api.post(f"/api/orders/{public_id}/payments/", CHAPA, headers=headers),
        api.post(f"/api/orders/{public_id}/cancel/", headers=headers),
        api.get(f"/api/payments/{public_id}/", headers=headers),
        api.post(f"/api/payments/{public_id}/check/", headers=headers),
    ]
    assert [code(answer) for answer in answers] == [(404, "not_found")] * 4


def test_a_gateway_that_is_down_is_a_503_and_the_order_is_kept(api, chapa, order):
    chapa.down = True
    answer = api.post(pay_url(order), CHAPA, headers=token_of(order))
    assert code(answer) == (503, "payment_unavailable")
    assert int(answer["Retry-After"]) > 0
    assert Order.objects.get().status == "pending"
    chapa.down = False
    assert api.post(pay_url(order), CHAPA, headers=token_of(order)).status_code == 201


def test_a_refusal_tells_the_buyer_nothing_of_the_gateways_words(api, chapa, order):
    chapa.script["initialize"] = [envelope(400, {"amount": ["validation.secret"]}, "failed")] * 2
    answer = api.post(pay_url(order), CHAPA, headers=token_of(order))
    assert code(answer) == (409, "payment_refused")
    assert "validation" not in answer.content.decode()


def test_states_have_codes(api, chapa, order):
    headers = token_of(order)
    payment = api.post(pay_url(order), CHAPA, headers=headers).json()
    chapa.pay(payment["reference"])
    assert code(api.post(cancel_url(order), headers=headers)) == (409, "order_already_paid")
    assert code(api.post(pay_url(order), CHAPA, headers=headers)) == (409, "order_already_paid")


def test_a_cancelled_order_is_not_payable(api, chapa, order):
    headers = token_of(order)
    answer = api.post(cancel_url(order), headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["id"] == str(order.public_id)
    assert code(api.post(pay_url(order), CHAPA, headers=headers)) == (409, "order_not_payable")
    assert code(api.post(cancel_url(order), headers=headers)) == (409, "wrong_order_state")


def test_cancelling_without_the_gateway(api, chapa, order, payment):
    chapa.down = True
    answer = api.post(cancel_url(order), headers=token_of(order))
    assert code(answer) == (503, "payment_unavailable")
    assert Order.objects.get().status == "pending"


def test_cancel_takes_no_fields(api, chapa, order):
    headers = token_of(order)
    answer = api.post(cancel_url(order), {"status": "paid"}, headers=headers)
    assert code(answer) == (400, "unknown_field")
    assert api.post(cancel_url(order), {}, headers=headers).status_code == 200


# --- Checking ----------------------------------------------------------------------------------


def test_check_asks_the_gateway_now(api, chapa, order, payment):
    url, headers = f"/api/payments/{payment.public_id}/check/", token_of(order)
    assert api.post(url, headers=headers).json()["status"] == "pending"
    chapa.pay(payment.reference)
    before = api.get(f"/api/payments/{payment.public_id}/", headers=headers).json()
    assert before["status"] == "pending"  # a GET asks nobody
    body = api.post(url, headers=headers).json()
    assert body["status"] == "succeeded"
    assert body["settled_at"] is not None
    assert Order.objects.get().status == "paid"


def test_check_without_the_gateway(api, chapa, order, payment):
    chapa.script["verify"] = [httpx.ReadTimeout("x")]
    answer = api.post(f"/api/payments/{payment.public_id}/check/", headers=token_of(order))
    assert code(answer) == (503, "payment_unavailable")


def test_check_is_limited_per_payment(api, chapa, order, payment, settings):
    settings.RATE_LIMITS = True
    url, headers = f"/api/payments/{payment.public_id}/check/", token_of(order)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        answers = [api.post(url, headers=headers) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert code(answers[-1]) == (429, "too_many_requests")
    assert int(answers[-1]["Retry-After"]) > 0


def test_a_stranger_uses_up_no_limit_of_the_holder(api, chapa, order, settings):
    settings.RATE_LIMITS = True
    stranger = {"X-Order-Token": "guessed"}
    with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=False):
        answers = [api.post(pay_url(order), CHAPA, headers=stranger) for _ in range(25)]
        assert {answer.status_code for answer in answers} == {404, 429}
        assert api.post(pay_url(order), CHAPA, headers=token_of(order)).status_code == 201


# --- Idempotency keys --------------------------------------------------------------------------


def key(value="0123456789abcdef0123456789abcdef"):
    return {"Idempotency-Key": value}


def test_a_repeated_start_gives_the_same_bytes(api, chapa, order):
    headers = token_of(order) | key()
    first = api.post(pay_url(order), CHAPA, headers=headers)
    assert "Idempotency-Replayed" not in first
    chapa.pay(first.json()["reference"])
    api.post(f"/api/payments/{first.json()['id']}/check/", headers=headers)
    again = api.post(pay_url(order), CHAPA, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert chapa.count("initialize") == 1


def test_a_start_whose_answer_was_lost_is_resumed(api, chapa, order):
    """Killed after the conversation and before the reply was stored."""
    headers = token_of(order) | key()
    first = api.post(pay_url(order), CHAPA, headers=headers)
    StoredReply.objects.all().delete()
    again = api.post(pay_url(order), CHAPA, headers=headers)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert Payment.objects.count() == 1


def test_another_body_under_the_same_key(api, chapa, order):
    headers = token_of(order) | key()
    api.post(pay_url(order), CHAPA, headers=headers)
    answer = api.post(pay_url(order), {"method": "x"}, headers=headers)
    assert code(answer) == (422, "idempotency_key_reused")


def test_a_start_that_is_still_running(api, chapa, order):
    headers, seen = token_of(order) | key(), []

    def meanwhile(tx_ref):
        seen.append(APIClient().post(pay_url(order), CHAPA, headers=headers))

    chapa.before["initialize"] = meanwhile
    assert api.post(pay_url(order), CHAPA, headers=headers).status_code == 201
    assert code(seen[0]) == (409, "idempotency_key_in_use")
    assert int(seen[0]["Retry-After"]) > 0


def test_only_success_is_stored(api, chapa, order):
    headers = token_of(order) | key()
    chapa.down = True
    assert api.post(pay_url(order), CHAPA, headers=headers).status_code == 503
    chapa.down = False
    answer = api.post(pay_url(order), CHAPA, headers=headers)
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer


def test_a_guests_key_must_be_unguessable(api, chapa, order):
    for url, body in ((pay_url(order), CHAPA), (cancel_url(order), {})):
        answer = api.post(url, body, headers=token_of(order) | key("1"))
        assert code(answer) == (400, "invalid_idempotency_key")
    assert chapa.calls == []


def test_keys_of_two_callers_do_not_meet(staff, api, chapa, order):
    api.post(pay_url(order), CHAPA, headers=token_of(order) | key())
    cashier = staff("orders.view_order", "payments.add_payment")
    answer = cashier.post(pay_url(order), CHAPA, headers=key())
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer
    assert Payment.objects.count() == 1


def test_a_repeated_cancellation_gives_the_same_bytes(api, chapa, order, payment):
    headers = token_of(order) | key()
    first = api.post(cancel_url(order), headers=headers)
    again = api.post(cancel_url(order), headers=headers)
    assert (again.status_code, again.content) == (200, first.content)
    assert again["Idempotency-Replayed"] == "true"
    answer = api.post(cancel_url(order), {"x": 1}, headers=headers)
    assert code(answer) == (400, "unknown_field")


def test_staff_without_the_right_cancel_their_own_orders_as_customers_do(chapa, begin, variant):
    clerk = User.objects.create_user("clerk@shop.et", "a long enough password", is_staff=True)
    order = place_order(variant, owner=clerk)
    chapa.pay(begin(order).reference, amount=1)

    answer = signed_in(clerk).post(cancel_url(order))

    assert code(answer) == (409, "payment_in_review")
    order.refresh_from_db()
    assert order.status == "pending"
