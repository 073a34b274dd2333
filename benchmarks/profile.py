"""Where the time of one request goes: cProfile around the WSGI function, without a server and without a network.

    python -m benchmarks.profile [--size 100000] [--path "/api/products/"] [--times 300] [--sort tottime]

Prints milliseconds a request without the profiler, then what each function costs under it.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import os
import pstats
import statistics
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from benchmarks.dataset import BUYER, environment_of, prepare


def environ_of(path: str, headers: dict[str, str]) -> dict[str, Any]:
    """What a server would hand over for a GET."""
    parts = urlsplit(path)
    return {
        "REQUEST_METHOD": "GET", "PATH_INFO": parts.path, "QUERY_STRING": parts.query, "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }  # fmt: skip


def ask(application: Callable[..., Any], path: str, headers: dict[str, str]) -> tuple[str, int]:
    """One request; its status and how many bytes came."""
    told = []
    answer = application(environ_of(path, headers), lambda status, headers: told.append(status))
    size = sum(len(part) for part in answer)
    if hasattr(answer, "close"):
        answer.close()
    return told[0], size


def token() -> str:
    """An access token of the wholesale customer."""
    from django.test import Client

    answer = Client(headers={"Host": "127.0.0.1"}).post(
        "/api/auth/login/", BUYER, content_type="application/json"
    )
    return answer.json()["access"]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    options.add_argument("--size", type=int, default=100_000)
    options.add_argument("--path", default="/api/products/", help="{} becomes another number each time")  # fmt: skip
    options.add_argument("--times", type=int, default=300)
    options.add_argument("--sort", default="tottime", choices=["tottime", "cumtime", "ncalls"])
    options.add_argument("--lines", type=int, default=40)
    options.add_argument("--header", action="append", default=[], help="Name: value")
    options.add_argument("--signed-in", action="store_true", help="as the wholesale customer")
    given = options.parse_args()
    os.environ.update(environment_of(prepare(given.size).folder))
    from ecommerce.wsgi import application

    headers = dict(header.split(": ", 1) for header in given.header)
    if given.signed_in:
        headers["Authorization"] = f"Bearer {token()}"
    numbers = iter(range(1, 10_000_000))

    def once() -> tuple[str, int]:
        return ask(application, given.path.replace("{}", str(next(numbers))), headers)

    for _ in range(20):
        status, size = once()
    times, spent = [], []
    for _ in range(given.times):
        began, used = time.perf_counter(), time.thread_time()
        once()
        times.append((time.perf_counter() - began) * 1000)
        spent.append((time.thread_time() - used) * 1000)
    print(f"{given.path}: {status}, {size} bytes, {statistics.median(times):.2f} ms a request, "
          f"of which {statistics.median(spent):.2f} ms are ours and the rest PostgreSQL's (medians)")  # fmt: skip
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(given.times):
        once()
    profiler.disable()
    pstats.Stats(profiler).strip_dirs().sort_stats(given.sort).print_stats(given.lines)


if __name__ == "__main__":
    main()
