"""Versions grow for what is shown and for nothing else, and nobody waits for them longer than a commit takes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import (
    RETAIL,
    CatalogVersion,
    Category,
    Document,
    Image,
    Price,
    Product,
    Variant,
)  # fmt: skip
from catalog.reads import freshness
from tests import factories
from tests.catalog.reads.processes import look, sql

pytestmark = pytest.mark.django_db(transaction=True)
_number = count(1)


def versions():
    return dict(
        CatalogVersion.objects.values_list("scope", "version")
    ), Product.objects.get().version


@pytest.mark.parametrize(
    "idle",
    [
        "UPDATE catalog_product SET name = name",
        "UPDATE catalog_variant SET price = price, updated_at = now()",
        "UPDATE catalog_category SET name = name",
        "UPDATE inventory_stockitem SET reserved = reserved + 1",
        "UPDATE catalog_image SET alt = alt",
        "DELETE FROM catalog_term WHERE text = 'nothing'",
    ],
)
def test_what_changes_nothing_shown_changes_no_version(shelf, idle):
    Image.objects.create(product=shelf, source_url="https://x.shop/1.jpg")
    before = versions()
    sql(idle)
    assert versions() == before


def test_a_change_of_one_category_leaves_the_pages_of_another(processes, shelf):
    tea = Category.objects.create(name="Tea", slug="tea")
    other = Product.objects.create(name="Green", slug="green", category=tea, is_published=True)
    factories.variant(product=other)
    first = processes[0]
    tag = first.get("/api/products/?category=tea")["ETag"]
    Product.objects.filter(slug="sidamo").update(name="Limu")
    with first.running():
        again = APIClient().get("/api/products/?category=tea", headers={"if-none-match": tag})
    assert again.status_code == 304
    assert again.content == b""
    Product.objects.filter(slug="green").update(name="Greener")
    with first.running():
        again = APIClient().get("/api/products/?category=tea", headers={"if-none-match": tag})
    assert again.status_code == 200


def test_facets_of_a_category_count_what_comes_and_goes_in_others(processes, shelf):
    """The facet `category` leaves its own choice out, so the page depends on all products."""
    tea = Category.objects.create(name="Tea", slug="tea")
    green = Product.objects.create(name="Green", slug="green", category=tea, is_published=True)
    factories.variant(product=green)
    url = "/api/products/?category=tea&facets=true"

    def counted(answer):
        return {one["value"]: one["count"] for one in answer.json()["facets"]["category"]["values"]}

    tags = [process.get(url)["ETag"] for process in processes]
    plain = processes[0].get("/api/products/?category=tea")["ETag"]
    Product.objects.filter(slug="sidamo").update(is_published=False)
    for process, tag in zip(processes, tags, strict=True):
        assert counted(process.get(url)) == {"tea": 1}
        assert counted(process.get(url, **{"if-none-match": tag})) == {"tea": 1}
    assert processes[0].get("/api/products/?category=tea")["ETag"] == plain


def test_what_was_hidden_while_it_was_read_is_not_rendered(processes, shelf, monkeypatch):
    """A page is found in one statement and rendered in another: what was written as a draft in between stays one."""
    from catalog.reads import pages

    found = pages.find

    def and_then(*asked):
        page = found(*asked)
        Product.objects.update(is_published=False, name="Secret")
        return page

    monkeypatch.setattr(pages, "find", and_then)
    assert processes[0].get("/api/products/").json()["results"] == []
    assert not any(b"Secret" in bytes(document.body) for document in Document.objects.all())


def test_versions_do_not_come_back_after_a_backup_is_restored(shelf):
    backup = versions()[0]
    Product.objects.update(name="Sold out soon")
    gone = versions()[0]
    for scope, version in backup.items():
        CatalogVersion.objects.filter(scope=scope).update(version=version)
    time.sleep(0.002)  # versions count milliseconds
    Product.objects.update(name="Something else")
    now = versions()[0]
    assert all(now[scope] > gone[scope] for scope in gone if gone[scope] > backup[scope])


def test_categories_in_a_ring_end():
    """Two that stand below each other, as SQL can make them: the page must not go round for ever."""
    ring = freshness.Shared(1, {"a": 1, "b": 2}, {1: [2], 2: [1]}, frozenset({1, 2}), ("en",), {})
    assert ring.below("a") == ring.below("b") == (1, 2)


def test_undone_work_is_neither_kept_nor_counted(shelf):
    before = versions()
    try:
        with transaction.atomic():
            Product.objects.update(name="Never")
            assert "Never" in APIClient().get("/api/products/sidamo/").content.decode()
            assert "Never" in APIClient().get("/api/products/").content.decode()
            raise RuntimeError
    except RuntimeError:
        pass
    assert versions() == before
    assert not any(b"Never" in bytes(document.body) for document in Document.objects.all())
    assert "Sidamo" in APIClient().get("/api/products/").content.decode()


def test_control_without_the_triggers_a_kept_page_would_be_believed(processes, shelf):
    """The tests above see the versions work: without them, both processes go on showing what they keep."""
    before = look(processes)
    sql("ALTER TABLE catalog_product DISABLE TRIGGER USER")
    try:
        sql("UPDATE catalog_product SET name = 'Limu'")
        assert look(processes) == before
    finally:
        sql("ALTER TABLE catalog_product ENABLE TRIGGER USER")


def test_many_writers_do_not_wait_for_each_other_before_they_commit(shelf):
    """Versions grow at commit: two transactions that touch the same scopes are both open, and neither waits."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    other = factories.variant(stock=1).product

    def rename(pk):
        try:
            with transaction.atomic():
                Product.objects.filter(pk=pk).update(name=f"Name {next(_number)}")
        finally:
            connections.close_all()

    with transaction.atomic():
        Product.objects.filter(pk=shelf.pk).update(name="Open")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(rename, other.pk).result(timeout=3)


@contextmanager
def _moments_are_a_key():
    """As they were before 0015_moments."""
    sql("CREATE UNIQUE INDEX one_moment ON catalog_catalogmoment (at)")
    try:
        yield
    finally:
        sql("DROP INDEX one_moment")


def _two_sales_at_once():
    """Two open transactions that name the same two moments, in different orders."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    first, second = timezone.now() + timedelta(days=1), timezone.now() + timedelta(days=2)
    mine, other = Variant.objects.get(sku="S-1"), factories.variant(stock=1)

    def sell(variant, moment):
        Price.objects.create(
            variant=variant, price_list_id=RETAIL, is_sale=True, amount=Decimal("1.00"),
            valid_from=moment, valid_until=moment + timedelta(hours=1),
        )  # fmt: skip

    def sell_other():
        try:
            with transaction.atomic():
                sql("SET LOCAL lock_timeout = '2s'")
                sell(other, second)
                sell(other, first)
        finally:
            connections.close_all()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        sell(mine, first)
        pool.submit(sell_other).result()
        sell(mine, second)


def test_two_sales_from_the_same_moment_on_do_not_wait_for_each_other(shelf):
    _two_sales_at_once()
    assert Price.objects.count() == 4


def test_control_they_would_if_moments_were_a_key(shelf):
    with _moments_are_a_key(), pytest.raises(OperationalError, match="lock timeout"):
        _two_sales_at_once()
