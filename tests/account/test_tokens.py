"""What our tokens say, the keys that sign them, and everything that is hardly a token."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import jwt
import pytest
from django.conf import settings as django_settings
from rest_framework.test import APIClient

from account import signing_keys, tokens
from account.models import User
from tests.account.forging import (
    PROFILE,
    assert_refused,
    claims_of,
    profile,
    refresh,
    segment,
    sign,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["HS256", "EdDSA"], autouse=True)
def algorithm(request, settings):
    settings.JWT_ALGORITHM = request.param
    return request.param


@pytest.fixture
def signed_in(person, login):
    person()
    return login()


# --- secrets that change -----------------------------------------------------------------------------


def test_a_former_secret_still_verifies_until_it_is_removed(signed_in, settings):
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = (
        "n" * 20 + "ew secret of 64 letters",
        [former],
    )
    assert profile(signed_in["access"]).status_code == 200
    pair = refresh(signed_in["refresh"]).json()
    settings.SECRET_KEY_FALLBACKS = []
    assert_refused(signed_in["access"])
    assert profile(pair["access"]).status_code == 200, "what is new is signed with what is new"
    assert refresh(pair["refresh"]).status_code == 200
    settings.SECRET_KEY_FALLBACKS = ["yet another one that was never ours"]
    assert_refused(signed_in["access"])


def test_another_algorithm_by_setting_ends_no_session(signed_in, settings, algorithm):
    """Access tokens of the former algorithm are refused; one silent refresh later everything goes on."""
    settings.JWT_ALGORITHM = "HS256" if algorithm == "EdDSA" else "EdDSA"
    assert_refused(signed_in["access"])
    answer = refresh(signed_in["refresh"])
    assert answer.status_code == 200
    access = answer.json()["access"]
    assert jwt.get_unverified_header(access)["alg"] == settings.JWT_ALGORITHM
    assert profile(access).status_code == 200


def test_tokens_of_the_release_before_versions_go_on(signed_in):
    """A rolling deployment signs nobody out: such a token counts as version 0, and no longer than that version does."""
    claims = claims_of(signed_in["refresh"])
    del claims["ver"]
    earlier = jwt.encode(claims, django_settings.SECRET_KEY, "HS256")
    assert refresh(earlier).status_code == 200
    User.objects.update(token_version=1)
    assert refresh(earlier).status_code == 401


# --- what is hardly a token ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    [
        "", "x", "a b", "a.b.c", "...", "..", ".", "\0", "\xff\xfe", "%00", "null", "undefined", "{}",
        "a" * 1_000_000,
        "eyJhbGciOiJIUzI1NiJ9." * 1000,
        segment(b"[" * 700) + "." + segment({}) + ".x",
        segment(b'{"alg":' * 100) + "." + segment({}) + ".x",
        segment(b'["alg"]') + "." + segment({}) + ".x",
        segment(b'"HS256"') + "." + segment({}) + ".x",
        segment(b"\xff\xfe") + "." + segment({}) + ".x",
        segment(b'{"alg":"HS256","typ":"JWT"') + "." + segment({}) + ".x",
        segment({"alg": "HS256", "kid": 5}) + "." + segment({}) + ".x",
        segment({"alg": "HS256", "kid": {"a": []}}) + "." + segment({}) + ".x",
    ],
    ids=lambda token: repr(token[:20]),
)  # fmt: skip
def test_garbage(db, token):
    assert_refused(token)


@pytest.mark.parametrize(
    "claims", [b"[]", b'"x"', b"5", b"null", b"[" * 300, b"\xff", b""], ids=repr
)
def test_claims_that_are_no_claims(signed_in, algorithm, claims):
    """Signed with our own key: the reader must not trust the signer either."""
    assert_refused(sign(claims, algorithm))


@pytest.mark.parametrize(
    ("token", "status"),
    [("a" * 1_000_000, 401), ("\0", 401), ("ሰላም", 401), ("a.b.c", 401), ({"a": 1}, 400), ([], 400),
     (5, 401), (True, 400), ("", 400), ("a" * 2_000_000, 413)],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_what_is_no_refresh_token(db, token, status):
    answer = refresh(token)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    if status == 401:
        assert answer.json()["code"] == "invalid_refresh_token"


# --- EdDSA and its key set -----------------------------------------------------------------------------


def test_the_published_keys(signed_in, settings, algorithm):
    settings.SECRET_KEY_FALLBACKS = ["the secret that was before this one"]
    answer = APIClient().get("/.well-known/jwks.json")
    if algorithm == "HS256":
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        return
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/jwk-set+json"
    assert answer["Cache-Control"] == "public, max-age=300"
    keys = answer.json()["keys"]
    assert [set(key) for key in keys] == [{"kty", "crv", "x", "kid", "use", "alg"}] * 2
    header = jwt.get_unverified_header(signed_in["access"])
    assert header == {"alg": "EdDSA", "typ": "JWT", "kid": keys[0]["kid"]}
    # As another service does it, with nothing but the published set:
    known = {key.key_id: key for key in jwt.PyJWKSet.from_dict(answer.json()).keys}
    claims = jwt.decode(
        signed_in["access"], known[header["kid"]], algorithms=["EdDSA"], audience="nexus-api", issuer="nexus"
    )  # fmt: skip
    assert claims["sub"] == signed_in["user"]["id"]
    assert APIClient().post("/.well-known/jwks.json").status_code == 405


def test_the_key_belongs_to_the_secret():
    """Derived, not stored: every process of a shop has the same, every shop another; and it is not the secret itself."""
    one, two = (signing_keys.private_key(secret) for secret in ("a" * 40, "b" * 40))
    assert one.private_bytes_raw() != two.private_bytes_raw()
    signing_keys.private_key.cache_clear()
    assert signing_keys.private_key("a" * 40).private_bytes_raw() == one.private_bytes_raw()
    assert hashlib.sha256(b"a" * 40).digest() != one.private_bytes_raw()


def test_the_refresh_token_is_for_nobody_else(signed_in):
    assert jwt.get_unverified_header(signed_in["refresh"]) == {"alg": "HS256", "typ": "JWT"}


def test_the_claims_of_an_access_token(signed_in):
    claims = claims_of(signed_in["access"])
    assert set(claims) == {
        "sid", "sub", "ver", "typ", "aud", "iss", "iat", "nbf", "exp", "jti", "rti",
    }  # fmt: skip
    assert claims["sub"] == signed_in["user"]["id"]
    assert claims["exp"] - claims["iat"] == timedelta(minutes=10).total_seconds()
    assert claims["ver"] == 0
    assert len(signed_in["access"]) < tokens.MAX_LENGTH * 0.75


@pytest.mark.parametrize("value", ["", "Basic YTpi", "Token abc"])
def test_other_schemes_are_anonymous(db, value):
    answer = APIClient().get(PROFILE, headers={"Authorization": value})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"
