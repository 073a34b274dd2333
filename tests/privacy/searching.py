"""Looking for a person in every column of every table, and in files."""

from __future__ import annotations

from pathlib import Path

from django.db import connection

COLUMNS = """
    SELECT cls.relname, att.attname, typ.typname
      FROM pg_class cls
      JOIN pg_attribute att ON att.attrelid = cls.oid AND att.attnum > 0 AND NOT att.attisdropped
      JOIN pg_type typ ON typ.oid = att.atttypid
     WHERE cls.relkind IN ('r', 'p') AND cls.relnamespace = current_schema()::regnamespace
     ORDER BY 1, 2
"""

# Legal documents name their recipient for as long as the law wants (docs/privacy.md); tests/orders/test_document_doors.py
# sees to who reads them until then, and that the name goes. These rows are searched all the same.
KEPT_BY_LAW = {("orders_document", "data"): "kind = 'packing_slip'"}


def all_columns() -> list[tuple[str, str, str]]:
    """Table, column and type of everything there is."""
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        return cursor.fetchall()


def found_in_tables(values) -> dict[tuple[str, str], set[str]]:
    """Which of the values stand where: by table and column, whatever the column's type, in any case of letters."""
    needles = [str(value).casefold() for value in values]
    found: dict[tuple[str, str], set[str]] = {}
    with connection.cursor() as cursor:
        for table, column, kind in all_columns():
            quoted = f'"{column}"'  # some are words of SQL
            rows = KEPT_BY_LAW.get((table, column), "true")
            # Bytes as text, with what is no ASCII escaped; JSON in them keeps its letters.
            shown = f"encode({quoted}, 'escape')" if kind == "bytea" else f"{quoted}::text"
            cursor.execute(
                f"SELECT lower({shown}) FROM {table} WHERE {quoted} IS NOT NULL AND {rows}"
            )
            texts = [row[0] for row in cursor.fetchall()]
            hits = {needle for needle in needles for text in texts if needle in text}
            if hits:
                found[table, column] = hits
    return found


def found_in_files(folder: Path, values, *, skip: set[str]) -> dict[str, set[str]]:
    """The same for the files of a data folder, but for the named sub-folders."""
    needles = [str(value).casefold().encode() for value in values]
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if path.is_file() and inside.parts[0] not in skip:
            content = path.read_bytes().lower()
            hits = {needle.decode() for needle in needles if needle in content}
            if hits:
                found[str(inside)] = hits
    return found
