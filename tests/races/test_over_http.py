"""The same races over HTTP, against the shop as it is shipped: real server, real connections, real PostgreSQL."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

pytestmark = pytest.mark.slow


def test_fifty_buyers_for_ten_units(shop):
    product = shop.product(stock=10)

    def buy(_):
        with httpx.Client(base_url=shop.url, timeout=60) as client:
            return shop.checkout({"product_id": product["id"], "quantity": 1}, client=client)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(buy, range(50)))
    outcomes = Counter((answer.status_code, answer.json().get("code")) for answer in answers)
    assert outcomes == {(201, None): 10, (409, "out_of_stock"): 40}
    shown = shop.http.get(f"/api/products/{product['id']}/").json()
    assert shown["in_stock"] is False
    shop.doctor()


def test_one_key_twenty_times_at_once_is_one_order(shop):
    product = shop.product(stock=100)
    key = uuid.uuid4().hex

    def buy(_):
        with httpx.Client(base_url=shop.url, timeout=60) as client:
            return shop.checkout(
                {"product_id": product["id"], "quantity": 1}, key=key, client=client
            )

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(buy, range(20)))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}
    placed = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(placed) == 1
    for busy in (answer for answer in answers if answer.status_code == 409):
        assert busy.json()["code"] == "idempotency_key_in_use"
        assert busy.headers["Retry-After"]
    again = shop.checkout({"product_id": product["id"], "quantity": 1}, key=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert {again.json()["id"]} == placed
    assert (
        len({answer.content for answer in answers if answer.status_code == 201} | {again.content})
        == 1
    )


def test_two_products_bought_in_opposite_order(shop):
    first, second = shop.product(stock=1000), shop.product(stock=1000)

    def buy(number):
        pair = [first, second] if number % 2 else [second, first]
        items = [{"product_id": product["id"], "quantity": 1} for product in pair]
        with httpx.Client(base_url=shop.url, timeout=60) as client:
            return shop.checkout(*items, client=client).status_code

    with ThreadPoolExecutor(16) as pool:
        assert Counter(pool.map(buy, range(100))) == {201: 100}
    shop.doctor()
