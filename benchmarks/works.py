"""What the shop and the floor are asked for, and what is hoped for.

Cold work asks for another page, filter or product each time: cursors are made from places in the table
(benchmarks.cursors), as walking a million products first would take longer than the measurement.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import psycopg

from benchmarks import goods
from benchmarks.dataset import ROOT, Dataset, environment_of

PRODUCTS = "/api/products/"
MOST = 40_000  # paths of one work
DEPTH = 50_000
FOREIGN = {"currency": "USD"}
# A caller's own context, as the floor is told of it.
FLOOR_FOREIGN = {"currency": "USD", "list": str(goods.WHOLESALE), "language": "am"}


@dataclass(frozen=True)
class Work:
    """One line of the table.

    Attributes:
        floor: what the floor is asked meanwhile; none where the comparison is with another work.
        compared_with: the work whose speed is the measure, where it is not the floor's.
        at_least, goal: of the ratio (shop ÷ measure), from the issue.
        statements: how many SQL statements a request may cost at most.
        status: what each request answers.
        plain: what the control is asked for, if it serves this.
        shows: whether a body is what was asked for, and not the answer to something simpler.
    """

    name: str
    paths: list[str]
    floor: list[str] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    signed_in: bool = False
    compared_with: str = ""
    at_least: float | None = None
    goal: float | None = None
    statements: int | None = None
    status: int = 200
    plain: list[str] = field(default_factory=list)
    shows: Callable[[Any], bool] = bool


def in_dollars(product: Any) -> bool:
    """Whether a product's price is one in dollars."""
    return product["price"]["currency"] == "USD"


def page_of(size: int, each: Callable[[Any], bool] = bool) -> Callable[[Any], bool]:
    """Whether a body is a page of so many products like that."""
    return lambda body: len(body["results"]) == size and all(map(each, body["results"]))


class Catalogue:
    """Places in the filled tables, and cursors that begin there."""

    def __init__(self, dataset: Dataset, http: httpx.Client, headers: Mapping[str, str]) -> None:
        self.size = dataset.catalogue.size
        self.http, self.headers = http, headers
        self.signer = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.cursors"], cwd=ROOT, env=environment_of(dataset.folder), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.dice = random.Random(2026)
        with psycopg.connect(dataset.dsn) as db:
            self.rows = db.execute(
                "SELECT id, created_at, min_price, category_id, slug FROM catalog_product"
                " WHERE is_published AND archived_at IS NULL ORDER BY created_at DESC, id DESC"
            ).fetchall()
            self.offers = db.execute(
                "SELECT product_id, price, category_id FROM catalog_offer WHERE price_list_id = %s AND currency = 'USD'"
                " AND valid_from <= now() AND valid_until > now()",
                [goods.WHOLESALE],
            ).fetchall()

    def places(self, rows: list[Any]) -> list[Any]:
        """At most MOST of them, in an order without system."""
        return self.dice.sample(rows, min(MOST, len(rows)))

    def cursors(self, query: dict[str, str], places: list[tuple[Any, int]]) -> list[str]:
        """Paths of the pages that begin behind `(value, id)`.

        Raises:
            ValueError: the shop refuses this list, or it has only one page.
        """
        headers = self.headers if "currency" in query else {}
        asked = {
            "query": query,
            "headers": dict(headers),
            "places": [[str(place), pk] for place, pk in places],
        }
        self.signer.stdin.write(json.dumps(asked) + "\n")
        self.signer.stdin.flush()
        answer = json.loads(self.signer.stdout.readline())
        if "problem" in answer:
            raise ValueError(answer["problem"])
        return answer["paths"]

    def close(self) -> None:
        """End the process that signs."""
        self.signer.stdin.close()
        self.signer.wait(30)


def floor_path(kind: str, **query: Any) -> str:
    """The floor's address of a page."""
    return f"{PRODUCTS}?{urlencode({'as': kind, **query})}"


def newest(shop: Catalogue, first: float, last: float, query: dict[str, str]) -> tuple[list[str], list[str]]:  # fmt: skip
    """Pages of the newest, from such a share of the list to such a share; the shop's paths and the floor's."""
    rows = shop.places(shop.rows[int(first * shop.size) : int(last * shop.size)])
    places = [(row[1], row[0]) for row in rows]
    more = FLOOR_FOREIGN if query.get("currency") else {}
    return shop.cursors(query, places), [
        floor_path("newest", at=at.isoformat(), id=pk, **more) for at, pk in places
    ]


def by_price(shop: Catalogue, query: dict[str, str]) -> tuple[list[str], list[str]]:
    """Pages of one category in the order of prices; all leaves, mixed."""
    foreign = bool(query.get("currency"))
    rows = shop.offers if foreign else [(row[0], row[2], row[3]) for row in shop.rows]
    more = FLOOR_FOREIGN if foreign else {}
    pairs = []
    by_leaf: dict[int, list[tuple[Any, int]]] = {}
    for pk, price, category in shop.places(rows):
        by_leaf.setdefault(category, []).append((price, pk))
    for category, places in by_leaf.items():
        if len(places) < 30:  # the shape where one category has nearly all
            continue
        paths = shop.cursors({"category": str(category), "ordering": "price", **query}, places)
        floor = [
            floor_path("category", category=category, at=price, id=pk, **more)
            for price, pk in places
        ]
        pairs += zip(paths, floor, strict=True)
    shop.dice.shuffle(pairs)
    return [path for path, _ in pairs], [path for _, path in pairs]


def details(shop: Catalogue, query: dict[str, str]) -> tuple[list[str], list[str]]:
    """Products by id, without system; for a currency only those that have a price in it."""
    foreign = bool(query)
    ids = [row[0] for row in shop.places(shop.offers if foreign else shop.rows)]
    ending, floor_ending = (f"?{urlencode(q)}" if q else "" for q in (query, FLOOR_FOREIGN if foreign else {}))  # fmt: skip
    return (
        [f"{PRODUCTS}{pk}/{ending}" for pk in ids],
        [f"{PRODUCTS}{pk}/{floor_ending}" for pk in ids],
    )


def varied(query: dict[str, str], count: int = 20_000) -> list[str]:
    """The same list under another filter each time: a highest price that nothing reaches."""
    return [
        f"{PRODUCTS}?{urlencode({**query, 'max_price': goods.money(900_000_000 + number)}, quote_via=quote)}"
        for number in range(count)
    ]


def searches(count: int = 20_000) -> tuple[list[str], list[str]]:
    """Each of a hundred words, of which every one is in a hundredth of the products, under another filter each time."""
    words = [goods.WORDS[number * 37 % 100] for number in range(count)]
    paths = [
        f"{PRODUCTS}?search={word}&max_price={goods.money(900_000_000 + number)}"
        for number, word in enumerate(words)
    ]
    return paths, [floor_path("search", search=word) for word in words]


def works(shop: Catalogue, sign_in: Callable[[], Mapping[str, str]]) -> list[Work]:
    """All of it. `sign_in` gives the headers of the wholesale customer."""
    home = shop.http.get(PRODUCTS)
    filtered = {"tag": goods.CHOSEN_TAG}
    deep = min(DEPTH, shop.size // 2) / shop.size
    cold = {"at_least": 0.3, "goal": 0.6, "statements": 3}
    page = page_of(20)
    dollars = page_of(20, in_dollars)
    own = {
        "at_least": 0.15, "goal": 0.3, "statements": 3, "signed_in": True, "headers": {"Accept-Language": "am"},
    }  # fmt: skip
    pages, floor_pages = newest(shop, 0, 0.3, {})
    priced, floor_priced = by_price(shop, {})
    single, floor_single = details(shop, {})
    own_pages, floor_own_pages = newest(shop, 0, 0.9, FOREIGN)
    own_priced, floor_own_priced = by_price(shop, FOREIGN)
    own_single, floor_own_single = details(shop, FOREIGN)
    deep_pages, _ = newest(shop, deep - 0.05, deep + 0.05, {})
    words, floor_words = searches()
    few_fields, _ = newest(shop, 0.3, 0.6, {"fields": "id,slug,name,price"})
    return [
        Work("first pages, newest", pages, floor_pages, **cold, plain=[PRODUCTS], shows=page),
        Work("category + price order", priced, floor_priced, **cold),
        Work("detail", single, floor_single, **cold, plain=single),
        Work("own prices: first pages", own_pages, floor_own_pages, **own, shows=dollars),
        Work("own prices: category + price", own_priced, floor_own_priced, **own),
        Work("own prices: detail", own_single, floor_own_single, **own, shows=in_dollars),
        Work("hot page", [PRODUCTS], [PRODUCTS], at_least=0.6, goal=1.3, shows=page),
        Work(
            "304", [PRODUCTS], [PRODUCTS], headers={"If-None-Match": home.headers["ETag"]}, status=304, at_least=0.8,
            goal=1.5,
        ),
        Work("depth 50,000", deep_pages, compared_with="first pages, newest", at_least=1 / 1.3, goal=1 / 1.1, shows=page),
        Work("search, word in 1 %", words, floor_words, at_least=0.3, goal=0.6, shows=page),
        Work("filter of 5,000", varied(filtered), shows=page_of(20, lambda one: goods.CHOSEN_TAG in one["tags"])),
        Work("facets of 5,000", varied({**filtered, "facets": "true"}), compared_with="filter of 5,000", statements=5,
             at_least=1 / 5, goal=1 / 2, shows=lambda body: "facets" in body),
        Work("fields=id,slug,name,price", few_fields, floor_pages,
             shows=page_of(20, lambda one: set(one) == {"id", "slug", "name", "price"})),
    ]  # fmt: skip
