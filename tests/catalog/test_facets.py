"""Facets say how many products each choice would leave: checked against the filters themselves, value by value."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from catalog import facets as module
from catalog.facets import facets
from catalog.filters import ProductQuerySerializer, conditions, named
from catalog.models import (
    Category,
    Product,
    Term,
)
from catalog.reads.context import Context
from tests import factories
from tests.catalog.faceted import forty_products

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
    return forty_products()


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
