"""kill -9 at the worst moments of a checkout, then a retry with the same key: one order, one answer.

A process of its own does the checkout on the running shop's database and kills itself at the named point; the retry goes to
the shop over HTTP, as a customer's would.
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
from common.models import StoredReply

point, key, body = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])

def die(*args, **kwargs):
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)

create, with_retries = StoredReply.objects.create, idempotency.with_retries
if point == "before the commit":
    def create_and_die(**fields):
        create(**fields)
        die()
    StoredReply.objects.create = create_and_die
else:
    def commit_and_die(work):
        with_retries(work)
        die()
    idempotency.with_retries = commit_and_die
if point == "control":  # the reply would be stored in a transaction of its own, after the work's
    StoredReply.objects.create = lambda **fields: None
APIClient(SERVER_NAME="127.0.0.1").post("/api/orders/checkout/", body, format="json", headers={"Idempotency-Key": key})
"""


def crash(shop, point: str) -> tuple[str, dict, dict]:
    """A checkout that dies at the point; returns its key, its body and the product."""
    product = shop.product(stock=10)
    key = uuid.uuid4().hex
    body = {
        "items": [{"product_id": product["id"], "quantity": 2}], "phone": "0911234567",
        "shipping_address": {"name": "Hana", "city": "Addis Ababa", "landmark": "Edna Mall"},
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", DIES, point, key, json.dumps(body)], cwd=ROOT, capture_output=True, text=True,
        env={**shop.environment, "DJANGO_SETTINGS_MODULE": "ecommerce.settings"}, timeout=60,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    return key, body, product


def sold(shop, product) -> int:
    """Pieces of the product that orders hold."""
    path = f"/api/products/{product['id']}/"
    shown = shop.http.get(path, headers=shop.sign_in("staff")).json()
    return 10 - shown["stock"]


@pytest.mark.parametrize("point", ["before the commit", "after the commit"])
def test_a_retry_after_the_crash_gives_one_order(shop, point):
    key, body, product = crash(shop, point)
    assert sold(shop, product) == (0 if point == "before the commit" else 2)
    answers = [
        shop.http.post("/api/orders/checkout/", json=body, headers={"Idempotency-Key": key})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert ("Idempotency-Replayed" in answers[0].headers) == (point == "after the commit")
    assert sold(shop, product) == 2
    shop.order(answers[0].json())  # its token works: it was never stored, and is the same again
    shop.doctor()


def test_control_a_reply_stored_after_the_work_orders_twice(shop):
    key, body, product = crash(shop, "control")
    answer = shop.http.post("/api/orders/checkout/", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers
    assert sold(shop, product) == 4
