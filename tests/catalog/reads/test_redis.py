"""With Redis or Valkey the processes share what one of them has found; without it, or when it goes, each has its own."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from catalog.models import Product
from catalog.reads import pages, store
from catalog.reads.store import Memory
from ecommerce import guards
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shared(valkey, settings):
    settings.CACHES = guards.caches(settings.REDIS_URL)
    return valkey


@pytest.fixture
def searches(monkeypatch):
    """How often a page was looked for."""
    found = []
    usual = pages.find
    monkeypatch.setattr(pages, "find", lambda *args: found.append(args) or usual(*args))
    return found


def another_process(monkeypatch):
    monkeypatch.setattr(store, "MEMORY", Memory())


def first_name():
    return APIClient().get("/api/products/").json()["results"][0]["name"]


def test_a_page_found_by_one_process_serves_another_and_a_change_serves_none(
    shared, searches, monkeypatch
):
    product = factories.variant(product_name="Sidamo").product
    another_process(monkeypatch)
    assert first_name() == "Sidamo"
    another_process(monkeypatch)
    assert first_name() == "Sidamo"
    assert len(searches) == 1
    Product.objects.filter(pk=product.pk).update(name="Limu")
    assert first_name() == "Limu"
    another_process(monkeypatch)
    assert first_name() == "Limu"
    assert len(searches) == 2


def test_control_without_redis_each_process_looks_for_itself(searches, monkeypatch):
    factories.variant(product_name="Sidamo")
    for _ in range(2):
        another_process(monkeypatch)
        assert first_name() == "Sidamo"
    assert len(searches) == 2


def test_nothing_breaks_when_it_goes(shared, monkeypatch, settings):
    product = factories.variant(product_name="Sidamo").product
    another_process(monkeypatch)
    assert first_name() == "Sidamo"
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = guards.caches(settings.REDIS_URL)
    assert first_name() == "Sidamo"
    Product.objects.filter(pk=product.pk).update(name="Limu")
    another_process(monkeypatch)
    assert first_name() == "Limu"


class TakenByTheDead:
    """A cache in which the lease is that of a process that is gone."""

    def add(self, *args):
        return False

    def has_key(self, key):
        return True

    def get(self, key):
        return None

    def set(self, *args):
        pass


def test_a_filler_that_died_holds_nobody_up_for_long(settings, monkeypatch):
    import time

    factories.variant(product_name="Sidamo")
    another_process(monkeypatch)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(store, "cache", TakenByTheDead())
    started = time.monotonic()
    assert first_name() == "Sidamo"
    assert time.monotonic() - started < 5
