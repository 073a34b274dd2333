"""The `device` string: it says that its bearer has signed in to this account before, and opens nothing.

After OWASP's device cookies: a browser or app that shows it has limits on guessing of its own, so that strangers who
guess at an account use up nothing of what its owner may try.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner

from account.models import User

COOKIE = "nexus_device"  # where the admin, which has no front end to keep it, keeps it
GOOD_FOR = timedelta(days=180)
MOST_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """What a good string says: whose device, and which."""

    user_id: UUID
    nonce: str


def issue(user: User, *, presented: str = "") -> str:
    """A fresh string for this user's device; a good one that was presented goes on as the same device."""
    known = read(presented)
    nonce = known.nonce if known and known.user_id == user.public_id else secrets.token_hex(12)
    return _signer().sign(f"{user.public_id.hex}.{nonce}")


def read(device: str) -> KnownDevice | None:
    """What the string says; None if it is forged, older than 180 days, or no string of ours."""
    if not device or len(device) > MOST_CHARACTERS or not device.isascii():
        return None
    try:
        user_id, _, nonce = _signer().unsign(device, max_age=GOOD_FOR).partition(".")
        return KnownDevice(UUID(hex=user_id), nonce)
    except (BadSignature, ValueError):
        return None


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="account.known_device")
