"""The verbs of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit import context
from audit.models import AuditEntry, Outcome


def record(
    *,
    action: str,
    target: str = "",
    outcome: str = Outcome.DONE,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write down that somebody did something: one row, in the caller's transaction if there is one.

    Who, from where and in which request is taken from `audit.context`.

    Args:
        action: `noun.verb`, such as `role.granted`; events of security begin with `security.`.
        target: `noun:id`, or a public id alone.
        outcome: one of `Outcome`.
        details: facts beside it. Never a secret or a personal value.
    """
    table, public_id = _target(target)
    actor = context.current()
    AuditEntry.objects.create(
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        actor_name=actor.name,
        key_id=actor.key_id,
        address=actor.address,
        request_id=actor.request_id,
        action=action[:80],
        target_table=table,
        target_public_id=public_id,
        outcome=outcome,
        details=dict(details or {}),
    )


def _target(target: str) -> tuple[str, str]:
    noun, colon, rest = target.partition(":")
    return (noun[:63], rest[:120]) if colon else ("", target[:120])
