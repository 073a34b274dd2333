"""What accounts write to telephones. Short, and of plain letters where possible: an SMS holds 160 of those, or 70 others."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from account.models import PhoneCode, User
from events.services import post_letter

SHOP_NAME_LENGTH = 20


def code_text(*, purpose: PhoneCode.Purpose, code: str) -> str:
    """The SMS that carries a code.

    Its last line is what browsers look for (WebOTP): the host that may fill the code in by itself, and nobody else's page.
    """
    for_what = "to sign in" if purpose is PhoneCode.Purpose.SIGN_IN else "to confirm this number"
    host = urlsplit(settings.FRONTEND_URL or settings.PUBLIC_URL).hostname or "localhost"
    sentence = f"{code} is your {_shop()} code {for_what}. Never share it. It works for 10 minutes."
    return f"{sentence}\n\n@{host} #{code}"


def post_code(
    *, phone: str, purpose: PhoneCode.Purpose, code: str, occasion: str, expires_at: datetime
) -> None:
    """Send a code; after `expires_at` it is not sent any more."""
    _post(phone, code_text(purpose=purpose, code=code), occasion, expires_at)


def post_number_moved(*, phone: str, occasion: str) -> None:
    """Tells the old number that an account has left it, so that a thief cannot do it silently."""
    _post(
        phone,
        f"{_shop()}: this number is no longer that of your account. If it was not you, contact us at once.",
        occasion,
    )


def post_email_changed(*, user: User, occasion: str) -> None:
    """Tells the verified number that the account's e-mail address is another one."""
    if user.phone and user.phone_verified_at:
        _post(
            user.phone,
            f"{_shop()}: your account has another e-mail address now. If it was not you, contact us at once.",
            occasion,
        )


def _shop() -> str:
    return " ".join(settings.SHOP_NAME.split())[:SHOP_NAME_LENGTH].strip()


def _post(phone: str, text: str, occasion: str, expires_at: datetime | None = None) -> None:
    post_letter(
        to=phone,
        subject="",
        text=text,
        dedupe_key=f"account:sms:{occasion}",
        channel="sms",
        expires_at=expires_at,
    )
