"""Our own format as JSON Lines: one product per line, with everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from catalog.importing.described import product_of
from catalog.importing.reading import MAX_LINE, Source
from catalog.importing.records import ProductRecord, Remarks
from catalog.importing.values import BadValue


def lines(source: Source) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank. One that is too long is handed on cut, and will not parse."""
    with source.open_bytes() as file:
        number = 0
        while line := file.readline(MAX_LINE):
            number += 1
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                    pass
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield number, line


def record(number: int, line: bytes, remarks: Remarks) -> ProductRecord | None:
    """The product of a line, or None (with remarks) when there is nothing to import."""
    label = "?"
    try:
        given = _parsed(line)
        label = str(given.get("slug") or given.get("sku") or "?")[:120]
        variants = given.get("variants")
        if variants is None and "price" in given:
            raise BadValue("a price belongs to one of its variants")
        if not isinstance(variants, list) or not all(isinstance(one, dict) for one in variants):
            raise BadValue("variants: a list of objects is wanted")
        if not variants:
            raise BadValue("no variant")
        if not given.get("slug") and (len(variants) != 1 or not variants[0].get("sku")):
            raise BadValue("no slug, and not one variant with a SKU")
        if given.get("slug") and not given.get("name"):
            raise BadValue("no name")
        return product_of(given, [(number, one) for one in variants], line=number, remarks=remarks)
    except BadValue as problem:
        remarks.reject(number, f"{label}: {problem}" if label != "?" else str(problem))
        return None


def _parsed(line: bytes) -> dict[str, Any]:
    if len(line) >= MAX_LINE:
        raise BadValue(f"more than {MAX_LINE:,} bytes in one line")
    try:
        given = orjson.loads(line.replace(b"\\u0000", b"").replace(b"\x00", b""))
    except orjson.JSONDecodeError as error:
        raise BadValue(f"not JSON: {str(error)[:100]}") from None
    if not isinstance(given, dict):
        raise BadValue("not a JSON object")
    return given
