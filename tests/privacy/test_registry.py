"""Every column that could hold a word about somebody is classified, and docs/privacy.md says how."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from privacy import registry
from privacy.management.commands.privacy_registry import with_registry
from tests.privacy.searching import all_columns

ROOT = Path(__file__).resolve().parents[2]
# Numbers, times and ids hold no words. Whatever is not one of these has to be classified.
WORDLESS = {
    "bool", "int2", "int4", "int8", "numeric", "float8", "timestamptz", "date", "time", "uuid", "interval",
}  # fmt: skip
# Numbers that say where somebody is.
TELLING = {("account_address", "latitude"), ("account_address", "longitude")}

pytestmark = pytest.mark.django_db


def test_every_column_is_classified_once():
    there = {(table, column) for table, column, kind in all_columns() if kind not in WORDLESS}
    there |= TELLING
    named = Counter(registry.columns())
    assert there - set(named) == set(), "a new column: say in privacy/registry.py what it holds"
    assert set(named) - there == set(), "named, and not there"
    assert [column for column, times in named.items() if times > 1] == []


def test_a_new_column_would_be_noticed():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE orders_order ADD COLUMN nickname text")
    columns = {(table, column) for table, column, kind in all_columns() if kind not in WORDLESS}
    assert ("orders_order", "nickname") in columns - set(registry.columns())


def test_the_documentation_shows_the_registry():
    text = (ROOT / "docs" / "privacy.md").read_text()
    assert registry.as_markdown() in text, "manage.py privacy_registry --write"
    assert with_registry(text) == text


def test_what_is_exported_has_a_section_in_the_document():
    import orjson

    from privacy.export import document_of
    from privacy.subject import subject_of
    from tests import factories

    document = orjson.loads(document_of(subject_of(factories.user())))
    sections = {holding.exported.partition(" ")[0] for holding in registry.PERSONAL}
    assert {name for name in sections if not name.startswith("no")} <= set(document)
