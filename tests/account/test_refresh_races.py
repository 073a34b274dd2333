"""Fifty at once with one refresh token. Each race has a control: without its one UPDATE it is lost."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

import jwt
import pytest
from django.db.models import F
from django.utils import timezone
from rest_framework.test import APIClient

from account import rotation, sessions
from account.models import Session
from audit.models import AuditEntry
from common.ids import uuid7

pytestmark = pytest.mark.django_db(transaction=True)
N = 50


@pytest.fixture
def burst(at_once):
    """The answers to N simultaneous uses of one token."""

    def use(token, count=N):
        def call(_):
            answer = APIClient().post("/api/auth/refresh/", {"refresh": token})
            return answer.status_code, answer.json()

        return at_once(count, call)

    return use


def told(answers):
    return Counter((status, body.get("code", "")) for status, body in answers)


def let_pass(seconds):
    ago = timedelta(seconds=seconds)
    Session.objects.update(rotated_at=F("rotated_at") - ago, last_used_at=F("last_used_at") - ago)


@pytest.fixture
def long_grace(settings):
    """Fifty threads on a busy machine may need longer than five seconds; that is no part of these tests."""
    settings.REFRESH_GRACE = timedelta(seconds=120)


def test_one_of_fifty_refreshes_wins_and_the_session_survives(person, login, me, burst, long_grace):
    """Fault 1: with the stock blacklist all of them succeed."""
    person()
    answers = burst(login()["refresh"])
    assert told(answers) == {(200, ""): 1, (401, "refresh_superseded"): N - 1}
    (pair,) = [body for status, body in answers if status == 200]
    assert me(pair["access"]) == 200
    assert Session.objects.get().revoked_at is None
    assert told(burst(pair["refresh"], 1)) == {(200, ""): 1}
    assert not AuditEntry.objects.filter(action="security.refresh_replayed").exists()


def look_then_write(*, session_id, refresh_id, address):
    found = Session.objects.filter(public_id=session_id, refresh_jti=refresh_id, revoked_at=None)
    if not found.exists():
        return False
    time.sleep(0.3)
    Session.objects.filter(public_id=session_id).update(refresh_jti=uuid7())
    return True


def test_control_a_refresh_that_looks_first_and_writes_later(person, login, burst, monkeypatch):
    monkeypatch.setattr(rotation, "_take", look_then_write)
    person()
    assert told(burst(login()["refresh"]))[200, ""] > 1


def unconditionally(*, session_id, refresh_id, address):
    now = timezone.now()
    changes = {"previous_jti": refresh_id, "refresh_jti": uuid7(), "rotated_at": now}
    return bool(Session.objects.filter(public_id=session_id).update(**changes))


def test_control_the_same_update_without_its_condition(person, login, burst, monkeypatch):
    monkeypatch.setattr(rotation, "_take", unconditionally)
    person()
    assert told(burst(login()["refresh"])) == {(200, ""): N}


@pytest.fixture
def lost(person, login, long_grace):
    """A refresh token whose use was answered a minute ago, and nothing of the answer was seen since."""
    person()
    token = login()["refresh"]
    answer = APIClient().post("/api/auth/refresh/", {"refresh": token})
    let_pass(61)
    return token, answer.json()


def test_a_lost_answer_is_repeated_to_one_of_fifty(lost, me, burst):
    token, first = lost
    answers = burst(token)
    assert told(answers) == {(200, ""): 1, (401, "refresh_superseded"): N - 1}
    (pair,) = [body for status, body in answers if status == 200]
    ids = {jwt.decode(body["refresh"], options={"verify_signature": False})["jti"]
           for body in (first, pair)}  # fmt: skip
    assert len(ids) == 1, "the same successor, not another one"
    assert me(pair["access"]) == 200


def test_control_a_repetition_that_looks_first(lost, burst, monkeypatch):
    def look(session, now):
        found = Session.objects.filter(pk=session.pk, last_used_at=F("rotated_at")).exists()
        time.sleep(0.3)
        Session.objects.filter(pk=session.pk).update(last_used_at=now)
        return found

    monkeypatch.setattr(rotation, "_repeat", look)
    token, _ = lost
    assert told(burst(token))[200, ""] > 1


def test_fifty_replays_are_one_event_and_one_letter(person, login, burst, letters):
    person()
    token = login()["refresh"]
    APIClient().post("/api/auth/refresh/", {"refresh": token})
    let_pass(3600)
    assert told(burst(token)) == {(401, "invalid_refresh_token"): N}
    assert Session.objects.get().revoke_reason == "replay"
    assert AuditEntry.objects.filter(action="security.refresh_replayed").count() == 1
    assert len([letter for letter in letters() if "signed out" in letter.subject]) == 1


def test_control_a_session_that_is_ended_after_a_look_is_told_of_often(
    person, login, burst, monkeypatch
):
    def look_then_revoke(chosen, reason):
        found = chosen.filter(revoked_at=None).count()
        time.sleep(0.3)
        Session.objects.filter(revoked_at=None).update(
            revoked_at=timezone.now(), revoke_reason=reason
        )
        return found

    person()
    token = login()["refresh"]
    APIClient().post("/api/auth/refresh/", {"refresh": token})
    let_pass(3600)
    monkeypatch.setattr(sessions, "revoke", look_then_revoke)
    burst(token)
    assert AuditEntry.objects.filter(action="security.refresh_replayed").count() > 1


def test_a_refresh_does_not_outlive_a_log_out(person, login, me, at_once):
    """Whoever is faster: afterwards nothing of the session works."""
    person()
    token = login()["refresh"]

    def call(index):
        path = "/api/auth/logout/" if index == 5 else "/api/auth/refresh/"
        answer = APIClient().post(path, {"refresh": token})
        return answer.json() if answer.status_code == 200 else None

    pairs = [pair for pair in at_once(12, call) if pair]
    assert Session.objects.get().revoked_at is not None
    for pair in pairs:
        assert me(pair["access"]) == 401
        assert (
            APIClient().post("/api/auth/refresh/", {"refresh": pair["refresh"]}).status_code == 401
        )


def test_first_uses_of_a_new_access_token_at_once(person, login, me, at_once):
    person()
    pair = APIClient().post("/api/auth/refresh/", {"refresh": login()["refresh"]}).json()
    assert set(at_once(20, lambda _: me(pair["access"]))) == {200}
    assert Session.objects.get().reply_seen
