"""The verbs of the audit log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from audit import context
from audit.models import AuditEntry, Outcome
from audit.tables import AUDITED
from audit.triggers import UPKEEP

TABLE_OF = {spec.noun: table for table, spec in AUDITED.items()}
REFUSED = "security.access_refused"
# One person's refusals at one door are worth an entry this often; what they repeat meanwhile tells nothing new.
REPEATED_AFTER = timedelta(minutes=10)
PRUNED_AT_ONCE = 10_000


def record(
    *,
    action: str,
    target: str = "",
    outcome: str = Outcome.DONE,
    details: Mapping[str, Any] | None = None,
    even_if_undone: bool = False,
) -> None:
    """Write down that somebody did something: one row, in the caller's transaction if there is one.

    Who, from where and in which request is taken from `audit.context`.

    Args:
        action: `noun.verb`, such as `role.granted`; events of security begin with `security.`.
        target: `noun:id`, or a public id alone.
        outcome: one of `Outcome`.
        details: facts beside it. Never a secret or a personal value.
        even_if_undone: the caller's transaction may be rolled back, by the very refusal that is recorded. Then the entry is
            written when the request or job ends; outside of both, as any other.
    """
    entry = _entry(
        context.current(), action=action, target=target, outcome=outcome, details=details
    )
    ambient = context.ambient()
    if even_if_undone and connection.in_atomic_block and ambient is not None:
        ambient.deferred.append(entry)
    else:
        entry.save(force_insert=True)


def write_deferred(ambient: context.Ambient) -> None:
    """Write what `even_if_undone` kept back."""
    while ambient.deferred:
        ambient.deferred.pop(0).save(force_insert=True)


def record_refusal(*, route: str, details: Mapping[str, Any]) -> None:
    """Write down that the caller was refused at a door: once per caller and door within ten minutes."""
    caller = context.current()
    recently = AuditEntry.objects.filter(
        actor_id=caller.user_id,
        key_id=caller.key_id,
        action=REFUSED,
        details__route=details.get("route", route),
        details__method=details.get("method"),
        created_at__gt=timezone.now() - REPEATED_AFTER,
    )
    if not recently.exists():
        record(action=REFUSED, outcome=Outcome.REFUSED, details=details)


def forget(
    *,
    user_id: int | None,
    public_id: str = "",
    about: Collection[str] = (),
    addresses: Collection[str] = (),
) -> int:
    """Blank from where a person called, in what they did and in what was done to them. Returns how many entries.

    What happened stays: entries name people by their id alone, which means nothing once the person is erased.

    Args:
        user_id: None for somebody who never had an account.
        public_id: of the user, to find entries about them by callers who were not signed in.
        about: public ids of what is theirs, to find what they did as guests: orders, payments.
        addresses: their known IP addresses; entries of guests from there are blanked too.
    """
    guests = Q(actor_id=None, key_id=None)
    theirs = Q(pk__in=())
    if user_id is not None:
        theirs |= Q(actor_id=user_id) | Q(target_table="account_user", target_id=str(user_id))
    if public_id:
        theirs |= Q(target_public_id=public_id)
    if about:
        theirs |= guests & Q(target_public_id__in=list(about))
    if addresses:
        theirs |= guests & Q(address__in=list(addresses))
    with transaction.atomic():
        known = AuditEntry.objects.filter(theirs, address__isnull=False).exclude(request_id="")
        # What was written in the same requests is theirs as well: the lines of an order.
        requests = list(known.values_list("request_id", flat=True).distinct())
        theirs |= guests & Q(request_id__in=requests)
        _permit("redact")
        blanked = AuditEntry.objects.filter(theirs, address__isnull=False).update(address=None)
        _permit("")
        target = f"user:{public_id}" if public_id else ""
        record(action="audit.redacted", target=target, details={"entries": blanked})
    return blanked


def prune(*, keep_days: int | None = None) -> int:
    """Delete entries older than `AUDIT_KEEP_DAYS`, in portions. Returns how many.

    The database itself keeps the last 30 days, whatever the setting says.
    """
    days = keep_days if keep_days is not None else settings.AUDIT_KEEP_DAYS
    before = timezone.now() - timedelta(days=max(days, 31))
    total = 0
    while True:
        with transaction.atomic():
            old = AuditEntry.objects.filter(created_at__lt=before).order_by("created_at", "id")
            ids = list(old.values_list("pk", flat=True)[:PRUNED_AT_ONCE])
            _permit("prune")
            deleted, _ = AuditEntry.objects.filter(pk__in=ids).delete()
            _permit("")
            total += deleted
            if len(ids) < PRUNED_AT_ONCE:
                if total:
                    record(action="audit.pruned", details={"entries": total, "days": days})
                return total


def _permit(upkeep: str) -> None:
    """Tell the guarding triggers, for this transaction, which of the two stated exceptions follows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [UPKEEP, upkeep])


def _entry(
    actor: context.Identity,
    *,
    action: str,
    target: str,
    outcome: str,
    details: Mapping[str, Any] | None,
) -> AuditEntry:
    noun, colon, rest = target.partition(":")
    table, public_id = (TABLE_OF.get(noun, noun), rest) if colon else ("", target)
    return AuditEntry(
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        actor_name=actor.name,
        key_id=actor.key_id,
        address=actor.address,
        request_id=actor.request_id,
        action=action[:80],
        target_table=table[:63],
        target_public_id=public_id[:120],
        outcome=outcome,
        details=dict(details or {}),
    )
