"""What the audit log costs: statements and milliseconds of ordinary journeys, with and without it.

    python -m benchmarks.audit_cost [rounds]

Makes a database of its own in a temporary folder. Blocks of rounds with and without take turns, so that whatever else the
machine does strikes both; every round commits. "Without" switches the triggers and the author's injection off.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from pathlib import Path

FOLDER = tempfile.TemporaryDirectory(prefix="nexus-audit-cost-")
os.environ["NEXUS_DATA_DIR"] = FOLDER.name
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecommerce.settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from audit import context, injection  # noqa: E402
from audit.models import AuditEntry  # noqa: E402
from audit.tables import AUDITED  # noqa: E402
from audit.triggers import ADDITIONS, CHANGES, ROWS  # noqa: E402
from catalog.models import Product, Variant  # noqa: E402
from common.actors import SYSTEM  # noqa: E402
from inventory.services import open_item  # noqa: E402
from orders.checkout import Contact, Item, Wishes, checkout  # noqa: E402
from orders.services import mark_paid  # noqa: E402

LINES = 3
BLOCK = 20
RESULT = Path(__file__).parent / "results" / "audit_cost.json"
_prices = count(1)


def checkout_once(variants: list[int]) -> None:
    """One guest's order of three lines."""
    with transaction.atomic():
        _place(variants)


def paid_once(variants: list[int]) -> None:
    """The same, and its stock leaves the shelf."""
    with transaction.atomic():
        mark_paid(order=_place(variants), by=SYSTEM)


def prices_once(variants: list[int]) -> None:
    """One statement that changes three prices."""
    Variant.objects.filter(pk__in=variants).update(price=Decimal(next(_prices)))


def read_once(variants: list[int]) -> None:
    """One query."""
    list(Variant.objects.filter(pk__in=variants))


def _place(variants: list[int]):
    return checkout(
        items=[Item(quantity=1, variant_id=pk) for pk in variants],
        owner=None,
        contact=Contact(phone="+251911234567"),
        wishes=Wishes(shipping_address={"city": "Addis Ababa"}),
        expected_total=None,
        by=SYSTEM,
    )


JOURNEYS: dict[str, Callable[[list[int]], None]] = {
    "checkout of 3 lines": checkout_once,
    "checkout and paid": paid_once,
    "3 prices at once": prices_once,
    "a read": read_once,
}


def seed() -> list[int]:
    """Three variants on sale, with more stock than the rounds can buy."""
    made = []
    for number in range(LINES):
        product = Product.objects.create(
            name=f"Coffee {number}", slug=f"coffee-{number}", is_published=True
        )
        variant = Variant.objects.create(
            product=product,
            sku=f"SKU-{number}",
            price=Decimal(100),
            stock_item=open_item(on_hand=10_000_000, by=SYSTEM),
        )
        made.append(variant.pk)
    return made


def switch(audited: bool) -> None:
    """The log on or off, for everything that follows."""
    if audited:
        injection.install(connection)
    elif injection.inject in connection.execute_wrappers:
        connection.execute_wrappers.remove(injection.inject)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname = ANY (%s)",
            [[ROWS, ADDITIONS, CHANGES]],
        )
        for table, trigger in cursor.fetchall():
            if table in AUDITED:
                cursor.execute(
                    f"ALTER TABLE {table} {'ENABLE' if audited else 'DISABLE'} TRIGGER {trigger}"
                )


def measure(rounds: int) -> list[dict[str, object]]:
    """Each journey's medians, both ways."""
    variants = seed()
    results = []
    for name, work in JOURNEYS.items():
        spent: dict[bool, list[float]] = {True: [], False: []}
        facts: dict[bool, tuple[int, int]] = {}
        while len(spent[True]) < rounds:
            for audited in (True, False):
                switch(audited)
                with context.acting(kind="guest"):
                    work(variants)  # warm
                    before = AuditEntry.objects.count()
                    with CaptureQueriesContext(connection) as queries:
                        work(variants)
                    facts[audited] = (len(queries), AuditEntry.objects.count() - before)
                    for _ in range(BLOCK):
                        started = time.perf_counter()
                        work(variants)
                        spent[audited].append((time.perf_counter() - started) * 1000)
        results.append(
            {
                "journey": name,
                "statements": {"without": facts[False][0], "with": facts[True][0]},
                "entries": facts[True][1],
                "median_ms": {
                    "without": round(statistics.median(spent[False]), 3),
                    "with": round(statistics.median(spent[True]), 3),
                },
                "fastest_tenth_ms": {
                    "without": round(statistics.quantiles(spent[False], n=10)[0], 3),
                    "with": round(statistics.quantiles(spent[True], n=10)[0], 3),
                },
                "rounds": len(spent[True]),
            }
        )
    return results


def main() -> None:
    """Measure, print a table, keep the figures."""
    call_command("migrate", verbosity=0)
    results = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    print(
        f"{'journey':22}{'statements':>12}{'entries':>9}{'without ms':>12}{'with ms':>9}{'p10':>9}{'p10':>8}"
    )
    for row in results:
        statements, median, fast = row["statements"], row["median_ms"], row["fastest_tenth_ms"]
        print(
            f"{row['journey']:22}{statements['without']:>5} → {statements['with']:<4}{row['entries']:>9}"
            f"{median['without']:>12}{median['with']:>9}{fast['without']:>9}{fast['with']:>8}"
        )
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
