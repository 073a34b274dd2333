"""What callers can ask of the public doors beside filters: currencies, facets, fewer and further fields, marks, changes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from account.models import CustomerGroup
from catalog.models import RETAIL, Category, Price, PriceList, Product
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def goods():
    shelf = Category.objects.create(name="Coffee", slug="coffee", description="<p>Beans</p>")
    made = []
    for number, name in enumerate(["Sidamo <Coffee>", "Limu", "Harar coffee"]):
        product = Product.objects.create(
            name=name, slug=f"p{number}", category=shelf, brand="Abay", is_published=True, tags=["new"],
            description="<p>Good coffee &amp; strong</p>",
        )  # fmt: skip
        made.append(factories.variant(product=product, price=str(100 + number)))
    return made


def price(variant, amount, currency="", **fields):
    if "price_list" not in fields:
        fields["price_list_id"] = RETAIL
    return Price.objects.create(
        variant=variant, currency=currency, amount=Decimal(amount), **fields
    )


def shown(answer):
    assert answer.status_code == 200, answer.content
    return [(row["slug"], row["price"]["amount"]) for row in answer.json()["results"]]


@pytest.mark.django_db(transaction=True)  # a price begins when its transaction has ended
def test_another_currency(api, goods):
    price(goods[0], "3", "USD")
    price(goods[1], "2.50", "USD")
    price(goods[1], "9000", "UGX")
    listed = api.get("/api/products/?currency=USD&ordering=price")
    assert shown(listed) == [("p1", "2.50"), ("p0", "3.00")]
    assert listed.json()["results"][0]["variants"][0]["price"] == {
        "amount": "2.50",
        "currency": "USD",
    }
    assert shown(api.get("/api/products/?currency=USD&min_price=2.75")) == [("p0", "3.00")]
    assert shown(api.get("/api/products/?currency=UGX")) == [("p1", "9000")]
    assert api.get("/api/products/p2/?currency=USD").status_code == 404
    assert api.get("/api/products/p1/?currency=UGX").json()["price"] == {
        "amount": "9000",
        "currency": "UGX",
    }
    wrong = api.get("/api/products/?currency=XXX")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "currency")


@pytest.mark.django_db(transaction=True)  # a price begins when its transaction has ended
def test_each_caller_is_sorted_by_the_prices_they_pay(api, goods):
    group = CustomerGroup.objects.create(name="Cafés")
    own = PriceList.objects.create(name="Cafés", group=group)
    price(goods[2], "50", price_list=own)
    price(goods[1], "60", price_list=own, min_quantity=10)
    everybody = [("p0", "100.00"), ("p1", "101.00"), ("p2", "102.00")]
    assert shown(api.get("/api/products/?ordering=price")) == everybody
    api.force_authenticate(factories.user(customer_group=group))
    answer = api.get("/api/products/?ordering=price")
    assert shown(answer) == [("p2", "50.00"), *everybody[:2]]
    assert shown(api.get("/api/products/?ordering=price&max_price=55")) == [("p2", "50.00")]
    assert api.get("/api/products/p2/").json()["price"]["amount"] == "50.00"
    api.force_authenticate(factories.user())
    assert shown(api.get("/api/products/?ordering=price")) == everybody


@pytest.mark.django_db(transaction=True)  # a price begins when its transaction has ended
def test_a_cursor_of_other_prices_is_refused(api, goods):
    from urllib.parse import urlsplit

    group = CustomerGroup.objects.create(name="Cafés")
    price(goods[2], "50", price_list=PriceList.objects.create(name="Cafés", group=group))
    following = urlsplit(api.get("/api/products/?ordering=price&page_size=1").json()["next"]).query
    api.force_authenticate(factories.user(customer_group=group))
    answer = api.get(f"/api/products/?{following}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


def test_fewer_fields_and_further_ones(api, goods):
    answer = api.get(
        "/api/products/?fields=slug,price.amount,variants.sku&ordering=price&page_size=1"
    )
    assert answer.json()["results"] == [
        {"slug": "p0", "price": {"amount": "100.00"}, "variants": [{"sku": goods[0].sku}]}
    ]
    one = api.get("/api/products/p0/?fields=name")
    assert one.json() == {"name": "Sidamo <Coffee>"}
    assert one["ETag"].startswith('"v')
    assert one["ETag"] != api.get("/api/products/p0/")["ETag"]
    full = api.get("/api/products/p0/?expand=category,brand,collections").json()
    assert full["category"]["description"] == "<p>Beans</p>"
    assert (full["brand"], full["brand_details"]["name"], full["collections"]) == (
        "Abay",
        "Abay",
        [],
    )
    for query in ("fields=secret", "expand=stock", "fields=variants.stock"):
        wrong = api.get(f"/api/products/?{query}")
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (
            400,
            query.partition("=")[0],
        )


def test_words_found_are_marked_and_all_else_is_escaped(api, goods):
    answer = api.get("/api/products/?search=coffee&highlight=true").json()
    marks = {row["slug"]: row["highlight"] for row in answer["results"]}
    assert marks["p0"]["name"] == "Sidamo &lt;<mark>Coffee</mark>&gt;"
    assert "<mark>coffee</mark> &amp; strong" in marks["p1"]["description"]
    assert marks["p1"]["name"] is None
    plain = api.get("/api/products/?search=coffee").json()
    assert all("highlight" not in row for row in plain["results"])
    few = api.get("/api/products/?search=coffee&highlight=true&fields=slug,highlight").json()
    assert all(row.keys() == {"slug", "highlight"} for row in few["results"])


def test_facets_and_counts_stand_beside_the_page(api, goods):
    answer = api.get("/api/products/?facets=true&count=true&page_size=1").json()
    assert answer["count"] == 3
    assert len(answer["results"]) == 1
    assert {"category", "price", "brand", "in_stock"} <= answer["facets"].keys()


def test_what_has_changed_since(api, goods):
    since = (timezone.now() - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    page = api.get(f"/api/products/?updated_since={since}&page_size=2").json()
    seen = [row["slug"] for row in page["results"]]
    while page["next"]:
        page = api.get(page["next"].removeprefix("http://127.0.0.1:8000")).json()
        seen += [row["slug"] for row in page["results"]]
    assert sorted(seen) == ["p0", "p1", "p2"]
    assert page["until"].endswith("Z")
    hidden = goods[0].product
    hidden.is_published = False
    hidden.updated_at = timezone.now()
    hidden.save(update_fields=["is_published", "updated_at"])
    page = api.get(f"/api/products/?updated_since={since}").json()
    assert page["removed"] == [hidden.pk]
    assert sorted(row["slug"] for row in page["results"]) == ["p1", "p2"]
    wrong = api.get(f"/api/products/?updated_since={since}&ordering=price")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "ordering")


def test_a_product_with_two_thousand_variants(api, django_assert_max_num_queries):
    product = Product.objects.create(name="Thread", slug="thread", is_published=True)
    from catalog.models import Variant
    from common.actors import SYSTEM
    from inventory.services import open_item

    Variant.objects.bulk_create(
        Variant(
            product=product, sku=f"T-{number}", price=Decimal(2000 - number), position=number,
            options=[{"name": "Colour", "value": str(number)}], stock_item=open_item(on_hand=1, by=SYSTEM),
        )
        for number in range(2000)
    )  # fmt: skip
    with django_assert_max_num_queries(5):
        (listed,) = api.get("/api/products/").json()["results"]
    assert (len(listed["variants"]), listed["variant_count"], listed["price"]["amount"]) == (
        100,
        2000,
        "1.00",
    )
    with django_assert_max_num_queries(5):
        whole = api.get("/api/products/thread/").json()
    assert len(whole["variants"]) == 2000
    assert len(whole["options"][0]["values"]) == 2000
