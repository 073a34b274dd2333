"""The database triggers that write the log, whoever changes a row: a verb, a bulk update, a hand in psql.

One function serves all tables; what it writes of a table comes as arguments of that table's triggers. It is a SECURITY
DEFINER, so that a database role which may change a product but knows nothing of the log is recorded too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from audit.tables import AUDITED, Audited

SETTING = "nexus.audit"
UPKEEP = "nexus.audit_upkeep"
LEAST_KEPT = "30 days"  # whatever a setting says, younger entries cannot be pruned
ROWS, ADDITIONS, CHANGES, TRUNCATION = (
    "audit_rows", "audit_additions", "audit_changes", "audit_truncation"
)  # fmt: skip
KEEPS, KEEPS_ALL = "audit_is_append_only", "audit_is_not_truncated"

# The author, out of the transaction-local setting that audit.injection writes; without one, whoever is connected.
_AUTHOR = """
    IF who IS NULL THEN
        who := jsonb_build_object('kind', 'database', 'name', session_user, 'address', host(inet_client_addr()));
        details := details || jsonb_build_object('application', current_setting('application_name'));
    END IF;
"""
_ENTRY = """INSERT INTO audit_auditentry (
        actor_kind, actor_id, actor_name, key_id, address, request_id,
        action, target_table, target_id, target_public_id, changes, details
    ) SELECT who->>'kind', (who->>'user')::bigint, left(coalesce(who->>'name', ''), 100), (who->>'key')::bigint,
             (who->>'address')::inet, left(coalesce(who->>'request', ''), 64), TG_ARGV[0]"""
# Names are looked for in these schemas and nowhere else: a temporary table of the same name catches no entries.
_AS_OWNER = """RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, SCHEMA, pg_temp AS $$
DECLARE
    who jsonb := nullif(current_setting('nexus.audit', true), '');
    details jsonb := '{}';"""

# Decimals become text: JSON readers take numbers for floats.
_RECORD = f"""
CREATE OR REPLACE FUNCTION audit_record_change() {_AS_OWNER}
    shown   text[] := TG_ARGV[2];
    ignored text[] := TG_ARGV[3];
    beside  text[] := TG_ARGV[4];
    was     jsonb;
    becomes jsonb;
    known   jsonb;
    changes jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN was := to_jsonb(OLD) - ignored; END IF;
    IF TG_OP <> 'DELETE' THEN becomes := to_jsonb(NEW) - ignored; END IF;
    known := coalesce(becomes, was);
    SELECT jsonb_object_agg(
               name,
               CASE WHEN name = ANY (shown || beside) OR name = 'id' THEN
                   CASE WHEN was IS NULL THEN '{{}}' ELSE jsonb_build_object('from',
                       CASE WHEN old_value::text LIKE '%.%' AND jsonb_typeof(old_value) = 'number'
                            THEN to_jsonb(old_value::text) ELSE old_value END) END
                   ||
                   CASE WHEN becomes IS NULL THEN '{{}}' ELSE jsonb_build_object('to',
                       CASE WHEN new_value::text LIKE '%.%' AND jsonb_typeof(new_value) = 'number'
                            THEN to_jsonb(new_value::text) ELSE new_value END) END
               ELSE '{{"changed": true}}' END)
      INTO changes
      FROM (SELECT name, was->name AS old_value, becomes->name AS new_value FROM jsonb_object_keys(known) name) pairs
     WHERE CASE WHEN TG_OP = 'UPDATE' THEN old_value IS DISTINCT FROM new_value
                ELSE name NOT IN ('id', TG_ARGV[1]) AND NOT name = ANY (beside)
                     AND coalesce(old_value, new_value) NOT IN ('null', '""', '[]', '{{}}') END;
    IF changes IS NULL AND TG_OP = 'UPDATE' THEN
        RETURN NULL;
    END IF;
    IF cardinality(beside) > 0 THEN
        SELECT jsonb_object_agg(name, known->name) INTO details FROM unnest(beside) name;
    END IF;
    {_AUTHOR}
    {_ENTRY} || CASE TG_OP WHEN 'INSERT' THEN '.created' WHEN 'UPDATE' THEN '.updated' ELSE '.deleted' END,
             TG_TABLE_NAME, coalesce(coalesce(was, becomes)->>'id', ''), left(coalesce(known->>TG_ARGV[1], ''), 120),
             coalesce(changes, '{{}}'), details;
    RETURN NULL;
END $$
"""  # noqa: S608

# One entry for what one statement adds to the same parent: their ids. Each row's further life has entries of its own.
_TOGETHER = f"""
CREATE OR REPLACE FUNCTION audit_record_additions() {_AS_OWNER}
    beside text[] := TG_ARGV[4];
BEGIN
    {_AUTHOR}
    {_ENTRY} || '.created', TG_TABLE_NAME, '', '', '{{}}', parent || jsonb_build_object('ids', ids) || details
        FROM (SELECT parent, jsonb_agg(id ORDER BY id) AS ids
                FROM (SELECT id, (SELECT jsonb_object_agg(name, to_jsonb(new_rows)->name) FROM unnest(beside) name) AS parent
                        FROM new_rows) added
               GROUP BY parent) grouped;
    RETURN NULL;
END $$
"""  # noqa: S608

_TRUNCATED = f"""
CREATE OR REPLACE FUNCTION audit_record_truncation() {_AS_OWNER}
BEGIN
    {_AUTHOR}
    {_ENTRY} || '.truncated', TG_TABLE_NAME, '', '', '{{}}', details;
    RETURN NULL;
END $$
"""

# The stated ways around: pruning what is old, and blanking where people called from. Both say so, per transaction.
_KEEP = f"""
CREATE OR REPLACE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    upkeep text := coalesce(current_setting('{UPKEEP}', true), '');
BEGIN
    IF TG_OP = 'TRUNCATE' AND upkeep = 'truncate' THEN
        RETURN NULL;
    ELSIF TG_OP = 'DELETE' AND upkeep = 'prune' AND OLD.created_at < now() - interval '{LEAST_KEPT}' THEN
        RETURN OLD;
    ELSIF TG_OP = 'UPDATE' AND upkeep = 'redact' AND NEW.address IS NULL
          AND to_jsonb(NEW) - 'address' = to_jsonb(OLD) - 'address' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The audit log is append-only.' USING ERRCODE = 'insufficient_privilege',
        HINT = 'Old entries are pruned, and addresses blanked, by the audit app''s own verbs.';
END $$
"""

_KEEP_TRIGGERS = f"""
CREATE OR REPLACE TRIGGER {KEEPS} BEFORE UPDATE OR DELETE ON audit_auditentry
FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE OR REPLACE TRIGGER {KEEPS_ALL} BEFORE TRUNCATE ON audit_auditentry
FOR EACH STATEMENT EXECUTE FUNCTION audit_keep()
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Create or replace the functions, and the triggers of every audited table that exists. Safe to repeat.

    Migrations call this: ours, and again whenever `audit.tables` has changed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
        for statement in (_RECORD, _TOGETHER, _TRUNCATED, _KEEP, _KEEP_TRIGGERS):
            cursor.execute(statement.replace("SCHEMA", schema))
        for table in _existing(cursor):
            for name, statement in statements(table, _so_far(cursor, table)):
                cursor.execute(statement or f"DROP TRIGGER IF EXISTS {name} ON {table}")


def uninstall(connection: BaseDatabaseWrapper) -> None:
    """Remove all of it."""
    with connection.cursor() as cursor:
        for table in _existing(cursor):
            for name in (ROWS, ADDITIONS, CHANGES, TRUNCATION):
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        for name in (KEEPS, KEEPS_ALL):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON audit_auditentry")
        for function in ("record_change", "record_additions", "record_truncation", "keep"):
            cursor.execute(f"DROP FUNCTION IF EXISTS audit_{function}()")


_BARE = str.maketrans({")": " ", '"': None})  # "limit" is a word of SQL, and stands in quotes


def flaws() -> list[str]:
    """For the doctor: audited tables whose triggers are missing, switched off or not what `audit.tables` says."""
    found = []
    with connection.cursor() as cursor:
        existing = _existing(cursor)
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname, encode(tgargs, 'escape'), pg_get_triggerdef(oid)"
            "  FROM pg_trigger WHERE tgname = ANY (%s) AND tgenabled IN ('O', 'A')",
            [[ROWS, ADDITIONS, CHANGES, TRUNCATION, KEEPS, KEEPS_ALL]],
        )
        installed = {(table, name): (given, text) for table, name, given, text in cursor.fetchall()}
    for table in sorted(set(AUDITED) - set(existing)):
        found.append(f"there is no table {table}")
    for name in (KEEPS, KEEPS_ALL):
        if ("audit_auditentry", name) not in installed:
            found.append(f"audit_auditentry lacks the trigger {name}")
    for table in existing:
        spec = AUDITED[table]
        for name, statement in statements(table, spec):
            given, text = installed.get((table, name), ("", ""))
            if bool(statement) != bool(text):
                found.append(f"{table} {'lacks' if statement else 'has'} the trigger {name}")
            elif name != TRUNCATION and text:
                expected = "".join(f"{word}\\000" for word in _arguments(spec))
                unwatched = name == CHANGES and not all(
                    f"new.{column} " in text.translate(_BARE) for column in spec.watched
                )
                if given != expected or unwatched:
                    found.append(f"the trigger {name} of {table} is not what audit.tables says")
    return found


def statements(table: str, spec: Audited) -> Iterator[tuple[str, str]]:
    """Each trigger's name and what creates it; nothing where this table has none of that name."""
    arguments = ", ".join(f"'{word}'" for word in _arguments(spec))
    rows = [event for event in ("INSERT", "DELETE") if event in spec.events]
    if spec.together:
        rows.remove("INSERT")
    yield (
        ROWS,
        f"CREATE OR REPLACE TRIGGER {ROWS} AFTER {' OR '.join(rows)} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION audit_record_change({arguments})"
        if rows
        else "",
    )
    yield (
        ADDITIONS,
        f"CREATE OR REPLACE TRIGGER {ADDITIONS} AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows"
        f" FOR EACH STATEMENT EXECUTE FUNCTION audit_record_additions({arguments})"
        if spec.together
        else "",
    )
    # Without a change there is no event, and the function is not called.
    compared = " OR ".join(
        f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in spec.watched or ("*",)
    )
    yield (
        CHANGES,
        f"CREATE OR REPLACE TRIGGER {CHANGES} AFTER UPDATE ON {table} FOR EACH ROW WHEN ({compared})"
        f" EXECUTE FUNCTION audit_record_change({arguments})"
        if "UPDATE" in spec.events
        else "",
    )
    # Before, so that emptying the whole database in one statement leaves nothing behind.
    yield (
        TRUNCATION,
        f"CREATE OR REPLACE TRIGGER {TRUNCATION} BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION audit_record_truncation('{spec.noun}')",
    )


def _arguments(spec: Audited) -> tuple[str, ...]:
    return (
        spec.noun, spec.public, _array(spec.shown), _array(spec.ignored), _array(spec.beside)
    )  # fmt: skip


def _array(names: tuple[str, ...]) -> str:
    return "{" + ",".join(names) + "}"


def _so_far(cursor: CursorWrapper, table: str) -> Audited:
    """What is watched of a table while later migrations have yet to add columns to it; they install again."""
    spec = AUDITED[table]
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        [table],
    )
    there = {name for (name,) in cursor.fetchall()}
    return replace(spec, watched=tuple(column for column in spec.watched if column in there))


def _existing(cursor: CursorWrapper) -> list[str]:
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname = ANY (%s)"
        " AND relnamespace = current_schema()::regnamespace ORDER BY relname",
        [list(AUDITED)],
    )
    return [row[0] for row in cursor.fetchall()]
