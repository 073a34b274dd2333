"""Whose id that is: of people, and of API keys. The log itself has inner numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Q

from audit.models import AuditEntry


def with_actors(entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    """The entries, each with its `actor` (a user, or None) and `key` (an API key, or None), by one query for each sort."""
    rows = list(entries)
    ids = {entry.actor_id for entry in rows if entry.actor_id is not None}
    users: dict[int, Any] = get_user_model()._default_manager.in_bulk(ids) if ids else {}
    key_ids = {entry.key_id for entry in rows if entry.key_id is not None}
    keys: dict[int, Any] = _keys().in_bulk(key_ids) if key_ids else {}
    for entry in rows:
        entry.actor = users.get(entry.actor_id or 0)
        entry.key = keys.get(entry.key_id or 0)
    return rows


def done_by(public_id: UUID) -> Q | None:
    """What the user, or the API key, did whom the outside knows by `public_id`. Nobody has it: None."""
    for column, everybody in (("actor_id", get_user_model()._default_manager), ("key_id", _keys())):
        inner = everybody.filter(public_id=public_id).values_list("pk", flat=True).first()
        if inner is not None:
            return Q(**{column: inner})
    return None


def _keys() -> Any:
    # By name, as accounts stand above the log.
    return apps.get_model("account", "ApiKey")._default_manager


def id_of_email(address: str) -> int | None:
    """The inner id of the user with this e-mail address, in any spelling."""
    try:
        return int(get_user_model()._default_manager.get_by_natural_key(address).pk)
    except get_user_model().DoesNotExist:
        return None
