"""What customers are told when their order was changed."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings

from common.money import format_amount
from events.services import post_letter
from orders.models import Order, RefundDue


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
