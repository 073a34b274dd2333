"""From a file of any format to records, one after another, from any of them on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from catalog.importing import jsonl
from catalog.importing.grouping import Notebook
from catalog.importing.nexus import NexusReader
from catalog.importing.nexus import recognises as is_nexus
from catalog.importing.reading import FileRefused, Source, Table, examine, open_table
from catalog.importing.records import ProductRecord, Remarks
from catalog.importing.shopify import ShopifyReader

FORMATS = ("nexus", "shopify")


class Records(Protocol):
    """A file whose products can be walked through, in the same order every time."""

    source: Source
    remarks: Remarks
    format: str
    total: int

    def walk(self, *, skip: int = 0) -> Iterator[ProductRecord | None]:
        """A record per product of the file, None where there is nothing to import; the first `skip` are not read closely,
        and nothing is remarked about them.
        """
        ...


class TableRecords:
    """The products of a CSV file."""

    def __init__(
        self, table: Table, reader: ShopifyReader | NexusReader, notebook: Notebook, format_: str
    ) -> None:
        self.source, self.format = table.source, format_
        self.table, self.reader, self.notebook = table, reader, notebook
        self.remarks = reader.remarks
        notebook.learn(table, reader.key)
        self.total = notebook.products()

    def walk(self, *, skip: int = 0) -> Iterator[ProductRecord | None]:
        """See `Records`."""
        self.notebook.forget_slugs()
        groups = self.notebook.grouped(
            self.table, self.reader.key, self.remarks, what=self.reader.KEY
        )
        for number, group in enumerate(groups):
            line, slug = group.rows[0].line, self.reader.slug(group.key)
            before = self.notebook.line_of(slug, line) if slug else line
            if number < skip:
                self.remarks.take()
                yield None
            elif before != line:
                self.remarks.reject(line, f"{slug}: has the same address as line {before}")
                yield None
            else:
                yield self.reader.record(group)


class LineRecords:
    """The products of a JSON Lines file."""

    def __init__(self, source: Source, notebook: Notebook, remarks: Remarks) -> None:
        self.source, self.notebook, self.remarks, self.format = source, notebook, remarks, "nexus"
        self.total = sum(1 for _ in jsonl.lines(source))

    def walk(self, *, skip: int = 0) -> Iterator[ProductRecord | None]:
        """See `Records`."""
        self.notebook.forget_slugs()
        unheard = Remarks()
        for number, (line, content) in enumerate(jsonl.lines(self.source)):
            remarks = unheard if number < skip else self.remarks
            record = jsonl.record(line, content, remarks)
            if record is not None and record.slug:
                before = self.notebook.line_of(record.slug, line)
                if before != line:
                    remarks.reject(line, f"{record.slug}: has the same address as line {before}")
                    record = None
            unheard.take()
            yield None if number < skip else record


def open_records(
    path: Path, *, format_: str | None, notebook: Notebook, remarks: Remarks
) -> Records:
    """Look at a file and find out how it is written.

    Args:
        format_: shopify or nexus; None: recognised by its content.

    Raises:
        FileRefused: it is not a file of products, or not of that format.
    """
    source = examine(path)
    if source.encoding != "utf-8-sig":
        remarks.notice(1, f"the file is not UTF-8: read as {source.encoding}")
    start = source.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{") and format_ != "shopify":
        if source.encoding != "utf-8-sig":
            raise FileRefused(f"{path} is not UTF-8, as JSON Lines must be.")
        return LineRecords(source, notebook, remarks)
    if start.startswith(b"[") and format_ != "shopify":
        raise FileRefused(f"{path} is one JSON array: write one product per line instead.")
    table = open_table(source)
    chosen = format_ or ("nexus" if is_nexus(table.columns) else "shopify")
    reader = (ShopifyReader if chosen == "shopify" else NexusReader)(table, remarks)
    return TableRecords(table, reader, notebook, chosen)
