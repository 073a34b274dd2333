"""Fill a data folder of its own with a large catalogue.

    python -m benchmarks.dataset [--size 100000] [--shape ordinary] [--folder .nexus-bench/...] [--fresh]

The rows come from `benchmarks.goods` and go in by COPY, two processes at once, with triggers off and secondary indexes
dropped; what triggers would have derived is then derived by the migrations' own functions, in large portions. The result
satisfies `manage.py doctor`, which is asked up to 100,000 products. A folder that holds the same catalogue already, for the
same migrations, is used as it is.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks import goods
from benchmarks.goods import COLUMNS, SHAPES, Catalogue

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".nexus-bench"
CHUNK = 5_000  # products that one COPY carries
PORTION = 10_000  # products whose derived columns one statement fills
PROCESSES = 2
EXAMINED = 100_000  # products up to which the doctor looks at the result: it takes minutes for more
BUYER = {"email": "wholesale@benchmark.example", "password": "seven goats on a hill"}
LAST = (
    "catalog_product",
    "catalog_offer",
    "catalog_traits",
)  # tables that get their indexes back last


@dataclass(frozen=True, slots=True)
class Dataset:
    """A filled folder.

    Attributes:
        dsn: a connection string of the superuser.
    """

    catalogue: Catalogue
    folder: Path
    dsn: str


def prepare(
    size: int, shape: str = "ordinary", *, folder: Path | None = None, fresh: bool = False
) -> Dataset:
    """The folder that holds that catalogue, filled if need be. Starts its PostgreSQL, of which this process is a user.

    Raises:
        subprocess.CalledProcessError: the migrations, or the doctor, failed.
    """
    catalogue = Catalogue(size, shape)
    folder = folder or FOLDER / f"{size}-{shape}"
    mark = folder / "dataset.json"
    wanted = {"size": size, "shape": shape, "edition": goods.EDITION, "schema": _schema()}
    known = json.loads(mark.read_text()) if mark.exists() else {}
    usable = not fresh and {key: known.get(key) for key in wanted} == wanted
    if not usable:
        _remove(folder)
    folder.mkdir(parents=True, exist_ok=True)
    environment = environment_of(folder)
    if not usable:
        _manage(environment, "migrate", "--verbosity", "0")
    dataset = Dataset(catalogue, folder, _start(folder))
    if not usable:
        took = _fill(dataset, environment)
        mark.write_text(json.dumps({**wanted, **took}, indent=2) + "\n")
    return dataset


def environment_of(folder: Path) -> dict[str, str]:
    """The environment of a shop on that folder: as shipped, DEBUG off, nobody counts requests."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CHAPA", "NEXUS", "DJANGO", "DATABASE", "REDIS", "SENTRY"))
    }
    return {
        **kept, "NEXUS_DATA_DIR": str(folder), "RATE_LIMITS": "off", "DEBUG": "off",
        "DJANGO_SETTINGS_MODULE": "ecommerce.settings",
    }  # fmt: skip


def _schema() -> str:
    """A digest of all migrations: when one changes, the folder is filled anew."""
    digest = hashlib.sha256()
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _manage(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, check=True)


def _remove(folder: Path) -> None:
    from common.postgres import server

    if (folder / "postgres").exists():
        server.stop(folder / "postgres")
    # Only what a shop makes: the folder may be somebody's own.
    subprocess.run(["rm", "-rf", folder / "postgres", folder / "dataset.json"], check=True)


def _start(folder: Path) -> str:
    from common.postgres import server

    info = server.ensure_running(folder / "postgres")
    return f"host='{info.host}' port={info.port} user={server.SUPERUSER} dbname={info.dbname}"


# --- filling ----------------------------------------------------------------------------------


def _fill(dataset: Dataset, environment: dict[str, str]) -> dict[str, object]:
    size = dataset.catalogue.size
    took: dict[str, float] = {}

    def step(name: str, work: Callable[[], object]) -> None:
        began = time.monotonic()
        work()
        took[name] = round(time.monotonic() - began, 1)
        print(f"  {name:<34}{took[name]:>8.1f} s", flush=True)

    print(f"Building {size:,} products ({dataset.catalogue.shape}) ...", flush=True)
    began = time.monotonic()
    with psycopg.connect(dataset.dsn, autocommit=True) as db:
        db.execute("SET session_replication_role = replica")
        db.execute("SET maintenance_work_mem = '512MB'")
        dropped = _drop_indexes(db)
        # With a BEFORE UPDATE trigger, even one that is off, every update computes all generated columns anew.
        triggers = _drop_row_triggers(db)
        _shared_rows(db)
        chunks = [(first, min(first + CHUNK - 1, size)) for first in range(1, size + 1, CHUNK)]
        portions = [(first, min(first + PORTION - 1, size)) for first in range(1, size + 1, PORTION)]  # fmt: skip
        step("rows by COPY", lambda: _in_parallel(dataset, _copy, chunks))
        rows = _count(db)
        copied = took["rows by COPY"]
        print(f"  {rows:,} rows, {rows / copied:,.0f} rows/s, {size / copied:,.0f} products/s")
        early = [one for one in dropped if one[0] not in LAST]
        step("indexes of variants and the rest", lambda: _create(db, early))
        db.execute("ANALYZE")
        for name in _refreshers(db):
            step(f"{name}()", lambda name=name: _in_parallel(dataset, _Refresh(name), portions))
        step("price history, moments, versions", lambda: _history(db))
        step(
            "indexes of products and offers",
            lambda: _create(db, [one for one in dropped if one[0] in LAST]),
        )
        for trigger in triggers:
            db.execute(trigger)
        step("words that are searched by", lambda: _vocabulary(db))
        _sequences(db)
        step("VACUUM ANALYZE", lambda: db.execute("VACUUM ANALYZE"))
        db.execute("CHECKPOINT")
    _manage(environment, "shell", "--no-imports", "-c", MAKE_BUYER.format(**BUYER))
    if size <= EXAMINED:
        step("doctor", lambda: _manage(environment, "doctor"))
    seconds = time.monotonic() - began
    print(f"  {rows:,} rows in {seconds:,.0f} s: {rows / seconds:,.0f} rows/s in all", flush=True)
    return {
        "rows": rows, "copy_rows_per_second": round(rows / copied),
        "rows_per_second": round(rows / seconds), "seconds": took,
    }  # fmt: skip


MAKE_BUYER = """
from account.models import CustomerGroup, User
from django.utils import timezone
User.objects.create_user(
    "{email}", "{password}", email_verified_at=timezone.now(), customer_group=CustomerGroup.objects.get()
)
"""


def _in_parallel(dataset: Dataset, work: Callable, parts: list[tuple[int, int]]) -> None:
    jobs = [(work, dataset.catalogue, dataset.dsn, part) for part in parts]
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        for _ in pool.imap_unordered(_one_part, jobs):
            pass


def _one_part(job: tuple[Callable, Catalogue, str, tuple[int, int]]) -> None:
    work, catalogue, dsn, (first, last) = job
    with psycopg.connect(dsn) as db:
        db.execute("SET session_replication_role = replica")
        db.execute("SET synchronous_commit = off")
        work(db, catalogue, first, last)


def _copy(db: psycopg.Connection, catalogue: Catalogue, first: int, last: int) -> None:
    lines: dict[str, list[str]] = defaultdict(list)
    for table, line in catalogue.rows(first, last):
        lines[table].append(line)
    for table, rows in sorted(lines.items()):
        with db.cursor().copy(f"COPY {table} ({COLUMNS[table]}) FROM STDIN") as copy:
            copy.write("".join(rows))


@dataclass(frozen=True)
class _Refresh:
    """Calls one of the migrations' functions for a range of products."""

    function: str

    def __call__(self, db: psycopg.Connection, catalogue: Catalogue, first: int, last: int) -> None:
        db.execute(
            sql.SQL("SELECT {}(ARRAY(SELECT generate_series(%s::bigint, %s)))").format(
                sql.Identifier(self.function)
            ),
            [first, last],
        )


def _refreshers(db: psycopg.Connection) -> list[str]:
    """What the migrations offer for deriving: functions of a list of products."""
    found = db.execute(
        "SELECT proname FROM pg_proc WHERE proname LIKE 'catalog\\_refresh\\_%'"
        " AND oidvectortypes(proargtypes) = 'bigint[]' ORDER BY proname <> 'catalog_refresh_products', proname"
    )
    return [name for (name,) in found]


# --- what is not per product ------------------------------------------------------------------


def _shared_rows(db: psycopg.Connection) -> None:
    def add(table: str, columns: str, rows: list[tuple]) -> None:
        with db.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    am = json.dumps
    parents = list(enumerate(goods.PARENTS, 1))
    leaves = list(enumerate(goods.LEAVES, goods.FIRST_LEAF))
    add("catalog_category", "id, name, slug, parent_id, position, description, translations", [
        *((pk, name, f"all-{name.lower()}", None, pk, "", "{}") for pk, name in parents),
        *((pk, name, name.lower(), 1 + at // 4, at, "", am({"am": {"name": goods.AMHARIC[at]}}))
          for at, (pk, name) in enumerate(leaves)),
    ])  # fmt: skip
    add("catalog_brand", "id, name, slug, description, translations", [
        (pk, name, name.lower().replace(" ", "-"), "", "{}") for pk, name in enumerate(goods.BRANDS, 1)
    ])  # fmt: skip
    add("catalog_producttype", "id, name", [(pk, name) for pk, name in parents])
    add("catalog_attribute", "id, code, name, kind, unit, is_filterable", [
        (pk, code, name, kind, unit, True)
        for code, (pk, name, kind, unit) in goods.ATTRIBUTES.items()
    ])  # fmt: skip
    add("catalog_attributechoice", "id, attribute_id, value, position", [
        (pk, 1, value, pk) for pk, value in enumerate(goods.MATERIALS, 1)
    ])  # fmt: skip
    add("catalog_typeattribute", "product_type_id, attribute_id, is_required, position", [
        (kind, attribute, False, attribute) for kind, _ in parents for attribute in range(1, 6)
    ])  # fmt: skip
    words = {"Size": "መጠን", "Colour": "ቀለም", "Red": "ቀይ", "Green": "አረንጓዴ", "White": "ነጭ", "Material": "ቁስ",
             "Weight": "ክብደት", "Cotton": "ጥጥ", "g": "ግ", "new": "አዲስ", "gift": "ስጦታ"}  # fmt: skip
    add("catalog_term", "text, translations", [(t, am({"am": {"text": w}})) for t, w in words.items()])  # fmt: skip
    add("account_customergroup", "id, name", [(1, "Wholesalers")])
    add("catalog_pricelist", "id, name, group_id", [(goods.WHOLESALE, "Wholesale", 1)])


def _history(db: psycopg.Connection) -> None:
    db.execute(
        "INSERT INTO catalog_pricechange (variant_id, price, valid_from)"
        " SELECT id, price, created_at FROM catalog_variant"
    )
    db.execute(
        "INSERT INTO catalog_catalogmoment (at) SELECT valid_from FROM catalog_price UNION"
        " SELECT valid_until FROM catalog_price WHERE valid_until IS NOT NULL ON CONFLICT DO NOTHING"
    )
    db.execute(
        "INSERT INTO catalog_catalogversion (scope, version)"
        " SELECT id, (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM catalog_category ON CONFLICT DO NOTHING"
    )


def _drop_indexes(db: psycopg.Connection) -> list[tuple[str, str]]:
    """Drop what no key needs, with the one exclusion constraint; `(table, statement)` to have it back."""
    tables = [*COLUMNS, "catalog_offer", "catalog_pricechange", "catalog_traits"]
    found: list[tuple[str, str]] = []
    for table, name, back in db.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'x' AND conrelid::regclass::text = ANY (%s)",
        [tables],
    ).fetchall():
        db.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        found.append((table, f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {back}'))
    for table, name, back in db.execute(
        "SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid::regclass::text = ANY (%s)"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"
        # A key that covers more than its columns is no constraint for PostgreSQL, and offers are written with ON CONFLICT.
        " AND NOT (indisunique AND indrelid = 'catalog_offer'::regclass)",
        [tables],
    ).fetchall():
        db.execute(f"DROP INDEX {name}")
        found.append((table, back))
    return found


def _drop_row_triggers(db: psycopg.Connection) -> list[str]:
    """Drop what runs before a row of products changes; the statements to have it back."""
    found = db.execute(
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger"
        " WHERE tgrelid = 'catalog_product'::regclass AND NOT tgisinternal AND tgtype & 3 = 3"  # BEFORE, FOR EACH ROW
    ).fetchall()
    for name, _ in found:
        db.execute(f'DROP TRIGGER "{name}" ON catalog_product')
    return [back for _, back in found]


def _vocabulary(db: psycopg.Connection) -> None:
    """What terms, categories and brands mean in a search; and no word twice."""
    for function in ("catalog_rebuild_search_aliases", "catalog_prune_search_words"):
        if db.execute("SELECT to_regproc(%s)", [function]).fetchone() != (None,):
            db.execute(f"SELECT {function}()")


def _create(db: psycopg.Connection, statements: list[tuple[str, str]]) -> None:
    for _, statement in statements:
        db.execute(statement)


def _sequences(db: psycopg.Connection) -> None:
    """New rows get numbers behind ours."""
    for table, column in db.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE is_identity = 'YES' AND table_schema = 'public' AND table_name ~ '^(catalog|inventory|account)_'"
    ).fetchall():
        db.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 0) + 1, false)"
            f" FROM {table}"
        )


def _count(db: psycopg.Connection) -> int:
    counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COLUMNS]
    return sum(counts)


def main() -> None:
    """Fill one folder and say where it is."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=100_000)
    options.add_argument("--shape", choices=SHAPES, default="ordinary")
    options.add_argument("--folder", type=Path)
    options.add_argument("--fresh", action="store_true", help="even if it is there already")
    given = options.parse_args()
    folder = given.folder.absolute() if given.folder else None
    dataset = prepare(given.size, given.shape, folder=folder, fresh=given.fresh)
    print(f"{given.size:,} products in {dataset.folder}")


if __name__ == "__main__":
    main()
