"""The log can be added to, and forgotten by the stated ways only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit import context, services
from audit.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db


def entry(**fields) -> AuditEntry:
    return AuditEntry.objects.create(**{"actor_kind": "staff", "action": "thing.done", **fields})


def refuses(statement: str, *values) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except DatabaseError as error:
        return "append-only" in str(error)
    return False


def upkeep(kind: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('nexus.audit_upkeep', %s, true)", [kind])


@pytest.fixture(autouse=True)
def _as_in_a_shop():
    upkeep("")  # tests may truncate, shops may not


def test_nothing_is_changed_deleted_or_emptied():
    old = entry(created_at=timezone.now() - timedelta(days=1000), address="10.1.2.3")
    assert refuses("UPDATE audit_auditentry SET action = 'other' WHERE id = %s", old.pk)
    assert refuses("UPDATE audit_auditentry SET address = NULL")
    assert refuses("DELETE FROM audit_auditentry WHERE id = %s", old.pk)
    assert refuses("TRUNCATE audit_auditentry")
    assert AuditEntry.objects.get().action == "thing.done"


def test_pruning_deletes_what_is_old_and_redaction_blanks_addresses_and_nothing_else():
    old = entry(created_at=timezone.now() - timedelta(days=40))
    young = entry(created_at=timezone.now() - timedelta(days=20), address="10.1.2.3")
    upkeep("prune")
    assert refuses("DELETE FROM audit_auditentry WHERE id = %s", young.pk)
    assert refuses("UPDATE audit_auditentry SET address = NULL")
    assert not refuses("DELETE FROM audit_auditentry WHERE id = %s", old.pk)
    upkeep("redact")
    assert refuses("DELETE FROM audit_auditentry WHERE id = %s", young.pk)
    assert refuses("UPDATE audit_auditentry SET address = '10.9.9.9'")
    assert refuses("UPDATE audit_auditentry SET address = NULL, actor_id = 5")
    assert not refuses("UPDATE audit_auditentry SET address = NULL")
    assert refuses("TRUNCATE audit_auditentry")


def test_control_without_the_trigger_it_could_be_rewritten():
    row = entry()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_is_append_only")
    assert not refuses("UPDATE audit_auditentry SET action = 'other' WHERE id = %s", row.pk)


def test_entries_older_than_the_shop_keeps_them_are_pruned_and_that_is_recorded(settings):
    settings.AUDIT_KEEP_DAYS = 100
    for days in (5, 99, 101, 900):
        entry(created_at=timezone.now() - timedelta(days=days))
    assert services.prune() == 2
    assert AuditEntry.objects.filter(action="thing.done").count() == 2
    assert AuditEntry.objects.get(action="audit.pruned").details == {"entries": 2, "days": 100}
    assert services.prune() == 0
    assert AuditEntry.objects.filter(action="audit.pruned").count() == 1
    assert refuses("DELETE FROM audit_auditentry")  # the exception did not outlive the verb


def test_many_old_entries_are_pruned_in_portions(monkeypatch):
    monkeypatch.setattr(services, "PRUNED_AT_ONCE", 2)
    for _ in range(5):
        entry(created_at=timezone.now() - timedelta(days=1000))
    assert services.prune() == 5


def test_a_setting_cannot_make_the_shop_forget_last_month(settings):
    settings.AUDIT_KEEP_DAYS = 0
    entry(created_at=timezone.now() - timedelta(days=20))
    assert services.prune() == 0


def test_forgetting_a_person_blanks_where_they_called_from_and_keeps_what_happened():
    person, other = factories.user(), factories.user()
    theirs = entry(actor_kind="customer", actor_id=person.pk, address="10.0.0.1")
    about = entry(
        actor_kind="guest", target_table="account_user", target_public_id=str(person.public_id), address="10.0.0.2"
    )  # fmt: skip
    guest = entry(actor_kind="guest", address="10.0.0.3")
    others = entry(actor_kind="customer", actor_id=other.pk, address="10.0.0.3")
    blanked = services.forget(
        user_id=person.pk, public_id=str(person.public_id), addresses=["10.0.0.3"]
    )
    assert blanked == 3
    for row in (theirs, about, guest):
        row.refresh_from_db()
        assert row.address is None
        assert row.action == "thing.done"
    others.refresh_from_db()
    assert others.address == "10.0.0.3"
    redacted = AuditEntry.objects.get(action="audit.redacted")
    assert redacted.details == {"entries": 3}
    assert redacted.target_public_id == str(person.public_id)


def test_the_job_prunes(run_jobs):
    from procrastinate.contrib.django import app

    entry(created_at=timezone.now() - timedelta(days=3000))
    app.tasks["audit.prune"].func(timestamp=0)
    assert not AuditEntry.objects.filter(action="thing.done").exists()


def test_a_context_cannot_lend_its_author_to_later_entries():
    with context.acting(kind="staff", user_id=7):
        services.record(action="thing.done")
    services.record(action="thing.done")
    first, second = AuditEntry.objects.filter(action="thing.done").order_by("pk")
    assert (first.actor_kind, first.actor_id) == ("staff", 7)
    assert (second.actor_kind, second.actor_id) == ("system", None)
