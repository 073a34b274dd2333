"""A whole purchase without an e-mail address, against running servers: sign in, order, pay, be told, all by telephone."""

from __future__ import annotations

import json
import re
import time
import uuid

import pytest

pytestmark = pytest.mark.slow
ADDRESS = {"name": "Hana Tesfaye", "city": "Addis Ababa", "landmark": "Edna Mall"}


def sms_files(shop):
    return list((shop.data_dir / "sms").glob("*.json"))


def sms(shop, phone, pattern, *, besides=(), seconds=20):
    """The newest SMS to a number that fits, as the worker has handed it over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for path in sorted(set(sms_files(shop)) - set(besides), reverse=True):
            message = json.loads(path.read_text())
            if message["to"] == phone and (found := re.search(pattern, message["text"])):
                return found
        time.sleep(0.1)
    raise AssertionError(f"no SMS like {pattern} to {phone}")


def sign_in(shop, phone, **names):
    """Sign in with a code, as docs/phone.md tells."""
    verifier, before = str(uuid.uuid4()), sms_files(shop)
    asked = shop.http.post("/api/auth/phone/code/", json={"phone": phone, "verifier": verifier})
    assert asked.status_code == 202, asked.text
    code = sms(shop, phone, r"^(\d{6}) is your", besides=before)[1]
    answer = shop.http.post(
        "/api/auth/phone/login/",
        json={"phone": phone, "code": code, "verifier": verifier, **names},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def at_chapa(shop, reference):
    """What the gateway was told of the payment."""
    return shop.simulator.get(f"/_sim/transactions/{reference}").json()


def test_a_purchase_by_telephone(shop):
    phone = f"+2519{uuid.uuid4().int % 10**8:08d}"
    person = sign_in(shop, phone, first_name="Hana", last_name="Tesfaye")
    assert (person["user"]["email"], person["user"]["phone"]) == (None, phone)
    bearer = {"Authorization": f"Bearer {person['access']}"}

    product = shop.product(stock=3, price="250.00")
    ordered = shop.http.post(
        "/api/orders/checkout/",
        json={"items": [{"product_id": product["id"], "quantity": 2}], "shipping_address": ADDRESS},
        headers={**bearer, "Idempotency-Key": uuid.uuid4().hex},
    )
    assert ordered.status_code == 201, ordered.text
    order = ordered.json()
    assert (order["email"], order["phone"]) == ("", phone), "the number of the profile is enough"

    started = shop.http.post(
        f"/api/orders/{order['id']}/payments/", json={"method": "chapa"}, headers=bearer
    )
    assert started.status_code == 201, started.text
    payment = started.json()
    told = at_chapa(shop, payment["reference"])
    assert not told.get("email"), "Chapa checks addresses and refuses made-up ones: none is sent"
    assert told["phone"] == f"0{phone[4:]}"
    assert told["first_name"] == "Hana"

    assert shop.approve(payment).status_code == 200
    deadline = time.monotonic() + 20
    while (read := shop.http.get(f"/api/orders/{order['id']}/", headers=bearer).json())[
        "status"
    ] != "paid":
        assert time.monotonic() < deadline, read
        time.sleep(0.2)
    assert sms(shop, phone, rf"order {order['number']} is paid")
    assert [
        one["id"] for one in shop.http.get("/api/orders/", headers=bearer).json()["results"]
    ] == [order["id"]]

    again = sign_in(shop, phone)
    assert again["user"]["id"] == person["user"]["id"]
    shop.doctor()


def test_a_guest_with_a_number_alone(shop):
    phone = f"+2517{uuid.uuid4().int % 10**8:08d}"
    product = shop.product(stock=1)
    answer = shop.http.post(
        "/api/orders/checkout/",
        json={
            "items": [{"product_id": product["id"], "quantity": 1}],
            "phone": f"0{phone[4:]}",
            "shipping_address": ADDRESS,
        },
        headers={"Idempotency-Key": uuid.uuid4().hex},
    )
    assert answer.status_code == 201, answer.text
    order = answer.json()
    payment = shop.pay(order)
    assert not at_chapa(shop, payment["reference"]).get("email")
    shop.approve(payment)
    shop.wait_for(order, "paid")
    assert sms(shop, phone, rf"order {order['number']} is paid")

    cancelled = shop.checkout({"product_id": shop.product(stock=1)["id"], "quantity": 1}).json()
    shop.http.post(
        f"/api/orders/{cancelled['id']}/cancel/",
        headers={"X-Order-Token": cancelled["order_token"]},
    )
    assert sms(shop, "+251911234567", rf"order {cancelled['number']} was cancelled")
    shop.doctor()
