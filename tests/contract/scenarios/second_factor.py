"""An authenticator app: set up, asked for, replaced, removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from unittest import mock

from django.utils import timezone
from django_otp.oath import hotp

from account import api_keys, enrolment, sessions, tokens
from account.models import Role, SecondFactor, Session, User
from account.roles import grant
from tests.contract.recorder import Recorder
from tests.contract.scenarios.keys import ERP, stale_token
from tests.contract.world import PASSWORD, variant_of

# A clock that stands still and secrets that are no secrets: the same codes in every run.
NOW = 1_793_603_700  # seconds since 1970
SECRET = b"nexus-example-secret"
WRONG = "000000"


def code(steps: int = 0) -> str:
    """What the app shows, now or some half minutes later."""
    return f"{hotp(SECRET, NOW // 30 + steps):06}"


@contextmanager
def standing_clock() -> Iterator[None]:
    """As long as this lasts, it is NOW, and chance has no part in codes."""
    numbers = count(1)

    def readable(length: int) -> str:
        return f"{next(numbers):04}".rjust(length, "0").replace("0", "X", 3)

    with (
        mock.patch("account.second_factor.time", SimpleNamespace(time=lambda: NOW)),
        mock.patch("account.enrolment.secrets", SimpleNamespace(token_bytes=lambda _: SECRET)),
        mock.patch("account.enrolment.readable_code", readable),
    ):
        yield


def unused() -> None:
    """The app's codes of this minute can be used once more."""
    SecondFactor.objects.update(last_step=0)


def set_up(user: User) -> list[str]:
    """A second factor; its recovery codes."""
    enrolment.enrol(user=user, code="", address=None)
    codes = enrolment.confirm(user=user, code=code(), session=None, address=None)
    unused()
    return codes


def token_of(user: User, *, hours: int) -> str:
    """Signed in with the second factor so many hours ago; the password is of just now."""
    given = timezone.now() - timedelta(hours=hours)
    session = sessions.open_session(user=user, device=sessions.Device(), second_factor_at=given)
    return tokens.pair(session)["access"]


def setting_up(s: Recorder) -> None:
    """From nothing to signing in with a code."""
    with standing_clock():
        _setting_up(s)


def _setting_up(s: Recorder) -> None:
    owner = s.world.owner
    token = s.world.staff_token
    s.call(
        "auth_second_factor_confirm", "not_begun", "The set-up was not begun",
        token=token, body={"otp": WRONG}, status=409, code="no_second_factor",
    )  # fmt: skip
    s.call(
        "auth_reauthenticate", "no_second_factor", "There is no second factor to give",
        token=token, body={"otp": WRONG}, status=409, code="no_second_factor",
    )  # fmt: skip
    s.call(
        "auth_second_factor_enrol", "enrol", "Begin: show this to the app",
        token=token, body={}, status=201,
    )  # fmt: skip
    s.call(
        "auth_second_factor_confirm", "wrong", "Not what the app shows",
        token=token, body={"otp": WRONG}, status=400, code="wrong_code",
    )  # fmt: skip
    s.call(
        "auth_second_factor_confirm", "invalid", "The code is missing",
        token=token, body={}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_second_factor_confirm", "confirm", "Finish: the app's first code",
        token=token, body={"otp": code()}, status=200,
    )  # fmt: skip
    s.call("auth_second_factor", "state", "What there is", token=token, status=200)
    log_in = {"email": owner.email, "password": PASSWORD}
    s.call(
        "auth_login", "second_factor_required", "The password is right; a code is needed too",
        body=log_in, status=401, code="second_factor_required",
    )  # fmt: skip
    s.call(
        "auth_login", "invalid_second_factor", "The code was used already",
        body={**log_in, "otp": code()}, status=401, code="invalid_second_factor",
    )  # fmt: skip
    unused()
    s.call(
        "auth_login", "with_code", "Password and code",
        body={**log_in, "otp": code()}, status=200,
    )  # fmt: skip


def living_with_it(s: Recorder) -> None:
    """Stepping up, new recovery codes, another app, the end."""
    with standing_clock():
        _living_with_it(s)


def _living_with_it(s: Recorder) -> None:
    set_up(s.world.owner)
    token = token_of(s.world.owner, hours=13)
    s.call(
        "auth_reauthenticate", "wrong_code", "Not what the app shows",
        token=token, body={"otp": WRONG}, status=400, code="wrong_code",
    )  # fmt: skip
    s.call(
        "auth_reauthenticate", "code", "A code, so that sensitive calls open for 12 hours",
        token=token, body={"otp": code()}, status=200, untold={"too_busy"},
    )  # fmt: skip
    unused()
    s.call(
        "auth_second_factor_recovery_codes", "wrong", "Not what the app shows",
        token=token, body={"otp": WRONG}, status=400, code="wrong_code",
    )  # fmt: skip
    s.call(
        "auth_second_factor_recovery_codes", "invalid", "The code is missing",
        token=token, body={}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_second_factor_recovery_codes", "renew", "Ten new ones",
        token=token, body={"otp": code()}, status=200,
    )  # fmt: skip
    unused()
    s.call(
        "auth_second_factor_enrol", "exists", "A code of the present app is needed to replace it",
        token=token, body={}, status=409, code="second_factor_exists",
    )  # fmt: skip
    s.call(
        "auth_second_factor_enrol", "wrong", "Not what the present app shows",
        token=token, body={"otp": WRONG}, status=400, code="wrong_code",
    )  # fmt: skip
    s.call(
        "auth_second_factor_enrol", "invalid", "Too long for a code",
        token=token, body={"otp": "1" * 41}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_second_factor_enrol", "replace", "Move to another app",
        token=token, body={"otp": code()}, status=201,
    )  # fmt: skip
    unused()
    s.call(
        "auth_second_factor_remove", "wrong", "Not what the app shows",
        token=token, body={"otp": WRONG}, status=400, code="wrong_code",
    )  # fmt: skip
    s.call(
        "auth_second_factor_remove", "invalid", "The code is missing",
        token=token, body={}, status=400, code="invalid",
    )  # fmt: skip
    s.settings.STAFF_SECOND_FACTOR = "required"
    s.call(
        "auth_second_factor_remove", "compulsory", "This shop demands one of its staff",
        token=token, body={"otp": code()}, status=403, code="second_factor_compulsory",
    )  # fmt: skip
    s.settings.STAFF_SECOND_FACTOR = "optional"
    s.call(
        "auth_second_factor_remove", "remove", "The password alone again",
        token=token, body={"otp": code()}, status=204,
    )  # fmt: skip
    for operation in ("auth_second_factor_remove", "auth_second_factor_recovery_codes"):
        s.call(
            operation, "none", "There is none",
            token=token, body={"otp": code()}, status=409, code="no_second_factor",
        )  # fmt: skip


def refused(s: Recorder) -> None:
    """Who may not, and what wants the password again."""
    s.call(
        "auth_second_factor_enrol", "customer", "Second factors are for staff",
        token=s.world.customer_token, body={}, status=403, code="staff_only",
    )  # fmt: skip
    token = stale_token(s)
    for operation in ("enrol", "confirm", "recovery_codes", "remove"):
        s.call(
            f"auth_second_factor_{operation}", "stale", "The password was given too long ago",
            token=token, body={"otp": WRONG}, status=403, code="reauthentication_required",
        )  # fmt: skip


def sensitive_calls(s: Recorder) -> None:
    """What wants a code of the last 12 hours, of people who have a second factor."""
    key = api_keys.create(name="ERP", scopes=["catalog:read"], by=s.world.owner).key
    grant(user=s.world.dawit, role=Role.SUPPORT, by=None)
    with standing_clock():
        set_up(s.world.owner)
    token = token_of(s.world.owner, hours=13)
    Session.objects.update(authenticated_at=timezone.now())
    at, coffee = {"public_id": str(key.public_id)}, s.world.yirgacheffe
    variant = {"key": coffee.slug, "variant_id": variant_of(coffee).pk}
    for operation, rest in (
        ("keys_create", {"body": ERP}),
        ("keys_rotate", {"path": at, "body": {}}),
        ("keys_revoke", {"path": at}),
        ("staff_add", {"body": {"email": s.world.hana.email, "roles": ["support"]}}),
        (
            "staff_set_roles",
            {"path": {"public_id": str(s.world.dawit.public_id)}, "body": {"roles": []}},
        ),
        ("products_change", {"path": {"key": coffee.slug}, "body": {"price": "900.00"}}),
        (
            "products_replace",
            {"path": {"key": coffee.slug}, "body": {"name": coffee.name, "price": "900.00"}},
        ),
        ("variants_change", {"path": variant, "body": {"price": "900.00"}}),
        ("variants_replace", {"path": variant, "body": {"price": "900.00"}}),
    ):
        s.call(
            operation, "second_factor", "A code is needed for this; the last one is too old",
            token=token, status=403, code="second_factor_required", **rest,
        )  # fmt: skip


STORIES = [setting_up, living_with_it, refused, sensitive_calls]
