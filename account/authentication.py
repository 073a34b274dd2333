"""Who is calling: the access token of a live session."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from account import rotation, second_factor, sessions, tokens
from account.models import Session, User


class SessionTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`, checked against the session's row at every request.

    One query; one more at most once a minute, to note the use. A session that was ended, a user who was disabled and a
    password that was changed count at once. Whatever is wrong, the answer is the same 401.
    """

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer" or token.lstrip().startswith(b"nxk_"):  # an API key
            return None
        session = session_of(token.strip().decode("latin-1"))
        if session is None:
            raise refused()
        if session.second_factor_at is None and second_factor.is_compulsory(session.user):
            _refuse_all_but_accounts(request)
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def session_of(token: str) -> Session | None:
    """The live session that an access token belongs to; its use is noted. None: whatever is wrong with it."""
    try:
        claims = tokens.read(token, tokens.ACCESS)
    except tokens.InvalidToken:
        return None
    session = sessions.find_live(session_id=claims.session_id, version=claims.version)
    if session is None or session.user.public_id != claims.user_id:
        return None
    rotation.note_use(session=session, refresh_id=claims.refresh_id)
    return session


def _refuse_all_but_accounts(request: Request) -> None:
    """Staff without a second factor, where the shop demands one, can do nothing but set it up.

    Raises:
        SecondFactorMissing
    """
    if not request.path.startswith("/api/auth/"):
        raise second_factor.needs_set_up()


def refused() -> AuthenticationFailed:
    """The one answer to every token that does not open anything (any more)."""
    return AuthenticationFailed("The access token is not valid (any more).", code="invalid_token")


class SessionTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes it."""

    target_class = "account.authentication.SessionTokenAuthentication"
    name = "jwtAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The `access` token of `POST /api/auth/login/`, good for 10 minutes.",
        }
