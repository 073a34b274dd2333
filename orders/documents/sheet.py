"""What stands on a sheet of paper, as plain text and in its order: what the renderer needs to know, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. `share`: of the page's width, relative to the other columns'."""

    title: str
    share: float
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text.

    Args:
        rows: one text per column. After a line break, a text goes on in smaller grey letters.
        running: the sum down to each row, as text; shown where a page ends and the next begins. Empty: no sums are carried.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    running: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A title, and lines below it: an address."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something with a name."""

    name: str
    value: str
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole document, ready to be set in type.

    Args:
        language: BCP 47, of most of it: for whoever has it read aloud.
        issued_at: aware; becomes the file's creation date, so that equal sheets make equal bytes.
        mark: across every page, such as TEST; empty for none.
        issuer: the shop's name first, then the lines of its letterhead.
        sums: below the table, at its right edge. breakdown: a second, small table at its left: taxes by rate.
        carried, brought, page: the words "carried forward", "brought forward", "page".
    """

    title: str
    number: str
    language: str
    issued_at: datetime
    issuer: tuple[str, ...]
    table: Table
    facts: tuple[Fact, ...] = ()
    parties: tuple[Block, ...] = ()
    sums: tuple[Fact, ...] = ()
    breakdown: Table | None = None
    notes: tuple[str, ...] = ()
    footer: str = ""
    mark: str = ""
    carried: str = "Carried forward"
    brought: str = "Brought forward"
    page: str = "Page"

    def letters(self) -> set[str]:
        """Every character that stands on the sheet."""
        tables = [table for table in (self.table, self.breakdown) if table]
        texts = [
            self.title, self.number, self.footer, self.mark, self.carried, self.brought, self.page,
            *self.issuer, *self.notes,
            *(text for fact in (*self.facts, *self.sums) for text in (fact.name, fact.value)),
            *(text for block in self.parties for text in (block.title, *block.lines)),
            *(column.title for table in tables for column in table.columns),
            *(text for table in tables for row in table.rows for text in row),
            *(text for table in tables for text in table.running),
        ]  # fmt: skip
        return set().union(*texts)
