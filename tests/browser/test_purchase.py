"""The purchase of the README's tour, in a browser: gateway's page, return page, paid."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def order(shop):
    product = shop.product(stock=5, price="1250.00")
    placed = shop.checkout({"product_id": product["id"], "quantity": 1})
    assert placed.status_code == 201, placed.text
    return placed.json()


def test_pay_and_come_back(shop, page, order):
    payment = shop.pay(order)
    page.goto(payment["checkout_url"])
    assert "1,250.00" in page.content() or "1250.00" in page.content()
    page.get_by_test_id("method-telebirr").check(force=True)
    page.get_by_test_id("phone-input").fill("0900123456")
    page.get_by_test_id("pay-button").click()
    page.wait_for_url(re.compile(r"/pay/return/"))
    assert order["number"] in page.content()
    shop.wait_for(order, "paid")
    page.reload()
    assert "paid" in page.inner_text("body").lower()


def test_fail_first_then_succeed(shop, page, order):
    payment = shop.pay(order)
    page.goto(payment["checkout_url"])
    page.get_by_test_id("method-telebirr").check(force=True)
    page.get_by_test_id("phone-input").fill("0912000000")
    page.get_by_test_id("pay-button").click()
    page.get_by_test_id("error-message").wait_for()
    assert shop.order(order)["status"] == "pending"
    page.get_by_test_id("method-mpesa").check(force=True)
    page.get_by_test_id("phone-input").fill("0700123456")
    page.get_by_test_id("pay-button").click()
    page.wait_for_url(re.compile(r"/pay/return/"))
    shop.wait_for(order, "paid")


def test_the_return_page_asks_on_a_button(shop, page, order):
    """Webhook and callback lost: the customer's own "check now" settles the order."""
    payment = shop.pay(order)
    for kind in ("webhook.never", "callback.never"):
        shop.simulator.post(
            "/_sim/faults", json={"match": {"tx_ref": payment["reference"]}, "kind": kind}
        )
    shop.approve(payment)
    page.goto(f"{shop.url}/pay/return/{payment['id']}/")
    assert shop.order(order)["status"] == "pending"
    page.get_by_role("button", name=re.compile("check", re.I)).click()
    assert shop.wait_for(order, "paid")["payments"][0]["status"] == "succeeded"
    assert "paid" in page.inner_text("body").lower()
    shop.simulator.delete("/_sim/faults")
