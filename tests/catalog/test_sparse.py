"""`fields=` and `expand=`: parts left out, and what is referred to put in."""

from __future__ import annotations

import orjson
import pytest

from catalog.models import Category, Collection, CollectionProduct, Product
from catalog.reads.context import Context
from catalog.reads.rendering import render
from catalog.serializers import ProductSerializer
from catalog.sparse import chosen_expansions, chosen_fields, pick, reshaper, shape_of
from common.errors import Invalid
from tests import factories

SHAPE = shape_of(ProductSerializer())
SHOP = Context(currency="ETB")


def test_the_shape_is_the_serializers():
    assert {"id", "name", "price", "variants", "category", "lowest_price_30_days"} <= set(SHAPE)
    assert SHAPE["name"] is None
    assert SHAPE["price"] == {"amount": None, "currency": None}
    assert SHAPE["compare_at_price"] == {"amount": None, "currency": None}
    assert SHAPE["variants"]["price"]["amount"] is None
    assert set(SHAPE["variants"]["options"]) == {"name", "value"}


@pytest.mark.parametrize(
    ("texts", "chosen"),
    [
        ([], None), ([""], None), ([" , "], None), (["name"], {"name": None}),
        (["name,id"], {"name": None, "id": None}), (["name", "id"], {"name": None, "id": None}),
        (["variants.sku"], {"variants": {"sku": None}}),
        (["variants.sku,variants.price.amount"], {"variants": {"sku": None, "price": {"amount": None}}}),
        (["variants.sku,variants"], {"variants": None}), (["variants,variants.sku"], {"variants": None}),
    ],
)  # fmt: skip
def test_what_is_chosen(texts, chosen):
    assert chosen_fields(texts, SHAPE) == chosen


@pytest.mark.parametrize(
    "text",
    ["password", "name.first", "variants.password", "variants.", ".name", "variants..sku", "NAME", "__class__",
     "name\x00", "price.amount.more", "a" * 5000, ",".join(["name"] * 101)],
)  # fmt: skip
def test_unknown_fields_are_refused(text):
    with pytest.raises(Invalid) as refusal:
        chosen_fields([text], SHAPE)
    assert refusal.value.errors[0]["field"] == "fields"


def test_unknown_expansions_are_refused():
    assert chosen_expansions(["category,brand", "collections"]) == (
        "brand", "category", "collections",
    )  # fmt: skip
    with pytest.raises(Invalid) as refusal:
        chosen_expansions(["category,orders"])
    assert refusal.value.errors[0]["field"] == "expand"


def test_pick_keeps_order_lists_and_nulls():
    document = {"a": 1, "b": [{"c": 1, "d": 2}, {"c": 3, "d": 4}], "e": None, "f": {"g": 1, "h": 2}}
    assert pick(document, {"e": {"x": None}, "b": {"d": None}, "a": None}) == {
        "a": 1, "b": [{"d": 2}, {"d": 4}], "e": None,
    }  # fmt: skip
    assert list(pick(document, {"f": None, "a": None})) == ["a", "f"]


@pytest.fixture
def goods(db):
    shelf = Category.objects.create(
        name="Coffee", slug="coffee", description="<p>All of it</p>", position=3,
        translations={"am": {"name": "ቡና"}},
    )  # fmt: skip
    rows = [
        Product.objects.create(
            name=f"P{number}", slug=f"p-{number}", is_published=True, brand="Abay", category=shelf
        )
        for number in range(3)
    ]
    bare = Product.objects.create(name="Bare", slug="bare", is_published=True)
    for position, (name, shown) in enumerate([("Gifts", True), ("Secret", False), ("Best", True)]):
        collection = Collection.objects.create(
            name=name, slug=name.lower(), is_published=shown, position=-position % 5
        )
        CollectionProduct.objects.create(collection=collection, product=rows[0])
    for row in [*rows, bare]:
        factories.variant(product=row)
    return [*rows, bare]


def reshaped(goods, *, fields=(), expand=(), context=SHOP) -> list[dict]:
    reshape = reshaper(list(fields), list(expand), SHAPE, context)
    rendered = render([row.pk for row in goods], context)
    pieces = [rendered[row.pk] for row in goods]
    if reshape is None:
        return [orjson.loads(piece) for piece in pieces]
    return [orjson.loads(piece) for piece in reshape(pieces)]


def test_nothing_asked_changes_nothing(goods):
    assert reshaper([], [], SHAPE, SHOP) is None
    assert reshaper([""], [""], SHAPE, SHOP) is None


def test_fields_of_products(goods):
    shown = reshaped(goods, fields=["name,variants.sku"])
    assert [set(one) for one in shown] == [{"name", "variants"}] * 4
    assert set(shown[0]["variants"][0]) == {"sku"}


def test_expansions(goods):
    first, *_, bare = reshaped(goods, expand=["category,brand,collections"])
    assert first["category"] == {
        "id": goods[0].category_id, "slug": "coffee", "name": "Coffee", "description": "<p>All of it</p>",
        "parent": None, "position": 3,
    }  # fmt: skip
    assert first["brand"] == "Abay"
    assert first["brand_details"]["slug"] == "abay"
    assert [one["name"] for one in first["collections"]] == ["Gifts", "Best"]
    assert (bare["category"], bare["brand_details"], bare["collections"]) == (None, None, [])
    assert first["variants"], "the rest stays"


def test_expansions_are_translated(goods):
    amharic = Context(currency="ETB", language="am", content_language="am")
    first = reshaped(goods, expand=["category"], context=amharic)[0]
    assert first["category"]["name"] == "ቡና"
    assert first["category"]["description"] == "<p>All of it</p>"


def test_fields_and_expansions_together(goods):
    first = reshaped(
        goods, fields=["id,category.description,collections.name"], expand=["category,collections"]
    )[0]
    assert first == {
        "id": goods[0].pk, "category": {"description": "<p>All of it</p>"},
        "collections": [{"name": "Gifts"}, {"name": "Best"}],
    }  # fmt: skip
    with pytest.raises(Invalid):
        reshaped(goods, fields=["collections"])


def test_one_statement_however_many_products(goods, django_assert_num_queries):
    reshape = reshaper([], ["category,brand,collections"], SHAPE, SHOP)
    rendered = render([row.pk for row in goods], SHOP)
    with django_assert_num_queries(1):
        reshape([rendered[goods[0].pk]])
    with django_assert_num_queries(1):
        reshape(list(rendered.values()))
    with django_assert_num_queries(0):
        reshaper(["id"], [], SHAPE, SHOP)(list(rendered.values()))
