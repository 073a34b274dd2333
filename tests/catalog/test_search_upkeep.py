"""What products are found by follows every change, whoever makes it; and pages of a search hold still."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import (
    Attribute,
    AttributeChoice,
    AttributeValue,
    Category,
    Collection,
    CollectionProduct,
    Product,
    SearchAlias,
    SearchWord,
    Term,
)
from catalog.search import matches
from tests import factories
from tests.catalog.test_listing import product

pytestmark = pytest.mark.django_db


def found(words: str, **kwargs) -> list[str]:
    sql, params = matches(words, **kwargs)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT name FROM ({sql}) hit JOIN catalog_product p ON p.id = hit.product_id"
            " ORDER BY relevance DESC, p.id DESC",
            params,
        )
        return [name for (name,) in cursor.fetchall()]


def versions() -> list[tuple[int, str]]:
    """Which row version each product has: a new one means that it was written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ctid::text FROM catalog_product ORDER BY id")
        return cursor.fetchall()


def test_attributes_are_followed():
    row = product("Shirt")
    material = Attribute.objects.create(code="material", name="Material", kind="choice")
    linen = AttributeChoice.objects.create(attribute=material, value="Linen")
    weight = Attribute.objects.create(code="weight", name="Weight", kind="number", unit="g")
    AttributeValue.objects.create(product=row, attribute=material, choice=linen)
    value = AttributeValue.objects.create(product=row, attribute=weight, number="250")
    assert found("linen") == found("250g") == found("shirt 250") == ["Shirt"]
    AttributeChoice.objects.filter(pk=linen.pk).update(value="Hemp")
    Attribute.objects.filter(pk=weight.pk).update(unit="oz")
    assert found("hemp") == found("250oz") == ["Shirt"]
    assert found("linen") == found("250g") == []
    value.delete()
    assert found("250oz") == []


def test_options_translations_and_collections_are_followed():
    row = product("Shirt")
    variant = factories.variant(product=row, options=[{"name": "Colour", "value": "Magenta"}])
    assert found("magenta") == ["Shirt"]
    variant.archived_at = row.created_at
    variant.save()
    assert found("magenta") == []
    Product.objects.filter(pk=row.pk).update(
        translations={"am": {"name": "ሸሚዝ"}, "om": {"name": "Shamizii"}}
    )
    assert found("ሸሚዝ") == found("shamizii") == ["Shirt"]
    gifts = Collection.objects.create(name="Genna", slug="genna")
    entry = CollectionProduct.objects.create(collection=gifts, product=row)
    assert found("genna") == ["Shirt"]
    Collection.objects.filter(pk=gifts.pk).update(is_published=False)
    assert found("genna") == []
    Collection.objects.filter(pk=gifts.pk).update(is_published=True)
    entry.delete()
    assert found("genna") == []


def test_renaming_what_products_share_writes_no_product():
    shelf = factories.category("Groceries", slug="groceries")
    below = factories.category("Spices", slug="spices", parent=shelf)
    row = product("Pepper", category=below, tags=["hot"])
    term = Term.objects.create(text="hot", translations={"am": "ትኩስ"})
    assert found("groceries") == found("ትኩስ") == ["Pepper"]
    before = versions()
    Category.objects.filter(pk=shelf.pk).update(name="Pantry", translations={"am": {"name": "ጓዳ"}})
    Term.objects.filter(pk=term.pk).update(translations={"am": "የሚያቃጥል"})
    assert versions() == before
    assert found("pantry") == found("ጓዳ") == found("የሚያቃጥል") == ["Pepper"]
    assert found("groceries") == found("ትኩስ") == []
    Product.objects.filter(pk=row.pk).update(tags=["very hot"])
    assert versions() != before, "the control: changing the product does write it"
    term.delete()
    assert found("የሚያቃጥል") == []
    assert not SearchAlias.objects.filter(kind="t").exists()


def test_the_vocabulary_grows_by_triggers_and_is_pruned():
    row = product("Zanzibar Cloves")
    assert SearchWord.objects.filter(word="zanzibar").count() == 1
    Product.objects.filter(pk=row.pk).update(name="Pemba Cloves")
    assert SearchWord.objects.filter(word="pemba").count() == 1
    assert found("zanzibr") == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT catalog_prune_search_words()")
    assert not SearchWord.objects.filter(word="zanzibar").exists()
    assert SearchWord.objects.filter(word="pemba").exists()


def test_only_what_is_on_sale_is_found_unless_asked():
    product("Coffee")
    product("Coffee draft", is_published=False)
    assert found("coffee") == ["Coffee"]
    assert found("coffee", on_sale=False) == ["Coffee", "Coffee draft"]
    assert {row.name for row in Product.objects.matching("coffee")} == {"Coffee", "Coffee draft"}


def test_the_nearest_are_the_first_of_all():
    for number in range(30):
        product("Coffee" + " bean" * (number % 4), description="A gift")
    product("Box", description="For coffee")
    product("Tea", tags=["coffee"])
    whole = found("coffee")
    assert len(whole) == 32
    assert whole[-2:] == ["Tea", "Box"]
    for most in (1, 7, 30, 31, 32, 50):
        assert found("coffee", most=most) == whole[:most]


def test_staff_relevance_is_the_lists_relevance():
    for name in ("Coffee", "Coffee Cup", "Coffeemaker", "Cup"):
        product(name, description="for coffee")
    sql, params = matches("coffee")
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        listed = dict(cursor.fetchall())
    annotated = Product.objects.matching("coffee").with_relevance("coffee")
    assert {row.pk: row.relevance for row in annotated} == listed
    assert len(set(listed.values())) == 4


def test_a_walk_through_a_search_shows_everything_once_while_products_come(api):
    for number in range(23):
        product("Coffee" + " bean" * (number % 3))
    seen, address = [], "/api/products/?search=coffee&page_size=4"
    while address:
        page = api.get(address).json()
        seen += [row["id"] for row in page["results"]]
        address = page["next"]
        product("Coffee fresh", description="came during the walk")
    assert len(seen) == len(set(seen))
    old = Product.objects.exclude(name="Coffee fresh").values_list("pk", flat=True)
    assert set(old) <= set(seen)


def test_a_search_costs_the_same_statements_for_one_product_and_many(api):
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert api.get("/api/products/", {"search": "coffee"}).status_code == 200
        return len(queries)

    product("Coffee")
    statements()
    one = statements()
    for _ in range(15):
        product("Coffee bean")
    assert statements() <= one + 1
