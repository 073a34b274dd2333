"""Cells as values: prices, pieces, weights, tags, and text that spreadsheets must not take for formulas."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from django.conf import settings
from django.core.files.storage import default_storage

from common.money import MAX_AMOUNT
from inventory.services import MAX_ON_HAND

MAX_TAGS = 50
TAG_LENGTH = 100
MAX_GRAMS = 2_000_000_000
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"-?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}")
_AMBIGUOUS = re.compile(r"-?[1-9]\d{0,2}\.\d\d0")  # a thousand, or three decimals
_FORMULA = re.compile(r"[=+\-@\t\r]")
_GUARDED = re.compile(r"'[=+\-@\t\r']")
Note = Callable[[str], None]


class BadValue(ValueError):
    """A cell cannot be what its column says; the message is for a person."""


def guarded(text: str) -> str:
    """`text` for a cell of a spreadsheet: what would be a formula there begins with an apostrophe. `unguarded` undoes it."""
    return f"'{text}" if _FORMULA.match(text) or _GUARDED.match(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded`, or a spreadsheet, has put an apostrophe in front of."""
    return text[1:] if _GUARDED.match(text) else text


def read_price(text: str) -> Decimal:
    """An amount such as `9.99`, `1,250.00`, `12,50` or `1.250,00`.

    Raises:
        BadValue: it is no amount, is negative, too large, or has more than two decimals.
    """
    shown = text[:40]
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif _AMBIGUOUS.fullmatch(text):
        raise BadValue(f"the price “{shown}” can be read in two ways: write it with two decimals")
    try:
        amount = Decimal(text) if len(text) <= 40 else Decimal("NaN")
    except InvalidOperation:
        raise BadValue(f"“{shown}” is not a price") from None
    if not amount.is_finite() or amount < 0:
        raise BadValue(f"“{shown}” is not a price")
    if amount > MAX_AMOUNT:
        raise BadValue(f"the price “{shown}” is too large")
    if amount != round(amount, 2):
        raise BadValue(f"the price “{shown}” has more than two decimals")
    return round(abs(amount), 2)


def read_compare_at(text: str, *, price: Decimal | None, note: Note) -> Decimal | None:
    """The price before a reduction, or None when there is none; what cannot be one is dropped with a note."""
    if not text:
        return None
    try:
        amount = read_price(text)
    except BadValue as problem:
        note(f"compare-at price dropped: {problem}")
        return None
    if price is None or amount > price:
        return amount
    if 0 < amount < price:
        note(f"compare-at price {amount} dropped: it is below the price {price}")
    return None


def read_stock(text: str, *, note: Note) -> int:
    """Pieces in stock; what is no such number counts as none, with a note."""
    try:
        pieces = Decimal(text.replace(",", "") or 0)
        if not pieces.is_finite() or abs(pieces) > 10**15 or pieces != int(pieces):
            raise InvalidOperation
    except InvalidOperation:
        note(f"stock “{text[:40]}” is not a number of pieces: imported as 0")
        return 0
    if pieces < 0:
        note(f"stock {pieces} is negative: imported as 0")
        return 0
    if pieces > MAX_ON_HAND:
        note(f"stock {pieces} is too much: imported as {MAX_ON_HAND}")
        return MAX_ON_HAND
    return int(pieces)


def read_weight(text: str) -> int | None:
    """Whole grams, or None when the cell holds nothing usable."""
    try:
        grams = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return int(grams) if grams.is_finite() and 0 < grams <= MAX_GRAMS else None


def read_list(text: str, *, separator: str = ",") -> list[str]:
    """The words of a cell, without blanks: separated, or (where that would not do) a JSON array."""
    parts: Iterable[Any] = text.split(separator)
    if text.startswith("["):
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            found = None
        if isinstance(found, list) and all(isinstance(part, str) for part in found):
            parts = found
    return [word for part in parts if (word := part.strip())]


def write_list(words: Iterable[str], *, separator: str = ",", joint: str = ", ") -> str:
    """What `read_list` reads as these words."""
    words = list(words)
    simple = joint.join(words)
    if read_list(simple, separator=separator) == words:
        return simple
    return orjson.dumps(words).decode()


def read_tags(text: str, *, note: Note) -> list[str]:
    """Tags out of a cell."""
    return tidy_tags(read_list(text), note=note)


def tidy_tags(given: Iterable[str], *, note: Note) -> list[str]:
    """Tags within the limits."""
    tags = list(
        dict.fromkeys(short for tag in given if (short := tag.strip()[:TAG_LENGTH].strip()))
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
    return "NX-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12].upper()


def is_picture_address(url: str) -> bool:
    """Whether `url` may be stored as a picture's source."""
    return bool(re.fullmatch(r"https?://[^\s\"'<>\\]{3,1990}", url))


def picture_address(*, file: str, source_url: str) -> str:
    """Where a picture is: where it was found at first, else our own copy's address."""
    if source_url or not file:
        return source_url
    return own_address(file)


def own_address(file: str) -> str:
    """The address of a stored picture."""
    url: str = default_storage.url(file)
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url
