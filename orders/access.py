"""Whose orders a request may see: the one place where doors ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from account.actors import customer_actor, person_of, staff_actor
from account.api_keys import KeyPrincipal
from common.actors import Actor
from common.limits import Limit, charge, counted_address
from orders.models import Order, OrderQuerySet

TOKEN_HEADER = "X-Order-Token"  # noqa: S105
GUESSES = Limit("order_token.guess", 120, timedelta(minutes=1))


def order_token_of(request: Request) -> str:
    """The guest token that came with the request, or an empty string."""
    return request.headers.get(TOKEN_HEADER, "")[:200]


class HoldsOrder(BasePermission):
    """Signed in, or with a guest's order token. Which orders that shows is `orders_of`'s answer.

    A program holds no order of its own: without the right to read all of them it needs an order's token.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        if isinstance(user, KeyPrincipal) and not user.has_perm("orders.view_order"):
            return bool(order_token_of(request))
        return bool(user.is_authenticated or order_token_of(request))


class PlacesOrders(BasePermission):
    """Everybody may buy; a program only with an API key for it."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        return not isinstance(user, KeyPrincipal) or user.has_perm("orders.add_order")


def own_orders_of(request: Request) -> OrderQuerySet:
    """The caller's own orders, and the one whose token is shown."""
    return Order.objects.visible_to(user=person_of(request.user), token=order_token_of(request))


def count_guess(request: Request) -> None:
    """Count a guest token that does not stand for what was asked for.

    A right token is never counted: whoever holds an order reads it, however many guess from the same address.

    Raises:
        TooManyRequests: told instead of "not found" to whoever guesses on and on.
    """
    if not request.user.is_authenticated and order_token_of(request):
        charge(request, (GUESSES, counted_address(request)))


def orders_of(request: Request) -> OrderQuerySet:
    """All orders for who may see them, else one's own, and the one whose token is shown."""
    user: Any = request.user
    if user.is_authenticated and user.has_perm("orders.view_order"):
        return Order.objects.all()
    return own_orders_of(request)


def order_state(order: Order) -> str:
    """The state of an order, for its ETag: it is another after every change."""
    return f"{order.public_id.hex}-{order.updated_at:%Y%m%d%H%M%S%f}"


def actor_of(request: Request, *, permission: str) -> Actor:
    """Who acts, for histories: who has the permission by name, customers and guests by kind only.

    Args:
        permission: who does not have it acts on orders of their own, as customers do, staff or not.
    """
    user: Any = request.user
    if user.is_authenticated and user.has_perm(permission):
        return staff_actor(user)
    return customer_actor(user)
