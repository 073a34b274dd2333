"""The author travels with each statement, and stays nowhere."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg import sql as composed

from audit import context, injection, jobs
from audit.models import AuditEntry
from audit.services import record
from catalog.models import Variant
from tests import factories

pytestmark = pytest.mark.django_db
UPDATE = "UPDATE auth_group SET name = name || '!'"


def authors() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("actor_kind", "actor_name"))


def last() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('nexus.audit', true)")
        return cursor.fetchone()[0] or ""


@pytest.fixture
def group():
    return Group.objects.create(name="friends")


# --- which statements -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        'INSERT INTO "auth_group" ("name") VALUES (1)',
        'UPDATE "catalog_variant" SET price = 1',
        "update only catalog_variant set price = 1",
        "  DELETE FROM orders_order",
        'DELETE FROM public."orders_order"',
        "WITH gone AS (DELETE FROM auth_group RETURNING id) SELECT * FROM gone",
        "MERGE INTO catalog_variant USING x ON true WHEN MATCHED THEN DELETE",
        "TRUNCATE auth_group",
        "CALL something()",
        "/* a comment */ UPDATE catalog_variant SET price = 1",
        "COPY auth_group FROM STDIN",
    ],
)
def test_what_may_write_to_an_audited_table_carries_its_author(statement):
    assert injection.writes(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        'INSERT INTO "common_ratecounter" ("key") VALUES (1)',
        'UPDATE "inventory_reservation" SET state = 1',
        "DELETE FROM django_session",
        'SAVEPOINT "s1"',
        "SET TRANSACTION READ ONLY",
        "ALTER TABLE catalog_variant ADD x int",
    ],
)
def test_everything_else_is_left_alone(statement):
    assert not injection.writes(statement)


def test_a_read_costs_nothing_and_a_write_no_further_round_trip(group):
    with CaptureQueriesContext(connection) as queries:
        list(Variant.objects.all())
        Group.objects.filter(pk=group.pk).update(name="others")
    read, write = [query["sql"] for query in queries]
    assert read.startswith("SELECT")
    assert "set_config" not in read
    assert "set_config" in write


# --- Django's ways to write -------------------------------------------------------------------


def test_every_way_to_write_names_its_author_and_works_as_before(group):
    with context.acting(kind="system", name='it\'s 100% \\ "quoted" ሀ'):
        assert Group.objects.filter(pk=group.pk).update(name="a") == 1
        made = Group.objects.create(name="b")  # RETURNING
        assert made.pk > group.pk
        many = Group.objects.bulk_create([Group(name=f"g{number}") for number in range(3)])
        assert all(row.pk for row in many)
        Group.objects.bulk_create([Group(name="b")], ignore_conflicts=True)
        assert Group.objects.get_or_create(name="c")[1]
        for row in many:
            row.name += "%"
        assert Group.objects.bulk_update(many, ["name"]) == 3
        with connection.cursor() as cursor:
            cursor.execute(UPDATE + " WHERE name LIKE 'b%'")  # no parameters: % stands for itself
            assert cursor.rowcount == 1
            cursor.execute(UPDATE + " WHERE name = %s RETURNING name", ["b!"])
            assert cursor.fetchall() == [("b!!",)]
            cursor.execute(UPDATE + " WHERE name = %(name)s", {"name": "c"})
            assert cursor.rowcount == 1
            cursor.executemany(UPDATE + " WHERE name = %s", [["a"], ["g0%"]])
            cursor.execute(
                composed.SQL(UPDATE + " WHERE {} = 'c!'").format(composed.Identifier("name"))
            )
            assert cursor.rowcount == 1
            cursor.execute(
                "WITH gone AS (DELETE FROM auth_group WHERE name = 'g1%' RETURNING id) SELECT count(*) FROM gone"
            )
            assert cursor.fetchone() == (1,)
        assert made.delete()[0] == 1
        assert not Group.objects.filter(name="b!!").exists()
    written = authors()[1:]
    assert len(written) == 17
    assert set(written) == {("system", 'it\'s 100% \\ "quoted" ሀ')}


def test_with_parameters_bound_by_the_server_a_transaction_holds_both_together(group):
    from django.db.backends.postgresql.base import ServerBindingCursor

    connection.ensure_connection()
    cursor = ServerBindingCursor(connection.connection)
    info = {"connection": connection, "cursor": SimpleNamespace(cursor=cursor)}

    def execute(sql, params, many, info):
        return cursor.execute(sql, params)

    with context.acting(kind="system", name="bound"):
        injection.inject(execute, UPDATE + " WHERE id = %s", [group.pk], False, info)
    assert last().actor_name == "bound"


@pytest.mark.django_db(transaction=True)
def test_outside_of_transactions_too(group):
    with context.acting(kind="system", name="autocommit"), connection.cursor() as cursor:
        cursor.execute(UPDATE)
        cursor.executemany(UPDATE + " WHERE id = %s", [[group.pk], [group.pk]])
    assert [name for _, name in authors()[1:]] == ["autocommit"] * 3
    assert connection.get_autocommit()


# --- nothing stays ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_after_the_commit_the_connection_knows_nothing(group):
    """What a transaction pooler relies on: the next client of this connection finds it as new."""
    with context.acting(kind="staff", user_id=7):
        with transaction.atomic():
            Group.objects.update(name="a")
            assert '"user": 7' in setting()
        assert setting() == ""
        Group.objects.update(name="b")
        assert setting() == ""
    with (
        connection.connection.cursor() as raw
    ):  # somebody else, past Django, on the same connection
        raw.execute(UPDATE)
    assert [kind for kind, _ in authors()[1:]] == ["staff", "staff", "database"]


@pytest.mark.django_db(transaction=True)
def test_the_author_survives_an_undone_savepoint(group):
    with context.acting(kind="system", name="outer"), transaction.atomic():
        with transaction.atomic():
            Group.objects.update(name="a")
            transaction.set_rollback(True)
        Group.objects.update(name="b")
    assert authors()[1:] == [("system", "outer")]


def test_contexts_nest_and_end():
    with context.acting(kind="system", name="outer"):
        with context.acting(kind="staff", user_id=3):
            assert context.current().user_id == 3
        assert context.current().name == "outer"
    assert context.current().kind == "system"
    assert context.ambient() is None


def test_a_context_ends_with_an_exception():
    with pytest.raises(KeyError), context.acting(kind="staff", user_id=3):
        raise KeyError
    assert context.ambient() is None


def test_another_thread_has_a_context_of_its_own():
    seen = []
    with context.acting(kind="staff", user_id=3):
        thread = threading.Thread(target=lambda: seen.append(context.current()))
        thread.start()
        thread.join()
    assert seen[0].kind == "system"
    assert seen[0].user_id is None


# --- requests ---------------------------------------------------------------------------------


def test_requests_on_one_connection_do_not_lend_each_other_their_authors(api, settings):
    settings.TRUSTED_PROXY_HOPS = 1
    person, boss = factories.user(), factories.staff()
    body = {"first_name": "Abebe"}
    api.force_authenticate(person)
    first = api.patch("/api/auth/me/", body, headers={"X-Forwarded-For": "8.8.8.8, 10.0.0.1"})
    entry = last()
    assert (entry.action, entry.actor_kind, entry.actor_id) == (
        "user.updated", "customer", person.pk,
    )  # fmt: skip
    assert entry.address == "10.0.0.1"
    assert entry.request_id == first["X-Request-ID"]
    api.force_authenticate(None)
    order = {
        "items": [{"variant_id": factories.variant().pk, "quantity": 1}],
        "phone": "0911234567",
    }
    assert api.post("/api/orders/checkout/", order).status_code == 201
    placed = AuditEntry.objects.get(action="order.created")
    assert (placed.actor_kind, placed.actor_id) == ("guest", None)
    assert placed.request_id != entry.request_id
    api.force_authenticate(boss)
    assert api.post("/api/products/", {"name": "Tea", "price": "5.00"}).status_code == 201
    made = AuditEntry.objects.get(action="product.created", target_public_id="tea")
    assert (made.actor_kind, made.actor_id) == ("staff", boss.pk)
    Group.objects.create(name="afterwards")
    assert (last().actor_kind, last().actor_id, last().address) == ("system", None, None)


@pytest.mark.parametrize(
    ("text", "address"),
    [("10.0.0.1", "10.0.0.1"), (" 2001:DB8::1 ", "2001:db8::1"), ("<script>", None), ("", None)],
)
def test_only_addresses_are_addresses(text, address):
    assert context.valid_address(text) == address


# --- jobs -------------------------------------------------------------------------------------


def job(name: str):
    return SimpleNamespace(job=SimpleNamespace(task_name=name))


def test_a_job_acts_under_its_own_name(group):
    jobs.audited(lambda: Group.objects.update(name="a"), job("some.job"), None)
    assert authors()[-1] == ("system", "some.job")
    assert context.ambient() is None


def test_what_a_failing_job_kept_back_is_written():
    def work():
        with transaction.atomic():
            record(action="thing.tried", even_if_undone=True)
            raise KeyError

    with pytest.raises(KeyError):
        jobs.audited(work, job("some.job"), None)
    assert last().action == "thing.tried"
    assert last().actor_name == "some.job"


def test_the_worker_wraps_every_job():
    from pathlib import Path

    from ecommerce.management import queue_worker

    assert "task_middleware=[audited]" in Path(queue_worker.__file__).read_text()
