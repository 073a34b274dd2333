"""Many rows in one statement: as JSON, which PostgreSQL turns into rows of the types that are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from common.json import dumps

Types = Mapping[str, str]


def new_ids(table: str, count: int) -> list[int]:
    """So many ids that nobody else gets, ascending."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, count],
        )
        return sorted(row[0] for row in cursor.fetchall())


def insert_rows(table: str, types: Types, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; each has a value for every column of `types`. Names come from our own code, values never."""
    if not rows:
        return
    names = ", ".join(types)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM json_to_recordset(%s) AS given ({_typed(types)})",  # noqa: S608
            [dumps(rows).decode()],
        )


def update_rows(
    table: str, types: Types, rows: Sequence[Mapping[str, Any]], *, also: str = ""
) -> None:
    """Give each row, by its `id`, the values of the columns of `types`.

    Args:
        also: further assignments, in SQL.
    """
    if not rows:
        return
    assigned = ", ".join([*(f"{name} = given.{name}" for name in types), *([also] if also else [])])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} present SET {assigned}"  # noqa: S608
            f" FROM json_to_recordset(%s) AS given (id bigint, {_typed(types)}) WHERE present.id = given.id",
            [dumps(rows).decode()],
        )


def _typed(types: Types) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in types.items())
