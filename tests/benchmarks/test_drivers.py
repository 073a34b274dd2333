"""The drivers read what wrk and PostgreSQL print, and say what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import checkout, flash_sale, report, statements, wrk
from benchmarks.statements import Statements
from benchmarks.works import Work
from benchmarks.wrk import Run

ROOT = Path(__file__).resolve().parents[2]
PRINTED = """Running 3s test @ http://127.0.0.1:8000
  2 threads and 16 connections
  300 requests in 3.00s, 7.30MB read
RESULT {"requests": 300, "asked": 318, "microseconds": 3000000, "bytes": 7650000, "p50_us": 146511, "p99_us": 394080, \
"max_us": 424633, "refused": 2, "connect": 0, "read": 3, "write": 0, "timeout": 1}
"""
LOG = """2026-11-23 15:20:01.000 UTC [10] nexus@nexus LOG:  statement: BEGIN
2026-11-23 15:20:01.001 UTC [10] nexus@nexus LOG:  execute _pg3_0: WITH page AS (
\t    SELECT 1
\t)
\tSELECT * FROM page
2026-11-23 15:20:01.001 UTC [10] nexus@nexus DETAIL:  Parameters: $1 = '5'
2026-11-23 15:20:01.002 UTC [11] postgres@nexus LOG:  statement: SELECT size FROM pg_stat_file('x')
2026-11-23 15:20:01.003 UTC [10] nexus@nexus LOG:  statement: SELECT 2
2026-11-23 15:20:01.003 UTC [10] nexus@nexus LOG:  statement: COMMIT
"""


def run(per_second: float, refused: int = 0) -> Run:
    return Run(per_second, 10.0, 20.0, 30.0, 2500.0, 100, refused, 0, False)


def test_what_wrk_prints_is_read():
    found = wrk.parse(PRINTED, paths=1000)
    assert found == Run(100.0, 146.511, 394.08, 424.633, 25500.0, 300, 2, 4, False)
    assert wrk.parse(PRINTED, paths=317).repeated


@pytest.mark.parametrize("output", ["", "unable to connect", PRINTED.replace(": 300,", ": 0,")])
def test_a_run_without_answers_is_no_measurement(output):
    with pytest.raises(ValueError, match="nothing"):
        wrk.parse(output, paths=1)


def test_without_wrk_one_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(wrk.shutil, "which", lambda name: None)
    with pytest.raises(wrk.Missing, match="apt-get install wrk"):
        wrk.find()


def test_statements_of_the_shop_are_told_from_all_others():
    found = statements.split(LOG)
    assert found == Statements(
        ["WITH page AS ( SELECT 1 ) SELECT * FROM page", "SELECT 2"], frames=2
    )


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    work = Work("hot page", ["/"], ["/"], at_least=0.6, goal=1.3)
    runs = {"shop": [run(100), run(50), run(90)], "floor": [run(200), run(50), run(100)]}
    found = report.summary(work, runs, Statements(["SELECT 1"], 0))
    assert found["ratio"] == 0.9
    assert found["shop"]["per_second"] == 90
    assert report.ratio_of(found, {"hot page": found}) == 0.9
    assert found["refused"] == 0


def test_refused_requests_are_counted_and_shown():
    work = Work("hot page", ["/"])
    found = report.summary(work, {"shop": [run(100), run(100, refused=3)]}, Statements([], 0))
    assert found["refused"] == 3
    assert "REFUSED" in report.line("hot page", found, {})


def test_depth_is_compared_with_the_first_page():
    first = report.summary(Work("first", ["/"]), {"shop": [run(100)]}, Statements([], 0))
    deep = report.summary(
        Work("deep", ["/"], compared_with="first"), {"shop": [run(80)]}, Statements([], 0)
    )
    assert report.ratio_of(deep, {"first": first, "deep": deep}) == 0.8
    assert report.ratio_of(deep, {"first": {"rejected": "404"}, "deep": deep}) is None


def test_the_document_shows_the_results_that_are_kept():
    kept = json.loads(report.RESULT.read_text())["catalogues"]
    assert report.documented(report.DOCUMENT.read_text(), kept) == report.DOCUMENT.read_text()


def test_the_readme_shows_the_flash_sale_that_is_kept():
    kept = json.loads(flash_sale.RESULT.read_text())
    assert f"```text\n{flash_sale.report(kept)}\n```" in (ROOT / "README.md").read_text()
    assert kept["told"] == {
        "201": kept["units"],
        "409 out_of_stock": kept["buyers"] - kept["units"],
    }
    assert kept["doctor"].startswith("Healthy")


def test_the_document_shows_the_checkout_that_is_kept():
    kept = json.loads(checkout.RESULT.read_text())
    assert checkout.table(kept) in report.DOCUMENT.read_text()
