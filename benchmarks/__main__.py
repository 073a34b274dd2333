"""The shop against the floor: `make bench`, or

    python -m benchmarks [--size 100000] [--shape ordinary] [--rounds 3] [--seconds 4] [--only search]

Builds the catalogue if need be (benchmarks.dataset), starts the shop as shipped and the floor (benchmarks.floor) under the
same server, and asks them in turn, round by round, so that whatever else the machine does strikes both. Prints a table and
writes benchmarks/results/catalog.json. Exit code 1 when any request was refused; no time is asserted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import report, statements, wrk
from benchmarks.dataset import BUYER, SHAPES, Dataset, environment_of, prepare
from benchmarks.servers import FLOOR, NEXUS, PLAIN, Server, running
from benchmarks.works import Catalogue, Work, works

CONNECTIONS = 16
WARM_UP = 1.0  # seconds, before each work's first round


class Rejected(Exception):
    """A request of a work was not answered as it should be: nothing measured would mean anything."""


def main() -> int:
    """Measure, print, write. 1 when requests were refused, 2 when there is nothing to measure with."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    options.add_argument("--size", default="100000", help="products; several with commas")
    options.add_argument("--shape", choices=SHAPES, default="ordinary")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=3, help="of each round, for each server")
    options.add_argument(
        "--only", default="", help="works whose name holds this; nothing is written"
    )
    options.add_argument("--fresh", action="store_true", help="build the catalogue anew")
    given = options.parse_args()
    try:
        wrk.find()
    except wrk.Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    sizes = [int(size) for size in given.size.split(",")]
    refused = 0
    measured: dict[str, Any] = {}
    for size in sizes:
        dataset = prepare(size, given.shape, fresh=given.fresh)
        found = measure(dataset, given.rounds, given.seconds, given.only)
        measured[f"{size} {given.shape}"] = found
        report.show(found, size, given.shape)
        refused += found["refused"]
    if len(measured) > 1:
        report.compare_sizes(measured)
    if not given.only:
        report.write(measured, given.rounds, given.seconds)
    if refused:
        print(f"{refused} requests were refused.", file=sys.stderr)
    return 1 if refused else 0


def measure(dataset: Dataset, rounds: int, seconds: float, only: str) -> dict[str, Any]:
    """All works on one catalogue."""
    # One public address for both, so that what is rendered is true for both.
    environment = {**environment_of(dataset.folder), "PUBLIC_URL": "http://127.0.0.1:8000"}
    floor_environment = {**environment, "DATABASE_DSN": dataset.dsn.replace("user=postgres", "user=nexus")}  # fmt: skip
    with contextlib.ExitStack() as stack:
        shop = stack.enter_context(running(NEXUS, environment, dataset.folder))
        floor = stack.enter_context(running(FLOOR, floor_environment, dataset.folder))
        plain = stack.enter_context(running(PLAIN, environment, dataset.folder))
        before = shop.memory()
        headers = {**sign_in(shop), "Accept-Language": "am"}
        places = Catalogue(dataset, shop.http, headers, environment)
        stack.callback(places.close)
        found: dict[str, Any] = {}
        ahead = False
        print(report.HEADER)
        for work in works(places):
            if only not in work.name:
                continue
            if work.rendered and not ahead:
                places.render_ahead()
                ahead = True
            found[work.name] = one_work(work, places, Sides(shop, floor, plain), rounds, seconds)
            print(report.line(work.name, found[work.name], found), flush=True)
        memory = {"before": before, "after": shop.memory(), "floor": floor.memory()}
    refused = sum("rejected" in one or one["refused"] for one in found.values())
    return {"works": found, "memory_mb": memory, "refused": refused}


class Sides(NamedTuple):
    """Who is asked."""

    shop: Server
    floor: Server
    plain: Server


def one_work(
    work: Work, places: Catalogue, servers: Sides, rounds: int, seconds: float
) -> dict[str, Any]:
    """Shop, floor and control in turn."""
    shop = servers.shop
    sides = [("shop", shop, work.paths)]
    sides += [("floor", servers.floor, work.floor)] if work.floor else []
    sides += [("plain", servers.plain, work.plain)] if work.plain else []
    runs: dict[str, list[wrk.Run]] = {name: [] for name, *_ in sides}

    def ask(name: str, server: Server, paths: list[str], first: int, seconds: float) -> wrk.Run:
        if not work.rendered:
            places.forget_rendered()
        headers = headers_of(work, shop) if name == "shop" else {}
        return wrk.run(
            server.url, paths, first=first, seconds=seconds, connections=CONNECTIONS, headers=headers
        )  # fmt: skip

    try:
        for name, server, paths in sides:
            # The first words of a search in a million products come from the disk.
            with contextlib.suppress(wrk.NothingAnswered):
                ask(name, server, paths, first_of(paths, rounds, rounds), WARM_UP)
        asked = costs(work, places, shop)
        for turn in range(rounds):
            for name, server, paths in sides if turn % 2 == 0 else reversed(sides):
                first = first_of(paths, turn, rounds)
                runs[name].append(ask(name, server, paths, first, seconds))
        expect(work, shop, work.paths[0], headers_of(work, shop))
    except Rejected as rejected:
        return {"rejected": str(rejected)}
    return report.summary(work, runs, asked)


def first_of(paths: list[str], turn: int, rounds: int) -> int:
    """Where a round begins; the last share is for warming up."""
    return len(paths) * turn // (rounds + 1) // 2 * 2


def costs(work: Work, places: Catalogue, shop: Server) -> statements.Statements:
    """The statements of one request that nobody has asked before; the largest of three."""
    found = []
    for number in range(3):
        path = work.paths[(-1 - number) % len(work.paths)]
        if not work.rendered:
            places.forget_rendered()
        headers = headers_of(work, shop)
        found.append(
            statements.count(
                places.dsn, lambda path=path, headers=headers: expect(work, shop, path, headers)
            )
        )
    return max(found, key=lambda one: len(one.texts))


def headers_of(work: Work, shop: Server) -> Mapping[str, str]:
    """A token lives for ten minutes: a fresh one for each run."""
    return {**work.headers, **(sign_in(shop) if work.signed_in else {})}


def expect(work: Work, shop: Server, path: str, headers: Mapping[str, str]) -> None:
    """Ask once.

    Raises:
        Rejected: another status than it should be, or the answer to something simpler.
    """
    answer = shop.http.get(path, headers=dict(headers))
    if answer.status_code != work.status:
        raise Rejected(f"{answer.status_code} for {path[:120]}: {answer.text[:300]}")
    if work.status == 200 and not work.shows(answer.json()):
        raise Rejected(f"not what was asked for, {path[:120]}: {answer.text[:300]}")


def sign_in(shop: Server) -> dict[str, str]:
    """Headers of the wholesale customer."""
    answer = shop.http.post("/api/auth/login/", json=BUYER)
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access']}"}


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parent.parent)
    sys.exit(main())
