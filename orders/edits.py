"""Orders that change before they leave: pieces more or fewer, lines added or taken out, prices agreed anew.

While an order is pending its total may go either way. Once it is paid it may only go down or stay. Here is what may be asked
for; what follows from it is in `orders.edit_effects`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.models import Variant
from common.actors import Actor
from common.errors import Conflict, invalid_field
from common.money import format_amount, has_minor_units_of
from orders import services as orders
from orders.asked import MAX_LINES, MAX_QUANTITY, NotForSale
from orders.edit_effects import Change, Edited, finish
from orders.models import (
    CancelReason,
    Order,
    OrderLine,
    OrderTrace,
    Status,
    WrongOrderState,
)
from orders.refunds import note_paid
from orders.repricing import (
    basket_of,
    key_of,
    newest_trace,
    with_added,
    with_pieces,
    with_price,
)
from pricing.quoting import quote

MOST_OPERATIONS = 100
MARGIN = timedelta(
    minutes=5
)  # how long after its end a payment link is still not trusted to be dead
ZERO = Decimal(0)


class PaymentInFlight(Conflict):
    """Money may be on its way for the present total. Wait until the attempt has ended, or cancel the order."""

    code = "payment_in_flight"
    title = "A payment is under way"


class NothingLeft(Conflict):
    """The edit would leave nothing. Cancel the order, or all of its lines."""

    code = "nothing_left"
    title = "Nothing would be left"


class PiecesShipped(Conflict):
    """Pieces that have left cannot be taken out of an order any more; they can be returned."""

    code = "pieces_shipped"
    title = "They have left already"


@dataclass(frozen=True, slots=True)
class Add:
    """So many pieces of a variant: on the line that it has, at that line's price, or on a new one at today's."""

    variant_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class SetQuantity:
    """A line (by id) has so many pieces from now on; none: it is taken out."""

    line: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Reprice:
    """One piece of a line (by id) costs so much before promotions, as prices are shown (with tax or without it)."""

    line: int
    unit_price: Decimal
    reason: str


Operation = Add | SetQuantity | Reprice


def edit(*, order_id: int, operations: Sequence[Operation], reason: str, by: Actor) -> Edited:
    """Change an order of which nothing has left. All of it or nothing.

    Args:
        operations: applied one after the other. reason: for the history, the customer and the credit note.

    Raises:
        WrongOrderState: it has ended, or pieces of it have left.
        PaymentInFlight, OrderIsPaid, NothingLeft: see there.
        common.errors.Invalid: an operation names no line of this order, or nothing changes.
        NotForSale, OutOfStock: name the operation. inventory.services.PurchaseLimit: more than one order may take.
        orders.repricing.OrderCannotBeEdited, pricing.quoting.TotalTooLarge
    """
    with transaction.atomic():
        change = _begin(order_id)
        if any(line.shipped for line in change.lines):
            raise WrongOrderState("Pieces of this order have left; what has not can be cancelled.")
        _operate(change, operations)
        if not change.basket.lines:
            raise NothingLeft("Nothing would be left. Cancel the order instead.")
        return finish(change, reason=reason, by=by)


def cancel_pieces(
    *,
    order_id: int,
    pieces: Mapping[int, int],
    reason: str,
    by: Actor,
    own: bool = False,
    unpaid_only: bool = False,
) -> Edited:
    """Take pieces out of an order that have not left. The last ones of a pending order end it.

    Args:
        pieces: by id of the line. own: the customer does it; then only while the order is pending.
        unpaid_only: nor may this member of staff decide that money goes back.

    Raises:
        WrongOrderState, PaymentInFlight, PiecesShipped, orders.repricing.OrderCannotBeEdited: see `edit`.
        common.errors.Invalid: names no line of this order, or more than there is of it.
    """
    with transaction.atomic():
        change = _begin(order_id)
        order = change.order
        if (own or unpaid_only) and order.status != Status.PENDING:
            raise WrongOrderState(f"The order is {order.status}; ask us to change it.")
        for place, (line_id, quantity) in enumerate(pieces.items()):
            line = _line(change, line_id, f"lines.{place}.line")
            if not 0 < quantity <= line.quantity:
                raise invalid_field(
                    f"lines.{place}.quantity", "max_value", f"There are {line.quantity} of it."
                )
            if quantity > line.quantity - line.shipped:
                raise PiecesShipped(
                    f"{line.shipped} of “{line.name}” have left.",
                    errors=[
                        {
                            "field": f"lines.{place}.quantity", "code": PiecesShipped.code,
                            "detail": "They have left.", "available": line.quantity - line.shipped,
                        }
                    ],
                )  # fmt: skip
            _set(change, line, line.quantity - quantity, place)
            change.notes.append(f"{quantity} × {line.name} cancelled")
        if not change.basket.lines and order.status == Status.PENDING:
            orders.cancel(
                order=order, by=by, reason=CancelReason.CUSTOMER if own else CancelReason.STAFF
            )
            return Edited(order, change.revision - 1, order.total, order.total)
        return finish(change, reason=reason, by=by)


# --- what is asked for --------------------------------------------------------------------------


def _begin(order_id: int) -> Change:
    """Lock the order and read how it came about."""
    order = orders.lock_order(order_id)
    if order.status not in {Status.PENDING, Status.PAID}:
        raise WrongOrderState(f"The order is {order.status}; it can no longer be changed.")
    _refuse_payment_in_flight(order)
    lines = list(order.lines.select_related("variant").order_by("position"))
    trace = newest_trace(order)
    basket = basket_of(order, lines, trace)
    before = quote(basket)
    if trace is None:
        OrderTrace.objects.create(order=order, revision=0, trace=before.trace, actor="system")
    note_paid(order)
    return Change(order, lines, basket, (trace.revision if trace else 0) + 1, before)


def _refuse_payment_in_flight(order: Order) -> None:
    """Whoever is asked for the old total must not pay it for something else."""
    if order.status != Status.PENDING:
        return
    alive = Q(status="failed", initialised_at__isnull=False) & (
        Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now() - MARGIN)
    )
    if order.payments.filter(Q(status__in=["pending", "review"]) | alive).exists():
        raise PaymentInFlight(
            "A payment of the present total may still come in. Try again when it has ended."
        )


def _line(change: Change, line_id: int, where: str) -> OrderLine:
    for line in change.lines:
        if line.pk == line_id and line.quantity:
            return line
    raise invalid_field(where, "does_not_exist", "This order has no such line.")


def _set(change: Change, line: OrderLine, quantity: int, place: int) -> None:
    key = key_of(line.variant_id)
    change.basket = with_pieces(change.basket, key, quantity)
    change.places.setdefault(key, []).append(place)


def _operate(change: Change, operations: Sequence[Operation]) -> None:
    if not operations or len(operations) > MOST_OPERATIONS:
        raise invalid_field("operations", "length", f"Give 1 to {MOST_OPERATIONS} operations.")
    new: dict[int, int] = {}
    for place, one in enumerate(operations):
        if isinstance(one, Add):
            _add(change, one, place, new)
            continue
        line = _line(change, one.line, f"operations.{place}.line")
        if not any(there.key == key_of(line.variant_id) for there in change.basket.lines):
            raise invalid_field(f"operations.{place}.line", "does_not_exist", "It was taken out.")
        if isinstance(one, SetQuantity):
            change.notes.append(f"{line.name}: {line.quantity} → {one.quantity}")
            _set(change, line, one.quantity, place)
        else:
            _reprice(change, one, line, place)
    if new:
        _add_new(change, new)
    if len(change.basket.lines) > MAX_LINES:
        raise invalid_field("operations", "too_many_items", f"An order has at most {MAX_LINES} lines.")  # fmt: skip
    if any(line.quantity > MAX_QUANTITY for line in change.basket.lines):
        raise invalid_field("operations", "max_value", f"At most {MAX_QUANTITY} of one thing.")


def _add(change: Change, one: Add, place: int, new: dict[int, int]) -> None:
    key = key_of(one.variant_id)
    change.places.setdefault(key, []).append(place)
    there = next((line for line in change.basket.lines if line.key == key), None)
    if there is None:
        new[one.variant_id] = new.get(one.variant_id, 0) + one.quantity
        return
    name = next(line.name for line in change.lines if line.variant_id == one.variant_id)
    change.notes.append(f"{one.quantity} × {name} added")
    change.basket = with_pieces(change.basket, key, there.quantity + one.quantity)


def _add_new(change: Change, new: Mapping[int, int]) -> None:
    change.basket, unknown, unpriced = with_added(change.basket, new, order=change.order, prices={})
    missing = [(pk, "This is not for sale.") for pk in unknown]
    missing += [(pk, f"This is not sold in {change.order.currency}.") for pk in unpriced]
    if missing:
        raise NotForSale(
            "Something that is added is not for sale.",
            errors=[
                {"field": f"operations.{place}", "code": "not_for_sale", "detail": detail}
                for pk, detail in missing
                for place in change.places[key_of(pk)]
            ],
        )
    variants = Variant.objects.for_sale().filter(pk__in=list(new)).select_related("product")
    change.added = {variant.pk: variant for variant in variants.with_stock()}
    change.notes += [f"{new[pk]} × {one.sku} added" for pk, one in change.added.items()]


def _reprice(change: Change, one: Reprice, line: OrderLine, place: int) -> None:
    where = f"operations.{place}"
    if not one.reason.strip():
        raise invalid_field(f"{where}.reason", "required", "Say why the price changes.")
    if one.unit_price < 0 or not has_minor_units_of(one.unit_price, change.order.currency):
        raise invalid_field(
            f"{where}.unit_price", "invalid", f"That cannot be paid in {change.order.currency}."
        )
    shown = format_amount(one.unit_price, change.order.currency)
    change.notes.append(f"{line.name} at {shown}: {one.reason.strip()}")
    change.basket = with_price(change.basket, key_of(line.variant_id), one.unit_price)
    change.places.setdefault(key_of(line.variant_id), []).append(place)
