"""Which language a caller reads: `Accept-Language` (RFC 9110, 12.5.4) among those that the shop has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

# Browsers send a dozen ranges at most; what is beyond is not looked at.
MAX_HEADER = 1000  # characters
_RANGE = re.compile(
    r"(?P<tag>\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)(?:\s*;\s*q\s*=\s*(?P<q>0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?"
)


def chosen(request_header: str, available: Sequence[str]) -> str:
    """The language for an answer.

    The wish with the highest quality wins; of equal ones the first. A wish is met by the language itself, else by a
    shorter one that it begins with (`am-ET` by `am`), else by one of its regions (`pt` by `pt-br`). `*` means the first
    language that is not named. A quality of 0 refuses a language. What cannot be read is ignored.

    Args:
        request_header: the value of `Accept-Language`; empty when there was none.
        available: codes in lower case, the shop's own language first; at least one.

    Returns:
        One of `available`: the first of them when no wish can be met.
    """
    return _chosen(request_header[:MAX_HEADER], tuple(available))


@lru_cache(maxsize=512)
def _chosen(header: str, available: tuple[str, ...]) -> str:
    wishes: list[tuple[float, str]] = []
    for part in header.lower().split(","):
        if match := _RANGE.fullmatch(part.strip()):
            wishes.append((float(match["q"] or (1 if match["q"] is None else 0)), match["tag"]))
    named = {tag for _, tag in wishes}
    refused = {tag for quality, tag in wishes if quality == 0}
    possible = [code for code in available if code not in refused]
    for quality, tag in sorted(wishes, key=lambda wish: -wish[0]):
        if quality == 0:
            break
        if tag == "*":
            met = [code for code in possible if code not in named and "*" not in refused]
        else:
            met = [code for code in _shortening(tag) if code in possible] or [
                code for code in possible if code.startswith(f"{tag}-")
            ]
        if met:
            return met[0]
    return available[0]


def _shortening(tag: str) -> list[str]:
    """`zh-hant-tw`, `zh-hant`, `zh`."""
    parts = tag.split("-")
    return ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
