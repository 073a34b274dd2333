"""The control plane: its lock, its faults, and that each fault does exactly what it says."""

from __future__ import annotations

import json
import threading
import time

import pytest

from chapa_simulator.webhooks import sign

SECRET = "sim-webhook-secret-1"


@pytest.mark.parametrize("token", [None, "", "wrong", "control-token2", "ሀ"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/transactions"),
        ("GET", "/deliveries"),
        ("POST", "/faults"),
        ("DELETE", "/faults"),
        ("POST", "/clock/advance"),
        ("POST", "/config"),
        ("POST", "/transactions/x/pay"),
    ],
)
def test_nothing_without_the_token(merchant, token, method, path):
    headers = {} if token is None else {"X-Sim-Token": token.encode().decode("latin-1")}
    answer = merchant.http.open("/_sim" + path, method=method, headers=headers)
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"


def test_the_control_plane_is_not_under_v1(merchant):
    headers = {"X-Sim-Token": merchant.TOKEN, "Authorization": f"Bearer {merchant.SECRET_KEY}"}
    assert merchant.http.get("/v1/_sim/transactions", headers=headers).status_code == 404


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "webhook.unknown"},
        {"kind": ["webhook.never"]},
        {},
        [],
        {"kind": "webhook.never", "params": {"n": 2}},
        {"kind": "webhook.never", "match": {"route": "verify"}},
        {"kind": "webhook.never", "match": {"tx_ref": 5}},
        {"kind": "webhook.never", "match": []},
        {"kind": "webhook.never", "more": 1},
        {"kind": "webhook.duplicate", "params": {"n": 1}},
        {"kind": "webhook.duplicate", "params": {"n": True}},
        {"kind": "webhook.duplicate", "params": {"concurrent": 1}},
        {"kind": "webhook.forged.body", "params": {"set": "x"}},
        {"kind": "http.timeout", "params": {"route": "refund"}},
        {"kind": "http.timeout", "params": {"when": "during"}},
        {"kind": "http.timeout", "params": {"seconds": -1}},
        {"kind": "http.timeout", "params": {"times": 0}},
        {"kind": "amount.mismatch", "params": {"amount": None}},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(merchant, fault):
    assert merchant.control("POST", "/faults", fault).status_code == 400
    assert merchant.control("GET", "/faults").json["results"] == []


def test_faults_are_matched_counted_ended_and_cleared(merchant, sink):
    merchant.fault("webhook.never", "a")
    merchant.fault("webhook.never", times=1)
    for tx_ref in ("a", "b", "c"):
        merchant.open(tx_ref)
        merchant.pay(tx_ref)
    merchant.settle()
    assert [json.loads(webhook.body)["tx_ref"] for webhook in sink.webhooks()] == ["c"]
    first, second = merchant.control("GET", "/faults").json["results"]
    assert (first["hits"], first["exhausted"]) == (1, False)
    assert (second["hits"], second["exhausted"]) == (1, True)
    assert second["hits_by_tx_ref"] == {"b": 1}
    assert merchant.control("DELETE", "/faults").json == {"cleared": 2}
    assert merchant.control("GET", "/faults").json["results"] == []


def test_never_is_never(merchant, sink):
    merchant.fault("webhook.never")
    merchant.open(callback_url=sink.url + "/callback")
    merchant.pay()
    merchant.control("DELETE", "/faults")
    merchant.advance(24 * 3600)
    assert sink.webhooks() == []
    assert len(sink.callbacks()) == 1
    assert merchant.verify().json["data"]["status"] == "success"


def test_callback_never(merchant, sink):
    merchant.fault("callback.never")
    merchant.open(callback_url=sink.url + "/callback")
    merchant.pay()
    merchant.settle()
    assert sink.callbacks() == []
    assert len(sink.webhooks()) == 1


@pytest.mark.parametrize("concurrent", [True, False])
def test_duplicates_are_the_same_bytes(merchant, sink, concurrent):
    together = threading.Barrier(5, timeout=0.5)
    met = []

    def status(request):
        return 200

    def meet():
        try:
            together.wait()
            met.append(True)
        except threading.BrokenBarrierError:
            met.append(False)

    merchant.fault("webhook.duplicate", n=5, concurrent=concurrent)
    sink.lock = type("NoLock", (), {"__enter__": lambda s: None, "__exit__": lambda s, *a: None})()
    sink.status = lambda request: (meet(), status(request))[1]
    merchant.open()
    merchant.pay()
    merchant.settle()
    assert len(sink.webhooks()) == 5
    assert len({webhook.body for webhook in sink.webhooks()}) == 1
    assert all(met) is concurrent
    log = merchant.deliveries()
    assert sorted(entry["copy"] for entry in log) == [1, 2, 3, 4, 5]
    assert {entry["attempt"] for entry in log} == {1}
    merchant.advance(6000)
    assert len(sink.webhooks()) == 5


def test_a_forged_success_of_a_failed_payment(merchant, sink):
    sink.status = lambda request: 401
    merchant.fault("webhook.forged.body")
    merchant.open()
    merchant.pay(outcome="failed")
    merchant.settle()
    [webhook] = sink.webhooks()
    fields = json.loads(webhook.body)
    assert (fields["event"], fields["status"]) == ("charge.success", "success")
    assert webhook.headers["chapa-signature"] == sign(SECRET, SECRET)
    assert webhook.headers["x-chapa-signature"] != sign(SECRET, webhook.body.decode())
    assert merchant.deliveries()[0]["forged"] is True
    merchant.advance(6000)
    assert len(sink.webhooks()) == 1


@pytest.mark.parametrize("x_signature", ["stale", "garbage", "missing"])
def test_forged_beside_the_genuine_one(merchant, sink, x_signature):
    changes = {"tx_ref": "another", "amount": "1.00"}
    merchant.fault("webhook.forged.body", also_genuine=True, set=changes, x_signature=x_signature)
    merchant.open()
    merchant.pay()
    merchant.settle()
    by_ref = {json.loads(webhook.body)["tx_ref"]: webhook for webhook in sink.webhooks()}
    forged, genuine = by_ref["another"], by_ref["ord-000001-a1"]
    right = sign(SECRET, genuine.body.decode())
    assert genuine.headers["x-chapa-signature"] == right
    wrong = forged.headers.get("x-chapa-signature")
    assert wrong != sign(SECRET, forged.body.decode())
    assert (wrong == right) is (x_signature == "stale")
    assert (wrong is None) is (x_signature == "missing")


@pytest.mark.parametrize("amount", [1, "1,250.00", 1250.01])
def test_amount_mismatch_in_verify(merchant, amount):
    merchant.fault("amount.mismatch", "a", amount=amount)
    for tx_ref in ("a", "b"):
        merchant.open(tx_ref)
        merchant.pay(tx_ref)
    assert merchant.verify("a").json["data"]["amount"] == amount
    assert merchant.verify("b").json["data"]["amount"] == 1250
    assert merchant.control("GET", "/faults").json["results"][0]["hits_by_tx_ref"] == {"a": 1}


@pytest.mark.parametrize("when", ["before", "after"])
def test_time_out_of_initialize(merchant, when):
    merchant.fault("http.timeout", "a", route="initialize", when=when, seconds=0.2, times=1)
    started = time.perf_counter()
    answer = merchant.initialize(amount=10, tx_ref="a")
    assert time.perf_counter() - started >= 0.2
    # In the test client; the real server closes the connection instead.
    assert answer.status_code == 504
    assert merchant.verify("a").json["message"] == (
        "Payment not paid yet"
        if when == "after"
        else "Invalid transaction or Transaction not found"
    )
    again = merchant.initialize(amount=10, tx_ref="a")
    assert again.status_code == (400 if when == "after" else 200)


@pytest.mark.parametrize(("when", "state"), [("before", "INITIALIZED"), ("after", "EXPIRED")])
def test_time_out_of_cancel(merchant, when, state):
    merchant.open()
    merchant.fault("http.timeout", route="cancel", when=when, seconds=0)
    assert merchant.cancel().status_code == 504
    assert merchant.transaction()["state"] == state
    assert merchant.verify().status_code != 504


def test_time_out_of_verify(merchant):
    merchant.open()
    merchant.fault("http.timeout", route="verify", seconds=0, times=1)
    assert merchant.verify().status_code == 504
    assert merchant.verify().status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"seconds": -1}, {"seconds": "5"}, {"seconds": True}, {"seconds": 1e99}, {"minutes": 1}],
)
def test_the_clock_takes_only_sensible_seconds(merchant, body):
    assert merchant.control("POST", "/clock/advance", body).status_code == 400
    assert merchant.control("GET", "/clock").json == {
        "now": "2026-01-02T03:04:05.000000Z",
        "ahead_seconds": 0.0,
    }


@pytest.mark.parametrize(
    "body",
    [
        {"verify_variant": "D"},
        {"verify_variant": ["A"]},
        {"nothing": 1},
        {"CHOICES": "x"},
        {"webhook_url": "https://api.chapa.co/hook"},
        {"webhook_url": "ftp://127.0.0.1/"},
        {"webhook_url": 5},
    ],
)
def test_settings_that_do_not_exist(merchant, body):
    before = merchant.control("GET", "/config").json
    assert merchant.control("POST", "/config", body).status_code == 400
    assert merchant.control("GET", "/config").json == before


def test_unknown_transactions_and_outcomes(merchant):
    assert merchant.pay("nothing").status_code == 404
    assert merchant.control("GET", "/transactions/nothing").status_code == 404
    merchant.open()
    assert merchant.pay(outcome="maybe").status_code == 400
    assert merchant.pay(outcome=["success"]).status_code == 400
    assert merchant.transaction()["attempt_count"] == 0


def test_transactions_can_be_filtered(merchant):
    merchant.open("a", return_url="https://shop.example/a")
    merchant.open("b")
    merchant.pay("b")
    paid = merchant.http.get(
        "/_sim/transactions?state=SUCCESS", headers={"X-Sim-Token": merchant.TOKEN}
    ).json
    assert [shown["tx_ref"] for shown in paid["results"]] == ["b"]
    shown = merchant.transaction("a")
    assert shown["checkout_url"].endswith(shown["token"])
    assert (shown["return_url"], shown["amount"]) == ("https://shop.example/a", "1250.00")
