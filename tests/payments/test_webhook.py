"""The webhook matrix (a signature proves who, verify proves what), and the callback, which proves nothing."""

from __future__ import annotations

import hashlib
import json

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client

from payments import inbox, tasks
from payments.inbox import BadSignature, check_signature
from payments.models import WebhookEvent
from payments.services import settle
from tests.payments.conftest import jobs, sign, webhook_body
from tests.payments.fake_chapa import WEBHOOK_SECRET

URL = "/api/payments/chapa/webhook/"
STATIC = "7a1a1d752c3d4c1cac18e083582022a621e1393b05fcdd18d000f24b18d9e674"


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


def deliver(client, body, signature=None, **headers):
    if signature is None:
        signature = sign(body)
    return client.post(
        URL, body, content_type="application/json",
        headers={"x-chapa-signature": signature} | headers,
    )  # fmt: skip


def work():
    """Run the webhook jobs that wait, as the worker would."""
    for job in jobs("payments.process_webhook"):
        tasks.process_webhook(**job)


# --- Signatures, with the reference's vectors --------------------------------------------------

A = (
    b'{"event":"charge.success","tx_ref":"ord-000001","reference":"APsim0000001",'
    b'"status":"success","amount":"400.00","currency":"ETB","mode":"test"}'
)
B = (
    b'{"event":"charge.success","tx_ref":"ord-000001","customization":{"logo":'
    b'"https:\\/\\/shop.example\\/l.png"},"first_name":"\\u1230\\u120b\\u121d"}'
)
SIGNATURE_A = "5ed71dfd77ff6207bff7a66dcd3686fa1a91ea2c8a8a519f4ee4ba622b7d3557"
SIGNATURE_B = "05b7927d5c5b37a9fb329f23d091d70fe438f5328acc397ab957215156a09cd1"


@pytest.mark.parametrize(("body", "signature"), [(A, SIGNATURE_A), (B, SIGNATURE_B)])
def test_the_references_vectors(body, signature):
    assert check_signature(body, {"x-chapa-signature": signature}) == "body"
    assert check_signature(body, {"x-chapa-signature": signature.upper()}) == "body"
    assert check_signature(body, {"chapa-signature": signature}) == "custom"
    both = {"x-chapa-signature": "nonsense", "chapa-signature": signature}
    assert check_signature(body, both) == "custom"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-chapa-signature": ""},
        {"chapa-signature": STATIC},
        {"x-chapa-signature": STATIC},
        {"chapa-signature": STATIC, "x-chapa-signature": SIGNATURE_B},
        {"x-chapa-signature": WEBHOOK_SECRET},
        {"x-chapa-signature": SIGNATURE_A[:-1]},
        {"x-chapa-signature": SIGNATURE_A + "0"},
        {"x-chapa-signature": "ሰ" * 64},
        {"x-chapa-signature": "\udcff"},
    ],
)
def test_what_proves_nothing(headers):
    with pytest.raises(BadSignature):
        check_signature(A, headers)


def test_the_previous_secret_is_good_during_a_rotation(settings):
    settings.CHAPA_WEBHOOK_SECRET = "new-secret"
    with pytest.raises(BadSignature):
        check_signature(A, {"x-chapa-signature": SIGNATURE_A})
    settings.CHAPA_WEBHOOK_SECRET_PREVIOUS = WEBHOOK_SECRET
    assert check_signature(A, {"x-chapa-signature": SIGNATURE_A}) == "body_previous"
    assert check_signature(A, {"x-chapa-signature": sign(A, "new-secret")}) == "body"


def test_without_a_secret_nothing_is_accepted(settings):
    settings.CHAPA_WEBHOOK_SECRET = settings.CHAPA_WEBHOOK_SECRET_PREVIOUS = ""
    for headers in ({}, {"x-chapa-signature": ""}, {"x-chapa-signature": sign(A, "")}):
        with pytest.raises(BadSignature):
            check_signature(A, headers)


# --- The door ----------------------------------------------------------------------------------


def test_a_webhook_is_stored_with_its_job_and_settles_the_payment(client, chapa, payment, order):
    body = webhook_body(payment)
    chapa.pay(payment.reference)
    answer = deliver(client, body)
    assert (answer.status_code, answer.json()) == (200, {"status": "received"})
    event = WebhookEvent.objects.get()
    assert bytes(event.body) == body
    assert event.sha256 == hashlib.sha256(body).hexdigest()
    assert (event.event, event.reference) == ("charge.success", payment.reference)
    assert (event.signature, event.outcome) == ("body", "waiting")
    payment.refresh_from_db()
    assert payment.status == "pending"  # nothing of it is believed
    work()
    payment.refresh_from_db()
    order.refresh_from_db()
    event.refresh_from_db()
    assert (payment.status, order.status) == ("succeeded", "paid")
    assert event.outcome == "asked"
    assert event.processed_at is not None


def test_a_duplicate_is_counted_and_does_nothing(client, chapa, payment):
    body = webhook_body(payment)
    chapa.pay(payment.reference)
    for _ in range(3):
        assert deliver(client, body).status_code == 200
    assert len(jobs("payments.process_webhook")) == 1
    work()
    verified = chapa.count("verify")
    assert deliver(client, body).status_code == 200  # a day later
    assert WebhookEvent.objects.get().deliveries == 4
    work()
    assert chapa.count("verify") == verified


def test_the_job_itself_is_safe_to_run_twice(client, chapa, payment):
    chapa.pay(payment.reference)
    deliver(client, webhook_body(payment))
    (job,) = jobs("payments.process_webhook")
    for _ in range(3):
        tasks.process_webhook(**job)
    assert chapa.count("verify") == 1


def test_out_of_order_success_stays(client, chapa, payment, order):
    chapa.pay(payment.reference)
    deliver(client, webhook_body(payment))
    work()
    deliver(
        client,
        webhook_body(payment, event="charge.failed/cancelled", status="failed/cancelled"),
    )
    work()
    payment.refresh_from_db()
    order.refresh_from_db()
    assert (payment.status, order.status) == ("succeeded", "paid")
    assert set(WebhookEvent.objects.values_list("outcome", flat=True)) == {
        "asked",
        "decided_before",
    }


def test_a_genuine_webhook_whose_payment_is_unpaid_at_verify_fulfils_nothing(
    client, chapa, payment, order
):
    deliver(client, webhook_body(payment))
    work()
    payment.refresh_from_db()
    assert payment.status == "pending"
    again = [job for job in jobs("payments.settle") if job.get("again")]
    assert again == [{"payment_id": payment.pk, "source": "webhook", "again": inbox.AGAIN - 1}]


def test_verify_that_lags_behind_the_webhook_is_asked_again(client, chapa, payment):
    deliver(client, webhook_body(payment))
    work()
    (job,) = [job for job in jobs("payments.settle") if job.get("again")]
    chapa.pay(payment.reference)
    tasks.settle_payment(**job)
    payment.refresh_from_db()
    assert payment.status == "succeeded"


def test_a_gateway_that_is_away_while_a_webhook_is_processed_is_asked_again(client, chapa, payment):
    chapa.down = True
    deliver(client, webhook_body(payment))
    work()
    assert [job for job in jobs("payments.settle") if job.get("again")]
    assert WebhookEvent.objects.get().outcome == "asked"


def test_asking_again_has_an_end(chapa, payment):
    for again in range(inbox.AGAIN, -1, -1):
        inbox.settle_soon(payment_id=payment.pk, source="webhook", again=again)
    assert len([job for job in jobs("payments.settle") if "again" in job]) == 1


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"tx_ref": "somebody-elses-0001"}, "unknown_reference"),
        ({"tx_ref": None}, "no_reference"),
        ({"tx_ref": "with space"}, "no_reference"),
        ({"tx_ref": "x" * 500}, "no_reference"),
        ({"tx_ref": "nul\0"}, "no_reference"),
        ({"tx_ref": 7, "event": ["x"], "status": {}}, "no_reference"),
        ({"event": "payout.success", "type": "Payout", "tx_ref": None}, "no_reference"),
        ({"event": "brand.new", "tx_ref": None}, "no_reference"),
        ({"event": "x" * 500}, "asked"),
        ({"event": "nul\0"}, "asked"),
    ],
)
def test_strange_events_are_kept_with_200(client, chapa, payment, change, outcome):
    assert deliver(client, webhook_body(payment, **change)).status_code == 200
    work()
    assert WebhookEvent.objects.get().outcome == outcome
    payment.refresh_from_db()
    assert payment.status == "pending"


def test_the_older_wrapped_shape_is_read_too(client, chapa, payment):
    chapa.pay(payment.reference)
    body = json.dumps(
        {"event": "charge.success", "data": {"tx_ref": payment.reference, "status": "success"}}
    ).encode()
    deliver(client, body)
    work()
    payment.refresh_from_db()
    assert payment.status == "succeeded"


@pytest.mark.parametrize(
    "forge",
    [
        lambda body: {"x-chapa-signature": "", "chapa-signature": STATIC},
        lambda body: {"x-chapa-signature": sign(body, "wrong"), "chapa-signature": STATIC},
        lambda body: {"x-chapa-signature": sign(body + b" ")},
        lambda body: {"x-chapa-signature": sign(body)[:32]},
        lambda body: {"x-chapa-signature": ""},
    ],
    ids=["constant only", "wrong secret", "another body", "truncated", "none"],
)
def test_forged_webhooks_are_refused_and_leave_no_trace(client, chapa, payment, forge):
    """Defect 1: one POST with a tx_ref must not mark an order paid."""
    chapa.pay(payment.reference)
    body = webhook_body(payment)
    answer = client.post(URL, body, content_type="application/json", headers=forge(body))
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "bad_signature"
    assert not WebhookEvent.objects.exists()
    assert jobs("payments.process_webhook") == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'"x"', b"null", b"{", b"\xff\xfe{}", b"[" * 5000, b'{"a":1}garbage']
)
def test_signed_nonsense_is_a_400(client, real_db, body):
    answer = deliver(client, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert not WebhookEvent.objects.exists()


def test_a_large_body_is_a_413_before_anything_else(client, real_db):
    body = b'{"a":"' + b"x" * (64 * 1024) + b'"}'
    answer = deliver(client, body)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert deliver(client, b'{"a":"' + b"x" * (63 * 1024) + b'"}').status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "x", "*/*;q=0"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "x", ""])
def test_neither_accept_nor_content_type_matters(client, chapa, payment, accept, content_type):
    body = webhook_body(payment)
    answer = client.generic(
        "POST", URL, body, content_type=content_type,
        headers={"x-chapa-signature": sign(body), "accept": accept},
    )  # fmt: skip
    assert answer.status_code == 200


def test_other_methods_and_the_missing_slash(client, real_db):
    """Defect 11: the address is exactly one, and a POST is never redirected."""
    for method in ("get", "put", "delete", "patch"):
        answer = getattr(client, method)(URL)
        assert answer.status_code == 405
        assert "POST" in answer["Allow"]
    assert client.post(URL.rstrip("/"), b"{}", content_type="application/json").status_code == 404
    assert client.post("/api/paymentswebhook/").status_code == 404


def test_without_the_database_the_gateway_is_told_to_come_again(client, real_db, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("the database is away")

    monkeypatch.setattr("payments.inbox._store", away)
    answer = deliver(client, A, SIGNATURE_A)
    assert answer.status_code == 503
    assert answer["Retry-After"]


def test_a_crash_between_storing_and_enqueueing_keeps_neither(client, real_db, monkeypatch):
    def crash(*args, **kwargs):
        raise OperationalError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("payments.inbox.enqueue", crash)
        assert deliver(client, A, SIGNATURE_A).status_code == 503
    assert not WebhookEvent.objects.exists()
    assert deliver(client, A, SIGNATURE_A).status_code == 200
    assert len(jobs("payments.process_webhook")) == 1


def test_the_signature_is_not_stored(client, chapa, payment):
    body = webhook_body(payment)
    deliver(client, body, **{"chapa-signature": STATIC})
    row = str(WebhookEvent.objects.values().get())
    assert sign(body) not in row
    assert STATIC not in row


# --- The callback ------------------------------------------------------------------------------

CALLBACK = "/api/payments/chapa/callback/"


def nudges():
    return [job for job in jobs("payments.settle") if job["source"] == "callback"]


@pytest.mark.parametrize("name", ["tx_ref", "trx_ref"])
@pytest.mark.parametrize("how", ["query", "json", "form", "post query", "get with json"])
def test_the_reference_is_read_wherever_chapa_puts_it(client, chapa, payment, name, how):
    reference = payment.reference
    body = json.dumps({name: reference, "status": "success"})
    if how == "query":
        answer = client.get(CALLBACK, {name: reference, "ref_id": "AP1", "status": "success"})
    elif how == "json":
        answer = client.post(CALLBACK, body, content_type="application/json")
    elif how == "form":
        form = f"{name}={reference}"
        answer = client.post(CALLBACK, form, content_type="application/x-www-form-urlencoded")
    elif how == "post query":
        answer = client.post(f"{CALLBACK}?{name}={reference}")
    else:
        answer = client.generic("GET", CALLBACK, body, content_type="application/json")
    assert (answer.status_code, answer.json()) == (200, {"status": "received"})
    (job,) = nudges()
    assert job["payment_id"] == payment.pk
    payment.refresh_from_db()
    assert payment.status == "pending"
    chapa.pay(reference)
    tasks.settle_payment(**job)
    payment.refresh_from_db()
    assert payment.status == "succeeded"


def test_many_callbacks_are_one_job(client, chapa, payment):
    for _ in range(5):
        client.get(CALLBACK, {"trx_ref": payment.reference})
    assert len(nudges()) == 1


@pytest.mark.parametrize(
    "query", ["", "tx_ref=unknown-ref-0001", "tx_ref=%00", "tx_ref=" + "x" * 2000, "amp;tx_ref=1"]
)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b"\xff\xfe", b'{"tx_ref":{"a":1}}', b"a=1&" * 100, b"%"]
)
def test_garbage_gets_the_same_answer(client, real_db, query, body):
    answer = client.generic("POST", f"{CALLBACK}?{query}", body, content_type="x/y")
    assert (answer.status_code, answer.json()) == (200, {"status": "received"})
    assert nudges() == []


def test_a_decided_payment_is_not_asked_about(client, chapa, payment):
    chapa.pay(payment.reference)
    settle(payment_id=payment.pk, source="test")
    assert client.get(CALLBACK, {"trx_ref": payment.reference}).status_code == 200
    assert nudges() == []


def test_a_large_callback_is_refused(client, real_db):
    answer = client.post(CALLBACK, b"x" * 20_000, content_type="text/plain")
    assert answer.status_code == 413


def test_callbacks_are_limited_per_address(client, real_db, settings):
    settings.RATE_LIMITS = True
    with time_machine.travel("2026-01-02T03:04:05Z", tick=False):
        answers = [client.get(CALLBACK, {"tx_ref": "x"}).status_code for _ in range(301)]
        elsewhere = client.get(CALLBACK, {"tx_ref": "x"}, REMOTE_ADDR="10.9.8.7").status_code
    assert answers == [200] * 300 + [429]
    assert elsewhere == 200
