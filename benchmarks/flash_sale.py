"""A flash sale over HTTP: many buyers, few units, one SKU.

    python -m benchmarks.flash_sale [--buyers 2000] [--connections 64] [--units 100] [--seconds 5]

Starts a shop of its own (`manage.py up`, PostgreSQL with fsync as shipped), lets every buyer try once, each with an
address and an Idempotency-Key of their own, and counts what they were told. Exactly as many orders as units must be
placed, everybody else must get 409 `out_of_stock`, and the doctor must find the shop healthy: otherwise it exits with 1.
Then wrk asks for what is sold out, and in the same run an empty view of Django REST framework under the same server: the
ratio is what refusing costs.
"""

from __future__ import annotations

import argparse
import http.client
import json
import platform
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import servers, wrk
from tests.shop import Shop

RESULT = Path(__file__).parent / "results" / "flash_sale.json"
CHECKOUT = "/api/orders/checkout/"


def rush(
    shop: Shop, product: int, buyers: int, connections: int
) -> tuple[Counter[str], list[float], float]:
    """Everybody tries once: what they were told, how long each waited (milliseconds), how long it took (seconds)."""
    local, started = threading.local(), threading.Event()
    told: list[str] = [""] * buyers
    waited = [0.0] * buyers

    def buy(number: int) -> None:
        started.wait()
        if not hasattr(local, "http"):
            local.http = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=60)
        body = {
            "items": [{"product_id": product, "quantity": 1}],
            "email": f"buyer-{number}@buyers.shop",
        }
        headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
        began = time.perf_counter()
        local.http.request("POST", CHECKOUT, json.dumps(body), headers)
        answer = local.http.getresponse()
        content = answer.read()
        waited[number] = (time.perf_counter() - began) * 1000
        told[number] = str(answer.status)
        if answer.status >= 400:
            told[number] += " " + json.loads(content)["code"]

    with ThreadPoolExecutor(connections) as pool:
        futures = [pool.submit(buy, number) for number in range(buyers)]
        began = time.perf_counter()
        started.set()
        for future in futures:
            future.result()
        took = time.perf_counter() - began
    return Counter(told), waited, took


def refusals(shop: Shop, product: int, seconds: float, folder: Path) -> dict[str, Any]:
    """Answers a second to who asks for what is sold out, beside an empty view; medians of three turns."""
    body = json.dumps(
        {"items": [{"product_id": product, "quantity": 1}], "email": "late@buyers.shop"}
    )
    ours, empty = [], []
    environment = {**shop.environment, "NEXUS_DATA_DIR": str(shop.data_dir)}
    with servers.running("benchmarks.empty", environment, folder) as floor:
        for _ in range(3):
            ours.append(wrk.post(shop.url, CHECKOUT, [body], seconds=seconds, connections=64))
            empty.append(wrk.post(floor.url, "/", [body], seconds=seconds, connections=64))
    if any(run.refused != run.requests or run.broken for run in ours):
        raise SystemExit("Something that is sold out was answered otherwise than by a refusal.")
    sold_out = statistics.median(run.per_second for run in ours)
    nothing = statistics.median(run.per_second for run in empty)
    return {
        "sold_out_per_second": round(sold_out),
        "empty_view_per_second": round(nothing),
        "ratio": round(sold_out / nothing, 3),
    }


def report(found: dict[str, Any]) -> str:
    """The result in words, as the README shows it."""
    lines = [
        f"{found['buyers']} buyers on {found['connections']} connections, {found['units']} units",
        *(f"  {answer:<20} {number:>6}" for answer, number in sorted(found["told"].items())),
        f"  took {found['seconds']} s, p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms",
        f"  sold out: {found['sold_out_per_second']} refusals/s, an empty view"
        f" {found['empty_view_per_second']}/s, ratio {found['ratio']}",
        f"  doctor: {found['doctor']}",
    ]
    return "\n".join(lines)


def main() -> None:
    """Sell out, and say how it went."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--buyers", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(
        prefix="nexus-flash-sale-", ignore_cleanup_errors=True
    ) as name:
        shop = Shop(Path(name))
        shop.start()
        try:
            product = shop.product(stock=options.units)["id"]
            told, waited, took = rush(shop, product, options.buyers, options.connections)
            found = {
                "machine": f"{platform.machine()}, Python {platform.python_version()}",
                "date": datetime.now(UTC).strftime("%Y-%m-%d"),
                "buyers": options.buyers,
                "connections": options.connections,
                "units": options.units,
                "told": dict(told),
                "seconds": round(took, 2),
                "p50_ms": round(statistics.median(waited), 1),
                "p99_ms": round(statistics.quantiles(waited, n=100)[98], 1),
                **refusals(shop, product, options.seconds, Path(name)),
                "doctor": shop.manage("doctor", check=False).stdout.strip(),
            }
        finally:
            shop.stop()
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    print(report(found))
    right = {"201": options.units, "409 out_of_stock": options.buyers - options.units}
    if dict(told) != {key: value for key, value in right.items() if value} or not str(
        found["doctor"]
    ).startswith("Healthy"):
        sys.exit("This is not what should have been sold.")


if __name__ == "__main__":
    main()
