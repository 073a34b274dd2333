"""Statements of the fast path: prepared by PostgreSQL once per connection, with parameters that never enter the text."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    connections,
)

log = logging.getLogger(__name__)

_is_direct: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()  # by connection


def rows(
    sql: str, parameters: Mapping[str, Any], *, prepared: bool = True
) -> list[tuple[Any, ...]]:
    """The rows of a read, over Django's own connection of this thread.

    Bytes come as bytes: the result is binary. Behind a transaction pooler nothing is prepared, as the next statement may
    reach another server process, where the same name may stand for another statement.

    Args:
        prepared: planned once per connection, for all parameters alike (`plan_cache_mode` in `guards.database`): for
            statements that walk indexes whatever the parameters are. False: planned each time, for these parameters.

    Raises:
        django.db.OperationalError: the database is away. A connection that was lost meanwhile is replaced first, and so is
            one whose plans no longer hold because a migration has changed a column.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    fresh = connection.connection is None
    if connection.in_atomic_block:
        return _ask(connection, sql, parameters, prepared)
    try:
        return _ask(connection, sql, parameters, prepared)
    except (OperationalError, InterfaceError):
        if fresh or connection.is_usable():
            raise
    except NotSupportedError:  # a column has another type since the plan was made
        if not prepared:
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
            sql, parameters, prepare=prepared and _reaches_one_server(cursor), binary=True
        )
        found = cursor.fetchall()
    if connection.queries_logged:  # tests count statements
        connection.queries_log.append({"sql": sql, "time": f"{time.monotonic() - started:.3f}"})
    return found


def _reaches_one_server(cursor: psycopg.Cursor[Any]) -> bool:
    """Whether this connection leads to one server process for good; asked once per connection.

    DATABASE_DIRECT_URL says that a pooler stands before the database. One that nobody told us of gives another process id
    when connecting than the server itself gives.
    """
    if settings.DATABASE_DIRECT_URL:
        return False
    raw = cursor.connection
    direct = _is_direct.get(raw)
    if direct is None:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone() or [0]
        direct = _is_direct[raw] = pid == raw.info.backend_pid
        if not direct:
            log.info("a pooler stands before the database: nothing is prepared")
    return direct


def in_transaction() -> bool:
    """Whether what is read now may never be committed, and must not be kept for others."""
    return connections[DEFAULT_DB_ALIAS].in_atomic_block
