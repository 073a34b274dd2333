"""Who may see a payment, and who may do something about an order's money."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from rest_framework.request import Request

from common.errors import NotFound
from orders.access import order_token_of, orders_of
from orders.models import Order
from payments.models import Payment


def find_payment(request: Request, public_id: UUID) -> Payment:
    """The payment of that id, if the caller holds its order or is staff that may see payments.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    user: Any = request.user
    payments = Payment.objects.select_related("order").filter(public_id=public_id)
    if not (user.is_authenticated and user.is_staff and user.has_perm("payments.view_payment")):
        payments = payments.filter(Q(order__in=orders_of(request)))
    payment = payments.first()
    if payment is None:
        raise NotFound("There is no such payment, or it is not yours.")
    return payment


def find_order_to_act_on(request: Request, public_id: UUID, *, permission: str) -> Order:
    """The order of that id, if the caller holds it, or is staff with `permission`.

    Raises:
        NotFound: there is none, or it is somebody else's.
        PermissionDenied: staff that may see it, and no more.
    """
    order = orders_of(request).filter(public_id=public_id).first()
    if order is None:
        raise NotFound("There is no such order, or it is not yours.")
    user: Any = request.user
    mine = Order.objects.visible_to(
        user=user if user.is_authenticated else None, token=order_token_of(request)
    )
    if not mine.filter(pk=order.pk).exists() and not user.has_perm(permission):
        raise PermissionDenied
    return order
