"""The second factor: six digits of an authenticator app (TOTP, RFC 6238), or one of ten recovery codes.

Whoever has one cannot sign in without it, by whatever way. How it is set up and removed is in `account.enrolment`, which
doors want it to be recent in `account.step_up`.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django_otp.oath import hotp

from account import security_letters, vault
from account.models import RecoveryCode, SecondFactor, Session, User
from audit.services import record
from common.addresses import counted
from common.errors import Invalid, Kind, Refusal
from common.limiter import Limit, TooManyRequests, spend

log = logging.getLogger(__name__)

STEP = 30  # seconds
DIGITS = 6
TOLERANCE = 1  # steps that the clock of a telephone may be behind or ahead
FRESH = timedelta(hours=12)  # how long it opens sensitive doors
FAMILIAR = timedelta(days=90)
# A million codes, three of them good: a stranger with the password needs years.
PER_PLACE = Limit("second_factor.place", 10, timedelta(minutes=5), shown=False)
PER_USER = Limit("second_factor.user", 50, timedelta(hours=1), shown=False)

_DIGITS = re.compile(r"[0-9]{6}")
_LOOKALIKES = str.maketrans("OIL", "011")


class SecondFactorRequired(Refusal):
    """The password is right, and the account has a second factor: repeat the call with `otp`."""

    kind = Kind.UNAUTHENTICATED
    code = "second_factor_required"
    title = "A code is needed as well"


class InvalidSecondFactor(Refusal):
    """The password is right, the code is not: mistyped, too old, or used already."""

    kind = Kind.UNAUTHENTICATED
    code = "invalid_second_factor"
    title = "This code is not right"


class SecondFactorMissing(Refusal):
    """This needs a code of your authenticator app: give one to `POST /api/auth/reauthenticate/`, then repeat the call.

    Where the shop demands a second factor of its staff, whoever has none sets one up first.
    """

    kind = Kind.FORBIDDEN
    code = "second_factor_required"
    title = "A second factor is needed"


class WrongCode(Invalid):
    """The code from the authenticator app, or the recovery code, is mistyped, too old, or used already."""

    code = "wrong_code"
    title = "This code is not right"

    def __init__(self) -> None:
        detail = "Wait for the next code of your app: each works once."
        super().__init__(detail, errors=[{"field": "otp", "code": self.code, "detail": self.title}])


def of(user: User) -> SecondFactor | None:
    """The user's confirmed second factor. One query."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()


def is_compulsory(user: User) -> bool:
    """Whether the shop demands one of this user: of staff, when STAFF_SECOND_FACTOR says so."""
    return bool(settings.STAFF_SECOND_FACTOR == "required" and user.is_staff)


def needs_set_up() -> SecondFactorMissing:
    """What staff without a second factor are told where the shop demands one."""
    return SecondFactorMissing(
        "Staff need a second factor here: set one up with POST /api/auth/second-factor/enrol/."
    )


def prove_at_log_in(*, user: User, otp: str, address: str | None) -> datetime | None:
    """Take the code that goes with a right password. Nothing is asked of people without a second factor.

    Returns:
        When it was given: now; or None.

    Raises:
        SecondFactorRequired, InvalidSecondFactor
        TooManyRequests: see `verify`.
    """
    factor = of(user)
    if factor is None:
        return None
    if not otp:
        raise SecondFactorRequired("Send the code of your authenticator app as `otp`.")
    try:
        verify(factor=factor, code=otp, address=address)
    except WrongCode as refusal:
        raise InvalidSecondFactor(refusal.detail) from None
    return timezone.now()


def verify(*, factor: SecondFactor, code: str, address: str | None) -> None:
    """Use up a code of the app, or a recovery code. Of many simultaneous uses of one code exactly one succeeds.

    Tries are counted before anything is looked at: for each address, and for all strange addresses together, so that a
    stranger who knows the password cannot guess for long, nor lock out its owner at a place where they were before.

    Raises:
        WrongCode
        TooManyRequests: the owner is told by letter, once a day.
    """
    text = code.strip().replace(" ", "").replace("-", "")
    by_app = _DIGITS.fullmatch(text) is not None
    try:
        _count(factor.user_id, address, guessable=by_app)
    except TooManyRequests:
        _tell_of_guesses(factor)
        raise
    taken = _take_code(factor, text) if by_app else _take_recovery_code(factor, text)
    if not taken:
        _record(factor, "security.second_factor_failed", outcome="refused")
        raise WrongCode
    if not by_app:
        _tell_of_recovery(factor)


def verify_new(*, factor: SecondFactor, code: str, address: str | None) -> int:
    """Check a code of the app that is being set up. Nothing is used up yet.

    Returns:
        The step of the code.

    Raises:
        WrongCode
        TooManyRequests
    """
    _count(factor.user_id, address, guessable=True)
    sealed = factor.secret if factor.confirmed_at is None else factor.next_secret
    try:
        secret, _ = vault.unseal(bytes(sealed or b""), owner=str(factor.user.public_id))
    except vault.Unreadable:
        raise WrongCode from None
    text = code.strip().replace(" ", "")
    step = matching_step(secret=secret, code=text) if _DIGITS.fullmatch(text) else None
    if step is None:
        raise WrongCode
    return step


def matching_step(*, secret: bytes, code: str) -> int | None:
    """The 30 seconds whose code this is, among now and its neighbours."""
    now = int(time.time()) // STEP
    found = None
    for step in range(now - TOLERANCE, now + TOLERANCE + 1):
        if hmac.compare_digest(f"{hotp(secret, step, DIGITS):0{DIGITS}}", code):
            found = step
    return found


def recovery_digest(code: str) -> str:
    """What is stored of a recovery code: 80 random bits need no slow hash."""
    spelled = code.upper().translate(_LOOKALIKES)
    return hashlib.sha256(spelled.encode("utf-8", "surrogatepass")).hexdigest()


def _take_code(factor: SecondFactor, code: str) -> bool:
    owner = str(factor.user.public_id)
    try:
        secret, aged = vault.unseal(bytes(factor.secret), owner=owner)
    except vault.Unreadable:
        log.error("the second factor of user %s cannot be read: SECRET_KEY was changed", owner)
        return False
    step = matching_step(secret=secret, code=code)
    if step is None:
        return False
    changes: dict[str, Any] = {"last_step": step, "last_used_at": Now()}
    if aged:
        changes["secret"] = vault.seal(secret, owner=owner)
    # The single UPDATE decides: whoever comes second finds the step used up.
    unused = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step)
    return bool(unused.update(**changes))


def _take_recovery_code(factor: SecondFactor, code: str) -> bool:
    unused = RecoveryCode.objects.filter(
        factor=factor, digest=recovery_digest(code), used_at__isnull=True
    )
    return bool(unused.update(used_at=Now()))


def _count(user_id: int, address: str | None, *, guessable: bool) -> None:
    if not settings.RATE_LIMITS:
        return
    place = counted(address or "")
    tries = [(PER_PLACE, f"{user_id}|{place}")]
    if guessable and not _was_here_before(user_id, place):
        tries.append((PER_USER, str(user_id)))
    spend(*tries)


def _was_here_before(user_id: int, place: str) -> bool:
    """Whether the user has signed in with a second factor from this address (of IPv6: this network) lately."""
    lately = Session.objects.filter(
        user_id=user_id,
        second_factor_at__isnull=False,
        created_at__gt=timezone.now() - FAMILIAR,
    )
    return lately.extra(where=["address <<= %s::inet"], params=[place or None]).exists()


def _tell_of_guesses(factor: SecondFactor) -> None:
    _record(factor, "security.second_factor_guessed", outcome="refused")
    with transaction.atomic():
        security_letters.post_codes_guessed(user=factor.user, at=timezone.now())


def _tell_of_recovery(factor: SecondFactor) -> None:
    left = factor.recovery_codes.filter(used_at__isnull=True).count()
    _record(factor, "security.recovery_code_used", left=left)
    with transaction.atomic():
        security_letters.post_recovery_code_used(user=factor.user, left=left, at=timezone.now())


def _record(factor: SecondFactor, action: str, *, outcome: str = "done", **details: Any) -> None:
    record(action=action, target=f"user:{factor.user.public_id}", outcome=outcome, details=details)
