"""Tables that hold people's data without saying whose: found by account where there is one, else by address and number.

Most of these tables belong to libraries. Nothing here decides anything; it looks, and takes out.
"""

from __future__ import annotations

import re

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session as BrowserSession
from django.db import connection
from django.db.models import F, Func, Q, QuerySet, TextField, Value

from account.models import User
from common.models import StoredReply
from fulfilment.models import ReturnEvent, ReturnRequest, Shipment, ShipmentEvent
from inventory.models import Movement
from orders.models import DraftOrder, OrderEvent, OrderNote, OrderTrace, RefundDue
from payments.models import PaymentEvent
from privacy.subject import Subject

ERASED = "(erased)"
OF_FULFILMENT = (Shipment, ShipmentEvent, ReturnRequest, ReturnEvent)


def sweep_stored_replies(subject: Subject) -> None:
    """Delete the stored replies to a person's calls. In replies to others only the person's address and number go.

    Those others may still repeat their call: without its reply they would order twice.
    """
    for reply in replies_with(subject):
        if _is_theirs(reply, subject):
            reply.delete()
        else:
            text = _without(bytes(reply.body).decode("utf-8", "replace"), subject.marks)
            StoredReply.objects.filter(pk=reply.pk).update(body=text.encode())


def replies_with(subject: Subject) -> QuerySet[StoredReply]:
    """Stored replies to a person's calls, or that speak of them or of their orders."""
    needles = sorted(subject.marks | subject.order_public_ids)
    scope = _scope(subject)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM common_storedreply WHERE (%s <> '' AND starts_with(scope, %s)) OR EXISTS ("
            "SELECT FROM unnest(%s::text[]) needle WHERE strpos(scope, needle) > 0"
            " OR strpos(lower(convert_from(body, 'UTF8')), needle) > 0)",
            [scope, scope, needles],
        )
        found = [row[0] for row in cursor.fetchall()]
    return StoredReply.objects.filter(pk__in=found)


def _scope(subject: Subject) -> str:
    return f"user:{subject.user_id} " if subject.user_id is not None else ""


def _is_theirs(reply: StoredReply, subject: Subject) -> bool:
    mine = _scope(subject)
    if mine and reply.scope.startswith(mine):
        return True
    if not reply.scope.startswith(("user:", "key:")):  # a guest's
        return True
    text = bytes(reply.body).decode("utf-8", "replace")
    return any(order in text or order in reply.scope for order in subject.order_public_ids)


def sweep_admin_log(subject: Subject) -> None:
    """Django's admin log quotes what it calls an object: for people that is their address."""
    theirs = Q(pk__in=())
    if subject.user_id is not None:
        user_type = ContentType.objects.get_for_model(User)
        theirs = Q(content_type=user_type, object_id=str(subject.user_id))
    for mark in subject.marks:
        theirs |= Q(object_repr__icontains=mark) | Q(change_message__icontains=mark)
    LogEntry.objects.filter(theirs).update(object_repr=ERASED, change_message="")


def sweep_browser_sessions(subject: Subject) -> None:
    """Sign the person out of the admin: its sessions know their account."""
    if subject.user_id is None:
        return
    mine = [
        session.pk
        for session in BrowserSession.objects.iterator()
        if session.get_decoded().get("_auth_user_id") == str(subject.user_id)
    ]
    BrowserSession.objects.filter(pk__in=mine).delete()


def sweep_jobs(subject: Subject) -> None:
    """Delete jobs whose arguments name the person. One that runs just now is found the next time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE status <> 'doing' AND EXISTS ("
            "SELECT FROM unnest(%s::text[]) mark WHERE strpos(lower(concat_ws("
            "' ', args::text, lock, queueing_lock)), mark) > 0)",
            [sorted(subject.marks)],
        )


def sweep_histories(subject: Subject) -> None:
    """Histories of orders, payments and stock name people who worked here by their address: their kind is left."""
    if subject.user_id is None:
        return
    kind = Func(F("actor"), Value(":"), Value(1), function="split_part", output_field=TextField())
    named = {"user_id": subject.user_id, "created_by__contains": ":"}
    written = Func(
        F("created_by"), Value(":"), Value(1), function="split_part", output_field=TextField()
    )
    DraftOrder.objects.filter(**named).update(created_by=written)
    for model in (
        OrderEvent,
        OrderNote,
        OrderTrace,
        RefundDue,
        PaymentEvent,
        Movement,
        *OF_FULFILMENT,
    ):
        model.objects.filter(user_id=subject.user_id, actor__contains=":").update(actor=kind)


def _without(text: str, marks: frozenset[str]) -> str:
    for mark in sorted(marks, key=len, reverse=True):
        text = re.sub(rf"\+?{re.escape(mark)}", "", text, flags=re.IGNORECASE)
    return text
