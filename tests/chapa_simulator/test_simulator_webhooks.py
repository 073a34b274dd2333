"""Webhooks and callbacks: signatures, unchanging bytes, retries on the virtual clock."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from chapa_simulator.webhooks import ENCODERS, sign, signed_headers

SECRET = "sim-webhook-secret-1"
STATIC = "7a1a1d752c3d4c1cac18e083582022a621e1393b05fcdd18d000f24b18d9e674"
BODY_A = (
    '{"event":"charge.success","tx_ref":"ord-000001","reference":"APsim0000001",'
    '"status":"success","amount":"400.00","currency":"ETB","mode":"test"}'
)
BODY_B = (
    '{"event":"charge.success","tx_ref":"ord-000001","customization":'
    '{"logo":"https:\\/\\/shop.example\\/l.png"},"first_name":"\\u1230\\u120b\\u121d"}'
)


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (BODY_A, "5ed71dfd77ff6207bff7a66dcd3686fa1a91ea2c8a8a519f4ee4ba622b7d3557"),
        (BODY_B, "05b7927d5c5b37a9fb329f23d091d70fe438f5328acc397ab957215156a09cd1"),
    ],
)
def test_the_published_vectors(body, signature):
    assert sign(SECRET, SECRET) == STATIC
    assert sign(SECRET, body) == signature
    headers = signed_headers(SECRET, body)
    assert headers["chapa-signature"] == STATIC
    assert headers["x-chapa-signature"] == signature
    assert ENCODERS["php"](json.loads(body)) == body


def test_the_fields_of_a_success(merchant, sink):
    merchant.open(first_name="ሰላም", customization={"logo": "https://shop.example/l.png"})
    merchant.pay()
    merchant.settle()
    [webhook] = sink.webhooks()
    fields = json.loads(webhook.body)
    assert fields.pop("reference") == merchant.transaction()["reference"]
    assert fields == {
        "event": "charge.success",
        "first_name": "ሰላም",
        "last_name": "",
        "email": None,
        "mobile": "251900123456",
        "currency": "ETB",
        "amount": "1250.00",
        "charge": "37.50",
        "status": "success",
        "mode": "test",
        "created_at": "2026-01-02T03:04:05.000000Z",
        "updated_at": "2026-01-02T03:04:05.000000Z",
        "type": "API",
        "tx_ref": "ord-000001-a1",
        "payment_method": "telebirr",
        "customization": {
            "title": None,
            "description": None,
            "logo": "https://shop.example/l.png",
        },
        "meta": None,
    }
    assert b"https:\\/\\/shop.example\\/l.png" in webhook.body
    assert b"\\u1230\\u120b\\u121d" in webhook.body
    assert b": " not in webhook.body
    assert webhook.method == "POST"
    assert webhook.headers["content-type"] == "application/json"
    mac = hmac.new(SECRET.encode(), webhook.body, hashlib.sha256).hexdigest()
    assert webhook.headers["x-chapa-signature"] == mac
    assert webhook.headers["chapa-signature"] == STATIC


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_the_event_of_a_failure(merchant, sink, outcome):
    merchant.open()
    merchant.pay(outcome=outcome)
    merchant.settle()
    [webhook] = sink.webhooks()
    fields = json.loads(webhook.body)
    assert fields["event"] == "charge.failed/cancelled"
    assert fields["status"] == "failed/cancelled"
    assert b"charge.failed\\/cancelled" in webhook.body


@pytest.mark.parametrize(
    ("encoder", "sample"), [("compact", "ሰላም"), ("spaced", '"event": "charge.success"')]
)
def test_other_encoders(merchant, sink, encoder, sample):
    merchant.control("POST", "/config", {"webhook_encoder": encoder})
    merchant.open(first_name="ሰላም")
    merchant.pay()
    merchant.settle()
    [webhook] = sink.webhooks()
    assert sample.encode() in webhook.body
    assert webhook.headers["x-chapa-signature"] == sign(SECRET, webhook.body.decode())


def test_retries_every_ten_minutes_with_the_same_bytes_ten_times_at_most(merchant, sink):
    sink.status = lambda request: 500
    merchant.open()
    merchant.pay()
    merchant.settle()
    assert len(sink.webhooks()) == 1
    merchant.advance(599)
    assert len(sink.webhooks()) == 1
    merchant.advance(1)
    assert len(sink.webhooks()) == 2
    merchant.advance(24 * 3600)
    assert len(sink.webhooks()) == 10
    assert len({(w.body, w.headers["x-chapa-signature"]) for w in sink.webhooks()}) == 1
    log = merchant.deliveries(kind="webhook")
    assert [entry["attempt"] for entry in log] == list(range(1, 11))
    assert [entry["at"][11:19] for entry in log[:3]] == ["03:04:05", "03:14:05", "03:24:05"]
    assert log[-1]["at"] == "2026-01-02T04:34:05.000000Z"
    assert merchant.control("GET", "/deliveries").json["pending"] == []


@pytest.mark.parametrize("status", [201, 204, 302, 400, 503])
def test_only_200_counts_and_redirects_are_not_followed(merchant, sink, status):
    sink.status = lambda request: status
    merchant.open()
    merchant.pay()
    merchant.settle()
    [waiting] = merchant.control("GET", "/deliveries").json["pending"]
    assert (waiting["attempts"], waiting["kind"]) == (1, "webhook")
    assert waiting["next_attempt_at"] == "2026-01-02T03:14:05.000000Z"
    assert [request.path for request in sink.requests] == ["/hook"]
    sink.status = lambda request: 200
    assert merchant.advance(600)["settled"] is True
    assert [entry["response_status"] for entry in merchant.deliveries()] == [status, 200]
    merchant.advance(6000)
    assert len(sink.requests) == 2


def test_a_dead_address_is_logged_and_retried(start):
    merchant = start(webhook_url="http://127.0.0.1:9/hook")
    merchant.open()
    merchant.pay()
    merchant.advance(600)
    log = merchant.deliveries()
    assert [entry["response_status"] for entry in log] == [None, None]
    assert "ConnectError" in log[0]["error"]


def test_the_delivery_log_tells_everything(merchant, sink):
    merchant.open()
    merchant.pay()
    [entry] = merchant.deliveries()
    latency = entry.pop("latency_ms")
    assert 0 <= latency < 5000
    [request] = sink.webhooks()
    assert entry == {
        "id": 1,
        "kind": "webhook",
        "tx_ref": "ord-000001-a1",
        "event": "charge.success",
        "attempt": 1,
        "copy": 1,
        "forged": False,
        "at": "2026-01-02T03:04:05.000000Z",
        "method": "POST",
        "url": sink.url + "/hook",
        "headers": {
            "content-type": "application/json",
            "chapa-signature": STATIC,
            "x-chapa-signature": request.headers["x-chapa-signature"],
        },
        "body": request.body.decode(),
        "response_status": 200,
        "response_body": "ok",
        "error": None,
    }
    assert merchant.deliveries(tx_ref="other") == []
    assert merchant.deliveries(after="1") == []


def test_the_callback_is_one_get_with_three_parameters(merchant, sink):
    sink.status = lambda request: 500 if request.method == "GET" else 200
    merchant.open(callback_url=sink.url + "/callback?shop=1#part")
    merchant.pay()
    merchant.settle()
    merchant.advance(7200)
    [callback] = sink.callbacks()
    assert callback.method == "GET"
    assert parse_qs(urlsplit(callback.path).query) == {
        "shop": ["1"],
        "trx_ref": ["ord-000001-a1"],
        "ref_id": [merchant.transaction()["reference"]],
        "status": ["success"],
    }


def test_the_callback_tells_of_final_outcomes_only(merchant, sink):
    merchant.open(callback_url=sink.url + "/callback")
    merchant.pay(outcome="failed")
    merchant.settle()
    assert sink.callbacks() == []
    merchant.pay(outcome="cancelled")
    merchant.settle()
    assert "status=failed" in sink.callbacks()[0].path


def test_the_customer_never_waits_for_the_merchant(merchant, sink):
    release = threading.Event()
    sink.status = lambda request: 200 if release.wait(5) else 500
    page = merchant.open(return_url="https://shop.example/done")
    started = time.perf_counter()
    answer = merchant.http.post(page, data={"method": "telebirr", "phone": "0900123456"})
    took = time.perf_counter() - started
    assert (answer.status_code, answer.headers["Location"]) == (303, "https://shop.example/done")
    assert took < 1
    assert merchant.verify().json["data"]["status"] == "success"
    release.set()
    assert merchant.deliveries()[0]["response_status"] == 200


def test_the_real_chapa_is_never_called(start):
    merchant = start(webhook_url="")
    merchant.open(callback_url="https://api.chapa.co/v1/callback")
    merchant.pay()
    [entry] = merchant.deliveries()
    assert entry["response_status"] is None
    assert entry["error"].startswith("refused")


def test_without_a_webhook_address_nothing_is_sent(start, sink):
    merchant = start(webhook_url="")
    merchant.open()
    merchant.pay()
    assert merchant.deliveries() == []
    assert sink.requests == []
