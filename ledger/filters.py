"""Narrowing the list of entries."""

from __future__ import annotations

import django_filters
from django.db.models import Exists, OuterRef, QuerySet

from ledger.models import Entry, Posting


class EntryFilter(django_filters.FilterSet):
    """When, what, about which order, on which account."""

    occurred_after = django_filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="gte")
    occurred_before = django_filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="lt")
    kind = django_filters.CharFilter(max_length=40, label="Exactly this: `payment.received`.")
    key = django_filters.CharFilter(max_length=120, label="A payment's reference, an order's id.")
    order = django_filters.UUIDFilter(label="Id of the order it is about.")
    account = django_filters.CharFilter(
        method="by_account", max_length=40, label="With a posting on this account."
    )

    class Meta:
        model = Entry
        fields: list[str] = []

    def by_account(self, entries: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """An entry comes once, however many of its postings are on the account."""
        return entries.filter(
            Exists(Posting.objects.filter(entry=OuterRef("pk"), account_id=value))
        )
