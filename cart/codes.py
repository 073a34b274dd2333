"""Codes that somebody types into a cart. Whether one takes anything off is the quote's business."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from cart.models import Cart, CartQuerySet
from cart.refusals import TooManyCodes, UnknownCode
from cart.services import hold_open_cart
from pricing.codes import normalised
from pricing.gathering import MOST_CODES
from pricing.models import Coupon


def add_code(*, cart_id: UUID, among: CartQuerySet, code: str) -> Cart:
    """Keep a code with the cart; one that is there already stays. The quote tells whether it applies, and why not.

    Raises:
        NoSuchCart, CartOrdered, CartMerged
        UnknownCode: there is no such code, or it was withdrawn.
        TooManyCodes
    """
    wanted = normalised(code)
    with transaction.atomic():
        cart = hold_open_cart(cart_id=cart_id, among=among)
        if wanted in cart.codes:
            return cart
        known = Coupon.objects.filter(code=wanted, is_active=True, promotion__is_active=True)
        if not wanted or not known.exists():
            raise UnknownCode("We do not know this code. Check the spelling.")
        if len(cart.codes) >= MOST_CODES:
            raise TooManyCodes(f"A cart holds at most {MOST_CODES} codes.")
        cart.touch(codes=[*cart.codes, wanted])
    return cart


def remove_code(*, cart_id: UUID, among: CartQuerySet, code: str = "") -> Cart:
    """Forget a code; harmless when it is not there.

    Args:
        code: as typed; empty: all of them.

    Raises:
        NoSuchCart, CartOrdered, CartMerged
    """
    with transaction.atomic():
        cart = hold_open_cart(cart_id=cart_id, among=among)
        gone = normalised(code)
        left = [one for one in cart.codes if code and one != gone]
        if left != cart.codes:
            cart.touch(codes=left)
    return cart
