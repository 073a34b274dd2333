"""Credit notes of orders that were changed after they were paid: what is no longer sold, and what is sold instead."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from common.money import format_amount
from common.transactions import require_transaction
from orders.documents import content
from orders.documents.issuing import find_document, write_document
from orders.documents.models import Document, Kind
from pricing.quotes import Quote, QuotedLine

if TYPE_CHECKING:
    from orders.models import Order, OrderLine

ZERO = Decimal(0)


def issue_correction(
    *, order: Order, before: Quote, after: Quote, lines: Sequence[OrderLine], reason: str, key: str
) -> Document | None:
    """The credit note of an edit: every line that changed, with what is credited of it; what became dearer or came in
    instead is a negative amount. Tax goes back at each line's own rate.

    Args:
        before, after: quotes whose lines are keyed by variant. key: names the edit.

    Returns:
        None when nothing goes back, or nothing was invoiced yet: then the invoice to come says what is sold now.
    """
    require_transaction()
    found = find_document(order=order, kind=Kind.CREDIT_NOTE, key=key)
    invoice = find_document(order=order, kind=Kind.INVOICE)
    if found is not None or invoice is None or before.total == after.total:
        return found
    old = {line.key: line for line in before.lines}
    new = {line.key: line for line in after.lines}
    credited = [
        data
        for line in sorted(lines, key=lambda line: line.position)
        if (data := _difference(order, line, old.get(str(line.variant_id)), new.get(str(line.variant_id))))
    ]  # fmt: skip
    total, tax = before.total - after.total, before.tax_total - after.tax_total
    delivery = before.delivery_total - after.delivery_total
    goods = total - delivery - (ZERO if order.prices_include_tax else tax)
    amounts = {
        "subtotal": goods, "discount_total": ZERO, "delivery_total": delivery,
        "tax_total": tax, "total": total,
    }  # fmt: skip
    delivered = before.delivery or after.delivery
    particulars = {
        "lines": credited,
        "sums": {name: format_amount(amount, order.currency) for name, amount in amounts.items()},
        "taxes": content.taxes(
            credited,
            delivery=(
                delivered.tax_rate if delivered else ZERO,
                delivery,
                _delivery_tax(before) - _delivery_tax(after),
            ),
            currency=order.currency,
            included=order.prices_include_tax,
        ),
        "reason": reason.strip()[:300],
        "invoice": {"number": invoice.number, "issued_at": invoice.issued_at.isoformat()},
    }
    # Where rates differ the tax may move against the total; the document's own columns stay within each other.
    shown_tax = min(max(tax, ZERO), total)
    return write_document(
        order, Kind.CREDIT_NOTE, particulars, key=key, credits=invoice, total=total, tax=shown_tax
    )


def _difference(
    order: Order, line: OrderLine, old: QuotedLine | None, new: QuotedLine | None
) -> dict[str, Any] | None:
    """What is credited of a line; None: it is as it was."""
    pieces = (old.quantity if old else 0) - (new.quantity if new else 0)
    back = _charged(old) - _charged(new)
    if not pieces and not back:
        return None
    priced = old or new
    assert priced is not None
    return {
        "position": line.position,
        "sku": line.sku,
        "name": line.name,
        "quantity": pieces,
        "unit_price": format_amount(priced.unit_price, order.currency),
        "total": format_amount(back, order.currency),
        "tax_rate": str(priced.tax_rate),
        "tax": format_amount(
            (old.tax if old else ZERO) - (new.tax if new else ZERO), order.currency
        ),
    }


def _charged(line: QuotedLine | None) -> Decimal:
    return line.total if line else ZERO


def _delivery_tax(made: Quote) -> Decimal:
    return made.delivery.tax if made.delivery else ZERO
