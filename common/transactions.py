"""What verbs demand of the transaction they run in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from psycopg.pq import TransactionStatus

from common.errors import NotFound

Row = TypeVar("Row", bound=Model)


def require_transaction() -> None:
    """Refuse to run a step outside of a transaction: it would be half done after a crash.

    Raises:
        RuntimeError: there is none; a bug of the caller.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("This step needs a transaction.")


def refuse_transaction() -> None:
    """Refuse to start a conversation with the outside inside a transaction: locks would be held over the network.

    Raises:
        RuntimeError: there is one; a bug of the caller.
    """
    if connection.in_atomic_block:
        raise RuntimeError("A conversation with the outside must not run inside a transaction.")


def has_written() -> bool:
    """Whether this transaction has changed or locked any row so far, has failed, or is to do something once committed."""
    spoiled = connection.connection.info.transaction_status == TransactionStatus.INERROR
    if spoiled or connection.needs_rollback or connection.run_on_commit:
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
        [written] = cursor.fetchone()
    return bool(written)


def lock_row(rows: QuerySet[Row], pk: Any, *, missing: str) -> Row:
    """Lock one row until the transaction ends, and read it as it is then.

    Args:
        rows: among which it has to be. missing: a sentence for the caller.

    Raises:
        common.errors.NotFound: it was deleted since the caller found it.
    """
    found = rows.select_for_update(no_key=True).filter(pk=pk).first()
    if found is None:
        raise NotFound(missing)
    return found


def transaction_time() -> datetime:
    """When the transaction began, by the database's clock: what its statements, triggers and constraints read as `now()`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        [moment] = cursor.fetchone()
    found: datetime = moment
    return found
