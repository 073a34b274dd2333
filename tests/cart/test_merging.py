"""A guest signs in: policy, limits, and what happens when it happens twice."""

from __future__ import annotations

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from cart import merging
from cart.merging import merge
from cart.models import Cart, CartItem
from cart.services import open_cart
from cart.tokens import cart_token
from tests import factories
from tests.together import at_once

pytestmark = pytest.mark.django_db


def log_in(user, token=""):
    headers = {"X-Cart-Token": token} if token else {}
    answer = APIClient().post(
        "/api/auth/login/", {"email": user.email, "password": factories.PASSWORD}, headers=headers
    )
    assert answer.status_code == 200, answer.json()
    return answer.json()


def pieces(cart):
    return dict(CartItem.objects.filter(cart__public_id=cart).values_list("variant", "quantity"))


def test_a_guest_who_has_no_other_cart_keeps_this_one(holder):
    guest, one, who = holder(), factories.variant(), factories.user()
    guest.add(one, 2)
    told = log_in(who, guest.token)["cart"]
    assert told == {"id": guest.id, "dropped": [], "dropped_codes": []}
    cart = Cart.objects.get()
    assert (cart.owner, cart.token_hash, cart.status) == (who, "", "open")
    assert guest.api.get(guest.url).status_code == 404  # the token is dead
    api = APIClient()
    api.force_authenticate(who)
    assert api.get(guest.url).json()["items"][0]["quantity"] == 2


def test_the_larger_quantity_counts_and_the_rest_is_united(holder):
    who = factories.user()
    own, guest = holder(who), holder()
    both, less, mine, theirs = (factories.variant() for _ in range(4))
    own.add(both, 2), own.add(less, 5), own.add(mine, 1)
    guest.add(both, 3), guest.add(less, 1), guest.add(theirs, 4)
    Cart.objects.filter(public_id=own.id).update(codes=["A"], note="mine")
    Cart.objects.filter(public_id=guest.id).update(
        codes=["A", "B"], note="theirs", delivery_method="bike"
    )
    before = Cart.objects.get(public_id=own.id).version
    told = log_in(who, guest.token)["cart"]
    assert told == {"id": own.id, "dropped": [], "dropped_codes": []}
    assert pieces(own.id) == {both.pk: 3, less.pk: 5, mine.pk: 1, theirs.pk: 4}
    cart = Cart.objects.get(public_id=own.id)
    assert (cart.codes, cart.note, cart.delivery_method) == (["A", "B"], "mine", "bike")
    assert cart.version == before + 1
    read = own.api.get(guest.url).json()
    assert (read["status"], read["merged_into"], read["items"]) == ("merged", own.id, [])
    refused = own.api.post(f"{guest.url}items/", {"variant_id": both.pk})
    assert (refused.status_code, refused.json()["code"]) == (409, "cart_merged")
    assert refused.json()["errors"][0]["cart"] == own.id


def test_again_changes_nothing_and_a_wrong_token_is_not_told(holder):
    who = factories.user()
    own, guest, one = holder(who), holder(), factories.variant()
    guest.add(one, 2)
    assert "cart" in log_in(who, guest.token)
    own.api.patch(f"{own.url}items/{own.read()['items'][0]['id']}/", {"quantity": 1})
    assert "cart" not in log_in(who, guest.token)
    assert "cart" not in log_in(who, "nonsense")
    assert "cart" not in log_in(who)
    assert pieces(own.id) == {one.pk: 1}
    refused = own.api.post("/api/carts/merge/", headers={"X-Cart-Token": guest.token})
    assert refused.status_code == 404
    assert APIClient().post("/api/carts/merge/").status_code == 401


def test_whoever_was_signed_in_already_merges_by_a_door_of_its_own(holder):
    own, guest, one = holder(factories.user()), holder(), factories.variant()
    guest.add(one, 2)
    done = own.api.post("/api/carts/merge/", headers={"X-Cart-Token": guest.token})
    assert (done.status_code, done.json()["id"]) == (200, own.id)
    assert pieces(own.id) == {one.pk: 2}


def test_a_wrong_password_merges_nothing(holder):
    guest, one, who = holder(), factories.variant(), factories.user()
    guest.add(one)
    answer = APIClient().post(
        "/api/auth/login/",
        {"email": who.email, "password": "wrong"},
        headers={"X-Cart-Token": guest.token},
    )
    assert answer.status_code == 401
    assert guest.read()["pieces"] == 1


def test_currencies_are_not_mixed(holder):
    who = factories.user()
    own, guest = holder(who), holder(currency="USD")
    assert log_in(who, guest.token)["cart"]["id"] == guest.id
    assert {one["id"] for one in own.api.get("/api/carts/").json()["results"]} == {own.id, guest.id}


def test_what_there_is_no_room_for_is_told(holder):
    who = factories.user()
    own, guest = holder(who), holder()
    ours, theirs = Cart.objects.get(public_id=own.id), Cart.objects.get(public_id=guest.id)
    variants = [factories.variant() for _ in range(102)]
    CartItem.objects.bulk_create(
        CartItem(cart=ours, variant=one, quantity=1) for one in variants[:99]
    )
    CartItem.objects.bulk_create(
        CartItem(cart=theirs, variant=one, quantity=2) for one in variants[98:]
    )
    Cart.objects.filter(pk=ours.pk).update(codes=[f"A{n}" for n in range(9)])
    Cart.objects.filter(pk=theirs.pk).update(codes=["B1", "B2"])
    told = log_in(who, guest.token)["cart"]
    assert told["dropped"] == [{"variant_id": one.pk, "quantity": 2} for one in variants[100:]]
    assert told["dropped_codes"] == ["B2"]
    found = pieces(own.id)
    assert len(found) == 100
    assert found[variants[98].pk] == found[variants[99].pk] == 2


def test_an_ordered_cart_is_not_merged(holder):
    from cart.services import mark_ordered
    from common.ids import uuid7

    guest, who = holder(), factories.user()
    with transaction.atomic():
        mark_ordered(cart=Cart.objects.get(), order=uuid7())
    assert "cart" not in log_in(who, guest.token)
    assert guest.read()["status"] == "ordered"


# --- races --------------------------------------------------------------------------------------


def _filled(currency="ETB", quantity=2):
    cart = open_cart(user=None, currency=currency)
    CartItem.objects.create(cart=cart, variant=factories.variant(), quantity=quantity)
    return cart


@pytest.mark.django_db(transaction=True)
def test_parallel_log_ins_merge_once():
    who = factories.user()
    own = open_cart(user=who)
    guests = _filled()
    token = cart_token(guests.public_id)
    done = at_once(8, lambda _: merge(user=who, token=token))
    assert [one.cart for one in done if one is not None] == [own]
    assert pieces(own.public_id) == {CartItem.objects.get().variant_id: 2}


def _crowd_of_guests(who):
    """Carts of guests that log in as the same customer, who had none, at one moment."""
    tokens = [cart_token(_filled().public_id) for _ in range(6)]
    at_once(6, lambda place: merge(user=who, token=tokens[place]))
    return Cart.objects.open().filter(owner=who).count()


@pytest.mark.django_db(transaction=True)
def test_carts_that_come_together_become_one():
    who = factories.user()
    assert _crowd_of_guests(who) == 1
    assert CartItem.objects.filter(cart__owner=who, cart__status="open").count() == 6


@pytest.mark.django_db(transaction=True)
def test_control_without_the_customers_lock_they_become_several(monkeypatch):
    monkeypatch.setattr(merging, "hold_customer", lambda user: None)
    assert any(_crowd_of_guests(factories.user()) > 1 for _ in range(5))


@pytest.mark.django_db(transaction=True)
def test_two_customers_who_show_one_token():
    guests = _filled()
    token = cart_token(guests.public_id)
    customers = [factories.user() for _ in range(6)]
    done = at_once(6, lambda place: merge(user=customers[place], token=token))
    [winner] = [place for place, one in enumerate(done) if one is not None]
    assert Cart.objects.get().owner == customers[winner]
