"""Tokens that somebody else made, or made for something else: the same 401 for all of them, and never a 500 (fault 33).

Everything here runs under both algorithms. Each kind of forgery is made by the same functions as a good token, so that what
is refused is refused for its one difference.
"""

from __future__ import annotations

import base64
import itertools
import json
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as django_settings
from django.utils import timezone

from account import signing_keys, tokens
from account.models import Session, User
from tests.account.forging import (
    assert_refused,
    by_hand,
    claims_of,
    profile,
    refresh,
    segment,
    sign,
)

YEARS = 10_000_000_000  # the year 2286
pytestmark = pytest.mark.django_db


@pytest.fixture(params=["HS256", "EdDSA"], autouse=True)
def algorithm(request, settings):
    settings.JWT_ALGORITHM = request.param
    return request.param


@pytest.fixture
def signed_in(person, login):
    person()
    return login()


def test_control_what_the_forger_makes_is_good_if_nothing_is_changed(signed_in, algorithm):
    assert profile(signed_in["access"]).status_code == 200
    assert profile(sign(claims_of(signed_in["access"]), algorithm)).status_code == 200
    made = jwt.encode(claims_of(signed_in["refresh"]), django_settings.SECRET_KEY, "HS256")
    assert refresh(made).status_code == 200
    header = {"alg": "HS256", "typ": "JWT"}
    good = by_hand(header, claims_of(signed_in["access"]), django_settings.SECRET_KEY.encode())
    assert profile(good).status_code == (200 if algorithm == "HS256" else 401)


def test_no_algorithm_in_any_spelling(signed_in):
    head, body, signature = signed_in["access"].split(".")
    spellings = {"".join(mix) for mix in itertools.product(*zip("none", "NONE", strict=True))}
    assert len(spellings) == 16
    forged = []
    for spelling in [*sorted(spellings), "", "null", None, 0, False, [], {}, ["none"], " none"]:
        for end in ("", signature):
            forged.append(f"{segment({'alg': spelling, 'typ': 'JWT'})}.{body}.{end}")
    forged += [f"{segment({'typ': 'JWT'})}.{body}.{signature}", f"{head}.{body}.", f"{head}.{body}"]
    assert_refused(*forged)


def test_other_algorithms_with_our_own_key(signed_in, algorithm):
    """The header does not choose: even the right secret is good for one algorithm only."""
    claims = claims_of(signed_in["access"])
    secret = django_settings.SECRET_KEY
    forged = [jwt.encode(claims, secret, name) for name in ("HS384", "HS512")]
    if algorithm == "EdDSA":
        forged.append(jwt.encode(claims, secret, "HS256"))
    else:
        forged.append(jwt.encode(claims, signing_keys.private_key(secret), "EdDSA"))
    assert_refused(*forged)


def public_forms(key):
    """Every way in which a public key may be written down, and so be taken for a secret."""
    for encoding, layout in [
        (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    ]:
        yield key.public_bytes(encoding, layout)
    if hasattr(key, "public_bytes_raw"):
        raw = key.public_bytes_raw()
        yield from (raw, segment(raw).encode(), base64.b64encode(raw))


def test_the_public_key_is_no_secret(signed_in):
    """HS/EdDSA and HS/RS confusion: what everybody may read signs nothing."""
    claims = claims_of(signed_in["access"])
    ours = signing_keys.private_key(django_settings.SECRET_KEY).public_key()
    jwk = json.dumps(signing_keys.published()[0]).encode()
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    secrets = [*public_forms(ours), jwk, *public_forms(rsa_key.public_key())]
    header = {"alg": "HS256", "typ": "JWT"}
    kid = signing_keys.key_id(ours)
    assert_refused(
        *(by_hand(header, claims, secret) for secret in secrets),
        *(by_hand({**header, "kid": kid}, claims, secret) for secret in secrets),
        *(by_hand({**header, "alg": name}, claims, secrets[0]) for name in ("RS256", "EdDSA")),
        jwt.encode(claims, rsa_key, "RS256"),
    )


def test_weak_and_empty_secrets(signed_in):
    claims = claims_of(signed_in["access"])
    header = {"alg": "HS256", "typ": "JWT"}
    assert_refused(
        *(
            by_hand(header, claims, word)
            for word in (b"", b"\0", b"secret", b"nexus", b"SECRET_KEY")
        )
    )


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../../../dev/null"},
        {"kid": "/proc/sys/kernel/randomize_va_space"},
        {"kid": "' OR 1=1 --"},
        {"kid": "x' UNION SELECT 'secret' --"},
        {"kid": "|sleep 5"},
        {"jku": "http://127.0.0.1:1/jwks.json"},
        {"x5u": "http://127.0.0.1:1/cert.pem"},
        {"jwk": None},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"], "exp": YEARS},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"cty": "JWT"},
    ],
    ids=str,
)
def test_headers_lead_to_no_other_key(signed_in, algorithm, header):
    """Signed with a key of the forger's, to which the header points; and with an empty one, which /dev/null holds."""
    claims = claims_of(signed_in["access"])
    theirs = Ed25519PrivateKey.generate()
    header = {name: value for name, value in header.items() if value is not None} or {
        "jwk": {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": segment(theirs.public_key().public_bytes_raw()),
        }
    }
    assert_refused(
        by_hand({"alg": "HS256", "typ": "JWT", **header}, claims, b""),
        by_hand({"alg": "HS256", "typ": "JWT", **header}, claims, b"x" * 32),
        jwt.encode(claims, theirs, "EdDSA", headers=header),
    )


@pytest.mark.parametrize(
    "header", [{"jku": "http://x"}, {"jwk": {}}, {"x5u": "http://x"}, {"x5c": []}, {"typ": None},
               {"typ": "at+jwt"}, {"zip": "DEF"}], ids=str
)  # fmt: skip
def test_even_with_our_key_a_header_of_ours_holds_nothing_else(signed_in, algorithm, header):
    assert_refused(sign(claims_of(signed_in["access"]), algorithm, **header))


@pytest.mark.parametrize("kid", ["../../dev/null", "' OR 1=1 --", "nobody's"])
def test_the_key_id_is_not_looked_at(signed_in, algorithm, kid):
    """It is for others. A token that our key signed is good whatever it is called; and it is the key that counts."""
    assert profile(sign(claims_of(signed_in["access"]), algorithm, kid=kid)).status_code == 200


def test_each_kind_of_token_for_its_own_door(signed_in):
    assert_refused(signed_in["refresh"])
    for token in (signed_in["access"], "x", "", None):
        answer = refresh(token)
        assert answer.status_code in ({None: 400, "": 400}.get(token, 401),)
    assert refresh(signed_in["refresh"]).status_code == 200, "nothing of this used it up"


def test_a_kind_is_no_matter_of_words(signed_in, algorithm):
    """The claims of one kind under the name of the other, signed with our key."""
    access, refresher = claims_of(signed_in["access"]), claims_of(signed_in["refresh"])
    assert_refused(
        sign({**access, "typ": "refresh"}, algorithm),
        sign({**access, "typ": "ACCESS"}, algorithm),
        sign({**access, "typ": ["access"]}, algorithm),
        sign({**access, "typ": None}, algorithm),
        sign({name: access[name] for name in access if name != "typ"}, algorithm),
        sign(refresher, algorithm),
    )
    for claims in ({**refresher, "typ": "access"}, {**refresher, "jti": str(uuid4()), "typ": ""}):
        assert refresh(jwt.encode(claims, django_settings.SECRET_KEY, "HS256")).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another-api"}, {"aud": []}, {"aud": ""}, {"aud": None}, {"aud": {"a": 1}},
        {"iss": "another"}, {"iss": ""}, {"iss": ["nexus"]}, {"iss": None},
        {"exp": 1}, {"exp": "soon"}, {"exp": None}, {"exp": [YEARS]}, {"exp": "1e999"},
        {"nbf": YEARS}, {"nbf": "later"}, {"iat": YEARS}, {"iat": "now"}, {"iat": None},
        {"ver": 1}, {"ver": -1}, {"ver": "0"}, {"ver": 0.0}, {"ver": False}, {"ver": None},
        {"ver": 2**70},
        {"sid": "01936b2f-0000-7000-8000-000000000000"}, {"sid": "'; DROP TABLE account_session; --"}, {"sid": 5},
        {"sid": None}, {"sid": ["a"]}, {"sid": {"$ne": ""}}, {"sid": "\0"},
        {"sub": "01936b2f-0000-7000-8000-000000000000"}, {"sub": "1"}, {"sub": 1}, {"sub": None},
        {"jti": "x"}, {"jti": 1}, {"jti": None}, {"rti": "x"}, {"rti": 1},
    ],
    ids=str,
)  # fmt: skip
def test_wrong_claims_under_our_own_key(signed_in, algorithm, change):
    assert_refused(sign({**claims_of(signed_in["access"]), **change}, algorithm))


@pytest.mark.parametrize("claim", ["sid", "sub", "typ", "aud", "iss", "iat", "exp", "jti"])
def test_missing_claims_under_our_own_key(signed_in, algorithm, claim):
    claims = claims_of(signed_in["access"])
    del claims[claim]
    assert_refused(sign(claims, algorithm))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 300])
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf", "ver"])
def test_numbers_that_are_none(signed_in, algorithm, claim, number):
    """JSON as Python reads it has numbers that no clock has."""
    claims = json.dumps({**claims_of(signed_in["access"]), claim: "@"}).replace('"@"', number)
    forged = sign(claims.encode(), algorithm)
    assert profile(forged).status_code in (
        {200, 401} if (claim, number) == ("exp", "9" * 300) else {401}
    )


def test_far_away_ends_need_our_key(signed_in, algorithm):
    claims = {**claims_of(signed_in["access"]), "exp": YEARS}
    wrong = Ed25519PrivateKey.generate() if algorithm == "EdDSA" else "x" * 64
    assert_refused(sign(claims, algorithm, key=wrong))


def test_what_has_run_out(signed_in, algorithm):
    claims = claims_of(signed_in["access"])
    now = int(timezone.now().timestamp())
    assert_refused(sign({**claims, "exp": now - tokens.LEEWAY - 2}, algorithm))
    assert profile(sign({**claims, "exp": now + 30}, algorithm)).status_code == 200
    ended = {**claims_of(signed_in["refresh"]), "exp": now - tokens.LEEWAY - 2}
    assert refresh(jwt.encode(ended, django_settings.SECRET_KEY, "HS256")).status_code == 401


def test_a_changed_letter_anywhere(signed_in):
    good = signed_in["access"]
    changed = []
    for part, text in enumerate(good.split(".")):
        for at in {0, len(text) // 2, len(text) - 2}:
            letter = "A" if text[at] != "A" else "B"
            parts = good.split(".")
            parts[part] = text[:at] + letter + text[at + 1 :]
            changed.append(".".join(parts))
    assert_refused(*changed)


def test_who_is_gone(signed_in):
    user = User.objects.get()
    user.delete()
    assert_refused(signed_in["access"])
    assert refresh(signed_in["refresh"]).json()["code"] == "invalid_refresh_token"


def test_what_has_ended(signed_in):
    Session.objects.update(revoked_at=timezone.now(), revoke_reason="logout")
    assert_refused(signed_in["access"])
    assert refresh(signed_in["refresh"]).json()["code"] == "invalid_refresh_token"


def test_somebody_elses_session(signed_in, person, login, algorithm):
    person("other@buyers.shop")
    theirs = claims_of(login("other@buyers.shop")["access"])
    mine = claims_of(signed_in["access"])
    assert_refused(
        sign({**mine, "sub": theirs["sub"]}, algorithm),
        sign({**mine, "sid": theirs["sid"]}, algorithm),
    )
