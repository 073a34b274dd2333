"""The end of an account: closed at once, and emptied by a job soon after."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db.models import F, Q
from django.utils import timezone

from account import roles, sessions
from account.identifiers import email_key
from account.models import (
    Address,
    ApiKey,
    EmailToken,
    PhoneCode,
    SecondFactor,
    Session,
    User,
    UserRole,
)
from common.errors import Conflict
from common.transactions import require_transaction


class SuperuserStays(Conflict):
    """A superuser owns the installation, and is erased only after the command line has made them an ordinary person."""

    code = "superuser_stays"
    title = "Superusers cannot be erased"


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What a person is known by. `emails` (as `email_key` spells them) and `phones` (E.164) are proved to be theirs.

    `mailbox` is their account's e-mail address as they type it, which is nobody else's account's. Of `perhaps` nobody knows:
    numbers and addresses that they gave us, and that may be somebody else's, or were theirs once.
    """

    user_id: int | None
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    mailbox: str = ""
    perhaps: frozenset[str] = frozenset()


def identifiers_of(user: User | None, *, email: str = "", phone: str = "") -> Identifiers:
    """Of an account, of an address or number that staff vouch for, or of both."""
    emails = {email_key(email)} if email else set()
    phones = {phone} if phone else set()
    mailbox, perhaps = email, set()
    if user is not None:
        if user.email and user.email_verified_at:
            emails.add(email_key(user.email))
        if user.phone and user.phone_verified_at:
            phones.add(user.phone)
        mailbox = user.email or email
        perhaps = {user.phone or ""}
        for addresses in EmailToken.objects.filter(user=user).values_list("email", "email_key"):
            perhaps |= set(addresses)
    return Identifiers(
        user.pk if user else None,
        frozenset(emails),
        frozenset(phones),
        mailbox,
        frozenset(perhaps - {""}),
    )


def close_account(*, user: User) -> None:
    """Nobody signs in any more: every session ends, the password works no longer, nothing that was signed counts.

    Raises:
        SuperuserStays, account.roles.LastOwner
    """
    require_transaction()
    if user.is_superuser:
        raise SuperuserStays("Whoever runs the shop must first take this away on the command line.")
    roles.refuse_to_lose_last_owner(user=user)
    sessions.end_sessions(user=user, reason=Session.RevokeReason.ERASED)
    User.objects.filter(pk=user.pk).update(is_active=False, password=make_password(None))
    user.refresh_from_db()


def empty_account(*, user_id: int, phones: Collection[str] = ()) -> None:
    """Take the person out of their account. What others point to stays: a row that says nobody. Safe to repeat.

    Args:
        phones: numbers proved to be theirs: codes sent to them go, whoever asked for them.
    """
    require_transaction()
    user = User.objects.select_for_update().get(pk=user_id)
    for rows in (Address, Session, EmailToken, SecondFactor, UserRole):
        rows.objects.filter(user=user).delete()
    PhoneCode.objects.filter(Q(user=user) | Q(phone__in=list(phones))).delete()
    ApiKey.objects.filter(created_by=user).update(last_used_address=None)
    user.groups.clear()
    user.user_permissions.clear()
    User.objects.filter(pk=user.pk).update(
        email=None,
        email_key=None,
        email_verified_at=None,
        phone=None,
        phone_verified_at=None,
        first_name="",
        last_name="",
        password=make_password(None),
        last_login=None,
        is_active=False,
        is_staff=False,
        is_superuser=False,
        token_version=F("token_version") + 1,
        erased_at=user.erased_at or timezone.now(),
    )
