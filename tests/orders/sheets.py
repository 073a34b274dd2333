"""Sheets to set in type, and what can be read from the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from orders.documents.sheet import Block, Column, Fact, Sheet, Table

COLUMNS = (
    Column("#", 0.6),
    Column("መግለጫ\nDescription", 6),
    Column("ብዛት\nQty", 1, is_number=True),
    Column("ጠቅላላ\nTotal", 2, is_number=True),
)


def table(rows: int, name: str = "የይርጋጨፌ ቡና Yirgacheffe") -> Table:
    """So many rows of 2 × 1,250.00."""
    return Table(
        COLUMNS,
        tuple(
            (str(row + 1), f"{name} {row}\nSKU-{row:04}", "2", "2,500.00") for row in range(rows)
        ),
        tuple(f"{2500 * (row + 1):,}.00" for row in range(rows)),
    )


def sheet(rows: int = 3, **other: Any) -> Sheet:
    """An invoice in both languages."""
    fields: dict[str, Any] = {
        "title": "የሽያጭ ደረሰኝ / Invoice",
        "number": "INV-2026-000123",
        "language": "am",
        "issued_at": datetime(2026, 11, 23, 12, tzinfo=UTC),
        "issuer": ("ቡና ቤት Buna House PLC", "Bole, Addis Ababa", "TIN 0012345678"),
        "facts": (
            Fact("ቀን / Date", "23 November 2026"),
            Fact("ቀን (ዓ.ም.)", "ኅዳር 14 ቀን 2019 ዓ.ም.", is_strong=True),
        ),
        "parties": (Block("ገዢ / Buyer", ("አበበ ቢቂላ", "Kirkos, Woreda 08")),),
        "table": table(rows),
        "sums": (Fact("ጠቅላላ ድምር / Total", f"{2500 * rows:,}.00 ETB", is_strong=True),),
        "carried": "ወደሚቀጥለው ገጽ የዞረ / Carried forward",
        "brought": "ከቀደመው ገጽ የዞረ / Brought forward",
    }
    return Sheet(**(fields | other))


def pages(document: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(BytesIO(document)).pages]


def text(document: bytes) -> str:
    """All of it, in one line."""
    return " ".join(" ".join(pages(document)).split())
