"""What a file says about products, in the shop's own words, and what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from common.money import MAX_AMOUNT

MAX_STOCK = 1_000_000_000
MAX_TAGS = 50
TAG_LENGTH = 100
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"-?\d+,\d{1,2}")


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a person should know: a line of the file (from 1, the header's) and a sentence."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


@dataclass(slots=True)
class Remarks:
    """What was rejected, and what was taken but not as it stood."""

    rejected: list[Remark] = field(default_factory=list)
    notices: list[Remark] = field(default_factory=list)

    def reject(self, line: int, reason: str) -> None:
        """This line is not imported."""
        self.rejected.append(Remark(line, reason))

    def notice(self, line: int, text: str) -> None:
        """This line is imported, with a difference."""
        self.notices.append(Remark(line, text))


@dataclass(slots=True)
class ImageRecord:
    """The address of a picture."""

    url: str
    alt: str = ""
    line: int = 0


@dataclass(slots=True)
class VariantRecord:
    """A variant as the file has it; `sku` is never empty, `stock` None when the file has no such column."""

    line: int
    sku: str
    options: list[dict[str, str]]
    price: Decimal
    compare_at_price: Decimal | None = None
    stock: int | None = None
    barcode: str | None = None
    weight_grams: int | None = None
    image_url: str = ""


@dataclass(slots=True)
class ProductRecord:
    """A product as the file has it. None: the file does not say, and what the shop has stays."""

    line: int
    slug: str
    name: str
    description: str | None = None
    brand: str | None = None
    tags: list[str] | None = None
    category: tuple[str, ...] = ()
    is_published: bool | None = None
    variants: list[VariantRecord] = field(default_factory=list)
    images: list[ImageRecord] = field(default_factory=list)


class BadValue(ValueError):
    """A cell cannot be what its column says; the message is for a person."""


def read_price(text: str) -> Decimal:
    """An amount such as `9.99`, `1,250.00` or `12,50`.

    Raises:
        BadValue: it is no amount, is negative, too large, or has more than two decimals.
    """
    shown = text[:40]
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise BadValue(f"“{shown}” is not a price") from None
    if not amount.is_finite() or amount < 0:
        raise BadValue(f"“{shown}” is not a price")
    if amount > MAX_AMOUNT:
        raise BadValue(f"the price “{shown}” is too large")
    if amount != round(amount, 2):
        raise BadValue(f"the price “{shown}” has more than two decimals")
    return round(amount, 2)


def read_compare_at(text: str, *, price: Decimal, note: Callable[[str], None]) -> Decimal | None:
    """The price before a reduction, or None when there is none; what cannot be one is dropped with a note."""
    if not text:
        return None
    try:
        amount = read_price(text)
    except BadValue as problem:
        note(f"compare-at price dropped: {problem}")
        return None
    if 0 < amount < price:
        note(f"compare-at price {amount} dropped: it is below the price {price}")
    return amount if amount > price else None


def read_stock(text: str, *, note: Callable[[str], None]) -> int:
    """Pieces in stock; what is no such number counts as none, with a note."""
    try:
        pieces = Decimal(text.replace(",", "") or 0)
        if not pieces.is_finite() or pieces != int(pieces):
            raise InvalidOperation
    except InvalidOperation:
        note(f"stock “{text[:40]}” is not a number of pieces: imported as 0")
        return 0
    if pieces < 0:
        note(f"stock {pieces} is negative: imported as 0")
        return 0
    if pieces > MAX_STOCK:
        note(f"stock {pieces} is too much: imported as {MAX_STOCK}")
        return MAX_STOCK
    return int(pieces)


def read_weight(text: str) -> int | None:
    """Whole grams, or None when the cell holds nothing usable."""
    try:
        grams = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return int(grams) if grams.is_finite() and 0 < grams <= 2_000_000_000 else None


def read_tags(text: str, *, note: Callable[[str], None]) -> list[str]:
    """Tags out of a comma-separated cell."""
    tags = list(
        dict.fromkeys(tag[:TAG_LENGTH] for part in text.split(",") if (tag := part.strip()))
    )
    if len(tags) > MAX_TAGS:
        note(f"{len(tags)} tags: the first {MAX_TAGS} are imported")
    return tags[:MAX_TAGS]


def read_flag(text: str) -> bool | None:
    """Yes, no, or None when the cell says neither."""
    word = text.casefold()
    if word in {"true", "yes", "1", "y", "t"}:
        return True
    return False if word in {"false", "no", "0", "n", "f"} else None


def stable_sku(handle: str, options: list[dict[str, str]]) -> str:
    """A SKU for a variant that has none: the same in every run, so that the second finds what the first made."""
    text = "\0".join([handle, *(f"{option['name']}\0{option['value']}" for option in options)])
    return "NX-" + hashlib.sha256(text.encode()).hexdigest()[:12].upper()


def is_picture_address(url: str) -> bool:
    """Whether `url` may be stored as a picture's source."""
    return bool(re.fullmatch(r"https?://[^\s\"'<>\\]{3,1990}", url))
