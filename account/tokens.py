"""Access and refresh tokens as JWT. SimpleJWT is the codec, here and nowhere else; sessions decide who is signed in.

Claims: `sid` (session), `sub` (user), `typ` (access or refresh), `jti`, `iat`, `exp`, `iss`, `aud`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from account.models import Session
from common.ids import uuid7

ACCESS = "access"
REFRESH = "refresh"
ALGORITHM = "HS256"
ISSUER = "nexus"
AUDIENCE = "nexus-api"
LEEWAY = 5  # seconds that the clocks of two machines may differ
MAX_LENGTH = 1024  # characters; ours have about 400


class InvalidToken(ValueError):
    """Not a token of ours, not of this kind, or out of date. Nobody is told which."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says."""

    session_id: UUID
    user_id: UUID
    token_id: UUID


def pair(session: Session) -> dict[str, str]:
    """A fresh access token (ACCESS_TOKEN_LIFETIME) and the session's current refresh token."""
    now = timezone.now()
    lives_until = min(now + settings.ACCESS_TOKEN_LIFETIME, session.expires_at)
    return {
        "access": _encode(session, ACCESS, uuid7(), lives_until),
        "refresh": _encode(session, REFRESH, session.refresh_jti, session.expires_at),
    }


def read(token: str, kind: str) -> Claims:
    """The claims of a token of that kind.

    Raises:
        InvalidToken: forged, expired, of another kind, or not a token at all.
    """
    if len(token) > MAX_LENGTH or not token.isascii():
        raise InvalidToken
    payload = _decode(token)
    if payload.get("typ") != kind or "exp" not in payload or "iat" not in payload:
        raise InvalidToken
    try:
        return Claims(UUID(payload["sid"]), UUID(payload["sub"]), UUID(payload["jti"]))
    except (KeyError, ValueError, TypeError, AttributeError):
        raise InvalidToken from None


def _encode(session: Session, kind: str, token_id: UUID, expires_at: datetime) -> str:
    claims = {
        "typ": kind,
        "sid": str(session.public_id),
        "sub": str(session.user.public_id),
        "jti": str(token_id),
        "iat": int(timezone.now().timestamp()),
        "exp": int(expires_at.timestamp()),
    }
    return str(_codec(settings.SECRET_KEY).encode(claims))


def _decode(token: str) -> dict[str, Any]:
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            payload: dict[str, Any] = _codec(key).decode(token)  # type: ignore[arg-type]
        except (TokenBackendError, RecursionError, ValueError):
            continue  # another key may fit; a deeply nested header exhausts the stack of the JSON reader
        return payload
    raise InvalidToken


def _codec(key: str) -> TokenBackend:
    return TokenBackend(ALGORITHM, signing_key=key, audience=AUDIENCE, issuer=ISSUER, leeway=LEEWAY)
