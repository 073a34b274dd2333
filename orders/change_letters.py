"""What customers are told when their order was changed."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings

from common.money import format_amount
from events.services import post_letter
from orders.models import Order, OrderNote, RefundDue, Status
from orders.tokens import order_token


def tell_changed(
    order: Order, *, revision: int, reason: str, before: Decimal, refund: RefundDue | None
) -> None:
    """What the order is now, what it comes to, and what the customer gets back. Once for each edit."""
    if order.redacted_at is not None:
        return
    lines = "\n".join(
        f"  {line.quantity} × {line.name}: {format_amount(line.total - line.discount, order.currency)}"
        for line in order.lines.order_by("position")
        if line.quantity
    )
    total = f"{format_amount(order.total, order.currency)} {order.currency}"
    was = f"{format_amount(before, order.currency)} {order.currency}"
    back = ""
    if refund is not None:
        back = f"{format_amount(refund.amount, order.currency)} {order.currency} go back to you."
    text = "\n\n".join(
        part
        for part in (
            f"Order {order.number} was changed: {reason}",
            lines or "Nothing of it is left.",
            f"Total: {total} (before: {was})",
            back,
        )
        if part
    )
    key = f"order:{order.public_id}:changed:{revision}"
    if order.email:
        subject = f"Order {order.number} was changed"
        post_letter(to=order.email, subject=subject, text=f"{text}\n", dedupe_key=key)
    else:
        short = f"{settings.SHOP_NAME}: order {order.number} was changed. Total: {total}. {back}"
        post_letter(to=order.phone, subject="", text=short.strip(), dedupe_key=key, channel="sms")


def tell_note(order: Order, note: OrderNote) -> None:
    """What staff want the customer to know."""
    if order.redacted_at is not None:
        return
    key = f"order:{order.public_id}:note:{note.public_id}"
    if order.email:
        subject = f"About your order {order.number}"
        post_letter(to=order.email, subject=subject, text=f"{note.text}\n", dedupe_key=key)
    else:
        text = f"{settings.SHOP_NAME}, order {order.number}: {note.text}"
        post_letter(to=order.phone, subject="", text=text[:480], dedupe_key=key, channel="sms")


def tell_placed(order: Order) -> None:
    """What was ordered by telephone, and where to pay it. Guests are let in by the link; customers sign in."""
    lines = "\n".join(
        f"  {line.quantity} × {line.name}: {format_amount(line.total - line.discount, order.currency)}"
        for line in order.lines.order_by("position")
    )
    total = f"{format_amount(order.total, order.currency)} {order.currency}"
    key = f"order:{order.public_id}:placed"
    is_due = order.status == Status.PENDING
    pay = f"Pay it here: {pay_link(order)}" if is_due else "There is nothing to pay."
    if order.email:
        text = f"We have written down your order {order.number}:\n\n{lines}\n\nTotal: {total}\n\n{pay}\n"
        subject = f"Your order {order.number}"
        post_letter(to=order.email, subject=subject, text=text, dedupe_key=key)
    else:
        text = f"{settings.SHOP_NAME}: order {order.number}, {total}. {pay}"
        post_letter(to=order.phone, subject="", text=text, dedupe_key=key, channel="sms")


def pay_link(order: Order) -> str:
    """The page on which an order is paid; a guest's token is behind the `#`, where no server and no log reads it."""
    pages = settings.FRONTEND_URL or settings.PUBLIC_URL
    token = "" if order.owner_id else f"#token={order_token(order.public_id)}"
    return f"{pages}/pay/order/{order.public_id}/{token}"
