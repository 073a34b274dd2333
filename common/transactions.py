"""What verbs demand of the transaction they run in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

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
