"""The vocabulary of permissions: what the code asks for is in the table, and the other way round; the docs show it."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib import admin

from account.permissions import EVERYTHING, PERMISSIONS
from account.role_table import markdown
from account.scopes import SCOPES

ROOT = Path(settings.BASE_DIR)
APPS = [config for config in apps.get_app_configs() if Path(config.path).parent == ROOT]
LITERAL = re.compile(r'"([a-z]+\.(?:[a-z]+_)+[a-z]+)"')
ASKS = re.compile(r"has_perms?\(|permission|MAY_|_NEEDED|CHANGE|STOCK|PRICES")


def sources() -> list[Path]:
    return [
        path
        for config in APPS
        for path in Path(config.path).rglob("*.py")
        if "migrations" not in path.parts and path.name != "permissions.py"
    ]


def literals() -> set[str]:
    """Every string that names a permission on a line which asks for one, or on the line after it."""
    labels = {config.label for config in APPS}
    found: set[str] = set()
    for path in sources():
        lines = path.read_text().splitlines()
        for before, line in pairwise(["", *lines]):
            if ASKS.search(line) or ASKS.search(before):
                found |= set(LITERAL.findall(line))
    return {name for name in found if name.partition(".")[0] in labels}


def of_the_admin() -> set[str]:
    """What Django's admin asks for by itself: four permissions for each model that has a page or stands on one."""
    models = set(admin.site._registry) | {
        inline.model for pages in admin.site._registry.values() for inline in pages.inlines
    }
    return {
        f"{model._meta.app_label}.{verb}_{model._meta.model_name}"
        for model in models
        for verb in ("view", "add", "change", "delete")
    }


def of_the_catalogue() -> set[str]:
    """`catalog.access` makes these names."""
    return {
        f"catalog.{verb}_{model}"
        for model in (
            "product", "variant", "image", "category", "brand", "collection", "attribute", "producttype",
            "language", "term",
        )
        for verb in ("add", "change", "delete")
    }  # fmt: skip


def test_what_the_code_asks_for_is_in_the_table():
    asked = literals()
    assert len(asked) >= 10, "the search finds them"
    assert asked - EVERYTHING == set()


def test_what_is_in_the_table_is_asked_for():
    assert EVERYTHING - literals() - of_the_admin() - of_the_catalogue() == set()


def test_each_is_named_once_and_said_in_words():
    names = [name for group in PERMISSIONS.values() for name in group]
    assert len(names) == len(set(names))
    assert all(meaning for group in PERMISSIONS.values() for meaning in group.values())


def test_scopes_of_keys_are_made_of_permissions():
    for name, scope in SCOPES.items():
        assert scope.permissions <= EVERYTHING, name
        assert not {
            p for p in scope.permissions if p.startswith(("account.", "privacy.", "audit."))
        }


def test_the_docs_hold_the_table():
    text = (ROOT / "docs" / "roles.md").read_text()
    assert text.partition("<!-- table -->\n")[2] == markdown(), "python manage.py staff table"
