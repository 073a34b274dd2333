"""What people are told about their second factor, and owners about the shop's API keys: nobody changes these silently."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.db.models import Q

from account.letters import notify
from account.models import ApiKey, Role, User
from common.ids import uuid7

_IF_NOT_YOU = "If it was not you, change your password now, and tell the owner of the shop."


def post_second_factor_set_up(*, user: User) -> None:
    """From now on a code is asked for."""
    notify(
        user,
        f"second-factor-set-up:{uuid7()}",
        subject=f"Your second factor at {settings.SHOP_NAME} is set up",
        before=[
            "From now on we ask for a code of your authenticator app when you sign in.",
            "Everywhere else you were signed out.",
        ],
        after=["Keep the recovery codes that you were shown somewhere safe.", _IF_NOT_YOU],
    )


def post_second_factor_removed(*, user: User, by_staff: bool = False) -> None:
    """From now on no code is asked for."""
    whose = "An operator of the shop removed" if by_staff else "You removed"
    notify(
        user,
        f"second-factor-removed:{uuid7()}",
        subject=f"Your second factor at {settings.SHOP_NAME} was removed",
        before=[f"{whose} the second factor of your account: the password alone opens it now."],
        after=[_IF_NOT_YOU],
    )


def post_recovery_codes_renewed(*, user: User) -> None:
    """The old ones are void."""
    notify(
        user,
        f"recovery-codes:{uuid7()}",
        subject=f"New recovery codes for {settings.SHOP_NAME}",
        before=["New recovery codes were made for your account. The old ones work no longer."],
        after=[_IF_NOT_YOU],
    )


def post_recovery_code_used(*, user: User, left: int, at: datetime) -> None:
    """Somebody signed in without the app."""
    notify(
        user,
        f"recovery-code-used:{uuid7()}",
        subject=f"A recovery code was used at {settings.SHOP_NAME}",
        before=[
            f"One of your recovery codes was used in place of your authenticator app on {_at(at)}.",
            f"{left} of them are left.",
        ],
        after=["If you have lost your telephone, set up a new app now.", _IF_NOT_YOU],
    )


def post_codes_guessed(*, user: User, at: datetime) -> None:
    """Somebody knows the password and has no code. At most one letter a day."""
    notify(
        user,
        f"codes-guessed:{user.public_id}:{at:%Y%m%d}",
        subject=f"Somebody has your password for {settings.SHOP_NAME}",
        before=[
            "Somebody gave your right password, and then wrong codes until we stopped them.",
            "They did not get in.",
        ],
        after=[
            "If it was you, wait a few minutes, and check the clock of your telephone.",
            "If it was not you, change your password now.",
        ],
    )


def post_key_changed(*, key: ApiKey, by: User | None, what: str) -> None:
    """Tells the owners of the shop. Call it within the change's transaction.

    Args:
        what: such as `was made`.
    """
    scopes = ", ".join(key.scopes)
    who = str(by.public_id) if by else "an operator"
    owners = User.objects.filter(
        Q(is_superuser=True) | Q(roles__role=Role.OWNER), is_active=True, erased_at__isnull=True
    )
    for owner in owners.distinct().order_by("pk"):
        notify(
            owner,
            f"api-key:{key.public_id}:{uuid7()}",
            subject=f"An API key of {settings.SHOP_NAME} {what}",
            before=[
                f"The API key “{key.name}” (id {key.public_id}) {what} by the account {who}.",
                f"What it may do: {scopes}.",
            ],
            after=["If this surprises you, revoke the key at once, and look at the audit log."],
        )


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %B %Y at %H:%M} UTC"
