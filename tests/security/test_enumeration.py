"""No door tells who has an account: not by status, text or headers, and not by the work it does.

Times are measured by `python -m benchmarks.enumeration`. Here is what times are made of: password hashes and SQL statements,
which must be the same, statement by statement, whoever is asked about.
"""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from account import hashers
from account.models import User
from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db
EMAIL, PHONE = "meron@buyers.shop", "+251911234567"
ERASED = {"email": None, "phone": None, "first_name": "", "is_active": False, "password": "!"}
KINDS = {
    "verified": {"email_verified_at": True},
    "not verified": {},
    "disabled": {"email_verified_at": True, "is_active": False},
    "disabled before it was verified": {"is_active": False},
    "without a password": {"email_verified_at": True, "password": "!"},
    "with a broken password": {"email_verified_at": True, "password": "argon2$nonsense"},
    "staff": {"email_verified_at": True, "is_staff": True},
    "with a phone": {"email_verified_at": True, "phone": PHONE, "phone_verified_at": True},
    "with a phone only claimed": {"email_verified_at": True, "phone": PHONE},
    "phone only": {"email": None, "phone": PHONE, "phone_verified_at": True},
    "phone only, disabled": {"email": None, "phone": PHONE, "phone_verified_at": True, "is_active": False},
    "erased": {**ERASED, "erased_at": True},
    "unknown": None,
}  # fmt: skip
DOORS = {
    "login": ("login", {"email": EMAIL, "password": "not this one, no"}),
    "login with a code": ("login", {"email": EMAIL, "password": "not this one, no", "otp": "123456"}),
    "login by phone": ("login", {"phone": PHONE, "password": "not this one, no"}),
    "register": ("register", {"email": EMAIL, "password": PASSWORD}),
    "register with a phone": ("register", {"email": EMAIL, "password": PASSWORD, "phone": PHONE}),
    "register weakly": ("register", {"email": EMAIL, "password": "meron-meron-1"}),
    "forgot": ("password/forgot", {"email": EMAIL}),
    "resend": ("verify-email/resend", {"email": EMAIL}),
    "phone code": ("phone/code", {"phone": PHONE}),
    "phone login": ("phone/login", {"phone": PHONE, "code": "123456"}),
}  # fmt: skip


class Ticking(int):
    """Seconds of a header: between two calls, and at the border of a sixtieth of an hour, up to a minute passes."""

    def __eq__(self, other):
        return abs(int(self) - int(other)) <= 61

    __hash__ = int.__hash__


def make(kind):
    """Somebody of that kind, or nobody."""
    fields = KINDS[kind]
    if fields is None:
        return
    times = {
        name: timezone.now() for name, value in fields.items() if name.endswith("_at") and value
    }
    plain = {name: value for name, value in fields.items() if not name.endswith("_at")}
    password = plain.pop("password", None)
    user = User(**{"email": EMAIL, "first_name": "Meron", **plain, **times})
    user.set_password(PASSWORD)
    if password:
        user.password = password
    user.save()


def shape(sql):
    """A statement without its values: which work it is."""
    sql = re.sub(r"'(?:[^']|'')*'(?:::\w+)?", "?", sql)
    sql = re.sub(r"\b(?:NULL|TRUE|FALSE|true|false|\d+)\b(?:::\w+)?", "?", sql)
    return re.sub(r'"?[sx]\d+_x\d+"?', "savepoint", sql)


@pytest.fixture
def told(api, monkeypatch, settings, tmp_path):
    """What an answer tells, and what it cost."""
    settings.SMS_URL = f"file://{tmp_path}"
    hashes = []
    slot = hashers._slot
    monkeypatch.setattr(hashers, "_slot", lambda: hashes.append(1) or slot())
    monkeypatch.setattr("account.phone_codes.refuse_transaction", lambda: None)
    api.post("/api/auth/login/", {"email": "nobody@buyers.shop", "password": "whatever it is"})

    def ask(door):
        path, body = DOORS[door]
        hashes.clear()
        with CaptureQueriesContext(
            connection,
        ) as seen:
            answer = api.post(f"/api/auth/{path}/", body)
        varying = {"X-Request-ID", "Date"}
        headers = {k: v for k, v in answer.headers.items() if k not in varying}
        for clock in {"RateLimit-Reset", "Retry-After"} & headers.keys():
            headers[clock] = Ticking(headers[clock])
        text = re.sub(rb'"request_id":"[^"]*"', b"", answer.content)
        return answer.status_code, text, headers, len(hashes), [shape(q["sql"]) for q in seen]

    return ask


def difference(one, other):
    return [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "unknown"])
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("limits", [False, True], ids=["limits off", "limits on"])
def test_every_kind_of_person_is_answered_like_nobody(told, settings, door, kind, limits):
    settings.RATE_LIMITS = limits
    from django.db import transaction

    with transaction.atomic():
        expected = told(door)
        transaction.set_rollback(True)
    make(kind)
    seen = told(door)
    for what, a, b in zip(("status", "body", "headers", "hashes"), expected, seen, strict=False):
        assert a == b, what
    assert len(expected[4]) == len(seen[4])
    assert difference(expected[4], seen[4]) == []


def test_control_a_door_that_returns_early_is_found_out(told, monkeypatch):
    """One statement and one hash less for strangers."""
    from account import sessions

    real = sessions.sign_in

    def early(**given):
        if not User.objects.with_email(given["email"]).exists():
            raise sessions._wrong(None)
        return real(**given)

    monkeypatch.setattr(sessions, "sign_in", early)
    expected = told("login")
    make("verified")
    seen = told("login")
    assert expected[:3] == seen[:3], "the answers are alike"
    assert expected[3] != seen[3]
    assert len(expected[4]) != len(seen[4])
