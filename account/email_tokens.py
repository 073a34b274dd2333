"""The tokens in letters: 256 random bits, good once, for a while, for one purpose and one address."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from account.models import EmailToken, User
from common.errors import Invalid
from common.transactions import require_transaction

Purpose = EmailToken.Purpose


class InvalidEmailToken(Invalid):
    """The token was never given out, has been used or replaced, or its time is over."""

    code = "invalid_token"
    title = "This link is not good any more"

    def __init__(self) -> None:
        detail = "This link was used already, was replaced by a newer one, or is too old."
        super().__init__(
            detail, errors=[{"field": "token", "code": "invalid_token", "detail": detail}]
        )


class State(Enum):
    """What has become of a token."""

    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


def lifetime(purpose: Purpose) -> timedelta:
    """How long a letter's link works."""
    if purpose is Purpose.RESET:
        return timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    span: timedelta = settings.VERIFICATION_LIFETIME
    return span


def issue(*, user: User, purpose: Purpose) -> str:
    """A new token; older ones of the same purpose are void. The caller holds the user's lock."""
    require_transaction()
    void(user=user, purpose=purpose)
    token = secrets.token_urlsafe(32)
    EmailToken.objects.create(
        user=user,
        purpose=purpose,
        digest=_digest(token),
        email_key=user.email_key or "",
        expires_at=timezone.now() + lifetime(purpose),
    )
    return token


def void(*, user: User, purpose: Purpose) -> None:
    """The links of all letters sent so far for that purpose stop working."""
    EmailToken.objects.filter(user=user, purpose=purpose, used_at=None, voided_at=None).update(
        voided_at=Now()
    )


def state(*, token: str, purpose: Purpose) -> State:
    """Look at a token without using it. The link that brings a new address leads where those that verify one do."""
    purposes = [purpose, Purpose.CHANGE] if purpose is Purpose.VERIFY else [purpose]
    row = EmailToken.objects.select_related("user").filter(
        digest=_digest(token), purpose__in=purposes
    )
    found = row.first()
    if found is None or not found.user.is_active:
        return State.UNKNOWN
    if found.purpose != Purpose.CHANGE and found.email_key != found.user.email_key:
        return State.UNKNOWN
    if found.used_at is not None:
        return State.USED
    if found.voided_at is not None or found.expires_at <= timezone.now():
        return State.EXPIRED
    return State.GOOD


def owner(*, token: str, purpose: Purpose) -> User:
    """Whose token it is, if it is good.

    Raises:
        InvalidEmailToken
    """
    found = (
        EmailToken.objects.select_related("user")
        .filter(
            digest=_digest(token), purpose=purpose, used_at=None, voided_at=None,
            expires_at__gt=timezone.now(), email_key=F("user__email_key"), user__is_active=True,
        )
        .first()
    )  # fmt: skip
    if found is None:
        raise InvalidEmailToken
    return found.user


def spend(*, token: str, purpose: Purpose, user: User) -> None:
    """Use the token up. The single UPDATE lets one of many simultaneous uses through; the caller holds the user's lock.

    Raises:
        InvalidEmailToken
    """
    require_transaction()
    good = EmailToken.objects.filter(
        digest=_digest(token), purpose=purpose, user=user, email_key=user.email_key,
        used_at=None, voided_at=None, expires_at__gt=timezone.now(),
    )  # fmt: skip
    if not good.update(used_at=Now()):
        raise InvalidEmailToken


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
