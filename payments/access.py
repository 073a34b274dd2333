"""Who may see a payment, and who may do something about an order's money."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from rest_framework.request import Request

from common.errors import NotFound
from orders.access import orders_of, own_orders_of
from orders.models import Order
from payments.models import Payment

MAY_SEE = "payments.view_payment"


def find_payment(request: Request, public_id: UUID, *, permission: str) -> Payment:
    """The payment of that id, if the caller holds its order or has `permission`.

    Raises:
        NotFound: there is none, or it is somebody else's.
        PermissionDenied: staff that may see it, and no more.
    """
    user: Any = request.user
    payment = Payment.objects.select_related("order").filter(public_id=public_id).first()
    if payment is None or not (
        _may(user, permission) or _is_own(request, payment.order) or _may(user, MAY_SEE)
    ):
        raise NotFound("There is no such payment, or it is not yours.")
    if not _may(user, permission) and not _is_own(request, payment.order):
        raise PermissionDenied
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
    if not _may(request.user, permission) and not _is_own(request, order):
        raise PermissionDenied
    return order


def _may(user: Any, permission: str) -> bool:
    return bool(user.is_authenticated and user.has_perm(permission))


def _is_own(request: Request, order: Order) -> bool:
    return own_orders_of(request).filter(pk=order.pk).exists()
