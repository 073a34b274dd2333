"""A refusal undoes what was written before it; one that comes before anything was written costs no prepared statement."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import Error, connection, transaction

from catalog.reads.database import rows
from common.errors import Conflict
from common.idempotency import with_retries
from common.models import RateCounter
from common.transactions import has_written

pytestmark = pytest.mark.django_db(transaction=True)
QUESTION = "SELECT count(*) FROM common_ratecounter WHERE key = %(key)s"


def sql(statement: str) -> list:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def prepared() -> int:
    return sql(
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%common_ratecounter%'"
        " AND NOT statement LIKE '%pg_prepared%'"
    )[0][0]


def refuse_after(*steps):
    def work():
        rows(QUESTION, {"key": "a"})
        for step in steps:
            step()
        raise Conflict("no")

    with pytest.raises(Conflict, match="no"):
        with_retries(work)


def write(key="a"):
    RateCounter.objects.create(key=key, slot=1, count=1, expires_at="2030-01-01T00:00Z")


def lock():
    RateCounter.objects.select_for_update().get(key="b")


@pytest.fixture(autouse=True)
def new_connection():
    connection.close()
    yield
    connection.close()


def test_what_was_prepared_stays_after_a_refusal_that_wrote_nothing():
    refuse_after()
    assert prepared() == 1
    refuse_after()
    assert prepared() == 1


def test_control_a_rollback_forgets():
    with transaction.atomic():
        rows(QUESTION, {"key": "a"})
        transaction.set_rollback(True)
    assert prepared() == 0


@pytest.mark.parametrize("inner", [write, lambda: transaction.atomic(write)()])
def test_what_was_written_is_undone(inner):
    refuse_after(inner)
    assert not RateCounter.objects.exists()


def test_a_lock_counts_as_written_and_is_let_go():
    write("b")
    seen = []
    refuse_after(lock, lambda: seen.append(has_written()))
    assert seen == [True]
    assert not sql("SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")


def test_what_was_to_be_done_once_committed_is_not_done():
    done = []
    refuse_after(partial(transaction.on_commit, lambda: done.append(1)))
    assert done == []


def test_a_refusal_after_a_failed_statement_is_still_that_refusal():
    def fail():
        with pytest.raises(Error):
            sql("SELECT 1 / 0")

    refuse_after(fail)
    refuse_after(write, fail)
    assert not RateCounter.objects.exists()
