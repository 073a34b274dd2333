"""What PostgreSQL believes about the size of tables that grow at one go.

Plans are made for the sizes that ANALYZE saw last, and a connection keeps its plans until there are newer figures.
Autovacuum brings them within a minute or two; until then, whoever planned for an empty table reads all of a large one for a
page.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

FIRST = 1_000  # rows after which PostgreSQL is told for the first time; then whenever there are four times as many


@dataclass(slots=True)
class Growth:
    """Counts what is written and has the tables analysed now and then, rarely enough to cost nothing."""

    tables: tuple[str, ...]
    _rows: int = 0
    _next: int = FIRST

    def grew(self, rows: int) -> None:
        """So many rows more were written and committed."""
        self._rows += rows
        if self._rows >= self._next:
            self._next = self._rows * 4
            self._analyse()

    def ended(self) -> None:
        """Nothing more will be written."""
        if self._rows >= FIRST:
            self._analyse()

    def _analyse(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(self.tables)}")
