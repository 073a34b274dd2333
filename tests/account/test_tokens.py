"""Tokens that are not ours, or not for this: always 401, never 500 (fault 33)."""

from __future__ import annotations

import base64
import json
from uuid import uuid4

import jwt
import pytest
from django.conf import settings
from django.utils import timezone

from account import tokens
from account.models import Session

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(person, login):
    person()
    return login()


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def forge(claims, key=None, algorithm="HS256", **headers):
    return jwt.encode(
        claims, settings.SECRET_KEY if key is None else key, algorithm, headers=headers
    )


def segment(data):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_the_claims_of_an_access_token(signed_in):
    claims = claims_of(signed_in["access"])
    assert set(claims) == {"sid", "sub", "typ", "aud", "iss", "iat", "exp", "jti"}
    assert claims["sub"] == signed_in["user"]["id"]
    assert claims["exp"] - claims["iat"] == 600
    assert jwt.get_unverified_header(signed_in["access"])["alg"] == "HS256"


def test_a_token_signed_by_us_is_accepted(signed_in, me):
    """The control of the tests below: `forge` makes good tokens when nothing is changed."""
    assert me(forge(claims_of(signed_in["access"]))) == 200


@pytest.mark.parametrize(
    "change",
    [
        {"typ": "refresh"},
        {"typ": None},
        {"aud": "another-api"},
        {"iss": "another"},
        {"exp": 1},
        {"exp": "soon"},
        {"iat": 99_999_999_999},
        {"nbf": 99_999_999_999},
        {"sid": str(uuid4())},
        {"sid": "'; DROP TABLE account_session; --"},
        {"sid": 5},
        {"sid": None},
        {"sid": ["a"]},
        {"sub": str(uuid4())},
        {"sub": "1"},
        {"jti": "x"},
    ],
    ids=str,
)
def test_wrong_claims(signed_in, me, change):
    assert me(forge({**claims_of(signed_in["access"]), **change})) == 401


@pytest.mark.parametrize("claim", ["sid", "sub", "typ", "aud", "iss", "iat", "exp", "jti"])
def test_missing_claims(signed_in, me, claim):
    claims = claims_of(signed_in["access"])
    del claims[claim]
    assert me(forge(claims)) == 401


def test_wrong_signatures(signed_in, me):
    claims = claims_of(signed_in["access"])
    good = signed_in["access"]
    head, body, signature = good.split(".")
    assert me(forge(claims, key="x" * 64)) == 401
    assert me(forge(claims, algorithm="HS512")) == 401
    assert me(f"{segment({'alg': 'none', 'typ': 'JWT'})}.{body}.") == 401
    assert me(f"{segment({'alg': 'None', 'typ': 'JWT'})}.{body}.{signature}") == 401
    assert me(f"{segment({'alg': 'RS256', 'typ': 'JWT'})}.{body}.{signature}") == 401
    assert me(f"{head}.{segment({**claims, 'sub': str(uuid4())})}.{signature}") == 401
    assert me(f"{head}.{body}.") == 401


def test_headers_that_point_at_keys_are_ignored(signed_in, me):
    claims = claims_of(signed_in["access"])
    for header in (
        {"kid": "../../dev/null"},
        {"kid": "' OR 1=1 --"},
        {"jku": "http://127.0.0.1:1/keys"},
        {"jwk": {"kty": "oct", "k": segment(b"x" * 64)}},
    ):
        assert me(forge(claims, key="x" * 64, **header)) == 401


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a b",
        "Bearer a.b.c",
        "Bearer ...",
        "Bearer \0",
        "Bearer \xff\xfe",
        "bearer " + "a" * 1_000_000,
        "Bearer " + segment(b"[" * 700) + "." + segment({}) + ".x",
        "Bearer " + segment(b'{"alg":"HS256","crit":["x"],"x":1}') + "." + segment({}) + ".x",
    ],
    ids=lambda value: value[:24],
)
def test_garbage(api, db, value):
    answer = api.get("/api/auth/me/", headers={"Authorization": value})
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_token"
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("value", ["", "Basic YTpi", "Token abc"])
def test_other_schemes_are_anonymous(api, db, value):
    answer = api.get("/api/auth/me/", headers={"Authorization": value})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_refresh_token_is_no_access_token(signed_in, me):
    assert me(signed_in["refresh"]) == 401


def test_an_access_token_ends_after_ten_minutes(signed_in, me):
    claims = claims_of(signed_in["access"])
    now = int(timezone.now().timestamp())
    assert me(forge({**claims, "exp": now - tokens.LEEWAY - 2})) == 401
    assert me(forge({**claims, "exp": now + 30})) == 200


def test_the_secret_key_can_be_rotated(signed_in, me, settings):
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "n" * 64
    assert me(signed_in["access"]) == 401
    settings.SECRET_KEY_FALLBACKS = [old]
    assert me(signed_in["access"]) == 200


def test_simplejwt_is_imported_in_one_module():
    """So that another codec can take its place."""
    from pathlib import Path

    root = Path(tokens.__file__).parent.parent
    users = [
        str(path.relative_to(root))
        for app in ("account", "common", "ecommerce", "orders", "payments", "catalog", "storefront")
        for path in (root / app).rglob("*.py")
        if "rest_framework_simplejwt" in path.read_text()
    ]
    assert users == ["account/tokens.py"]


def test_only_digests_of_sessions_secrets_are_stored(signed_in):
    stored = str(Session.objects.values().get())
    assert signed_in["refresh"] not in stored
