"""What accounts write to people. Texts hold tokens: they go into the outbox and nowhere else."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.conf import settings

from account.devices import Device
from account.models import User
from common.http import public_url
from events.composition import Action, compose
from events.models import Letter
from events.services import post_letter

VERIFY_PATH = "/account/verify/"
RESET_PATH = "/account/reset/"


def link(path: str, token: str) -> str:
    """Where a letter's link leads: the front end if there is one, else our own page. Never the Host header."""
    base = f"{settings.FRONTEND_URL}{path}" if settings.FRONTEND_URL else public_url(path)
    return f"{base}?{urlencode({'token': token})}"


def key(occasion: str) -> str:
    """The outbox's name for one letter of ours."""
    return f"account:{occasion}"


def post_verification(*, user: User, token: str, occasion: str) -> None:
    """The link that proves the address."""
    _post(
        user,
        occasion,
        subject=f"Confirm your e-mail address for {settings.SHOP_NAME}",
        before=[
            f"Welcome to {settings.SHOP_NAME}! Please confirm that this is your e-mail address:",
        ],
        action=Action("Confirm my address", link(VERIFY_PATH, token), token),
        after=[
            "The link works once, for 48 hours, and only until you ask for another one.",
            "If you did not register, ignore this letter: without the link the account stays closed.",
        ],
    )


def post_already_registered(*, user: User, occasion: str) -> None:
    """Somebody tried to register an address that has an account."""
    _post(
        user,
        occasion,
        subject=f"You already have an account at {settings.SHOP_NAME}",
        before=[
            "Somebody tried to register with this address, which has an account already. Nothing was changed.",
            "If it was you: sign in as usual, or ask for a new password if you forgot yours.",
            "If it was not you, there is nothing you need to do.",
        ],
    )


def post_reset(*, user: User, token: str, occasion: str) -> None:
    """The link that sets a new password."""
    _post(
        user,
        occasion,
        subject=f"Set a new password for {settings.SHOP_NAME}",
        before=["Somebody, we hope you, asked for a new password. Choose it here:"],
        action=Action("Choose a new password", link(RESET_PATH, token), token),
        after=[
            "The link works once, for one hour, and only until you ask for another one.",
            "If you did not ask, ignore this letter: your password stays as it is.",
        ],
    )


def post_password_changed(*, user: User, occasion: str) -> None:
    """Tells the owner, so that a thief cannot do it silently; each what they can do: forgotten passwords take an address."""
    by_letter = user.email and user.email_verified_at
    do = "ask for a new password now" if by_letter else "sign in by SMS and change it again now"
    notify(
        user,
        occasion,
        subject=f"Your password for {settings.SHOP_NAME} was changed",
        before=["Your password was changed, and you were signed out everywhere else."],
        after=[f"If it was not you, {do}: that also locks out whoever did it."],
    )


def post_phone_changed(*, user: User, occasion: str) -> None:
    """The number that signs in to the account is a new one, or none any more."""
    notify(
        user,
        occasion,
        subject=f"Your phone number at {settings.SHOP_NAME} was changed",
        before=["The phone number of your account was added, changed or removed."],
        after=["If it was not you, change your password now, and tell the shop."],
    )


def post_new_device(*, user: User, device: Device, at: datetime) -> None:
    """Somebody signed in from a device or a place that no session of this account has seen. At most one a day of each."""
    seen = hashlib.sha256(f"{device.name}|{device.neighbourhood}".encode()).hexdigest()[:16]
    notify(
        user,
        f"new-device:{user.public_id}:{seen}:{at:%Y%m%d}",
        subject=f"New sign-in to your account at {settings.SHOP_NAME}",
        before=[
            f"Your account was signed in to with {device.name}, from the address {device.address or 'unknown'},"
            f" on {at.astimezone(UTC):%d %B %Y at %H:%M} UTC.",
        ],
        after=[
            "If it was you, there is nothing you need to do.",
            "If it was not you, change your password now: that also signs out whoever did it.",
        ],
    )


def post_refresh_replayed(*, user: User, occasion: str) -> None:
    """A refresh token that had been used came back: perhaps somebody has a copy."""
    notify(
        user,
        occasion,
        subject=f"You were signed out at {settings.SHOP_NAME}",
        before=[
            "Somebody used an old key to your account. To be safe, we ended the session that it belonged to.",
        ],
        after=[
            "A page that was open for long can cause this, and then it is enough to sign in again.",
            "If you are not sure, also change your password: that ends every other session.",
        ],
    )


def post_roles_changed(*, user: User, roles: list[str], occasion: str) -> None:
    """Tells somebody what they may do in the shop from now on, so that it cannot be done behind their back."""
    now = f"Your roles are now: {', '.join(roles)}." if roles else "You have no role there now."
    notify(
        user,
        occasion,
        subject=f"Your roles at {settings.SHOP_NAME} were changed",
        before=[now, "The change counts at once."],
        after=["If this surprises you, ask the owner of the shop."],
    )


def notify(user: User, occasion: str, *, subject: str, before: list[str], after: list[str]) -> None:
    """A notice to whoever has an account in use: by e-mail, or by SMS to people without."""
    if user.email and user.email_verified_at:
        _post(user, occasion, subject=subject, before=before, after=after)
    elif user.phone and user.phone_verified_at:
        text = " ".join([f"{settings.SHOP_NAME}:", *before, after[-1]])
        post_letter(
            to=user.phone,
            subject="",
            text=text,
            dedupe_key=key(occasion),
            channel=Letter.Channel.SMS,
        )


def _post(
    user: User,
    occasion: str,
    *,
    subject: str,
    before: list[str],
    action: Action | None = None,
    after: list[str] | None = None,
) -> None:
    # Until the address is proved, its "name" is whatever a stranger typed: no text of theirs reaches the mailbox.
    name = user.first_name if user.email_verified_at else ""
    text, html = compose(name=name, before=before, action=action, after=after or [])
    post_letter(
        to=user.email or "", subject=subject, text=text, html=html, dedupe_key=key(occasion)
    )
