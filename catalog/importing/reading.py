"""A file as numbered rows: any encoding, delimiter and order of columns that shops' exports come in."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from catalog.importing.records import Remarks

MAX_CELL = 1_000_000  # characters
_SIGNATURES = {
    b"PK\x03\x04": "an Excel or ZIP file: export it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel file: export it as CSV",
    b"\x1f\x8b": "compressed: unpack it first",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}


class FileRefused(Exception):
    """The file as a whole cannot be read; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it begins in the file (lines from 1) and its cells by column name, stripped."""

    line: int
    cells: dict[str, str]
    problem: str = ""

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file that can be walked through several times, a row at a time."""

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    replaces_undecodable: bool = False

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank. One that is torn has a `problem`."""
        with self._open() as text:
            reader = csv.reader(text, delimiter=self.delimiter)
            next(reader, None)
            while True:
                before = reader.line_num
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Row(max(reader.line_num, before + 1), {}, f"unreadable: {error}")
                    continue
                cells = [value.replace("\x00", "").strip() for value in values]
                if any(cells):
                    yield self._row(before + 1, cells)

    def _row(self, line: int, cells: list[str]) -> Row:
        if len(cells) > len(self.columns) and any(cells[len(self.columns) :]):
            problem = (
                f"{len(cells)} cells for {len(self.columns)} columns: is a quotation mark missing?"
            )
            return Row(line, {}, problem)
        return Row(line, dict(zip(self.columns, cells, strict=False)))

    def _open(self) -> TextIO:
        return self.path.open(
            encoding=self.encoding,
            errors="replace" if self.replaces_undecodable else "strict",
            newline="",
        )


def open_table(path: Path) -> Table:
    """Find out how a CSV file is written.

    Raises:
        FileRefused: there is no such file, it is empty, or it is no CSV file.
    """
    csv.field_size_limit(MAX_CELL)
    try:
        with path.open("rb") as file:
            head = file.read(8192)
            if not head.strip(b"\xef\xbb\xbf \t\r\n\x00"):
                raise FileRefused(f"{path} is empty.")
            encoding = _encoding(head, file)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.") from None
    for signature, what in _SIGNATURES.items():
        if head.startswith(signature):
            raise FileRefused(f"{path} is not a CSV file but {what}.")
    table = Table(path, encoding, ",", (), replaces_undecodable=encoding != "utf-8-sig")
    with table._open() as text:
        first = text.readline(MAX_CELL)
    if "\x00" in first:
        raise FileRefused(f"{path} is not a CSV file.")
    delimiter = max(",;\t|", key=first.count)
    with table._open() as text:
        try:
            header = next(csv.reader(text, delimiter=delimiter), [])
        except csv.Error as error:
            raise FileRefused(f"{path} is not a CSV file: {error}.") from None
    columns = tuple(" ".join(name.strip().casefold().split()) for name in header)
    return Table(path, encoding, delimiter, columns, table.replaces_undecodable)


def grouped(
    table: Table, key: Callable[[Row], str], remarks: Remarks, *, what: str
) -> Iterator[list[Row]]:
    """Rows that belong together, each group as soon as its last row is read, wherever its rows stand in the file.

    The file is walked through twice, so that only unfinished groups are in memory. Torn rows and rows without a key are
    rejected; `what` names the key in that remark.
    """
    last: dict[str, int] = {}
    for number, row in enumerate(table.rows()):
        if not row.problem and (name := key(row)):
            last[name] = number
    waiting: dict[str, list[Row]] = {}
    for number, row in enumerate(table.rows()):
        if row.problem:
            remarks.reject(row.line, row.problem)
        elif not (name := key(row)):
            remarks.reject(row.line, f"no {what}")
        else:
            waiting.setdefault(name, []).append(row)
            if last[name] == number:
                yield waiting.pop(name)


def _encoding(head: bytes, file: BinaryIO) -> str:
    """UTF-8 unless the file says or shows otherwise; then what Excel on Windows writes."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        while text.read(1 << 20):
            pass
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        text.detach()
    return "utf-8-sig"
