"""docs/asvs.md: every item that was asked for has a row, and what its row names is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ITEMS = re.findall(
    r"[\d.]+",
    """
1.2.4 2.1.3 2.2.1 2.2.2 2.2.3 2.3.1 2.3.2 2.3.3 2.3.4 2.4.1
4.1.1 4.1.2 4.1.3 4.1.4 4.2.1 4.3.1 4.3.2 5.2.1 5.2.2 5.2.6 5.3.2
6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.2.9 6.2.10 6.2.11 6.2.12 6.3.2 6.3.7 6.3.8 6.4.1 6.4.3
7.4.1 7.4.2 7.4.3 7.4.5 7.5.1 7.5.2 8.2.1 8.2.2 8.2.3 9.1.1 9.1.2 9.1.3 9.2.1 9.2.2 9.2.3 11.4.1 11.4.2
13.1.2 13.1.3 13.2.4 13.4.1 13.4.5 15.1.1 15.1.2 15.2.1 15.2.2 15.3.2 15.3.3 15.3.4 15.3.7 15.4.2 15.4.3
16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.5.1 16.5.2 16.5.3 16.5.4
""",
)
MET = {"yes", "partly", "no", "not there"}
WORDS = re.compile(r"\*\*(\d+) are met, (\d+) partly, (\d+) not, and (\d+) are about")


def rows() -> dict[str, list[str]]:
    found = {}
    for line in (ROOT / "docs" / "asvs.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[\d.]+", cells[0]):
            assert len(cells) == 6, line
            assert cells[0] not in found, line
            found[cells[0]] = cells
    return found


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def defines(path: str, name: str) -> bool:
    """Whether a module says what that name is: a function, a class, or a value."""
    kinds = rf"(?:async def|def|class) {re.escape(name)}\b|{re.escape(name)}\b[^=\n]*="
    return re.search(rf"^[ \t]*(?:{kinds})", (ROOT / path).read_text(), re.MULTILINE) is not None


def test_no_item_is_missing():
    assert list(rows()) == ITEMS


@pytest.mark.parametrize("item", ITEMS)
def test_what_a_row_names_is_there(item):
    _, asks, met, what, code, tests = rows()[item]
    assert asks
    assert met in MET
    assert met == "yes" or what, "say what is missing"
    assert met != "yes" or (named(code) and named(tests)), "show it"
    for place in named(code):
        path, _, name = place.partition(": ")
        assert (ROOT / path).is_file(), place
        assert not name or defines(path, name), place
    for test in named(tests):
        path, _, name = test.partition("::")
        assert path.startswith("tests/"), test
        assert name.startswith("test_"), test
        assert (ROOT / path).is_file(), test
        assert defines(path, name), test


def test_the_sum_is_right():
    count = Counter(row[2] for row in rows().values())
    said = WORDS.search((ROOT / "docs" / "asvs.md").read_text())
    assert said is not None
    assert [int(number) for number in said.groups()] == [
        count["yes"], count["partly"], count["no"], count["not there"],
    ]  # fmt: skip


def test_control_a_name_that_is_not_there_is_found_out():
    assert defines("account/sessions.py", "sign_in")
    assert not defines("account/sessions.py", "sign_in_nobody")
    assert not defines("account/sessions.py", "sign")
