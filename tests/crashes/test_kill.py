"""kill -9 of web, worker and PostgreSQL while orders and webhooks flow: nothing is lost, nothing is doubled."""

from __future__ import annotations

import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROUNDS = 6  # each of the three is killed twice


def buy_and_pay(shop, product, key: str) -> dict | None:
    """One customer who does not give up: every call is repeated, with the same key, until it is answered."""

    def patiently(call):
        for _ in range(150):
            try:
                answer = call()
                if answer.status_code < 500 and answer.status_code != 409:
                    return answer
            except (httpx.HTTPError, ValueError):
                pass
            time.sleep(0.2)
        raise AssertionError("no answer after 30 s")

    with httpx.Client(base_url=shop.url, timeout=10) as client:
        placed = patiently(
            lambda: shop.checkout(
                {"product_id": product["id"], "quantity": 1}, key=key, client=client
            )
        )
        assert placed.status_code == 201, placed.text
        order = placed.json()
        headers = {"X-Order-Token": order["order_token"], "Idempotency-Key": uuid.uuid4().hex}
        started = patiently(
            lambda: client.post(
                f"/api/orders/{order['id']}/payments/", json={"method": "chapa"}, headers=headers
            )
        )
        assert started.status_code == 201, started.text
        shop.approve(started.json())
        return order


def test_orders_survive_kills(own_shop):
    shop = own_shop
    product = shop.product(stock=100_000)
    stop = threading.Event()
    orders, keys = [], []
    dice = random.Random(20261123)

    def customer(_):
        while not stop.is_set():
            key = uuid.uuid4().hex
            keys.append(key)
            orders.append(buy_and_pay(shop, product, key))

    def killer():
        """Let some orders through, then kill at a random moment; a shop that comes back slowly gets its time."""
        for round_ in range(ROUNDS):
            enough, deadline = len(orders) + 4, time.monotonic() + 30
            while len(orders) < enough and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(dice.uniform(0, 0.3))
            target = ("gunicorn", "manage.py worker", "postgres")[round_ % 3]
            victims = [shop.postmaster()] if target == "postgres" else shop.pids(target)
            assert victims, target
            for pid in victims:
                shop.kill(pid)

    with ThreadPoolExecutor(5) as pool:
        threads = [pool.submit(customer, n) for n in range(4)]
        try:
            killer()
        finally:
            stop.set()
        for thread in threads:
            thread.result(timeout=120)
    shop.wait_until_ready()
    assert len(orders) == len(keys) >= 4 * ROUNDS
    for _ in range(2):
        shop.manage("reconcile_payments", "--all-open")
    for order in orders:
        shop.wait_for(order, "paid", seconds=60)
    assert len({order["id"] for order in orders}) == len(orders)
    assert "Healthy" in shop.doctor()
