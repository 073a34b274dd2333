"""Signing in and out: sessions, and the refresh tokens that keep them alive."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from account.models import Session, User
from common.errors import Kind, Refusal
from common.ids import uuid7

log = logging.getLogger(__name__)

# However often it is used, a session needs the password again after this time.
LONGEST_SESSION = timedelta(days=365)


class InvalidCredentials(Refusal):
    """Unknown address, wrong password or disabled account: nobody is told which."""

    kind = Kind.UNAUTHENTICATED
    code = "invalid_credentials"
    title = "Not signed in"


class EmailNotVerified(Refusal):
    """The password is right, but nobody has proved yet that the mailbox is theirs."""

    kind = Kind.FORBIDDEN
    code = "email_not_verified"
    title = "E-mail address not verified"


class InvalidRefreshToken(Refusal):
    """The refresh token is forged, expired, used already, or its session has ended."""

    kind = Kind.UNAUTHENTICATED
    code = "invalid_refresh_token"
    title = "Not signed in"


@dataclass(frozen=True, slots=True)
class Device:
    """What a request says about where it comes from; shown to the owner of the session."""

    user_agent: str = ""
    address: str | None = None


def sign_in(*, email: str, password: str, device: Device) -> Session:
    """Open a session for whoever owns the address and knows the password.

    An unknown address costs one password hash, as a known one does.

    Raises:
        InvalidCredentials, EmailNotVerified
    """
    user = User.objects.with_email(email).first()
    if user is None or not user.is_active:
        check_password(password, _nobodys_password())
        raise InvalidCredentials("E-mail address or password are wrong.")
    if not _password_is_right(user, password):
        raise InvalidCredentials("E-mail address or password are wrong.")
    if user.email_verified_at is None:
        raise EmailNotVerified("Open the link in the letter we sent, or ask for another letter.")
    User.objects.filter(pk=user.pk).update(last_login=Now())
    return open_session(user=user, device=device)


def open_session(*, user: User, device: Device) -> Session:
    """A new family of refresh tokens. It dies with the user's present password."""
    return Session.objects.create(
        user=user,
        password_mark=user.password_mark(),
        expires_at=timezone.now() + settings.REFRESH_TOKEN_LIFETIME,
        user_agent=device.user_agent,
        address=device.address,
    )


def find_live(*, session_id: UUID) -> Session | None:
    """The session with its user, if both still stand. One query."""
    session = Session.objects.select_related("user").filter(public_id=session_id).first()
    if session is None or not _stands(session, timezone.now()):
        return None
    return session


def refresh(*, session_id: UUID, refresh_id: UUID) -> Session:
    """Use a refresh token: the session gets the next one, and lives on.

    The single UPDATE decides: of any number of simultaneous uses exactly one wins. Every other use is a replay, which may
    mean that the token was stolen, and ends the session for thief and owner alike.

    Raises:
        InvalidRefreshToken
    """
    if not _take(session_id=session_id, refresh_id=refresh_id):
        if _revoke(_of_replay(session_id, refresh_id), Session.RevokeReason.REPLAY):
            log.warning("a used refresh token came back: session %s was ended", session_id)
        raise InvalidRefreshToken("Sign in again.")
    session = Session.objects.select_related("user").filter(public_id=session_id).first()
    if session is None or not _owner_stands(session, timezone.now()):
        raise InvalidRefreshToken("Sign in again.")
    return session  # perhaps ended by a replay since: the answer does not depend on who is faster


def sign_out(*, session_id: UUID) -> None:
    """End one session. Ending it again changes nothing."""
    _revoke(Session.objects.filter(public_id=session_id), Session.RevokeReason.LOGOUT)


def end_sessions(*, user: User, reason: Session.RevokeReason) -> None:
    """End every session of that user."""
    _revoke(Session.objects.filter(user=user), reason)


def _take(*, session_id: UUID, refresh_id: UUID) -> bool:
    # Only columns of the row itself may stand in this WHERE: PostgreSQL looks at them again after waiting for a rival,
    # but not at a subquery's. So the user is checked afterwards.
    now = timezone.now()
    current = Session.objects.filter(
        public_id=session_id, refresh_jti=refresh_id, revoked_at=None, expires_at__gt=now
    )
    return bool(
        current.update(
            refresh_jti=uuid7(),
            last_used_at=now,
            expires_at=now + settings.REFRESH_TOKEN_LIFETIME,
        )
    )


def _of_replay(session_id: UUID, refresh_id: UUID) -> QuerySet[Session]:
    return Session.objects.filter(public_id=session_id).exclude(refresh_jti=refresh_id)


def _revoke(sessions: QuerySet[Session], reason: Session.RevokeReason) -> int:
    return sessions.filter(revoked_at=None).update(revoked_at=Now(), revoke_reason=reason)


def _stands(session: Session, now: datetime) -> bool:
    return session.revoked_at is None and now < session.expires_at and _owner_stands(session, now)


def _owner_stands(session: Session, now: datetime) -> bool:
    return (
        now < session.created_at + LONGEST_SESSION
        and session.user.is_active
        and session.password_mark == session.user.password_mark()
    )


@functools.cache
def _nobodys_password() -> str:
    # Compared with where there is no account, so that both ways through `sign_in` do the same.
    return make_password(str(uuid7()))


def _password_is_right(user: User, password: str) -> bool:
    before = user.password_mark()
    if not user.check_password(password):
        return False
    if (after := user.password_mark()) != before:
        # Django has hashed the same password again at today's cost: that must not end the other sessions.
        Session.objects.filter(user=user, password_mark=before).update(password_mark=after)
    return True
