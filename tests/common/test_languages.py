"""`Accept-Language` chooses among the shop's languages."""

from __future__ import annotations

import pytest

from common.languages import chosen

SHOP = ("en", "am", "pt-br")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("am", "am"),
        ("AM", "am"),
        ("am-ET", "am"),
        ("am-Ethi-ET", "am"),
        ("pt", "pt-br"),
        ("pt-PT", "en"),
        ("fr", "en"),
        ("fr, am;q=0.5", "am"),
        ("en;q=0.5, am;q=0.8", "am"),
        ("en-US,en;q=0.9,am;q=0.1", "en"),
        ("am;q=0.7,en;q=0.7", "am"),
        ("en;q=0.7,am;q=0.7", "en"),
        ("*", "en"),
        ("fr, *;q=0.1", "en"),
        ("en;q=0, *", "am"),
        ("en;q=0", "en"),
        ("am;q=0", "en"),
        ("am;q=0, am-ET", "en"),
        ("*, am;q=0.5", "en"),
        ("am;q=0.5, *", "en"),
        ("en;q=0.1, am;q=0.2, *", "pt-br"),
        ("*;q=0", "en"),
        ("am ; q = 0.3", "am"),
        ("am;q=1.5", "en"),
        ("am;q=nonsense, pt-BR;q=0.2", "pt-br"),
        ("🙂, am;q=0.000, pt-br;q=0.001", "pt-br"),
        (",,;q=1,", "en"),
        ("x" * 5000 + ", am", "en"),
        ("*, fr", "en"),
    ],
)
def test_the_best_wish_that_can_be_met(header: str, expected: str) -> None:
    assert chosen(header, SHOP) == expected


def test_the_first_language_is_the_shops_own_whatever_it_is() -> None:
    assert chosen("", ["am", "en"]) == "am"
    assert chosen("de", ["am", "en"]) == "am"
    assert chosen("en", ["am", "en"]) == "en"
    assert chosen("en", ["am"]) == "am"
