"""API keys: made, looked at, changed over, revoked."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

from django.utils import timezone

from account import api_keys, sessions, tokens
from account.models import Session
from tests.contract.recorder import Recorder

ERP = {"name": "ERP", "scopes": ["catalog:read", "stock:write"]}


def stale_token(s: Recorder) -> str:
    """Of the owner, who signed in an hour ago."""
    session = sessions.open_session(user=s.world.owner, device=sessions.Device())
    then = timezone.now() - timedelta(hours=1)
    Session.objects.filter(pk=session.pk).update(authenticated_at=then)
    return tokens.pair(session)["access"]


def life_of_a_key(s: Recorder) -> None:
    """From the cradle to the grave."""
    token = s.world.staff_token
    made = s.call("keys_create", "create", "Let the ERP in", token=token, body=ERP, status=201)
    at = {"public_id": made["id"]}
    s.call(
        "keys_create", "forever", "For one purpose, and without an end",
        token=token, body={"name": "Till", "scopes": ["orders:read"], "expires_at": None}, status=201,
    )  # fmt: skip
    s.call(
        "keys_create", "unknown_scope", "There is no such scope",
        token=token, body={**ERP, "scopes": ["everything"]}, status=400, code="invalid",
    )  # fmt: skip
    yesterday = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    s.call(
        "keys_create", "past", "It would have ended before it began",
        token=token, body={**ERP, "expires_at": yesterday},
        status=400, code="expiry_in_the_past",
    )  # fmt: skip
    with mock.patch("account.models.User.has_perms", return_value=False):
        s.call(
            "keys_create", "scope_not_allowed", "More than you may do yourself",
            token=token, body=ERP, status=403, code="scope_not_allowed",
        )  # fmt: skip
    s.call("keys_list", "list", "Which programs are let in", token=token, status=200)
    s.call(
        "keys_list", "invalid", "There is no such ordering",
        token=token, query={"ordering": "colour"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "keys_rotate", "rotate", "A new secret; the old one works for an hour more",
        token=token, path=at, body={"overlap_hours": 1}, status=200,
    )  # fmt: skip
    s.call(
        "keys_rotate", "invalid", "Longer than 30 days",
        token=token, path=at, body={"overlap_hours": 1000}, status=400, code="invalid",
    )  # fmt: skip
    s.call("keys_retrieve", "show", "Two secrets, for an hour", token=token, path=at, status=200)
    s.call(
        "keys_revoke", "invalid", "There is nothing to say in the body",
        token=token, path=at, body=["now"], status=400, code="invalid",
    )  # fmt: skip
    s.call("keys_revoke", "revoke", "The end", token=token, path=at, status=200)
    s.call(
        "keys_rotate", "ended", "It has ended",
        token=token, path=at, body={}, status=409, code="api_key_ended",
    )  # fmt: skip


def a_password_of_this_morning(s: Recorder) -> None:
    """Too old for keys."""
    key = api_keys.create(name="ERP", scopes=["catalog:read"], by=s.world.owner).key
    at = {"public_id": str(key.public_id)}
    token = stale_token(s)
    for operation, rest in (
        ("keys_create", {"body": ERP}),
        ("keys_rotate", {"path": at, "body": {}}),
        ("keys_revoke", {"path": at}),
    ):
        s.call(
            operation, "stale", "The password was given too long ago",
            token=token, status=403, code="reauthentication_required", **rest,
        )  # fmt: skip


STORIES = [life_of_a_key, a_password_of_this_morning]
