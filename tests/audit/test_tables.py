"""Nothing that ought to be audited is forgotten, and docs/audit.md says what is."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from audit import triggers
from audit.reference import markdown
from audit.tables import AUDITED, UNAUDITED
from tests import factories

ROOT = Path(__file__).resolve().parents[2]
MODELS = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


def test_every_table_is_audited_or_says_why_not():
    """A new table? Name it in audit/tables.py, and for an audited one let a migration of audit install its triggers."""
    assert set(MODELS) == set(AUDITED) | set(UNAUDITED)
    assert not set(AUDITED) & set(UNAUDITED)
    assert all(UNAUDITED.values())


@pytest.mark.parametrize("table", AUDITED)
def test_every_column_is_shown_masked_or_ignored(table):
    """A new column? Name it in audit/tables.py; until then only that it changed is recorded."""
    spec = AUDITED[table]
    named = [*spec.shown, *spec.masked, *spec.ignored, *spec.beside]
    assert len(named) == len(set(named)), "named twice"
    columns = {field.column for field in MODELS[table]._meta.local_concrete_fields}
    assert columns - {"id", spec.public} <= set(named)
    assert {*named, *spec.watched} <= columns
    assert spec.public in columns | {""}
    assert "id" in columns or spec.public, "an entry says which row it is about"


# What describes a person, or lets somebody in, by the name of its column.
PERSONAL = {
    "email", "phone", "first_name", "last_name", "name", "address", "shipping_address", "last_used_address", "user_agent",
    "line1", "line2", "landmark", "latitude", "longitude", "note", "actor", "password", "secret", "digest", "token_hash",
    "checkout_url", "idempotency_key", "fingerprint", "refresh_jti", "previous_jti", "password_mark", "next_secret",
}  # fmt: skip
# Names of things, not of people.
THINGS = {
    "catalog_category", "catalog_product", "catalog_variant", "pricing_taxrate", "orders_orderline", "account_apikey",
    "auth_group", "catalog_attribute", "catalog_producttype", "catalog_brand", "catalog_collection", "catalog_language",
    "catalog_pricelist", "account_customergroup", "inventory_location",
    "places_area", "places_pickuppoint", "pricing_deliverymethod",
    "pricing_promotion", "pricing_taxcategory", "ledger_account",
}  # fmt: skip


@pytest.mark.parametrize("table", AUDITED)
def test_no_personal_column_and_no_secret_is_shown(table):
    shown = {*AUDITED[table].shown, *AUDITED[table].beside}
    assert shown & PERSONAL <= ({"name"} if table in THINGS else set())


def test_the_documentation_has_the_tables_of_the_code():
    """`python manage.py audit table` prints them."""
    out = StringIO()
    call_command("audit", "table", stdout=out)
    assert out.getvalue() == markdown()
    assert markdown() in (ROOT / "docs" / "audit.md").read_text()


# --- the triggers that are there --------------------------------------------------------------


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_every_audited_table_has_its_triggers():
    assert triggers.flaws() == []
    out = StringIO()
    call_command("audit", "check", stdout=out)
    assert "every change is audited" in out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("harm", "table"),
    [
        ("DROP TRIGGER audit_changes ON catalog_variant", "catalog_variant"),
        ("ALTER TABLE orders_order DISABLE TRIGGER audit_rows", "orders_order"),
        ("DROP TRIGGER audit_additions ON orders_orderline", "orders_orderline"),
        ("DROP TRIGGER audit_truncation ON auth_group", "auth_group"),
        ("DROP TRIGGER audit_is_append_only ON audit_auditentry", "audit_auditentry"),
        (
            "CREATE OR REPLACE TRIGGER audit_changes AFTER UPDATE ON auth_group FOR EACH ROW"
            " EXECUTE FUNCTION audit_record_change('group', '', '{}', '{name}', '{}')",
            "auth_group",
        ),
        (
            "CREATE OR REPLACE TRIGGER audit_changes AFTER UPDATE ON inventory_stockitem FOR EACH ROW"
            " WHEN (OLD.id IS DISTINCT FROM NEW.id) EXECUTE FUNCTION audit_record_change("
            "'stock_item', '', '{on_hand}', '{reserved,created_at}', '{}')",
            "inventory_stockitem",
        ),
    ],
)
def test_the_doctor_sees_a_trigger_that_is_missing_off_or_altered(harm, table):
    from reporting.doctor import examine

    sql(harm)
    (flaw,) = triggers.flaws()
    assert table in flaw
    assert [v.detail for v in examine() if v.invariant == "every change is audited"] == [flaw]
    with pytest.raises(SystemExit):
        call_command("audit", "check", stdout=StringIO())


@pytest.mark.django_db
def test_installing_again_mends_and_uninstalling_leaves_nothing():
    sql("DROP TRIGGER audit_changes ON catalog_variant")
    triggers.install(connection)
    assert triggers.flaws() == []
    triggers.uninstall(connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'audit%'")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'audit%'")
        assert cursor.fetchone() == (0,)
    factories.user()  # the shop works without its log


@pytest.mark.django_db
def test_a_column_that_nobody_has_named_tells_nothing():
    from audit.models import AuditEntry

    person = factories.user()
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("ALTER TABLE account_user ADD COLUMN birthday text")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE account_user SET birthday = '1974-09-12' WHERE id = %s", [person.pk])
    entry = AuditEntry.objects.get(action="user.updated")
    assert entry.changes == {"birthday": {"changed": True}}
