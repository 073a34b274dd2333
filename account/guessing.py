"""Limits on guessing passwords, by which nobody can lock out somebody else.

There are three kinds of callers. A *known device* shows the string that a successful log-in gave it. A *known address* is
one where the account was signed in within the last 30 days. All others are *strangers*. Each known device and each known
address may fail on its own account; all strangers together have one. Unknown accounts are counted like known ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from account import known_devices
from account.identifiers import email_key
from account.models import User
from audit.services import record
from common.limiter import Limit, Spent, forgive

MINUTE = timedelta(minutes=1)
MONTH = timedelta(days=30)

PER_PAIR = Limit("login.pair", 20, MINUTE)
PER_ADDRESS = Limit("login.address", 300, MINUTE)
PER_DEVICE = Limit("login.device", 20, MINUTE)
# NIST 800-63B: no more than 100 failures in a row. Never shown: they tell who signs in where.
BY_STRANGERS = Limit("login.strangers", 100, MONTH, shown=False)
AT_KNOWN_ADDRESS = Limit("login.known_address", 100, MONTH, shown=False)
ON_KNOWN_DEVICE = Limit("login.known_device", 100, MONTH, shown=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in, before the password is looked at.

    Attributes:
        tries: what it costs; to be spent together.
        user_id: of the account, if there is one. It changes nothing of what the caller is told.
    """

    tries: tuple[tuple[Limit, str], ...]
    user_id: UUID | None

    def succeeded(self) -> None:
        """The owner was there: what failed before does not count any more."""
        if settings.RATE_LIMITS:
            forgive(*[one for one in self.tries if not one[0].shown])

    def report(self, spent: list[Spent]) -> None:
        """Write down, once, that strangers have used up what they may guess at an account."""
        for one in spent:
            if one.limit is BY_STRANGERS and one.remaining == 0 and self.user_id:
                record(
                    action="security.guessing_stopped",
                    target=f"user:{self.user_id}",
                    outcome="refused",
                )


def attempt(
    *, email: str = "", phone: str = "", address: str, counted: str, device: str = ""
) -> Attempt:
    """What a try to sign in costs. One query, whether or not there is such an account.

    Args:
        phone: E.164, for who signs in by number instead of `email`.
        address: the caller's, and `counted` as limits count it.
        device: the string that an earlier log-in answered with.
    """
    name = phone or email_key(email)[:320]
    user_id, was_here = _standing("phone" if phone else "email", name, counted if address else None)
    known = known_devices.read(device)
    if known and known.user_id == user_id:
        return Attempt(((PER_DEVICE, known.nonce), (ON_KNOWN_DEVICE, known.nonce)), user_id)
    pair = f"{counted}|{name}"
    failures = (AT_KNOWN_ADDRESS, pair) if was_here else (BY_STRANGERS, name)
    return Attempt(((PER_PAIR, pair), (PER_ADDRESS, counted), failures), user_id)


def forgive_strangers(user: User) -> None:
    """Another password: what was guessed of the old one does not count any more."""
    names = [email_key(user.email or "")[:320], user.phone or ""]
    if settings.RATE_LIMITS:
        forgive(*[(BY_STRANGERS, name) for name in names if name])


_KNOWN_BY = {
    "email": "person.email_key = %s",
    "phone": "person.phone = %s AND person.phone_verified_at IS NOT NULL",
}


def _standing(kind: str, name: str, counted: str | None) -> tuple[UUID | None, bool]:
    """The account of that name, and whether it was signed in at that address (of IPv6: that network) lately."""
    if "\0" in name or not _storable(name):
        return None, False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person.public_id, EXISTS (SELECT FROM account_session session"  # noqa: S608
            " WHERE session.user_id = person.id AND session.address <<= %s::inet"
            " AND session.last_used_at > now() - interval '30 days')"
            f" FROM account_user person WHERE {_KNOWN_BY[kind]}",
            [counted, name],
        )
        row = cursor.fetchone()
    return (row[0], bool(row[1])) if row else (None, False)


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True
