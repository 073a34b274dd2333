"""The public catalogue: lists, filters, sorting, pages, search, detail, validators."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Image, Product
from catalog.services import delete_product
from common.actors import SYSTEM
from inventory.services import set_on_hand
from tests import factories

pytestmark = pytest.mark.django_db


def product(name="Coffee", *, price="100.00", stock=5, sku=None, **fields) -> Product:
    fields.setdefault("is_published", True)
    row = Product.objects.create(
        name=name, slug=fields.pop("slug", None) or f"p-{Product.objects.count()}-x", **fields
    )
    extra = {"sku": sku} if sku else {}
    factories.variant(product=row, price=price, stock=stock, **extra)
    row.refresh_from_db()
    return row


def names(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def test_a_product_has_the_contracts_fields_and_no_stock_for_the_public(api):
    shelf = factories.category("Beans", slug="beans")
    row = product("Sidamo", price="1250.00", category=shelf, description="<p>Sweet</p>")
    Image.objects.create(product=row, source_url="https://pictures.shop/a.jpg", alt="Beans")
    body = api.get("/api/products/").json()["results"][0]
    assert body["price"] == {"amount": "1250.00", "currency": "ETB"}
    assert body["compare_at_price"] is None
    assert body["category"] == {"id": shelf.pk, "slug": "beans", "name": "Beans"}
    assert body["in_stock"] is True
    assert body["images"][0]["url"] == "https://pictures.shop/a.jpg"
    assert {"id", "slug", "name", "description", "variants", "created_at", "updated_at"} <= set(
        body
    )
    assert {"stock", "status", "is_published", "archived_at"}.isdisjoint(body)
    (variant,) = body["variants"]
    assert {"id", "sku", "name", "options", "price", "in_stock"} <= set(variant)
    assert {"stock", "on_hand", "reserved"}.isdisjoint(variant)


def test_staff_see_exact_stock(api, owner, customer, clerk):
    row = product(stock=7)
    address = f"/api/products/{row.pk}/"
    assert owner.get(address).json()["stock"] == 7
    assert owner.get(address).json()["variants"][0]["on_hand"] == 7
    assert clerk("view_product").get(address).json()["stock"] == 7
    for other in (api, customer, clerk()):
        assert "stock" not in other.get(address).json()
        assert "on_hand" not in other.get(f"{address}variants/").json()["results"][0]


@pytest.mark.parametrize(
    "query",
    ["facets=true", "fields=name,price", "expand=category", "currency=USD", "updated_since=2000-01-01T00:00:00Z"],
)  # fmt: skip
def test_what_only_customers_lists_can_do_is_done_for_staff_as_well(api, owner, query):
    product("Shown")
    draft = product("Draft", is_published=False)
    address = f"/api/products/?{query}"
    body = owner.get(address).json()
    assert {**body, "until": ""} == {**api.get(address).json(), "until": ""}
    assert owner.get(f"/api/products/{draft.pk}/?fields=name").json()["is_published"] is False
    assert owner.get("/api/products/?fields=nothing").status_code == 400
    assert names(owner.get(f"/api/products/?status=draft&{query}")) == ["Draft"]


def test_drafts_and_archived_products_are_not_public(api, customer, owner):
    product("Shown")
    draft = product("Draft", is_published=False)
    gone = product("Gone", is_published=False)
    Product.objects.filter(pk=gone.pk).update(archived_at="2026-01-01T00:00Z")
    assert names(api.get("/api/products/")) == ["Shown"]
    assert names(owner.get("/api/products/")) == ["Shown"]
    for key in (draft.pk, draft.slug, gone.pk):
        assert api.get(f"/api/products/{key}/").status_code == 404
        assert customer.get(f"/api/products/{key}/variants/").status_code == 404
    assert names(owner.get("/api/products/?status=draft")) == ["Draft"]
    assert names(owner.get("/api/products/?status=archived")) == ["Gone"]
    assert len(names(owner.get("/api/products/?status=all"))) == 3
    assert owner.get(f"/api/products/{draft.slug}/").json()["status"] == "draft"
    assert owner.get(f"/api/products/{gone.pk}/").status_code == 404
    assert owner.get(f"/api/products/{gone.pk}/?status=archived").json()["status"] == "archived"
    assert api.get("/api/products/?status=draft").status_code == 401
    assert customer.get("/api/products/?status=all").status_code == 403


def test_category_filter_takes_id_or_slug_and_includes_descendants(api):
    food = factories.category("Food", slug="food")
    coffee = factories.category("Coffee", slug="coffee", parent=food)
    beans = factories.category("Beans", slug="beans", parent=coffee)
    other = factories.category("Other", slug="other")
    product("A", category=food)
    product("B", category=beans)
    product("C", category=other)
    product("D")
    for key in ("food", food.pk):
        assert sorted(names(api.get(f"/api/products/?category={key}"))) == ["A", "B"]
    assert names(api.get("/api/products/?category=coffee")) == ["B"]
    for unknown in ("tea", "99999", "9" * 60):
        assert names(api.get(f"/api/products/?category={unknown}")) == []


def test_price_filters_look_at_the_cheapest_live_variant(api):
    row = product("Two sizes", price="300.00")
    cheap = factories.variant(product=row, price="80.00")
    product("Dear", price="500.00")
    assert names(api.get("/api/products/?max_price=80")) == ["Two sizes"]
    assert names(api.get("/api/products/?min_price=80.01")) == ["Dear"]
    assert api.get(f"/api/products/{row.pk}/").json()["price"]["amount"] == "80.00"
    cheap.archived_at = "2026-01-01T00:00Z"
    cheap.save()
    assert names(api.get("/api/products/?max_price=80")) == []
    assert names(api.get("/api/products/?min_price=300&max_price=300")) == ["Two sizes"]


def test_stock_filter_follows_the_stock(api):
    row = product("Cup", stock=1)
    product("Pot", stock=0)
    assert names(api.get("/api/products/?in_stock=true")) == ["Cup"]
    assert names(api.get("/api/products/?in_stock=false")) == ["Pot"]
    set_on_hand(stock_item_id=row.variants.get().stock_item_id, on_hand=0, by=SYSTEM)
    assert names(api.get("/api/products/?in_stock=true")) == []
    assert len(names(api.get("/api/products/"))) == 2


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("price", ["b", "C", "Á"]),
        ("-price", ["Á", "C", "b"]),
        ("name", ["Á", "b", "C"]),
        ("-name", ["C", "b", "Á"]),
        ("created_at", ["C", "Á", "b"]),
        ("-created_at", ["b", "Á", "C"]),
    ],
)
def test_orderings_walk_forward_and_back_without_gaps(api, ordering, expected):
    for number, (name, price) in enumerate([("C", "20"), ("Á", "30"), ("b", "10")]):
        row = product(name, price=price)
        Product.objects.filter(pk=row.pk).update(created_at=f"2026-01-0{number + 1}T00:00Z")
    seen, address = [], f"/api/products/?ordering={ordering}&page_size=1"
    while address:
        body = api.get(address).json()
        seen += [row["name"] for row in body["results"]]
        last, address = body, body["next"]
    assert seen == expected
    assert names(api.get(last["previous"])) == [expected[1]]


def test_equal_prices_are_neither_skipped_nor_repeated(api):
    rows = {product(f"P{i}", price="10").pk for i in range(7)}
    seen, address = [], "/api/products/?ordering=-price&page_size=2&count=true"
    while address:
        body = api.get(address).json()
        assert body["count"] == 7
        seen += [row["id"] for row in body["results"]]
        address = body["next"]
    assert set(seen) == rows
    assert len(seen) == 7


@pytest.mark.parametrize(
    "query",
    [
        "ordering=password", "ordering=-relevance", "ordering=relevance", "page_size=0", "page_size=x",
        "page=0", "page=x", "page=1&cursor=x", "cursor=cD0lMDA=", "cursor=%00", "min_price=NaN", "min_price=Infinity",
        "max_price=1e400", "min_price=-1", "max_price=abc", "min_price=1.234", "in_stock=maybe", "status=deleted",
        "search=%00", "category=%00", f"search={'x' * 5000}", f"min_price={'9' * 5000}", f"category={'x' * 500}",
        "search=%ED%A0%80",
    ],
)  # fmt: skip
def test_bad_queries_are_400_and_name_the_field(api, query):
    product()
    answer = api.get(f"/api/products/?{query}")
    if query == "search=%ED%A0%80":  # not UTF-8: replaced before we see it
        assert answer.status_code == 200
        return
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query",
    ["search=%25", "search=%27%5C%3A*%26%7C%21()", "search=" + "a" * 200, "page_size=1000000000",
     "category=", "search=", "search=%E2%80%AE%F0%9F%98%80", "unknown=1", "search=((((", "ordering=",
     "category=-1", "category=0", "search=_", "search=%22", "search=a%20%3C-%3E%20b"],
)  # fmt: skip
def test_odd_but_harmless_queries_are_answered(api, query):
    product()
    assert api.get(f"/api/products/?{query}").status_code == 200


def test_page_size_is_capped(api):
    for number in range(101):
        product(f"P{number}")
    assert len(names(api.get("/api/products/?page_size=1000000000"))) == 100


@pytest.mark.parametrize("client", ["api", "owner"])
def test_the_number_of_statements_does_not_depend_on_the_rows(request, client):
    caller = request.getfixturevalue(client)
    shelf = factories.category()

    def statements(address: str) -> int:
        caller.get(address)  # fills per-process caches
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert caller.get(address).status_code == 200
        return len(queries)

    addresses = [
        "/api/products/", "/api/products/?search=Coffee", "/api/products/?category=1&count=true",
        "/api/categories/", "/api/categories/?tree=true",
    ]  # fmt: skip
    product("Coffee", category=shelf)
    one = [statements(address) for address in addresses]
    for number in range(12):
        row = product(f"Coffee {number}", category=factories.category(f"C{number}", parent=shelf))
        factories.variant(product=row)
        Image.objects.create(product=row, source_url="https://pictures.shop/a.jpg")
    assert [statements(address) for address in addresses] == one
    assert one[0] <= (3 if client == "api" else 5)


def test_variants_and_images_lists_have_a_constant_number_of_statements(api):
    row = product()
    for path in ("variants", "images"):
        address = f"/api/products/{row.slug}/{path}/"
        Image.objects.create(product=row, source_url="https://pictures.shop/a.jpg")
        with CaptureQueriesContext(connection) as one:
            api.get(address)
        for _ in range(9):
            factories.variant(product=row)
            Image.objects.create(product=row, source_url="https://pictures.shop/a.jpg")
        with CaptureQueriesContext(connection) as many:
            assert len(api.get(address).json()["results"]) >= 10
        assert len(many) == len(one)


def test_detail_by_id_and_slug(api):
    row = product("Sidamo", slug="sidamo-1kg")
    assert api.get(f"/api/products/{row.pk}/").json() == api.get("/api/products/sidamo-1kg/").json()
    for key in ("nothing", 10**30, 2**63, 0, "SIDAMO-1KG"):
        answer = api.get(f"/api/products/{key}/")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"
    assert api.get("/api/products/%00/").status_code == 404
    assert api.get(f"/api/products/{row.pk}/variants/{10**30}/").status_code == 404
    assert api.get(f"/api/products/{row.pk}/images/1/").status_code == 404


def test_reads_carry_validators_and_answer_304(api, owner):
    row = product("Sidamo", slug="sidamo")
    for address in (
        "/api/products/",
        "/api/products/sidamo/",
        "/api/categories/",
        "/api/products/sidamo/images/",
    ):
        first = api.get(address)
        one = address == "/api/products/sidamo/"
        assert first["ETag"].startswith('"' if one else 'W/"'), "lists weak"
        assert first["Cache-Control"] == "public, max-age=0, s-maxage=10"
        assert {"authorization", "accept"} <= {v.strip().lower() for v in first["Vary"].split(",")}
        again = api.get(address, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
        assert api.get(address, headers={"If-None-Match": 'W/"other"'}).status_code == 200
    before = api.get("/api/products/")["ETag"]
    set_on_hand(stock_item_id=row.variants.get().stock_item_id, on_hand=3, by=SYSTEM)
    assert api.get("/api/products/")["ETag"] == before, "quantities are not part of a public answer"
    set_on_hand(stock_item_id=row.variants.get().stock_item_id, on_hand=0, by=SYSTEM)
    assert api.get("/api/products/")["ETag"] != before
    private = owner.get("/api/products/", headers={"Authorization": "Bearer x"})
    assert "private" in private["Cache-Control"]
    assert "ETag" not in api.get("/api/products/?page_size=0")


def test_compare_at_price_is_that_of_the_cheapest_variant(api):
    row = product(price="50.00")
    factories.variant(product=row, price="40.00", compare_at_price="60.00")
    assert api.get(f"/api/products/{row.pk}/").json()["compare_at_price"]["amount"] == "60.00"


def test_archived_variants_are_not_shown(api):
    row = product(price="50.00")
    factories.variant(product=row, sku="OLD", archived_at="2026-01-01T00:00Z")
    assert len(api.get(f"/api/products/{row.pk}/").json()["variants"]) == 1
    assert len(api.get(f"/api/products/{row.pk}/variants/").json()["results"]) == 1


def test_a_deleted_product_is_404_everywhere(api, owner):
    row = product()
    delete_product(product_id=row.pk)
    for path in ("", "variants/", "images/"):
        assert owner.get(f"/api/products/{row.pk}/{path}").status_code == 404


# --- what docs/lists.md promises ------------------------------------------------------------------


def test_filters_of_every_kind_over_http(api):
    product("A", brand="Abay", tags=["new"])
    product("B", brand="Omo", tags=["new", "gift"])
    product("C")
    rows = {row.name: row.pk for row in Product.objects.all()}
    for query, expected in {
        "brand=abay": "A", "brand=abay&brand=omo": "AB", "tag=new": "AB", "tag=new&tag=gift": "B",
        f"ids={rows['A']},{rows['C']}": "AC", "attr.colour=red": "", "option.Number=0": "",
    }.items():  # fmt: skip
        assert "".join(sorted(names(api.get(f"/api/products/?{query}")))) == expected, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("ids=a", "ids"), ("updated_since=yesterday", "updated_since"), ("fields=password", "fields"),
        ("expand=orders", "expand"), ("attr.weight=1..2026-01-01", "attr.weight"), ("tag=%00", "tag"),
        ("&".join(f"brand=b{n}" for n in range(51)), "brand"),
    ],
)  # fmt: skip
def test_wrong_values_are_400_and_name_their_parameter(api, query, field):
    product()
    answer = api.get(f"/api/products/?{query}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"].startswith(field)


def test_a_cursor_belongs_to_its_list_filter_ordering_and_currency(api, owner):
    for number in range(3):
        product(f"P{number}", tags=["new"])
    address = api.get("/api/products/?page_size=1&tag=new&ordering=price").json()["next"]
    cursor = address.partition("cursor=")[2].partition("&")[0]
    assert len(names(api.get(f"/api/products/?page_size=2&tag=new&ordering=price&cursor={cursor}"))) == 2  # fmt: skip
    for other in ("tag=new", "ordering=price", "tag=old&ordering=price", "tag=new&ordering=-price"):
        answer = api.get(f"/api/products/?{other}&cursor={cursor}")
        assert answer.status_code == 400, other
        assert answer.json()["code"] == "invalid_cursor"


def test_facets_fields_and_expansions_over_http(api):
    shelf = factories.category("Beans", slug="beans")
    product("Sidamo", category=shelf, brand="Abay")
    body = api.get(
        "/api/products/?facets=true&count=true&fields=name,category.description&expand=category"
    )
    body = body.json()
    assert body["count"] == 1
    assert body["results"] == [{"name": "Sidamo", "category": {"description": ""}}]
    assert body["facets"]["count"] == 1
    assert body["facets"]["brand"]["values"][0]["value"] == "abay"
    one = api.get(f"/api/products/{Product.objects.get().slug}/?fields=id,variants.sku").json()
    assert set(one) == {"id", "variants"}


def test_a_copy_over_http(api):
    kept = {product(f"P{number}").pk for number in range(3)}
    gone = product("Gone")
    seen, removed, address = (
        set(),
        set(),
        "/api/products/?updated_since=2000-01-01T00:00:00Z&page_size=2",
    )
    delete_product(product_id=gone.pk)
    while address:
        body = api.get(address).json()
        seen |= {row["id"] for row in body["results"]}
        removed |= set(body["removed"])
        address = body["next"]
    assert seen == kept
    assert gone.pk in removed
    assert not removed & kept
    later = api.get(f"/api/products/?updated_since={body['until']}").json()
    assert later["next"] is None
