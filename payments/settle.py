"""The one place that may call a payment good, and the one that closes a link for good.

Webhook, callback, return page, "check now", reconciliation, expiry and the admin all come here. What brought them is a hint
and nothing more: the gateway's own `verify` decides, asked outside of any transaction; the answer is then written in one
transaction that locks the order first and the payment second.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from common.actors import GATEWAY
from common.errors import NotFound, Unavailable
from common.idempotency import with_retries
from common.jobs import enqueue
from common.money import format_amount
from common.transactions import refuse_transaction, require_transaction
from orders import services as orders
from orders.models import Order
from orders.models import Status as OrderStatus
from payments.bookkeeping import book_received, book_unassigned, take_back_unassigned
from payments.gateways import chapa
from payments.gateways.chapa import (
    Failed,
    NoSuchReference,
    Returned,
    Success,
    Unclear,
    Verified,
)
from payments.gateways.wire import TOTAL
from payments.models import CHECK_AFTER, Payment, ReviewReason, Status

log = logging.getLogger(__name__)

# A start that has not ended after this long has died: its three calls together cannot take longer.
STARTING = timedelta(seconds=15)
POSTPONE = timedelta(minutes=1)


class PaymentUnavailable(Unavailable):
    """The gateway cannot be asked now. Nothing was changed; the same call may succeed later."""

    code = "payment_unavailable"
    title = "The payment service cannot be reached"


@dataclass(frozen=True, slots=True)
class Objection:
    """Why money that arrived does not pay this order by itself."""

    reason: ReviewReason
    detail: str


def settle(*, payment_id: int, source: str) -> Payment:
    """Ask the gateway about a payment and write down what it says. Safe to repeat and to run many times at once.

    Args:
        source: what made us ask ("webhook", "reconciliation" …), for the history.

    Raises:
        PaymentUnavailable: no clear answer; nothing changed, and it will be asked again.
        NotFound: there is no such payment.
    """
    refuse_transaction()
    payment = _read(payment_id)
    if payment.status == Status.SUCCEEDED:
        return payment
    return _write(payment, _ask(payment, TOTAL), source=source, closing=False)


def close(*, payment_id: int, source: str, total: float = TOTAL) -> Payment:
    """Close the payment's link at the gateway, ask a last time, and write down what it says.

    The result is `succeeded` or `review` when money has come, else `cancelled` (`failed` when the customer never had the
    link).
    A closed payment is still asked about for three days: money may outrun the closing.

    Args:
        total: seconds for each of the two calls.

    Raises:
        PaymentUnavailable: no clear answer; nothing changed.
        NotFound: there is no such payment.
    """
    refuse_transaction()
    payment = _read(payment_id)
    if payment.status == Status.SUCCEEDED:
        return payment
    _refuse_unconfigured()
    if isinstance(chapa.client().cancel(payment.reference, total=total), Unclear):
        postpone(payment)
        raise PaymentUnavailable(retry_after=30)
    return _write(payment, _ask(payment, total), source=source, closing=True)


def postpone(payment: Payment) -> None:
    """Ask again soon: there was no clear answer this time. After its days are over, a decided payment is left alone."""
    now = timezone.now()
    over = payment.status != Status.PENDING and now > payment.created_at + CHECK_AFTER[-1]
    Payment.objects.filter(pk=payment.pk).exclude(status=Status.SUCCEEDED).update(
        next_check_at=None if over else now + POSTPONE, last_checked_at=now
    )


def lock_payment(payment_id: int) -> Payment:
    """The payment, locked until the end of the transaction. Its order is locked already."""
    require_transaction()
    return Payment.objects.select_for_update(no_key=True).get(pk=payment_id)


def _read(payment_id: int) -> Payment:
    payment = Payment.objects.filter(pk=payment_id).first()
    if payment is None:
        raise NotFound()
    return payment


def _refuse_unconfigured() -> None:
    if not chapa.is_configured():
        raise PaymentUnavailable("No payment gateway is configured.", retry_after=60)


def _ask(payment: Payment, total: float) -> Verified:
    _refuse_unconfigured()
    return chapa.client().verify(payment.reference, total=total)


def _write(payment: Payment, answer: Verified, *, source: str, closing: bool) -> Payment:
    if isinstance(answer, Unclear):
        postpone(payment)
        raise PaymentUnavailable(retry_after=30)

    def work() -> Payment:
        order = orders.lock_order(payment.order_id)
        locked = lock_payment(payment.pk)
        if locked.status != Status.SUCCEEDED:  # success is the end of it, whatever is said later
            _record(order, locked, answer, source=source, closing=closing)
        return locked

    written: Payment = with_retries(work)
    return written


def _record(
    order: Order, payment: Payment, answer: Verified, *, source: str, closing: bool
) -> None:
    now = timezone.now()
    note = f"asked by {source}"
    if isinstance(answer, Success):
        _receive(order, payment, answer, note=note, now=now)
    elif isinstance(answer, Returned):
        objection = Objection(ReviewReason.RETURNED, f"The gateway says it was {answer.status}.")
        if payment.status == Status.REVIEW:
            take_back_unassigned(payment=payment, note=objection.detail)
        _review(order, payment, objection)
    elif closing:
        _close(payment, note=note, now=now)
    elif payment.status == Status.PENDING and _has_failed(payment, answer, now):
        payment.move_to(Status.FAILED, by=GATEWAY, note=note)
    decided = payment.status == Status.SUCCEEDED or holds_money(payment)
    payment.checks += 1
    payment.last_checked_at = now
    payment.next_check_at = None if decided else payment.scheduled_check(now)
    payment.save(update_fields=["checks", "last_checked_at", "next_check_at"])


def _has_failed(payment: Payment, answer: Verified, now: datetime) -> bool:
    if isinstance(answer, NoSuchReference):
        if payment.initialised_at is None:
            return (
                payment.created_at < now - STARTING
            )  # its start died before the gateway heard of it
        log.error("payment %s: the gateway no longer knows it", payment.reference)
        return False
    return isinstance(answer, Failed)


def _close(payment: Payment, *, note: str, now: datetime) -> None:
    silent = payment.review_reason == ReviewReason.GATEWAY_SILENT
    if payment.status == Status.PENDING and payment.initialised_at is None:
        payment.move_to(Status.FAILED, by=GATEWAY, note=f"never handed out; {note}")
    elif payment.status in {Status.PENDING, Status.FAILED} or silent:
        payment.move_to(Status.CANCELLED, by=GATEWAY, note=f"link closed; {note}", cancelled_at=now)


def holds_money(payment: Payment) -> bool:
    """Whether the payment waits for a person because money is (or was) at the gateway."""
    return payment.status == Status.REVIEW and payment.review_reason != ReviewReason.GATEWAY_SILENT


def _receive(order: Order, payment: Payment, success: Success, *, note: str, now: datetime) -> None:
    """Money is there: it pays the order, or a person must look. It is never dropped."""
    objection = find_objection(payment, success) or _outdated(order, payment)
    if objection is not None:
        _review(order, payment, objection, success)
        return
    if order.status == OrderStatus.CANCELLED and orders.revive(order=order, by=GATEWAY):
        _succeed(order, payment, success, note=f"the order had expired; {note}", now=now)
    elif order.status == OrderStatus.PENDING:
        _succeed(order, payment, success, note=note, now=now)
        orders.mark_paid(order=order, by=GATEWAY)
    elif order.status == OrderStatus.CANCELLED:
        detail = f"Money came for order {order.number} after it was cancelled."
        _review(order, payment, Objection(ReviewReason.ORDER_ENDED, detail), success)
        return
    else:
        detail = f"Order {order.number} was {order.status} already."
        _review(order, payment, Objection(ReviewReason.SURPLUS, detail), success)
        return
    for other in order.payments.filter(status__in=[Status.PENDING, Status.FAILED]):
        enqueue("payments.close", at_most_one=f"payments.close:{other.pk}", payment_id=other.pk)


def _succeed(order: Order, payment: Payment, success: Success, *, note: str, now: datetime) -> None:
    if payment.status == Status.REVIEW:
        take_back_unassigned(payment=payment, note="it pays its order after all")
    payment.move_to(
        Status.SUCCEEDED,
        by=GATEWAY,
        note=note,
        gateway_reference=success.reference,
        fee=success.fee,
        settled_at=now,
    )
    book_received(payment=payment, order=order)


def find_objection(payment: Payment, success: Success) -> Objection | None:
    """The first reason why this success is not the payment we asked for, or None. Equality, never "at least"."""
    if success.tx_ref != payment.reference:
        return Objection(
            ReviewReason.REFERENCE_DIFFERS, f"The gateway answered for {success.tx_ref!r}."
        )
    if not success.reference:
        return Objection(
            ReviewReason.REFERENCE_DIFFERS, "The gateway gave no reference of its own."
        )
    bound = (
        Payment.objects.filter(method=payment.method, gateway_reference=success.reference)
        .exclude(pk=payment.pk)
        .first()
    )
    if bound is not None:
        return Objection(
            ReviewReason.REFERENCE_DIFFERS, f"{success.reference} belongs to {bound.reference}."
        )
    if success.amount is None or success.amount != payment.amount:
        wanted = format_amount(payment.amount, payment.currency)
        return Objection(
            ReviewReason.AMOUNT_DIFFERS, f"{wanted} was asked for, {success.raw_amount} was paid."
        )
    if success.currency != payment.currency:
        return Objection(
            ReviewReason.CURRENCY_DIFFERS,
            f"{payment.currency} was asked for, {success.currency!r} was paid.",
        )
    if success.mode != settings.CHAPA_MODE:
        return Objection(
            ReviewReason.MODE_DIFFERS,
            f"The gateway says {success.mode!r}, we take {settings.CHAPA_MODE}.",
        )
    return None


def _outdated(order: Order, payment: Payment) -> Objection | None:
    """An order that was changed while an old link was thought to be dead is not paid by the old amount."""
    if order.status != OrderStatus.PENDING or payment.amount == order.total:
        return None
    asked = format_amount(payment.amount, payment.currency)
    costs = format_amount(order.total, order.currency)
    detail = f"{asked} was asked for before the order was changed; it costs {costs} now."
    return Objection(ReviewReason.AMOUNT_DIFFERS, detail)


def _review(
    order: Order, payment: Payment, objection: Objection, success: Success | None = None
) -> None:
    """Give the payment to a person, once per reason."""
    if holds_money(payment):
        return
    log.error("payment %s needs a person: %s", payment.reference, objection.detail)
    note = f"{objection.reason.label}. {objection.detail}"
    if payment.status == Status.REVIEW:  # we feared silence; now there is more to say
        payment.review_reason = objection.reason
        payment.save(update_fields=["review_reason"])
    else:
        payment.move_to(Status.REVIEW, by=GATEWAY, note=note, review_reason=objection.reason)
    if success is not None and objection.reason != ReviewReason.REFERENCE_DIFFERS:
        payment.gateway_reference = success.reference
        payment.fee = success.fee
        payment.save(update_fields=["gateway_reference", "fee"])
        book_unassigned(payment=payment, order=order, success=success, at=timezone.now())
    orders.flag_payment_review(order=order, by=GATEWAY, note=f"{payment.reference}: {note}")
