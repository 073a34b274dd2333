"""A small process that signs cursors with the shop's own code, for places that nobody has walked to.

Started by `benchmarks.works` in the environment of the shop. Reads a line of JSON for each list, `{"query", "headers",
"places": [[value, id], …]}`; writes a line with the paths of the pages that begin behind these places.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import urlencode

PRODUCTS = "/api/products/"


def main() -> None:
    """Answer line by line until the input ends."""
    import django

    django.setup()
    from django.test import Client

    from common import pagination

    contexts: list[str] = []
    known: dict[str, str] = {}  # by query: a page that the shop has kept is not signed again
    signature = pagination._signature

    def remember(key: bytes, context: str, payload: bytes) -> bytes:
        contexts.append(context)
        return signature(key, context, payload)

    pagination._signature = remember
    client = Client(headers={"Host": "127.0.0.1"})
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        contexts.clear()
        page = client.get(PRODUCTS, asked["query"], headers=asked["headers"])
        if page.status_code != 200 or not page.json()["next"]:
            answer: dict[str, Any] = {
                "problem": f"{page.status_code} for {asked['query']}: {page.content[:300]!r}"
            }
        else:
            # What its `next` was signed for is what ours are signed for.
            query = urlencode(asked["query"])
            if contexts:
                known[query] = contexts[-1]
            context = known[query]
            answer = {
                "paths": [
                    f"{PRODUCTS}?{urlencode({**asked['query'], 'cursor': pagination.encode(context, False, value, pk)})}"
                    for value, pk in asked["places"]
                ]
            }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
