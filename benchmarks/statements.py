"""Which SQL statements one request costs: PostgreSQL's own log of everything, switched on around that request.

The log holds what any driver sends, prepared or not. Statements that only begin or end a transaction are counted apart.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from common.postgres import server

_LINE = re.compile(
    rf" {server.ROLE}@\S+ LOG:  (?:statement|execute [^:]*): (.*?)(?=^\d{{4}}-\d\d-\d\d \d\d:|\Z)",
    re.DOTALL | re.MULTILINE,
)
_FRAME = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|RESET|DEALLOCATE)\b", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statements:
    """Of one request.

    Attributes:
        texts: what it asked, in order.
        frames: how many more statements opened, closed or configured its transaction.
    """

    texts: list[str]
    frames: int


def split(log: str) -> Statements:
    """The shop's statements in a piece of PostgreSQL's log."""
    found = [" ".join(text.split()) for text in _LINE.findall(log)]
    kept = [text for text in found if not _FRAME.match(text)]
    return Statements(kept, len(found) - len(kept))


def count(dsn: str, request: Callable[[], object]) -> Statements:
    """What `request` makes the shop ask. Nothing else may use the database meanwhile."""
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("ALTER SYSTEM SET log_statement = 'all'")
        try:
            _reload(db)
            _wait_for_quiet(db)
            before = _size(db)
            request()
            time.sleep(0.1)
            text = db.execute(
                "SELECT pg_read_file(pg_current_logfile(), %s, %s)", [before, _size(db) - before]
            ).fetchone()[0]
        finally:
            db.execute("ALTER SYSTEM RESET log_statement")
            _reload(db)
    return split(text)


def _wait_for_quiet(db: psycopg.Connection, seconds: float = 20) -> None:
    """Until the shop has asked nothing for a while: what wrk left behind when it ended is still being answered."""
    deadline, calm = time.monotonic() + seconds, 0
    while calm < 5 and time.monotonic() < deadline:
        busy = db.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND (state <> 'idle'"
            " OR state_change > clock_timestamp() - interval '200 milliseconds')",
            [server.ROLE],
        ).fetchone()[0]
        calm = 0 if busy else calm + 1
        time.sleep(0.05)


def _size(db: psycopg.Connection) -> int:
    return db.execute("SELECT size FROM pg_stat_file(pg_current_logfile())").fetchone()[0]


def _reload(db: psycopg.Connection) -> None:
    db.execute("SELECT pg_reload_conf()")
    time.sleep(0.3)  # each connection's process hears of it by a signal
