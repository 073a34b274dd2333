"""Accounts: register, verify, reset, change. No verb tells its caller whether an address is known.

A door that takes an address does the same work for every address; the letter, which depends on who owns it, is written by
a job (`account.correspondence`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now

from account import email_tokens, guessing, letters, passwords, phone_codes, sessions
from account.email_tokens import Purpose
from account.models import Session, User
from common.errors import Conflict, invalid_field
from common.ids import uuid7
from common.jobs import enqueue


class PhoneIsVerified(Conflict):
    """A verified number signs in, so that a profile's update does not touch it: `/api/auth/phone/` changes or removes it."""

    code = "phone_is_verified"
    title = "This number is verified"

    def __init__(self) -> None:
        detail = "Verify another number, or remove this one, at /api/auth/phone/."
        super().__init__(detail, errors=[{"field": "phone", "code": self.code, "detail": detail}])


def register(
    *,
    email: str,
    password: str,
    first_name: str = "",
    last_name: str = "",
    phone: str | None = None,
) -> None:
    """Open an account that works once its owner has followed the link in a letter.

    An address that waits for verification gets the new password and names, and a new letter; the links of earlier letters
    die. The owner of a verified address is told by letter that somebody tried, and nothing changes; nor does it for whoever
    has proved a phone number. The phone number given here is a contact: it proves nothing and blocks nobody.

    Raises:
        WeakPassword
    """
    names = {"first_name": first_name, "last_name": last_name}
    wanted = User(email=email, phone=phone, **names)
    passwords.refuse_weak(password=password, user=wanted, field="password")
    fields = {"email": email, "password": make_password(password), "phone": phone, **names}
    with transaction.atomic():
        user = _with_address(fields)
        waiting = User.objects.filter(
            pk=user.pk, email_verified_at=None, phone_verified_at=None, is_active=True
        )
        waiting.update(**fields)
        email_tokens.void(user=user, purpose=Purpose.VERIFY)
        _write("account.send_registration_letter", user.pk)


def request_verification(*, email: str) -> None:
    """Send another verification letter, if the address waits for one."""
    _write_to(email, "account.send_verification_letter")


def verify_email(*, token: str) -> User:
    """Accept the proof that the bearer reads the mailbox.

    Raises:
        InvalidEmailToken
    """
    owner = email_tokens.owner(token=token, purpose=Purpose.VERIFY)
    with transaction.atomic():
        user = lock_user(owner.pk)
        email_tokens.spend(token=token, purpose=Purpose.VERIFY, user=user)
        _mark_verified(user)
    return user


def request_password_reset(*, email: str) -> None:
    """Send a letter with which the owner of the mailbox can set a new password."""
    _write_to(email, "account.send_reset_letter")


def reset_password(*, token: str, new_password: str) -> User:
    """Set the password of whoever got the letter, and end all their sessions.

    Who reads the letter owns the mailbox, so that the address counts as verified from now on. If it never was, names and
    number go: they are of whoever registered.

    Raises:
        InvalidEmailToken, WeakPassword: a weak password does not use the token up.
    """
    owner = email_tokens.owner(token=token, purpose=Purpose.RESET)
    passwords.refuse_weak(password=new_password, user=owner, field="new_password")
    encoded = make_password(new_password)
    with transaction.atomic():
        user = lock_user(owner.pk)
        email_tokens.spend(token=token, purpose=Purpose.RESET, user=user)
        email_tokens.void(user=user, purpose=Purpose.VERIFY)
        _forget_whoever_registered(user)
        _mark_verified(user)
        _set_password(user, encoded, Session.RevokeReason.RESET)
    return user


def change_password(
    *,
    user: User,
    old_password: str | None,
    new_password: str,
    device: sessions.Device,
    second_factor_at: datetime | None = None,
    session: Session | None = None,
) -> Session:
    """Set a new password. Every session ends, and the caller gets a new one.

    Args:
        old_password: None is taken only from a `session` that a phone code has just opened: so people who have no password
            get one, and people who forgot theirs another. Whoever reads the number's codes could sign in anyway.
        second_factor_at: when the second factor was proved in the caller's session; the new one remembers it.

    Raises:
        WrongPassword, WeakPassword
        Invalid: the old password is missing.
    """
    if old_password is None:
        if session is None or not phone_codes.has_just_opened(session):
            raise invalid_field("old_password", "required", "Give your present password.")
    elif not user.check_password(old_password):
        raise passwords.WrongPassword
    passwords.refuse_weak(password=new_password, user=user, field="new_password")
    encoded = make_password(new_password)
    with transaction.atomic():
        locked = lock_user(user.pk)
        if locked.password != user.password:
            raise passwords.WrongPassword  # somebody else has changed it since we looked
        email_tokens.void(user=locked, purpose=Purpose.RESET)
        _set_password(locked, encoded, Session.RevokeReason.PASSWORD)
        return sessions.open_session(user=locked, device=device, second_factor_at=second_factor_at)


def update_profile(*, user: User, changes: Mapping[str, Any]) -> User:
    """Change names and the contact number; `changes` holds only those. A verified number can be repeated, not changed.

    Raises:
        PhoneIsVerified
    """
    with transaction.atomic():
        locked = lock_user(user.pk)  # the number may be verified at this moment
        verified = locked.phone_verified_at is not None
        if verified and changes.get("phone", locked.phone) != locked.phone:
            raise PhoneIsVerified
        for name, value in changes.items():
            setattr(locked, name, value)
        locked.save(update_fields=sorted(changes))
    return locked


def lock_user(user_id: int, *, beside: Q | None = None) -> User:
    """The user, locked until the end of the transaction. Users are locked before their codes, tokens and sessions.

    Args:
        beside: finds whom else this concerns: all are locked by their ids, so that two who want what the other has do not
            wait for each other.
    """
    wanted = Q(pk=user_id) if beside is None else Q(pk=user_id) | beside
    rows = User.objects.select_for_update(no_key=True).filter(wanted).order_by("pk")
    found = {user.pk: user for user in rows}
    if user_id not in found:
        raise User.DoesNotExist
    return found[user_id]


def _with_address(fields: Mapping[str, Any]) -> User:
    """Whoever has the address, a new row or the one that is there; locked.

    The one that is there may go while we wait for it: its address has just become somebody else's, or nobody's.
    """
    user = None
    while user is None:
        User.objects.bulk_create([User(**fields)], ignore_conflicts=True)
        same = User.objects.with_email(fields["email"])
        user = same.select_for_update(no_key=True).first()
    return user


def _forget_whoever_registered(user: User) -> None:
    """Nobody has proved anything yet: names and number may be those of a stranger who named the address first.

    What the shop entered for a customer has no password, and stays.
    """
    if user.email_verified_at or user.phone_verified_at or not user.has_usable_password():
        return
    user.first_name, user.last_name, user.phone = "", "", None
    user.save(update_fields=["first_name", "last_name", "phone"])


def _mark_verified(user: User) -> None:
    User.objects.filter(pk=user.pk).update(email_verified_at=Coalesce("email_verified_at", Now()))
    user.refresh_from_db(fields=["email_verified_at"])


def _set_password(user: User, encoded: str, reason: Session.RevokeReason) -> None:
    user.password = encoded
    user.save(update_fields=["password"])
    guessing.forgive_strangers(user)
    sessions.end_sessions(user=user, reason=reason)
    letters.post_password_changed(user=user, occasion=str(uuid7()))


def _write_to(email: str, task: str) -> None:
    found = User.objects.with_email(email).values_list("pk", flat=True).first()
    with transaction.atomic():
        _write(task, found)


def _write(task: str, user_id: int | None) -> None:
    # Known and unknown addresses enqueue alike: the time this takes tells them apart no more than the answer does.
    enqueue(task, user_id=user_id, occasion=str(uuid7()))
