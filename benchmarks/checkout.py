"""What a checkout costs beside its own SQL: orders a second over HTTP, and of pgbench with the same statements.

    python -m benchmarks.checkout [--seconds 5] [--rounds 3] [--clients 8]

Starts a shop of its own (`manage.py up`, PostgreSQL with fsync as shipped) with 200 goods. Checkouts of two lines are
listened to, and their statements become scripts of pgbench: the same text, with ids, keys and numbers of each run's own.
Then wrk (guests, each with an Idempotency-Key) and pgbench take turns: two SKUs chosen at random, and one hot SKU for
everybody. pgbench speaks the simple protocol: the one statement that the shop has prepared is planned each time there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import wrk
from tests.shop import Shop

RESULT = Path(__file__).parent / "results" / "checkout.json"
CHECKOUT = "/api/orders/checkout/"
GOODS, SCRIPTS = 200, 100
_OWN = """SELECT gen_random_uuid() AS holder, left(md5(random()::text), 11) AS num, md5(random()::text) AS key,
 md5(random()::text) || md5(random()::text) AS token, (random() * 9e15)::bigint AS lock \\gset
"""


def body_of(*variants: int) -> dict[str, Any]:
    """One piece of each, for a guest."""
    items = [{"variant_id": variant, "quantity": 1} for variant in variants]
    return {"items": items, "email": "abebe@buyers.shop"}


def listen(*variants: int) -> list[str]:
    """The statements of one checkout, with their values."""
    import psycopg
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from rest_framework.test import APIClient

    from orders.asked import _statement

    with CaptureQueriesContext(connection) as heard:
        answer = APIClient(SERVER_NAME="127.0.0.1").post(
            CHECKOUT,
            body_of(*variants),
            format="json",
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )
    if answer.status_code != 201:
        raise SystemExit(f"The checkout that was listened to failed: {answer.content!r}")
    asked, given = _statement()
    with psycopg.ClientCursor(connection.connection) as cursor:
        found = cursor.mogrify(asked, given | {"variants": list(variants), "products": []})
    return [found if query["sql"] == asked else query["sql"] for query in heard.captured_queries]


def script_of(statements: list[str]) -> str:
    """The statements as a script of pgbench: what may be there once only is each run's own."""
    text = "\n".join(
        statement.rstrip().rstrip(";")
        + (" \\gset o_" if 'INTO "orders_order" ' in statement else ";")
        for statement in statements
    )
    holder = re.search(
        r"INTO \"orders_order\" .*?VALUES \('([0-9a-f]{32})'::uuid, '([^']+)', NULL, '([0-9a-f]{64})'",
        text,
    )
    key = re.search(r"\"key\" = '([0-9a-f]{32})'", text)
    order = re.search(r"INTO \"orders_ordertrace\" .*?VALUES \((\d+), 0,", text, re.S)
    if not (holder and key and order):
        raise SystemExit("The checkout says its statements otherwise than this benchmark knows.")
    for mine, theirs in zip(
        (*holder.groups(), key[1]), (":holder", ":num", ":token", ":key"), strict=True
    ):
        text = text.replace(mine, theirs)
    number = order[1]
    text = re.sub(
        r"pg_try_advisory_xact_lock\(\s*-?\d+\)", "pg_try_advisory_xact_lock(:lock)", text
    )
    text = re.sub(rf"(INTO \"orders_ordertrace\" [^\n]*?VALUES \(){number},", r"\1:o_id,", text)
    text = re.sub(rf"(INTO \"orders_orderevent\" [^\n]*?VALUES \(){number},", r"\1:o_id,", text)
    before, lines, after = text.partition('INTO "orders_orderline" ')
    own = re.sub(  # as many times the order's number as there are lines
        rf"'\{{({number}(?:,{number})*)\}}'::int\d\[\]",
        lambda found: "'{" + found[1].replace(number, ":o_id") + "}'::bigint[]",
        after,
        count=1,
    )
    if own == after:  # one line is written by VALUES
        own = re.sub(rf"VALUES \({number}, 0,", "VALUES (:o_id, 0,", after, count=1)
    text = before + lines + own
    return _OWN + text + "\n"


def pgbench(scripts: list[Path], clients: int, seconds: float) -> float:
    """Transactions a second."""
    from django.db import connection

    settings = connection.get_connection_params()
    environment = {**os.environ, "PGPASSWORD": str(settings.get("password", ""))}
    command = ["pgbench", "-n", "-c", str(clients), "-j", "2", "-T", str(max(1, round(seconds))),
               "-h", str(settings["host"]), "-p", str(settings["port"]), "-U", str(settings["user"])]  # fmt: skip
    for script in scripts:
        command += ["-f", str(script)]
    done = subprocess.run(
        [*command, str(settings["dbname"])], env=environment, capture_output=True, text=True
    )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode or not found or re.search(r"failed transactions: [1-9]", done.stdout):
        raise SystemExit(f"pgbench failed:\n{done.stdout}\n{done.stderr[-2000:]}")
    return float(found[1])


def measure(shop: Shop, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Turn and turn about: HTTP and pgbench, cold and hot."""
    import django

    django.setup()
    from django.conf import settings

    settings.RATE_LIMITS = False
    from tests import factories

    goods = [factories.variant(stock=10_000_000).pk for _ in range(GOODS)]
    draw = random.Random(7)
    pairs = [tuple(draw.sample(goods, 2)) for _ in range(SCRIPTS)]
    listen(*pairs[0])  # what is said once a connection has been said
    scripts = []
    for number, pair in enumerate(pairs):
        scripts.append(folder / f"{number}.sql")
        scripts[-1].write_text(script_of(listen(*pair)))
    statements = len(listen(*pairs[0]))
    hot = folder / "hot.sql"
    hot.write_text(script_of(listen(goods[0])))
    cold_bodies = [json.dumps(body_of(*pair)) for pair in pairs]
    hot_bodies = [json.dumps(body_of(goods[0]))]
    turns: dict[str, list[float]] = {"http": [], "pgbench": [], "http_hot": [], "pgbench_hot": []}
    for _ in range(options.rounds):
        for name, bodies, files in (("", cold_bodies, scripts), ("_hot", hot_bodies, [hot])):
            run = wrk.post(
                shop.url, CHECKOUT, bodies, seconds=options.seconds, connections=options.clients
            )
            if run.refused or run.broken:
                raise SystemExit(
                    f"{run.refused} of {run.requests} checkouts were refused, {run.broken} broke."
                )
            turns[f"http{name}"].append(run.per_second)
            turns[f"pgbench{name}"].append(pgbench(files, options.clients, options.seconds))
    medians = {name: round(statistics.median(values), 1) for name, values in turns.items()}
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "clients": options.clients,
        "statements": statements,
        "per_second": medians,
        "ratio": round(medians["http"] / medians["pgbench"], 3),
        "hot_to_cold": round(medians["http_hot"] / medians["http"], 3),
        "hot_to_cold_of_pgbench": round(medians["pgbench_hot"] / medians["pgbench"], 3),
        "doctor": shop.manage("doctor", check=False).stdout.strip().splitlines()[-1][:200],
    }


def table(found: dict[str, Any]) -> str:
    """The result as docs/performance.md shows it."""
    per_second = found["per_second"]
    hot, floor = found["hot_to_cold"], found["hot_to_cold_of_pgbench"]
    return "\n".join(
        [
            "| checkouts a second | over HTTP | pgbench | ratio |",
            "|---|--:|--:|--:|",
            f"| two lines, different SKUs | {per_second['http']} | {per_second['pgbench']} | {found['ratio']} |",
            f"| one hot SKU | {per_second['http_hot']} | {per_second['pgbench_hot']} | |",
            f"| hot ÷ cold | {hot} | {floor} | |",
        ]
    )


def main() -> None:
    """Measure, write down, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nexus-checkout-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        os.environ |= {
            "NEXUS_DATA_DIR": name,
            "DJANGO_SETTINGS_MODULE": "ecommerce.settings",
            "RATE_LIMITS": "off",
        }
        shop = Shop(folder)
        shop.start()
        try:
            found = measure(shop, folder, options)
        finally:
            shop.stop()
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
