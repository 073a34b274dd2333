"""What the demo shop's data is made of: a shelf is a category, a good is a product."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category of the demo shop; `above` is the slug of its parent."""

    slug: str
    name: str
    description: str
    above: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to buy a good. Prices in birr; `options` such as (("Size", "500 g"),)."""

    price: Decimal
    stock: int
    was: Decimal | None = None
    options: tuple[tuple[str, str], ...] = ()
    grams: int | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """How to draw a good: a motif, a palette, and what the motif varies by."""

    motif: str
    palette: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Good:
    """A product of the demo shop. Its slug names it from run to run."""

    slug: str
    name: str
    shelf: str
    brand: str
    description: str
    tags: tuple[str, ...]
    offers: tuple[Offer, ...]
    drawing: Drawing
    alt: str

    def sku(self, position: int) -> str:
        """The stock-keeping unit of the offer at `position`: the same in every run."""
        letters = "".join(word[:3] for word in self.slug.split("-")).upper()
        return f"DEMO-{letters}" if len(self.offers) == 1 else f"DEMO-{letters}-{position + 1}"


def one(
    price: int, stock: int, *, was: int | None = None, grams: int | None = None
) -> tuple[Offer, ...]:
    """The only offer of a simple good, at whole birr."""
    return (Offer(Decimal(price), stock, Decimal(was) if was else None, (), grams),)


def choice(
    option: str, *rows: tuple[str, int, int] | tuple[str, int, int, int]
) -> tuple[Offer, ...]:
    """Offers that differ in one option. A row is value, price, stock and perhaps the price before."""
    return tuple(
        Offer(
            Decimal(row[1]), row[2], Decimal(row[3]) if len(row) == 4 else None, ((option, row[0]),)
        )
        for row in rows
    )
