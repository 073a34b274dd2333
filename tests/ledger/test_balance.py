"""The database keeps the ledger: against raw SQL, COPY and whoever else connects, as the owner of the tables."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from ledger import triggers
from ledger.models import Entry, Posting
from ledger.services import balances
from tests.ledger.conftest import line, pair, post

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("as_in_a_shop")]

ENTRY = (
    "INSERT INTO ledger_entry (public_id, kind, key, actor) VALUES (gen_random_uuid(), 'raw', {key}, 'x')"
    " RETURNING id"
)


def run(*statements: str) -> str:
    """What the database objects to when these are one transaction; nothing if it does not."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except DatabaseError as error:
        return str(error)
    return ""


def entry(key: str = "1") -> str:
    return ENTRY.format(key=f"'{key}'")


def posting(account: str, amount: str, currency: str = "ETB", of: str = "1", **_: str) -> str:
    return (
        "INSERT INTO ledger_posting (entry_id, account, currency, amount)"
        f" SELECT id, '{account}', '{currency}', {amount} FROM ledger_entry WHERE kind = 'raw' AND key = '{of}'"
    )


def test_the_tests_run_as_the_owner_of_the_tables_whom_nothing_else_would_stop():
    """Without this the tests below might owe their refusals to missing rights."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tableowner = current_user FROM pg_tables WHERE tablename LIKE 'ledger%'"
        )
        assert cursor.fetchall() == [(True,)]
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)


def test_a_superuser_is_held_to_the_same():
    connection.ensure_connection()
    info = connection.connection.info
    try:
        session = psycopg.connect(
            host=info.host, port=info.port, dbname=info.dbname, user="postgres", autocommit=True
        )
    except psycopg.OperationalError:
        pytest.skip("this PostgreSQL is not ours: there is no superuser to be")
    assert run(entry(), posting("bank", "10"), posting("sales", "-10")) == ""
    with session:
        for statement in (
            f"BEGIN; {entry('2')}; {posting('bank', '10', of='2')}; COMMIT",
            posting("bank", "5"),
            "UPDATE ledger_posting SET amount = 1",
            "DELETE FROM ledger_entry",
            "TRUNCATE ledger_posting, ledger_entry",
        ):
            with pytest.raises(psycopg.Error, match=r"append-only|does not balance|can be added"):
                session.execute(statement)
    assert Posting.objects.count() == 2


def test_a_balanced_entry_is_taken_in_any_order_of_statements():
    assert (
        run(entry(), posting("bank", "10"), posting("sales", "-8.50"), posting("tax.vat", "-1.50"))
        == ""
    )
    assert Posting.objects.count() == 3


def test_each_currency_balances_for_itself():
    both = [posting("bank", "10"), posting("sales", "-10")]
    assert run(entry(), *both, posting("bank", "3", "USD"), posting("sales", "-3", "USD")) == ""
    crossed = [posting("bank", "10", of="2"), posting("sales", "-10", "USD", of="2")]
    assert "does not balance" in run(entry("2"), *crossed)


@pytest.mark.parametrize(
    "postings",
    [
        [("bank", "10")],
        [("bank", "10"), ("sales", "-9.99")],
        [("bank", "10"), ("sales", "10")],
        [("bank", "0.01"), ("sales", "-0.02"), ("tax.vat", "0.02")],
        [("bank", "'NaN'"), ("sales", "'NaN'")],
    ],
)
def test_what_does_not_balance_is_refused_at_the_commit(postings):
    assert "does not balance" in run(entry(), *(posting(*one) for one in postings))
    assert not Entry.objects.exists()


def test_an_entry_without_postings_is_refused():
    assert "has no postings" in run(entry())


def test_nothing_is_posted_for_nothing_or_to_nobody():
    assert "posting_is_not_of_nothing" in run(entry(), posting("bank", "0"), posting("sales", "0"))
    assert "posting_is_not_of_nothing" in run(entry(), posting("bank", "0.004"))  # rounds to it
    assert "foreign key" in run(entry(), posting("banque", "1"), posting("sales", "-1"))
    assert "posting_currency_is_a_code" in run(entry(), posting("bank", "1", "etb"))
    assert "entry_is_posted_once" in run(entry(), entry())


def test_a_savepoint_does_not_hide_the_difference():
    assert "does not balance" in run(
        entry(), posting("bank", "10"), "SAVEPOINT one", posting("sales", "-9"), "RELEASE one"
    )
    assert "does not balance" in run(
        entry(), posting("bank", "10"), "SAVEPOINT one", posting("sales", "-10"),
        "ROLLBACK TO one",
    )  # fmt: skip


def test_it_can_be_asked_before_the_commit():
    assert "does not balance" in run(
        entry(), posting("bank", "10"), "SET CONSTRAINTS ALL IMMEDIATE", "SELECT 1"
    )


def test_nothing_is_added_to_an_entry_that_is_committed():
    assert run(entry(), posting("bank", "10"), posting("sales", "-10")) == ""
    assert "Nothing can be added" in run(posting("bank", "5"))
    assert "Nothing can be added" in run(posting("bank", "5"), posting("sales", "-5"))
    assert Posting.objects.count() == 2


def test_an_entry_cannot_pretend_to_have_been_written_at_another_time():
    dated = entry().replace("actor)", "actor, created_at)").replace("'x')", "'x', '2020-01-01')")
    assert "Nothing can be added" in run(dated, posting("bank", "10"), posting("sales", "-10"))


def test_copy_is_held_to_the_same():
    def copied(*rows: str) -> str:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(entry("copied"))
                (pk,) = cursor.fetchone()
                into = "COPY ledger_posting (entry_id, account, currency, amount) FROM STDIN"
                with cursor.copy(into) as copy:
                    for row in rows:
                        copy.write(f"{pk}\t{row}\n")
        except DatabaseError as error:
            return str(error)
        return ""

    assert "does not balance" in copied("bank\tETB\t10.00", "sales\tETB\t-9.99")
    assert copied("bank\tETB\t10.00", "sales\tETB\t-10.00") == ""


def test_nothing_is_changed_deleted_or_emptied():
    assert run(entry(), posting("bank", "10"), posting("sales", "-10")) == ""
    for statement in (
        "UPDATE ledger_posting SET amount = amount",
        "UPDATE ledger_posting SET amount = amount * 2",
        "UPDATE ledger_posting SET account = 'variance' WHERE account = 'bank'",
        "UPDATE ledger_entry SET occurred_at = now()",
        "DELETE FROM ledger_posting",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_posting",
        "TRUNCATE ledger_entry CASCADE",
        "TRUNCATE ledger_account CASCADE",
        "MERGE INTO ledger_posting p USING ledger_entry e ON e.id = p.entry_id WHEN MATCHED THEN DELETE",
        "INSERT INTO ledger_entry (public_id, kind, key, actor) VALUES (gen_random_uuid(), 'raw', '1', 'x')"
        " ON CONFLICT (kind, key) DO UPDATE SET note = 'altered'",
    ):
        assert "append-only" in run(statement), statement
    assert "still referenced" in run("DELETE FROM ledger_account WHERE code = 'bank'")
    assert "still referenced" in run("UPDATE ledger_account SET code = 'banks' WHERE code = 'bank'")
    assert sorted(Posting.objects.values_list("amount", flat=True)) == [-10, 10]


def test_control_without_the_triggers_all_of_it_goes_through():
    assert run(entry(), posting("bank", "10"), posting("sales", "-10")) == ""
    triggers.uninstall(connection)
    try:
        assert run(posting("bank", "5")) == ""
        assert run(entry("2"), posting("bank", "1", of="2")) == ""
        assert run("UPDATE ledger_posting SET amount = amount * 2") == ""
        assert run("DELETE FROM ledger_posting") == ""
        assert triggers.flaws()
    finally:
        run("TRUNCATE ledger_posting, ledger_entry")
        triggers.install(connection)
    assert triggers.flaws() == []
    assert "does not balance" in run(entry("3"), posting("bank", "1", of="3"))


@pytest.mark.parametrize("trigger", [triggers.BALANCES, triggers.KEEPS, triggers.KEEPS_ALL])
@pytest.mark.parametrize("table", triggers.TABLES)
def test_a_trigger_that_is_off_is_a_flaw(table, trigger):
    run(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    try:
        assert triggers.flaws() == [f"{table} lacks the trigger {trigger}"]
    finally:
        run(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


def test_a_verb_that_leaves_out_its_own_check_meets_the_trigger(monkeypatch):
    """The second line of defence: `post` itself, with the sum no longer looked at."""
    from ledger import services

    monkeypatch.setattr(services, "_checked", lambda draft: draft)
    with pytest.raises(DatabaseError, match="does not balance"):
        post(lines=[line("bank", "10"), line("sales", "-9")])
    assert balances() == []
    assert post(lines=pair()).postings.count() == 2
