"""What follows from an edit: lines, totals, trace, history and letter; money that goes back, stock, and a credit note.

In the order of the locks: the order is locked already, then stock by id, then the counter of the documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from catalog.models import Variant
from common.actors import Actor
from common.errors import Conflict, Invalid
from common.money import format_amount
from common.transactions import require_transaction
from inventory import changing
from inventory import services as inventory
from inventory.shelves import lock_shelves
from orders import change_letters
from orders import services as orders
from orders.asked import AskedLine, OutOfStock
from orders.documents.corrections import issue_correction
from orders.goods import follow_goods
from orders.models import FulfilmentStatus, Order, OrderLine, OrderTrace, RefundDue, Status
from orders.refunds import book_less, owe
from orders.repricing import delivered, key_of, pieces_of, put_on_line, takes_of
from orders.writing import amounts_of, line_name
from pricing import bookings
from pricing.basket import Basket
from pricing.quotes import Applied, NotApplied, Quote
from pricing.quoting import quote

ZERO = Decimal(0)


class OrderIsPaid(Conflict):
    """A paid order can become cheaper or stay, never dearer."""

    code = "order_is_paid"
    title = "The order is paid"


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit came to.

    Attributes:
        before, after: totals, in the order's currency. refund: what is owed back for it, if anything.
        lost: promotions that were applied and no longer are; `why` says why, where that is known.
    """

    order: Order
    revision: int
    before: Decimal
    after: Decimal
    refund: RefundDue | None = None
    lost: tuple[Applied, ...] = ()
    why: tuple[NotApplied, ...] = ()


@dataclass(slots=True)
class Change:
    """An order under its lock, and the basket that it is to become."""

    order: Order
    lines: list[OrderLine]
    basket: Basket
    revision: int
    before: Quote
    added: dict[int, Variant] = field(default_factory=dict)
    places: dict[str, list[int]] = field(default_factory=dict)  # operations, by key of the line
    notes: list[str] = field(default_factory=list)


def cause_of(order: Order, revision: int) -> UUID:
    """What stock movements of an edit name as their holder; `md5(public_id || ':edit:' || revision)::uuid` in SQL."""
    text = f"{order.public_id}:edit:{revision}"
    return UUID(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())


def finish(change: Change, *, reason: str, by: Actor) -> Edited:
    """Make the order what the change's basket says. A step.

    Raises:
        OrderIsPaid, OutOfStock, common.errors.Invalid: see `orders.edits.edit`.
    """
    require_transaction()
    order, before = change.order, change.before
    made = quote(delivered(change.basket))
    total, tax = order.total, order.tax_total
    is_paid = order.status == Status.PAID
    if is_paid and made.total > total:
        raise OrderIsPaid(
            f"It would cost {format_amount(made.total - total, order.currency)} {order.currency} more than was paid."
        )
    if _is_unchanged(before, made):
        raise Invalid("Nothing changes by this.")
    pieces = pieces_of(change.lines)
    _write_lines(change, made)
    for name, value in amounts_of(made).items():
        setattr(order, name, value)
    if not made.lines:
        order.fulfilment_status = FulfilmentStatus.CANCELLED
        bookings.give_back(holder=order.public_id)
    order.save(update_fields=["fulfilment_status", "updated_at", *amounts_of(made)])
    _leave_traces(change, made, reason=reason, by=by)
    refund = None
    if is_paid:
        refund = _give_back(change, total - made.total, tax - made.tax_total, reason=reason, by=by)
    change_letters.tell_changed(order, revision=change.revision, reason=reason, before=total, refund=refund)  # fmt: skip
    if is_paid:
        _move_paid_stock(change, pieces, by=by)
        if any(line.shipped for line in change.lines):
            follow_goods(order=order, by=by)
        issue_correction(
            order=order, before=before, after=made, lines=change.lines, reason=reason,
            key=f"edit:{change.revision}",
        )  # fmt: skip
    else:
        _move_reserved_stock(change, pieces, by=by)
        if not order.total:  # there will be no payment to wait for
            orders.mark_paid(order=order, by=by)
    applied = {one.promotion_id for one in made.applied}
    lost = tuple(one for one in before.applied if one.promotion_id not in applied)
    gone = {one.promotion_id for one in lost}
    why = tuple(one for one in made.not_applied if one.promotion_id in gone)
    return Edited(order, change.revision, total, made.total, refund, lost, why)


def _is_unchanged(before: Quote, after: Quote) -> bool:
    return [(line.key, line.quantity, line.unit_price) for line in before.lines] == [
        (line.key, line.quantity, line.unit_price) for line in after.lines
    ]


def _write_lines(change: Change, made: Quote) -> None:
    """The lines as the quote has them; pieces that are no longer wanted are counted as cancelled."""
    priced = {line.key: line for line in made.lines}
    by_variant = {line.variant_id: line for line in change.lines}
    position = max((line.position for line in change.lines), default=-1)
    for line in change.lines:
        wanted = priced.get(key_of(line.variant_id))
        line.cancelled += max(line.quantity - (wanted.quantity if wanted else 0), 0)
        if not line.quantity and wanted is not None:  # taken out before, and put in anew
            _describe(line, change.added[line.variant_id])
        put_on_line(line, wanted)
        line.save()
    for pk, variant in change.added.items():
        if pk in by_variant:
            continue
        position += 1
        line = OrderLine(order=change.order, position=position, product=variant.product, variant=variant)  # fmt: skip
        _describe(line, variant)
        put_on_line(line, priced[key_of(pk)])
        line.save(force_insert=True)
        change.lines.append(line)


def _describe(line: OrderLine, variant: Variant) -> None:
    """What the invoice says of it, and what a bundle is made of, as they are today."""
    line.sku = variant.sku
    line.name = line_name(variant)
    line.parts = AskedLine(variant).parts()
    line.variant = variant


def _leave_traces(change: Change, made: Quote, *, reason: str, by: Actor) -> None:
    order = change.order
    OrderTrace.objects.create(
        order=order, revision=change.revision, trace=made.trace, actor=str(by), user_id=by.user_id,
        reason=reason[:300],
    )  # fmt: skip
    note = f"changed: {'; '.join([reason, *change.notes])}"
    order.history.create(
        from_status=order.status, status=order.status, actor=str(by), user_id=by.user_id,
        note=note if len(note) <= 300 else f"{note[:299]}…",
    )  # fmt: skip


def _give_back(
    change: Change, amount: Decimal, tax: Decimal, *, reason: str, by: Actor
) -> RefundDue | None:
    """Owe what the order has become cheaper by; the ledger also has a tax that changed while the total did not."""
    key = f"edit:{change.revision}"
    if amount:
        return owe(order=change.order, amount=amount, tax=tax, key=key, reason=reason, by=by, reduces_sale=True)  # fmt: skip
    book_less(order=change.order, amount=ZERO, tax=tax, key=key, reason=reason, by=by, reduces_sale=True)  # fmt: skip
    return None


def _move_reserved_stock(change: Change, before: Mapping[int, int], *, by: Actor) -> None:
    wanted = pieces_of(change.lines)
    if wanted == before:
        return
    try:
        changing.change_reservation(holder=change.order.public_id, quantities=wanted, by=by)
    except inventory.OutOfStock as refusal:
        raise _out_of_stock(change, refusal.short) from refusal


def _move_paid_stock(change: Change, before: Mapping[int, int], *, by: Actor) -> None:
    """Pieces go back to the shelf; what is put in instead is sold at once, under the edit's own name."""
    wanted = pieces_of(change.lines)
    more = {pk: count for pk, n in wanted.items() if (count := n - before.get(pk, 0)) > 0}
    less = {pk: count for pk, n in before.items() if (count := n - wanted.get(pk, 0)) > 0}
    holder = cause_of(change.order, change.revision)
    number = change.order.number
    if more:
        try:
            # Both at once, in the order of their ids: two edits must not wait for each other.
            lock_shelves([*more, *less])
            inventory.reserve(quantities=more, holder=holder)
        except inventory.OutOfStock as refusal:
            short = {pk: left + before.get(pk, 0) for pk, left in refusal.short.items()}
            raise _out_of_stock(change, short) from refusal
        inventory.commit(holder=holder, by=by)
        if inventory.is_owed(holder=holder):
            raise _out_of_stock(change, {pk: before.get(pk, 0) for pk in more})
    if less:
        changing.give_back_sold(
            order=change.order.public_id, quantities=less, holder=holder, by=by,
            note=f"order {number} changed",
        )  # fmt: skip


def _out_of_stock(change: Change, short: Mapping[int, int]) -> OutOfStock:
    """Name the operations that want more than there is, with how many of the line could be had.

    Args:
        short: pieces that this order could have in all, of each stock item that is not enough.
    """
    left = dict(short)
    errors = []
    for line in change.lines:
        takes = {item: each for item, each in takes_of(line).items() if item in left}
        could = min((left[item] // each for item, each in takes.items()), default=line.quantity)
        had = min(could, line.quantity)
        for item, each in takes.items():
            left[item] -= each * had
        if had < line.quantity:
            named = [f"operations.{place}.quantity" for place in change.places.get(key_of(line.variant_id), [])]  # fmt: skip
            errors += [
                {
                    "field": where,
                    "code": "out_of_stock",
                    "detail": f"Only {had} left." if had else "Sold out.",
                    "available": had,
                }
                for where in named or ["operations"]
            ]
    return OutOfStock("There is not enough stock for this change.", errors=errors)
