"""The doors of prices: what callers are shown, and what staff write."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from account.models import CustomerGroup
from catalog.models import RETAIL, Price, PriceList
from tests import factories
from tests.catalog.conftest import signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def wholesaler():
    group = CustomerGroup.objects.create(name="Wholesalers")
    PriceList.objects.create(name="Wholesale", group=group)
    return factories.user(customer_group=group)


def path(variant, tail=""):
    return f"/api/products/{variant.product_id}/variants/{variant.pk}/prices/{tail}"


def shown(api, variant, **query):
    response = api.get(f"/api/products/{variant.product.slug}/prices/", query)
    assert response.status_code == 200, response.json()
    [one] = response.json()["results"]
    return one


def begun(variant, amount, **fields):
    fields = {"price_list_id": RETAIL, "valid_from": timezone.now() - DAY, **fields}
    return Price.objects.create(variant=variant, amount=Decimal(amount), **fields)


def refused(response, status, code, field=None):
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    if field is not None:
        assert [error["field"] for error in body["errors"]] == [field], body


# --- what the caller pays ---------------------------------------------------------------------


def test_everybody_sees_what_they_pay(api, wholesaler, owner):
    variant = factories.variant(price="100.00")
    wholesale = wholesaler.customer_group.price_list
    begun(variant, "80", price_list_id=wholesale.pk)
    begun(variant, "60", price_list_id=wholesale.pk, min_quantity=10)
    etb = lambda amount: {"amount": amount, "currency": "ETB"}  # noqa: E731
    assert shown(api, variant) == {
        "variant_id": variant.pk, "sku": variant.sku, "price": etb("100.00"), "regular_price": etb("100.00"),
        "compare_at_price": None, "is_sale": False, "valid_until": None,
        "tiers": [{"min_quantity": 1, "price": etb("100.00")}], "lowest_price_30_days": etb("100.00"),
    }  # fmt: skip
    theirs = shown(signed_in(wholesaler), variant)
    assert theirs["price"] == etb("80.00")
    assert theirs["tiers"] == [
        {"min_quantity": 1, "price": etb("80.00")}, {"min_quantity": 10, "price": etb("60.00")},
    ]  # fmt: skip
    assert shown(signed_in(wholesaler), variant, quantity=12)["price"] == etb("60.00")
    assert shown(owner, variant)["price"] == etb("100.00")
    assert shown(owner, variant, price_list=wholesale.pk)["price"] == etb("80.00")


def test_only_staff_look_through_other_lists(api, customer, owner, wholesaler):
    url = f"/api/products/{factories.variant().product.slug}/prices/"
    query = {"price_list": wholesaler.customer_group.price_list.pk}
    refused(api.get(url, query), 401, "not_authenticated")
    refused(customer.get(url, query), 403, "permission_denied")
    refused(owner.get(url, {"price_list": 999}), 400, "does_not_exist", "price_list")


def test_a_sale_is_told_with_its_end_and_the_lowest_price(api):
    variant = factories.variant(price="100.00")
    sale = begun(variant, "75", is_sale=True, valid_until=timezone.now() + DAY)
    one = shown(api, variant)
    assert (one["price"]["amount"], one["regular_price"]["amount"]) == ("75.00", "100.00")
    assert (one["compare_at_price"]["amount"], one["is_sale"]) == ("100.00", True)
    assert parse_datetime(one["valid_until"]) == sale.valid_until


def test_as_of_a_moment(api):
    variant = factories.variant(price="100.00")
    sale = begun(
        variant,
        "75",
        is_sale=True,
        valid_from=timezone.now() + DAY,
        valid_until=timezone.now() + 2 * DAY,
    )
    assert shown(api, variant)["valid_until"] is not None
    then = shown(api, variant, at=sale.valid_from.isoformat())
    assert (then["price"]["amount"], then["lowest_price_30_days"]) == ("75.00", None)
    assert shown(api, variant, at=sale.valid_until.isoformat())["price"]["amount"] == "100.00"
    assert shown(api, variant, at="1999-01-01T00:00:00Z")["price"] is None


def test_another_currency(api):
    variant = factories.variant(price="100.00")
    begun(variant, "7000", currency="UGX")
    assert shown(api, variant, currency="UGX")["price"] == {"amount": "7000", "currency": "UGX"}
    kes = shown(api, variant, currency="KES")
    assert (kes["price"], kes["tiers"], kes["lowest_price_30_days"]) == (None, [], None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("currency", "XXX"), ("quantity", "0"), ("quantity", "many"), ("at", "yesterday"),
        ("at", "9999-12-31T23:59:59-14:00"), ("price_list", "-1"), ("price_list", str(10**30)),
    ],
)  # fmt: skip
def test_senseless_questions(api, name, value):
    url = f"/api/products/{factories.variant().product.slug}/prices/"
    refused(api.get(url, {name: value}), 400, "invalid", name)


def test_drafts_are_not_priced_in_public(api, owner):
    variant = factories.variant()
    variant.product.__class__.objects.filter(pk=variant.product_id).update(is_published=False)
    url = f"/api/products/{variant.product.slug}/prices/"
    assert api.get(url).status_code == 404
    assert owner.get(url).status_code == 200


def test_what_a_token_sees_is_kept_by_nobody_else(api, customer):
    url = f"/api/products/{factories.variant().product.slug}/prices/"
    answer = api.get(url)
    assert "public" in answer["Cache-Control"]
    assert "Authorization" in answer["Vary"]
    private = api.get(url, headers={"Authorization": "Bearer x"})
    assert private.status_code == 401 or "private" in private["Cache-Control"]
    again = api.get(url, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_statements_do_not_grow_with_variants(wholesaler):
    client = signed_in(wholesaler)
    counts = []
    for many in (1, 20):
        product = factories.variant().product
        for _ in range(many - 1):
            factories.variant(product=product)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"/api/products/{product.slug}/prices/?page_size=100")
        assert len(answer.json()["results"]) == many
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 7, counts


# --- what staff write -------------------------------------------------------------------------


def test_a_price_is_added_read_changed_and_deleted(owner):
    variant = factories.variant(price="100.00")
    body = {
        "price": {"amount": "1.99", "currency": "USD"},
        "valid_from": (timezone.now() + DAY).isoformat(),
    }
    answer = owner.post(path(variant), body)
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert made["price"] == {"amount": "1.99", "currency": "USD"}
    assert (made["status"], made["price_list"], made["min_quantity"]) == ("future", RETAIL, 1)
    assert (made["is_sale"], made["valid_until"]) == (False, None)
    one = path(variant, f"{made['id']}/")
    assert owner.get(one).json() == made
    changed = owner.patch(one, {"price": "250.00", "min_quantity": 5})
    assert changed.status_code == 200, changed.json()
    assert changed.json()["price"] == {"amount": "250.00", "currency": "ETB"}
    assert owner.patch(one, {**changed.json(), "min_quantity": 6}).json()["min_quantity"] == 6
    assert owner.delete(one).status_code == 204
    assert owner.get(one).status_code == 404


def test_a_price_that_has_begun_is_only_ended(owner):
    variant = factories.variant(price="100.00")
    price = begun(variant, "80")
    one = path(variant, f"{price.pk}/")
    refused(owner.patch(one, {"price": "70"}), 409, "price_has_begun")
    refused(owner.delete(one), 409, "price_has_begun")
    later = timezone.now() + DAY
    ended = owner.post(f"{one}end/", {"at": later.isoformat()})
    assert ended.status_code == 200, ended.json()
    assert ended.json()["status"] == "current"
    refused(owner.post(f"{one}end/", {"at": (later + DAY).isoformat()}), 409, "price_has_begun")
    refused(
        owner.post(f"{one}end/", {"at": "2020-01-01T00:00:00Z"}),
        400,
        "ends_too_early",
        "valid_until",
    )
    assert owner.post(f"{one}end/", {}).json()["status"] == "ended"
    assert owner.get(path(variant), {"status": "ended"}).json()["results"][0]["id"] == price.pk


def test_what_is_not_there_to_be_ended(owner):
    variant = factories.variant()
    future = begun(variant, "80", valid_from=timezone.now() + DAY)
    refused(owner.post(path(variant, f"{future.pk}/end/"), {}), 409, "price_has_not_begun")
    past = begun(variant, "80", valid_until=timezone.now() - DAY / 2)
    refused(owner.post(path(variant, f"{past.pk}/end/"), {}), 409, "price_has_ended")


def test_two_prices_for_the_same_cannot_hold_at_once(owner):
    variant = factories.variant()
    assert owner.post(path(variant), {"price": "90"}).status_code == 201
    refused(owner.post(path(variant), {"price": "91"}), 409, "price_overlaps", "valid_from")
    beside = [
        {"price": {"amount": "9", "currency": "USD"}}, {"price": "89", "min_quantity": 2}, {"price": "70", "is_sale": True},
    ]  # fmt: skip
    for body in beside:
        assert owner.post(path(variant), body).status_code == 201, body


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"price": {"amount": "100.50", "currency": "UGX"}}, "invalid", "price"),
        ({"price": {"amount": "100", "currency": "XXX"}}, "invalid", "price"),
        ({"price": {"amount": "100", "currency": ["USD"]}}, "invalid", "price"),
        ({"price": "-1"}, "invalid", "price"),
        ({"price": "1.001"}, "invalid", "price"),
        ({"price": "10000000000000"}, "invalid", "price"),
        ({"price": "NaN"}, "invalid", "price"),
        ({}, "invalid", "price"),
        ({"price": "5", "min_quantity": 0}, "invalid", "min_quantity"),
        ({"price": "5", "min_quantity": 10**12}, "invalid", "min_quantity"),
        ({"price": "5", "valid_from": "2020-01-01T00:00:00Z"}, "begins_in_the_past", "valid_from"),
        ({"price": "5", "valid_until": "2020-01-01T00:00:00Z"}, "ends_too_early", "valid_until"),
        ({"price": "5", "valid_from": "9999-12-31T23:59:59-14:00"}, "invalid", "valid_from"),
        ({"price": "5", "price_list": 999}, "does_not_exist", "price_list"),
        ({"price": "5", "colour": "red"}, "unknown_field", "colour"),
        ({"price": "101", "is_sale": True}, "sale_above_regular", "price"),
        (
            {"price": {"amount": "1", "currency": "USD"}, "is_sale": True},
            "sale_above_regular",
            "price",
        ),
    ],
)
def test_prices_that_are_refused(owner, body, code, field):
    variant = factories.variant(price="100.00")
    refused(owner.post(path(variant), body), 400, code, field)
    assert not Price.objects.exists()


def test_a_sale_of_what_a_quantity_costs(owner):
    variant = factories.variant(price="100.00")
    begun(variant, "80", min_quantity=10)
    body = {"price": "90", "is_sale": True, "min_quantity": 10}
    refused(owner.post(path(variant), body), 400, "sale_above_regular", "price")
    assert owner.post(path(variant), {**body, "price": "75"}).status_code == 201


def test_the_price_of_another_variant_is_not_here(owner):
    price = begun(factories.variant(), "80")
    other = factories.variant()
    assert owner.get(path(other, f"{price.pk}/")).status_code == 404
    assert owner.post(path(other, f"{price.pk}/end/"), {}).status_code == 404


def test_a_stale_editor_is_told(owner):
    variant = factories.variant()
    price = begun(variant, "80", valid_from=timezone.now() + DAY)
    one = path(variant, f"{price.pk}/")
    seen = owner.get(one)["ETag"]
    assert owner.patch(one, {"price": "81"}, headers={"If-Match": seen}).status_code == 200
    assert owner.patch(one, {"price": "82"}, headers={"If-Match": seen}).status_code == 412
    assert Price.objects.get().amount == 81


def test_lists_of_prices_cost_the_same_for_many(owner):
    counts = []
    for many in (1, 15):
        variant = factories.variant()
        for place in range(many):
            begun(variant, "80", min_quantity=place + 2)
        for url in (path(variant), f"/api/price-lists/{RETAIL}/prices/"):
            with CaptureQueriesContext(connection) as queries:
                assert len(owner.get(url, {"page_size": 100}).json()["results"]) >= many
            counts.append(len(queries))
    assert counts[:2] == counts[2:], counts


def test_lists_are_narrowed(owner):
    variant = factories.variant()
    dollars = begun(variant, "8", currency="USD")
    begun(variant, "800", valid_from=timezone.now() + DAY)
    found = owner.get(path(variant), {"currency": "USD"}).json()["results"]
    assert [row["id"] for row in found] == [dollars.pk]
    future = owner.get(path(variant), {"status": "future"}).json()["results"]
    assert [row["price"]["amount"] for row in future] == ["800.00"]
    assert owner.get(path(variant), {"price_list": 99}).json()["results"] == []


# --- rights -----------------------------------------------------------------------------------


def test_who_may_what(api, customer, clerk):
    variant = factories.variant()
    begun(variant, "80")
    reader, writer = clerk("view_price"), clerk("change_price", "view_price")
    for url in (path(variant), "/api/price-lists/", f"/api/price-lists/{RETAIL}/prices/"):
        assert api.get(url).status_code == 401
        assert customer.get(url).status_code == 403
        assert reader.get(url).status_code == 200
    assert reader.post(path(variant), {"price": "70", "is_sale": True}).status_code == 403
    assert writer.post(path(variant), {"price": "70", "is_sale": True}).status_code == 201
