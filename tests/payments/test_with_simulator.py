"""A whole running shop against the simulator: web, worker, webhooks, callbacks and faults over real sockets."""

from __future__ import annotations

import time
import uuid

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def product(shop):
    return shop.product(stock=10_000, price="1250.00")


@pytest.fixture
def order(shop, product):
    placed = shop.checkout({"product_id": product["id"], "quantity": 1})
    assert placed.status_code == 201, placed.text
    return placed.json()


@pytest.fixture(autouse=True)
def _calm(shop):
    """Each test begins and ends without faults, with variant A."""
    reset(shop)
    yield
    reset(shop)


def reset(shop):
    shop.simulator.delete("/_sim/faults").raise_for_status()
    configure(shop, verify_variant="A", failed_attempt="failed", webhook_encoder="php")


def configure(shop, **settings):
    answer = shop.simulator.post("/_sim/config", json=settings)
    assert answer.status_code == 200, answer.text


def fault(shop, kind, payment=None, **params):
    match = {"tx_ref": payment["reference"]} if payment else {}
    answer = shop.simulator.post(
        "/_sim/faults", json={"match": match, "kind": kind, "params": params}
    )
    assert answer.status_code == 201, answer.text


def token(order):
    return {"X-Order-Token": order["order_token"]}


def start(shop, order, **headers):
    return shop.http.post(
        f"/api/orders/{order['id']}/payments/",
        json={"method": "chapa"},
        headers=token(order) | headers,
    )


def check(shop, order, payment):
    return shop.http.post(f"/api/payments/{payment['id']}/check/", headers=token(order))


def transactions(shop, order):
    found = shop.simulator.get("/_sim/transactions").json()["results"]
    return [found_ for found_ in found if found_["tx_ref"].startswith(order["number"])]


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_a_webhook_pays_the_order(shop, order, variant):
    configure(shop, verify_variant=variant)
    payment = shop.pay(order)
    assert check(shop, order, payment).json()["status"] == "pending"
    shop.approve(payment)
    paid = shop.wait_for(order, "paid")
    assert paid["payments"][0]["status"] == "succeeded"
    assert paid["payment_status"] == "paid"


@pytest.mark.parametrize("encoder", ["php", "compact", "spaced"])
def test_signatures_hold_for_any_bytes(shop, product, encoder):
    """With an Amharic name in it, whoever re-serialises the body before verifying it fails here."""
    configure(shop, webhook_encoder=encoder)
    fault(shop, "callback.never")
    order = shop.http.post(
        "/api/orders/checkout/",
        json={
            "items": [{"product_id": product["id"], "quantity": 1}],
            "phone": "0911234567",
            "shipping_address": {"first_name": "ሐና", "last_name": "ተስፋዬ"},
        },
        headers={"Idempotency-Key": uuid.uuid4().hex},
    ).json()
    payment = shop.pay(order)
    shop.approve(payment)
    shop.wait_for(order, "paid")
    (sent,) = shop.simulator.get(
        "/_sim/deliveries", params={"tx_ref": payment["reference"]}
    ).json()["results"]
    assert sent["response_status"] == 200


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_a_failed_attempt_then_a_success_on_the_same_link(shop, order, variant):
    configure(shop, verify_variant=variant)
    payment = shop.pay(order)
    shop.approve(payment, "failed")
    assert check(shop, order, payment).json()["status"] == "failed"
    shop.approve(payment)
    paid = shop.wait_for(order, "paid")
    assert [p["status"] for p in paid["payments"]] == ["succeeded"]


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_cancelling_closes_the_link(shop, order, variant):
    configure(shop, verify_variant=variant)
    payment = shop.pay(order)
    answer = shop.http.post(f"/api/orders/{order['id']}/cancel/", headers=token(order))
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert [t["state"] for t in transactions(shop, order)] == ["EXPIRED"]
    assert shop.approve(payment).status_code == 409


def test_a_second_start_after_a_failure_is_a_new_reference(shop, order):
    first = shop.pay(order)
    shop.approve(first, "failed")
    assert check(shop, order, first).json()["status"] == "failed"
    second = shop.pay(order)
    assert second["reference"] != first["reference"]
    states = {t["tx_ref"]: t["state"] for t in transactions(shop, order)}
    assert states == {first["reference"]: "EXPIRED", second["reference"]: "INITIALIZED"}


def test_silence_is_healed_by_reconciliation(shop, product):
    fault(shop, "webhook.never")
    fault(shop, "callback.never")
    placed = []
    for _ in range(5):
        order = shop.checkout({"product_id": product["id"], "quantity": 1}).json()
        payment = shop.pay(order)
        shop.approve(payment)
        placed.append(order)
    assert {shop.order(order)["status"] for order in placed} == {"pending"}
    out = shop.manage("reconcile_payments", "--all-open").stdout
    assert "settled: 5" in out
    assert {shop.order(order)["status"] for order in placed} == {"paid"}
    assert "settled: 0" in shop.manage("reconcile_payments", "--all-open").stdout


def test_a_callback_alone_is_enough(shop, order):
    fault(shop, "webhook.never")
    payment = shop.pay(order)
    shop.approve(payment)
    shop.wait_for(order, "paid")


@pytest.mark.parametrize("x_signature", ["stale", "garbage", "missing"])
def test_forged_webhooks_change_nothing(shop, order, x_signature):
    """The body is altered, `chapa-signature` is the right constant, and the money is even there."""
    payment = shop.pay(order)
    fault(shop, "callback.never", payment)
    fault(shop, "webhook.forged.body", payment, x_signature=x_signature)
    shop.approve(payment)
    shop.simulator.post("/_sim/deliveries/settle", json={"timeout": 10})
    delivered = shop.simulator.get(
        "/_sim/deliveries", params={"tx_ref": payment["reference"]}
    ).json()["results"]
    assert {d["response_status"] for d in delivered} == {401}
    assert shop.order(order)["status"] == "pending"


def test_duplicates_are_one_payment(shop, order):
    payment = shop.pay(order)
    fault(shop, "webhook.duplicate", payment, n=20, concurrent=True)
    shop.approve(payment)
    shop.wait_for(order, "paid")
    shop.simulator.post("/_sim/deliveries/settle", json={"timeout": 20})
    history = shop.http.get(f"/api/orders/{order['id']}/history/", headers=token(order)).json()
    assert [event["status"] for event in history["results"]] == ["pending", "paid"]


@pytest.mark.parametrize("amount", [1, "1,250.00", 1250.01])
def test_another_amount_goes_to_review(shop, order, amount):
    payment = shop.pay(order)
    fault(shop, "amount.mismatch", payment, amount=amount)
    shop.approve(payment)
    deadline = time.monotonic() + 20
    while (read := shop.order(order))["payments"][0]["status"] != "review":
        assert time.monotonic() < deadline, read
        time.sleep(0.2)
    assert (read["status"], read["payment_status"]) == ("pending", "review")
    answer = start(shop, order)
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_in_review")


@pytest.mark.parametrize("amount", ["1250.00", "1250.000", 1250.0])
def test_the_same_amount_in_other_words_is_paid(shop, order, amount):
    payment = shop.pay(order)
    fault(shop, "amount.mismatch", payment, amount=amount)
    shop.approve(payment)
    shop.wait_for(order, "paid")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_of_initialize(shop, order, when):
    fault(shop, "http.timeout", route="initialize", when=when, seconds=20, times=1)
    key = {"Idempotency-Key": uuid.uuid4().hex}
    began = time.monotonic()
    answer = start(shop, order, **key)
    assert (answer.status_code, answer.json()["code"]) == (503, "payment_unavailable")
    assert time.monotonic() - began < 15
    again = start(shop, order, **key)
    assert again.status_code == 201, again.text
    made = {t["tx_ref"]: t["state"] for t in transactions(shop, order)}
    live = [ref for ref, state in made.items() if state == "INITIALIZED"]
    assert live == [again.json()["reference"]]
    assert len(made) == (1 if when == "before" else 2)
    shop.approve(again.json())
    shop.wait_for(order, "paid")


def test_a_slow_gateway_does_not_slow_the_catalogue(shop, order, product):
    from concurrent.futures import ThreadPoolExecutor

    payment = shop.pay(order)
    fault(shop, "http.timeout", payment, route="verify", seconds=20, times=6)
    with ThreadPoolExecutor(6) as pool:
        checks = [pool.submit(check, shop, order, payment) for _ in range(6)]
        time.sleep(1.5)
        began = time.monotonic()
        for _ in range(20):
            assert shop.http.get(f"/api/products/{product['id']}/").status_code == 200
        took = time.monotonic() - began
        answers = [future.result() for future in checks]
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["code"] for answer in answers} == {"payment_unavailable"}
    assert took < 4, f"20 reads took {took:.1f} s beside a hanging gateway"
