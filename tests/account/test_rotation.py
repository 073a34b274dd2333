"""A used refresh token that comes back: refused without harm, answered again, or the end of the session."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from account.models import Session
from audit.models import AuditEntry

pytestmark = pytest.mark.django_db
REFRESH = "/api/auth/refresh/"


@pytest.fixture
def refresh(api):
    def call(token):
        return api.post(REFRESH, {"refresh": token})

    return call


@pytest.fixture
def rotated(person, login, refresh):
    """The pair of a log-in, and the pair that it was traded for."""
    person()
    first = login()
    return first, refresh(first["refresh"]).json()


def let_pass(seconds):
    """As if the last refresh had happened that much earlier."""
    ago = timedelta(seconds=seconds)
    Session.objects.update(rotated_at=F("rotated_at") - ago, last_used_at=F("last_used_at") - ago)


def replays():
    return AuditEntry.objects.filter(action="security.refresh_replayed")


def assert_ended(session, answer, me, refresh, pair):
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_refresh_token")
    session.refresh_from_db()
    assert session.revoke_reason == "replay"
    assert me(pair["access"]) == 401
    assert refresh(pair["refresh"]).status_code == 401


@pytest.mark.parametrize("seconds", [0, 4.5])
def test_the_predecessor_is_refused_without_harm_at_first(rotated, refresh, me, seconds):
    first, second = rotated
    let_pass(seconds)
    answer = refresh(first["refresh"])
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_superseded")
    assert int(answer["Retry-After"]) == (5 if seconds == 0 else 1)
    assert not replays().exists()
    assert me(second["access"]) == 200
    assert refresh(second["refresh"]).status_code == 200


@pytest.mark.parametrize("seconds", [5, 9.5])
def test_a_lost_answer_is_given_again(rotated, refresh, me, seconds):
    first, second = rotated
    let_pass(seconds)
    answer = refresh(first["refresh"])
    assert answer.status_code == 200
    assert claims(answer.json()["refresh"])["jti"] == claims(second["refresh"])["jti"]
    assert me(answer.json()["access"]) == 200
    assert refresh(answer.json()["refresh"]).status_code == 200, "the rotation goes on"
    assert not replays().exists()


def test_a_lost_answer_is_given_again_once(rotated, refresh, me):
    first, second = rotated
    let_pass(6)
    assert refresh(first["refresh"]).status_code == 200
    again = refresh(first["refresh"])
    assert (again.status_code, again.json()["code"]) == (401, "refresh_superseded")
    assert "Retry-After" not in again, "there will be no third answer"
    assert me(second["access"]) == 200


@pytest.mark.parametrize("seconds", [10, 11, 3600])
def test_after_the_grace_a_replay_ends_the_family(rotated, login, refresh, me, seconds):
    """Faults 1 and 2: the stock blacklist leaves the thief's child token valid."""
    first, second = rotated
    session = Session.objects.get()
    other_device = login()
    let_pass(seconds)
    answer = refresh(first["refresh"])
    assert_ended(session, answer, me, refresh, second)
    assert me(other_device["access"]) == 200, "another log-in is another family"


@pytest.mark.parametrize("seconds", [0, 4])
def test_a_tab_that_comes_late_does_no_harm(rotated, refresh, me, seconds):
    """Its refresh was under way while the other tab already had the new tokens and used them."""
    first, second = rotated
    assert me(second["access"]) == 200
    let_pass(seconds)
    answer = refresh(first["refresh"])
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_superseded")
    assert "Retry-After" not in answer, "that token is of no use any more"
    assert me(second["access"]) == 200
    assert refresh(second["refresh"]).status_code == 200
    assert not replays().exists()


@pytest.mark.parametrize("seconds", [5, 9])
def test_once_the_new_access_token_was_seen_a_replay_ends_the_family(rotated, refresh, me, seconds):
    first, second = rotated
    assert me(second["access"]) == 200
    assert Session.objects.get().reply_seen
    let_pass(seconds)
    assert_ended(Session.objects.get(), refresh(first["refresh"]), me, refresh, second)


def test_the_old_access_token_does_not_show_that_the_answer_arrived(rotated, refresh, me):
    first, _ = rotated
    assert me(first["access"]) == 200
    assert not Session.objects.get().reply_seen
    let_pass(6)
    assert refresh(first["refresh"]).status_code == 200


@pytest.mark.parametrize("seconds", [0, 6, 11])
def test_an_older_token_ends_the_family_at_any_time(rotated, refresh, me, seconds):
    first, second = rotated
    third = refresh(second["refresh"]).json()
    let_pass(seconds)
    assert_ended(Session.objects.get(), refresh(first["refresh"]), me, refresh, third)


def test_a_thief_who_repeats_the_lost_answer_is_found_out_at_the_next_refresh(rotated, refresh, me):
    first, second = rotated
    let_pass(6)
    stolen = refresh(first["refresh"]).json()
    assert refresh(second["refresh"]).status_code == 200
    let_pass(11)
    assert_ended(Session.objects.get(), refresh(stolen["refresh"]), me, refresh, stolen)


def test_a_replay_is_recorded_and_told_once(rotated, refresh, letters):
    first, _ = rotated
    let_pass(11)
    for _ in range(3):
        assert refresh(first["refresh"]).status_code == 401
    session = Session.objects.get()
    entry = replays().get()
    assert (entry.target_table, entry.target_public_id) == (
        "account_session",
        str(session.public_id),
    )
    assert entry.outcome == "refused"
    assert entry.address == "127.0.0.1"
    told = [letter for letter in letters() if "signed out" in letter.subject]
    assert len(told) == 1
    assert told[0].recipient == "abebe@buyers.shop"
    assert "old key to your account" in told[0].text


def test_without_grace_every_second_use_ends_the_family(rotated, refresh, me, settings):
    settings.REFRESH_GRACE = timedelta(0)
    first, second = rotated
    assert_ended(Session.objects.get(), refresh(first["refresh"]), me, refresh, second)


def test_a_lost_answer_is_not_given_again_to_who_is_gone(rotated, refresh):
    first, _ = rotated
    let_pass(6)
    user = Session.objects.get().user
    user.is_active = False
    user.save()
    assert refresh(first["refresh"]).json()["code"] == "invalid_refresh_token"
    user.is_active = True
    user.save()
    Session.objects.update(revoked_at=timezone.now(), revoke_reason="logout")
    assert refresh(first["refresh"]).json()["code"] == "invalid_refresh_token"
    user.delete()
    assert refresh(first["refresh"]).json()["code"] == "invalid_refresh_token"


def test_use_is_noted_at_most_once_a_minute(person, login, me, django_assert_num_queries):
    person()
    access = login()["access"]
    with django_assert_num_queries(1):
        assert me(access) == 200
    Session.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    with django_assert_num_queries(2):
        assert me(access) == 200
    assert Session.objects.get().last_used_at > timezone.now() - timedelta(seconds=5)
    with django_assert_num_queries(1):
        assert me(access) == 200


def test_the_first_use_after_a_refresh_costs_one_query_more(rotated, me, django_assert_num_queries):
    _, second = rotated
    for queries in (2, 1):
        with django_assert_num_queries(queries):
            assert me(second["access"]) == 200


def test_nobody_asks_whether_an_answer_arrived_once_the_grace_is_over(
    rotated, me, django_assert_num_queries
):
    _, second = rotated
    let_pass(11)
    with django_assert_num_queries(1):
        assert me(second["access"]) == 200


def claims(token):
    import jwt

    return jwt.decode(token, options={"verify_signature": False})
