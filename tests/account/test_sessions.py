"""Signing in, refreshing, signing out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from account.models import Session, User
from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def refresh(api, token):
    return api.post("/api/auth/refresh/", {"refresh": token})


def logout(api, token):
    return api.post("/api/auth/logout/", {"refresh": token})


def test_login_opens_a_session(api, person, login, me):
    user = person()
    body = login()
    assert set(body) == {"access", "refresh", "user", "device"}
    assert me(body["access"]) == 200
    session = Session.objects.get()
    assert session.user == user
    assert session.address == "127.0.0.1"
    user.refresh_from_db()
    assert user.last_login is not None


def test_wrong_password_and_unknown_address_are_told_apart_by_nobody(api, person, monkeypatch):
    from account import hashers, sessions

    person()
    person("off@buyers.shop", is_active=False)
    sessions._nobodys_password()  # made once per process
    hashes = []
    for name in ("encode", "verify"):
        original = getattr(hashers.Argon2PasswordHasher, name)
        monkeypatch.setattr(
            hashers.Argon2PasswordHasher,
            name,
            lambda self, *args, original=original: hashes.append(1) or original(self, *args),
        )
    seen = []
    for email, password in [
        ("abebe@buyers.shop", "wrong"),
        ("nobody@buyers.shop", "wrong"),
        ("off@buyers.shop", PASSWORD),
    ]:
        answer = api.post("/api/auth/login/", {"email": email, "password": password})
        body = {k: v for k, v in answer.json().items() if k != "request_id"}
        seen.append((answer.status_code, body, answer["WWW-Authenticate"], len(hashes)))
        hashes.clear()
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == 401
    assert seen[0][1]["code"] == "invalid_credentials"
    assert seen[0][3] == 1
    assert not Session.objects.exists()


def test_a_stale_header_does_not_matter_when_signing_in(api, person):
    person()
    answer = api.post(
        "/api/auth/login/",
        {"email": "abebe@buyers.shop", "password": PASSWORD},
        headers={"Authorization": "Bearer stale"},
    )
    assert answer.status_code == 200


def test_refresh_rotates(api, person, login, me):
    """Field defect 10: the setting that turns rotation on was misspelt."""
    person()
    first = login()
    answer = refresh(api, first["refresh"])
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    second = answer.json()
    assert set(second) == {"access", "refresh"}
    assert second["refresh"] != first["refresh"]
    assert me(second["access"]) == 200
    assert refresh(api, second["refresh"]).status_code == 200
    assert Session.objects.count() == 1


def test_a_refresh_renews_the_thirty_days_but_never_beyond_a_year(api, person, login, me):
    person()
    body = login()
    Session.objects.update(expires_at=timezone.now() + timedelta(days=1))
    body = refresh(api, body["refresh"]).json()
    assert Session.objects.get().expires_at > timezone.now() + timedelta(days=29)
    Session.objects.update(created_at=timezone.now() - timedelta(days=366))
    assert me(body["access"]) == 401
    assert refresh(api, body["refresh"]).status_code == 401


def test_an_expired_session_does_not_refresh(api, person, login, me):
    person()
    body = login()
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refresh(api, body["refresh"]).status_code == 401
    assert me(body["access"]) == 401


@pytest.mark.parametrize("end", ["delete", "disable", "password"])
def test_people_who_are_gone(api, person, login, me, end):
    """Fault 3: the stock refresh of a deleted user is a 500. Fault 32: everything ends at once."""
    user = person()
    body = login()
    if end == "delete":
        user.delete()
    elif end == "disable":
        User.objects.update(is_active=False)
    else:
        user.set_password("whatever the admin or a command sets")
        user.save()
    assert me(body["access"]) == 401
    assert refresh(api, body["refresh"]).status_code == 401


def test_logout_ends_the_session_at_once(api, person, login, me):
    person()
    one, two = login(), login()
    assert logout(api, one["refresh"]).status_code == 204
    assert me(one["access"]) == 401
    assert refresh(api, one["refresh"]).status_code == 401
    assert me(two["access"]) == 200
    assert logout(api, one["refresh"]).status_code == 204, "again: nothing changes"


def test_logout_and_refresh_want_a_refresh_token(api, person, login):
    person()
    body = login()
    for call in (logout, refresh):
        assert call(api, body["access"]).status_code == 401
        assert call(api, "x").status_code == 401
        assert call(api, "ሀ\0").status_code == 401
        assert call(api, "a" * 1_000_000).status_code == 401
        assert call(api, None).json()["errors"][0]["field"] == "refresh"


def test_a_request_costs_one_query(api, person, login, django_assert_num_queries):
    person()
    access = login()["access"]
    with django_assert_num_queries(1):
        assert (
            api.get("/api/auth/me/", headers={"Authorization": f"Bearer {access}"}).status_code
            == 200
        )


def test_a_refresh_costs_two_queries(api, person, login, django_assert_num_queries):
    person()
    token = login()["refresh"]
    with django_assert_num_queries(2):
        assert refresh(api, token).status_code == 200


def test_a_stronger_hash_does_not_end_other_sessions(api, person, login, me):
    """Django re-hashes old passwords at log-in; that is no change of password."""
    from django.contrib.auth.hashers import make_password

    person()
    User.objects.update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    user = User.objects.get()
    Session.objects.create(
        user=user, password_mark=user.password_mark(), expires_at=timezone.now() + timedelta(1)
    )
    login()
    assert User.objects.get().password.startswith("argon2")
    assert set(Session.objects.values_list("password_mark", flat=True)) == {
        User.objects.get().password_mark()
    }


def test_a_strange_client_is_no_error(api, person):
    person()
    answer = api.post(
        "/api/auth/login/",
        {"email": "abebe@buyers.shop", "password": PASSWORD},
        REMOTE_ADDR="",
        HTTP_USER_AGENT="x" * 5000,
    )
    assert answer.status_code == 200
    session = Session.objects.get()
    assert session.address is None
    assert len(session.user_agent) == 200


def test_what_is_long_over_is_forgotten(person, login):
    from account.housekeeping import prune

    person()
    login(), login()
    old, _ = Session.objects.order_by("pk")
    Session.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=31))
    prune()
    assert Session.objects.count() == 1
