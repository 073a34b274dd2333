"""Remarks on orders: written once, never changed."""

from __future__ import annotations

from django.db import transaction

from common.actors import Actor
from common.errors import invalid_field
from orders.change_letters import tell_note
from orders.models import OrderNote
from orders.models.desk import NOTE_LENGTH
from orders.services import lock_order


def add_note(*, order_id: int, text: str, is_for_customer: bool, by: Actor) -> OrderNote:
    """Write a note on an order. What is for the customer is sent to them as well.

    Raises:
        common.errors.NotFound: there is no such order. common.errors.Invalid: it says nothing, or too much.
    """
    text = text.strip()
    if not text or len(text) > NOTE_LENGTH:
        raise invalid_field("text", "length", f"Give 1 to {NOTE_LENGTH} characters.")
    with transaction.atomic():
        order = lock_order(order_id)
        note = OrderNote.objects.create(
            order=order, text=text, is_for_customer=is_for_customer, actor=str(by), user_id=by.user_id
        )  # fmt: skip
        note.refresh_from_db(fields=["created_at"])
        if is_for_customer:
            tell_note(order, note)
    return note
