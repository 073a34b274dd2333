"""What is put into a cart, changed and taken out. Every verb holds the cart, so that what is added together adds up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from cart.models import MAX_LINES, MAX_QUANTITY, Cart, CartItem, CartQuerySet
from cart.refusals import CartFull, ChooseVariant, NoSuchItem, NotForSale, TooManyPieces
from cart.services import hold_open_cart
from catalog.models import Variant
from catalog.prices import price_list_of, prices_of


@dataclass(frozen=True, slots=True)
class Added:
    """A line of a cart, after something was added; `is_new`: it was not there before."""

    cart: Cart
    item: CartItem
    is_new: bool


def add_item(
    *,
    cart_id: UUID,
    among: CartQuerySet,
    quantity: int,
    product_id: int | None = None,
    variant_id: int | None = None,
) -> Added:
    """Put pieces into a cart; what is in it already grows. Stock is not asked: reading the cart tells what is short.

    Args:
        among: the carts that the caller may see. product_id: of a product with one variant, instead of a variant.

    Raises:
        NoSuchCart, CartOrdered, CartMerged: it cannot change.
        NotForSale, ChooseVariant: it cannot be bought, or not in the cart's currency.
        CartFull, TooManyPieces: more than a cart or a line holds.
    """
    with transaction.atomic():
        cart = hold_open_cart(cart_id=cart_id, among=among)
        variant = _for_sale(product_id=product_id, variant_id=variant_id)
        item = cart.items.filter(variant_id=variant).first()
        if item is None and cart.items.count() >= MAX_LINES:
            raise CartFull(f"A cart has at most {MAX_LINES} lines.")
        wanted = quantity + (item.quantity if item else 0)
        if wanted > MAX_QUANTITY:
            raise TooManyPieces(f"A line has at most {MAX_QUANTITY} pieces.")
        price = _prices(cart, {variant: wanted}).get(variant)
        if price is None:
            raise _not_for_sale(f"This is not sold in {cart.currency}.")
        is_new = item is None
        if item is None:
            item = CartItem(cart=cart, variant_id=variant)
        item.quantity, item.shown_price = wanted, price
        item.save()
        cart.touch()
    return Added(cart, item, is_new)


def set_quantity(*, cart_id: UUID, among: CartQuerySet, item_id: UUID, quantity: int) -> Cart:
    """Want so many pieces of a line, whatever it was before; none takes the line out.

    What is no longer sold may still become fewer, or go.

    Raises:
        NoSuchCart, CartOrdered, CartMerged, NoSuchItem
    """
    with transaction.atomic():
        cart = hold_open_cart(cart_id=cart_id, among=among)
        item = _item(cart, item_id)
        if quantity:
            prices = _prices(cart, {item.variant_id: quantity})
            item.quantity = quantity
            item.shown_price = prices.get(item.variant_id, item.shown_price)
            item.save(update_fields=["quantity", "shown_price"])
        else:
            item.delete()
        cart.touch()
    return cart


def remove_item(*, cart_id: UUID, among: CartQuerySet, item_id: UUID) -> Cart:
    """Take a line out.

    Raises:
        NoSuchCart, CartOrdered, CartMerged, NoSuchItem
    """
    return set_quantity(cart_id=cart_id, among=among, item_id=item_id, quantity=0)


def accept_prices(cart: Cart) -> None:
    """Take today's prices for those that the holder has seen. A step, under the cart's lock."""
    items = list(cart.items.order_by("pk"))
    prices = _prices(cart, {item.variant_id: item.quantity for item in items})
    for item in items:
        item.shown_price = prices.get(item.variant_id, item.shown_price)
    CartItem.objects.bulk_update(items, ["shown_price"])


def _prices(cart: Cart, quantities: dict[int, int]) -> dict[int, Decimal]:
    """What the cart's owner pays today for one piece, of those that are sold in its currency."""
    found = prices_of(
        quantities,
        price_list=price_list_of(cart.owner),
        currency=cart.currency,
        quantities=quantities,
    )
    return {variant: price.amount for variant, price in found.items()}


def _item(cart: Cart, item_id: UUID) -> CartItem:
    found = cart.items.filter(public_id=item_id).first()
    if found is None:
        raise NoSuchItem("The cart has no such item.")
    return found


def _for_sale(*, product_id: int | None, variant_id: int | None) -> int:
    """The variant, kept from being deleted until the transaction ends."""
    wanted = Q(pk=variant_id) if variant_id is not None else Q(product_id=product_id)
    found = list(
        Variant.objects.for_sale().filter(wanted).order_by("pk").values_list("pk", flat=True)
    )
    if len(found) > 1:
        detail = "This product comes in several variants: give a variant_id."
        raise ChooseVariant(
            detail,
            errors=[{"field": "variant_id", "code": ChooseVariant.code, "detail": detail,
                     "variants": found}],
        )  # fmt: skip
    if not found or not _kept(found[0]):
        raise _not_for_sale("This is not for sale.")
    return found[0]


def _kept(variant_id: int) -> bool:
    """Share the variant's key with whoever else adds it. Django has no words for this lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM catalog_variant WHERE id = %s FOR KEY SHARE", [variant_id])
        return cursor.fetchone() is not None


def _not_for_sale(detail: str) -> NotForSale:
    return NotForSale(
        detail, errors=[{"field": "variant_id", "code": NotForSale.code, "detail": detail}]
    )
