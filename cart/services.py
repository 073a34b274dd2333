"""Opening a cart, finding it, holding it, and handing it to a checkout. Its lines are in `cart.items`."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from account.models import User
from cart.models import Cart, CartQuerySet, Status, hash_token, kept_until
from cart.refusals import CartMerged, CartOrdered, NoSuchCart, TooManyCarts
from cart.tokens import cart_token
from common.ids import uuid7
from common.transactions import lock_row, require_transaction
from pricing.asking import Choice

MOST_OPEN_CARTS = 100  # of one customer
_MISSING = "There is no such cart, or it is not yours."


@dataclass(frozen=True, slots=True)
class CartWishes:
    """What a cart asks of a checkout.

    Attributes:
        items: public id of the cart's item, variant and pieces, in the order in which they were added.
        codes: normalised. choice: None: nothing was chosen. currency: ISO 4217.
    """

    items: tuple[tuple[UUID, int, int], ...]
    codes: tuple[str, ...]
    choice: Choice | None
    currency: str


def open_cart(*, user: User | None, currency: str = "") -> Cart:
    """Start an empty cart. A guest's is held by `cart.tokens.cart_token` of its id.

    Args:
        user: None: a guest. currency: ISO 4217; empty: the shop's own.

    Raises:
        TooManyCarts
    """
    public_id = uuid7()
    with transaction.atomic():
        if user is not None:
            hold_customer(user)
            if user.carts.filter(status=Status.OPEN).count() >= MOST_OPEN_CARTS:
                raise TooManyCarts(f"You have {MOST_OPEN_CARTS} open carts: delete one of them.")
        return Cart.objects.create(
            public_id=public_id,
            owner=user,
            token_hash="" if user else hash_token(cart_token(public_id)),
            currency=currency or settings.SHOP_CURRENCY,
            expires_at=kept_until(is_guests=user is None),
        )


def hold_customer(user: User) -> None:
    """Let nobody else start or merge carts of this customer meanwhile. A step, before any cart is locked."""
    require_transaction()
    lock_row(User.objects.only("pk"), user.pk, missing="There is no such customer.")


def find_cart(*, cart_id: UUID, among: CartQuerySet) -> Cart:
    """The cart of that public id.

    Args:
        among: those that the caller may see.

    Raises:
        NoSuchCart: there is none, or it is somebody else's.
    """
    found = among.filter(public_id=cart_id).first()
    if found is None:
        raise NoSuchCart(_MISSING)
    return found


def hold_cart(*, cart_id: UUID, among: CartQuerySet) -> Cart:
    """The cart, locked until the transaction ends, whatever its state.

    Raises:
        NoSuchCart
    """
    require_transaction()
    return find_cart(cart_id=cart_id, among=among.select_for_update(no_key=True, of=("self",)))


def hold_open_cart(*, cart_id: UUID, among: CartQuerySet) -> Cart:
    """The cart, locked, that can still change.

    Raises:
        NoSuchCart, CartOrdered, CartMerged
    """
    cart = hold_cart(cart_id=cart_id, among=among)
    refuse_closed(cart)
    return cart


def refuse_closed(cart: Cart) -> None:
    """Refuse what is no longer possible with a cart that was ordered or merged.

    Raises:
        CartOrdered, CartMerged
    """
    if cart.status == Status.ORDERED:
        raise CartOrdered(
            "This cart has been ordered and does not change any more: start another one.",
            errors=[{"field": "cart", "code": CartOrdered.code, "detail": CartOrdered.title,
                     "order": str(cart.order)}],
        )  # fmt: skip
    if cart.merged_into is not None:
        raise CartMerged(
            "What was in this cart is in another one of yours since you signed in.",
            errors=[{"field": "cart", "code": CartMerged.code, "detail": CartMerged.title,
                     "cart": str(cart.merged_into.public_id)}],
        )  # fmt: skip


def discard_cart(*, cart_id: UUID, among: CartQuerySet) -> None:
    """Forget a cart with all that is in it.

    Raises:
        NoSuchCart; CartOrdered: an order refers to it.
    """
    with transaction.atomic():
        cart = hold_cart(cart_id=cart_id, among=among)
        if cart.status == Status.ORDERED:
            refuse_closed(cart)
        cart.delete()


# --- what a checkout asks ---------------------------------------------------------------------


def open_for_checkout(*, cart_id: UUID, user: User | None, token: str) -> Cart:
    """The holder's cart, locked until the transaction ends: whoever adds to it meanwhile waits. A step.

    An ordered cart is returned too: its `order` says which order it has become.

    Args:
        token: a guest's cart token; empty: none.

    Raises:
        NoSuchCart: there is none, or it is somebody else's.
        CartMerged: its items are in another cart.
    """
    mine = Cart.objects.visible_to(user=user, token=token)
    cart = hold_cart(cart_id=cart_id, among=mine)
    if cart.status != Status.ORDERED:
        refuse_closed(cart)
    return cart


def wishes_of(cart: Cart) -> CartWishes:
    """What the cart asks for, under the lock that `open_for_checkout` took."""
    rows = cart.items.order_by("pk").values_list("public_id", "variant_id", "quantity")
    return CartWishes(
        items=tuple(rows), codes=tuple(cart.codes), choice=choice_of(cart), currency=cart.currency
    )


def choice_of(cart: Cart) -> Choice | None:
    """How and where to the cart is to be delivered; None: nothing was chosen."""
    choice = Choice(
        cart.delivery_method, cart.delivery_area, cart.pickup_point, cart.delivery_window,
        cart.delivery_day,
    )  # fmt: skip
    return None if choice == Choice() else choice


def mark_ordered(*, cart: Cart, order: UUID) -> None:
    """Write down which order the cart has become; from then on it does not change. A step, under the cart's lock.

    Raises:
        CartOrdered: it has become another order.
    """
    require_transaction()
    if cart.status == Status.ORDERED and cart.order == order:
        return
    refuse_closed(cart)
    cart.touch(status=Status.ORDERED, order=order)
