"""What triggers write down, whoever changes a row."""

from __future__ import annotations

import os
from decimal import Decimal
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from account.models import Session, User
from audit import context
from audit.models import AuditEntry
from catalog.models import Variant
from inventory.models import StockItem
from inventory.services import set_on_hand
from orders.models import Order, OrderLine
from tests import factories

pytestmark = pytest.mark.django_db


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("pk"))


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def stranger(**changed) -> psycopg.Connection:
    """Somebody with a terminal: no Django, no context."""
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    return psycopg.connect(**{**parameters, "application_name": "psql", **changed})


# --- what an entry says -----------------------------------------------------------------------


def test_a_changed_price_is_recorded_with_both_values():
    variant = factories.variant(price="100.00")
    with context.acting(kind="system", name="prices"):
        variant.price = Decimal("120.50")
        variant.save()
    (entry,) = entries("variant.updated")
    assert entry.changes == {"price": {"from": "100.00", "to": "120.50"}}
    assert (entry.actor_kind, entry.actor_name) == ("system", "prices")
    assert (entry.target_table, entry.target_id) == ("catalog_variant", str(variant.pk))
    assert entry.target_public_id == variant.sku
    assert entry.details == {"product_id": variant.product_id}
    assert abs((timezone.now() - entry.created_at).total_seconds()) < 60


def test_the_price_of_a_new_and_of_a_deleted_variant_is_recorded():
    variant = factories.variant(price="7.00", sku="NEW")
    variant.delete()
    (created,) = entries("variant.created")
    assert created.changes["price"] == {"to": "7.00"}
    assert "compare_at_price" not in created.changes
    (deleted,) = entries("variant.deleted")
    assert deleted.changes["price"] == {"from": "7.00"}
    assert deleted.target_public_id == "NEW"


def test_what_changes_nothing_that_is_audited_leaves_no_entry():
    variant, person = factories.variant(), factories.user()
    before = AuditEntry.objects.count()
    variant.save()
    User.objects.filter(pk=person.pk).update(last_login=timezone.now())
    StockItem.objects.update(reserved=F("reserved") + 1)
    assert AuditEntry.objects.count() == before


def test_stock_is_recorded_when_it_leaves_the_shelf_not_when_it_is_promised():
    variant = factories.variant(stock=10)
    set_on_hand(stock_item_id=variant.stock_item_id, on_hand=7, by=factories.SYSTEM)
    factories.place(variant=variant, quantity=2)
    (entry,) = entries("stock_item.updated")
    assert entry.changes == {"on_hand": {"from": 10, "to": 7}}


def test_a_checkout_is_one_entry_for_the_order_and_one_for_all_its_lines():
    order = factories.place(quantity=2)
    (placed,) = entries("order.created")
    assert placed.changes["total"] == {"to": "200.00"}
    assert placed.target_public_id == str(order.public_id)
    (lines,) = entries("order_line.created")
    assert lines.details == {"order_id": order.pk, "ids": [order.lines.get().pk]}


def test_lines_of_several_orders_are_kept_apart():
    first, second = factories.place(), factories.place()
    AuditEntry.objects.filter(action="order_line.created")
    fresh = [
        OrderLine(
            order=order, position=9, product=line.product, variant=line.variant, sku="X", name="X",
            quantity=1, unit_price=1, total=1, tax=0,
        )
        for order in (first, second)
        for line in [order.lines.get()]
    ]  # fmt: skip
    OrderLine.objects.bulk_create(fresh)
    added = entries("order_line.created")[2:]
    assert [entry.details for entry in added] == [
        {"order_id": order.pk, "ids": [line.pk]}
        for order, line in zip((first, second), fresh, strict=True)
    ]


def test_an_order_and_its_payment_are_followed():
    order = factories.place()
    Order.objects.filter(pk=order.pk).update(
        status="paid", payment_status="paid", email="other@buyers.shop"
    )
    (entry,) = entries("order.updated")
    assert entry.changes == {
        "status": {"from": "pending", "to": "paid"},
        "payment_status": {"from": "unpaid", "to": "paid"},
        "email": {"changed": True},
    }


def test_a_revoked_session_is_recorded_and_a_refreshed_one_is_not(api):
    person = factories.user(email="abebe@buyers.shop")
    answer = api.post(
        "/api/auth/login/", {"email": "abebe@buyers.shop", "password": factories.PASSWORD}
    ).json()
    api.post("/api/auth/refresh/", {"refresh": answer["refresh"]})
    assert not entries("session.updated")
    Session.objects.update(revoked_at=timezone.now(), revoke_reason="staff")
    (entry,) = entries("session.updated")
    assert entry.changes["revoke_reason"] == {"from": "", "to": "staff"}
    assert entry.details == {"user_id": person.pk}


def test_history_that_is_rewritten_leaves_history():
    order = factories.place()
    order.history.update(note="nothing to see")
    (entry,) = entries("order_event.updated")
    assert entry.changes == {"note": {"changed": True}}
    assert entry.details["order_id"] == order.pk


# --- whoever does it --------------------------------------------------------------------------


def test_a_bulk_update_leaves_an_entry_for_each_row():
    rows = [factories.variant(price="10.00") for _ in range(3)]
    with context.acting(kind="system", name="sale"):
        Variant.objects.filter(pk__in=[row.pk for row in rows]).update(price=F("price") * 2)
    changed = entries("variant.updated")
    assert [entry.changes["price"] for entry in changed] == [{"from": "10.00", "to": "20.00"}] * 3
    assert {entry.actor_name for entry in changed} == {"sale"}


def test_control_without_the_trigger_there_is_no_entry():
    variant = factories.variant(price="10.00")
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # or the table has pending events and cannot be altered
    sql("ALTER TABLE catalog_variant DISABLE TRIGGER audit_changes")
    Variant.objects.filter(pk=variant.pk).update(price=1)
    assert not entries("variant.updated")
    sql("ALTER TABLE catalog_variant ENABLE TRIGGER audit_changes")
    Variant.objects.filter(pk=variant.pk).update(price=2)
    assert len(entries("variant.updated")) == 1


def test_a_moved_primary_key_is_seen():
    group = factories.category()
    sql("UPDATE catalog_category SET id = id + 100000 WHERE id = %s", group.pk)
    (entry,) = entries("category.updated")
    assert entry.changes == {"id": {"from": group.pk, "to": group.pk + 100000}}
    assert entry.target_id == str(group.pk)


def test_undone_work_leaves_no_entry():
    variant = factories.variant(price="10.00")
    with transaction.atomic():
        Variant.objects.filter(pk=variant.pk).update(price=1)
        assert len(entries("variant.updated")) == 1
        transaction.set_rollback(True)
    assert not entries("variant.updated")


@pytest.mark.django_db(transaction=True)
def test_sql_from_outside_names_the_database_role_and_program():
    variant = factories.variant(price="10.00")
    with stranger() as outside:
        outside.execute("UPDATE catalog_variant SET price = 1 WHERE id = %s", [variant.pk])
        outside.execute("INSERT INTO auth_group (name) VALUES ('friends')")
        outside.execute(
            "UPDATE account_user SET is_superuser = true WHERE id = %s", [factories.user().pk]
        )
    (entry,) = entries("variant.updated")
    assert entry.actor_kind == "database"
    assert entry.actor_name == connection.connection.info.user
    assert entry.details["application"] == "psql"
    assert (entry.actor_id, entry.request_id) == (None, "")
    assert {row.actor_kind for row in entries("group.created") + entries("user.updated")} == {
        "database"
    }
    assert entries("user.updated")[0].changes == {"is_superuser": {"from": False, "to": True}}


@pytest.mark.django_db(transaction=True)
def test_copy_and_truncate_are_seen():
    with stranger() as outside:
        with outside.cursor().copy("COPY auth_group (name) FROM STDIN") as copy:
            copy.write_row(["copied"])
        outside.execute("TRUNCATE auth_group CASCADE")
    assert [entry.changes for entry in entries("group.created")] == [{"name": {"to": "copied"}}]
    (emptied,) = entries("group.truncated")
    assert emptied.actor_kind == "database"
    assert entries("user_group.truncated")  # it fell with it


@pytest.fixture
def clerk():
    """A database role that may write one table and knows nothing of the log. Only a superuser can make it."""
    connection.ensure_connection()
    try:
        boss = stranger(user="postgres", autocommit=True)
    except psycopg.OperationalError:
        pytest.skip("this server lets no superuser in")
    name = f"clerk_{os.getpid()}"
    with boss:
        boss.execute(f"CREATE ROLE {name} LOGIN")
        boss.execute(f"GRANT SELECT, INSERT, UPDATE ON auth_group TO {name}")
        boss.execute(f"GRANT USAGE ON SEQUENCE auth_group_id_seq TO {name}")
        boss.execute(f"GRANT TEMPORARY ON DATABASE {connection.settings_dict['NAME']} TO {name}")
        yield name
        boss.execute(f"DROP OWNED BY {name}")
        boss.execute(f"DROP ROLE {name}")


@pytest.mark.django_db(transaction=True)
def test_a_role_without_any_right_to_the_log_is_recorded_all_the_same(clerk):
    with stranger(user=clerk, autocommit=True) as outside:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            outside.execute("SELECT * FROM audit_auditentry")
        # A table of the same name in front of the search path catches nothing.
        outside.execute("CREATE TEMPORARY TABLE audit_auditentry (LIKE auth_group)")
        outside.execute("INSERT INTO auth_group (name) VALUES ('clerks')")
    (entry,) = entries("group.created")
    assert (entry.actor_kind, entry.actor_name) == ("database", clerk)


def test_an_import_is_recorded_with_the_command(tmp_path):
    path = tmp_path / "goods.csv"
    path.write_text(
        "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\ntea,Tea,T-1,25.00,3\n"
    )
    with context.acting(kind="system", name="manage.py import_products"):
        call_command("import_products", str(path), stdout=StringIO(), stderr=StringIO())
    (entry,) = entries("variant.created")
    assert entry.actor_name == "manage.py import_products"
    assert entry.changes["price"] == {"to": "25.00"}
    assert entries("stock_item.created")[0].changes["on_hand"] == {"to": 3}


# --- never by value ---------------------------------------------------------------------------


def test_personal_columns_and_secrets_are_recorded_as_changed_only(api):
    secrets = [
        "abebe@buyers.shop", "abebe.new@buyers.shop", "+251911234567", "+251922345678", "Abebe", "Bikila", "Wondimu",
        "Edna Mall", "Bole road 7", "tsehay@buyers.shop",
    ]  # fmt: skip
    person = factories.user(
        email=secrets[0], phone=secrets[2], first_name="Abebe", last_name="Bikila"
    )
    api.force_authenticate(person)
    api.patch("/api/auth/me/", {"last_name": "Wondimu", "phone": "0922345678"})
    person.refresh_from_db()
    person.email = secrets[1]
    person.set_password("eleven hens in a row")
    person.save()
    api.post(
        "/api/addresses/",
        {"first_name": "Abebe", "landmark": "Edna Mall", "phone": secrets[2], "city": "Adama"},
    )
    order = factories.place(person, email=secrets[9], phone=secrets[3])
    Order.objects.filter(pk=order.pk).update(
        shipping_address={"line1": "Bole road 7"}, phone=secrets[2]
    )
    updates = [entry.changes for entry in entries("user.updated")]
    assert {"last_name": {"changed": True}, "phone": {"changed": True}} in updates
    assert {"email": {"changed": True}, "password": {"changed": True}} in updates
    assert entries("order.updated")[0].changes == {
        "shipping_address": {"changed": True},
        "phone": {"changed": True},
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT entry::text FROM audit_auditentry entry")
        log = "\n".join(row[0] for row in cursor.fetchall())
    assert "user.updated" in log
    person.refresh_from_db()
    for secret in [*secrets, person.password, order.token_hash, "Adama"]:
        assert not secret or secret not in log, secret
