"""Coupon codes: how two spellings are known to be one, and how new ones are made."""

from __future__ import annotations

import re
import secrets
import unicodedata

# No 0 and O, 1, I and L, 2 and Z, 5 and S, 8 and B, U and V: a code is read off paper and typed by thumb.
ALPHABET = "34679ACDEFGHJKMNPQRTVWXY"
LONGEST, SHORTEST = 40, 3
_READABLE = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")
_LOOKED_AT = 100  # normal forms take quadratic time


def normalised(text: str) -> str:
    """The form under which a code is unique: NFKC, upper case, without blanks or invisible characters.

    Whatever this does not bring together are different codes; what is no code at all gives a text that no coupon has.
    """
    folded = unicodedata.normalize("NFKC", text[:_LOOKED_AT]).casefold().upper()
    kept = "".join(one for one in folded if unicodedata.category(one)[0] not in {"C", "Z"})
    return unicodedata.normalize("NFKC", kept)[:LONGEST]


def is_code(text: str) -> bool:
    """Whether a normalised text may be a code: letters and digits of any script, with dots, dashes and low lines between."""
    return len(text) >= SHORTEST and _READABLE.fullmatch(text) is not None and _is_stable(text)


def _is_stable(text: str) -> bool:
    return normalised(text) == text


def new_code(*, prefix: str = "", length: int = 10) -> str:
    """A random code, of which ten characters are 45 bits. Uniqueness is the database's business."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(length))
