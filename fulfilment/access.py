"""Whose shipments and returns a request may see, and who may move them: the one place where doors ask."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from account.actors import customer_actor, staff_actor
from account.api_keys import KeyPrincipal
from common.actors import Actor
from common.errors import NotFound
from fulfilment.models import ReturnRequest, Shipment
from orders.access import count_guess, order_token_of, own_orders_of
from orders.models import Order

SEES_SHIPMENTS = "fulfilment.view_shipment"
MOVES_SHIPMENTS = "fulfilment.change_shipment"
SEES_RETURNS = "fulfilment.view_returnrequest"
MOVES_RETURNS = "fulfilment.change_returnrequest"


def may(request: Request, permission: str) -> bool:
    """Whether the caller was given this right. Being staff grants nothing by itself."""
    user: Any = request.user
    return bool(user.is_authenticated and user.has_perm(permission))


class HoldsOrderOrWorks(BasePermission):
    """Signed in, or with a guest's order token; a program needs the right that the view names, or a token."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        if isinstance(user, KeyPrincipal) and not user.has_perm(view.sees):
            return bool(order_token_of(request))
        return bool(user.is_authenticated or order_token_of(request))


class SignedInOrWorks(BasePermission):
    """For moving parcels: a guest's token shows them, and moves none. `find_order_to_move` asks for the right."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        if isinstance(user, KeyPrincipal):
            return may(request, view.sees)
        return bool(user.is_authenticated)


class ReadsOrMoves(HoldsOrderOrWorks):
    """Reading is for whoever holds the order, everything else as `SignedInOrWorks` says."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method in SAFE_METHODS:
            return super().has_permission(request, view)
        return SignedInOrWorks().has_permission(request, view)


class Works(BasePermission):
    """The right that the view names in `sees` for reading, in `moves` for everything else."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return may(request, view.sees if request.method in {"GET", "HEAD"} else view.moves)


def find_order(request: Request, public_id: UUID, *, sees: str) -> Order:
    """The order, if it is the caller's or they may see everybody's shipments (or returns).

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    orders = Order.objects.all() if may(request, sees) else own_orders_of(request)
    order = orders.filter(public_id=public_id).first()
    if order is None:
        count_guess(request)
        raise NotFound("There is no such order, or it is not yours.")
    return order


def find_order_to_move(request: Request, public_id: UUID, *, sees: str, moves: str) -> Order:
    """The order, if the caller has the right to move its shipments.

    Raises:
        NotFound: as above. PermissionDenied: its customer, or staff that may see it and no more.
    """
    order = find_order(request, public_id, sees=sees)
    if not may(request, moves):
        raise PermissionDenied
    return order


def find_shipment(order: Order, public_id: UUID) -> Shipment:
    """The order's shipment.

    Raises:
        NotFound
    """
    found: Shipment | None = for_reading().filter(order=order, public_id=public_id).first()
    if found is None:
        raise NotFound("This order has no such shipment.")
    return found


def for_reading() -> Any:
    """Shipments with all that is shown of them, in a fixed number of statements."""
    return Shipment.objects.prefetch_related("lines__line", "history")


def returns_for_reading() -> Any:
    """Returns with all that is shown of them, in a fixed number of statements."""
    return ReturnRequest.objects.select_related("order").prefetch_related("lines__line", "history")


def actor_of(request: Request, permission: str) -> Actor:
    """Who acts, for histories: who has the right by name, customers and guests by kind only."""
    user: Any = request.user
    return staff_actor(user) if may(request, permission) else customer_actor(user)


def named_in_path(request: Request) -> str:
    """What limits count: one shipment or return."""
    kwargs = request.parser_context["kwargs"]
    return f"{kwargs.get('shipment_id') or kwargs.get('return_id') or kwargs.get('public_id')}"


def context_of(request: Request, *, sees: str) -> dict[str, Any]:
    """What serializers are told about the caller: staff are told more."""
    return {"request": request, "is_staff": may(request, sees)}
