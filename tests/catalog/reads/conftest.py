"""A shelf with a product on it, and two processes that show it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog.models import Category, Product
from tests import factories
from tests.catalog.reads.processes import Process


@pytest.fixture
def processes(monkeypatch):
    return [Process(monkeypatch), Process(monkeypatch)]


@pytest.fixture
def shelf():
    coffee = Category.objects.create(name="Coffee", slug="coffee")
    beans = Category.objects.create(name="Beans", slug="beans", parent=coffee)
    product = Product.objects.create(
        name="Sidamo", slug="sidamo", category=beans, brand="Abay", tags=["new"], is_published=True,
        published_at=timezone.now(),
    )  # fmt: skip
    factories.variant(product=product, price="100.00", stock=2, sku="S-1",
                      options=[{"name": "Size", "value": "Small"}])  # fmt: skip
    factories.variant(product=product, price="150.00", stock=2, sku="S-2",
                      options=[{"name": "Size", "value": "Large"}])  # fmt: skip
    return product
