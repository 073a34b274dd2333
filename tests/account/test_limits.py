"""Everything that guesses has a limit, the same for known and unknown."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.RATE_LIMITS = True


def attempts(call, most=400):
    """How often the call passes before it is a 429; and that one."""
    for passed in range(most):
        answer = call(passed)
        if answer.status_code == 429:
            return passed, answer
    raise AssertionError("no limit")


def post(api, path, body, address="10.0.0.1"):
    return api.post(f"/api/auth/{path}/", body, REMOTE_ADDR=address)


@pytest.mark.parametrize("email", ["abebe@buyers.shop", "nobody@buyers.shop"])
def test_login_per_address_and_email(api, person, email):
    person()
    spellings = [email, email.upper(), f" {email}", email.replace("b", "B")]
    passed, answer = attempts(
        lambda n: post(api, "login", {"email": spellings[n % 4], "password": "guess"})
    )
    assert passed == 20
    assert answer["Content-Type"] == "application/problem+json"
    assert 0 < int(answer["Retry-After"]) <= 61
    other = post(api, "login", {"email": "abebe@buyers.shop", "password": PASSWORD}, "10.0.0.2")
    assert other.status_code == 200, "the owner, elsewhere, is not locked out"


@pytest.mark.parametrize("path", ["password/forgot", "verify-email/resend"])
@pytest.mark.parametrize("email", ["abebe@buyers.shop", "nobody@buyers.shop"])
def test_letters_per_mailbox(api, person, path, email):
    person()
    passed, _ = attempts(lambda n: post(api, path, {"email": email}, f"10.0.0.{n}"))
    assert passed == 5


def test_letters_per_address(api):
    passed, _ = attempts(lambda n: post(api, "password/forgot", {"email": f"a{n}@buyers.shop"}))
    assert passed == 60


@pytest.mark.parametrize("path", ["verify-email", "password/reset"])
def test_guessing_tokens(api, path):
    body = {"token": "guess", "new_password": PASSWORD}
    if path == "verify-email":
        del body["new_password"]
    passed, _ = attempts(lambda n: post(api, path, body))
    assert passed == 60


def test_registrations(api, monkeypatch):
    monkeypatch.setattr("account.services.make_password", lambda password: "!")
    passed, _ = attempts(
        lambda n: post(api, "register", {"email": "abebe@buyers.shop", "password": PASSWORD})
    )
    assert passed == 30
    passed, _ = attempts(
        lambda n: post(
            api, "register", {"email": f"a{n}@buyers.shop", "password": PASSWORD}, "10.0.0.9"
        )
    )
    assert passed == 120


def test_guessing_the_present_password(api, person, login):
    person()
    access = login()["access"]
    passed, _ = attempts(
        lambda n: api.post(
            "/api/auth/password/change/",
            {"old_password": "guess", "new_password": "whatever else"},
            headers={"Authorization": f"Bearer {access}"},
        )
    )
    assert passed == 20


def test_the_admins_login_has_the_same_limit(person):
    person(is_staff=True)
    browser = Client()

    def guess(n):
        return browser.post("/admin/login/", {"username": "abebe@buyers.shop", "password": "guess"})

    for _ in range(20):
        assert b"Try again later" not in guess(0).content
    assert b"Try again later" in guess(0).content
    answer = browser.post("/admin/login/", {"username": "abebe@buyers.shop", "password": PASSWORD})
    assert b"Try again later" in answer.content, "a right guess is not told either"


def test_a_forged_forwarded_for_is_not_another_address(api, settings):
    """Fault 6: without trusted proxies the header is ignored."""
    passed, _ = attempts(
        lambda n: api.post(
            "/api/auth/verify-email/", {"token": "guess"}, headers={"X-Forwarded-For": f"1.1.1.{n}"}
        )
    )
    assert passed == 60


@pytest.mark.parametrize(
    "body", [[], "x", {"email": 5}, {"email": None}, {"email": ["a"]}, {"email": "\0"}]
)
@pytest.mark.parametrize("path", ["login", "register", "password/forgot", "verify-email/resend"])
def test_strange_bodies_are_400(api, path, body):
    assert post(api, path, body).status_code == 400


# Python puts combining marks into order one by one: 250,000 of them in the wrong order took minutes, with the process held.
SLOW_TO_NORMALISE = "a" + "\u0315\u0300" * 120_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/auth/login/", {"email": SLOW_TO_NORMALISE, "password": "guess"}),
        ("/api/auth/login/", {"email": "abebe@buyers.shop", "password": SLOW_TO_NORMALISE}),
        ("/api/auth/register/", {"email": SLOW_TO_NORMALISE, "password": SLOW_TO_NORMALISE}),
        ("/api/auth/password/forgot/", {"email": SLOW_TO_NORMALISE}),
        ("/api/auth/password/reset/", {"token": "x", "new_password": SLOW_TO_NORMALISE}),
    ],
)
def test_a_megabyte_of_combining_marks_is_refused_at_once(api, path, body):
    began = time.process_time()
    answer = api.post(path, body)
    assert time.process_time() - began < 2
    assert answer.status_code == 400


def test_a_megabyte_of_combining_marks_does_not_hold_our_own_pages(person):
    person()
    began = time.process_time()
    for username in ("abebe@buyers.shop", SLOW_TO_NORMALISE):
        form = {"username": username, "password": SLOW_TO_NORMALISE}
        Client().post("/admin/login/", form)
    Client().post(
        "/account/reset/", {"new_password": SLOW_TO_NORMALISE, "again": SLOW_TO_NORMALISE}
    )
    assert time.process_time() - began < 4
