"""The database triggers that keep the ledger: entries balance, and stay. They hold for a verb, psql and COPY alike.

A posting's trigger is deferred to the commit, so that an entry may be written in several statements. It wants the entry to
be of the same transaction: a balanced pair of postings that is added to an old entry would alter the past, too.
"""

from __future__ import annotations

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

UPKEEP = "nexus.ledger_upkeep"
TABLES = ("ledger_entry", "ledger_posting")
BALANCES, KEEPS, KEEPS_ALL = (
    "ledger_entry_balances", "ledger_is_append_only", "ledger_is_not_truncated"
)  # fmt: skip

_BALANCES = """
CREATE OR REPLACE FUNCTION ledger_check_balance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, SCHEMA, pg_temp AS $$
DECLARE
    entry bigint;
    made  timestamptz;
    left_over record;
BEGIN
    IF TG_TABLE_NAME = 'ledger_entry' THEN
        entry := NEW.id;
        IF NOT EXISTS (SELECT FROM ledger_posting posting WHERE posting.entry_id = NEW.id) THEN
            RAISE EXCEPTION 'Ledger entry % has no postings.', entry
                USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
        END IF;
    ELSE
        entry := NEW.entry_id;
        SELECT created_at INTO made FROM ledger_entry WHERE id = entry;
        IF made IS DISTINCT FROM now() THEN
            RAISE EXCEPTION 'Nothing can be added to ledger entry % any more.', entry
                USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME,
                      HINT = 'An entry is written whole, in one transaction, and created_at is when that began.';
        END IF;
    END IF;
    SELECT currency, sum(amount) AS amount INTO left_over
      FROM ledger_posting WHERE entry_id = entry GROUP BY currency HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Ledger entry % does not balance: % % is left over.', entry, left_over.amount, left_over.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME,
                  HINT = 'In each currency, debits (> 0) and credits (< 0) sum to zero.';
    END IF;
    RETURN NULL;
END $$
"""

_KEEP = f"""
CREATE OR REPLACE FUNCTION ledger_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND coalesce(current_setting('{UPKEEP}', true), '') = 'truncate' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The ledger is append-only.' USING ERRCODE = 'insufficient_privilege',
        HINT = 'What is wrong is put right by a reversing entry.';
END $$
"""  # fmt: skip


def _statements() -> list[str]:
    made = [_BALANCES, _KEEP]
    for table in TABLES:
        made += [
            f"DROP TRIGGER IF EXISTS {BALANCES} ON {table}",  # PostgreSQL cannot replace a constraint trigger
            f"CREATE CONSTRAINT TRIGGER {BALANCES} AFTER INSERT ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balance()",
            f"CREATE OR REPLACE TRIGGER {KEEPS} BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION ledger_keep()",
            f"CREATE OR REPLACE TRIGGER {KEEPS_ALL} BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep()",
        ]
    return made


def install(connection: BaseDatabaseWrapper) -> None:
    """Create or replace functions and triggers. Safe to repeat. Migrations call this."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
        for statement in _statements():
            cursor.execute(statement.replace("SCHEMA", schema))


def uninstall(connection: BaseDatabaseWrapper) -> None:
    """Remove all of it."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for name in (BALANCES, KEEPS, KEEPS_ALL):
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        cursor.execute("DROP FUNCTION IF EXISTS ledger_check_balance(), ledger_keep()")


def flaws() -> list[str]:
    """For the doctor: triggers that are missing, switched off, or (the balance) not deferred constraints any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
            " WHERE tgname = ANY (%s) AND tgenabled IN ('O', 'A') AND (tgname <> %s OR tgdeferrable)",
            [[BALANCES, KEEPS, KEEPS_ALL], BALANCES],
        )
        there = set(cursor.fetchall())
    return [
        f"{table} lacks the trigger {name}"
        for table in TABLES
        for name in (BALANCES, KEEPS, KEEPS_ALL)
        if (table, name) not in there
    ]
