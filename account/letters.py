"""What accounts write to people. Texts hold tokens: they go into the outbox and nowhere else."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings

from account.models import User
from common.http import public_url
from events.composition import Action, compose
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
    """Tells the owner, so that a thief cannot do it silently."""
    if not user.email:
        return
    _post(
        user,
        occasion,
        subject=f"Your password for {settings.SHOP_NAME} was changed",
        before=[
            "Your password was changed, and you were signed out everywhere else.",
            "If it was not you, ask for a new password now: that also locks out whoever did it.",
        ],
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
