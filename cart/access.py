"""Whose carts a request may see and change: the one place where doors ask."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from account.actors import person_of
from cart.models import Cart, CartQuerySet
from cart.refusals import NoSuchCart
from cart.services import find_cart
from cart.throttles import GUESSES
from common.limits import charge, counted_address

TOKEN_HEADER = "X-Cart-Token"  # noqa: S105


def cart_token_of(request: Request) -> str:
    """The guest's token that came with the request, or an empty string."""
    return request.headers.get(TOKEN_HEADER, "")[:200]


class KeepsCarts(BasePermission):
    """Everybody may keep a cart. Which ones a caller finds is `own_carts_of`'s answer; no API key gets this far."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return True


class SeesCarts(BasePermission):
    """Whoever is signed in, or has a guest's token, lists carts. Which those are is `carts_of`'s answer."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user.is_authenticated or cart_token_of(request))


def own_carts_of(request: Request) -> CartQuerySet:
    """The caller's own carts, and the one whose token is shown: those that the caller may change."""
    return Cart.objects.visible_to(user=person_of(request.user), token=cart_token_of(request))


def sees_all_carts(request: Request) -> bool:
    """Whether the caller may read everybody's carts."""
    user: Any = request.user
    return bool(user.is_authenticated and user.has_perm("cart.view_cart"))


def carts_of(request: Request) -> CartQuerySet:
    """The carts that the caller may read."""
    return Cart.objects.all() if sees_all_carts(request) else own_carts_of(request)


def cart_of(request: Request, cart_id: Any, among: CartQuerySet) -> Cart:
    """The cart of that id among those.

    Raises:
        NoSuchCart: there is none, or it is somebody else's.
        common.limits.TooManyRequests: told instead to whoever guesses tokens on and on; a right one is never counted.
    """
    try:
        return find_cart(cart_id=cart_id, among=among.select_related("owner", "merged_into"))
    except NoSuchCart:
        count_guess(request)
        raise


def count_guess(request: Request) -> None:
    """Count a guest's token that does not stand for what was asked for.

    Raises:
        common.limits.TooManyRequests
    """
    if not request.user.is_authenticated and cart_token_of(request):
        charge(request, (GUESSES, counted_address(request)))
