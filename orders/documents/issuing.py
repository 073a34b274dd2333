"""Issuing documents. Each verb is a step under the order's lock; what was issued before is found, never issued again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from common.money import format_amount, round_half_up
from common.transactions import require_transaction
from orders.documents import content
from orders.documents.models import Document, Kind
from orders.documents.numbering import SHOP_ZONE, take_number
from orders.documents.refusals import NoDocumentYet, NothingToCredit, TooMuchCredited

if TYPE_CHECKING:
    from orders.models import Order, OrderLine

SOLD = frozenset({"paid", "shipped", "completed", "refunded"})
GONE = frozenset({"cancelled", "refunded"})
ZERO = Decimal(0)
EDITED = "edit:"  # keys of credit notes that came with a change of the order itself


@dataclass(frozen=True, slots=True)
class CreditLine:
    """So many pieces of the line at `position` are taken back.

    Args:
        amount: tax included, in the order's currency; left out, the pieces' share of the line's total.
    """

    position: int
    quantity: int
    amount: Decimal | None = None


def find_document(*, order: Order, kind: Kind, key: str = "") -> Document | None:
    """The document of this kind that was issued before, if any."""
    return Document.objects.filter(order=order, kind=kind, key=key).first()


def issue_invoice(*, order: Order) -> Document:
    """The invoice of a sale: lines, VAT at the rates of the order's day, the shop's particulars of today.

    Raises:
        NoDocumentYet: nothing is sold yet, or no more.
    """
    require_transaction()
    found = find_document(order=order, kind=Kind.INVOICE)
    if found is not None:
        return found
    _refuse_past_sale(order)
    if order.status not in SOLD:
        raise NoDocumentYet(
            f"The order is {order.status}; an invoice is issued when it is paid or shipped."
        )
    return write_document(
        order, Kind.INVOICE, content.sale(order), total=order.total, tax=order.tax_total
    )


def issue_receipt(*, order: Order) -> Document:
    """The receipt for an order's money.

    Raises:
        NoDocumentYet: it has not come.
    """
    require_transaction()
    found = find_document(order=order, kind=Kind.RECEIPT)
    if found is not None:
        return found
    _refuse_past_sale(order)
    if order.status not in SOLD or order.payment_status == "unpaid":
        raise NoDocumentYet("The order is not paid yet.")
    received = content.payments(order)
    particulars = {**content.sale(order), "lines": [], "payments": received}
    return write_document(order, Kind.RECEIPT, particulars, total=order.total, tax=order.tax_total)


def _refuse_past_sale(order: Order) -> None:
    """A sale has one invoice, and that of a past one was issued elsewhere."""
    if order.source == "history":
        raise NoDocumentYet("It was sold elsewhere, before; its documents were issued there.")


def issue_packing_slip(
    *, order: Order, key: str = "", pieces: Mapping[int, int] | None = None
) -> Document:
    """The list of what is in the parcel, without prices where the order says so.

    Args:
        key: names the shipment, when there are several; empty for the whole order.
        pieces: by line position; left out, everything.

    Raises:
        NoDocumentYet: nothing of this order is to be packed.
    """
    require_transaction()
    found = find_document(order=order, kind=Kind.PACKING_SLIP, key=key)
    if found is not None:
        return found
    _refuse_past_sale(order)
    if order.status in GONE:
        raise NoDocumentYet(f"The order is {order.status}; there is nothing to pack.")
    lines = [
        content.line_data(
            line, order, quantity=line.quantity if pieces is None else pieces[line.position]
        )
        for line in content.lines_of(order)
        if pieces is None or pieces.get(line.position)
    ]
    particulars = {
        "lines": lines, "sums": {}, "taxes": [], "hide_prices": content.hides_prices(order),
        "delivery_time": content.delivery_time(order),
    }  # fmt: skip
    return write_document(order, Kind.PACKING_SLIP, particulars, key=key, total=ZERO, tax=ZERO)


def issue_credit_note(
    *, order: Order, lines: Sequence[CreditLine], reason: str, key: str, delivery: Decimal = ZERO
) -> Document:
    """Take back an invoice, in part or whole. Its VAT goes back at the invoice's own rates.

    Shares are computed so that a line which is credited piece by piece gives back exactly its total and its tax.

    Args:
        reason: printed on it. key: names the return or cancellation; the same key gives the same document.
        delivery: how much of the delivery fee goes back; with its tax, where prices include tax.

    Raises:
        NothingToCredit: no lines and no amount, no reason or no key.
        NoDocumentYet: there is no invoice to credit.
        TooMuchCredited: more than is left of it.
    """
    require_transaction()
    if not key or not reason.strip() or not (lines or delivery) or delivery < 0:
        raise NothingToCredit(
            "A credit note needs a key, a reason, and something that is credited."
        )
    found = find_document(order=order, kind=Kind.CREDIT_NOTE, key=key)
    if found is not None:
        return found
    invoice = issue_invoice(order=order)
    before = _credited(invoice)
    sold = {line.position: line for line in content.lines_of(order)}
    positions = [line.position for line in lines]
    if len(set(positions)) != len(positions) or not set(positions) <= set(sold):
        raise NothingToCredit("Each line of the order can be named once.")
    credited = [_credit(sold[line.position], line, order, before) for line in lines]
    if delivery > order.delivery_total - before.delivery:
        raise TooMuchCredited("That is more than is left of the delivery fee.")
    delivery_tax = _delivery_tax(order, delivery, before.delivery)
    goods = sum((Decimal(line["total"]) for line in credited), ZERO)
    tax = sum((Decimal(line["tax"]) for line in credited), delivery_tax)
    total = goods + delivery + (ZERO if order.prices_include_tax else tax)
    if total > invoice.total - before.total:
        raise TooMuchCredited("That is more than is left of the invoice.")
    amounts = {
        "subtotal": goods, "discount_total": ZERO, "delivery_total": delivery,
        "tax_total": tax, "total": total,
    }  # fmt: skip
    particulars = {
        "lines": credited,
        "sums": {name: format_amount(amount, order.currency) for name, amount in amounts.items()},
        "taxes": content.taxes(
            credited,
            delivery=(order.delivery_tax_rate, delivery, delivery_tax),
            currency=order.currency,
            included=order.prices_include_tax,
        ),
        "reason": reason.strip()[:300],
        "invoice": {"number": invoice.number, "issued_at": invoice.issued_at.isoformat()},
    }
    return write_document(
        order, Kind.CREDIT_NOTE, particulars, key=key, credits=invoice, total=total, tax=tax
    )


@dataclass(slots=True)
class _Credited:
    """What earlier credit notes have taken back. By position: pieces, amount, tax."""

    lines: dict[int, tuple[int, Decimal, Decimal]]
    delivery: Decimal = ZERO
    total: Decimal = ZERO


def _credited(invoice: Document) -> _Credited:
    sums = _Credited({})
    for note in invoice.credit_notes.all():
        sums.total += note.total
        if note.key.startswith(EDITED):
            continue  # its lines are less already
        sums.delivery += Decimal(note.data["sums"]["delivery_total"])
        for line in note.data["lines"]:
            pieces, amount, tax = sums.lines.get(line["position"], (0, ZERO, ZERO))
            sums.lines[line["position"]] = (
                pieces + line["quantity"], amount + Decimal(line["total"]), tax + Decimal(line["tax"]),
            )  # fmt: skip
    return sums


def _credit(line: OrderLine, wanted: CreditLine, order: Order, before: _Credited) -> dict[str, Any]:
    pieces, amount, tax = before.lines.get(line.position, (0, ZERO, ZERO))
    if wanted.quantity < 0 or wanted.quantity + pieces > line.quantity:
        raise TooMuchCredited(f"Of “{line.name}” {line.quantity - pieces} can be credited.")
    charged = line.total - line.discount
    if wanted.amount is None:
        back = _share(charged, pieces + wanted.quantity, line.quantity, order) - amount
    else:
        back = wanted.amount
    back = max(back, ZERO)
    if back > charged - amount or back != round_half_up(back, order.currency):
        left = format_amount(charged - amount, order.currency)
        raise TooMuchCredited(f"Of “{line.name}” {left} {order.currency} can be credited.")
    if not back and not wanted.quantity:
        raise NothingToCredit(f"Nothing of “{line.name}” is credited.")
    # By what has gone back altogether, so that the parts of a tax never miss it by a cent.
    taxed = round_half_up(line.tax * (amount + back) / charged, order.currency) if charged else ZERO
    return content.line_data(
        line, order, quantity=wanted.quantity, total=back, tax=max(taxed - tax, ZERO)
    )


def _delivery_tax(order: Order, part: Decimal, before: Decimal) -> Decimal:
    """The tax of a part of the delivery fee, so that all parts together have all of it."""
    if not order.delivery_total:
        return ZERO
    rate = order.delivery_tax / order.delivery_total
    so_far = round_half_up(rate * before, order.currency)
    return round_half_up(rate * (before + part), order.currency) - so_far


def _share(total: Decimal, pieces: int, of: int, order: Order) -> Decimal:
    return round_half_up(total * pieces / of, order.currency)


def write_document(
    order: Order, kind: Kind, particulars: Mapping[str, Any], *, total: Decimal, tax: Decimal,
    key: str = "", credits: Document | None = None,
) -> Document:  # fmt: skip
    """Number and row. The number last of all: until the commit nobody else of this kind has one."""
    today = timezone.now().astimezone(SHOP_ZONE).date()
    data = {**content.base(order, on=today), **particulars}
    number = take_number(kind=kind, is_test=settings.CHAPA_MODE == "test")
    return Document.objects.create(
        kind=number.kind,
        is_test=number.is_test,
        year=number.year,
        sequence=number.sequence,
        number=str(number),
        order=order,
        key=key,
        credits=credits,
        currency=order.currency,
        total=total,
        tax_total=tax,
        data=data,
        issued_at=number.taken_at,
    )
