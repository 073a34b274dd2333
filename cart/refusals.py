"""What the verbs of carts refuse."""

from __future__ import annotations

from common.errors import Conflict, Invalid, NotFound, OneField


class NoSuchCart(NotFound):
    """There is no such cart, or it is somebody else's."""


class NoSuchItem(NotFound):
    """The cart has no such item."""


class CartOrdered(Conflict):
    """What was ordered does not change any more: start another cart. `order` in `errors` says which order it is."""

    code = "cart_ordered"
    title = "This cart has been ordered"


class CartMerged(Conflict):
    """Its items are in another cart of the same customer since they signed in; `cart` in `errors` says in which."""

    code = "cart_merged"
    title = "This cart is part of another one now"


class CartFull(OneField, Conflict):
    """A cart has at most a hundred lines."""

    code = "cart_full"
    title = "The cart is full"
    field = "variant_id"


class TooManyPieces(OneField, Conflict):
    """A line has at most ten thousand pieces, also when it grows bit by bit."""

    code = "too_many_pieces"
    title = "Too many pieces"
    field = "quantity"


class TooManyCarts(Conflict):
    """A customer has at most a hundred open carts: delete one of them."""

    code = "too_many_carts"
    title = "Too many carts"


class TooManyCodes(OneField, Conflict):
    """A cart holds at most ten codes."""

    code = "too_many_codes"
    title = "Too many codes"
    field = "code"


class UnknownCode(OneField, Conflict):
    """Nobody has given this code out, or it has been withdrawn."""

    code = "unknown_code"
    title = "This code is not known"
    field = "code"


class NotForSale(Conflict):
    """Unknown, unpublished or archived, which of these is not told; or not sold in the cart's currency."""

    code = "not_for_sale"
    title = "Not for sale"


class ChooseVariant(Invalid):
    """The product comes in several variants."""

    code = "variant_required"
    title = "Choose a variant"


class NothingToMerge(NotFound):
    """No open cart of a guest belongs to this token (any more)."""
