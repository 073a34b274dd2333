"""Telephone numbers as identities: sign in with a code, verify a number, replace it, give it up.

Only a number that was proved by a code is an identity, and only one person has it (`one_user_per_verified_phone`). A number
that somebody merely typed into a profile means nothing: it blocks nobody, finds nobody, and whoever proves it does not land
in the account of the one who typed it.

Operators give abandoned numbers to new people. Whoever proves a number is signed in to its account, unless that account has
not been used for a year (`DORMANT`): then it loses the number, and whoever proved it begins anew and sees nothing of it.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from account import letters, phone_codes, phone_letters, second_factor, sessions
from account.models import PhoneCode, Session, User
from account.phone_codes import InvalidCode, Purpose, WrongCode
from account.services import lock_user
from audit import services as audit
from common.errors import Conflict, Kind, Refusal
from common.ids import uuid7
from common.transactions import require_transaction

DORMANT = timedelta(days=365)


class PhoneTaken(Conflict):
    """Another account has this number as its verified one. Told only to somebody who has just proved that they read it.

    They can sign in to that account with a code, and give the number up there.
    """

    code = "phone_taken"
    title = "This phone number belongs to another account"

    def __init__(self) -> None:
        detail = "Another account has this number. Sign in with it to use that account, or to give the number up."
        super().__init__(detail, errors=[{"field": "phone", "code": self.code, "detail": detail}])


class LastIdentity(Conflict):
    """Without this number nobody could sign in to the account any more: add and verify an e-mail address first."""

    code = "last_identity"
    title = "Nothing else signs in to this account"


class AccountClosed(Refusal):
    """The code is right, but the shop has closed the account of this number."""

    kind = Kind.FORBIDDEN
    code = "account_closed"
    title = "This account is closed"


def sign_in(
    *,
    phone: str,
    code: str,
    device: sessions.Device,
    verifier: str = "",
    first_name: str = "",
    last_name: str = "",
    otp: str = "",
) -> Session:
    """Open a session for whoever reads what is sent to the number; a number that is nobody's opens an account first.

    The names are those of a new account. The code is used up only when everything else is in order, so that a forgotten
    second factor can be sent with the same code.

    Raises:
        PhoneSignInOff, InvalidCode, AccountClosed
        SecondFactorRequired, InvalidSecondFactor: the account has a second factor.
        TooManyRequests: too many of its codes were tried.
    """
    phone_codes.refuse_off()
    row = phone_codes.check(phone=phone, purpose=Purpose.SIGN_IN, code=code, verifier=verifier)
    if row is None:
        raise InvalidCode
    owner = _owner(phone)
    factor_at = None
    if owner is not None:
        if not owner.is_active:
            raise AccountClosed("Ask the shop.")
        factor_at = second_factor.prove_at_log_in(user=owner, otp=otp, address=device.address)
    with transaction.atomic():
        # The account before the code, as everywhere; without a good code it is as if nothing had been opened.
        user = _account(phone, first_name=first_name, last_name=last_name)
        if not phone_codes.spend(row):
            raise InvalidCode
        if owner is not None and user.pk != owner.pk:
            raise InvalidCode  # the number changed hands since we looked
        session = sessions.open_session(user=user, device=device, second_factor_at=factor_at)
        session.by_code = True
        session.save(update_fields=["by_code"])
    return session


def request_verification(*, user: User, phone: str, verifier: str = "") -> None:
    """Send a code that makes a number the user's own, in place of an older one if there is one.

    Raises:
        PhoneSignInOff, TooManyCodes, Invalid: see `phone_codes.request`.
    """
    phone_codes.request(phone=phone, purpose=Purpose.VERIFY, user=user, verifier=verifier)


def verify(*, session: Session, code: str, phone: str = "", verifier: str = "") -> User:
    """Make the number the user's own. When it replaces another, every other session ends, and the old number is told.

    Args:
        phone: the number the code went to; when empty, the one last asked for.

    Raises:
        WrongCode
        PhoneTaken: another account has it; told only after a right code.
    """
    user = session.user
    number = phone or phone_codes.newest_number(user=user)
    row = phone_codes.check(
        phone=number, purpose=Purpose.VERIFY, code=code, user=user, verifier=verifier
    )
    if row is None:
        raise WrongCode
    with transaction.atomic():
        rival = Q(phone=row.phone, phone_verified_at__isnull=False)
        locked = lock_user(user.pk, beside=rival)
        if not phone_codes.spend(row):
            raise WrongCode
        taken = not _take_number(locked, row)
        if not taken:
            sessions.end_others(session=session)
    if taken:
        raise PhoneTaken
    return locked


def give_up(*, user: User) -> None:
    """Take the number off the account. It may be somebody else's from now on.

    Raises:
        LastIdentity
    """
    with transaction.atomic():
        user = lock_user(user.pk)
        if user.phone_verified_at is not None and user.email_verified_at is None:
            raise LastIdentity("Add an e-mail address and verify it first.")
        _release(user, keep_as_contact=False)


def apply_by_staff(*, user: User, was: str | None, vouched: bool) -> str:
    """Decide, before the row is saved, whether the number that staff entered is an identity: only if they vouch for it.

    Returns:
        The number that signed in until now and does no more; or an empty string.
    """
    moved = (was or None) != user.phone
    old = was if moved and user.phone_verified_at is not None else None
    if vouched and user.phone:
        user.phone_verified_at = timezone.now()
    elif moved:
        user.phone_verified_at = None
    return old or ""


def tell_of_move(*, user: User, old: str) -> None:
    """Tell everybody concerned that the account has left its old number."""
    phone_codes.void_all(phone=old)
    phone_letters.post_number_moved(phone=old, occasion=f"moved:{uuid7()}")
    letters.post_phone_changed(user=user, occasion=f"phone:{uuid7()}")


def _owner(phone: str) -> User | None:
    """Whose identity the number is, unless nobody has used the account for so long that the number may be another's."""
    user = User.objects.filter(phone=phone, phone_verified_at__isnull=False).first()
    return None if user is None or _is_dormant(user) else user


def _account(phone: str, *, first_name: str, last_name: str) -> User:
    """The account of a number that was just proved; the caller holds a transaction."""
    require_transaction()
    verified = User.objects.filter(phone=phone, phone_verified_at__isnull=False)
    user = verified.select_for_update(no_key=True).first()
    if user is not None and _is_dormant(user):
        _release(user, keep_as_contact=True)
        user = None
    if user is not None:
        return user
    user = _prepared_by_staff(phone) or User(
        phone=phone, first_name=first_name, last_name=last_name
    )
    user.phone_verified_at = timezone.now()
    if user.pk is None:
        user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:  # another code of the same number was faster
        return verified.select_for_update(no_key=True).get()
    audit.record(action="security.phone_verified", target=f"user:{user.public_id}")
    return user


def _prepared_by_staff(phone: str) -> User | None:
    """An account that the shop made for a customer: it has nothing but this number, and nobody could ever sign in to it."""
    waiting = User.objects.filter(
        phone=phone, phone_verified_at=None, email=None, last_login=None,
        is_active=True, is_staff=False, is_superuser=False,
    )  # fmt: skip
    candidates = waiting.select_for_update(no_key=True).order_by("pk")
    return next((user for user in candidates if not user.has_usable_password()), None)


def _take_number(user: User, row: PhoneCode) -> bool:
    """Whether the number is the user's now. Both rows are locked."""
    rival = (
        User.objects.select_for_update(no_key=True)
        .filter(phone=row.phone, phone_verified_at__isnull=False)
        .exclude(pk=user.pk)
        .first()
    )
    if rival is not None:
        if not _is_dormant(rival):
            return False
        _release(rival, keep_as_contact=True)
    old = user.phone if user.phone_verified_at else None
    user.phone, user.phone_verified_at = row.phone, timezone.now()
    try:
        with transaction.atomic():
            user.save(update_fields=["phone", "phone_verified_at"])
    except IntegrityError:
        return False
    audit.record(action="security.phone_verified", target=f"user:{user.public_id}")
    if old and old != row.phone:
        tell_of_move(user=user, old=old)
    elif not old:
        letters.post_phone_changed(user=user, occasion=f"phone:{uuid7()}")
    return True


def _release(user: User, *, keep_as_contact: bool) -> None:
    """The number is not the user's identity any more. The caller holds the user's lock."""
    was_verified, number = user.phone_verified_at is not None, user.phone
    user.phone_verified_at = None
    user.phone = number if keep_as_contact else None
    user.save(update_fields=["phone", "phone_verified_at"])
    if was_verified:
        audit.record(action="security.phone_released", target=f"user:{user.public_id}")
        if keep_as_contact:  # somebody else reads that number now
            letters.post_phone_changed(user=user, occasion=f"phone:{uuid7()}")
        elif number:
            tell_of_move(user=user, old=number)


def _is_dormant(user: User) -> bool:
    then = timezone.now() - DORMANT
    lately = (user.phone_verified_at, user.last_login)
    if any(moment is not None and moment > then for moment in lately):
        return False
    return not Session.objects.filter(user=user, last_used_at__gt=then).exists()
