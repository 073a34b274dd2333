"""/api/carts/: what holders do with their carts."""

from __future__ import annotations

import uuid

import pytest

from cart.models import Cart, CartItem
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_guest_fills_a_cart(holder):
    coffee, tea = factories.variant(price="100.00"), factories.variant(price="40.50")
    guest = holder()
    first = guest.add(coffee, 2)
    assert first.status_code == 201
    second = guest.add(tea)
    grown = guest.add(coffee, 3)
    assert (second.status_code, grown.status_code) == (201, 200)
    read = guest.read()
    assert [(one["variant_id"], one["quantity"]) for one in read["items"]] == [
        (coffee.pk, 5),
        (tea.pk, 1),
    ]
    assert read["total"] == {"amount": "540.50", "currency": "ETB"}
    assert read["pieces"] == 6
    assert read["is_ready"] is True
    assert all(one["problems"] == [] for one in read["items"])
    assert grown.json() == read


def test_a_product_with_one_variant_may_be_named(holder):
    guest, one = holder(), factories.variant()
    assert guest.api.post(
        f"{guest.url}items/", {"product_id": one.product_id, "quantity": 1}
    ).json()["items"][0]["variant_id"] == one.pk  # fmt: skip
    other = factories.variant(product=one.product)
    refused = guest.api.post(f"{guest.url}items/", {"product_id": one.product_id})
    assert (refused.status_code, refused.json()["code"]) == (400, "variant_required")
    assert refused.json()["errors"][0]["variants"] == [one.pk, other.pk]


def test_lines_change_and_go(holder):
    guest, one = holder(), factories.variant()
    [item] = guest.add(one, 2).json()["items"]
    changed = guest.api.patch(f"{guest.url}items/{item['id']}/", {"quantity": 7})
    assert changed.json()["items"][0]["quantity"] == 7
    assert guest.api.patch(f"{guest.url}items/{item['id']}/", {"quantity": 0}).json()["items"] == []
    assert guest.api.delete(f"{guest.url}items/{item['id']}/").status_code == 404
    [item] = guest.add(one).json()["items"]
    assert guest.api.delete(f"{guest.url}items/{item['id']}/").status_code == 204
    assert guest.read()["items"] == []
    assert guest.api.delete(guest.url).status_code == 204
    assert guest.api.get(guest.url).status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"variant_id": 1, "quantity": 0}, "min_value", "quantity"),
        ({"variant_id": 1, "quantity": -1}, "min_value", "quantity"),
        ({"variant_id": 1, "quantity": 10_001}, "max_value", "quantity"),
        ({"variant_id": 1, "quantity": 2**62}, "max_value", "quantity"),
        ({"variant_id": 1, "quantity": 1.5}, "invalid", "quantity"),
        ({"variant_id": 2**63}, "max_value", "variant_id"),
        ({"variant_id": "x"}, "invalid", "variant_id"),
        ({}, "required", "product_id"),
        ({"variant_id": 1, "product_id": 1}, "required", "product_id"),
        ({"variant_id": 1, "price": "0.01"}, "unknown_field", "price"),
    ],
)
def test_bad_items_change_nothing(holder, body, code, field):
    guest = holder()
    refused = guest.api.post(f"{guest.url}items/", body)
    assert refused.status_code == 400
    assert {"field": field, "code": code}.items() <= refused.json()["errors"][0].items()
    assert Cart.objects.get().version == 1


def test_what_is_not_for_sale_is_not_taken(holder):
    guest, draft = holder(), factories.variant()
    draft.product.is_published = False
    draft.product.save()
    for variant in [draft.pk, 2**40]:
        refused = guest.api.post(f"{guest.url}items/", {"variant_id": variant})
        assert (refused.status_code, refused.json()["code"]) == (409, "not_for_sale")
    in_dollars = holder(currency="USD")
    refused = in_dollars.add(factories.variant())
    assert (refused.status_code, refused.json()["code"]) == (409, "not_for_sale")
    assert "USD" in refused.json()["detail"]
    assert not CartItem.objects.exists()


def test_a_line_has_ten_thousand_pieces_and_a_cart_a_hundred_lines(holder):
    guest, one = holder(), factories.variant()
    assert guest.add(one, 10_000).status_code == 201
    refused = guest.add(one, 1)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_pieces")
    cart = Cart.objects.get()
    CartItem.objects.bulk_create(
        CartItem(cart=cart, variant=factories.variant(), quantity=1) for _ in range(99)
    )
    refused = guest.add(factories.variant())
    assert (refused.status_code, refused.json()["code"]) == (409, "cart_full")
    assert CartItem.objects.count() == 100


def test_nobody_finds_somebody_elses_cart(holder, api):
    guest, customer, stranger = holder(), holder(factories.user()), holder(factories.user())
    variant = factories.variant()
    [item] = customer.add(variant).json()["items"]
    for of in [guest, customer]:
        for url, body in [("", None), ("quote/", None)]:
            for who in [api, stranger.api]:
                assert who.get(of.url + url, body).status_code == 404
        for who in [api, stranger.api]:
            assert who.patch(of.url, {"note": "x"}).status_code == 404
            assert who.delete(of.url).status_code == 404
            assert who.post(f"{of.url}items/", {"variant_id": variant.pk}).status_code == 404
            assert who.post(f"{of.url}coupon/", {"code": "X"}).status_code == 404
            assert who.delete(f"{of.url}coupon/").status_code == 404
            line = f"{of.url}items/{item['id']}/"
            assert who.patch(line, {"quantity": 3}).status_code == 404
            assert who.delete(line).status_code == 404
    api.credentials(HTTP_X_CART_TOKEN=guest.token)
    assert api.get(customer.url).status_code == 404
    assert api.get(guest.url).status_code == 200
    api.credentials(HTTP_X_CART_TOKEN=guest.token[:-2] + "AA")
    wrong = api.get(guest.url)
    missing = api.get(f"/api/carts/{uuid.uuid4()}/")
    assert wrong.status_code == missing.status_code == 404
    assert wrong.json()["detail"] == missing.json()["detail"]
    # A line of one cart is not found through another.
    assert api.delete(f"{guest.url}items/{item['id']}/").status_code == 404
    assert CartItem.objects.get().quantity == 1


def test_bodies_are_read_strictly(holder):
    guest = holder()
    for method, url, body in [
        ("post", "/api/carts/", {"owner": 1}),
        ("patch", guest.url, {"codes": ["X"]}),
        ("patch", guest.url, {"delivery": {"fee": "0.00"}}),
        ("post", f"{guest.url}coupon/", {"code": "X", "percent": 100}),
    ]:
        refused = getattr(guest.api, method)(url, body, format="json")
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["code"] == "unknown_field", refused.json()


def test_the_token_is_shown_once_and_stored_nowhere(holder):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    from rest_framework.test import APIClient

    from common.models import StoredReply

    first = APIClient().post("/api/carts/", {}, headers=key)
    again = APIClient().post("/api/carts/", {}, headers=key)
    assert again["Idempotency-Replayed"] == "true"
    assert first.content == again.content
    token = first.json()["cart_token"]
    assert len(token) >= 43
    cart = Cart.objects.get()
    assert token not in str(vars(cart))
    assert token.encode() not in bytes(StoredReply.objects.get().body)
    read = APIClient().get(f"/api/carts/{cart.public_id}/", headers={"X-Cart-Token": token})
    assert read.status_code == 200
    assert "cart_token" not in read.json()
    assert "cart_token" not in holder(factories.user()).started


def test_a_repeated_key_adds_once(holder):
    guest, one = holder(), factories.variant()
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first, again = guest.add(one, 2, **key), guest.add(one, 2, **key)
    assert first.content == again.content
    assert CartItem.objects.get().quantity == 2
    guest.api.credentials()
    assert guest.add(one, 2, **key).status_code == 404  # the key alone opens nothing
    guest.api.credentials(HTTP_X_CART_TOKEN=guest.token)
    assert guest.add(one, 3, **key).status_code == 422


def test_a_write_may_name_the_state_it_is_meant_for(holder):
    guest, one = holder(), factories.variant()
    read = guest.api.get(guest.url)
    assert read["Cache-Control"] == "no-store"
    assert guest.api.get(guest.url, headers={"If-None-Match": read["ETag"]}).status_code == 304
    assert guest.add(one, 1, **{"If-Match": read["ETag"]}).status_code == 201
    for call in [
        lambda **kw: guest.add(one, 1, **kw["headers"]),
        lambda **kw: guest.api.patch(guest.url, {"note": "x"}, **kw),
        lambda **kw: guest.api.post(f"{guest.url}coupon/", {"code": "X"}, **kw),
        lambda **kw: guest.api.delete(guest.url, **kw),
    ]:
        assert call(headers={"If-Match": read["ETag"]}).status_code == 412
    assert CartItem.objects.get().quantity == 1
    fresh = guest.api.get(guest.url)["ETag"]
    assert guest.api.patch(guest.url, {"note": "x"}, headers={"If-Match": fresh}).status_code == 200


def test_an_ordered_cart_stays_as_it_is(holder):
    from django.db import transaction

    from cart.services import mark_ordered
    from common.ids import uuid7

    guest, one = holder(), factories.variant()
    [item] = guest.add(one).json()["items"]
    order = uuid7()
    with transaction.atomic():
        mark_ordered(cart=Cart.objects.get(), order=order)
    read = guest.read()
    assert (read["status"], read["order"], read["is_ready"]) == ("ordered", str(order), False)
    for answer in [
        guest.add(one),
        guest.api.patch(f"{guest.url}items/{item['id']}/", {"quantity": 2}),
        guest.api.delete(f"{guest.url}items/{item['id']}/"),
        guest.api.patch(guest.url, {"note": "x"}),
        guest.api.delete(guest.url),
        guest.code("X"),
        guest.api.delete(f"{guest.url}coupon/"),
    ]:
        assert (answer.status_code, answer.json()["code"]) == (409, "cart_ordered")
        assert answer.json()["errors"][0]["order"] == str(order)
    assert CartItem.objects.get().quantity == 1


def test_a_customer_has_at_most_a_hundred_open_carts(holder):
    who = factories.user()
    somebody = holder(who)
    Cart.objects.bulk_create(
        Cart(owner=who, currency="ETB", expires_at=Cart.objects.get().expires_at) for _ in range(99)
    )
    refused = somebody.api.post("/api/carts/")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_carts")


def test_a_signed_in_customer_may_use_a_guests_cart_by_its_token(holder):
    guest, who = holder(), holder(factories.user())
    who.api.credentials(HTTP_X_CART_TOKEN=guest.token)
    assert who.api.get(guest.url).status_code == 200
    listed = who.api.get("/api/carts/").json()["results"]
    assert {one["id"] for one in listed} == {guest.id, who.id}
