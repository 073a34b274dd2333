"""What is written to an address that is about to join an account, or has just left it."""

from __future__ import annotations

from django.conf import settings

from account.letters import VERIFY_PATH, key, link
from events.composition import Action, compose
from events.services import post_letter


def post_confirm_new_address(*, to: str, token: str, occasion: str) -> None:
    """The link that makes the address the account's. No name: the mailbox may be a stranger's."""
    _post(
        to,
        occasion,
        subject=f"Confirm your e-mail address for {settings.SHOP_NAME}",
        before=[
            f"Somebody, we hope you, wants to use this address for an account at {settings.SHOP_NAME}."
            " Please confirm that it is yours:",
        ],
        action=Action("Confirm my address", link(VERIFY_PATH, token), token),
        after=[
            "The link works once, for 48 hours, and only until you ask for another one.",
            "If it was not you, ignore this letter: nothing changes without the link.",
        ],
    )


def post_address_changed(*, to: str, occasion: str) -> None:
    """Tells the old address, so that a thief cannot do it silently."""
    _post(
        to,
        occasion,
        subject=f"Your e-mail address for {settings.SHOP_NAME} was changed",
        before=[
            "Your account has another e-mail address now, and you were signed out everywhere.",
        ],
        after=["If it was not you, answer this letter or write to the shop at once."],
    )


def _post(
    to: str,
    occasion: str,
    *,
    subject: str,
    before: list[str],
    after: list[str],
    action: Action | None = None,
) -> None:
    text, html = compose(before=before, action=action, after=after)
    post_letter(to=to, subject=subject, text=text, html=html, dedupe_key=key(occasion))
