"""Who may see a payment, and who may do something about an order's money."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from rest_framework.request import Request

from common.errors import NotFound
from orders.access import count_guess, orders_of, own_orders_of
from orders.models import Order
from payments.models import Payment


def find_payment(request: Request, public_id: UUID) -> Payment:
    """The payment of that id, if the caller may see its order, or all payments.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    payments = Payment.objects.select_related("order").filter(public_id=public_id)
    if not _may(request.user, "payments.view_payment"):
        payments = payments.filter(order__in=orders_of(request))
    payment = payments.first()
    if payment is None:
        count_guess(request)
        raise NotFound("There is no such payment, or it is not yours.")
    return payment


def find_payment_to_act_on(request: Request, public_id: UUID, *, permission: str) -> Payment:
    """The payment of that id, if the caller holds its order, or may see it and has `permission`.

    Raises:
        NotFound: there is none, or it is somebody else's.
        PermissionDenied: staff that may see it, and no more.
    """
    payment = find_payment(request, public_id)
    _refuse_onlookers(request, payment.order, permission)
    return payment


def find_order_to_act_on(request: Request, public_id: UUID, *, permission: str) -> Order:
    """The order of that id, if the caller holds it, or is staff with `permission`.

    Raises:
        NotFound: there is none, or it is somebody else's.
        PermissionDenied: staff that may see it, and no more.
    """
    order = orders_of(request).filter(public_id=public_id).first()
    if order is None:
        count_guess(request)
        raise NotFound("There is no such order, or it is not yours.")
    _refuse_onlookers(request, order, permission)
    return order


def _refuse_onlookers(request: Request, order: Order, permission: str) -> None:
    if (
        not _may(request.user, permission)
        and not own_orders_of(request).filter(pk=order.pk).exists()
    ):
        raise PermissionDenied


def _may(user: Any, permission: str) -> bool:
    return bool(user.is_authenticated and user.has_perm(permission))
