"""Where transactions, unfinished deliveries and the delivery log live: SQLite, in a file or not."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

DELIVERIES_KEPT = 50_000
# A predecessor that is just stopping may still hold the file.
LOCK_PATIENCE_SECONDS = 5.0
_SCHEMA_VERSION = 1


class StoreError(Exception):
    """The state file cannot be used; the text is one sentence for the person at the terminal."""


class Store:
    """Small JSON documents by key. Without a path nothing outlives the process."""

    def __init__(self, path: Path | None) -> None:
        """Open or create the file and keep every other process out of it.

        Raises:
            StoreError: it is not a state file of this program, or another simulator has it open.
        """
        self._lock = RLock()
        self._depth = 0
        self._closed = False
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                # It holds names and phone numbers, so it belongs to its owner alone.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._database = sqlite3.connect(
                path or ":memory:",
                check_same_thread=False,
                isolation_level=None,
                timeout=LOCK_PATIENCE_SECONDS,
            )
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"The state file {path} cannot be used: {error}.") from error

    def _prepare(self) -> None:
        execute = self._database.execute
        execute("PRAGMA locking_mode = EXCLUSIVE")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        execute("BEGIN IMMEDIATE")
        (version,) = execute("PRAGMA user_version").fetchone()
        if version not in (0, _SCHEMA_VERSION):
            raise sqlite3.DatabaseError("it was written by another version")
        for table in ("transactions", "jobs", "settings"):
            execute(
                f"CREATE TABLE IF NOT EXISTS {table}"
                " (id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, document TEXT NOT NULL)"
            )
        execute(
            "CREATE TABLE IF NOT EXISTS deliveries (id INTEGER PRIMARY KEY,"
            " tx_ref TEXT NOT NULL, kind TEXT NOT NULL, document TEXT NOT NULL)"
        )
        execute("CREATE INDEX IF NOT EXISTS deliveries_by_tx_ref ON deliveries (tx_ref)")
        execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        execute("COMMIT")

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All writes inside are kept together or not at all; blocks may be nested."""
        with self._lock:
            if self._closed:
                raise StoreError("The state file is closed.")
            if self._depth == 0:
                self._database.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._database.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._database.execute("COMMIT")

    def save_transaction(self, tx_ref: str, document: dict[str, Any]) -> None:
        """Insert or replace a transaction."""
        self._put("transactions", tx_ref, document)

    def load_transactions(self) -> list[dict[str, Any]]:
        """Every transaction, in the order in which they were opened."""
        return self._load("transactions")

    def save_job(self, key: str, document: dict[str, Any]) -> None:
        """Insert or replace an unfinished delivery."""
        self._put("jobs", key, document)

    def delete_job(self, key: str) -> None:
        """Forget a delivery that is finished."""
        with self.atomic():
            self._database.execute("DELETE FROM jobs WHERE key = ?", (key,))

    def load_jobs(self) -> list[dict[str, Any]]:
        """Every unfinished delivery."""
        return self._load("jobs")

    def save_clock_offset(self, seconds: float) -> None:
        """Keep how far the virtual clock is ahead."""
        self._put("settings", "clock_offset", {"seconds": seconds})

    def load_clock_offset(self) -> float:
        """How far the virtual clock was ahead, in seconds."""
        rows = self._load("settings")
        return float(rows[0]["seconds"]) if rows else 0.0

    def add_delivery(self, tx_ref: str, kind: str, document: dict[str, Any]) -> None:
        """Append to the delivery log; the oldest entries beyond 50,000 are dropped."""
        with self.atomic():
            cursor = self._database.execute(
                "INSERT INTO deliveries (tx_ref, kind, document) VALUES (?, ?, ?)",
                (tx_ref, kind, _encode(document)),
            )
            newest = cursor.lastrowid or 0
            self._database.execute(
                "DELETE FROM deliveries WHERE id <= ?", (newest - DELIVERIES_KEPT,)
            )

    def load_deliveries(
        self, *, tx_ref: str | None = None, kind: str | None = None, after: int = 0
    ) -> list[dict[str, Any]]:
        """The delivery log, oldest first, each entry with its `id`."""
        with self._lock:
            rows = self._database.execute(
                "SELECT id, document FROM deliveries WHERE id > ?1"
                " AND (?2 IS NULL OR tx_ref = ?2) AND (?3 IS NULL OR kind = ?3) ORDER BY id",
                (after, tx_ref, kind),
            ).fetchall()
        return [{"id": row[0]} | json.loads(row[1]) for row in rows]

    def close(self) -> None:
        """Write what is left and let go of the file; later writes raise StoreError."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._database.close()

    def _put(self, table: str, key: str, document: dict[str, Any]) -> None:
        with self.atomic():
            # An upsert keeps the row's id, which is the order of first appearance.
            self._database.execute(
                f"INSERT INTO {table} (key, document) VALUES (?, ?)"  # noqa: S608 (our own names)
                " ON CONFLICT (key) DO UPDATE SET document = excluded.document",
                (key, _encode(document)),
            )

    def _load(self, table: str) -> list[dict[str, Any]]:
        with self._lock:
            rows = self._database.execute(
                f"SELECT document FROM {table} ORDER BY id"  # noqa: S608 (our own names)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]


def _encode(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))
