"""Money that must go back to a customer: decided here, paid out by the payments."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import F, Sum
from django.utils import timezone

from common.actors import Actor
from common.errors import Conflict
from common.money import format_amount, has_minor_units_of, round_half_up
from common.transactions import require_transaction
from ledger import chart
from ledger import services as ledger
from ledger.models import Posting
from ledger.services import Line
from orders.models import Order, PaymentStatus, RefundDue, Status

OWED = "refund.due"
REDUCED = "order.reduced"
ZERO = Decimal(0)
HAS_ITS_MONEY = frozenset({Status.PAID, Status.SHIPPED, Status.COMPLETED, Status.REFUNDED})


class TooMuchRefunded(Conflict):
    """More would go back than was paid for the order and has not gone back."""

    code = "too_much_refunded"
    title = "More than was paid"


def paid_for(order: Order) -> Decimal:
    """What was paid for an order. Orders of before say nothing about it: then it was all of their total, or nothing yet."""
    if order.paid_total is not None:
        return order.paid_total
    has_money = order.payment_status in {PaymentStatus.PAID, PaymentStatus.REVIEW}
    return order.total if order.status in HAS_ITS_MONEY and has_money else ZERO


def note_paid(order: Order) -> None:
    """Write down what was paid for an order of before, while its total still says so. A step, under the order's lock."""
    require_transaction()
    if order.paid_total is None and (paid := paid_for(order)):
        order.paid_total = paid
        order.save(update_fields=["paid_total", "updated_at"])


def owe(
    *,
    order: Order,
    amount: Decimal,
    key: str,
    reason: str,
    by: Actor,
    tax: Decimal | None = None,
    reduces_sale: bool = False,
) -> RefundDue:
    """Decide that `amount` goes back to the customer, once for each `key`. A step: the caller holds the order's lock.

    The ledger has it as less income, less tax, and more owed to customers.

    Args:
        amount: above zero, tax included, in major units of the order's currency.
        key: names the cause, such as `return:…`, at most 80 characters. The same again is the row that is there.
        tax: the tax within `amount`; None: in proportion to what is left of the sale and its tax, so that returning
            everything in parts gives back all of the tax and no more.
        reduces_sale: the order's total has been lowered by as much (an edit). Returned goods leave the total as it was.

    Raises:
        TooMuchRefunded: with what went back before it would be more than was paid.
        ValueError: nothing, or less than the currency's smallest coin; a bug of the caller.
    """
    require_transaction()
    if amount <= 0 or not has_minor_units_of(amount, order.currency):
        raise ValueError(f"{amount} {order.currency} cannot go back")
    found = RefundDue.objects.filter(order=order, key=key).first()
    if found is not None:
        return found
    left = paid_for(order) - order.refund_due
    if amount > left:
        raise TooMuchRefunded(
            f"{format_amount(max(left, ZERO), order.currency)} {order.currency} of what was paid can still go back."
        )
    note_paid(order)
    book_less(order=order, amount=amount, tax=tax, key=key, reason=reason, by=by, reduces_sale=reduces_sale)  # fmt: skip
    due = RefundDue.objects.create(
        order=order, amount=amount, key=key, reason=reason[:300], actor=str(by), user_id=by.user_id
    )
    # Added to what the row holds: whoever has not locked it meets the constraint instead of losing somebody's refund.
    Order.objects.filter(pk=order.pk).update(
        refund_due=F("refund_due") + amount, updated_at=timezone.now()
    )
    order.refund_due += amount
    return due


def book_less(
    *,
    order: Order,
    amount: Decimal,
    key: str,
    reason: str,
    by: Actor,
    tax: Decimal | None = None,
    reduces_sale: bool = False,
) -> None:
    """Post that a sale has become less: by `amount`, of which `tax`. See `owe`, which does this and more.

    By itself it is for an edit after which the same is paid with another tax within (`amount` 0).
    """
    if tax is None:
        tax = _tax_within(amount, order)
    lines = [
        Line(chart.RETURNS, amount - tax, order.currency),
        Line(chart.VAT, tax, order.currency),
        Line(chart.REFUNDS_DUE, -amount, order.currency),
    ]
    if any(line.amount for line in lines):
        ledger.post(
            kind=REDUCED if reduces_sale else OWED,
            key=f"{order.public_id}:{key}",
            lines=lines,
            by=by,
            note=reason[:300],
            order=order.public_id,
        )


def _tax_within(amount: Decimal, order: Order) -> Decimal:
    """The tax of so much of a sale, by what the ledger says is left of both."""
    booked = Posting.objects.filter(
        entry__order=order.public_id, account=chart.VAT, currency=order.currency
    ).aggregate(of=Sum("amount", default=ZERO))["of"]
    left = paid_for(order) - order.refund_due
    tax = round_half_up(-booked * amount / left, order.currency)
    return min(max(tax, ZERO), amount)
