"""Which web server: gunicorn as shipped, gunicorn with the C parser, granian; on the shop, with hot and cold pages.

    python -m benchmarks.web_servers [--size 100000] [--rounds 3] [--seconds 4] [--python PATH]

`--python` is an interpreter of a virtual environment that has, beside the shop's requirements, gunicorn_h1c and granian;
what it lacks is left out. Measured in turn, round by round: the hot page, cold pages, the hot page beside fifty slow clients
that send a line or a byte a second, and what SIGTERM loses. Writes benchmarks/results/web_servers.json.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from benchmarks import report, wrk
from benchmarks.dataset import environment_of, prepare
from benchmarks.enumeration import machine
from benchmarks.servers import NEXUS, Server, granian, gunicorn, start
from benchmarks.works import Catalogue, newest
from tests.shop import free_port

RESULT = Path(__file__).parent / "results" / "web_servers.json"
SLOW_CLIENTS = 50
PRODUCTS = "/api/products/"
Command = list[str]


def candidates(python: str) -> dict[str, Any]:
    """Name: a function of a port that gives the command line."""

    def has(module: str) -> bool:
        done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
        return done.returncode == 0

    found = {"gunicorn": lambda port: [*gunicorn(NEXUS, port, python), "--http-parser", "python"]}
    if has("gunicorn_h1c"):
        found["gunicorn, C parser"] = lambda port: [*gunicorn(NEXUS, port, python), "--http-parser", "fast"]  # fmt: skip
    if has("granian"):
        found["granian"] = lambda port: granian(NEXUS, port, python)
    return found


# --- slow clients -----------------------------------------------------------------------------


@contextlib.contextmanager
def slow_clients(server: Server, *, bodies: bool) -> Iterator[None]:
    """Fifty connections that send half a request and then a byte a second: of the headers, or of a body."""
    parts = urlsplit(server.url)
    sockets: list[socket.socket] = []
    over = threading.Event()
    start_line = "POST /api/auth/login/" if bodies else f"GET {PRODUCTS}"
    head = f"{start_line} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    if bodies:
        head += "Content-Length: 600\r\n\r\n{"

    def dribble() -> None:
        while not over.wait(1):
            for one in sockets:
                with contextlib.suppress(OSError):
                    one.send(b" " if bodies else b"X-Slow: 1\r\n")

    for _ in range(SLOW_CLIENTS):
        one = socket.create_connection((parts.hostname, parts.port), timeout=5)
        one.sendall(head.encode())
        sockets.append(one)
    thread = threading.Thread(target=dribble, daemon=True)
    thread.start()
    try:
        time.sleep(1)
        yield
    finally:
        over.set()
        thread.join()
        for one in sockets:
            one.close()


# --- the end ----------------------------------------------------------------------------------


def lost_at_the_end(server: Server, path: str) -> dict[str, Any]:
    """SIGTERM while sixteen clients ask: what became of the requests that were on their way.

    Half of the clients keep their connections, half open one for each request. A refused connection is no loss, as the next
    process answers it. What is cut off on a fresh connection is lost. On a kept one it may be a request that crossed the
    server's closing, which HTTP allows (RFC 9112, 9.6) and clients and proxies send again if it is a GET.
    """
    parts = urlsplit(server.url)
    ends: Counter[str] = Counter()
    guard = threading.Lock()

    def note(end: str) -> None:
        with guard:
            ends[end] += 1

    def client(kept: bool) -> None:
        headers = {} if kept else {"Connection": "close"}
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        while True:
            try:
                if connection.sock is None:
                    connection.connect()
            except OSError:
                note("refused")
                return
            try:
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                answer.read()
                note("answered" if answer.status == 200 else f"status {answer.status}")
                if answer.will_close:
                    connection.close()
            except (OSError, HTTPException):
                note("cut, kept connection" if kept else "cut, fresh connection")
                connection.close()

    clients = [threading.Thread(target=client, args=[place % 2 == 0]) for place in range(16)]
    for one in clients:
        one.start()
    time.sleep(1.5)
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    for one in clients:
        one.join(60)
    try:
        server.process.wait(40)
        ended = round(time.monotonic() - began, 2)
    except subprocess.TimeoutExpired:
        ended = None
    return {"seconds": ended, **ends}


# --- the run ----------------------------------------------------------------------------------


def main() -> int:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    options.add_argument("--size", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=4)
    options.add_argument("--python", default=sys.executable)
    given = options.parse_args()
    dataset = prepare(given.size)
    environment = {**environment_of(dataset.folder), "PUBLIC_URL": "http://127.0.0.1:8000"}
    servers = candidates(given.python)
    found: dict[str, dict[str, list[Any]]] = {name: {} for name in servers}
    cold: list[str] = []
    for turn in range(given.rounds):
        for name, command in servers.items() if turn % 2 == 0 else reversed(servers.items()):
            port = free_port()
            server = start(command(port), port, environment, dataset.folder / "web_server.log")
            try:
                if not cold:
                    places = Catalogue(dataset, server.http, {}, environment)
                    places.render_ahead()
                    cold, _ = newest(places, 0, 30_000, {})
                    places.close()
                one_round(server, cold, turn, given.rounds, given.seconds, found[name])
                found[name].setdefault("memory_mb", []).append(server.memory())
                found[name].setdefault("SIGTERM", []).append(lost_at_the_end(server, PRODUCTS))
            finally:
                with contextlib.suppress(ProcessLookupError):
                    server.stop()
            print(name, json.dumps({key: value[-1] for key, value in found[name].items()}), flush=True)  # fmt: skip
    table(found)
    RESULT.write_text(json.dumps({
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(),
        "versions": report.versions(), "products": given.size, "rounds": given.rounds, "seconds": given.seconds,
        "servers": found,
    }, indent=2) + "\n")  # fmt: skip
    return 0


def one_round(
    server: Server, cold: list[str], turn: int, rounds: int, seconds: float, found: dict[str, list[Any]]
) -> None:  # fmt: skip
    """All measurements of one server once."""

    def note(name: str, paths: list[str], first: int = 0) -> None:
        run = wrk.run(server.url, paths, first=first, seconds=seconds)
        found.setdefault(name, []).append(
            {"per_second": round(run.per_second), "p50_ms": round(run.p50, 2), "p99_ms": round(run.p99, 2),
             "refused": run.refused, "broken": run.broken}
        )  # fmt: skip

    wrk.run(server.url, [PRODUCTS], seconds=1)
    note("hot", [PRODUCTS])
    note("cold", cold, first=len(cold) * turn // rounds // 2 * 2)
    for name, bodies in (("hot, slow headers", False), ("hot, slow bodies", True)):
        with slow_clients(server, bodies=bodies):
            try:
                note(name, [PRODUCTS])
            except ValueError:  # not one answer
                found.setdefault(name, []).append({"per_second": 0})


def table(found: dict[str, dict[str, list[Any]]]) -> None:
    """Medians, one line for each server."""
    kinds = ("hot", "cold", "hot, slow headers", "hot, slow bodies")
    print(f"\n{'requests/s':22}" + "".join(f"{kind:>20}" for kind in kinds))
    for name, several in found.items():
        rates = [median(run["per_second"] for run in several[kind]) for kind in kinds]
        print(f"{name:22}" + "".join(f"{rate:>20.0f}" for rate in rates))


if __name__ == "__main__":
    sys.exit(main())
