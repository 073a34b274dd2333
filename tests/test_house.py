"""The house rules that a linter cannot know (docs/architecture.md)."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = [
    "common", "audit", "events", "places", "ledger", "account", "inventory", "catalog", "pricing", "orders", "payments",
    "storefront", "reporting", "privacy", "ecommerce",
]  # fmt: skip


def sources() -> list[Path]:
    return [
        path
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in sources()
        if p.stem in {"models", "services", "checkout", "settle", "start", "tasks"}
    ],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_facts_and_verbs_know_no_http(path):
    known = imports(path)
    assert not any(name.startswith(("rest_framework", "django.http")) for name in known)


def test_nothing_acts_at_a_distance():
    for path in sources():
        assert "django.dispatch" not in imports(path), path
        assert "django.db.models.signals" not in imports(path), path
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name == "Meta":
                names = {t.id for n in node.body if isinstance(n, ast.Assign) for t in n.targets}
                assert "ordering" not in names, f"{path}: Meta.ordering"


def test_no_file_grows_past_400_lines():
    listed = subprocess.run(
        ["git", "ls-files", "*.py", ":!*/migrations/*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    long = {
        name: count
        for name in listed
        if (ROOT / name).exists() and (count := len((ROOT / name).read_text().splitlines())) > 400
    }
    assert not long


def test_every_module_says_what_it_is():
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.read_text().strip() and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert not silent
