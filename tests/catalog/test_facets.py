"""Facets say how many products each choice would leave: checked against the filters themselves, value by value."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from account.models import CustomerGroup
from catalog import facets as module
from catalog.facets import facets
from catalog.filters import ProductQuerySerializer, conditions, named
from catalog.models import (
    RETAIL,
    Attribute,
    AttributeChoice,
    AttributeValue,
    Category,
    Price,
    PriceList,
    Product,
    Term,
    Variant,
)
from catalog.reads.context import Context
from catalog.tokens import facet_key, token_key
from tests import factories

pytestmark = pytest.mark.django_db
SHOP = Context(currency="ETB")


def checked(text: str) -> dict:
    query = ProductQuerySerializer(data=QueryDict(text))
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def shown(text: str = "", context: Context = SHOP) -> dict:
    return facets(checked(text), context)


def count(text: str, context: Context = SHOP) -> int:
    """How many the list itself would show."""
    sql, params = named(conditions(checked(text)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM catalog_product p JOIN catalog_offer o ON o.product_id = p.id"
            " WHERE p.is_published AND p.archived_at IS NULL AND o.price_list_id = %(price_list)s"
            " AND o.currency = %(currency)s AND o.valid_from <= now() AND o.valid_until > now()"
            f" AND {sql}",
            {**params, **context.parameters},
        )
        return cursor.fetchone()[0]


def without(text: str, *names: str) -> str:
    kept = [one for one in text.split("&") if one and one.partition("=")[0] not in names]
    return "&".join(kept)


def counts(facet: dict) -> dict[str, int]:
    return {value["value"]: value["count"] for value in facet["values"]}


def check(text: str, context: Context = SHOP) -> None:
    """Each value, chosen instead of what is chosen in its facet, leaves as many products as it says."""
    found = shown(text, context)
    assert found["count"] == count(text, context)
    simple = {"category": found["category"], "brand": found["brand"], "in_stock": found["in_stock"]}
    for code, facet in found["attributes"].items():
        simple[f"attr.{code}"] = facet
    for name, facet in found["options"].items():
        simple[f"option.{quote(name)}"] = facet
    for name, facet in simple.items():
        rest = without(text, name)
        for value in facet["values"]:
            chosen = f"{rest}&{name}={quote(str(value['value']))}"
            assert value["count"] == count(chosen, context), (text, name, value)
    rest = without(text, "min_price", "max_price")
    for band in found["price"]["values"]:
        chosen = f"{rest}&min_price={band['min']['amount']}&max_price={band['max']['amount']}"
        assert band["count"] == count(chosen, context), (text, band)
    assert sum(band["count"] for band in found["price"]["values"]) == count(rest, context)
    for tag in found["tags"]["values"]:
        assert tag["count"] == count(f"{text}&tag={quote(tag['value'])}", context)


@pytest.fixture
def goods(db):
    """Forty products of every kind, some of which are not on sale."""
    dice = random.Random(7)
    roots = [factories.category(name, slug=name.lower()) for name in ("Food", "Home")]
    leaves = [
        factories.category(f"{root.name} {n}", slug=f"{root.slug}-{n}", parent=root)
        for root in roots for n in range(3)
    ]  # fmt: skip
    deep = factories.category("Deep", slug="deep", parent=leaves[0])
    kinds = {"colour": "choice", "weight": "number", "size": "number", "organic": "boolean",
             "harvest": "date", "note": "text", "hidden": "text"}  # fmt: skip
    attributes = {
        code: Attribute.objects.create(
            code=code, name=code.title(), kind=kind, is_filterable=code != "hidden",
            unit="g" if code == "weight" else "",
        )
        for code, kind in kinds.items()
    }  # fmt: skip
    colours = [
        AttributeChoice.objects.create(attribute=attributes["colour"], value=value)
        for value in ("Red", "ሰማያዊ", "a=b & c")
    ]
    group = CustomerGroup.objects.create(name="Wholesalers")
    wholesale = PriceList.objects.create(name="Wholesale", group=group)
    for number in range(40):
        row = Product.objects.create(
            name=f"Thing {number}", slug=f"thing-{number}", is_published=number % 10 != 9,
            category=dice.choice([*leaves, deep, roots[0], None]),
            brand=dice.choice(["Abay", "Omo", "ዓባይ", ""]), tags=dice.sample(["new", "gift", "x=y"], dice.randrange(3)),
        )  # fmt: skip
        for size in dice.sample(["S", "M", "L"], dice.randint(1, 3)):
            made = factories.variant(
                product=row, price=str(dice.choice([50, 99, 100, 150, 199.99, 200, 1000, 2500])), stock=dice.randrange(2),
                options=[{"name": "Size", "value": size}, {"name": "Cut & fit", "value": dice.choice("ab")}],
            )  # fmt: skip
            if number % 5 == 0:
                Price.objects.create(
                    variant=made, price_list_id=RETAIL, currency="USD", amount=Decimal(number + 1)
                )
            if number % 7 == 0:
                Price.objects.create(variant=made, price_list=wholesale, amount=Decimal(40))
            if number % 11 == 0:
                Price.objects.create(
                    variant=made, price_list_id=RETAIL, is_sale=True, amount=Decimal(30)
                )
        for code, value in {
            "colour": {"choice": dice.choice(colours)}, "weight": {"number": Decimal(dice.randrange(-50, 5000)) / 4},
            "size": {"number": Decimal(dice.randrange(4))}, "organic": {"boolean": dice.random() < 0.3},
            "harvest": {"date": dt.date(2026, 1, dice.randint(1, 5))}, "note": {"text": dice.choice(["1..2", "sweet"])},
            "hidden": {"text": "secret"},
        }.items():  # fmt: skip
            if dice.random() < 0.7:
                AttributeValue.objects.create(product=row, attribute=attributes[code], **value)
    return wholesale


QUERIES = [
    "", "category=food", "category=food-1&brand=abay", "brand=abay&brand=omo", "in_stock=true", "tag=new",
    "tag=new&tag=gift&in_stock=true", "min_price=100&max_price=500", "attr.colour=Red", "attr.colour=Red&attr.organic=true",
    "attr.weight=100..600", "attr.size=1&attr.size=2&category=home", "option.Size=S&attr.harvest=2026-01-02..",
    "search=Thing", "category=nothing", "brand=abay&category=food&in_stock=true&min_price=60&option.Size=M",
    "option.Cut%20%26%20fit=a&tag=x%3Dy",
]  # fmt: skip


def test_every_value_leaves_as_many_products_as_it_says(goods):
    for text in QUERIES:
        check(text)


def test_for_a_caller_with_a_price_list_or_another_currency(goods):
    for text in QUERIES[:6]:
        check(text, Context(price_list=goods.pk, currency="ETB"))
        check(text, Context(currency="USD"))


def test_a_facet_ignores_its_own_choice(goods):
    assert counts(shown("brand=abay")["brand"]) == counts(shown()["brand"])
    assert counts(shown("attr.colour=Red")["attributes"]["colour"]) == counts(
        shown()["attributes"]["colour"]
    )
    assert counts(shown("brand=abay")["category"]) != counts(shown()["category"])


def test_parents_count_what_is_below_them(goods):
    found = {value["value"]: value for value in shown()["category"]["values"]}
    food = Category.objects.get(slug="food")
    assert found["deep"]["parent"] == Category.objects.get(slug="food-0").pk
    assert found["food"]["id"] == food.pk
    below = ["food", "food-0", "food-1", "food-2", "deep"]
    assert found["food"]["count"] == Product.objects.filter(
        is_published=True, category__slug__in=below
    ).count()  # fmt: skip


def test_what_may_not_be_filtered_by_is_no_facet(goods):
    found = shown()
    assert set(found["attributes"]) == {"colour", "weight", "size", "organic", "harvest", "note"}
    weight = found["attributes"]["weight"]
    assert (weight["name"], weight["unit"], weight["kind"]) == ("Weight", "g", "number")
    assert 2 <= len(weight["values"]) <= 6
    assert all(".." in value["value"] for value in weight["values"])
    assert [value["value"] for value in found["attributes"]["size"]["values"]] == ["0", "1", "2", "3"]  # fmt: skip


def test_labels_are_translated_and_values_are_not(goods):
    for text, word in {
        "Red": "ቀይ",
        "Size": "መጠን",
        "S": "ት",
        "Colour": "ቀለም",
        "g": "ግ",
        "new": "አዲስ",
    }.items():
        Term.objects.create(text=text, translations={"am": word})
    Category.objects.filter(slug="food").update(translations={"am": {"name": "ምግብ"}})
    found = shown("", Context(currency="ETB", language="am", content_language="am"))
    labels = {
        value["value"]: value["label"]
        for facet in (
            found["category"], found["tags"], found["attributes"]["colour"], found["options"]["Size"],
        )
        for value in facet["values"]
    }  # fmt: skip
    assert labels["Red"] == "ቀይ"
    assert labels["S"] == "ት"
    assert labels["M"] == "M"
    assert labels["new"] == "አዲስ"
    assert labels["food"] == "ምግብ"
    assert found["attributes"]["colour"]["name"] == "ቀለም"
    assert found["attributes"]["weight"]["unit"] == "ግ"
    assert found["options"]["Size"]["name"] == "መጠን"


def test_long_lists_of_values_are_cut(db):
    for number in range(60):
        row = Product.objects.create(
            name=f"T{number}", slug=f"t-{number}", is_published=True, brand=f"B{number}",
            tags=[f"tag {n}" for n in range(number + 1)][-50:], category=factories.category(f"C{number}"),
        )  # fmt: skip
        factories.variant(product=row, options=[{"name": "Number", "value": str(number)}])
    found = shown()
    for facet in (found["brand"], found["options"]["Number"], found["category"]):
        assert len(facet["values"]) == 50
        assert facet["other"] == 10
    assert len(found["tags"]["values"]) == 50
    assert sum(counts(found["tags"]).values()) + found["tags"]["other"] == sum(
        len(tags) for tags in Product.objects.values_list("tags", flat=True)
    )


def test_equal_prices_are_one_band_and_bands_are_round(db):
    for _ in range(30):
        factories.variant(price="100.00")
    (band,) = shown()["price"]["values"]
    assert band == {
        "min": {"amount": "100.00", "currency": "ETB"}, "max": {"amount": "100.00", "currency": "ETB"}, "count": 30,
    }  # fmt: skip
    for number in range(60):
        factories.variant(price=f"{100 + number * 37}.49")
    bands = shown()["price"]["values"]
    assert 3 <= len(bands) <= 6
    assert all(Decimal(band["min"]["amount"]) % 50 == 0 for band in bands[1:]), bands
    check("")


def test_nothing_on_sale(db):
    found = shown()
    assert found["count"] == 0
    assert found["price"]["values"] == found["brand"]["values"] == []
    assert found["attributes"] == found["options"] == {}


def test_one_statement_for_one_product_or_many(db):
    factories.variant()

    def statements(text: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            shown(text)
        return len(queries)

    addresses = [
        "",
        "brand=abay&category=food&attr.colour=Red&option.Size=S",
        "search=Coffee",
        "tag=new&max_price=9",
    ]
    one = [statements(text) for text in addresses]
    for _ in range(20):
        factories.variant()
    assert [statements(text) for text in addresses] == one == [1, 1, 1, 1]


# --- beyond the bound -----------------------------------------------------------------------------


def test_beyond_the_bound_counts_are_estimates_and_say_so(goods, monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_traits")
    for text in ("", "in_stock=true", "tag=new", "category=food"):
        with monkeypatch.context() as patch:
            _compare_estimate(text, patch)


def _compare_estimate(text: str, monkeypatch) -> None:
    exact = shown(text)
    monkeypatch.setattr(module, "EXACT", 3)
    monkeypatch.setattr(module, "EXACT_PLAIN", 3)
    with CaptureQueriesContext(connection) as queries:
        found = shown(text)
    assert len(queries) <= 3
    assert found["is_estimate"] is True
    assert found["category"]["is_estimate"] is True
    assert exact["is_estimate"] is exact["category"]["is_estimate"] is False
    # The sample is larger than the table: the estimate happens to be the truth.
    assert found["count"] == exact["count"]
    assert counts(found["brand"]) == counts(exact["brand"])
    assert counts(found["attributes"]["colour"]) == counts(exact["attributes"]["colour"])
    assert [band["count"] for band in found["price"]["values"]] == [
        band["count"] for band in exact["price"]["values"]
    ]
    assert {value["value"] for value in found["category"]["values"]} == {
        value["value"] for value in exact["category"]["values"]
    }


def test_only_what_is_large_is_estimated(goods, monkeypatch):
    monkeypatch.setattr(module, "EXACT_PLAIN", 20)
    found = shown("category=deep")
    assert found["is_estimate"] is False
    assert found["brand"]["is_estimate"] is False
    assert found["category"]["is_estimate"] is True


# --- the rows that are counted --------------------------------------------------------------------


def test_keys_are_those_of_the_database():
    tokens = [
        "a:colour=Red",
        "a:note=x=y",
        "o:Size=L",
        "o:Cut=2=a=b",
        "t:new",
        "t:a=b",
        "b:12",
        "c:3",
        "t:ቡና",
        "o:x",
    ]
    with connection.cursor() as cursor:
        for token in tokens:
            cursor.execute("SELECT catalog_token_key(%s), catalog_facet_key(%s)", [token, token])
            assert cursor.fetchone() == (token_key(token), facet_key(token))


def traits() -> dict[int, tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, category_id, brand_id, in_stock, price, keys FROM catalog_traits"
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def test_rows_follow_their_products_and_offers(goods):
    def expected() -> dict[int, tuple]:
        plain = {}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT product_id, min(price) FROM catalog_offer WHERE price_list_id = 1 AND currency = ''"
                " GROUP BY 1 HAVING count(*) = 1 AND min(valid_from) < '1000-01-01' AND max(valid_until) > '9000-01-01'"
            )
            plain = dict(cursor.fetchall())
        return {
            row.pk: (row.category_id, row.brand_ref_id, row.in_stock, plain.get(row.pk),
                     [token_key(token) for token in row.tokens])
            for row in Product.objects.filter(is_published=True, archived_at=None)
        }  # fmt: skip

    assert traits() == expected()
    some = Product.objects.filter(is_published=True)
    first, second, third, fourth, fifth = some[:5]
    Product.objects.filter(pk=first.pk).update(is_published=False)
    Product.objects.filter(pk=second.pk).update(category=None, brand="Omo", tags=["other"])
    Variant.objects.filter(product=third).update(price=Decimal("77"))
    Variant.objects.filter(product=fourth).update(archived_at="2026-01-01T00:00Z")
    fifth.delete()
    Product.objects.filter(is_published=False).update(is_published=True)
    Price.objects.create(
        variant=Variant.objects.filter(product=third).first(),
        price_list_id=RETAIL,
        is_sale=True,
        amount=1,
    )
    assert traits() == expected()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_traits")
        cursor.execute("SELECT catalog_refresh_traits(ARRAY(SELECT id FROM catalog_product))")
    assert traits() == expected()


@pytest.mark.parametrize(
    ("low", "high", "edge"),
    [("12", "18", "15"), ("90", "140", "100"), ("1234", "1290", "1250"), ("0.3", "0.34", "0.3"), ("7", "7", "7"),
     ("7.25", "7.25", "7.25"), ("-20", "-11", "-20"), ("-3", "5", "0"), ("499", "501", "500"), ("0.01", "0.02", "0.02"),
     ("999999999999.99", "999999999999.99", "999999999999.99"), ("0.000001", "0.000001", "0.000001")],
)  # fmt: skip
def test_the_roundest_number_between_two(low, high, edge):
    with connection.cursor() as cursor:
        cursor.execute("SELECT catalog_round_edge(%s, %s)", [Decimal(low), Decimal(high)])
        found = cursor.fetchone()[0]
    assert Decimal(low) <= found <= Decimal(high)
    assert found == Decimal(edge)
