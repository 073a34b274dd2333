"""kill -9 at each step of a cart's checkout, with a code that one may use. Tried again: one order, one use, one reservation.

A process of its own does the checkout on the running shop's database and kills itself after the named step; what it had done
by then is gone, or all of it is there. The cart itself is the natural key: the retry needs no Idempotency-Key.
"""

from __future__ import annotations

import json
import subprocess
import sys
import uuid

import pytest

from tests.shop import ROOT

pytestmark = pytest.mark.slow

DIES = """
import json, os, signal, sys
import django
django.setup()
from rest_framework.test import APIClient
from common import idempotency
from orders import checkout

step, token, body = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(module, name):
    real = getattr(module, name)
    def step_and_die(*args, **kwargs):
        real(*args, **kwargs)
        die()
    setattr(module, name, step_and_die)

if step == "control":  # the order would not know its cart, nor the cart its order
    origin = checkout.Origin
    checkout.Origin = lambda cart=None: origin()
    checkout.mark_ordered = lambda **_: None
    then_die(idempotency, "with_retries")
elif step == "the commit":
    then_die(idempotency, "with_retries")
else:
    then_die(checkout, {"the order": "write_order", "the code": "redeem", "the stock": "reserve_lines",
                        "the cart": "mark_ordered"}[step])
APIClient(SERVER_NAME="127.0.0.1").post(
    "/api/orders/checkout/", body, format="json",
    headers={"X-Cart-Token": token, "Idempotency-Key": sys.argv[4]})
"""


@pytest.fixture
def code(shop):
    """A coupon code that may be used once."""
    staff = shop.sign_in("staff")
    promotion = shop.http.post(
        "/api/promotions/",
        json={"name": "Meskel", "kind": "percentage", "percent": "10", "needs_code": True},
        headers=staff,
    )
    assert promotion.status_code == 201, promotion.text
    name = f"MESKEL{uuid.uuid4().hex[:6]}".upper()
    made = shop.http.post(
        f"/api/promotions/{promotion.json()['id']}/coupons/",
        json={"code": name, "limit": 1},
        headers=staff,
    )
    assert made.status_code == 201, made.text
    return name


@pytest.fixture
def filled(shop, code):
    """A guest's cart of two pieces with the code: its token, what to post, and the product."""
    product = shop.product(stock=10)
    cart = shop.http.post("/api/carts/", json={}).json()
    token = {"X-Cart-Token": cart["cart_token"]}
    for path, body in (
        ("items", {"product_id": product["id"], "quantity": 2}),
        ("coupon", {"code": code}),
    ):
        answer = shop.http.post(f"/api/carts/{cart['id']}/{path}/", json=body, headers=token)
        assert answer.status_code in {200, 201}, answer.text
    body = {"cart": cart["id"], "phone": "0911234567", "expected_total": "180.00"}
    return token, body, product


def crash(shop, step, token, body) -> str:
    key = uuid.uuid4().hex
    done = subprocess.run(
        [sys.executable, "-c", DIES, step, token["X-Cart-Token"], json.dumps(body), key],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**shop.environment, "DJANGO_SETTINGS_MODULE": "ecommerce.settings"},
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    return key


def taken(shop, product) -> int:
    path = f"/api/products/{product['id']}/"
    return 10 - shop.http.get(path, headers=shop.sign_in("staff")).json()["stock"]


STEPS = ["the order", "the code", "the stock", "the cart", "the commit"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("with_key", [True, False])
def test_tried_again_it_is_one_order(shop, filled, step, with_key):
    token, body, product = filled
    key = crash(shop, step, token, body)
    assert taken(shop, product) == (2 if step == "the commit" else 0)
    headers = {**token, "Idempotency-Key": key} if with_key else token
    answers = [
        shop.http.post("/api/orders/checkout/", json=body, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
    assert answers[0].content == answers[1].content
    assert answers[0].json()["total"]["amount"] == "180.00"
    assert taken(shop, product) == 2
    shop.doctor()


def test_control_a_cart_that_is_no_key_is_ordered_twice(shop, filled):
    """Without the code, which is a second guard: nobody can use it up twice."""
    token, body, product = filled
    shop.http.delete(f"/api/carts/{body['cart']}/coupon/", headers=token)
    body = {**body, "expected_total": "200.00"}
    crash(shop, "control", token, body)
    answer = shop.http.post("/api/orders/checkout/", json=body, headers=token)
    assert answer.status_code == 201
    assert taken(shop, product) == 4
