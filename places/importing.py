"""Areas out of a CSV file: `code,parent,kind,name,name_am,aliases`, parents before their children.

What is missing is added. What is there stays as the shop has it, unless the caller asks for an update: names that staff have
corrected are not undone by the next release's file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.db import transaction

from common.errors import Refusal
from places import services
from places.models import CODE_LENGTH, NAME_LENGTH, Area, Kind

SHIPPED = Path(__file__).parent / "data" / "ethiopia.csv"
NEEDED = ("code", "parent", "kind", "name")
BATCH = 200  # rows in one transaction
NAME_OF = "name_"  # such a column holds names in another language: name_am, name_om


class FileRefused(Exception):
    """The file as a whole cannot be read; the message says why."""


@dataclass(slots=True)
class Report:
    """What came of the rows so far, and `(line, reason)` of those that were rejected in the last batch."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    reasons: list[tuple[int, str]] = field(default_factory=list)

    @property
    def read(self) -> int:
        """All rows so far."""
        return self.added + self.changed + self.unchanged + self.rejected


def import_areas(path: Path, *, update: bool = False) -> Iterator[Report]:
    """Take the file batch by batch, each in its own transaction; gives the report after each.

    Args:
        update: names, aliases, kinds and parents of areas that are there become those of the file.

    Raises:
        FileRefused: it cannot be opened, is no UTF-8 CSV, or lacks a column.
    """
    report = Report()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in NEEDED if name not in (rows.fieldnames or [])]
            if missing:
                raise FileRefused(f"The file has no column {', '.join(missing)}.")
            while batch := [(rows.line_num, row) for row in islice(rows, BATCH)]:
                report.reasons = []
                with transaction.atomic():
                    for line, row in batch:
                        _take(row, line, report, update=update)
                yield report
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileRefused(f"{path}: {error}") from error


def _take(row: dict[str, str | None], line: int, report: Report, *, update: bool) -> None:
    cells = {
        name: " ".join((text or "").replace("\x00", "").split())
        for name, text in row.items()
        if isinstance(name, str) and not isinstance(text, list)
    }
    try:
        outcome = _write(cells, update=update)
    except (Refusal, ValueError) as problem:
        report.rejected += 1
        detail = problem.detail if isinstance(problem, Refusal) else str(problem)
        report.reasons.append((line, detail))
        return
    setattr(report, outcome, getattr(report, outcome) + 1)


def _write(cells: dict[str, str], *, update: bool) -> str:
    code = cells["code"].upper()
    present = Area.objects.filter(code=code).first()
    if present is not None and not update:
        return "unchanged"
    if not code or len(code) > CODE_LENGTH or not services.is_code(code):
        raise ValueError(
            f"{cells['code'][:CODE_LENGTH] or 'Nothing'} is no code such as ET-AA-BOLE."
        )
    if cells["kind"] not in Kind.values:
        raise ValueError(f"The kind is one of {', '.join(Kind.values)}.")
    if not cells["name"] or len(cells["name"]) > NAME_LENGTH:
        raise ValueError(f"A name has 1 to {NAME_LENGTH} characters.")
    parent = None
    if cells["parent"]:
        parent = Area.objects.filter(code=cells["parent"].upper()).first()
        if parent is None:
            raise ValueError(f"There is no area {cells['parent'][:CODE_LENGTH]} to lie in.")
    fields = {
        "name": cells["name"],
        "kind": cells["kind"],
        "parent": parent,
        "aliases": cells.get("aliases", "")[:300],
        "translations": {
            name.removeprefix(NAME_OF): {"name": text}
            for name, text in cells.items()
            if name.startswith(NAME_OF) and text
        },
    }
    if present is None:
        services.create_area(code=code, **fields)  # type: ignore[arg-type]
        return "added"
    changed = services.update_area(area_id=present.pk, changes=fields)
    return "changed" if changed.version > present.version else "unchanged"
