"""Searching, and suggestions while somebody types."""

from __future__ import annotations

from tests.contract.recorder import Recorder
from tests.contract.scenarios.catalog import STAFF_ONLY


def suggestions(s: Recorder) -> None:
    """A search box."""
    s.call(
        "products_suggest", "typing", "The first letters", query={"q": "ber"}, status=200,
    )  # fmt: skip
    s.call(
        "products_suggest", "amharic", "Amharic in Latin letters, two of each kind",
        query={"q": "buna", "limit": 2}, status=200,
    )  # fmt: skip
    s.call(
        "products_suggest", "invalid", "At most ten of each kind",
        query={"q": "ber", "limit": 11}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "products_list", "search_latin", "Amharic in Latin letters", query={"search": "buna"}, status=200, untold=STAFF_ONLY,
    )  # fmt: skip


STORIES = [suggestions]
