"""How the triggers learn who acts: a transaction-local setting, written in the same message as the statement.

Nothing outlives the transaction, so a pooler may hand the connection to anybody afterwards; reads cost nothing; writes no
round trip. The mechanism is django-pghistory's (docs/decisions/).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql as psycopg_sql

from audit import context
from audit.tables import AUDITED
from audit.triggers import SETTING

_TARGET = re.compile(
    r'\s*(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM(?:\s+ONLY)?)\s+(?:"?\w+"?\s*\.\s*)?"?(\w+)',
    re.IGNORECASE,
)
# What begins so writes no row, or (migrations) none that anybody acts on.
_HARMLESS = re.compile(
    r"\s*(?:SELECT|SAVEPOINT|RELEASE|ROLLBACK|COMMIT|BEGIN|START|SET|RESET|SHOW|EXPLAIN|LISTEN|UNLISTEN|NOTIFY|DECLARE"
    r"|FETCH|CLOSE|LOCK|CREATE|ALTER|DROP|COMMENT|GRANT|REVOKE|VACUUM|ANALYZE|REINDEX|CLUSTER|CHECKPOINT|DISCARD)\b",
    re.IGNORECASE,
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Let everything that this thread writes through `connection` be written with its author. Safe to repeat."""
    if inject not in connection.execute_wrappers:
        connection.execute_wrappers.append(inject)


def install_here() -> None:
    """`install` on this thread's connection to the shop's database."""
    install(connections["default"])


def inject(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, info: dict[str, Any]
) -> Any:
    """Django's hook around every statement: put the author in front of those that may write to an audited table."""
    if not (isinstance(sql, str) and not writes(sql)):
        return _with_author(execute, sql, params, many, info)
    return execute(sql, params, many, info)


def writes(sql: str) -> bool:
    """Whether a statement may change an audited table. In doubt it may."""
    if target := _TARGET.match(sql):
        return target[1].lower() in AUDITED
    return not _HARMLESS.match(sql)


def _with_author(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, info: dict[str, Any]
) -> Any:
    cursor = info["cursor"]
    author = _announcement(cursor.cursor)
    if many or not isinstance(sql, str) or not isinstance(cursor.cursor, psycopg.ClientCursor):
        # These cannot carry two statements in one message: a transaction holds them together.
        with transaction.atomic(using=info["connection"].alias, savepoint=False):
            cursor.cursor.execute(author)
            return execute(sql, params, many, info)
    if params is not None:
        author = author.replace("%", "%%")
    result = execute(author + sql, params, many, info)
    cursor.cursor.nextset()  # the first result is the setting's
    return result


def _announcement(cursor: Any) -> str:
    said = psycopg_sql.quote(context.current().as_setting(), cursor.connection)
    return f"SELECT set_config('{SETTING}', {said}, true); "
