"""Twenty editors read the same state and save at once: one is served, nineteen are told. Without the lock, more are."""

from __future__ import annotations

import time

import pytest
from rest_framework.test import APIClient

from account.models import Address
from catalog import categories, category_views, services
from catalog.models import Category, Image, Product
from tests import factories
from tests.together import at_once

EDITORS = 20
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def coffee(db):
    row = factories.variant(stock=5)
    Image.objects.create(product=row.product, file="products/1/a.webp")
    return row


def race(path: str, change, user, method: str = "patch") -> list[int]:
    """The statuses of EDITORS writes that start together with the ETag that all of them have read."""
    reader = APIClient()
    reader.force_authenticate(user)
    tag = reader.get(path)["ETag"]

    def edit(number: int) -> int:
        client = APIClient()
        client.force_authenticate(user)
        return getattr(client, method)(path, change(number), headers={"If-Match": tag}).status_code

    return sorted(at_once(EDITORS, edit))


ONE = [200] + [412] * (EDITORS - 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda n: {"name": f"Coffee {n}"},
        lambda n: {"price": f"{n + 1}.00"},
        lambda n: {"stock": n + 50},
        lambda n: {"tags": [f"t{n}"], "stock": n},
    ],
    ids=["name", "price", "stock", "both"],
)
def test_of_twenty_editors_of_a_product_one_succeeds(coffee, change):
    assert race(f"/api/products/{coffee.product_id}/", change, factories.staff()) == ONE


def test_of_twenty_editors_of_a_variant_one_succeeds(coffee):
    path = f"/api/products/{coffee.product_id}/variants/{coffee.pk}/"
    assert race(path, lambda n: {"on_hand": n + 50}, factories.staff()) == ONE


def test_of_twenty_editors_of_a_picture_one_succeeds(coffee):
    path = f"/api/products/{coffee.product_id}/images/{Image.objects.get().pk}/"
    assert race(path, lambda n: {"alt": f"alt {n}"}, factories.staff()) == ONE


def test_of_twenty_editors_of_a_category_one_succeeds():
    path = f"/api/categories/{factories.category().pk}/"
    assert race(path, lambda n: {"name": f"Tea {n}"}, factories.staff()) == ONE


def test_of_twenty_editors_of_an_address_one_succeeds():
    user = factories.user()
    row = Address.objects.create(user=user, city="Addis Ababa")
    assert race(f"/api/addresses/{row.public_id}/", lambda n: {"label": f"home {n}"}, user) == ONE


def test_of_twenty_deletions_one_succeeds():
    path = f"/api/categories/{factories.category().pk}/"
    statuses = race(path, lambda n: None, factories.staff(), "delete")
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 404, 412}


def test_control_without_the_lock_more_than_one_product_editor_succeeds(coffee, monkeypatch):
    def read_only(*, product_id: int) -> Product:
        found = Product.objects.get(pk=product_id)
        time.sleep(0.3)  # the moment in which the others look
        return found

    monkeypatch.setattr(services, "lock_for_edit", read_only)
    path = f"/api/products/{coffee.product_id}/"
    statuses = race(path, lambda n: {"name": f"Coffee {n}"}, factories.staff())
    assert statuses.count(200) > 1


def test_control_without_the_lock_more_than_one_category_editor_succeeds(monkeypatch):
    def read_only(*, category_id: int) -> Category:
        found = Category.objects.get(pk=category_id)
        time.sleep(0.3)
        return found

    monkeypatch.setattr(categories, "lock_for_edit", read_only)
    assert category_views.categories is categories
    path = f"/api/categories/{factories.category().pk}/"
    statuses = race(path, lambda n: {"name": f"Tea {n}"}, factories.staff())
    assert statuses.count(200) > 1
