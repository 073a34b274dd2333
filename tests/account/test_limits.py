"""Everything that guesses has a limit, the same for known and unknown."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from account import email_tokens, guessing
from account.email_tokens import Purpose
from common.models import RateCounter
from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.RATE_LIMITS = True
    # The strength of hashes is measured elsewhere; here are some thousand of them.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


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


def wrong(api, address, email="abebe@buyers.shop", **more):
    return post(api, "login", {"email": email, "password": "guess", **more}, address)


def right(api, address, email="abebe@buyers.shop", password=PASSWORD, **more):
    return post(api, "login", {"email": email, "password": password, **more}, address)


def attack(api, **more):
    """Strangers guess from ever other addresses, until they are stopped."""
    return attempts(lambda n: wrong(api, f"203.0.{n // 250}.{n % 250}", **more))


class TestNobodyLocksOutTheOwner:
    @pytest.mark.parametrize("email", ["abebe@buyers.shop", "nobody@buyers.shop"])
    def test_guessing_from_many_addresses_stops_after_100_failures(self, api, person, email):
        person()
        passed, answer = attack(api, email=email)
        assert passed == 100
        assert int(answer["Retry-After"]) > 86_400
        assert wrong(api, "198.51.100.1", email).status_code == 429
        assert right(api, "198.51.100.1", email).status_code == 429, "a right guess is not told"

    def test_the_owner_gets_in_with_the_device_that_was_there_before(self, api, person, login):
        person()
        device = login()["device"]
        attack(api)
        answer = right(api, "198.51.100.1", device=device)
        assert answer.status_code == 200, "from an address that nobody has seen"

    def test_control_without_the_device_string_the_same_owner_does_not(self, api, person, login):
        person()
        login()
        attack(api)
        assert right(api, "198.51.100.1").status_code == 429

    def test_the_owner_gets_in_from_where_they_were_before(self, api, person):
        person()
        assert right(api, "198.51.100.1").status_code == 200
        attack(api)
        assert right(api, "198.51.100.1").status_code == 200
        assert wrong(api, "203.0.113.1").status_code == 429, "strangers go on where they were"

    def test_of_ipv6_the_network_is_known(self, api, person):
        person()
        assert right(api, "2001:db8:1:2::1").status_code == 200
        attack(api)
        assert right(api, "2001:db8:1:3::1").status_code == 429
        assert right(api, "2001:db8:1:2:ffff::9").status_code == 200

    def test_30_days_later_it_is_not_known_any_more(self, api, person):
        from account.models import Session

        person()
        assert right(api, "198.51.100.1").status_code == 200
        Session.objects.update(last_used_at=timezone.now() - timedelta(days=31))
        attack(api)
        assert right(api, "198.51.100.1").status_code == 429

    def test_who_shares_the_victims_address_does_not_lock_out_the_known_device(
        self, api, person, login
    ):
        """Operators here put thousands of customers behind one address."""
        person()
        device = login()["device"]
        passed, _ = attempts(lambda n: wrong(api, "127.0.0.1"))
        assert passed == 19, "the owner's own log-in was the first of the minute"
        assert right(api, "127.0.0.1").status_code == 429
        assert right(api, "127.0.0.1", device=device).status_code == 200

    def test_another_accounts_device_is_a_strangers(self, api, person, login):
        person()
        person("mallory@buyers.shop")
        device = login("mallory@buyers.shop")["device"]
        passed, _ = attack(api, device=device)
        assert passed == 100
        assert right(api, "198.51.100.1", device=device).status_code == 429

    @pytest.mark.parametrize(
        "forge",
        [
            lambda device: "x",
            lambda device: device[:-1] + ("A" if device[-1] != "A" else "B"),
            lambda device: "0" * 32 + device[32:],
            lambda device: device.replace(":", ";"),
            lambda device: "ገበያ",
            lambda device: device + "\0",
        ],
    )
    def test_a_forged_device_is_a_strangers(self, api, person, login, forge):
        person()
        device = forge(login()["device"])
        attack(api)
        assert right(api, "198.51.100.1", device=device).status_code in {400, 429}

    def test_a_device_is_known_for_180_days(self, api, person, login):
        person()
        device = login()["device"]
        attack(api)
        with time_machine.travel(timezone.now() + timedelta(days=179)):
            assert right(api, "198.51.100.1", device=device).status_code == 200
        attack(api)
        with time_machine.travel(timezone.now() + timedelta(days=181)):
            assert right(api, "198.51.100.2", device=device).status_code == 429

    def test_a_stolen_device_string_guesses_no_faster_and_not_for_ever(self, api, person, login):
        person()
        device = login()["device"]
        passed, answer = attempts(lambda n: wrong(api, f"203.0.113.{n}", device=device))
        assert passed == 20
        assert answer["RateLimit-Policy"] == "20;w=60", "of the limit in the way"
        total = passed
        while total < 100:
            RateCounter.objects.filter(key__startswith="login.device:").delete()  # a minute later
            total += attempts(lambda n: wrong(api, f"203.0.113.{n}", device=device))[0]
        assert total == 100
        RateCounter.objects.filter(key__startswith="login.device:").delete()
        assert wrong(api, "203.0.113.1", device=device).status_code == 429
        assert wrong(api, "203.0.113.1").status_code == 401, "the strangers' account is untouched"

    def test_a_device_opens_nothing_by_itself(self, api, person, login):
        person()
        device = login()["device"]
        for header in ({"Authorization": f"Bearer {device}"}, {"X-Order-Token": device}):
            assert api.get("/api/auth/me/", headers=header).status_code == 401
        assert post(api, "refresh", {"refresh": device}).status_code == 401
        assert wrong(api, "127.0.0.1", device=device).status_code == 401

    def test_the_same_device_goes_on_as_the_same(self, api, person, login):
        from account import known_devices

        person()
        first = login()["device"]
        again = right(api, "198.51.100.1", device=first).json()["device"]
        other = right(api, "198.51.100.1").json()["device"]
        nonces = [known_devices.read(device).nonce for device in (first, again, other)]
        assert nonces[0] == nonces[1] != nonces[2]

    def test_success_makes_failures_count_anew(self, api, person):
        """NIST counts failures in a row."""
        person()
        for n in range(99):
            assert wrong(api, f"203.0.113.{n}").status_code == 401
        assert right(api, "198.51.100.1").status_code == 200
        passed, _ = attempts(lambda n: wrong(api, f"203.0.{n % 2}.{n // 2}"))
        assert passed == 100

    def test_a_new_password_lets_the_owner_in_and_knows_their_device(self, api, person):
        user = person()
        attack(api)
        token = email_tokens.issue(user=user, purpose=Purpose.RESET)
        new = "nine goats under a tree"
        answer = post(api, "password/reset", {"token": token, "new_password": new}, "198.51.100.1")
        assert answer.status_code == 200
        attack(api)  # they go on at once
        device = answer.json()["device"]
        assert right(api, "198.51.100.1", password=new).status_code == 429
        assert right(api, "198.51.100.1", password=new, device=device).status_code == 200

    def test_it_is_written_down_once(self, api, person):
        from audit.models import AuditEntry

        user = person()
        attack(api)
        attack_again = [wrong(api, f"198.51.100.{n}").status_code for n in range(5)]
        assert attack_again == [429] * 5
        found = AuditEntry.objects.filter(action="security.guessing_stopped")
        assert [entry.target_public_id for entry in found] == [str(user.public_id)]

    def test_answers_do_not_tell_who_is_known_where(self, api, person):
        """By no header of an answer, however the account stands to the address."""
        person()
        assert right(api, "198.51.100.1").status_code == 200
        seen = [wrong(api, "198.51.100.1"), wrong(api, "198.51.100.2"), wrong(api, "198.51.100.2"),
                wrong(api, "198.51.100.1", "nobody@buyers.shop")]  # fmt: skip
        assert len({answer["RateLimit-Policy"] for answer in seen}) == 1
        assert len({answer["RateLimit-Limit"] for answer in seen}) == 1
        assert [answer["RateLimit-Remaining"] for answer in seen] == ["18", "19", "18", "19"]
        assert len({frozenset(answer.headers) for answer in seen}) == 1

    def test_the_number_of_queries_does_not_tell_either(self, api, person):
        person()
        counts = []
        for email in ("abebe@buyers.shop", "nobody@buyers.shop"):
            with CaptureQueriesContext(connection) as queries:
                guessing.attempt(email=email, address="10.0.0.1", counted="10.0.0.1")
            counts.append(len(queries))
        assert counts == [1, 1]

    def test_by_verified_number_it_is_the_same(self, api, person):
        person(phone="+251911234567", phone_verified_at=timezone.now())
        body = {"phone": "0911234567", "password": "guess"}
        passed, _ = attempts(lambda n: post(api, "login", body, f"203.0.{n // 250}.{n % 250}"))
        assert passed == 100

    def test_the_admins_form_knows_addresses_and_browsers(self, api, person):
        person(is_staff=True, is_superuser=True)
        form = {"username": "abebe@buyers.shop", "password": PASSWORD}

        def refused(browser, address):
            answer = browser.post("/admin/login/", form, REMOTE_ADDR=address)
            return b"Try again later" in answer.content

        browser = Client()
        assert not refused(browser, "192.0.2.1")
        cookie = browser.cookies["nexus_device"]
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (
            "/admin/login/", True, "Strict",
        )  # fmt: skip
        browser.post("/admin/logout/")
        assert right(api, "198.51.100.1").status_code == 200
        attack(api)
        assert refused(Client(), "192.0.2.2"), "a stranger, password or not"
        assert not refused(Client(), "198.51.100.1"), "a known address"
        assert not refused(browser, "192.0.2.3"), "a known browser"


@pytest.mark.parametrize("path", ["refresh", "logout"])
def test_refreshing_is_limited_per_address(api, path):
    from account.throttles import REFRESH_PER_ADDRESS

    passed, _ = attempts(lambda n: post(api, path, {"refresh": "guess"}), most=700)
    assert passed == REFRESH_PER_ADDRESS.times == 600


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
