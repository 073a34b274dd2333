"""Collections by hand."""

from __future__ import annotations

import pytest

from catalog.models import CollectionProduct, Product
from tests import factories
from tests.catalog.described import PRODUCTS, ok, product, refused

pytestmark = pytest.mark.django_db
COLLECTIONS = "/api/collections/"


@pytest.fixture
def gifts(owner):
    return ok(owner.post(COLLECTIONS, {"name": "Gifts for Genna", "position": 2}), 201)


@pytest.fixture
def three(owner):
    return [product(owner, name=name)["id"] for name in ("A", "B", "C")]


def inside(owner) -> list[int]:
    return [
        row["id"] for row in ok(owner.get(f"{COLLECTIONS}gifts-for-genna/products/"))["results"]
    ]


def test_the_public_sees_published_collections_in_order(owner, api, gifts):
    ok(owner.post(COLLECTIONS, {"name": "First", "position": 1}), 201)
    hidden = ok(owner.post(COLLECTIONS, {"name": "Hidden", "is_published": False}), 201)
    assert [row["name"] for row in ok(api.get(COLLECTIONS))["results"]] == [
        "First",
        "Gifts for Genna",
    ]
    assert set(ok(api.get(f"{COLLECTIONS}first/"))) == {
        "id",
        "slug",
        "name",
        "description",
        "position",
    }
    assert api.get(f"{COLLECTIONS}hidden/").status_code == 404
    assert ok(owner.get(f"{COLLECTIONS}hidden/"))["is_published"] is False
    assert len(ok(owner.get(COLLECTIONS))["results"]) == 3
    ok(owner.patch(f"{COLLECTIONS}{hidden['id']}/", {"is_published": True}))
    assert ok(api.get(f"{COLLECTIONS}hidden/"))["name"] == "Hidden"


def test_products_are_set_in_order(owner, gifts, three):
    a, b, c = three
    address = f"{COLLECTIONS}{gifts['id']}/products/"
    ok(owner.put(address, {"products": [c, a]}), 204)
    rows = ok(owner.get(address))["results"]
    assert [(row["id"], row["name"], row["status"]) for row in rows] == [
        (c, "C", "published"), (a, "A", "published"),
    ]  # fmt: skip
    ok(owner.put(address, {"products": [a, b, c]}), 204)
    assert inside(owner) == [a, b, c]
    ok(owner.put(address, {"products": []}), 204)
    assert inside(owner) == []


def test_one_product_is_added_moved_and_removed(owner, gifts, three):
    a, b, c = three
    address = f"{COLLECTIONS}gifts-for-genna/products/"
    ok(owner.post(address, {"product": a}), 201)
    ok(owner.post(address, {"product": b}), 201)
    ok(owner.post(address, {"product": c, "position": 0}), 201)
    assert inside(owner) == [c, a, b]
    assert ok(owner.post(address, {"product": b, "position": 1}))["position"] == 1
    assert inside(owner) == [c, b, a]
    ok(owner.delete(f"{address}{b}/"), 204)
    assert inside(owner) == [c, a]
    assert owner.delete(f"{address}{b}/").status_code == 404
    assert owner.post(address, {"product": 10**9}).status_code == 404


@pytest.mark.parametrize(
    ("ids", "field", "code"),
    [
        (lambda three: [three[0], 10**9], "products.1", "does_not_exist"),
        (lambda three: [10**18], "products.0", "does_not_exist"),
        (lambda three: [three[0], three[0]], "products.1", "repeated"),
        (lambda three: [0], "products.0", "min_value"),
        (lambda three: ["x"], "products.0", "invalid"),
        (lambda three: "x", "products", "not_a_list"),
    ],
)
def test_bad_products_change_nothing(owner, gifts, three, ids, field, code):
    address = f"{COLLECTIONS}{gifts['id']}/products/"
    ok(owner.put(address, {"products": three}), 204)
    refused(owner.put(address, {"products": ids(three)}), 400, code, field)
    assert inside(owner) == three


def test_what_is_gone_is_in_no_collection(owner, gifts, three):
    address = f"{COLLECTIONS}{gifts['id']}/products/"
    ok(owner.put(address, {"products": three}), 204)
    ok(owner.delete(f"{PRODUCTS}{three[1]}/"), 204)
    assert inside(owner) == [three[0], three[2]]
    ok(owner.delete(f"{COLLECTIONS}{gifts['id']}/"), 204)
    assert not CollectionProduct.objects.exists()
    assert owner.get(f"{PRODUCTS}{three[0]}/").status_code == 200


def test_what_is_archived_keeps_its_place_and_stands_in_nobodys_way(owner, gifts, three):
    a, b, c = three
    address = f"{COLLECTIONS}{gifts['id']}/products/"
    ok(owner.put(address, {"products": [a, b]}), 204)
    factories.place(variant=Product.objects.get(pk=a).variants.get())
    ok(owner.delete(f"{PRODUCTS}{a}/"), 204)
    assert inside(owner) == [b]
    ok(owner.post(address, {"product": c}), 201)
    ok(owner.post(address, {"product": c, "position": 0}))
    assert inside(owner) == [c, b]
    ok(owner.put(address, {"products": inside(owner)}), 204)
    ok(owner.post(f"{PRODUCTS}{a}/restore/", {}))
    assert set(inside(owner)) == {a, b, c}


def test_only_what_moves_is_written(owner, gifts, three):
    a, b, c = three
    address = f"{COLLECTIONS}{gifts['id']}/products/"
    ok(owner.put(address, {"products": [a, b]}), 204)
    versions = dict(Product.objects.values_list("pk", "version"))
    ok(owner.put(address, {"products": [a, b]}), 204)
    ok(owner.post(address, {"product": c}), 201)
    now = dict(Product.objects.values_list("pk", "version"))
    assert {pk for pk in three if now[pk] != versions[pk]} == {c}


def test_the_list_of_products_is_narrowed_to_a_collection(owner, api, gifts, three):
    ok(owner.put(f"{COLLECTIONS}{gifts['id']}/products/", {"products": three[:2]}), 204)
    for key in (gifts["id"], gifts["slug"]):
        rows = ok(api.get(f"{PRODUCTS}?collection={key}"))["results"]
        assert {row["id"] for row in rows} == set(three[:2])


def test_slugs_are_made_given_and_taken(owner, gifts):
    assert gifts["slug"] == "gifts-for-genna"
    twin = ok(owner.post(COLLECTIONS, {"name": "Gifts for Genna"}), 201)
    assert twin["slug"].startswith("gifts-for-genna-")
    body = {"name": "X", "slug": "gifts-for-genna"}
    refused(owner.post(COLLECTIONS, body), 409, "slug_taken", "slug")
    refused(
        owner.patch(f"{COLLECTIONS}{twin['id']}/", {"slug": gifts["slug"]}),
        409,
        "slug_taken",
        "slug",
    )
    assert ok(owner.put(f"{COLLECTIONS}{gifts['id']}/", gifts)) == gifts, "sent back as it was read"


def test_a_stale_editor_is_told(owner, gifts, three):
    address = f"{COLLECTIONS}{gifts['id']}/"
    tag = owner.get(address)["ETag"]
    ok(owner.put(f"{address}products/", {"products": three}, headers={"If-Match": tag}), 204)
    late = owner.put(f"{address}products/", {"products": []}, headers={"If-Match": tag})
    refused(late, 412, "precondition_failed")
    assert inside(owner) == three


def test_strangers_do_not_read_what_is_hidden_in_it(api, customer, owner, gifts):
    address = f"{COLLECTIONS}{gifts['id']}/products/"
    assert api.get(address).status_code == 401
    assert customer.get(address).status_code == 403


def test_lists_ask_as_much_for_many_rows_as_for_one(owner, api, gifts, counted):
    ids = [factories.variant().product_id for _ in range(6)]
    ok(owner.put(f"{COLLECTIONS}{gifts['id']}/products/", {"products": ids}), 204)
    for number in range(5):
        ok(owner.post(COLLECTIONS, {"name": f"C{number}"}), 201)
    for caller, address in (
        (api, COLLECTIONS),
        (owner, COLLECTIONS),
        (owner, f"{COLLECTIONS}{gifts['id']}/products/"),
    ):

        def ask(size: int, who=caller, where=address) -> int:
            return counted(lambda: ok(who.get(f"{where}?page_size={size}")))

        assert ask(1) == ask(100), address
