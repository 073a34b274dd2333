"""Rows that belong together, wherever they stand in a file of any length, in little memory.

The file is walked through twice. The first walk notes on disk (SQLite in a temporary folder) where each key's rows end; in
the second, rows that stand together are handed on at once, and only those of a product that is scattered over the file wait
on disk for their last one.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from catalog.importing.reading import Row, Table
from catalog.importing.records import MAX_IMAGES, MAX_VARIANTS, Remarks

MAX_ROWS = 2 * (MAX_VARIANTS + MAX_IMAGES)  # of one product; what is beyond is only counted
MAX_CHARACTERS = 16_000_000  # of one product


@dataclass(slots=True)
class Group:
    """The rows of one product; `excess` counts those that were too many to keep."""

    key: str
    rows: list[Row]
    excess: int = 0
    characters: int = 0

    def add(self, row: Row) -> None:
        """Keep one more row, within the limits."""
        self.characters += len(row)
        if len(self.rows) < MAX_ROWS and self.characters <= MAX_CHARACTERS:
            self.rows.append(row)
        else:
            self.excess += 1


class Notebook:
    """What has to be remembered of a whole file, on disk: where keys end, rows that wait, slugs that were met."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="nexus-import-")
        path = Path(self._folder.name) / "notebook.sqlite3"
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4000;"
            "CREATE TABLE ends (key BLOB PRIMARY KEY, last INTEGER, runs INTEGER) WITHOUT ROWID;"
            "CREATE TABLE waiting (key BLOB, number INTEGER, line INTEGER, cells TEXT, PRIMARY KEY (key, number))"
            " WITHOUT ROWID;"
            "CREATE TABLE slugs (slug TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;"
            "BEGIN"
        )

    def __enter__(self) -> Notebook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()
        self._folder.cleanup()

    def line_of(self, slug: str, line: int) -> int:
        """The line at which `slug` was met first; `line` when that is now."""
        self._db.execute("INSERT OR IGNORE INTO slugs VALUES (?, ?)", (slug, line))
        (first,) = self._db.execute("SELECT line FROM slugs WHERE slug = ?", (slug,)).fetchone()
        return int(first)

    def forget_slugs(self) -> None:
        """Before the file is walked through once more."""
        self._db.execute("DELETE FROM slugs")

    def learn(self, table: Table, key: Callable[[Row], str]) -> None:
        """The first walk."""
        last = ""
        for number, row in enumerate(table.rows()):
            name = "" if row.problem else key(row)
            if name and name == last:
                self._db.execute("UPDATE ends SET last = ? WHERE key = ?", (number, _digest(name)))
            elif name:
                self._db.execute(
                    "INSERT INTO ends VALUES (?, ?, 1)"
                    " ON CONFLICT (key) DO UPDATE SET last = excluded.last, runs = runs + 1",
                    (_digest(name), number),
                )
            last = name or last

    def products(self) -> int:
        """How many keys the file has."""
        (count,) = self._db.execute("SELECT count(*) FROM ends").fetchone()
        return int(count)

    def grouped(
        self, table: Table, key: Callable[[Row], str], remarks: Remarks, *, what: str
    ) -> Iterator[Group]:
        """The second walk: each key's rows as soon as the last of them was read.

        Torn rows and rows without a key are rejected; `what` names the key in that remark.
        """
        (scattered,) = self._db.execute("SELECT count(*) FROM ends WHERE runs > 1").fetchone()
        run: Group | None = None
        first = end = 0
        for number, row in enumerate(table.rows()):
            if row.problem:
                remarks.reject(row.line, row.problem)
                continue
            if not (name := key(row)):
                remarks.reject(row.line, f"no {what}")
                continue
            if run is not None and name != run.key:
                yield from self._finish(run, first, end, scattered=scattered)
                run = None
            if run is None:
                run, first = Group(name, []), number
            run.add(row)
            end = number
        if run is not None:
            yield from self._finish(run, first, end, scattered=scattered)

    def _finish(self, run: Group, first: int, end: int, *, scattered: int) -> Iterator[Group]:
        if not scattered:
            yield run
            return
        digest = _digest(run.key)
        last, runs = self._db.execute(
            "SELECT last, runs FROM ends WHERE key = ?", (digest,)
        ).fetchone()
        if runs == 1:
            yield run
            return
        self._db.executemany(
            "INSERT INTO waiting VALUES (?, ?, ?, ?)",
            (
                (digest, first + n, row.line, json.dumps(row.cells))
                for n, row in enumerate(run.rows)
            ),
        )
        if end < last:
            return
        whole = Group(run.key, [], excess=run.excess)
        found = self._db.execute(
            "SELECT line, cells FROM waiting WHERE key = ? ORDER BY number", (digest,)
        )
        for line, cells in found:
            whole.add(Row(line, json.loads(cells)))
        self._db.execute("DELETE FROM waiting WHERE key = ?", (digest,))
        yield whole


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12).digest()
