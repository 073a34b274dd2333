"""Forgotten and changed passwords."""

from __future__ import annotations

import platform
import subprocess
import sys
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from account.models import EmailToken, Session, User
from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "eight goats in a valley"


def forgot(api, email="abebe@buyers.shop"):
    return api.post("/api/auth/password/forgot/", {"email": email})


def reset(api, token, password=NEW):
    return api.post("/api/auth/password/reset/", {"token": token, "new_password": password})


def change(api, access, old=PASSWORD, new=NEW):
    return api.post(
        "/api/auth/password/change/",
        {"old_password": old, "new_password": new},
        headers={"Authorization": f"Bearer {access}"},
    )


def test_forgot_and_reset(api, person, letters, token_in, login, me):
    """Field defect 8: the reset letter could not be sent, and its token could be used again."""
    person()
    before = login()
    assert forgot(api).status_code == 202
    [letter] = letters("abebe@buyers.shop")
    token = token_in(letter)
    answer = reset(api, token)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert me(before["access"]) == 401, "every session ended"
    assert api.post("/api/auth/refresh/", {"refresh": before["refresh"]}).status_code == 401
    login(password=NEW)
    again = reset(api, token, "nine goats on a mountain")
    assert (again.status_code, again.json()["code"]) == (400, "invalid_token")
    login(password=NEW)
    assert "changed" in letters()[-1].subject, "the owner is told"


def test_forgot_answers_all_alike(api, person, letters, django_assert_num_queries):
    """Field defect 8: the answers revealed which addresses exist. Here not even the work differs."""
    person("known@buyers.shop")
    person("off@buyers.shop", is_active=False)
    seen = []
    for name in ("known", "off", "unknown"):
        with django_assert_num_queries(4):
            answer = forgot(api, f"{name}@buyers.shop")
        headers = {k: v for k, v in answer.headers.items() if k != "X-Request-ID"}
        seen.append((answer.status_code, answer.content, headers))
    assert seen[0] == seen[1] == seen[2]
    assert [letter.recipient for letter in letters()] == ["known@buyers.shop"]


def test_the_letter_goes_to_the_stored_address(api, person, letters):
    person("Abebe@Buyers.shop")
    forgot(api, "ABEBE@buyers.SHOP")
    assert letters()[0].recipient == "Abebe@Buyers.shop"


def test_a_newer_letter_voids_the_older(api, person, letters, token_in):
    person()
    forgot(api)
    forgot(api)
    older, newer = (token_in(letter) for letter in letters())
    assert reset(api, older).status_code == 400
    assert reset(api, newer).status_code == 200


def test_a_reset_token_lasts_one_hour(api, person, letters, token_in):
    person()
    forgot(api)
    token = token_in(letters()[0])
    left = EmailToken.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    EmailToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert reset(api, token).status_code == 400


def test_a_weak_password_does_not_use_the_token_up(api, person, letters, token_in):
    person()
    forgot(api)
    token = token_in(letters()[0])
    answer = reset(api, token, "abebe@buyers.shop")
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("new_password", "password_too_similar")
    assert reset(api, token).status_code == 200


def test_a_reset_verifies_the_address(api, person, letters, token_in, login):
    person(email_verified_at=None)
    forgot(api)
    reset(api, token_in(letters()[0]))
    assert login(password=NEW)["user"]["email_verified_at"]


def test_a_reset_ends_a_strangers_claim(api, letters, token_in):
    """Somebody registers your address first: their verification link and password die with your reset."""
    api.post(
        "/api/auth/register/", {"email": "abebe@buyers.shop", "password": "the stranger's own"}
    )
    theirs = token_in(letters()[0])
    forgot(api)
    reset(api, token_in(letters()[1]))
    assert api.post("/api/auth/verify-email/", {"token": theirs}).status_code == 400
    body = {"email": "abebe@buyers.shop", "password": "the stranger's own"}
    assert api.post("/api/auth/login/", body).status_code == 401


def test_a_reset_token_verifies_nothing_by_itself(api, person, letters, token_in):
    person(email_verified_at=None)
    forgot(api)
    token = token_in(letters()[0])
    assert api.post("/api/auth/verify-email/", {"token": token}).status_code == 400


def test_a_disabled_persons_token_is_dead(api, person, letters, token_in):
    person()
    forgot(api)
    token = token_in(letters()[0])
    User.objects.update(is_active=False)
    assert reset(api, token).status_code == 400


def test_change(api, person, login, me):
    """Field defect 7: a changed password was stored in clear."""
    person()
    here, elsewhere = login(), login()
    answer = change(api, here["access"])
    assert answer.status_code == 200
    assert User.objects.get().password.startswith("argon2$")
    fresh = answer.json()
    assert set(fresh) == {"access", "refresh", "user", "device"}
    assert me(fresh["access"]) == 200
    assert me(here["access"]) == me(elsewhere["access"]) == 401
    for old in (here, elsewhere):
        assert api.post("/api/auth/refresh/", {"refresh": old["refresh"]}).status_code == 401
    assert me(fresh["access"]) == 200, "tokens of ended sessions do not end the new one"
    login(password=NEW)


def test_change_wants_the_present_password(api, person, login, me):
    person()
    access = login()["access"]
    answer = change(api, access, old="not my password")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "old_password"
    assert answer.json()["code"] == "wrong_password"
    assert me(access) == 200


def test_change_refuses_weak_passwords(api, person, login):
    person()
    answer = change(api, login()["access"], new="12345")
    assert answer.status_code == 400
    assert {e["field"] for e in answer.json()["errors"]} == {"new_password"}
    assert {e["code"] for e in answer.json()["errors"]} >= {
        "password_too_short",
        "password_too_repetitive",
    }


def test_change_voids_reset_letters(api, person, login, letters, token_in):
    person()
    forgot(api)
    token = token_in(letters()[0])
    change(api, login()["access"])
    assert reset(api, token).status_code == 400


def test_change_is_for_people_who_are_signed_in(api, db):
    answer = api.post("/api/auth/password/change/", {"old_password": "a", "new_password": "b"})
    assert answer.status_code == 401
    assert answer["Cache-Control"] == "no-store"


def test_a_reset_ends_sessions_as_such(api, person, login, letters, token_in):
    person()
    login()
    forgot(api)
    reset(api, token_in(letters()[0]))
    assert Session.objects.get().revoke_reason == "reset"


def test_no_more_than_two_hashes_run_at_once(monkeypatch):
    """Fault 12: five parallel log-ins with Django's cost exhaust a small machine."""
    import threading
    import time

    from account import hashers

    running, most = [0], [0]
    lock = threading.Lock()

    def slow(self, password, salt):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1
        return "x"

    monkeypatch.setattr(hashers.Argon2PasswordHasher, "encode", slow)
    threads = [
        threading.Thread(target=hashers.SmallArgon2PasswordHasher().encode, args=("p", "s" * 16))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 2


def test_a_wait_for_a_hash_is_bounded(api, person, monkeypatch):
    """Neither known nor unknown people wait for ever, and both are told the same."""
    from account import hashers

    person()
    monkeypatch.setattr(hashers, "LONGEST_WAIT", 0.01)
    assert hashers._slots.acquire(timeout=1)
    assert hashers._slots.acquire(timeout=1)
    try:
        for path, body in (
            ("login", {"email": "abebe@buyers.shop", "password": PASSWORD}),
            ("login", {"email": "nobody@buyers.shop", "password": PASSWORD}),
            ("register", {"email": "new@buyers.shop", "password": PASSWORD}),
        ):
            answer = api.post(f"/api/auth/{path}/", body)
            assert (answer.status_code, answer.json()["code"]) == (503, "too_busy")
            assert answer["Retry-After"] == "2"
        form = {"username": "abebe@buyers.shop", "password": PASSWORD}
        page = Client().post("/admin/login/", form)
        assert (page.status_code, page["Retry-After"]) == (503, "2")
        assert b"Try again" in page.content
    finally:
        hashers._slots.release()
        hashers._slots.release()
    assert not User.objects.filter(email="new@buyers.shop").exists()
    answer = api.post("/api/auth/login/", {"email": "abebe@buyers.shop", "password": PASSWORD})
    assert answer.status_code == 200


def test_a_hash_that_fails_gives_its_slot_back():
    from account import hashers

    for _ in range(5):
        with pytest.raises(Exception, match="alt"):
            hashers.SmallArgon2PasswordHasher().encode("p", "short")
    assert hashers.SmallArgon2PasswordHasher().encode("p", "a salt of enough length")


@pytest.mark.parametrize(
    "old",
    [
        pytest.param({"hasher": "pbkdf2_sha256"}, id="PBKDF2"),
        pytest.param({"memory_cost": 8 * 1024, "time_cost": 1}, id="a cheaper Argon2"),
        pytest.param({"memory_cost": 100 * 1024, "parallelism": 8}, id="Django's Argon2"),
    ],
)
def test_old_hashes_keep_working_and_are_made_anew(person, login, me, old, monkeypatch):
    """An imported customer signs in as ever; the other devices stay signed in."""
    from django.contrib.auth.hashers import Argon2PasswordHasher, make_password

    user = person()
    if hasher := old.get("hasher"):
        encoded = make_password(PASSWORD, hasher=hasher)
    else:
        other = Argon2PasswordHasher()
        vars(other).update(old)
        encoded = other.encode(PASSWORD, other.salt())
    User.objects.filter(pk=user.pk).update(password=encoded)
    first = login()
    assert User.objects.get().password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    second = login()
    assert me(first["access"]) == me(second["access"]) == 200


def test_the_owner_is_told_of_every_new_password(api, person, login, letters, token_in):
    """ASVS 6.3.7; the letter holds no link and no password."""
    person()
    change(api, login()["access"])
    forgot(api)
    [told, link] = letters()
    reset(api, token_in(link), "nine goats on a mountain")
    again = letters()[-1]
    for letter in (told, again):
        assert "changed" in letter.subject
        assert letter.recipient == "abebe@buyers.shop"
        for secret in (NEW, PASSWORD, "nine goats", "token="):
            assert secret not in letter.text + letter.html


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc's heaps")
def test_hashes_give_their_memory_back():
    """In a process of its own; without the setting it keeps 19 MiB for each of its threads."""
    code = """
import os, sys, threading
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "ecommerce.settings"
import ctypes
real = ctypes.CDLL
if sys.argv[1] == "control":
    ctypes.CDLL = lambda *_: object()
from account import hashers
ctypes.CDLL = real
django.setup()
hashers._slots = threading.BoundedSemaphore(6)
rss = lambda: int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
before = rss()
gate, done = threading.Barrier(7), threading.Barrier(7)
def work():
    gate.wait()
    for _ in range(4):
        hashers.SmallArgon2PasswordHasher().encode("a password", "a salt of enough length")
    done.wait()
    gate.wait()  # threads live on, as gunicorn's do
threads = [threading.Thread(target=work) for _ in range(6)]
[thread.start() for thread in threads]
gate.wait()
done.wait()
print(rss() - before)
gate.wait()
"""

    def kept(mode):
        done = subprocess.run(
            [sys.executable, "-c", code, mode],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return float(done.stdout)

    assert kept("ours") < 15
    assert kept("control") > 30
