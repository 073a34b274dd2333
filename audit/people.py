"""Whose id that is. The log itself names nobody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model

from audit.models import AuditEntry


def with_actors(entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    """The entries, each with its `actor` (a user, or None), by one query."""
    rows = list(entries)
    ids = {entry.actor_id for entry in rows if entry.actor_id is not None}
    users: dict[int, Any] = get_user_model()._default_manager.in_bulk(ids) if ids else {}
    for entry in rows:
        entry.actor = users.get(entry.actor_id or 0)
    return rows


def id_of(public_id: UUID) -> int | None:
    """The inner id of the user whom the outside knows by `public_id`."""
    users = get_user_model()._default_manager.filter(public_id=public_id)
    found: int | None = users.values_list("pk", flat=True).first()
    return found


def id_of_email(address: str) -> int | None:
    """The inner id of the user with this e-mail address, in any spelling."""
    try:
        return int(get_user_model()._default_manager.get_by_natural_key(address).pk)
    except get_user_model().DoesNotExist:
        return None
