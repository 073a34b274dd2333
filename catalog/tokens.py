"""How a fact about a product is spelt: `Product.tokens`, and the numbers that stand for them in catalog_traits.

The same as migrations/0006_tokens.py and 0011_traits.py say it in SQL; tests compare the two.
"""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal, InvalidOperation
from typing import Any

TOKEN_LENGTH = 400
NUMBER = r"[+-]?[0-9]{1,14}(?:\.[0-9]{1,6})?"


def token(prefix: str, value: str) -> str:
    """As `Product.tokens` has it (catalog/migrations/0006_tokens.py)."""
    return f"{prefix}{value}"[:TOKEN_LENGTH]


def plain_number(value: str) -> str:
    """A number as the catalogue spells it: `250` for `250.00`; anything else as it is."""
    try:
        number = Decimal(value) if re.fullmatch(NUMBER, value, re.ASCII) else None
    except InvalidOperation:
        number = None
    if number is None:
        return value
    plain = f"{number:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in {"-0", ""} else plain


def token_texts(tokens: list[str]) -> tuple[str, list[Any]]:
    """A column of catalog_product with an operator and a parameter to come, and the parameter."""
    return "tokens {} %s::varchar[]", tokens


def token_keys(tokens: list[str]) -> tuple[str, list[Any]]:
    """The same of catalog_traits."""
    return "keys {} %s::bigint[]", [token_key(token) for token in tokens]


def facet_key(facet: str) -> int:
    """As the database's catalog_facet_key: a number for `a:<code>`, `o:<name>`, `t`, `b` or `c`."""
    return int.from_bytes(_digest(facet), signed=True)


def token_key(token: str) -> int:
    """As the database's catalog_token_key."""
    facet = token.partition("=")[0] if token[:2] in {"a:", "o:"} else token[:1]
    return int.from_bytes(_digest(facet) + _digest(token), signed=True)


def _digest(text: str) -> bytes:
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()[:4]
