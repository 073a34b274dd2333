"""Whose orders a request may see: the one place where doors ask."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from common.actors import GUEST, Actor
from orders.models import Order, OrderQuerySet

TOKEN_HEADER = "X-Order-Token"  # noqa: S105


def order_token_of(request: Request) -> str:
    """The guest token that came with the request, or an empty string."""
    return request.headers.get(TOKEN_HEADER, "")[:200]


class HoldsOrder(BasePermission):
    """Signed in, or with a guest's order token. Which orders that shows is `orders_of`'s answer."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user.is_authenticated or order_token_of(request))


def orders_of(request: Request) -> OrderQuerySet:
    """All orders for staff who may see them, else one's own, and the one whose token is shown."""
    user: Any = request.user
    if user.is_authenticated and user.is_staff and user.has_perm("orders.view_order"):
        return Order.objects.all()
    return Order.objects.visible_to(
        user=user if user.is_authenticated else None, token=order_token_of(request)
    )


def actor_of(request: Request, *, permission: str = "") -> Actor:
    """Who acts, for histories: staff by their address, customers and guests by kind only.

    Args:
        permission: staff without it act on orders of their own, as customers do.
    """
    user: Any = request.user
    if not user.is_authenticated:
        return GUEST
    if user.is_staff and (not permission or user.has_perm(permission)):
        return Actor("staff", user.pk, str(user)[:60])
    return Actor("customer", user.pk)
