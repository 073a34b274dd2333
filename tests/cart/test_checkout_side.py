"""What a checkout asks of a cart."""

from __future__ import annotations

import pytest
from django.db import transaction

from cart.models import Cart, CartItem
from cart.refusals import CartOrdered, NoSuchCart
from cart.services import CartWishes, mark_ordered, open_cart, open_for_checkout, wishes_of
from cart.tokens import cart_token
from common.ids import uuid7
from pricing.asking import Choice
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_checkout_holds_the_holders_cart_and_nobody_elses():
    mine, stranger = factories.user(), factories.user()
    of_user, of_guest = open_cart(user=mine), open_cart(user=None)
    token = cart_token(of_guest.public_id)
    with transaction.atomic():
        assert open_for_checkout(cart_id=of_user.public_id, user=mine, token="") == of_user
        assert open_for_checkout(cart_id=of_guest.public_id, user=None, token=token) == of_guest
        for cart, user, shown in [
            (of_user, stranger, ""),
            (of_user, None, ""),
            (of_user, None, token),
            (of_guest, None, ""),
            (of_guest, mine, token[:-1]),
        ]:
            with pytest.raises(NoSuchCart):
                open_for_checkout(cart_id=cart.public_id, user=user, token=shown)


@pytest.mark.django_db(transaction=True)
def test_these_are_steps():
    cart = open_cart(user=None)
    token = cart_token(cart.public_id)
    with pytest.raises(RuntimeError):
        open_for_checkout(cart_id=cart.public_id, user=None, token=token)
    with pytest.raises(RuntimeError):
        mark_ordered(cart=cart, order=uuid7())


def test_what_a_cart_asks_for():
    cart = open_cart(user=None, currency="USD")
    one, two = factories.variant(), factories.variant()
    first = CartItem.objects.create(cart=cart, variant=two, quantity=3)
    second = CartItem.objects.create(cart=cart, variant=one, quantity=1)
    assert wishes_of(cart) == CartWishes(
        ((first.public_id, two.pk, 3), (second.public_id, one.pk, 1)), (), None, "USD"
    )
    cart.touch(codes=["MESKEL"], delivery_method="courier", delivery_area="ET-AA")
    wished = wishes_of(Cart.objects.get())
    assert wished.codes == ("MESKEL",)
    assert wished.choice == Choice("courier", "ET-AA")


def test_an_ordered_cart_says_which_order_it_is_and_becomes_no_other():
    cart, order = open_cart(user=None), uuid7()
    with transaction.atomic():
        mark_ordered(cart=cart, order=order)
        mark_ordered(cart=cart, order=order)
        with pytest.raises(CartOrdered):
            mark_ordered(cart=cart, order=uuid7())
    with transaction.atomic():
        found = open_for_checkout(
            cart_id=cart.public_id, user=None, token=cart_token(cart.public_id)
        )
    assert (found.status, found.order) == ("ordered", order)
