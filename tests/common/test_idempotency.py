"""A repeated call gives the first answer again and does nothing twice, whatever dies in between."""

from __future__ import annotations

import os
import signal
import uuid
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from rest_framework.test import APIClient

from common import idempotency
from common.models import RateCounter, StoredReply
from tests.common.urls import CreateView
from tests.together import at_once

URL = "/api/things/"


def key() -> str:
    return str(uuid.uuid4())


def post(client, name: str = "thing", *, idempotency_key: str | None = None, **extra):
    headers = {} if idempotency_key is None else {"HTTP_IDEMPOTENCY_KEY": idempotency_key}
    return client.post(URL, {"key": name}, **headers, **extra)


@pytest.mark.django_db
class TestReplay:
    def test_same_key_same_body_same_bytes(self, client):
        once = key()
        first = post(client, idempotency_key=once)
        again = post(client, idempotency_key=once)

        assert first.status_code == again.status_code == 201
        assert first.content == again.content
        assert first["Content-Type"] == again["Content-Type"]
        assert "Idempotency-Replayed" not in first
        assert again["Idempotency-Replayed"] == "true"
        assert RateCounter.objects.count() == 1

    def test_without_a_key_each_call_is_a_new_one(self, client):
        assert post(client).json() != post(client).json()

    def test_white_space_and_order_do_not_matter(self, client):
        once = key()
        bodies = [
            b'{"key":"a","more":{"x":1,"y":[1,2]}}',
            b'{ "more": {"y": [1, 2], "x": 1}, "key": "a" }',
        ]
        answers = [
            client.generic("POST", URL, body, content_type="application/json", HTTP_IDEMPOTENCY_KEY=once)
            for body in bodies
        ]  # fmt: skip

        assert answers[1]["Idempotency-Replayed"] == "true"

    def test_another_body_is_refused(self, client):
        once = key()
        post(client, "one", idempotency_key=once)
        response = post(client, "two", idempotency_key=once)

        assert response.status_code == 422
        assert response.json()["code"] == "idempotency_key_reused"
        assert [thing.key for thing in RateCounter.objects.all()] == ["one"]

    def test_a_key_belongs_to_its_path_and_principal(self, client, django_user_model):
        once = key()
        post(client, idempotency_key=once)
        others = [APIClient(), APIClient(), APIClient()]
        for number, other in enumerate(others[:2]):
            other.force_authenticate(django_user_model(pk=number + 1))

        answers = [
            post(others[0], idempotency_key=once),
            post(others[1], idempotency_key=once),
            post(others[2], idempotency_key=once, HTTP_X_ORDER_TOKEN="a-token"),
            client.post("/api/revealed/", {}, HTTP_IDEMPOTENCY_KEY=once),
        ]

        assert not any("Idempotency-Replayed" in answer for answer in answers)

    def test_after_a_day_the_key_is_free_again(self, client):
        once = key()
        post(client, "one", idempotency_key=once)
        StoredReply.objects.update(created_at=F("created_at") - timedelta(hours=24, seconds=1))

        assert post(client, "two", idempotency_key=once).status_code == 201
        assert StoredReply.objects.count() == 1

    def test_a_secret_is_filled_in_on_the_way_out_and_never_stored(self, client):
        once = key()
        answers = [client.post("/api/revealed/", {}, HTTP_IDEMPOTENCY_KEY=once) for _ in range(2)]

        assert [answer.json() for answer in answers] == [{"token": "very-secret"}] * 2
        assert b"very-secret" not in bytes(StoredReply.objects.get().body)


@pytest.mark.django_db
class TestFailures:
    def test_failed_answers_are_not_stored(self, client, monkeypatch):
        once = key()
        with monkeypatch.context() as changed:
            changed.setattr(CreateView, "status", 409)
            assert post(client, idempotency_key=once).status_code == 409
        assert not StoredReply.objects.exists()
        assert not RateCounter.objects.exists()

        assert post(client, idempotency_key=once).status_code == 201

    def test_a_refusal_undoes_the_work_and_frees_the_key(self, client, monkeypatch):
        def refuse():
            RateCounter.objects.create(key="half", slot=1, count=1, expires_at="2026-01-01T00:00Z")
            raise idempotency.Conflict("No.")

        once = key()
        with monkeypatch.context() as changed:
            changed.setattr(CreateView, "before", refuse)
            assert post(client, idempotency_key=once).status_code == 409
        assert not RateCounter.objects.exists()

        assert post(client, "other", idempotency_key=once).status_code == 201

    @pytest.mark.parametrize(
        "weak",
        [
            "",
            "1",
            "order-1",
            "a" * 64,
            "0" * 32,
            "abcdabcdabcdabcdabcdabcdabcdabcd",
            "f" * 255,
            "1234567890",
        ],
    )
    def test_a_guests_key_must_not_be_guessable(self, client, weak):
        response = post(client, idempotency_key=weak)

        assert response.status_code == 400
        assert response.json()["code"] == "invalid_idempotency_key"
        assert not RateCounter.objects.exists()

    @pytest.mark.parametrize("bad", ["", "x" * 256, "two words", "tab\there", "é", "new\nline"])
    def test_malformed_keys_are_refused_for_everybody(self, bad, django_user_model, client):
        client.force_authenticate(django_user_model(pk=1))

        assert post(client, idempotency_key=bad).json()["code"] == "invalid_idempotency_key"

    def test_customers_may_use_short_keys(self, client, django_user_model):
        client.force_authenticate(django_user_model(pk=1))

        assert post(client, idempotency_key="1").status_code == 201
        assert post(client, idempotency_key="1")["Idempotency-Replayed"] == "true"


@contextmanager
def somebody_else(once: str):
    """Another server process in the middle of the same call."""
    other = connection.copy()
    digest_of = idempotency.hashlib.sha256(f"anonymous POST {URL}\0{once}".encode()).digest()
    number = int.from_bytes(digest_of[:8], "big", signed=True)
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
            assert cursor.fetchone() == (True,)
        yield
    finally:
        other.rollback()
        other.close()


@pytest.mark.django_db
def test_a_call_that_is_still_running_is_busy(client):
    once = key()
    with somebody_else(once):
        response = post(client, idempotency_key=once)

        assert response.status_code == 409
        assert response.json()["code"] == "idempotency_key_in_use"
        assert int(response["Retry-After"]) > 0
        assert CreateView.calls == []
        assert post(client, idempotency_key=key()).status_code == 201, "only that key"

    assert post(client, idempotency_key=once).status_code == 201


# --- Races and crashes: real transactions -------------------------------------------------------


def race(number: int, once: str) -> list[int]:
    """The statuses of `number` posts of one call at the same moment."""
    return at_once(number, lambda _: post(APIClient(), idempotency_key=once).status_code)


@pytest.mark.django_db(transaction=True)
def test_simultaneous_calls_do_the_work_once(monkeypatch):
    monkeypatch.setattr(CreateView, "pause", 0.1)

    statuses = race(10, key())

    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert len(CreateView.calls) == 1
    assert RateCounter.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_work_is_done_more_than_once(monkeypatch):
    monkeypatch.setattr(CreateView, "pause", 0.1)
    monkeypatch.setattr(idempotency, "try_lock", lambda scope, key: True)

    race(10, key())

    assert len(CreateView.calls) > 1


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_before_the_commit_leaves_nothing(client, monkeypatch):
    once = key()
    child = os.fork()
    if child == 0:  # work done, reply stored, transaction open: and dead
        connection.connection = None  # the parent's is not ours to use or close
        monkeypatch.setattr(idempotency, "_answer", lambda *a: os.kill(os.getpid(), signal.SIGKILL))
        try:
            post(APIClient(), idempotency_key=once)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)

    assert os.WIFSIGNALED(status), "it came as far as the reply"
    assert not RateCounter.objects.exists()
    assert not StoredReply.objects.exists()
    assert post(client, idempotency_key=once).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_after_the_commit_has_answered(client):
    once = key()
    child = os.fork()
    if child == 0:
        connection.connection = None
        try:
            post(APIClient(), idempotency_key=once)
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)

    response = post(client, idempotency_key=once)

    assert response.status_code == 201
    assert response["Idempotency-Replayed"] == "true"
    assert RateCounter.objects.count() == 1


def raise_in_postgres(state: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '{state}'; END $$")


class Fail:
    """The first `times` calls fail in PostgreSQL with an error state."""

    def __init__(self, state: str, times: int) -> None:
        self.state, self.times, self.calls = state, times, 0

    def __call__(self) -> None:
        self.calls += 1
        if self.calls <= self.times:
            raise_in_postgres(self.state)


@pytest.mark.django_db(transaction=True)
class TestRetries:
    @pytest.mark.parametrize("state", ["40001", "40P01"])
    def test_deadlocks_and_serialization_failures_are_tried_again(self, client, monkeypatch, state):
        fail = Fail(state, times=2)
        monkeypatch.setattr(CreateView, "before", fail)

        assert post(client, idempotency_key=key()).status_code == 201
        assert fail.calls == 3
        assert RateCounter.objects.count() == StoredReply.objects.count() == 1

    def test_but_not_for_ever(self, client, monkeypatch):
        fail = Fail("40P01", times=1000)
        monkeypatch.setattr(CreateView, "before", fail)
        response = post(client, idempotency_key=key())

        assert response.status_code == 503
        assert response["Retry-After"]
        assert fail.calls == idempotency.ATTEMPTS
        assert not StoredReply.objects.exists()

    @pytest.mark.parametrize("state", ["55P03", "57014"])
    def test_a_time_out_is_not_tried_again(self, client, monkeypatch, state):
        fail = Fail(state, times=1000)
        monkeypatch.setattr(CreateView, "before", fail)

        assert post(client, idempotency_key=key()).status_code == 503
        assert fail.calls == 1
