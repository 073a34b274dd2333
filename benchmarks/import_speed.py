"""What an import costs: products a second and memory, beside a bare COPY of the same rows into the same tables.

    python -m benchmarks.import_speed [--size 100000] [--variants 3] [--rounds 3]

Makes a database and a file of its own in a temporary folder. Each round empties the catalogue and imports the file with
`manage.py import_products` as a shop does, another round's rows are then copied out and in again by COPY: once with the
tables as they are (triggers, indexes and constraints do the same work for both), once with triggers off. The ratio is
COPY's time by the import's. Memory is the PSS of the importing process, sampled ten times a second; the second import of
the same file says what finding nothing to do costs.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

FOLDER = tempfile.TemporaryDirectory(prefix="nexus-import-speed-", ignore_cleanup_errors=True)
os.environ["NEXUS_DATA_DIR"] = FOLDER.name
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecommerce.settings")

import django  # noqa: E402

django.setup()

import psycopg  # noqa: E402
from django.core.management import call_command  # noqa: E402

from common.postgres import server  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
RESULT = Path(__file__).parent / "results" / "import_speed.json"
TABLES = (
    "catalog_product", "inventory_stockitem", "inventory_movement", "catalog_variant", "catalog_image",
)  # fmt: skip
SHARED = ("catalog_category", "catalog_brand")  # what products lean on; not measured
HEADER = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value",
    "Variant SKU", "Variant Grams", "Variant Inventory Qty", "Variant Price", "Image Src", "Image Alt Text", "Status",
]  # fmt: skip


def write_file(path: Path, size: int, variants: int) -> None:
    """A Shopify export: the same bytes for the same size."""
    text = "<p>" + "Woven by hand in the highlands, of cotton that was spun there. " * 4 + "</p>"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for n in range(size):
            for v in range(variants):
                first = v == 0
                out.writerow([
                    f"product-{n}", f"Product {n} of the highlands" if first else "", text if first else "",
                    f"Maker {n % 200}" if first else "", f"Shelf {n % 40}" if first else "",
                    f"new, tag{n % 12}" if first else "", "true" if first else "", "Size" if first else "", f"S{v}",
                    f"SKU-{n}-{v}", 250, n % 50, f"{100 + n % 900}.00",
                    f"https://pictures.example/{n}.jpg" if first else "", "", "active" if first else "",
                ])  # fmt: skip


def connect() -> psycopg.Connection:
    """As the superuser, who may switch triggers off."""
    info = server.ensure_running(Path(FOLDER.name) / "postgres")
    return psycopg.connect(
        host=info.host, port=info.port, user=server.SUPERUSER, dbname=info.dbname, autocommit=True
    )


def empty(db: psycopg.Connection) -> None:
    """No product, and no trace of one."""
    db.execute("SET nexus.audit_upkeep = 'truncate'")
    db.execute(
        "TRUNCATE catalog_product, catalog_variant, catalog_category, catalog_brand, inventory_stockitem,"
        " inventory_movement, catalog_transfer, audit_auditentry, catalog_catalogmoment CASCADE"
    )


def settle(db: psycopg.Connection) -> None:
    """What one measurement leaves behind is not the next one's burden."""
    db.execute("VACUUM ANALYZE")
    db.execute("CHECKPOINT")


def run_import(path: Path) -> dict[str, float]:
    """One run of the command: seconds, and its PSS in MB over the time."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "import_products", str(path)], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    samples: list[float] = []
    while process.poll() is None:
        time.sleep(0.1)
        if (pss := pss_of(process.pid)) is not None:
            samples.append(pss)
    seconds = time.monotonic() - began
    said = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(said[-2000:])
    third = max(len(samples) // 3, 1)
    return {
        "seconds": seconds,
        "pss_peak": max(samples),
        "pss_first_third": statistics.median(samples[:third]),
        "pss_last_third": statistics.median(samples[-third:]),
        "said": said.strip().splitlines()[-1],
    }


def pss_of(pid: int) -> float | None:
    """Proportional set size in MB."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    kilobytes = next(
        (int(row.split()[1]) for row in text.splitlines() if row.startswith("Pss:")), 0
    )
    return round(kilobytes / 1024, 1)


def columns_of(db: psycopg.Connection, table: str) -> str:
    """Those that can be written."""
    return db.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        [table],
    ).fetchone()[0]


def copy_out(db: psycopg.Connection, folder: Path, tables: tuple[str, ...]) -> int:
    """The rows that an import has made, a file per table."""
    rows = 0
    for table in tables:
        with (
            (folder / table).open("wb") as file,
            db.cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns_of(db, table)}) TO STDOUT") as copy,
        ):
            for piece in copy:
                file.write(piece)
        rows += sum(1 for _ in (folder / table).open("rb"))
    return rows


def copy_in(
    db: psycopg.Connection, folder: Path, tables: tuple[str, ...], *, triggers: bool
) -> float:
    """Seconds for the same rows by COPY, in one transaction."""
    db.execute(f"SET session_replication_role = {'origin' if triggers else 'replica'}")
    began = time.monotonic()
    with db.transaction():
        for table in tables:
            with (
                (folder / table).open("rb") as file,
                db.cursor() as cursor,
                cursor.copy(f"COPY {table} ({columns_of(db, table)}) FROM STDIN") as copy,
            ):
                while piece := file.read(1 << 20):
                    copy.write(piece)
    seconds = time.monotonic() - began
    db.execute("SET session_replication_role = origin")
    return seconds


def main() -> None:
    """Measure, print, keep the figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    options.add_argument("--size", type=int, default=100_000)
    options.add_argument("--variants", type=int, default=3)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    call_command("migrate", verbosity=0)
    folder = Path(FOLDER.name) / "files"
    folder.mkdir()
    path = folder / "export.csv"
    write_file(path, given.size, given.variants)
    db = connect()
    imports, agains, copies, bare = [], [], [], []
    rows = 0
    for number in range(given.rounds):
        empty(db)
        settle(db)
        imports.append(run_import(path))
        print(f"round {number + 1}: import {imports[-1]}", flush=True)
        settle(db)
        agains.append(run_import(path))
        rows = copy_out(db, folder, TABLES)
        copy_out(db, folder, SHARED)
        for triggers, spent in ((True, copies), (False, bare)):
            empty(db)
            settle(db)
            copy_in(db, folder, SHARED, triggers=False)
            spent.append(copy_in(db, folder, TABLES, triggers=triggers))
        print(
            f"round {number + 1}: again {agains[-1]['seconds']:.1f} s, COPY {copies[-1]:.1f} s,"
            f" without triggers {bare[-1]:.1f} s",
            flush=True,
        )
    seconds = statistics.median(run["seconds"] for run in imports)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "products": given.size, "variants": given.size * given.variants, "rows": rows, "rounds": given.rounds,
        "import_seconds": round(seconds, 1), "products_per_second": round(given.size / seconds),
        "unchanged_seconds": round(statistics.median(run["seconds"] for run in agains), 1),
        "copy_seconds": round(statistics.median(copies), 1),
        "copy_without_triggers_seconds": round(statistics.median(bare), 1),
        "ratio_to_copy": round(statistics.median(copies) / seconds, 3),
        "ratio_to_copy_without_triggers": round(statistics.median(bare) / seconds, 3),
        "pss_mb": {
            name: max(run[f"pss_{name}"] for run in imports) for name in ("peak", "first_third", "last_third")
        },
    }  # fmt: skip
    for name, value in result.items():
        print(f"{name:34}{value}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
