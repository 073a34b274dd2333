"""Staff write products and variants over the API."""

from __future__ import annotations

from uuid import uuid4

import pytest

from catalog.models import Product, Variant
from common.actors import GUEST
from inventory.models import Movement, StockItem
from inventory.services import reserve
from orders.checkout import Contact, Item, Wishes, checkout
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "/api/products/"


@pytest.fixture
def coffee(db):
    return factories.category("Coffee", slug="coffee")


def simple(owner, **fields):
    body = {"name": "Sidamo", "category": "coffee", "price": "1250.00", "stock": 10, **fields}
    answer = owner.post(LIST, body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def refused(answer, status: int, code: str, field: str | None = None):
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    if field is None:
        assert body["code"] == code, body
    else:
        assert {"field": field, "code": code} in [
            {"field": e["field"], "code": e["code"]} for e in body["errors"]
        ], body
    return body


# --- who may ----------------------------------------------------------------------------------


def test_only_permission_opens_the_writes(api, customer, clerk, owner, coffee):
    row = simple(owner)
    body = {"name": "X", "price": row["price"]}
    calls = [
        ("post", LIST, body, "add_product"),
        ("patch", f"{LIST}{row['id']}/", {"name": "Y"}, "change_product"),
        ("put", f"{LIST}{row['id']}/", body, "change_product"),
        ("post", f"{LIST}{row['id']}/variants/", {"price": "1", "options": [{"name": "a", "value": "b"}]}, "add_variant"),
        ("delete", f"{LIST}{row['id']}/", None, "delete_product"),
        ("post", "/api/categories/", {"name": "Tea"}, "add_category"),
        ("patch", "/api/categories/coffee/", {"name": "Tea"}, "change_category"),
        ("delete", "/api/categories/coffee/", None, "delete_category"),
    ]  # fmt: skip
    for verb, address, data, permission in calls:
        for caller, status in (
            (api, 401),
            (customer, 403),
            (clerk(), 403),
            (clerk("view_product"), 403),
        ):
            answer = getattr(caller, verb)(address, data)
            assert answer.status_code == status, (verb, address, answer.content)
        assert Product.objects.count() >= 1
        allowed = getattr(clerk(permission), verb)(address, data)
        assert allowed.status_code in {200, 201, 204}, (verb, address, allowed.content)


# --- creating ---------------------------------------------------------------------------------


def test_a_simple_product_in_one_call(owner, api, coffee):
    made = simple(
        owner, price={"amount": "1250.00", "currency": "ETB"}, sku="SID-1", compare_at_price="1400",
        description="<p onclick=x>Sweet</p><script>alert(1)</script>", tags=["arabica", " arabica ", "new"],
        brand="Nexus", is_published=True,
    )  # fmt: skip
    assert made["slug"] == "sidamo"
    assert made["price"] == {"amount": "1250.00", "currency": "ETB"}
    assert made["compare_at_price"]["amount"] == "1400.00"
    assert made["description"] == "<p>Sweet</p>"
    assert made["tags"] == ["arabica", "new"]
    assert made["stock"] == 10
    assert made["in_stock"] is True
    assert made["variants"][0]["sku"] == "SID-1"
    assert made["variants"][0]["options"] == []
    assert made["category"]["slug"] == "coffee"
    assert api.get("/api/products/sidamo/").status_code == 200
    movement = Movement.objects.get()
    assert (movement.quantity, movement.reason) == (10, "opening")
    assert movement.actor.startswith("staff")


def test_one_call_puts_it_on_sale_unless_it_is_to_be_a_draft(owner, api, coffee):
    assert api.get(f"{LIST}{simple(owner)['id']}/").status_code == 200
    made = simple(owner, is_published=False)
    assert made["status"] == "draft"
    assert api.get(f"{LIST}{made['id']}/").status_code == 404
    shown = owner.patch(f"{LIST}{made['id']}/", {"is_published": True}).json()
    first = shown["published_at"]
    assert first
    owner.patch(f"{LIST}{made['id']}/", {"is_published": False})
    assert (
        owner.patch(f"{LIST}{made['id']}/", {"is_published": True}).json()["published_at"] == first
    )


def test_a_product_with_variants_in_one_call(owner, coffee):
    made = owner.post(LIST, {
        "name": "Shirt", "category": coffee.pk, "variants": [
            {"price": "300", "stock": 1, "options": [{"name": "Size", "value": "S"}]},
            {"price": "250", "stock": 0, "options": [{"name": "Size", "value": "M"}], "sku": "M-1"},
        ],
    }).json()  # fmt: skip
    assert [variant["name"] for variant in made["variants"]] == ["S", "M"]
    assert made["price"]["amount"] == "250.00"
    assert made["stock"] == 1
    assert made["variants"][0]["sku"].startswith("NX-")


def test_idempotency_key_makes_one_product(owner, coffee):
    body = {"name": "Sidamo", "category": "coffee", "price": "10", "stock": 3}
    key = {"Idempotency-Key": str(uuid4())}
    first = owner.post(LIST, body, headers=key)
    again = owner.post(LIST, body, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert Product.objects.count() == StockItem.objects.count() == 1
    refused(owner.post(LIST, {**body, "name": "Other"}, headers=key), 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"name": ""}, "name", "blank"),
        ({"name": "  "}, "name", "blank"),
        ({"name": "a\x00b"}, "name", "null_characters_not_allowed"),
        ({"name": "x" * 256}, "name", "max_length"),
        ({"price": "-1"}, "price", "negative"),
        ({"price": "abc"}, "price", "invalid"),
        ({"price": "NaN"}, "price", "invalid"),
        ({"price": "1e400"}, "price", "too_large"),
        ({"price": "9" * 5000}, "price", "too_large"),
        ({"price": "1.001"}, "price", "decimals"),
        ({"price": {"amount": "1", "currency": "USD"}}, "price", "currency"),
        ({"price": None}, "price", "null"),
        ({"price": [1]}, "price", "invalid"),
        ({"price": True}, "price", "invalid"),
        ({"stock": -1}, "stock", "min_value"),
        ({"stock": 1.5}, "stock", "invalid"),
        ({"stock": True}, "stock", "invalid"),
        ({"stock": 10**10}, "stock", "max_value"),
        ({"stock": "9" * 1200}, "stock", "max_string_length"),
        ({"category": "tea"}, "category", "does_not_exist"),
        ({"category": str(10**30)}, "category", "does_not_exist"),
        ({"category": -1}, "category", "does_not_exist"),
        ({"category": True}, "category", "invalid"),
        ({"category": {"name": "x"}}, "category", "invalid"),
        ({"category": "a\x00"}, "category", "invalid"),
        ({"compare_at_price": "1"}, "compare_at_price", "compare_at_below_price"),
        ({"slug": "123"}, "slug", "invalid_slug"),
        ({"slug": "ቡና"}, "slug", "invalid_slug"),
        ({"slug": "a b"}, "slug", "invalid_slug"),
        ({"tags": "x"}, "tags", "not_a_list"),
        ({"tags": ["x"] * 51}, "tags", "max_length"),
        ({"tags": ["a\x00"]}, "tags.0", "null_characters_not_allowed"),
        ({"description": "x" * 50_001}, "description", "max_length"),
        ({"is_published": "perhaps"}, "is_published", "invalid"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"min_price": "1"}, "min_price", "unknown_field"),
        ({"variants": [{"price": "1"}]}, "price", "exclusive"),
        ({"variants": {"price": "1"}}, "variants.non_field_errors", None),
    ],
)  # fmt: skip
def test_bad_bodies_are_400_and_change_nothing(owner, coffee, change, field, code):
    body = {"name": "Sidamo", "category": "coffee", "price": "1250.00", "stock": 10, **change}
    answer = owner.post(LIST, body)
    assert answer.status_code == 400, answer.content
    if code:
        refused(answer, 400, code, field)
    assert not Product.objects.exists()
    assert not StockItem.objects.exists()


@pytest.mark.parametrize("body", [[], "x", None, 5, {"name": "x"}, {"price": "1"}])
def test_other_bodies_are_400(owner, body):
    assert owner.post(LIST, body).status_code == 400


def test_read_only_fields_are_ignored(owner, coffee):
    made = simple(
        owner, id=999, in_stock=False, images=[{"url": "x"}], created_at="1999-01-01T00:00:00Z"
    )
    assert made["id"] != 999
    assert made["in_stock"] is True
    assert made["images"] == []
    assert not made["created_at"].startswith("1999")


def test_names_without_latin_letters_still_get_readable_slugs(owner):
    assert simple(owner, name="ይርጋጨፌ ቡና", category=None)["slug"] == "yrgachefe-buna"
    assert simple(owner, name="Honey · ማር", category=None)["slug"] == "honey"
    assert simple(owner, name="12345", category=None)["slug"].startswith("product-")
    assert simple(owner, name="コーヒー", category=None)["slug"].startswith("product-")
    again = simple(owner, name="Honey", category=None)["slug"]
    assert again.startswith("honey-")


# --- taken ------------------------------------------------------------------------------------


def test_slug_and_sku_are_taken_once(owner, coffee):
    simple(owner, slug="one", sku="S-1")
    refused(owner.post(LIST, {"name": "B", "price": "1", "slug": "one"}), 409, "slug_taken", "slug")
    refused(owner.post(LIST, {"name": "B", "price": "1", "sku": "S-1"}), 409, "sku_taken", "sku")
    assert simple(owner, name="B", sku="s-1")["variants"][0]["sku"] == "s-1", "case matters"
    other = simple(owner, name="C")
    refused(owner.patch(f"{LIST}{other['id']}/", {"sku": "S-1"}), 409, "sku_taken", "sku")
    refused(owner.patch(f"{LIST}{other['id']}/", {"slug": "one"}), 409, "slug_taken", "slug")
    assert Product.objects.count() == StockItem.objects.count() == 3


# --- changing ---------------------------------------------------------------------------------


def test_what_was_read_can_be_sent_back(owner, coffee):
    made = simple(owner, compare_at_price="1500", tags=["a"], brand="B", is_published=True)
    address = f"{LIST}{made['id']}/"
    shown = owner.get(address).json()
    again = owner.put(address, shown)
    assert again.status_code == 200, again.content
    assert again.json() == shown, "updated_at included: nothing changed"
    assert Movement.objects.count() == 1
    variant = shown["variants"][0]
    assert owner.put(f"{address}variants/{variant['id']}/", variant).json() == variant


def test_put_replaces_and_patch_changes(owner, coffee):
    made = simple(owner, tags=["a"], brand="B", is_published=True, description="x")
    address = f"{LIST}{made['slug']}/"
    Product.objects.update(updated_at=made["created_at"][:4] + "-01-01T00:00Z")
    patched = owner.patch(address, {"price": "99.50", "stock": 4, "sku": "NEW"}).json()
    assert patched["price"]["amount"] == "99.50"
    assert patched["stock"] == 4
    assert patched["variants"][0]["sku"] == "NEW"
    assert patched["tags"] == ["a"]
    assert patched["updated_at"] >= made["updated_at"]
    replaced = owner.put(address, {"name": "Other", "price": "1"}).json()
    assert (replaced["name"], replaced["tags"], replaced["brand"]) == ("Other", [], "")
    assert replaced["category"] is None
    assert replaced["slug"] == made["slug"]
    assert replaced["stock"] == 4
    assert replaced["status"] == "published"
    refused(owner.put(address, {"name": "Other"}), 400, "required", "price")
    assert owner.patch(address, {}).json() == replaced


def test_price_fields_of_a_product_with_several_variants_are_the_variants(owner, coffee):
    row = factories.variant(price="10.00", stock=3).product
    factories.variant(product=row, price="20.00", stock=4)
    address = f"{LIST}{row.pk}/"
    for field, value in {"price": "11", "stock": 5, "sku": "X", "compare_at_price": "90"}.items():
        refused(owner.patch(address, {field: value}), 409, "several_variants", field)
    assert (
        owner.patch(address, {"price": "10.00", "stock": 7, "name": "New"}).json()["name"] == "New"
    )
    assert sorted(Variant.objects.values_list("price", flat=True)) == [10, 20]


def test_stock_written_is_stock_that_can_be_sold(owner, coffee):
    made = simple(owner, stock=10)
    item = StockItem.objects.get()
    reserve(quantities={item.pk: 4}, holder=uuid4())
    address = f"{LIST}{made['id']}/"
    assert owner.get(address).json()["stock"] == 6
    assert owner.patch(address, {"stock": 2}).json()["stock"] == 2
    item.refresh_from_db()
    assert (item.on_hand, item.reserved) == (6, 4)
    variant = f"{address}variants/{made['variants'][0]['id']}/"
    refused(owner.patch(variant, {"on_hand": 3}), 409, "stock_below_reserved")
    counted = owner.patch(variant, {"on_hand": 9}).json()
    assert (counted["stock"], counted["on_hand"], counted["reserved"]) == (5, 9, 4)
    assert [m.quantity for m in Movement.objects.order_by("pk")] == [10, -4, 3]


# --- variants ---------------------------------------------------------------------------------


def test_variants_come_and_go(owner, coffee):
    made = simple(owner)
    address = f"{LIST}{made['slug']}/variants/"
    size = [{"name": "Size", "value": "1 kg"}]
    key = {"Idempotency-Key": "a-key-of-staff"}
    added = owner.post(address, {"price": "900", "stock": 2, "options": size}, headers=key)
    assert added.status_code == 201, added.content
    assert (
        owner.post(address, {"price": "900", "stock": 2, "options": size}, headers=key).content
        == added.content
    )
    assert added.json()["name"] == "1 kg"
    refused(owner.post(address, {"price": "1", "options": size}), 409, "options_taken", "options")
    refused(owner.post(address, {"price": "1"}), 409, "options_taken", "options")
    refused(owner.post(address, {"options": size}), 400, "required", "price")
    twice = [{"name": "Size", "value": "S"}, {"name": "Size", "value": "L"}]
    refused(owner.post(address, {"price": "1", "options": twice}), 400, "repeated", "options")
    one = f"{address}{added.json()['id']}/"
    changed = owner.patch(one, {"price": "800", "compare_at_price": "900", "barcode": "123"}).json()
    assert changed["compare_at_price"]["amount"] == "900.00"
    refused(owner.patch(one, {"price": "901"}), 400, "compare_at_below_price", "compare_at_price")
    assert (
        owner.patch(one, {"options": [{"name": "Size", "value": "2 kg"}]}).json()["name"] == "2 kg"
    )
    assert owner.patch(one, {"name": "Bag"}).json()["name"] == "Bag"
    assert owner.get(f"{LIST}{made['slug']}/").json()["price"]["amount"] == "800.00"
    assert owner.delete(one).status_code == 204
    assert owner.get(one).status_code == 404
    last = f"{address}{made['variants'][0]['id']}/"
    refused(owner.delete(last), 409, "last_variant")
    assert owner.get(f"{LIST}{made['slug']}/").json()["price"]["amount"] == "1250.00"
    assert StockItem.objects.count() == 1


def test_a_variant_belongs_to_its_product(owner, coffee):
    one, other = simple(owner, name="A"), simple(owner, name="B")
    foreign = f"{LIST}{one['id']}/variants/{other['variants'][0]['id']}/"
    for verb in ("get", "patch", "delete"):
        assert getattr(owner, verb)(foreign).status_code == 404


# --- deleting ---------------------------------------------------------------------------------


def order(variant: Variant) -> None:
    from django.db import transaction

    with transaction.atomic():
        checkout(
            items=[Item(quantity=1, variant_id=variant.pk)], owner=None,
            contact=Contact(email="a@buyers.shop"), wishes=Wishes(), expected_total=None, by=GUEST,
        )  # fmt: skip


def test_a_product_without_orders_is_really_deleted(owner, coffee):
    made = simple(owner)
    assert owner.delete(f"{LIST}{made['id']}/").status_code == 204
    for model in (Product, Variant, StockItem, Movement):
        assert not model.objects.exists()
    assert owner.delete(f"{LIST}{made['id']}/").status_code == 404


def test_a_product_with_orders_is_archived_and_its_slug_and_skus_are_free(owner, api, coffee):
    made = simple(owner, slug="kept", sku="S-1", is_published=True)
    order(Variant.objects.get())
    assert owner.delete(f"{LIST}kept/").status_code == 204
    row = Product.objects.get()
    assert row.archived_at is not None
    assert not row.is_published
    assert not row.in_stock
    assert row.min_price == 1250, "what it cost last"
    for caller in (api, owner):
        assert caller.get(f"{LIST}{made['id']}/").status_code == 404
        assert caller.get(f"{LIST}kept/").status_code == 404
    assert owner.patch(f"{LIST}{made['id']}/", {"name": "x"}).status_code == 404
    assert not Variant.objects.for_sale().exists()
    again = simple(owner, slug="kept", sku="S-1")
    assert again["id"] != made["id"]
    archived = owner.get(f"{LIST}?status=archived").json()["results"]
    assert [shown["id"] for shown in archived] == [made["id"]]


def test_a_variant_with_orders_is_archived(owner, coffee):
    row = factories.variant(price="10.00").product
    sold = factories.variant(product=row, sku="SOLD", price="5.00")
    order(sold)
    assert owner.delete(f"{LIST}{row.pk}/variants/{sold.pk}/").status_code == 204
    sold.refresh_from_db()
    assert sold.archived_at is not None
    assert owner.get(f"{LIST}{row.pk}/").json()["price"]["amount"] == "10.00"
    factories.variant(product=row, sku="SOLD")
    assert owner.delete(f"{LIST}{row.pk}/variants/{sold.pk}/").status_code == 404
