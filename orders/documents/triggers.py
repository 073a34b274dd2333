"""What the database itself sees to: documents stay as they were issued, and no invoice is credited beyond its total."""

from __future__ import annotations

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

UPKEEP = "nexus.documents_upkeep"
LEAST_KEPT = "5 years"  # whatever a setting says, who a younger legal document was issued to cannot be blanked
KEEPS, KEEPS_ALL, CREDITS = (
    "documents_are_append_only", "documents_are_not_truncated", "credit_is_within_its_invoice"
)  # fmt: skip

# The one change there is: the people, and nothing else, are taken out. Of packing slips at any time, no law wants them.
_KEEP = f"""
CREATE OR REPLACE FUNCTION orders_keep_documents() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    upkeep text := coalesce(current_setting('{UPKEEP}', true), '');
BEGIN
    IF TG_OP = 'TRUNCATE' AND upkeep = 'truncate' THEN
        RETURN NULL;
    ELSIF TG_OP = 'UPDATE' AND upkeep = 'redact' AND OLD.redacted_at IS NULL AND NEW.redacted_at IS NOT NULL
          AND to_jsonb(NEW) - 'data' - 'redacted_at' = to_jsonb(OLD) - 'data' - 'redacted_at'
          AND NEW.data - 'people' = OLD.data - 'people' AND NEW.data->'people' = '{{}}'
          AND (OLD.kind = 'packing_slip' OR OLD.issued_at < now() - interval '{LEAST_KEPT}') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Documents are never changed once they are issued.' USING ERRCODE = 'insufficient_privilege',
        HINT = 'What is wrong is put right by a credit note.';
END $$
"""

# Under the invoice's lock, so that two credit notes that are written at once see each other.
_CREDIT = f"""
CREATE OR REPLACE FUNCTION orders_check_credit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    invoice orders_document%ROWTYPE;
    credited numeric;
BEGIN
    SELECT * INTO invoice FROM orders_document WHERE id = NEW.credits_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(total), 0) INTO credited FROM orders_document WHERE credits_id = NEW.credits_id;
    IF invoice.kind <> 'invoice' OR invoice.order_id <> NEW.order_id OR invoice.currency <> NEW.currency
       OR invoice.is_test <> NEW.is_test OR credited + NEW.total > invoice.total THEN
        RAISE EXCEPTION 'Invoice % over % cannot be credited with % more.', invoice.number, invoice.total, NEW.total
            USING ERRCODE = 'check_violation', CONSTRAINT = '{CREDITS}', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$
"""  # noqa: S608

_STATEMENTS = (
    _KEEP,
    _CREDIT,
    f"CREATE OR REPLACE TRIGGER {KEEPS} BEFORE UPDATE OR DELETE ON orders_document"
    " FOR EACH ROW EXECUTE FUNCTION orders_keep_documents()",
    f"CREATE OR REPLACE TRIGGER {KEEPS_ALL} BEFORE TRUNCATE ON orders_document"
    " FOR EACH STATEMENT EXECUTE FUNCTION orders_keep_documents()",
    f"CREATE OR REPLACE TRIGGER {CREDITS} BEFORE INSERT ON orders_document"
    " FOR EACH ROW WHEN (NEW.credits_id IS NOT NULL) EXECUTE FUNCTION orders_check_credit()",
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Create or replace functions and triggers. Safe to repeat. Migrations call this."""
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement)


def uninstall(connection: BaseDatabaseWrapper) -> None:
    """Remove all of it."""
    with connection.cursor() as cursor:
        for name in (KEEPS, KEEPS_ALL, CREDITS):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON orders_document")
        cursor.execute("DROP FUNCTION IF EXISTS orders_keep_documents(), orders_check_credit()")


def flaws() -> list[str]:
    """For the doctor: triggers of documents that are missing or switched off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass('orders_document') AND tgenabled IN ('O', 'A')"
        )
        there = {name for (name,) in cursor.fetchall()}
    return [
        f"orders_document lacks the trigger {name}"
        for name in (KEEPS, KEEPS_ALL, CREDITS)
        if name not in there
    ]
