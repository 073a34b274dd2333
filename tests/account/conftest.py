"""What account tests share: people, their letters, and a worker that runs jobs on demand."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from tests import factories, together

PASSWORD = "seven goats on a hill"
PHONE = "+251911234567"


@pytest.fixture
def person(db):
    """Creates users; verified unless told otherwise."""
    from account.models import User

    def create(email="abebe@buyers.shop", password=PASSWORD, **fields):
        fields.setdefault("email_verified_at", timezone.now())
        return User.objects.create_user(email, password, **fields)

    return create


@pytest.fixture
def owner(db):
    """Who owns the shop."""
    return factories.staff(email="owner@nexus.shop")


@pytest.fixture
def issue(owner):
    """Makes a key with these scopes, named ERP."""

    from account import api_keys

    def make(*scopes, **fields):
        scopes = scopes or ("orders:read",)
        return api_keys.create(name=fields.pop("name", "ERP"), scopes=scopes, by=owner, **fields)

    return make


@pytest.fixture
def letters(run_jobs, mailbox):
    """The letters to an address, oldest first, after the jobs that write them have run."""

    def read(address=None):
        run_jobs()
        return [letter for letter in mailbox() if address in (None, letter.recipient)]

    return read


@pytest.fixture
def token_in():
    """The token in a letter's link."""

    def read(letter):
        return re.search(r"\?token=([\w-]+)$", letter.text, re.MULTILINE).group(1)

    return read


@pytest.fixture
def login(api):
    """Signs in over the API; gives the body of the answer."""

    def sign_in(email="abebe@buyers.shop", password=PASSWORD):
        answer = api.post("/api/auth/login/", {"email": email, "password": password})
        assert answer.status_code == 200, answer.content
        return answer.json()

    return sign_in


@pytest.fixture
def me(api):
    """The status of GET /api/auth/me/ with an access token."""

    def status(access):
        return api.get("/api/auth/me/", headers={"Authorization": f"Bearer {access}"}).status_code

    return status


@pytest.fixture
def at_once():
    """Calls a function in many threads at the same moment, each with its own connection; gives the results."""
    return together.at_once


@pytest.fixture
def ask(api):
    """Ask for a phone code."""

    def send(phone=PHONE, **body):
        return api.post("/api/auth/phone/code/", {"phone": phone, **body})

    return send


@pytest.fixture
def enter(api):
    """Sign in with a phone code."""

    def send(code, phone=PHONE, **body):
        return api.post("/api/auth/phone/login/", {"phone": phone, "code": code, **body})

    return send
