"""The statements of the fast path are planned once per connection, for a page and not for the table."""

from __future__ import annotations

import pytest
from django.db import connection
from psycopg import ConnectionInfo

from catalog.reads import finding
from catalog.reads.callers import context_of
from catalog.reads.database import rows
from catalog.reads.finding import ORDERINGS, Wanted
from tests.catalog.reads.processes import sql

pytestmark = pytest.mark.django_db(transaction=True)


def prepared():
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements")
        return {text: plans for text, *plans in cursor.fetchall()}


def test_a_page_is_planned_once_for_all_who_ask(settings):
    sql("DISCARD ALL")
    connection.close()
    for place in ("2026-01-01", "2026-02-01", "2026-03-01"):
        finding.find(Wanted("-created_at", 20, after=(place, 7)), context_of("", ""))
    [plans] = [plans for text, plans in prepared().items() if "p.created_at" in text]
    assert plans == [3, 0]


def test_what_is_not_said_to_be_prepared_is_not():
    connection.close()
    for _ in range(8):
        rows("SELECT 17 + %(more)s", {"more": 1}, prepared=False)
    assert not any("17 +" in text for text in prepared())


def test_behind_a_pooler_nothing_is_prepared(settings):
    connection.close()
    settings.DATABASE_DIRECT_URL = "postgres://elsewhere/nexus"
    rows("SELECT 18 + %(more)s", {"more": 1})
    assert not any("18 +" in text for text in prepared())


def test_a_pooler_that_nobody_told_us_of_is_noticed(monkeypatch):
    """Behind one, `_pg3_0` may be somebody else's statement. It has process ids of its own (tried with PgBouncer 1.18)."""
    connection.close()
    given = ConnectionInfo.backend_pid.fget
    monkeypatch.setattr(ConnectionInfo, "backend_pid", property(lambda info: given(info) + 1))
    assert rows("SELECT 19 + %(more)s", {"more": 1}) == [(20,)]
    assert not any("19 +" in text for text in prepared())
    connection.close()


def test_a_plan_that_a_migration_has_made_worthless_is_made_again():
    sql("CREATE TABLE scratch AS SELECT 7::integer AS number")
    try:
        for _ in range(2):
            assert rows("SELECT number FROM scratch", {}) == [(7,)]
        sql("ALTER TABLE scratch ALTER COLUMN number TYPE text")
        assert rows("SELECT number FROM scratch", {}) == [("7",)]
    finally:
        sql("DROP TABLE scratch")


@pytest.mark.parametrize("ordering", sorted(set(ORDERINGS) - {"relevance"}))
@pytest.mark.parametrize("shelves", [None, (1,), (1, 2)])
def test_the_plan_knows_how_long_a_page_is(ordering, shelves):
    """Of a LIMIT that is a parameter a plan for all parameters expects a tenth of the table: it would sort it."""
    seen = []
    asked = finding.rows
    finding.rows = lambda text, parameters, **more: (
        seen.append(text) or asked(text, parameters, **more)
    )
    try:
        finding.find(Wanted(ordering, 20, shelves=shelves), context_of("", ""))
    finally:
        finding.rows = asked
    assert "LIMIT 21" in seen[0]
    assert "LIMIT %" not in seen[0]
    assert "OFFSET %" not in seen[0]
