"""Products are rendered ahead, in portions, and PostgreSQL is told how many there are now."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from catalog import statistics
from catalog.models import Document, Product
from catalog.reads import finding, warming
from catalog.reads.callers import context_of
from catalog.reads.finding import Wanted
from tests import factories
from tests.catalog.reads.processes import sql

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def goods():
    for number in range(7):
        factories.variant(
            product=Product.objects.create(name=f"P{number}", slug=f"p-{number}", is_published=True)
        )


def known_rows(table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE relname = %s", [table])
        return cursor.fetchone()[0]


def test_what_is_on_sale_is_rendered_once(goods, monkeypatch):
    monkeypatch.setattr(warming, "PORTION", 3)
    Product.objects.filter(slug="p-0").update(is_published=False)
    context = context_of("", "")
    assert list(warming.render_ahead(context)) == [3, 3]
    assert list(warming.render_ahead(context)) == []
    kept = dict(Document.objects.values_list("product_id", "body"))
    shown = APIClient().get("/api/products/p-3/").content
    assert shown == bytes(kept[Product.objects.get(slug="p-3").pk])


def test_the_worker_renders_what_has_changed_since(goods):
    assert warming.catch_up() > 0
    assert warming.catch_up() == 0
    Product.objects.filter(slug="p-1").update(name="New")
    assert warming.catch_up() == len(warming.everybodys_contexts())


def test_postgresql_is_told_how_many_there_are(goods, monkeypatch):
    sql("ANALYZE catalog_document")
    assert known_rows("catalog_document") <= 0
    monkeypatch.setattr(statistics, "FIRST", 5)
    call_command("render_products")
    assert known_rows("catalog_document") >= 7


def test_a_page_planned_for_no_documents_does_not_read_all_of_them_later(goods):
    """The plan that a connection keeps from its first minute must look each document up by its key."""
    statements = []
    asked = finding.rows
    finding.rows = lambda text, parameters, **more: (
        statements.append((text, parameters)) or asked(text, parameters, **more)
    )
    try:
        finding.find(Wanted("-created_at", 20), context_of("", ""))
    finally:
        finding.rows = asked
    text, parameters = statements[0]
    sql("TRUNCATE catalog_document")
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + text, parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan on catalog_document" not in plan
    assert "Index Scan using document_is_unique_in_context on catalog_document" in plan
