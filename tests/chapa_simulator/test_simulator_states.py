"""The life of a transaction as verify and cancel tell it, in every variant."""

from __future__ import annotations

import contextlib
import re
import threading
import time

import pytest

from chapa_simulator.store import Store
from chapa_simulator.transactions import MOVES, State, TransactionBook, WrongState
from chapa_simulator.validation import parse_payment_request

NOT_PAID = {"message": "Payment not paid yet", "status": None, "data": None}


def test_verify_of_a_paid_transaction(merchant):
    merchant.open(
        phone_number="0900123456",
        first_name="Hana",
        customization={"title": "Order 000001"},
        meta={"payment_reason": "Order 000001"},
    )
    merchant.pay()
    answer = merchant.verify()
    assert answer.status_code == 200
    reference = answer.json["data"].pop("reference")
    assert re.fullmatch(r"AP[A-Za-z0-9]{10}", reference)
    assert answer.json["message"] == "Payment details"
    assert answer.json["status"] == "success"
    data = {key: value for key, value in answer.json["data"].items() if key != "reference"}
    assert data == {
        "first_name": "Hana",
        "last_name": None,
        "email": None,
        "currency": "ETB",
        "amount": 1250,
        "charge": 37.5,
        "mode": "test",
        "method": "telebirr",
        "type": "API",
        "status": "success",
        "tx_ref": "ord-000001-a1",
        "customization": {"title": "Order 000001", "description": None, "logo": None},
        "meta": {"payment_reason": "Order 000001"},
        "created_at": "2026-01-02T03:04:05.000000Z",
        "updated_at": "2026-01-02T03:04:05.000000Z",
    }


def test_amounts_in_verify_are_numbers(merchant):
    merchant.open("a", amount="12.50")
    merchant.pay("a")
    assert b'"amount":12.5,' in merchant.verify("a").data


@pytest.mark.parametrize("opened", [False, True])
def test_unpaid_in_each_variant(merchant, opened):
    page = merchant.open()
    if opened:
        merchant.http.get(page)
    assert merchant.transaction()["state"] == ("PENDING" if opened else "INITIALIZED")
    answer = merchant.verify()
    assert (answer.status_code, answer.json) == (404, NOT_PAID)
    merchant.control("POST", "/config", {"verify_variant": "B"})
    answer = merchant.verify()
    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["data"]["status"]) == ("success", "pending")
    merchant.control("POST", "/config", {"verify_variant": "C"})
    answer = merchant.verify()
    assert (answer.json["status"], answer.json["data"]["status"]) == ("pending", "pending")


@pytest.mark.parametrize("variant", ["A", "B", "C"])
@pytest.mark.parametrize("ending", ["failed", "cancelled", "expired", "api"])
def test_not_paid_for_good_in_each_variant(start, variant, ending):
    merchant = start(verify_variant=variant)
    merchant.open()
    if ending in {"failed", "cancelled"}:
        merchant.pay(outcome=ending)
    elif ending == "expired":
        merchant.advance(3600)
    else:
        merchant.cancel()
    answer = merchant.verify()
    assert answer.status_code == 200
    assert answer.json["status"] == ("failed/cancelled" if variant == "C" else "success")
    assert answer.json["data"]["status"] == "failed"


def test_a_failed_attempt_may_be_reported_as_pending(merchant):
    merchant.open()
    merchant.pay(outcome="failed")
    merchant.control("POST", "/config", {"failed_attempt": "pending"})
    assert merchant.verify().json == NOT_PAID


def test_unknown_reference(merchant):
    answer = merchant.verify("nothing")
    assert answer.status_code == 404
    assert answer.json == {
        "message": "Invalid transaction or Transaction not found",
        "status": "failed",
        "data": None,
    }


def test_the_key_decides_the_mode_and_the_other_mode_is_refused(merchant):
    merchant.open("test-1")
    merchant.initialize(key=merchant.LIVE_KEY, amount=10, tx_ref="live-1")
    merchant.pay("live-1")
    answer = merchant.verify("live-1")
    assert answer.status_code == 401
    assert answer.json["message"] == ("Test secret keys can't be used to verify a live transaction")
    answer = merchant.verify("test-1", key=merchant.LIVE_KEY)
    assert answer.status_code == 401
    assert answer.json["message"] == ("Live secret keys can't be used to verify a test transaction")
    assert merchant.verify("live-1", key=merchant.LIVE_KEY).json["data"]["mode"] == "live"
    assert merchant.cancel("test-1", key=merchant.LIVE_KEY).status_code == 404
    assert merchant.transaction("test-1")["state"] == "INITIALIZED"


def test_cancel_ends_an_open_link_once_and_for_all(merchant):
    merchant.open()
    answer = merchant.cancel()
    assert answer.status_code == 200
    assert answer.json == {
        "message": "Checkout link expired successfully",
        "status": "success",
        "data": {
            "tx_ref": "ord-000001-a1",
            "amount": 1250,
            "currency": "ETB",
            "created_at": "2026-01-02T03:04:05.000000Z",
            "updated_at": "2026-01-02T03:04:05.000000Z",
        },
    }
    again = merchant.cancel()
    assert again.status_code == 400
    assert again.json == {
        "message": "Payment link already expired",
        "status": "failed",
        "data": None,
    }
    assert merchant.pay().status_code == 409
    assert merchant.deliveries() == []


def test_cancel_of_a_paid_transaction_changes_nothing(merchant):
    merchant.open()
    merchant.pay()
    assert merchant.cancel().status_code == 400
    assert merchant.verify().json["data"]["status"] == "success"


def test_cancel_is_a_put(merchant):
    merchant.open()
    for method in ("GET", "POST", "DELETE", "PATCH", "OPTIONS"):
        answer = merchant.http.open(
            "/v1/transaction/cancel/ord-000001-a1",
            method=method,
            headers={"Authorization": f"Bearer {merchant.SECRET_KEY}"},
        )
        assert answer.status_code == 405, method
    assert merchant.cancel("nothing").status_code == 404
    assert merchant.transaction()["state"] == "INITIALIZED"


def test_failure_is_not_final_until_the_tenth_attempt(merchant):
    merchant.open()
    for number in range(1, 10):
        shown = merchant.pay(outcome="failed").json
        assert (shown["state"], shown["attempt_count"]) == ("ATTEMPT_FAILED", number)
    assert merchant.pay(outcome="failed").json["state"] == "FAILED/CANCELLED"
    assert merchant.pay().status_code == 409
    assert len(merchant.deliveries(kind="webhook")) == 10


def test_a_failed_attempt_may_be_followed_by_success(merchant):
    merchant.open()
    merchant.pay(outcome="failed")
    assert merchant.pay().json["state"] == "SUCCESS"
    assert merchant.verify().json["data"]["status"] == "success"


def test_the_window_ends_on_the_virtual_clock(start):
    merchant = start(checkout_window_minutes=5)
    merchant.open("tried")
    merchant.pay("tried", "failed")
    merchant.open("untouched")
    merchant.open("paid")
    merchant.pay("paid")
    merchant.advance(299)
    assert merchant.transaction("untouched")["state"] == "INITIALIZED"
    merchant.advance(1)
    assert merchant.transaction("untouched")["state"] == "EXPIRED"
    assert merchant.transaction("tried")["state"] == "FAILED/CANCELLED"
    assert merchant.transaction("paid")["state"] == "SUCCESS"
    assert merchant.pay("untouched").status_code == 409


@pytest.mark.parametrize("source", list(State))
@pytest.mark.parametrize("verb", ["succeed", "fail", "give_up", "expire_link"])
def test_every_verb_from_every_state(source, verb):
    book = TransactionBook(store=Store(None), now=lambda: 0.0, window_minutes=60)
    opened = book.open(parse_payment_request({"amount": 10, "tx_ref": "a"}), mode="test")
    book._remember(type(opened).from_document(opened.to_document() | {"state": source.value}))
    target = {
        "succeed": State.SUCCESS,
        "fail": State.ATTEMPT_FAILED,
        "give_up": State.FAILED,
        "expire_link": State.EXPIRED,
    }[verb]
    extra = {"method": "telebirr", "mobile": ""} if verb in {"succeed", "fail"} else {}
    if verb == "fail":
        extra["reason"] = "no"
    if target in MOVES[source]:
        assert getattr(book, verb)("a", **extra).state is target
    else:
        with pytest.raises(WrongState):
            getattr(book, verb)("a", **extra)
        assert book.get("a").state is source


@pytest.mark.parametrize("locked", [True, False])
def test_the_lock_is_what_keeps_payments_single(locked):
    """With the lock one of twenty wins; the control without it must let more through."""

    class SlowStore(Store):
        def save_transaction(self, tx_ref, document):
            time.sleep(0.02)

    book = TransactionBook(store=SlowStore(None), now=lambda: 0.0, window_minutes=60)
    book.open(parse_payment_request({"amount": 10, "tx_ref": "a"}), mode="test")
    if not locked:
        book.lock = contextlib.nullcontext()
    gate = threading.Barrier(20)
    won = []

    def pay():
        gate.wait()
        with contextlib.suppress(WrongState):
            won.append(book.succeed("a", method="telebirr", mobile=""))

    threads = [threading.Thread(target=pay) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won) == 1) is locked


def test_twenty_simultaneous_payments_are_one(merchant, sink):
    merchant.open(callback_url=sink.url + "/callback")
    gate = threading.Barrier(20)
    statuses = []

    def pay():
        gate.wait()
        statuses.append(merchant.pay().status_code)

    threads = [threading.Thread(target=pay) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 19
    merchant.settle()
    assert len(sink.webhooks()) == 1
    assert len(sink.callbacks()) == 1
    assert merchant.transaction()["attempt_count"] == 1


def test_twenty_simultaneous_initializes_with_one_reference_are_one(merchant):
    gate = threading.Barrier(20)
    statuses = []

    def initialize():
        gate.wait()
        statuses.append(merchant.initialize(amount=10, tx_ref="same").status_code)

    threads = [threading.Thread(target=initialize) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [400] * 19
