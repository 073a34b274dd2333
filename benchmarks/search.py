# ruff: noqa: E501 (rows of SQL)
"""What a search costs, and what it finds: p50 and p99 per kind of query at several sizes, beside a plain query in the same run.

    python -m benchmarks.search [--sizes 10000,100000,1000000] [--rounds 40] [--folder ...]

Fills a database of its own with products only (INSERT ... SELECT; the vocabulary by the triggers' function), one size after
the other in the same table. "Floor" is what a shop without any of this would ask: one tsquery, sorted by ts_rank. Recall is
that of the query set in tests/catalog/queries.py, on an empty database of its own, in one transaction that is taken back.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parent / "results" / "search.json"
ROOT = Path(__file__).resolve().parent.parent

# A hundred words, each in one product of a hundred; nine products of ten are Ethiopian, and described as made by hand.
FILL = """
INSERT INTO catalog_product (name, slug, description, translations, brand, tags, sku_list, is_published, min_price)
SELECT CASE WHEN mod(i, 10) = 0 THEN 'Plain ' ELSE 'Ethiopian ' END || words.english || ' ' || (ARRAY['Basket', 'Cup', 'Shawl', 'Lamp', 'Box'])[mod(i, 5)::integer + 1]
           || repeat(' Grande', mod(i, 7)::integer),
       'p-' || i,
       '<p>Made with care ' || CASE WHEN mod(i, 10) = 1 THEN 'far away' ELSE 'by hand in the highlands' END
           || ', for every day and for guests who stay long. Lot ' || i / 100 || '.</p>',
       jsonb_build_object('am', jsonb_build_object('name', words.amharic)),
       'Brand ' || chr(65 + mod(i, 20)::integer) || chr(97 + mod(i, 17)::integer), ARRAY['gift', 'tag' || mod(i, 30)], 'SKU-' || i, true, mod(i, 500)
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) i
  CROSS JOIN LATERAL (SELECT mod(i / 5, 100)::integer AS at) which
  CROSS JOIN LATERAL (SELECT
       (ARRAY['tadel', 'melkam', 'wonder', 'zemen', 'birhan', 'kidan', 'yirga', 'desta', 'yohan', 'amaro'])[at / 10 + 1]
           || (ARRAY['ab', 'ek', 'im', 'od', 'uf', 'al', 'en', 'ir', 'os', 'ut'])[mod(at, 10) + 1] AS english,
       (ARRAY['ጤ', 'ቡ', 'ሽ', 'ጀ', 'ቀ', 'ነ', 'ጋ', 'በ', 'ሐ', 'ሰ'])[at / 10 + 1] || (ARRAY['ፍ', 'ና', 'ሮ', 'በ', 'ሚ', 'ጠ', 'ቢ', 'ር', 'ረ', 'ላ'])[mod(at, 10) + 1]
           || 'ም' AS amharic
  ) words
"""
KINDS = {
    "word in 1 %": "tadelek",
    "beginning of a word, 10 %": "tade",
    "two words, 0.2 %": "tadelek lamp",
    "word in 90 % of names": "ethiopian",
    "word in 90 % of descriptions": "highlands",
    "SKU": "SKU-{last}",
    "Amharic, 1 %": "ቡናም",
    "Amharic, another spelling": "ሀናም",
    "Latin for Amharic": "bunam",
    "misspelt, 1 %": "tadlek",
    "one of two misspelt": "wondrek lamp",
    "nothing like it": "xylophone quartet",
}
FLOOR = """
SELECT id FROM catalog_product WHERE search @@ %(query)s::tsquery AND is_published
 ORDER BY ts_rank(search, %(query)s::tsquery) DESC, id DESC LIMIT 20
"""


def measure(run: Any, rounds: int) -> dict[str, float]:
    """p50 and p99 in milliseconds; the first three runs warm up."""
    spent = []
    for at in range(rounds + 3):
        began = time.perf_counter()
        run()
        if at >= 3:
            spent.append((time.perf_counter() - began) * 1000)
    return {
        "p50_ms": round(statistics.median(spent), 2),
        "p99_ms": round(statistics.quantiles(spent, n=100)[98], 2),
    }


def fill(db: Any, first: int, last: int) -> float:
    """Products numbered from first to last; seconds."""
    began = time.monotonic()
    db.execute("SET session_replication_role = replica")
    db.execute("SET maintenance_work_mem = '256MB'")
    indexes = db.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'catalog_product' AND indexdef NOT LIKE '%UNIQUE%'"
    ).fetchall()
    for name, _ in indexes:
        db.execute(f"DROP INDEX {name}")
    for start in range(first, last + 1, 50_000):
        db.execute(FILL, {"first": start, "last": min(start + 49_999, last)})
    for _, definition in indexes:
        db.execute(definition)
    db.execute("SET session_replication_role = origin")
    db.execute(
        "SELECT catalog_refresh_search_words(ARRAY(SELECT id FROM catalog_product WHERE id %% 7 = 0 OR id < 5000))",
        {},
    )
    db.execute("VACUUM ANALYZE catalog_product")
    db.execute("VACUUM ANALYZE catalog_searchword")
    return round(time.monotonic() - began, 1)


def page(words: str, most: int | None) -> tuple[str, list[Any]]:
    """The first page of a list: twenty products by relevance."""
    from catalog.search import matches

    sql, params = matches(words, most=most)
    return (
        f"SELECT p.id, hit.relevance FROM catalog_product p JOIN ({sql}) hit ON hit.product_id = p.id"
        " ORDER BY hit.relevance DESC, p.id DESC LIMIT 20",
        params,
    )


def rows(db: Any, query: str, parameters: list[Any]) -> list[Any]:
    """Ask, and take everything."""
    return db.execute(query, parameters).fetchall()


def speed(dsn: str, sizes: list[int], rounds: int, told: dict[str, Any]) -> None:
    """All kinds of query at all sizes; the results are kept after each."""
    import psycopg

    from catalog.search import matches

    results: list[dict[str, Any]] = []
    done = 0
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=0) as db:
        db.execute("SET jit = off")
        for size in sizes:
            seconds = fill(db, done + 1, size)
            done = size
            print(f"{size:,} products, filled in {seconds} s", flush=True)
            for kind, template in KINDS.items():
                words = template.format(last=size)
                count = len(
                    db.execute(
                        f"SELECT FROM ({matches(words)[0]}) hit", matches(words)[1]
                    ).fetchall()
                )
                ours = {
                    way: measure(partial(rows, db, *page(words, most)), rounds)
                    for way, most in (("all", None), ("nearest 1,000", 1000))
                }
                query = " & ".join(f"'{word}':*" for word in words.replace("-", " ").split())
                floor = measure(
                    lambda query=query: db.execute(FLOOR, {"query": query}).fetchall(), rounds
                )
                row = {
                    "size": size,
                    "kind": kind,
                    "words": words,
                    "found": count,
                    "ours": ours,
                    "floor": floor,
                }
                results.append(row)
                print(
                    f"  {kind:32}{count:8,}" + "".join(f"  {way} {ms['p50_ms']:8.2f} {ms['p99_ms']:8.2f}" for way, ms in ours.items())
                    + f"   floor {floor['p50_ms']:8.2f}", flush=True,
                )  # fmt: skip
            RESULT.parent.mkdir(exist_ok=True)
            RESULT.write_text(json.dumps({
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "machine": f"{platform.machine()}, {os.cpu_count()} cores", "load": round(os.getloadavg()[0], 1),
                "recall": told, "speed": results,
            }, indent=2, ensure_ascii=False) + "\n")  # fmt: skip


def recall() -> dict[str, Any]:
    """How many of the set's expected products are found, and how often the expected one stands first; per kind."""
    from django.db import transaction

    from tests.catalog.queries import QUERIES
    from tests.catalog.test_search_queries import build, find

    told: dict[str, dict[str, int]] = {}
    with transaction.atomic():
        keys = build()
        for query in QUERIES:
            found = find(keys, query.words)
            kind = told.setdefault(
                query.kind,
                dict.fromkeys(
                    ("queries", "expected", "found", "firsts", "first_right", "unwanted"), 0
                ),
            )
            kind["queries"] += 1
            kind["expected"] += len(query.expected)
            kind["found"] += len(query.expected & set(found))
            kind["firsts"] += bool(query.first)
            kind["first_right"] += bool(query.first and found[:1] == [query.first])
            kind["unwanted"] += len(set(query.but_not) & set(found))
        transaction.set_rollback(True)
    return told


def main() -> None:
    """Measure, print, keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="10000,100000,1000000")
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--folder", default="")
    given = options.parse_args()
    folder = given.folder or tempfile.mkdtemp(prefix="nexus-search-")
    os.environ["NEXUS_DATA_DIR"] = folder
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecommerce.settings")
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
    import django

    django.setup()
    from common.postgres import server

    told = recall()
    for kind, row in told.items():
        print(f"{kind:12}{row}")
    info = server.ensure_running(Path(folder) / "postgres")
    dsn = f"host='{info.host}' port={info.port} user={server.SUPERUSER} dbname={info.dbname}"
    speed(dsn, [int(size) for size in given.sizes.split(",")], given.rounds, told)


if __name__ == "__main__":
    main()
