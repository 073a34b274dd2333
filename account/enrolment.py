"""Setting up a second factor, and giving it up."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from account import second_factor, security_letters, sessions, vault
from account.models import RecoveryCode, SecondFactor, Session, User
from account.second_factor import DIGITS, STEP, WrongCode
from account.services import lock_user
from audit.services import record
from common.errors import Conflict, Kind, Refusal
from common.ids import readable_code

SECRET_BYTES = 20  # as RFC 4226 recommends, and authenticator apps expect
CODES = 10
CODE_CHARACTERS = 16  # of five bits


class SecondFactorExists(Conflict):
    """There is a second factor already: to replace it, send a code of it as `otp`."""

    code = "second_factor_exists"
    title = "You have a second factor"


class NoSecondFactor(Conflict):
    """There is no second factor, or its set-up was not begun."""

    code = "no_second_factor"
    title = "You have no second factor"


class SecondFactorCompulsory(Refusal):
    """The shop demands a second factor of its staff: it can be replaced, not removed."""

    kind = Kind.FORBIDDEN
    code = "second_factor_compulsory"
    title = "Staff need a second factor here"


class NotForCustomers(Refusal):
    """Second factors are for people who work in the shop."""

    kind = Kind.FORBIDDEN
    code = "staff_only"
    title = "Second factors are for staff"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs to know. It is shown once."""

    secret: str  # base 32, as people type it
    url: str  # otpauth://…, as they scan it


def enrol(*, user: User, code: str, address: str | None) -> Enrolment:
    """Begin: a new secret, which counts once `confirm` has seen a code of it. Beginning again replaces it.

    Args:
        code: of the present second factor, if there is one; it works on until the new one is confirmed.

    Raises:
        NotForCustomers
        SecondFactorExists: a code of the present one is needed to replace it.
        WrongCode
        TooManyRequests
    """
    present = second_factor.of(user)
    if present is not None:
        if not code:
            raise SecondFactorExists("To replace it, send a code of the present one as `otp`.")
        second_factor.verify(factor=present, code=code, address=address)
    with transaction.atomic():
        locked = lock_user(user.pk)
        if not locked.is_staff:
            raise NotForCustomers
        secret = secrets.token_bytes(SECRET_BYTES)
        sealed = vault.seal(secret, owner=str(locked.public_id))
        if present is None:
            SecondFactor.objects.filter(user=locked, confirmed_at=None).delete()
            if second_factor.of(locked) is not None:
                raise SecondFactorExists  # confirmed since we looked
            SecondFactor.objects.create(user=locked, secret=sealed)
        else:
            SecondFactor.objects.filter(pk=present.pk).update(next_secret=sealed)
    text = base64.b32encode(secret).decode()
    return Enrolment(secret=text, url=_otpauth(locked, text))


def confirm(*, user: User, code: str, session: Session | None, address: str | None) -> list[str]:
    """A first code proves that the app works: from now on it is asked for. Every other session ends.

    Args:
        session: the one that goes on, now with a second factor; None in the admin, which remembers it in its own way.

    Returns:
        Ten recovery codes, to be shown this one time. Older ones are void.

    Raises:
        NoSecondFactor: no set-up was begun.
        WrongCode
        TooManyRequests
    """
    factor = SecondFactor.objects.select_related("user").filter(user=user).first()
    if factor is None or (factor.confirmed_at is not None and factor.next_secret is None):
        raise NoSecondFactor("Begin with the set-up.")
    step = second_factor.verify_new(factor=factor, code=code, address=address)
    with transaction.atomic():
        locked = lock_user(user.pk)
        if not _take_over(factor, step):
            raise WrongCode  # begun again, or confirmed, since we looked
        codes = _new_recovery_codes(factor)
        _end_sessions_without(locked, session)
        _record(locked, "security.second_factor_enrolled")
        security_letters.post_second_factor_set_up(user=locked)
    return codes


def renew_recovery_codes(*, user: User, code: str, address: str | None) -> list[str]:
    """Ten new recovery codes; the old ones are void.

    Raises:
        NoSecondFactor, WrongCode
        TooManyRequests
    """
    factor = _need(user)
    second_factor.verify(factor=factor, code=code, address=address)
    with transaction.atomic():
        locked = lock_user(user.pk)
        codes = _new_recovery_codes(_need(locked))
        _record(locked, "security.recovery_codes_renewed")
        security_letters.post_recovery_codes_renewed(user=locked)
    return codes


def remove(*, user: User, code: str, address: str | None) -> None:
    """Give the second factor up; the password alone opens the account then. The caller has just asked for the password.

    Raises:
        NoSecondFactor, SecondFactorCompulsory, WrongCode
        TooManyRequests
    """
    factor = _need(user)
    if second_factor.is_compulsory(user):
        raise SecondFactorCompulsory("You can replace it by another app.")
    second_factor.verify(factor=factor, code=code, address=address)
    _remove(user, by_staff=False)


def disable(*, user: User) -> None:
    """Remove somebody's second factor for them: for operators, when telephone and recovery codes are lost.

    Every session ends, as whoever asked may not be who they said.

    Raises:
        NoSecondFactor
    """
    _need(user)
    _remove(user, by_staff=True)


def codes_left(user: User) -> int:
    """How many recovery codes are unused."""
    return RecoveryCode.objects.filter(factor__user=user, used_at__isnull=True).count()


def step_up(*, session: Session, code: str, address: str | None) -> Session:
    """Take a code in a session that stands, so that sensitive doors open for a while.

    Raises:
        NoSecondFactor, WrongCode
        TooManyRequests
    """
    second_factor.verify(factor=_need(session.user), code=code, address=address)
    session.second_factor_at = _now()
    session.save(update_fields=["second_factor_at"])
    return session


def _take_over(factor: SecondFactor, step: int) -> bool:
    """The secret that was checked becomes the one that counts, if it is still the one that waits."""
    same = SecondFactor.objects.filter(pk=factor.pk, confirmed_at=factor.confirmed_at)
    if factor.confirmed_at is None:
        return bool(same.filter(secret=factor.secret).update(confirmed_at=Now(), last_step=step))
    changes = {"secret": factor.next_secret, "next_secret": None, "confirmed_at": Now()}
    return bool(same.filter(next_secret=factor.next_secret).update(last_step=step, **changes))


def _remove(user: User, *, by_staff: bool) -> None:
    with transaction.atomic():
        locked = lock_user(user.pk)
        if not SecondFactor.objects.filter(user=locked, confirmed_at__isnull=False).delete()[0]:
            raise NoSecondFactor
        Session.objects.filter(user=locked).update(second_factor_at=None)
        if by_staff:
            sessions.end_sessions(user=locked, reason=Session.RevokeReason.STAFF)
        _record(locked, "security.second_factor_removed")
        security_letters.post_second_factor_removed(user=locked, by_staff=by_staff)


def _need(user: User) -> SecondFactor:
    factor = second_factor.of(user)
    if factor is None:
        raise NoSecondFactor
    return factor


def _new_recovery_codes(factor: SecondFactor) -> list[str]:
    codes = [readable_code(CODE_CHARACTERS) for _ in range(CODES)]
    RecoveryCode.objects.filter(factor=factor).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(factor=factor, digest=second_factor.recovery_digest(code)) for code in codes
    )
    return ["-".join(code[i : i + 4] for i in range(0, CODE_CHARACTERS, 4)) for code in codes]


def _end_sessions_without(user: User, session: Session | None) -> None:
    others = Session.objects.filter(user=user)
    if session is not None:
        Session.objects.filter(pk=session.pk).update(second_factor_at=_now())
        others = others.exclude(pk=session.pk)
    sessions.revoke(others, Session.RevokeReason.OWNER)


def _otpauth(user: User, secret: str) -> str:
    issuer = settings.SHOP_NAME.replace(":", "")
    label = quote(f"{issuer}:{user.email or user.phone or user.public_id}")
    asked = {"secret": secret, "issuer": issuer, "digits": DIGITS, "period": STEP}
    return f"otpauth://totp/{label}?{urlencode(asked, quote_via=quote)}"


def _record(user: User, action: str) -> None:
    record(action=action, target=f"user:{user.public_id}")


def _now() -> datetime:
    return timezone.now()
