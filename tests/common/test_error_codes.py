"""docs/errors.md lists every code an answer can carry, under its status, and no other."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from common import problems
from common.errors import Refusal
from common.problems import STATUS

ROOT = Path(__file__).resolve().parents[2]


def sources() -> list[Path]:
    return [
        path
        for app in ROOT.glob("*/apps.py")
        for path in app.parent.rglob("*.py")
        if "migrations" not in path.parts and path.name != "__main__.py"
    ]


def refusals() -> set[type[Refusal]]:
    """Every refusal of the shop; modules are imported so that none hides."""
    for path in sources():
        if "(Refusal)" in (text := path.read_text()) or "common.errors" in text:
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    found: set[type[Refusal]] = set()
    waiting = [Refusal]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if not child.__module__.startswith("tests."):
                found.add(child)
    return found


def in_the_code() -> set[tuple[int, str]]:
    codes = {(STATUS[refusal.kind], refusal.code) for refusal in refusals()}
    codes |= {(status, code) for status, code in problems.CODES.items()}
    for path in sources():
        for status, code in re.findall(r"""problem\(\s*(\d{3}),\s*"(\w+)\"""", path.read_text()):
            codes.add((int(status), code))
    # Named in expressions, or by DRF's and the token's own classes.
    codes |= {
        (400, "unknown_field"),
        (401, "invalid_token"),
        (500, "internal_error"),
        (413, "body_too_large"),
    }
    return codes


def in_the_docs() -> set[tuple[int, str]]:
    found = set()
    statuses: list[int] = []
    for line in (ROOT / "docs" / "errors.md").read_text().splitlines():
        if line.startswith("## "):
            statuses = [int(number) for number in re.findall(r"\b\d{3}\b", line)]
        elif match := re.match(r"\| `(\w+)` \| (?:(\d{3}): )?", line):
            if match[2] or len(statuses) == 1:
                found.add((int(match[2] or statuses[0]), match[1]))
            else:  # 404, 405, 406: the floor's table says which
                found.add(
                    (next(s for s, code in problems.CODES.items() if code == match[1]), match[1])
                )
    return found


def test_the_documentation_lists_every_code_and_no_other():
    code, docs = in_the_code(), in_the_docs()

    assert code - docs == set(), "not documented"
    assert docs - code == set(), "documented, but never given"


def test_a_code_is_a_word():
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", refusal.code) for refusal in refusals())


def test_every_refusal_says_what_it_means():
    assert [refusal for refusal in refusals() if not refusal.__doc__ or not refusal.title] == []
