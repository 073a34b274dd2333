"""What the shop writes down by itself: who did what, from where."""

from __future__ import annotations

import pytest

from audit import context
from audit.models import AuditEntry
from audit.services import record

pytestmark = pytest.mark.django_db


def test_outside_of_requests_and_jobs_the_system_acts():
    record(action="thing.done", target="thing:7", details={"count": 3})
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.actor_id) == ("system", None)
    assert entry.actor_name
    assert (entry.target_table, entry.target_public_id) == ("thing", "7")
    assert entry.details == {"count": 3}
    assert entry.created_at is not None


def test_identify_names_the_actor_of_the_open_context_only():
    context.identify(kind="staff", user_id=1)  # there is none: nothing happens
    with context.acting(kind="system", name="a.job"):
        context.identify(kind="key", key_id=5, name="till")
        record(action="thing.done")
        inner = AuditEntry.objects.get()
    assert (inner.actor_kind, inner.key_id, inner.actor_name) == ("key", 5, "till")
    assert context.current().kind == "system"
    assert context.current().key_id is None


def test_people_are_named_by_their_id_alone():
    with context.acting(kind="system"):
        context.identify(kind="staff", user_id=9, name="abebe@buyers.shop")
        record(action="thing.done")
    assert AuditEntry.objects.get().actor_name == ""
