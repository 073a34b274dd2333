"""A small process that renders products ahead with the shop's own code, as its worker does after an import.

Started by `benchmarks.works` in the environment of the shop, with a JSON object on its input:
`{"price_list": 1, "currency": "", "language": "am", "ids": […]}`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

PORTION = 500  # products that one statement renders


def main() -> None:
    """Render what is asked for and end."""
    import django

    django.setup()
    from catalog.reads.callers import context_of
    from catalog.reads.rendering import render

    asked = json.load(sys.stdin)
    context = replace(
        context_of(asked["currency"], asked["language"]), price_list=asked["price_list"]
    )
    ids = asked["ids"]
    for first in range(0, len(ids), PORTION):
        render(ids[first : first + PORTION], context)


if __name__ == "__main__":
    main()
