"""Narrowing the list of entries."""

from __future__ import annotations

from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet

from audit import people
from audit.models import ActorKind, AuditEntry, Outcome


class AuditFilter(django_filters.FilterSet):
    """When, who, what, on what, and what came of it."""

    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")
    actor = django_filters.UUIDFilter(
        method="by_actor", label="The id of a user, or of an API key."
    )
    actor_kind = django_filters.ChoiceFilter(choices=ActorKind.choices)
    action = django_filters.CharFilter(
        method="by_action", max_length=80, label="Exactly this, or what begins so: `security.`"
    )
    table = django_filters.CharFilter(field_name="target_table", max_length=63)
    target = django_filters.CharFilter(
        method="by_target", max_length=120, label="A row's number, public id, slug or SKU."
    )
    outcome = django_filters.ChoiceFilter(choices=Outcome.choices)
    request_id = django_filters.CharFilter(max_length=64)

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def by_actor(
        self, entries: QuerySet[AuditEntry], name: str, value: UUID
    ) -> QuerySet[AuditEntry]:
        """By the id that the outside knows. Nobody has it: no entries."""
        theirs = people.done_by(value)
        return entries.filter(theirs) if theirs is not None else entries.none()

    def by_action(
        self, entries: QuerySet[AuditEntry], name: str, value: str
    ) -> QuerySet[AuditEntry]:
        """A whole action, or the beginning of its name up to a full stop."""
        if value.endswith("."):
            return entries.filter(action__startswith=value)
        return entries.filter(action=value)

    def by_target(
        self, entries: QuerySet[AuditEntry], name: str, value: str
    ) -> QuerySet[AuditEntry]:
        """By either name of it."""
        return entries.filter(about(value))


def about(key: str) -> Q:
    """Entries about the row that somebody calls `key`: its number, or what the outside calls it."""
    return Q(target_id=key) | Q(target_public_id=key)
