"""The query set: what is found, what stands first, and what is not found."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import (
    Attribute,
    AttributeChoice,
    AttributeValue,
    Category,
    Collection,
    CollectionProduct,
    Product,
    Term,
)
from catalog.search import matches
from tests import factories
from tests.catalog.queries import CATEGORIES, PRODUCTS, QUERIES, TERMS, Query

pytestmark = pytest.mark.django_db


def build() -> dict[int, str]:
    """The fixed shop; the key of each product by its id."""
    shelves: dict[str, Category] = {}
    for slug, (name, am, parent) in CATEGORIES.items():
        shelves[slug] = Category.objects.create(
            name=name, slug=slug, parent=shelves.get(parent or ""), translations={"am": {"name": am}}
        )  # fmt: skip
    for text, am in TERMS.items():
        Term.objects.create(text=text, translations={"am": am})
    genna = Collection.objects.create(
        name="Genna Gifts", slug="genna", translations={"am": {"name": "የገና ስጦታዎች"}}
    )
    attributes = {
        "roast": Attribute.objects.create(code="roast", name="Roast", kind="choice"),
        "weight": Attribute.objects.create(code="weight", name="Weight", kind="number", unit="g"),
        "power": Attribute.objects.create(code="power", name="Power", kind="number", unit="W"),
        "organic": Attribute.objects.create(code="organic", name="Organic", kind="boolean"),
    }
    keys = {}
    for key, told in PRODUCTS.items():
        product = Product.objects.create(
            name=told["name"], slug=key, brand=told.get("brand", ""), tags=told.get("tags", []),
            category=shelves[told["category"]], description=told.get("description", ""), is_published=True,
            translations={"am": {"name": told["am"]}} if "am" in told else {},
        )  # fmt: skip
        keys[product.pk] = key
        for place, value in enumerate(told.get("options", ("",))):
            options = [{"name": "Kind", "value": value}] if value else []
            sku = told["sku"] if place == 0 else f"{told['sku']}-{place}"
            factories.variant(product=product, sku=sku, options=options)
        for code, value in told.get("attributes", {}).items():
            said = AttributeValue(product=product, attribute=attributes[code])
            if code == "roast":
                said.choice, _ = AttributeChoice.objects.get_or_create(
                    attribute=attributes[code], value=value
                )
            elif code == "organic":
                said.boolean = value
            else:
                said.number = Decimal(value)
            said.save()
        if "collections" in told:
            CollectionProduct.objects.create(collection=genna, product=product)
    return keys


def find(keys: dict[int, str], words: str) -> list[str]:
    """The keys of what is found, nearest first."""
    from django.db import connection

    sql, params = matches(words)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT product_id FROM ({sql}) hit ORDER BY relevance DESC, product_id DESC",
            params,
        )
        return [keys[pk] for (pk,) in cursor.fetchall()]


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker):
    """Built once; taken back at the end."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


def test_the_set_is_large_and_of_every_kind():
    assert len(QUERIES) >= 60
    kinds = {query.kind for query in QUERIES}
    assert kinds == {"english", "amharic", "latin", "across", "sku", "attribute", "typo"}
    assert all(query.expected or query.but_not for query in QUERIES)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query.kind}: {query.words}")
def test_a_query_finds_what_people_expect(shop, query: Query):
    found = find(shop, query.words)
    assert query.expected <= set(found)
    assert not set(query.but_not) & set(found)
    if query.first:
        assert found[0] == query.first
