"""A stale editor is told: `If-Match` on writes, strong ETags on reads, and the same in the admin."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client

from account import sessions
from account.models import Address, User
from catalog.categories import update_category
from catalog.models import Category, Image, Product, Variant
from catalog.services import update_product, update_variant
from common.actors import SYSTEM
from inventory.services import set_on_hand
from tests import factories
from tests.catalog.conftest import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def coffee(db):
    row = factories.variant(product_name="Sidamo", stock=5)
    Image.objects.create(product=row.product, file="products/1/a.webp", alt="old")
    return row


@pytest.fixture
def addresses_of(coffee):
    """The address of each part of the product, with a change."""
    image = Image.objects.get()
    base = f"/api/products/{coffee.product_id}/"
    return {
        base: {"description": "new"},
        f"{base}variants/{coffee.pk}/": {"barcode": "new"},
        f"{base}images/{image.pk}/": {"alt": "new"},
    }


def test_every_part_of_a_product_is_changed_only_over_what_was_read(owner, addresses_of):
    for path, change in addresses_of.items():
        read = owner.get(path)["ETag"]
        assert re.fullmatch(r'"v\d+-\d+\.[0-9a-f]{24}"', read), "strong, with the product's version"
        assert owner.patch(path, change, headers={"If-Match": '"v0.0"'}).status_code == 412
        assert owner.get(path)["ETag"] == read, "nothing was done"
        written = owner.patch(path, change, headers={"If-Match": read})
        assert written.status_code == 200, written.content
        assert written["ETag"] == owner.get(path)["ETag"] != read
        stale = owner.patch(path, {}, headers={"If-Match": read})
        assert stale.status_code == 412
        assert stale["Content-Type"] == "application/problem+json"
        assert stale.json()["code"] == "precondition_failed"
        assert owner.delete(path, headers={"If-Match": read}).status_code == 412
    assert (Product.objects.count(), Variant.objects.count(), Image.objects.count()) == (1, 1, 1)


def test_any_change_of_the_product_makes_its_parts_stale(owner, addresses_of, coffee):
    tags = {path: owner.get(path)["ETag"] for path in addresses_of}
    update_variant(variant_id=coffee.pk, changes={"price": 999}, by=SYSTEM)
    for path, change in addresses_of.items():
        assert owner.patch(path, change, headers={"If-Match": tags[path]}).status_code == 412, path


def test_a_count_of_stock_is_an_edit_and_a_sale_is_none(owner, coffee):
    path = f"/api/products/{coffee.product_id}/"
    read = owner.get(path)["ETag"]
    set_on_hand(stock_item_id=coffee.stock_item_id, on_hand=4, by=SYSTEM)  # as a sale does
    counted = owner.patch(path, {"stock": 7}, headers={"If-Match": read})
    assert counted.status_code == 200, counted.content
    assert owner.patch(path, {"stock": 8}, headers={"If-Match": read}).status_code == 412


def test_what_was_read_without_signing_in_can_be_sent_with_a_change(api, owner, coffee):
    path = f"/api/products/{coffee.product_id}/"
    public = api.get(path)["ETag"]
    assert public != owner.get(path)["ETag"], "other bytes"
    assert public.split(".")[0] == owner.get(path)["ETag"].split(".")[0], "the same state"
    assert owner.patch(path, {"name": "New"}, headers={"If-Match": public}).status_code == 200
    assert owner.patch(path, {"name": "Newer"}, headers={"If-Match": public}).status_code == 412


@pytest.mark.parametrize(
    ("header", "passes"),
    [
        ("{tag}", True),
        ('"other", {tag}', True),
        ("*", True),
        (" * ", True),
        ("W/{tag}", False),
        ('W/{tag}, "v0.0"', False),
        ("", False),
        ("{tag", False),
        ("v1", False),
        ('"', False),
        ('""', False),
        ('"*"', False),
        ('"\xff"', False),
    ],
)
@pytest.mark.parametrize("noun", ["product", "category"])
def test_how_the_header_is_read(owner, coffee, header, passes, noun):
    path = f"/api/products/{coffee.product_id}/"
    if noun == "category":
        path = f"/api/categories/{factories.category().pk}/"
    tag = owner.get(path)["ETag"]
    given = header.replace("{tag}", tag).replace("{tag", tag[:-1])
    answer = owner.patch(path, {"name": "New"}, headers={"If-Match": given})
    assert answer.status_code == (200 if passes else 412), answer.content


def test_a_resource_that_is_not_there_is_404_with_any_tag(owner, coffee):
    nowhere = "/api/addresses/01936b2f-0000-7000-8000-000000000000/"
    for path in ("/api/products/999999/", "/api/categories/999999/", nowhere):
        for tag in ("*", '"v1.0"'):
            assert owner.patch(path, {"name": "x"}, headers={"If-Match": tag}).status_code == 404
    part = f"/api/products/{coffee.product_id}/variants/999999/"
    assert owner.patch(part, {}, headers={"If-Match": "*"}).status_code == 404


def test_who_may_not_write_learns_nothing(api, customer, coffee):
    path = f"/api/products/{coffee.product_id}/"
    assert api.patch(path, {}, headers={"If-Match": '"v0.0"'}).status_code == 401
    assert customer.patch(path, {}, headers={"If-Match": '"v0.0"'}).status_code == 403


def test_a_read_with_the_tag_is_304_and_with_if_match_of_another_412(api, coffee):
    path = f"/api/products/{coffee.product_id}/"
    tag = api.get(path)["ETag"]
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert api.get(path, headers={"If-None-Match": f"W/{tag}"}).status_code == 304
    assert api.get(path, headers={"If-Match": tag}).status_code == 200
    refused = api.get(path, headers={"If-Match": '"other"'})
    assert (refused.status_code, refused["Content-Type"]) == (412, "application/problem+json")


class Session:
    """Somebody whose row is read anew for each call, as their token would."""

    def __init__(self, pk):
        self.pk = pk

    def __getattr__(self, method):
        user = User.objects.get(pk=self.pk)
        client = signed_in(user)
        client.force_authenticate(user, sessions.open_session(user=user, device=sessions.Device()))
        return getattr(client, method)


def test_categories_addresses_and_profiles(owner):
    category = factories.category()
    person = factories.user(first_name="Abebe")
    mine = Address.objects.create(user=person, city="Addis Ababa")
    for caller, path, change, again in (
        (owner, f"/api/categories/{category.pk}/", {"name": "Tea"}, {"name": "Coffee"}),
        (person, f"/api/addresses/{mine.public_id}/", {"label": "home"}, {"label": "work"}),
        (person, "/api/auth/me/", {"first_name": "Hana"}, {"first_name": "Sara"}),
    ):
        client = owner if caller is owner else Session(person.pk)
        first = client.get(path)["ETag"]
        assert re.fullmatch(r'"[0-9a-f]{24}\.[0-9a-f]{24}"', first)
        second = client.patch(path, change, headers={"If-Match": first})
        assert second.status_code == 200, second.content
        assert second["ETag"] == client.get(path)["ETag"] != first
        assert client.patch(path, again, headers={"If-Match": first}).status_code == 412, path
        assert client.delete(path, headers={"If-Match": first}).status_code == 412, path
        assert client.patch(path, again, headers={"If-Match": second["ETag"]}).status_code == 200
    person.refresh_from_db()
    assert (person.is_active, person.first_name) == (True, "Sara")


def test_a_change_by_raw_sql_counts(owner):
    category = factories.category()
    path = f"/api/categories/{category.pk}/"
    tag = owner.get(path)["ETag"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_category SET name = 'Tea'")
    assert owner.patch(path, {"name": "x"}, headers={"If-Match": tag}).status_code == 412


def test_roles_are_set_only_over_those_that_were_read(owner):
    from account.models import Role, UserRole

    clerk = factories.user(is_staff=True)
    UserRole.objects.create(user=clerk, role=Role.SUPPORT)
    path = f"/api/staff/{clerk.public_id}/"
    tag = owner.get(path)["ETag"]

    def put(roles, tag):
        return owner.put(f"{path}roles/", {"roles": roles}, headers={"If-Match": tag})

    changed = put([Role.SUPPORT, Role.OWNER], tag)
    assert changed.status_code == 200, changed.content
    assert put([], tag).status_code == 412
    assert put([], changed["ETag"]).status_code == 200


# --- the admin ------------------------------------------------------------------------------------


@pytest.fixture
def desk(db):
    client = Client()
    client.force_login(factories.staff())
    return client


def form_of(client, path) -> dict[str, str]:
    """What a browser would send back of a page, unchanged."""
    page = client.get(path).context["adminform"].form
    formsets = client.get(path).context["inline_admin_formsets"]
    sent = {}
    parts = [form for s in formsets for form in (s.formset.management_form, *s.formset.forms)]
    for form in (page, *parts):
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                sent[field.html_name] = value if not isinstance(value, list) else ",".join(value)
    return sent


def test_the_second_of_two_editors_in_the_admin_is_told(desk, coffee):
    path = f"/admin/catalog/product/{coffee.product_id}/change/"
    first, second = form_of(desk, path), form_of(desk, path)
    assert first["state"].startswith("v")
    saved = desk.post(path, {**first, "name": "First"})
    assert saved.status_code == 302, saved.context["errors"]
    told = desk.post(path, {**second, "brand": "Second"})
    assert told.status_code == 200
    assert "Somebody has changed this" in told.content.decode()
    assert 'value="Second"' in told.content.decode(), "what they typed is not lost"
    product = Product.objects.get()
    assert (product.name, product.brand) == ("First", "")
    assert desk.post(path, {**told_again(told), "brand": "Second"}).status_code == 200, "still"
    assert desk.post(path, {**form_of(desk, path), "brand": "Second"}).status_code == 302
    assert (Product.objects.get().name, Product.objects.get().brand) == ("First", "Second")


def told_again(page) -> dict[str, str]:
    form = page.context["adminform"].form
    return {**form.data.dict()}


def test_a_change_through_the_api_makes_the_page_stale(desk, coffee):
    path = f"/admin/catalog/product/{coffee.product_id}/change/"
    page = form_of(desk, path)
    update_product(product_id=coffee.product_id, changes={"description": "x"}, by=SYSTEM)
    assert desk.post(path, {**page, "name": "Late"}).status_code == 200
    assert Product.objects.get().name != "Late"


def test_categories_in_the_admin(desk):
    category = factories.category()
    path = f"/admin/catalog/category/{category.pk}/change/"
    page = form_of(desk, path)
    update_category(category_id=category.pk, changes={"position": 7})
    assert "Somebody has changed this" in desk.post(path, {**page, "name": "Late"}).content.decode()
    assert desk.post(path, {**form_of(desk, path), "name": "In time"}).status_code == 302
    assert Category.objects.get(pk=category.pk).position == 7


def test_who_only_looks_sees_no_field_for_it(permit, coffee):
    client = Client()
    client.force_login(permit(factories.user(is_staff=True), "view_product", "view_category"))
    page = client.get(f"/admin/catalog/product/{coffee.product_id}/change/")
    assert page.status_code == 200
    assert "state" not in [f for _, o in page.context["adminform"].fieldsets for f in o["fields"]]
