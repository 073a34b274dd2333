"""Signing in and out: sessions, who has which, and how they end. What keeps them alive is in `account.rotation`."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from account import letters, passwords, second_factor
from account.devices import Device as Device
from account.models import Session, User
from audit import context as audit_context
from audit import services as audit
from common.errors import Kind, NotFound, Refusal
from common.ids import uuid7

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


def sign_in(
    *, password: str, device: Device, email: str = "", phone: str = "", otp: str = ""
) -> Session:
    """Open a session for whoever owns the address, or the verified number, and knows the password.

    What is unknown costs one password hash, as what is known does.

    Args:
        phone: E.164, instead of `email`.
        otp: of people who have a second factor; it is looked at only after a right password.

    Raises:
        InvalidCredentials, EmailNotVerified, SecondFactorRequired, InvalidSecondFactor
        TooManyRequests: too many codes were tried.
    """
    user = _known_as(email, phone)
    if user is None or not user.is_active:
        check_password(password, _nobodys_password())
        raise _wrong(user)
    if not _password_is_right(user, password):
        raise _wrong(user)
    if email and user.email_verified_at is None:
        raise EmailNotVerified("Open the link in the letter we sent, or ask for another letter.")
    proved_at = second_factor.prove_at_log_in(user=user, otp=otp, address=device.address)
    return open_session(user=user, device=device, second_factor_at=proved_at)


def open_session(
    *, user: User, device: Device, second_factor_at: datetime | None = None
) -> Session:
    """A new family of refresh tokens: the one way in, whatever was proved before. It dies with the user's present password.

    Whoever has signed in before is told by letter when it happens from a device or place that no session of theirs has seen.

    Args:
        second_factor_at: when the second factor was proved, see `account.second_factor`.

    Raises:
        SecondFactorRequired: the user has one, and it was not proved.
    """
    with transaction.atomic():
        # This locks the user: a second factor that is confirmed meanwhile is there now, or will end this session.
        User.objects.filter(pk=user.pk).update(last_login=Now())
        if second_factor_at is None and second_factor.of(user) is not None:
            raise second_factor.SecondFactorRequired("Sign in with your second factor.")
        if user.last_login is not None and not _is_familiar(user, device):
            letters.post_new_device(user=user, device=device, at=timezone.now())
        session = Session.objects.create(
            user=user,
            password_mark=user.password_mark(),
            expires_at=timezone.now() + settings.REFRESH_TOKEN_LIFETIME,
            user_agent=device.user_agent,
            address=device.address,
            second_factor_at=second_factor_at,
        )
        audit_context.identify(kind="staff" if user.is_staff else "customer", user_id=user.pk)
        audit.record(action="security.session_opened", target=f"session:{session.public_id}")
        return session


def find_live(*, session_id: UUID, version: int) -> Session | None:
    """The session with its user, if both still stand for tokens of that version. One query."""
    session = _with_user(session_id)
    now = timezone.now()
    if session is None or session.revoked_at is not None or now >= session.expires_at:
        return None
    return session if owner_stands(session, now, version) else None


def live_of(user: User) -> QuerySet[Session]:
    """Where that user is signed in now."""
    now = timezone.now()
    return Session.objects.filter(
        user=user,
        revoked_at=None,
        expires_at__gt=now,
        created_at__gt=now - LONGEST_SESSION,
        password_mark=user.password_mark(),
    )


def reauthenticate(*, session: Session, password: str) -> Session:
    """Take the password once more, so that sensitive doors open for a while.

    Raises:
        WrongPassword
    """
    if not _password_is_right(session.user, password):
        audit.record(
            action="security.reauthentication_failed",
            target=f"user:{session.user.public_id}",
            outcome="refused",
        )
        raise passwords.WrongPassword(field="password")
    session.authenticated_at = timezone.now()
    session.save(update_fields=["authenticated_at"])
    return session


def sign_out(*, session_id: UUID) -> None:
    """End one session. Ending it again changes nothing."""
    revoke(Session.objects.filter(public_id=session_id), Session.RevokeReason.LOGOUT)


def end_one(*, user: User, session_id: UUID) -> None:
    """End a session of that user, from whichever of their devices.

    Raises:
        NotFound: there is none that still stands, or it is somebody else's.
    """
    with transaction.atomic():
        if not revoke(live_of(user).filter(public_id=session_id), Session.RevokeReason.OWNER):
            raise NotFound("There is no such session, or it is not yours.")
        _record_end(user, Session.RevokeReason.OWNER, 1)


def end_others(*, session: Session) -> None:
    """End every session of the user but this one."""
    with transaction.atomic():
        others = Session.objects.filter(user=session.user).exclude(pk=session.pk)
        ended = revoke(others, Session.RevokeReason.OWNER)
        _record_end(session.user, Session.RevokeReason.OWNER, ended)


def end_sessions(*, user: User, reason: Session.RevokeReason) -> None:
    """End every session of that user, and make everything void that was signed for them until now."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
        user.refresh_from_db(fields=["token_version"])
        _record_end(user, reason, revoke(Session.objects.filter(user=user), reason))


def revoke(sessions: QuerySet[Session], reason: Session.RevokeReason) -> int:
    """End those of these sessions that have not ended. Returns how many."""
    return sessions.filter(revoked_at=None).update(revoked_at=Now(), revoke_reason=reason)


def owner_stands(session: Session, now: datetime, version: int) -> bool:
    """Whether the session's user is still who opened it, and tokens of that version are good."""
    user = session.user
    return (
        now < session.created_at + LONGEST_SESSION
        and user.is_active
        and user.erased_at is None
        and user.token_version == version
        and session.password_mark == user.password_mark()
    )


def _with_user(session_id: UUID) -> Session | None:
    """Session and user, as `select_related` reads them.

    Every signed-in request begins with this, and the ORM takes longer to write the statement than PostgreSQL takes to answer
    it: so it is written once.
    """
    statement, sessions, users = _session_with_user()
    with connection.cursor() as cursor:
        cursor.execute(statement, [session_id])
        row = cursor.fetchone()
    if row is None:
        return None
    alias = connection.alias
    session = Session.from_db(alias, sessions, row[: len(sessions)])
    session.user = User.from_db(alias, users, row[len(sessions) :])
    return session


@functools.cache
def _session_with_user() -> tuple[str, list[str], list[str]]:
    """The statement, and the attributes of the two models in its order."""
    found = Session.objects.select_related("user").filter(public_id=UUID(int=0))
    statement, _ = found.query.sql_with_params()
    sessions, users = (
        [one.attname for one in model._meta.concrete_fields] for model in (Session, User)
    )
    return statement, sessions, users


def _known_as(email: str, phone: str) -> User | None:
    # A number that nobody has proved is no identity, whoever typed it into a profile.
    by_phone = User.objects.filter(phone=phone, phone_verified_at__isnull=False)
    return (User.objects.with_email(email) if email else by_phone).first()


def _wrong(user: User | None) -> InvalidCredentials:
    # Written for known and unknown addresses alike; whatever was typed is nobody's business.
    target = f"user:{user.public_id}" if user else ""
    audit.record(action="security.sign_in_failed", target=target, outcome="refused")
    return InvalidCredentials("Address, number or password are wrong.")


def _record_end(user: User, reason: Session.RevokeReason, count: int) -> None:
    audit.record(
        action="security.sessions_ended",
        target=f"user:{user.public_id}",
        details={"reason": reason.value, "sessions": count},
    )


def _is_familiar(user: User, device: Device) -> bool:
    """Whether the user was signed in with this device before; or with such a one, and with some device at such a place."""
    if device.known_to == user.public_id:
        return True
    recent = Session.objects.filter(user=user).order_by("-pk")[:200]
    known = [Device(*row) for row in recent.values_list("user_agent", "address")]
    return any(device.name == other.name for other in known) and any(
        device.neighbourhood == other.neighbourhood for other in known
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
