"""What can happen to an order once it exists. Each is a step: the caller holds a transaction and the order's lock."""

from __future__ import annotations

from django.db import transaction

from common.actors import Actor
from common.errors import NotFound
from common.transactions import require_transaction
from inventory import services as inventory
from orders import letters
from orders.bookkeeping import book_sale
from orders.documents.issuing import issue_invoice
from orders.models import (
    CancelReason,
    FulfilmentStatus,
    Order,
    PaymentStatus,
    Status,
    WrongOrderState,
)


def lock_order(order_id: int) -> Order:
    """The order, locked until the end of the transaction (`FOR NO KEY UPDATE`).

    Raises:
        NotFound: there is none of that id.
    """
    require_transaction()
    order = Order.objects.select_for_update(no_key=True).filter(pk=order_id).first()
    if order is None:
        raise NotFound()
    return order


def mark_paid(*, order: Order, by: Actor) -> None:
    """pending → paid: its stock leaves the shelf, the ledger has the sale, the customer is told and invoiced.

    Raises:
        WrongOrderState: it is not pending.
    """
    require_transaction()
    if order.status != Status.PENDING:
        raise WrongOrderState(f"The order is {order.status}; only a pending order can be paid.")
    order.move_to(Status.PAID, by=by, payment_status=PaymentStatus.PAID)
    letters.tell_paid(order)
    book_sale(order=order, by=by)
    inventory.commit(holder=order.public_id, by=by)
    issue_invoice(order=order)


def cancel(*, order: Order, by: Actor, reason: CancelReason) -> None:
    """pending → cancelled: its stock is free again and the customer is told.

    Raises:
        WrongOrderState: it is not pending.
    """
    require_transaction()
    order.move_to(
        Status.CANCELLED,
        by=by,
        note=CancelReason(reason).label,
        cancel_reason=reason,
        fulfilment_status=FulfilmentStatus.CANCELLED,
    )
    letters.tell_cancelled(order)
    inventory.release(holder=order.public_id)


def revive(*, order: Order, by: Actor) -> bool:
    """cancelled → paid, for an order that only time has ended and whose money arrived after all.

    Returns:
        False, with nothing changed, when a person cancelled the order or the stock is gone: a refund is due.
    """
    require_transaction()
    if order.status != Status.CANCELLED or order.cancel_reason != CancelReason.EXPIRED:
        return False
    quantities: dict[int, int] = {}
    for line in order.lines.select_related("variant"):
        item = line.variant.stock_item_id
        quantities[item] = quantities.get(item, 0) + line.quantity
    try:
        with transaction.atomic():
            inventory.reserve(quantities=quantities, holder=order.public_id)
    except inventory.OutOfStock:
        return False
    order.move_to(
        Status.PAID,
        by=by,
        note="paid after it had expired; its stock was still there",
        cancel_reason="",
        payment_status=PaymentStatus.PAID,
        fulfilment_status=FulfilmentStatus.UNFULFILLED,
    )
    letters.tell_paid(order)
    book_sale(order=order, by=by)
    inventory.commit(holder=order.public_id, by=by)
    issue_invoice(order=order)
    return True


def flag_payment_review(*, order: Order, by: Actor, note: str) -> None:
    """Money arrived that does not fit the order: a person must look. The order's own state stays."""
    require_transaction()
    if order.payment_status in {PaymentStatus.UNPAID, PaymentStatus.PAID}:
        order.payment_status = PaymentStatus.REVIEW
        order.save(update_fields=["payment_status", "updated_at"])
    order.history.create(
        from_status=order.status,
        status=order.status,
        actor=str(by),
        user_id=by.user_id,
        note=note[:300],
    )
    letters.tell_payment_review(order)


def ship(*, order_id: int, by: Actor) -> Order:
    """paid → shipped.

    Raises:
        WrongOrderState: it is not paid.
    """
    with transaction.atomic():
        order = lock_order(order_id)
        if order.status != Status.PAID:
            raise WrongOrderState(f"The order is {order.status}; only a paid order can be shipped.")
        order.move_to(Status.SHIPPED, by=by, fulfilment_status=FulfilmentStatus.FULFILLED)
    return order


def complete(*, order_id: int, by: Actor) -> Order:
    """shipped → completed.

    Raises:
        WrongOrderState: it is not shipped.
    """
    with transaction.atomic():
        order = lock_order(order_id)
        order.move_to(Status.COMPLETED, by=by)
    return order
