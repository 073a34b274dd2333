"""Portions of the catalogue as pieces of a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from catalog.exporting import nexus, shopify
from catalog.exporting.loading import Described, Filters, portions

KINDS = ("csv", "jsonl")


@dataclass(slots=True)
class Writer:
    """One of the formats; `left_out` says which products have no place in it, by slug."""

    format: str
    kind: str = "csv"
    left_out: dict[str, str] = field(default_factory=dict)
    written: int = 0

    def start(self) -> bytes:
        """What stands at the top of the file."""
        if self.kind == "jsonl":
            return b""
        return _csv([shopify.HEADER if self.format == "shopify" else nexus.HEADER])

    def piece(self, products: Iterable[Described]) -> bytes:
        """These products, as they stand in the file."""
        pieces: list[bytes] = []
        for product in products:
            if self.format == "shopify" and (reason := shopify.problem(product)):
                self.left_out[product["slug"]] = reason
                continue
            self.written += 1
            if self.kind == "jsonl":
                pieces.append(nexus.line(product))
            else:
                rows = shopify.rows if self.format == "shopify" else nexus.rows
                pieces.append(_csv(rows(product)))
        return b"".join(pieces)

    def whole(self, filters: Filters) -> Iterator[bytes]:
        """The file, piece by piece."""
        yield self.start()
        for products in portions(filters):
            yield self.piece(products)


def _csv(rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
