"""Many at once, on real connections. Each race has a control: without its protection it is lost."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection
from rest_framework.test import APIClient

from account import email_tokens
from account.models import EmailToken, Session, User
from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
N = 12


def statuses(at_once, path, body):
    """How the answers to N simultaneous posts are distributed."""

    def call(index):
        return APIClient().post(path, body(index) if callable(body) else body).status_code

    return Counter(at_once(N, call))


def test_registrations_of_one_address_leave_one_user(at_once, letters):
    spellings = ["abebe@buyers.shop", "Abebe@buyers.shop", "ABEBE@BUYERS.SHOP"]
    seen = statuses(
        at_once,
        "/api/auth/register/",
        lambda n: {"email": spellings[n % 3], "password": PASSWORD, "phone": "0911234567"},
    )
    assert seen == {202: N}
    assert User.objects.count() == 1


def test_registrations_with_one_phone_number_are_no_500(at_once):
    seen = statuses(
        at_once,
        "/api/auth/register/",
        lambda n: {"email": f"a{n}@buyers.shop", "password": PASSWORD, "phone": "0911234567"},
    )
    assert seen == {202: N}
    assert User.objects.filter(phone="+251911234567", phone_verified_at=None).count() == N


def test_control_the_constraint_is_what_keeps_addresses_unique(at_once):
    spellings = ["abebe@buyers.shop", "Abebe@buyers.shop", "ABEBE@BUYERS.SHOP"]

    def insert(n):
        User.objects.bulk_create([User(email=spellings[n % 3])], ignore_conflicts=True)

    at_once(N, insert)
    assert User.objects.count() == 1
    User.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE account_user DROP CONSTRAINT one_user_per_email")
        try:
            at_once(N, insert)
            assert User.objects.count() == 3
        finally:
            User.objects.all().delete()
            cursor.execute(
                "ALTER TABLE account_user ADD CONSTRAINT one_user_per_email UNIQUE (email_key)"
            )


def reset_body(person, api, letters, token_in):
    person()
    api.post("/api/auth/password/forgot/", {"email": "abebe@buyers.shop"})
    token = token_in(letters()[0])
    return lambda n: {"token": token, "new_password": f"goat number {n} of many"}


def test_one_of_many_resets_wins(person, api, letters, token_in, at_once):
    body = reset_body(person, api, letters, token_in)
    assert statuses(at_once, "/api/auth/password/reset/", body) == {200: 1, 400: N - 1}


def test_control_resets_that_do_not_spend_the_token(
    person, api, letters, token_in, at_once, monkeypatch
):
    monkeypatch.setattr(email_tokens, "spend", lambda **_: None)
    body = reset_body(person, api, letters, token_in)
    assert statuses(at_once, "/api/auth/password/reset/", body)[200] > 1


def test_letters_at_once_leave_one_live_token(person, at_once):
    from account import correspondence

    user = person()
    at_once(
        N, lambda n: correspondence.send_reset_letter(user_id=user.pk, occasion=f"occasion-{n}")
    )
    assert EmailToken.objects.count() == N
    assert EmailToken.objects.filter(used_at=None, voided_at=None).count() == 1


def test_changes_of_one_password_at_once(person, login, at_once):
    person()
    access = login()["access"]

    def call(index):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
        body = {"old_password": PASSWORD, "new_password": f"goat number {index} of many"}
        return client.post("/api/auth/password/change/", body).status_code

    seen = Counter(at_once(N, call))
    assert seen[200] == 1
    assert set(seen) <= {200, 400, 401}
    assert Session.objects.filter(revoked_at=None).count() == 1


def test_many_logins_at_once_all_get_in(person, at_once):
    person()
    body = {"email": "abebe@buyers.shop", "password": PASSWORD}
    assert statuses(at_once, "/api/auth/login/", body) == {200: N}
    assert Session.objects.count() == N
