"""A copy of one's data, and the end of it."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from account import roles, sessions, tokens
from account.models import Role, SecondFactor, Session, User
from privacy import services
from privacy.models import Export
from tests.contract.recorder import Recorder
from tests.contract.scenarios.orders import KEY
from tests.contract.world import PASSWORD, variant_of


def stale_token(user: User) -> str:
    """An access token of somebody who gave the password twenty minutes ago."""
    session = sessions.open_session(user=user, device=sessions.Device())
    Session.objects.filter(pk=session.pk).update(
        authenticated_at=timezone.now() - timedelta(minutes=20)
    )
    return tokens.pair(session)["access"]


def with_second_factor(user: User) -> str:
    """An access token of somebody who has an authenticator app, and has not used it in this session."""
    token = tokens.pair(sessions.open_session(user=user, device=sessions.Device()))["access"]
    SecondFactor.objects.create(user=user, secret=b"-", confirmed_at=timezone.now())
    return token


def copy(s: Recorder) -> None:
    """Ask, wait, fetch."""
    hana = s.world.hana
    token = s.world.token(hana)
    s.call("auth_me_export", "ask", "Ask for a copy", token=token, status=202)
    s.call(
        "auth_me_export_state", "waiting", "It is being made",
        token=token, status=200, untold={"not_found"},
    )  # fmt: skip
    s.call(
        "auth_me_export", "invalid", "A body that is none",
        token=token, body=["everything"], status=400, code="invalid",
    )  # fmt: skip
    services.make_export(export_id=Export.objects.get().pk)
    s.call("auth_me_export_state", "ready", "It is ready", token=token, status=200)
    s.call(
        "auth_me_export_document", "fetch", "Fetch it",
        token=token, status=200, untold={"not_found", "reauthentication_required", "second_factor_required"},
    )  # fmt: skip
    s.call(
        "auth_me_export_document", "stale", "The password was given too long ago",
        token=stale_token(hana), status=403, code="reauthentication_required",
    )  # fmt: skip
    other = s.world.token(s.world.dawit)
    s.call(
        "auth_me_export_state", "none", "None was asked for", token=other, status=404, code="not_found",
    )  # fmt: skip
    s.call(
        "auth_me_export_document", "none", "None was asked for",
        token=other, status=404, code="not_found",
    )  # fmt: skip
    s.call(
        "auth_me_export_document", "second_factor", "A code of the authenticator app is needed as well",
        token=with_second_factor(hana), status=403, code="second_factor_required",
    )  # fmt: skip


def erase(s: Recorder) -> None:
    """Refusals first, and then the end."""
    hana, owner = s.world.hana, s.world.owner
    token = s.world.token(hana)
    placed = s.client.post(
        "/api/orders/checkout/",
        {"items": [{"variant_id": variant_of(s.world.yirgacheffe).pk, "quantity": 1}]},
        "application/json",
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": KEY},
    )
    s.placeholders.learn(placed.json())
    s.call(
        "auth_me_erase", "open_orders", "There are orders under way, and you wanted to know",
        token=token, body={"open_orders": "refuse"}, status=409, code="open_orders",
    )  # fmt: skip
    stale = stale_token(hana)
    s.call(
        "auth_me_erase", "stale", "The password was given too long ago",
        token=stale, status=403, code="reauthentication_required",
    )  # fmt: skip
    s.call(
        "auth_me_erase", "wrong_password", "The password is wrong",
        token=stale, body={"password": "not-my-password"}, status=400, code="wrong_password",
    )  # fmt: skip
    s.call(
        "auth_me_erase", "invalid", "No such choice",
        token=token, body={"open_orders": "perhaps"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "auth_me_erase", "superuser", "Who owns the installation hands it over first",
        token=s.world.token(owner), status=409, code="superuser_stays",
    )  # fmt: skip
    roles.grant(user=s.world.dawit, role=Role.OWNER, by=None)
    User.objects.filter(pk=owner.pk).update(is_superuser=False)
    s.call(
        "auth_me_erase", "last_owner", "The shop would be nobody's",
        token=s.world.token(s.world.dawit), status=409, code="last_owner",
    )  # fmt: skip
    s.call(
        "auth_me_erase", "second_factor", "A code of the authenticator app is needed as well",
        token=with_second_factor(s.world.clerk), status=403, code="second_factor_required",
    )  # fmt: skip
    s.call(
        "auth_me_erase", "erase", "Erase everything", token=token, body={"password": PASSWORD}, status=202,
    )  # fmt: skip


STORIES = [copy, erase]
