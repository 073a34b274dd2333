"""Access and refresh tokens as JWT. SimpleJWT is the codec, here and nowhere else; sessions decide who is signed in.

Claims: `sid` (session), `sub` (user), `ver` (the user's token version), `typ` (access or refresh), `jti`, `iat`, `nbf`,
`exp`, `iss`, `aud`; an access token also names the refresh token it came with (`rti`).

Each kind of token has exactly one algorithm, and its header is asked for nothing else: access tokens that of JWT_ALGORITHM,
refresh tokens, which nobody but this shop reads, always HS256. So a changed JWT_ALGORITHM costs every front end one silent
refresh, and nobody a log-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import jwt
from django.conf import settings
from django.utils import timezone
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from account import signing_keys
from account.models import Session
from common.ids import uuid7

ACCESS = "access"
REFRESH = "refresh"
ISSUER = "nexus"
AUDIENCE = "nexus-api"
LEEWAY = 5  # seconds that the clocks of two machines may differ
MAX_LENGTH = 1024  # characters; ours have about 550
HEADERS = {"alg", "typ", "kid"}  # of these `kid` is for others: we try the keys we have


class InvalidToken(ValueError):
    """Not a token of ours, not of this kind, or out of date. Nobody is told which."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says."""

    session_id: UUID
    user_id: UUID
    token_id: UUID
    version: int
    refresh_id: UUID | None = None  # of an access token: the refresh token of the same pair


class _Codec(Protocol):
    def encode(self, payload: dict[str, Any]) -> str: ...

    def decode(self, token: Any) -> dict[str, Any]: ...


def pair(session: Session) -> dict[str, str]:
    """A fresh access token (ACCESS_TOKEN_LIFETIME) and the session's current refresh token."""
    now = timezone.now()
    lives_until = min(now + settings.ACCESS_TOKEN_LIFETIME, session.expires_at)
    came_with = {"rti": str(session.refresh_jti)}
    return {
        "access": _encode(session, ACCESS, uuid7(), lives_until, came_with),
        "refresh": _encode(session, REFRESH, session.refresh_jti, session.expires_at, {}),
    }


def read(token: str, kind: str) -> Claims:
    """The claims of a token of that kind.

    Raises:
        InvalidToken: forged, expired, of another kind, or not a token at all.
    """
    if len(token) > MAX_LENGTH or not token.isascii():
        raise InvalidToken
    payload = _decode(token, kind)
    if payload.get("typ") != kind or "exp" not in payload or "iat" not in payload:
        raise InvalidToken
    # Tokens of releases before versions were introduced say none: they are of the first.
    version = payload.get("ver", 0)
    if type(version) is not int:
        raise InvalidToken
    try:
        came_with = UUID(payload["rti"]) if "rti" in payload else None
        return Claims(
            session_id=UUID(payload["sid"]),
            user_id=UUID(payload["sub"]),
            token_id=UUID(payload["jti"]),
            version=version,
            refresh_id=came_with,
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise InvalidToken from None


def _encode(
    session: Session, kind: str, token_id: UUID, expires_at: datetime, more: dict[str, str]
) -> str:
    now = int(timezone.now().timestamp())
    claims = {
        "typ": kind,
        "sid": str(session.public_id),
        "sub": str(session.user.public_id),
        "ver": session.user.token_version,
        "jti": str(token_id),
        "iat": now,
        "nbf": now,
        "exp": int(expires_at.timestamp()),
        **more,
    }
    return _codec(settings.SECRET_KEY, kind).encode(claims)


def _decode(token: str, kind: str) -> dict[str, Any]:
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            header = jwt.get_unverified_header(token)
            payload = _codec(secret, kind).decode(token)
        except (jwt.InvalidTokenError, TokenBackendError, *_BREAKAGES):
            continue  # another key may fit
        if header.get("typ") != "JWT" or not header.keys() <= HEADERS:
            raise InvalidToken
        return payload
    raise InvalidToken


# What readers of JSON and numbers raise for headers and claims that no codec of ours would write.
_BREAKAGES = (RecursionError, ValueError, TypeError, OverflowError)


def _codec(secret: str, kind: str) -> _Codec:
    if kind == ACCESS and settings.JWT_ALGORITHM == "EdDSA":
        return _Signing(secret)
    return TokenBackend(
        "HS256", signing_key=secret, audience=AUDIENCE, issuer=ISSUER, leeway=LEEWAY
    )


class _Signing(TokenBackend):
    """EdDSA with the key that belongs to a secret. SimpleJWT cannot name the key in the header; others need it there."""

    def __init__(self, secret: str) -> None:
        super().__init__("EdDSA", audience=AUDIENCE, issuer=ISSUER, leeway=LEEWAY)
        self.key = signing_keys.private_key(secret)

    def encode(self, payload: dict[str, Any]) -> str:
        claims = {**payload, "aud": AUDIENCE, "iss": ISSUER}
        kid = signing_keys.key_id(self.key.public_key())
        return jwt.encode(claims, self.key, algorithm="EdDSA", headers={"kid": kid})

    def get_verifying_key(self, token: Any) -> Any:
        return self.key.public_key()
