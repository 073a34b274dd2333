"""A file as numbered rows: plain or gzipped, any encoding, delimiter and order of columns that shops' exports come in.

Nothing here holds more of a file than one row, and a row has a limit: a line of a gigabyte is one rejected line.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO, cast

MAX_CELL = 1_000_000  # characters
MAX_LINE = 4_000_000  # characters; of JSON Lines bytes
MAX_UNPACKED = 4 * 1024**3  # bytes
MAX_RATIO = 200  # of unpacked to packed, looked at from SMALL on; catalogues reach 40
SMALL = 64 * 1024**2
CHUNK = 1 << 20
_SIGNATURES = {
    b"PK\x03\x04": "an Excel or ZIP file: export it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel file: export it as CSV",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "packed twice: unpack it first",
    b"BZh": "packed by bzip2: unpack it, or use gzip",
    b"\xfd7zXZ": "packed by xz: unpack it, or use gzip",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it, or use gzip",
}


class FileRefused(Exception):
    """The file as a whole cannot be read; the message is one sentence for a person."""


class LineTooLong(Exception):
    """A line has more characters than any row of products; it was skipped."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it begins in the file (lines from 1) and its cells by column name, stripped."""

    line: int
    cells: dict[str, str]
    problem: str = ""

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def __len__(self) -> int:
        return sum(map(len, self.cells.values()))


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was looked at once: how it is packed and written, and the digest of its bytes."""

    path: Path
    encoding: str
    packed: bool
    fingerprint: str
    head: bytes

    def open_bytes(self) -> BinaryIO:
        """The unpacked bytes from the beginning."""
        if self.packed:
            return cast(BinaryIO, gzip.open(self.path, "rb"))
        return self.path.open("rb")

    def open_text(self) -> TextIO:
        """The text from the beginning; line ends as they are."""
        errors = "strict" if self.encoding == "utf-8-sig" else "replace"
        return io.TextIOWrapper(
            self.open_bytes(), encoding=self.encoding, errors=errors, newline=""
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file that can be walked through several times, a row at a time."""

    source: Source
    delimiter: str
    columns: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where it is, for messages."""
        return self.source.path

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank. One that is torn has a `problem`."""
        with self.source.open_text() as text:
            lines = Lines(text)
            reader = csv.reader(lines, delimiter=self.delimiter)
            next(reader, None)
            while True:
                before = lines.number
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except LineTooLong as problem:
                    yield Row(lines.number, {}, str(problem))
                    continue
                except csv.Error as error:
                    yield Row(max(lines.number, before + 1), {}, f"unreadable: {error}")
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


class Lines:
    """The lines of a text, each within the limit. `number` counts those that were read."""

    def __init__(self, text: TextIO) -> None:
        self.text, self.number = text, 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        """The next line.

        Raises:
            LineTooLong: it was skipped; the next call goes on behind it.
        """
        line = self.text.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) < MAX_LINE or line.endswith(("\n", "\r")):
            return line
        while (rest := self.text.readline(MAX_LINE)) and not rest.endswith(("\n", "\r")):
            pass
        raise LineTooLong(f"more than {MAX_LINE:,} characters in one line")


def examine(path: Path) -> Source:
    """Read a file through once, to know how to read it.

    Raises:
        FileRefused: there is no such file, it is empty, damaged, a gzip bomb, or plainly something else.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
            return _examine(path, file, unpacked, packed=packed)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise FileRefused(f"{path} is damaged: it cannot be unpacked.") from None
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.") from None


def _examine(path: Path, file: BinaryIO, unpacked: BinaryIO, *, packed: bool) -> Source:
    digest, decoder, is_utf8, size = (
        hashlib.sha256(),
        codecs.getincrementaldecoder("utf-8")(),
        True,
        0,
    )
    head = b""
    while chunk := unpacked.read(CHUNK):
        if not head:
            head = chunk[:8192]
            _refuse_other_kinds(path, head)
        size += len(chunk)
        digest.update(chunk)
        if size > MAX_UNPACKED or (size > SMALL and size > MAX_RATIO * max(file.tell(), 1)):
            raise FileRefused(f"{path} unpacks to more than a catalogue: it is not read.")
        if is_utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
    if not head.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise FileRefused(f"{path} is empty.")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        is_utf8 = False
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig" if is_utf8 else "cp1252"
    return Source(path, encoding, packed, digest.hexdigest(), head)


def _refuse_other_kinds(path: Path, head: bytes) -> None:
    for signature, what in _SIGNATURES.items():
        if head.startswith(signature):
            raise FileRefused(f"{path} is not a CSV file but {what}.")


def open_table(source: Source) -> Table:
    """Find out how a CSV file is written.

    Raises:
        FileRefused: it is no CSV file.
    """
    csv.field_size_limit(MAX_CELL)
    path = source.path
    with source.open_text() as text:
        first = text.readline(MAX_CELL)
    if "\x00" in first:
        raise FileRefused(f"{path} is not a CSV file.")
    delimiter = max(",;\t|", key=first.count)
    with source.open_text() as text:
        try:
            header = next(csv.reader(Lines(text), delimiter=delimiter), [])
        except (csv.Error, LineTooLong) as error:
            raise FileRefused(f"{path} is not a CSV file: {error}.") from None
    columns = tuple(" ".join(name.strip().casefold().split()) for name in header)
    return Table(source, delimiter, columns)
