"""The log as a file: CSV for spreadsheets, JSON Lines for programs. Written in portions, however long it is."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

from audit.models import AuditEntry

AT_ONCE = 1_000
COLUMNS = [
    "id", "created_at", "actor_kind", "actor_id", "actor_name", "key_id", "address", "request_id", "action",
    "target_table", "target_id", "target_public_id", "outcome", "changes", "details",
]  # fmt: skip
# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Line:
    """A file to csv.writer that hands back each line instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def as_csv(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    """A line of names, then one per entry, newest first. No cell is a formula."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(COLUMNS)  # the mark lets spreadsheets see UTF-8
    for row in _rows(entries):
        yield writer.writerow([inert(_text(row[name])) for name in COLUMNS])


def as_json_lines(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    """One JSON object per line, newest first."""
    for row in _rows(entries):
        yield json.dumps({**row, "created_at": row["created_at"].isoformat()}) + "\n"


FORMATS: dict[str, tuple[str, Callable[[QuerySet[AuditEntry]], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "jsonl": ("application/jsonl", as_json_lines),
}


def inert(text: str) -> str:
    """`text` so that no spreadsheet executes it: an apostrophe goes before what would begin a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _rows(entries: QuerySet[AuditEntry]) -> Iterator[dict[str, Any]]:
    """By primary key, a portion at a time: no server-side cursor, which a pooler would lose, and little memory."""
    last: int | None = None
    while True:
        portion = entries if last is None else entries.filter(pk__lt=last)
        rows = list(portion.order_by("-pk").values(*COLUMNS)[:AT_ONCE])
        yield from rows
        if len(rows) < AT_ONCE:
            return
        last = rows[-1]["id"]
