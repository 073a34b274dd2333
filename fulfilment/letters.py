"""What customers are told about parcels and returns. Each letter is an outbox row in the commit of the move it reports."""

from __future__ import annotations

from django.conf import settings

from events.services import post_letter
from fulfilment.models import ReturnRequest, Shipment
from orders.models import Order
from places.models import PickupPoint


def tell_sent(order: Order, shipment: Shipment, *, code: str = "") -> None:
    """A parcel is on its way: what is in it, who carries it, how to follow it."""
    how = [
        f"Carrier: {shipment.carrier}" if shipment.carrier else "",
        f"Tracking number: {shipment.tracking_number}" if shipment.tracking_number else "",
        shipment.tracking_url,
        f"When you receive it, say this code: {code}" if code else "",
    ]
    details = "\n".join(line for line in how if line)
    tracked = f" Tracking: {shipment.tracking_number}." if shipment.tracking_number else ""
    _post_about(
        order,
        shipment,
        subject=f"Order {order.number}: a parcel is on its way",
        text=f"This is on its way to you:\n\n{_contents(shipment)}\n\n{details}".rstrip() + "\n",
        short=f"order {order.number} is on its way.{tracked}{f' Code: {code}' if code else ''}",
    )


def tell_ready(order: Order, shipment: Shipment, *, code: str) -> None:
    """The goods can be fetched, where, and for which code."""
    where = _where(shipment)
    _post_about(
        order,
        shipment,
        subject=f"Order {order.number} is ready for pickup",
        text=(
            f"This is ready for you:\n\n{_contents(shipment)}\n\n{where}\n\n"
            f"Your code: {code}\nSay it only to whoever hands the goods over to you.\n"
        ),
        short=f"order {order.number} is ready for pickup. Your code: {code}",
    )


def tell_code(order: Order, shipment: Shipment, *, code: str) -> None:
    """Another code; the one before opens nothing any more."""
    _post_about(
        order,
        shipment,
        subject=f"Order {order.number}: a new code",
        text=f"Your new code for order {order.number}: {code}\nThe one before is not good any more.\n",
        short=f"your new code for order {order.number}: {code}",
    )


def tell_not_ready(order: Order, shipment: Shipment) -> None:
    """What was ready is not any more."""
    _post_about(
        order,
        shipment,
        subject=f"Order {order.number}: not ready for pickup any more",
        text=(
            f"Your goods of order {order.number} are not waiting for you any more; the code we sent is void."
            " We will tell you how it goes on.\n"
        ),
        short=f"order {order.number} is not ready for pickup any more. We will tell you how it goes on.",
    )


def tell_delivered(order: Order, shipment: Shipment) -> None:
    """It was handed over: whoever did not get it should say so."""
    _post_about(
        order,
        shipment,
        subject=f"Order {order.number}: delivered",
        text=(
            f"This was delivered:\n\n{_contents(shipment)}\n\n"
            "If you did not receive it, please tell us at once.\n"
        ),
        short=f"order {order.number} was delivered. Not received? Tell us at once.",
    )


def tell_requested(order: Order, asked: ReturnRequest) -> None:
    """The shop has heard of it, and will answer."""
    _post_about(
        order,
        asked,
        subject=f"Order {order.number}: you would like to return something",
        text=f"We will look at it and answer:\n\n{_returned(asked)}\n",
        short=f"we have your request to return goods of order {order.number}.",
    )


def tell_given_up(order: Order, asked: ReturnRequest) -> None:
    """What was to come has not; nobody waits for it any more."""
    _post_about(
        order,
        asked,
        subject=f"Order {order.number}: your return is closed",
        text=f"We have not received your return of order {order.number}, and have closed it.\n",
        short=f"your return of order {order.number} has not arrived and is closed.",
    )


def tell_approved(order: Order, asked: ReturnRequest) -> None:
    """The customer may send it back."""
    answer = f"\n\n{asked.answer}" if asked.answer else ""
    _post_about(
        order,
        asked,
        subject=f"Order {order.number}: your return is approved",
        text=f"You may send this back:\n\n{_returned(asked)}{answer}\n",
        short=f"your return of order {order.number} is approved. {asked.answer}".strip(),
    )


def tell_refused(order: Order, asked: ReturnRequest) -> None:
    """The shop does not take it back, and why."""
    _post_about(
        order,
        asked,
        subject=f"Order {order.number}: your return is refused",
        text=f"We cannot take this back:\n\n{_returned(asked)}\n\n{asked.answer}\n",
        short=f"your return of order {order.number} is refused. {asked.answer}",
    )


def tell_received(order: Order, asked: ReturnRequest, *, owed: str) -> None:
    """It has come, and what is owed for it.

    Args:
        owed: amount and currency; empty for nothing.
    """
    money = f"We owe you {owed}." if owed else "Nothing is owed for it."
    _post_about(
        order,
        asked,
        subject=f"Order {order.number}: your return has arrived",
        text=f"Your return of order {order.number} has arrived. {money}\n",
        short=f"your return of order {order.number} has arrived. {money}",
    )


def _contents(shipment: Shipment) -> str:
    rows = shipment.lines.select_related("line").order_by("line__position")
    return "\n".join(f"  {row.quantity} × {row.line.name}" for row in rows)


def _returned(asked: ReturnRequest) -> str:
    rows = asked.lines.select_related("line").order_by("line__position")
    return "\n".join(f"  {row.quantity} × {row.line.name}" for row in rows)


def _where(shipment: Shipment) -> str:
    found = PickupPoint.objects.filter(slug=shipment.pickup_point).first()
    if found is None:
        return shipment.pickup_point or settings.SHOP_NAME
    return "\n".join(
        text for text in (found.name, found.address, found.landmark, found.phone) if text
    )


def _post_about(
    order: Order, about: Shipment | ReturnRequest, *, subject: str, text: str, short: str
) -> None:
    """One letter for each entry of the history of what it is about."""
    if order.redacted_at is not None:
        return  # whoever it was asked to be forgotten
    noun = "shipment" if isinstance(about, Shipment) else "return"
    key = f"{noun}:{about.public_id}:{about.state}:{about.history.count()}"
    if order.email:
        post_letter(to=order.email, subject=subject, text=text, dedupe_key=key)
    elif order.phone:
        post_letter(
            to=order.phone, subject="", text=f"{settings.SHOP_NAME}: {short}", dedupe_key=key, channel="sms"
        )  # fmt: skip
