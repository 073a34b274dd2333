"""What a forger of tokens needs, and how the shop's answers to one are judged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import jwt
from django.conf import settings as django_settings
from rest_framework.test import APIClient

from account import signing_keys

PROFILE = "/api/auth/me/"
REFRESH = "/api/auth/refresh/"


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def segment(data):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def our_key(algorithm, secret=None):
    secret = django_settings.SECRET_KEY if secret is None else secret
    return signing_keys.private_key(secret) if algorithm == "EdDSA" else secret


def sign(claims, algorithm, key=None, **headers):
    """Any claims at all, also those that no library would sign."""
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return jwt.PyJWS().encode(
        body, our_key(algorithm) if key is None else key, algorithm, headers=headers
    )


def by_hand(header, claims, secret):
    """An HMAC token as an attacker writes it, whatever libraries think of the key."""
    signed = f"{segment(header)}.{segment(claims)}"
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{segment(mac)}"


def profile(token):
    raw = token if isinstance(token, bytes) else f"Bearer {token}"
    return APIClient().get(PROFILE, headers={"Authorization": raw})


def refresh(token):
    return APIClient().post(REFRESH, {"refresh": token})


def assert_refused(*tokens):
    """All of them get one and the same answer, but for the request's id."""
    told = set()
    for token in tokens:
        answer = profile(token)
        body = {name: value for name, value in answer.json().items() if name != "request_id"}
        assert answer.status_code == 401, token[:200]
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"] == "Bearer"
        told.add(json.dumps(body, sort_keys=True))
    assert len(told) == 1
    assert json.loads(told.pop())["code"] == "invalid_token"
