"""What the shop and the floor are asked for, and what is hoped for.

Cold work asks for another page, filter or product each time: cursors are made from places in the table
(benchmarks.cursors), as walking a million products first would take longer than the measurement.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import psycopg

from benchmarks import goods
from benchmarks.dataset import ROOT, Dataset

PRODUCTS = "/api/products/"
MOST = 40_000  # paths of one work
AHEAD = 60_000  # products that are rendered ahead: more would take longer than to measure, with a million
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
        rendered: whether the products were rendered before, as the worker does; else nothing is, at each round's beginning.
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
    rendered: bool = True
    shows: Callable[[Any], bool] = bool


def in_dollars(product: Any) -> bool:
    """Whether a product's price is one in dollars."""
    return product["price"]["currency"] == "USD"


def page_of(size: int, each: Callable[[Any], bool] = bool) -> Callable[[Any], bool]:
    """Whether a body is a page of so many products like that."""
    return lambda body: len(body["results"]) == size and all(map(each, body["results"]))


class Catalogue:
    """Places in the filled tables, and cursors that begin there."""

    def __init__(
        self,
        dataset: Dataset,
        http: httpx.Client,
        headers: Mapping[str, str],
        environment: dict[str, str],
    ) -> None:
        self.size, self.dsn, self.environment = dataset.catalogue.size, dataset.dsn, environment
        self.http, self.headers = http, headers
        self.signer = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.cursors"], cwd=ROOT, env=environment, text=True,
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
        self.prices = [(row[0], row[2], row[3]) for row in self.rows]
        ahead = {row[0] for row in self.rows[:AHEAD]}
        self.newest_offers = [row for row in self.offers if row[0] in ahead]
        self.leaves = self._leaves()

    def _leaves(self) -> set[int]:
        """As many categories as may be rendered ahead, and at least one. Those of a handful of products are left out."""
        counted = Counter(row[2] for row in self.offers)
        found: set[int] = set()
        total = 0
        for leaf, products in sorted(Counter(row[2] for row in self.prices).items()):
            if counted[leaf] >= 50 and (not found or total + products <= AHEAD):
                found.add(leaf)
                total += products
        return found

    def render_ahead(self) -> None:
        """Render what the works will ask for, for everybody and for the wholesale customer."""
        wanted = {row[0] for row in self.rows[:AHEAD]}
        for price_list, currency, language, rows in (
            (goods.RETAIL, "", "", self.prices), (goods.WHOLESALE, "USD", "am", self.offers),
        ):  # fmt: skip
            ids = [row[0] for row in rows if row[0] in wanted or row[2] in self.leaves]
            asked = {"price_list": price_list, "currency": currency, "language": language, "ids": ids}  # fmt: skip
            subprocess.run(
                [sys.executable, "-m", "benchmarks.rendered"], cwd=ROOT, env=self.environment, text=True, check=True,
                input=json.dumps(asked),
            )  # fmt: skip

    def forget_rendered(self) -> None:
        """As after a fresh import of everything: no product is rendered."""
        with psycopg.connect(self.dsn, autocommit=True) as db:
            db.execute("TRUNCATE catalog_document")

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


def newest(shop: Catalogue, first: int, last: int, query: dict[str, str]) -> tuple[list[str], list[str]]:  # fmt: skip
    """Pages of the newest that begin between these places of a list of 100,000 or more (of a shorter one, the same shares).

    Returns:
        The shop's paths and the floor's.
    """
    scale = min(1.0, shop.size / 100_000)
    rows = shop.places(shop.rows[int(first * scale) : int(last * scale)])
    places = [(row[1], row[0]) for row in rows]
    more = FLOOR_FOREIGN if query.get("currency") else {}
    return shop.cursors(query, places), [
        floor_path("newest", at=at.isoformat(), id=pk, **more) for at, pk in places
    ]


def by_price(shop: Catalogue, query: dict[str, str]) -> tuple[list[str], list[str]]:
    """Pages of one category in the order of prices; several leaves, mixed."""
    foreign = bool(query.get("currency"))
    rows = [row for row in (shop.offers if foreign else shop.prices) if row[2] in shop.leaves]
    more = FLOOR_FOREIGN if foreign else {}
    pairs = []
    by_leaf: dict[int, list[tuple[Any, int]]] = {}
    for pk, price, category in shop.places(rows):
        by_leaf.setdefault(category, []).append((price, pk))
    for category, places in by_leaf.items():
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
    ids = [row[0] for row in shop.places(shop.newest_offers if foreign else shop.rows[:AHEAD])]
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


def works(shop: Catalogue) -> list[Work]:
    """All of it; what is asked of a shop in which nothing is rendered comes first."""
    home = shop.http.get(PRODUCTS)
    filtered = {"tag": goods.CHOSEN_TAG}
    cold = {"at_least": 0.3, "goal": 0.6, "statements": 3}
    own = {
        "at_least": 0.15, "goal": 0.3, "statements": 3, "signed_in": True, "headers": {"Accept-Language": "am"},
    }  # fmt: skip
    page, dollars = page_of(20), page_of(20, in_dollars)
    anonymous = [
        ("first pages, newest", newest(shop, 0, 30_000, {}), page, [PRODUCTS]),
        ("category + price order", by_price(shop, {}), bool, []),
        ("detail", details(shop, {}), bool, details(shop, {})[0]),
    ]
    known = [
        ("own prices: first pages", newest(shop, 0, 50_000, FOREIGN), dollars),
        ("own prices: category + price", by_price(shop, FOREIGN), bool),
        ("own prices: detail", details(shop, FOREIGN), in_dollars),
    ]
    deep_pages, _ = newest(shop, int(DEPTH * 0.9), int(DEPTH * 1.1), {})
    words, floor_words = searches()
    few_fields, floor_few = newest(shop, 30_000, 45_000, {"fields": "id,slug,name,price"})
    return [
        *(Work(f"{name}, not rendered", *paths, **cold, shows=shows, rendered=False)
          for name, paths, shows, _ in anonymous),
        *(Work(f"{name}, not rendered", *paths, **own, shows=shows, rendered=False) for name, paths, shows in known),
        *(Work(name, *paths, **cold, shows=shows, plain=plain) for name, paths, shows, plain in anonymous),
        *(Work(name, *paths, **own, shows=shows) for name, paths, shows in known),
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
        Work("fields=id,slug,name,price", few_fields, floor_few,
             shows=page_of(20, lambda one: set(one) == {"id", "slug", "name", "price"})),
    ]  # fmt: skip
