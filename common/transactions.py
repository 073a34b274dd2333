"""What verbs demand of the transaction they run in."""

from __future__ import annotations

from django.db import connection


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
