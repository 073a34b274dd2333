"""Many hands in one cart, and a checkout among them (ACIDRain's cart)."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import IntegrityError, connections, transaction

from cart import items
from cart.codes import add_code
from cart.items import add_item
from cart.models import Cart, CartItem, hash_token
from cart.pruning import prune
from cart.refusals import CartOrdered, TooManyCarts
from cart.services import mark_ordered, open_cart, open_for_checkout, wishes_of
from cart.tokens import cart_token
from common.ids import uuid7
from pricing.models import Coupon, Promotion
from tests import factories
from tests.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ADDERS = 20


def mine(cart):
    return Cart.objects.visible_to(user=None, token=cart_token(cart.public_id))


def add_at_once(cart, variant):
    def add(_):
        add_item(cart_id=cart.public_id, among=mine(cart), variant_id=variant, quantity=3)

    at_once(ADDERS, add)


def test_what_many_add_at_once_adds_up_in_one_line():
    cart, variant = open_cart(user=None), factories.variant()
    add_at_once(cart, variant.pk)
    assert CartItem.objects.get().quantity == 3 * ADDERS
    assert Cart.objects.get().version == 1 + ADDERS


def test_control_without_the_lock_it_does_not_add_up(monkeypatch):
    cart, variant = open_cart(user=None), factories.variant()

    def unlocked(*, cart_id, among):
        return among.get(public_id=cart_id)

    add_item(cart_id=cart.public_id, among=mine(cart), variant_id=variant.pk, quantity=1)
    monkeypatch.setattr(items, "hold_open_cart", unlocked)
    try:
        add_at_once(cart, variant.pk)
    except IntegrityError:
        return  # the constraint had the last word
    assert CartItem.objects.get().quantity < 1 + 3 * ADDERS


def test_different_lines_come_together_and_no_more_than_a_hundred():
    cart = open_cart(user=None)
    variants = [factories.variant().pk for _ in range(110)]
    CartItem.objects.bulk_create(
        CartItem(cart=cart, variant_id=variant, quantity=1) for variant in variants[:95]
    )
    refused = []

    def add(place):
        try:
            add_item(
                cart_id=cart.public_id,
                among=mine(cart),
                variant_id=variants[95 + place],
                quantity=1,
            )
        except items.CartFull as refusal:
            refused.append(refusal)

    at_once(15, add)
    assert (CartItem.objects.count(), len(refused)) == (100, 10)


def test_codes_that_come_together_are_all_kept():
    cart = open_cart(user=None)
    promotion = Promotion.objects.create(
        name="Meskel", kind="percentage", level="order", percent=5, needs_code=True
    )
    for place in range(8):
        Coupon.objects.create(promotion=promotion, code=f"CODE{place}")
    at_once(
        8,
        lambda place: add_code(cart_id=cart.public_id, among=mine(cart), code=f"code{place}"),
    )
    assert sorted(Cart.objects.get().codes) == [f"CODE{place}" for place in range(8)]


def _late_add(cart, variant, *, holds):
    """A checkout that is under way, and something that is put in meanwhile: what was charged, and what became of it."""
    holding, outcome = threading.Event(), []

    def late():
        holding.wait(20)
        try:
            add_item(cart_id=cart.public_id, among=mine(cart), variant_id=variant, quantity=1)
            outcome.append("added")
        except CartOrdered:
            outcome.append("cart_ordered")
        finally:
            connections.close_all()

    adder = threading.Thread(target=late)
    adder.start()
    with transaction.atomic():
        held = holds(cart)
        charged = wishes_of(held).items
        holding.set()
        time.sleep(0.4)  # the other one has come this far
        assert not outcome or holds is not _held
        mark_ordered(cart=held, order=uuid7())
    adder.join(30)
    in_cart = dict(CartItem.objects.filter(cart=cart).values_list("variant", "quantity"))
    return {variant: pieces for _, variant, pieces in charged}, in_cart, outcome


def _held(cart):
    return open_for_checkout(cart_id=cart.public_id, user=None, token=cart_token(cart.public_id))


def _not_held(cart):
    return Cart.objects.get(token_hash=hash_token(cart_token(cart.public_id)))


def _cart_of_one():
    cart = open_cart(user=None)
    CartItem.objects.create(cart=cart, variant=factories.variant(), quantity=2)
    return cart


def test_what_is_added_during_a_checkout_is_not_ordered_unseen():
    charged, in_cart, outcome = _late_add(_cart_of_one(), factories.variant().pk, holds=_held)
    assert charged == in_cart
    assert outcome == ["cart_ordered"]


def test_control_without_the_lock_something_is_in_the_order_that_was_not_charged():
    charged, in_cart, _ = _late_add(_cart_of_one(), factories.variant().pk, holds=_not_held)
    assert charged != in_cart


def test_of_many_checkouts_of_one_cart_one_orders():
    cart = _cart_of_one()

    def order(_):
        with transaction.atomic():
            held = _held(cart)
            if held.order is not None:
                return held.order
            new = uuid7()
            mark_ordered(cart=held, order=new)
            return new

    assert len(set(at_once(10, order))) == 1


def test_pruning_leaves_a_cart_that_is_being_ordered():
    cart = _cart_of_one()
    over = _cart_of_one()
    Cart.objects.update(expires_at=over.created_at)
    done = []
    with transaction.atomic():
        held = _held(cart)

        def run():
            done.append(prune())
            connections.close_all()

        pruner = threading.Thread(target=run)
        pruner.start()
        pruner.join(20)
        assert done == [1]
        mark_ordered(cart=held, order=uuid7())
    assert list(Cart.objects.all()) == [cart]
    assert prune() == 0  # being ordered made it last longer


def test_a_customer_has_no_more_than_a_hundred_carts_however_many_are_started_at_once():
    who = factories.user()
    first = open_cart(user=who)
    Cart.objects.bulk_create(
        Cart(owner=who, currency="ETB", expires_at=first.expires_at) for _ in range(94)
    )

    def start(_):
        try:
            return open_cart(user=who)
        except TooManyCarts:
            return None

    started = at_once(10, start)
    assert (sum(one is not None for one in started), who.carts.count()) == (5, 100)
