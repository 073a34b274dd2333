"""Texts, prices and stock are three rights: one body, one page, three kinds of staff."""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient

from account import roles
from account.models import Role, User
from catalog.models import Product, Variant
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "/api/products/"


@pytest.fixture
def by_role():
    """Signs somebody with that role in, to the API or the admin."""

    def sign_in(role: Role, kind=APIClient):
        user = factories.user()
        roles.grant(user=user, role=role, by=None)
        client, user = kind(), User.objects.get(pk=user.pk)
        if kind is APIClient:
            client.force_authenticate(user)
        else:
            client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def product():
    return factories.variant(stock=10, price="100.00", sku="SID-1").product


def state(product):
    fields = ("sku", "name", "price", "compare_at_price", "stock_item__on_hand")
    shown = Product.objects.filter(pk=product.pk).values(
        "name", "slug", "is_published", "min_price"
    )
    return shown.get(), list(Variant.objects.filter(product=product).order_by("pk").values(*fields))


CHANGES = {
    "name": "Guji",
    "description": "<p>new</p>",
    "slug": "guji",
    "is_published": False,
    "sku": "GUJ-1",
    "price": "1.00",
    "compare_at_price": "500.00",
    "stock": 3,
}
PRICES = {"price", "compare_at_price"}
MAY = {
    Role.OWNER: set(CHANGES),
    Role.CATALOG_EDITOR: set(CHANGES) - {"stock"},
    Role.STOCK_KEEPER: {"stock"},
    Role.ORDER_DESK: set(),
    Role.FINANCE: set(),
    Role.SUPPORT: set(),
}


@pytest.mark.parametrize("field", CHANGES)
@pytest.mark.parametrize("role", Role)
def test_each_role_changes_its_own_fields_of_a_product(by_role, product, role, field):
    before = state(product)
    answer = by_role(role).patch(f"{LIST}{product.pk}/", {field: CHANGES[field]})
    if field in MAY[role]:
        assert answer.status_code == 200, answer.content
        if field != "description":
            assert state(product) != before
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
        assert state(product) == before


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("name", "Large", "sku"),
        ("barcode", "123", "sku"),
        ("options", [{"name": "Size", "value": "S"}], "sku"),
        ("price", "1.00", "price"),
        ("stock", 3, "stock"),
        ("on_hand", 3, "stock"),
    ],
)
def test_each_role_changes_its_own_fields_of_a_variant(by_role, product, role, field, value, kind):
    before = state(product)
    variant = product.variants.get()
    answer = by_role(role).patch(f"{LIST}{product.pk}/variants/{variant.pk}/", {field: value})
    if kind in MAY[role]:
        assert answer.status_code == 200, answer.content
    else:
        assert answer.status_code == 403
        assert state(product) == before


@pytest.mark.parametrize("role", [Role.CATALOG_EDITOR, Role.STOCK_KEEPER])
def test_what_was_read_can_be_sent_back(by_role, product, role):
    client = by_role(role)
    address = f"{LIST}{product.pk}/"
    read = client.get(address).json()
    before = state(product)
    assert client.put(address, read).status_code == 200
    assert state(product) == before
    variant = f"{address}variants/{product.variants.get().pk}/"
    assert client.put(variant, client.get(variant).json()).status_code == 200
    assert state(product) == before


def test_the_right_field_beside_a_wrong_one_changes_nothing(by_role, product):
    before = state(product)
    answer = by_role(Role.STOCK_KEEPER).patch(f"{LIST}{product.pk}/", {"stock": 3, "price": "1.00"})
    assert answer.status_code == 403
    assert "price" in answer.json()["detail"]
    assert state(product) == before


def test_a_rival_s_count_is_not_undone_by_who_may_not_count(by_role, product, monkeypatch):
    """The editor sends the stock along as they read it; between the look and the write somebody sells."""
    from catalog import views
    from inventory.models import StockItem

    usual = views.update_product

    def sold_meanwhile(**kwargs):
        StockItem.objects.filter(variant__product=product).update(on_hand=7)
        return usual(**kwargs)

    monkeypatch.setattr(views, "update_product", sold_meanwhile)
    answer = by_role(Role.CATALOG_EDITOR).patch(
        f"{LIST}{product.pk}/", {"stock": 10, "name": "Guji"}
    )
    assert answer.status_code == 200
    assert answer.json()["stock"] == 7


def test_opening_stock_and_first_price_come_with_what_is_new(by_role, permit):
    body = {"name": "Guji", "price": "10.00", "stock": 4, "is_published": True}
    made = by_role(Role.CATALOG_EDITOR).post(LIST, body)
    assert made.status_code == 201
    assert made.json()["stock"] == 4
    adder = APIClient()
    adder.force_authenticate(permit(factories.user(is_staff=True), "add_product", "add_variant"))
    several = {"name": "Tea", "variants": [{"price": "1", "stock": 0}, {"price": "1", "on_hand": 2,
               "options": [{"name": "a", "value": "b"}]}]}  # fmt: skip
    for refused in (body, several):
        count = Product.objects.count()
        assert adder.post(LIST, refused).status_code == 403
        assert Product.objects.count() == count
    assert adder.post(LIST, {**body, "stock": 0}).status_code == 201
    product = Product.objects.latest("pk")
    more = {"price": "1", "options": [{"name": "a", "value": "b"}]}
    assert adder.post(f"{LIST}{product.pk}/variants/", {**more, "stock": 1}).status_code == 403
    assert adder.post(f"{LIST}{product.pk}/variants/", more).status_code == 201


def test_several_variants_are_counted_one_by_one(by_role, product):
    factories.variant(product=product)
    keeper = by_role(Role.STOCK_KEEPER)
    answer = keeper.patch(f"{LIST}{product.pk}/", {"stock": 3})
    assert answer.json()["code"] == "several_variants"
    editor = by_role(Role.CATALOG_EDITOR)
    read = editor.get(f"{LIST}{product.pk}/").json()
    assert editor.put(f"{LIST}{product.pk}/", read).status_code == 200


# --- the admin --------------------------------------------------------------------------------


def page_of(product, **changes):
    variant = product.variants.get()
    row = {
        "id": variant.pk, "sku": "GUJ-1", "choices": "Size=S", "name": "Large", "price": "1.00",
        "compare_at_price": "500.00", "stock": "3", "weight_grams": "9", "barcode": "9",
    }  # fmt: skip
    form = {
        "name": "Guji", "slug": "guji", "description": "new", "brand": "x", "tags": "a",
        "variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "1", "variants-MIN_NUM_FORMS": "1",
        "variants-MAX_NUM_FORMS": "1000",
        "images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0", "images-MIN_NUM_FORMS": "0",
        "images-MAX_NUM_FORMS": "1000",
    }  # fmt: skip
    return form | {f"variants-0-{name}": value for name, value in row.items()} | changes


def admin_page(product):
    return f"/admin/catalog/product/{product.pk}/change/"


def test_the_stock_keeper_s_page_sets_stock_and_nothing_else(by_role, product):
    keeper = by_role(Role.STOCK_KEEPER, Client)
    assert keeper.get(admin_page(product)).status_code == 200
    before, ((row),) = state(product)
    answer = keeper.post(admin_page(product), page_of(product))
    assert answer.status_code == 302, answer.context["errors"]
    after, ((changed),) = state(product)
    assert after == before
    assert changed == {**row, "stock_item__on_hand": 3}


def test_the_editor_s_page_sets_everything_but_stock(by_role, product):
    editor = by_role(Role.CATALOG_EDITOR, Client)
    answer = editor.post(admin_page(product), page_of(product))
    assert answer.status_code == 302, answer.context["errors"]
    shown, (row,) = state(product)
    assert (shown["name"], row["sku"], str(row["price"])) == ("Guji", "GUJ-1", "1.00")
    assert row["stock_item__on_hand"] == 10


@pytest.mark.parametrize("role", [Role.ORDER_DESK, Role.FINANCE, Role.SUPPORT])
def test_the_others_look(by_role, product, role):
    client = by_role(role, Client)
    before = state(product)
    shown = client.get(admin_page(product))
    assert shown.status_code == 200
    assert b'name="_save"' not in shown.content
    assert b'type="number"' not in shown.content
    assert client.post(admin_page(product), page_of(product)).status_code == 403
    assert state(product) == before


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER, Role.CATALOG_EDITOR}))
def test_only_who_edits_publishes(by_role, product, role):
    client = by_role(role, Client)
    listed = "/admin/catalog/product/"
    assert b"unpublish" not in client.get(listed).content
    client.post(listed, {"action": "unpublish", "_selected_action": [product.pk]})
    product.refresh_from_db()
    assert product.is_published


def test_the_stock_keeper_neither_adds_nor_deletes_in_the_page(by_role, product):
    keeper = by_role(Role.STOCK_KEEPER, Client)
    other = {"variants-1-price": "5", "variants-1-choices": "Size=L", "variants-1-stock": "5"}
    keeper.post(
        admin_page(product),
        page_of(product, **{"variants-TOTAL_FORMS": "2", "variants-0-DELETE": "on", **other}),
    )
    assert product.variants.count() == 1
    assert keeper.get("/admin/catalog/product/add/").status_code == 403
    assert (
        keeper.post(f"/admin/catalog/product/{product.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )
