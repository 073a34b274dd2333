"""Statements of the fast path: prepared by PostgreSQL once per connection, with parameters that never enter the text."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections


def rows(
    sql: str, parameters: Mapping[str, Any], *, prepared: bool = True
) -> list[tuple[Any, ...]]:
    """The rows of a read, over Django's own connection of this thread.

    Bytes come as bytes: the result is binary. Behind a transaction pooler (DATABASE_DIRECT_URL is set) nothing is prepared,
    as the next statement may reach another server process.

    Args:
        prepared: planned once per connection, for all parameters alike (`plan_cache_mode` in `guards.database`): for
            statements that walk indexes whatever the parameters are. False: planned each time, for these parameters.

    Raises:
        django.db.OperationalError: the database is away. A connection that was lost meanwhile is replaced first.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.connection is None or connection.in_atomic_block:
        return _ask(connection, sql, parameters, prepared)
    try:
        return _ask(connection, sql, parameters, prepared)
    except (OperationalError, InterfaceError):
        if connection.is_usable():
            raise
        connection.close()
        return _ask(connection, sql, parameters, prepared)


def _ask(
    connection: Any, sql: str, parameters: Mapping[str, Any], prepared: bool
) -> list[tuple[Any, ...]]:
    connection.ensure_connection()
    started = time.monotonic()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            sql, parameters, prepare=prepared and not settings.DATABASE_DIRECT_URL, binary=True
        )
        found = cursor.fetchall()
    if connection.queries_logged:  # tests count statements
        connection.queries_log.append({"sql": sql, "time": f"{time.monotonic() - started:.3f}"})
    return found


def in_transaction() -> bool:
    """Whether what is read now may never be committed, and must not be kept for others."""
    return connections[DEFAULT_DB_ALIAS].in_atomic_block
