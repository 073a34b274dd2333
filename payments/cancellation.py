"""Ending orders that money may still be on its way to: by a person's wish, or because their time is over.

Stock is set free only when every link of the order is closed and the gateway has said a last time that nothing was paid.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from common.actors import SYSTEM, Actor
from common.idempotency import with_retries
from common.transactions import refuse_transaction, require_transaction
from orders import services as orders
from orders.models import CancelReason, Order, WrongOrderState
from orders.models import Status as OrderStatus
from payments.models import Payment, ReviewReason, Status
from payments.settle import STARTING, PaymentUnavailable, close, holds_money, lock_payment
from payments.start import OrderAlreadyPaid, PaymentInReview, PaymentStarting

log = logging.getLogger(__name__)

MARGIN = timedelta(minutes=5)  # how long after its end a link is still not trusted to be dead
SILENCE = timedelta(hours=24)
BATCH = 500
PATIENCE = 3  # unanswered calls in a row after which a sweep leaves the rest to the next one


def cancel_order(*, order_id: int, by: Actor, reason: CancelReason) -> Order:
    """Cancel a pending order: close its links at the gateway, ask a last time, then end it and free its stock.

    Raises:
        OrderAlreadyPaid: it is paid, perhaps at this very moment.
        PaymentInReview: money of this order waits for a person; staff may cancel nevertheless.
        PaymentStarting: a payment is being started right now; try again.
        PaymentUnavailable: the gateway cannot be asked; nothing changed.
        WrongOrderState: it has ended already.
    """
    close_payments(order_id=order_id, source=f"{by.kind} cancels")

    def work() -> Order:
        return cancel_closed_order(order_id=order_id, by=by, reason=reason)

    cancelled: Order = with_retries(work)
    return cancelled


def close_payments(*, order_id: int, source: str) -> None:
    """Close every link through which money could still come for a pending order. A conversation; safe to repeat.

    Raises:
        PaymentStarting: a payment is being started right now.
        PaymentUnavailable: the gateway cannot be asked.
    """
    refuse_transaction()
    order = Order.objects.get(pk=order_id)
    if order.status != OrderStatus.PENDING:
        return
    for payment in order.payments.unsettled().order_by("pk"):
        if _may_bring_money(payment):
            close(payment_id=payment.pk, source=source)


def cancel_closed_order(*, order_id: int, by: Actor, reason: CancelReason) -> Order:
    """The step after `close_payments`: end the order, unless something has happened since.

    Raises:
        OrderAlreadyPaid, PaymentInReview, PaymentStarting, WrongOrderState: see `cancel_order`.
    """
    require_transaction()
    order = orders.lock_order(order_id)
    if order.status in {OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.COMPLETED}:
        raise OrderAlreadyPaid("This order is paid; it can no longer be cancelled here.")
    for pk in order.payments.unsettled().order_by("pk").values_list("pk", flat=True):
        payment = lock_payment(pk)
        if payment.status == Status.PENDING:
            raise PaymentStarting("A payment was started meanwhile. Try again.", retry_after=2)
        if holds_money(payment) and by.kind != "staff":
            raise PaymentInReview("We are looking at a payment for this order.")
    orders.cancel(order=order, by=by, reason=reason)
    return order


def _may_bring_money(payment: Payment) -> bool:
    now = timezone.now()
    if payment.initialised_at is None:
        if payment.status == Status.PENDING and now - payment.created_at < STARTING:
            raise PaymentStarting("A payment is being started. Try again.", retry_after=2)
        return payment.status == Status.PENDING
    if payment.status == Status.FAILED:
        return payment.expires_at is None or now < payment.expires_at + MARGIN
    return not holds_money(payment)


@dataclass(slots=True)
class Expiry:
    """What a sweep over unpaid orders came to."""

    cancelled: int = 0
    paid: int = 0
    kept: int = 0
    unreachable: int = 0


def expire_orders(*, progress: Callable[[], object] = lambda: None) -> Expiry:
    """End the pending orders whose time is over. One at a time, each by itself, so that a crash loses nothing.

    An order whose payment the gateway cannot be asked about keeps its stock; after a day its payment goes to a person.
    Orders with money in review are a person's business already.
    """
    refuse_transaction()
    now = timezone.now()
    unsettled = Payment.objects.unsettled().filter(order=OuterRef("pk"))
    in_review = Payment.objects.filter(order=OuterRef("pk"), status=Status.REVIEW).exclude(
        review_reason=ReviewReason.GATEWAY_SILENT
    )
    overdue = Order.objects.filter(
        ~Exists(in_review), status=OrderStatus.PENDING, expires_at__lte=now
    ).order_by("expires_at", "pk")
    result = Expiry()
    # Those that need no gateway first: a gateway that is down must not keep their stock.
    for order_id in list(overdue.filter(~Exists(unsettled)).values_list("pk", flat=True)[:BATCH]):
        _expire(order_id, result)
        progress()
    # Then those that were asked about longest ago, so that a few which never get an answer do not hold up the others.
    asked = unsettled.order_by("-last_checked_at").values("last_checked_at")[:1]
    linked = overdue.filter(Exists(unsettled)).order_by(Subquery(asked).asc(nulls_first=True), "pk")
    in_a_row = 0
    for order_id in list(linked.values_list("pk", flat=True)[:BATCH]):
        before = result.unreachable
        _expire(order_id, result)
        progress()
        in_a_row = in_a_row + 1 if result.unreachable > before else 0
        if in_a_row >= PATIENCE:
            log.warning("expiry: the gateway does not answer; the rest waits for the next sweep")
            break
    return result


def _expire(order_id: int, result: Expiry) -> None:
    try:
        cancel_order(order_id=order_id, by=SYSTEM, reason=CancelReason.EXPIRED)
        result.cancelled += 1
    except OrderAlreadyPaid:
        result.paid += 1
    except PaymentUnavailable:
        result.unreachable += 1
        give_silence_to_a_person(order_id)
    except (PaymentStarting, PaymentInReview, WrongOrderState):
        result.kept += 1


def give_silence_to_a_person(order_id: int) -> None:
    """Put the payments of an order that has been overdue for a day, without a word from the gateway, into the queue."""
    with transaction.atomic():
        order = orders.lock_order(order_id)
        if order.status != OrderStatus.PENDING or timezone.now() < order.expires_at + SILENCE:
            return
        for payment in order.payments.filter(status__in=[Status.PENDING, Status.FAILED]):
            locked = lock_payment(payment.pk)
            log.error("payment %s: the gateway has been silent for a day", locked.reference)
            locked.move_to(
                Status.REVIEW,
                by=SYSTEM,
                note="The gateway has not answered for a day; the stock is kept.",
                review_reason=ReviewReason.GATEWAY_SILENT,
            )
