"""Sending back: what a customer may ask for, and what staff answer. The order is locked first, then the return."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from common.actors import Actor
from common.errors import invalid_field
from common.transactions import lock_row, require_transaction
from fulfilment import letters
from fulfilment.models import LEFT, ReturnLine, ReturnReason, ReturnRequest, ReturnState
from fulfilment.models import WrongReturnState as WrongReturnState
from fulfilment.refusals import NotReturnable, ReturnTooLate
from orders.models import Order, Status
from orders.services import lock_order

RETURN_DAYS = (
    14  # from the last delivery on, for customers; staff take things back whenever they like
)
RETURNABLE = frozenset({Status.PAID, Status.SHIPPED, Status.COMPLETED})
NO_RETURN = "There is no such return."


def hold_return(return_id: int) -> tuple[Order, ReturnRequest]:
    """Order and return, locked in that order.

    Raises:
        common.errors.NotFound
    """
    require_transaction()
    order_id = ReturnRequest.objects.filter(pk=return_id).values_list("order_id", flat=True).first()
    order = lock_order(order_id or 0)
    asked = lock_row(ReturnRequest.objects.all(), return_id, missing=NO_RETURN)
    asked.order = order
    return order, asked


def request_return(
    *,
    order_id: int,
    lines: Mapping[int, int],
    reason: ReturnReason,
    by: Actor,
    customer_note: str = "",
    is_timely: bool = False,
) -> ReturnRequest:
    """Ask to send pieces back.

    Args:
        lines: pieces by id of the order's line.
        is_timely: staff ask, who need not keep to `RETURN_DAYS`.

    Raises:
        NotReturnable: more than has left the house, has not come back and is not asked for already.
        ReturnTooLate: `RETURN_DAYS` after the last delivery.
        common.errors.Invalid: no such line.
    """
    with transaction.atomic():
        order = lock_order(order_id)
        left = _returnable(order) if order.status in RETURNABLE else {}
        if not lines:
            raise invalid_field("lines", "empty", "Name what comes back.")
        known = set(order.lines.values_list("pk", flat=True))
        for place, (line_id, quantity) in enumerate(lines.items()):
            if line_id not in known:
                raise invalid_field(
                    f"lines.{place}.line_id", "does_not_exist", "The order has no such line."
                )
            if quantity < 1:
                raise invalid_field(f"lines.{place}.quantity", "min_value", "At least one piece.")
        short = {
            f"lines.{place}.quantity": left.get(line_id, 0)
            for place, (line_id, quantity) in enumerate(lines.items())
            if quantity > left.get(line_id, 0)
        }
        if short:
            raise NotReturnable(short)
        if not is_timely and timezone.now() > _last_delivery(order) + timedelta(days=RETURN_DAYS):
            raise ReturnTooLate(
                f"Goods can be returned within {RETURN_DAYS} days. Please write to us."
            )
        asked = ReturnRequest.objects.create(
            order=order, reason=reason, customer_note=customer_note, actor=str(by), user_id=by.user_id
        )  # fmt: skip
        ReturnLine.objects.bulk_create(
            ReturnLine(request=asked, line_id=line_id, quantity=quantity)
            for line_id, quantity in sorted(lines.items())
        )
        asked.remember(by=by)
        letters.tell_requested(order, asked)
    asked.refresh_from_db()
    return asked


def approve(*, return_id: int, by: Actor, answer: str = "") -> ReturnRequest:
    """requested → approved: the customer may send it.

    Args:
        answer: where to send or bring it, for the customer.

    Raises:
        WrongReturnState: it is decided already.
    """
    with transaction.atomic():
        order, asked = hold_return(return_id)
        asked.move_to(ReturnState.APPROVED, by=by, answer=answer, decided_at=timezone.now())
        letters.tell_approved(order, asked)
    return asked


def refuse(*, return_id: int, by: Actor, answer: str) -> ReturnRequest:
    """requested → refused; the pieces may be asked for anew.

    Args:
        answer: why, for the customer.

    Raises:
        WrongReturnState: it is decided already.
    """
    if not answer.strip():
        raise invalid_field("answer", "required", "Say why, the customer is told.")
    with transaction.atomic():
        order, asked = hold_return(return_id)
        asked.move_to(ReturnState.REFUSED, by=by, answer=answer, decided_at=timezone.now())
        letters.tell_refused(order, asked)
    return asked


def close(*, return_id: int, by: Actor, note: str = "") -> ReturnRequest:
    """approved or received → closed: nothing more is to come of it. Of an approved one, nothing ever came.

    Raises:
        WrongReturnState: it is not decided, was refused, or is closed.
    """
    with transaction.atomic():
        order, asked = hold_return(return_id)
        nothing_came = asked.state == ReturnState.APPROVED
        asked.move_to(ReturnState.CLOSED, by=by, note=note, closed_at=timezone.now())
        if nothing_came:
            letters.tell_given_up(order, asked)
    return asked


def _returnable(order: Order) -> dict[int, int]:
    """By line: pieces that left the house, have not come back and are not asked for."""
    awaited = dict(
        ReturnLine.objects.filter(request__order=order, request__state__in=ReturnRequest.AWAITED)
        .values("line")
        .annotate(pieces=Sum("quantity"))
        .values_list("line", "pieces")
    )
    return {
        line.pk: line.shipped - line.returned - awaited.get(line.pk, 0)
        for line in order.lines.all()
    }


def _last_delivery(order: Order) -> datetime:
    """When the customer last got something: as delivered, else as sent; without shipments, when the order was shipped."""
    found: datetime | None = order.shipments.filter(state__in=LEFT).aggregate(
        last=Max(Coalesce("delivered_at", "sent_at"))
    )["last"]
    if found is None:
        found = order.history.filter(status=Status.SHIPPED).aggregate(last=Max("created_at"))[
            "last"
        ]
    return found or order.created_at
