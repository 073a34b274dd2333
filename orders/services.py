"""What can happen to an order once it exists. Each is a step: the caller holds a transaction and the order's lock."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction
from django.db.models import F

from common.actors import Actor
from common.errors import NotFound
from common.transactions import require_transaction
from inventory import services as inventory
from orders import letters
from orders.bookkeeping import book_sale
from orders.documents.issuing import issue_invoice
from orders.goods import refuse_owed
from orders.models import (
    CancelReason,
    FulfilmentStatus,
    Order,
    PaymentStatus,
    Status,
    WrongOrderState,
)
from pricing import bookings
from pricing.models import CouponUse
from pricing.redemptions import CouponUsedUp, Use, customer_keys, give_back, redeem


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
    order.move_to(Status.PAID, by=by, payment_status=PaymentStatus.PAID, paid_total=order.total)
    letters.tell_paid(order)
    book_sale(order=order, by=by)
    inventory.commit(holder=order.public_id, by=by)
    issue_invoice(order=order)


def cancel(*, order: Order, by: Actor, reason: CancelReason) -> None:
    """pending → cancelled: its stock is free again, so are its coupons and its delivery window; the customer is told.

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
    give_back(holder=order.public_id)
    bookings.give_back(holder=order.public_id)
    inventory.release(holder=order.public_id)


def revive(*, order: Order, by: Actor) -> bool:
    """cancelled → paid, for an order that only time has ended and whose money arrived after all.

    A delivery window that is full or over by now does not keep the money out: the history says so, for staff to arrange.

    Returns:
        False, with nothing changed, when a person cancelled the order, or its stock or a coupon is gone: a refund is due.
    """
    require_transaction()
    if order.status != Status.CANCELLED or order.cancel_reason != CancelReason.EXPIRED:
        return False
    keys = customer_keys(user_id=order.owner_id, email=order.email, phone=order.phone)
    try:
        with transaction.atomic():
            redeem(uses=_uses_of(order), holder=order.public_id, customer=keys)
            unbooked = bookings.book_again(holder=order.public_id)
            inventory.reserve(quantities=pieces_of(order), holder=order.public_id)
    except (CouponUsedUp, inventory.OutOfStock, inventory.PurchaseLimit):
        return False
    order.move_to(
        Status.PAID,
        by=by,
        note="; ".join(
            filter(None, ["paid after it had expired; its stock was still there", unbooked])
        ),
        cancel_reason="",
        payment_status=PaymentStatus.PAID,
        paid_total=order.total,
        fulfilment_status=FulfilmentStatus.UNFULFILLED,
    )
    letters.tell_paid(order)
    book_sale(order=order, by=by)
    inventory.commit(holder=order.public_id, by=by)
    issue_invoice(order=order)
    return True


def pieces_of(order: Order) -> dict[int, int]:
    """What an order takes, by stock item: bundles by the parts they were sold with, repeated items together."""
    pieces: dict[int, int] = defaultdict(int)
    for line in order.lines.select_related("variant"):
        if line.parts:
            for part in line.parts:
                pieces[part["stock_item_id"]] += part["quantity"] * line.quantity
        else:
            pieces[line.variant.stock_item_id] += line.quantity
    return {item: quantity for item, quantity in pieces.items() if quantity}


def _uses_of(order: Order) -> list[Use]:
    """The promotions and coupons that made its price, as they were given back when it died."""
    given_back = CouponUse.objects.filter(holder=order.public_id)
    found = given_back.values_list("promotion_id", "coupon_id").distinct()
    return [Use(promotion, coupon) for promotion, coupon in found if promotion is not None]


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
    """paid → shipped, all of it at once.

    Raises:
        WrongOrderState: it is not paid.
        orders.goods.PiecesOwed: some of it is still to come.
    """
    with transaction.atomic():
        order = lock_order(order_id)
        if order.status != Status.PAID:
            raise WrongOrderState(f"The order is {order.status}; only a paid order can be shipped.")
        if not order.lines.filter(quantity__gt=0).exists():
            raise WrongOrderState("Nothing is left in this order.")
        refuse_owed(order)
        order.lines.update(shipped=F("quantity"))
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
