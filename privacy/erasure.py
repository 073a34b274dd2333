"""Erasing a person: what we were asked to forget goes, the books stay.

Asking closes the account at once. A job then ends unpaid orders, in conversation with the gateway, and takes the person
out of every table in one transaction: whenever it is killed, either nothing or everything has happened, and it begins again.
A second look some minutes later finds what was under way at that moment.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from account import erasure as accounts
from account.models import User
from audit import services as audit
from cart import redaction as cart_redaction
from common.actors import Actor
from common.errors import Conflict, NotFound
from common.idempotency import with_retries
from common.jobs import enqueue
from common.transactions import refuse_transaction
from fulfilment import redaction as fulfilment_redaction
from inventory import redaction as stock_redaction
from orders import redaction as order_redaction
from orders.models import CancelReason, Order, PaymentStatus, Status, WrongOrderState
from payments import redaction as payment_redaction
from payments.cancellation import cancel_order
from payments.settle import PaymentUnavailable
from payments.start import OrderAlreadyPaid, PaymentInReview, PaymentStarting
from pricing import redaction as pricing_redaction
from privacy import letters, sweep
from privacy.models import Erasure, Export
from privacy.subject import Subject, letters_of, subject_of

log = logging.getLogger(__name__)

# How long an unreachable gateway holds an erasure up. After that the order expires by itself, without its customer.
PATIENCE = timedelta(hours=24)
SECOND_LOOK = timedelta(minutes=2)  # no request or job of before lives that long
RESUME_AFTER = timedelta(minutes=5)


class OpenOrders(Conflict):
    """There are orders under way, and the caller wanted to know before the account goes."""

    code = "open_orders"
    title = "There are open orders"


class NotErasedYet(Exception):
    """The gateway could not be asked about an unpaid order; the job tries again."""


def request_erasure(
    *,
    user: User | None,
    by: Actor,
    email: str = "",
    phone: str = "",
    refuse_open_orders: bool = False,
) -> Erasure:
    """Have a person erased soon; their account, if they have one, is closed now. Asking again changes nothing.

    Args:
        email, phone: what staff vouch for: beside an account, or alone, of somebody who has only orders.
        refuse_open_orders: rather refuse while there are orders under way.

    Raises:
        OpenOrders
        NotFound: without an account, and the shop holds nothing under this address or number.
        account.erasure.SuperuserStays, account.roles.LastOwner: the shop would be nobody's.
    """
    with transaction.atomic():
        subject = subject_of(user, email=email, phone=phone)
        if refuse_open_orders:
            _refuse_open_orders(subject)
        if user is not None:
            accounts.close_account(user=user)
        elif not subject.order_ids and not letters_of(subject).exists():
            raise NotFound("The shop holds nothing under this address or number.")
        if user is not None and (asked := Erasure.objects.filter(user=user).first()):
            return asked
        asked = Erasure.objects.create(user=user, email=email, phone=phone, requested_by=by.kind)
        asked.refresh_from_db()
        audit.record(action="privacy.erasure_requested", target=_target(asked))
        enqueue("privacy.erase", at_most_one=f"privacy.erase:{asked.pk}", erasure_id=asked.pk)
    return asked


def erase(*, erasure_id: int) -> None:
    """Do what was asked: end unpaid orders, then take the person out of every table. Safe to repeat, and to kill.

    Raises:
        NotErasedYet: the gateway does not answer about an unpaid order; try again later.
    """
    refuse_transaction()
    asked = Erasure.objects.select_related("user").get(pk=erasure_id)
    if asked.erased_at is not None:
        return
    _cancel_unpaid(asked)
    with_retries(lambda: _erase(erasure_id))


def look_again(*, erasure_id: int) -> None:
    """A while after: what a request or job that was under way at that moment has still written goes as well."""
    refuse_transaction()

    def work() -> None:
        asked = Erasure.objects.select_for_update().select_related(None).get(pk=erasure_id)
        if asked.erased_at is None or asked.confirmed_at is not None:
            return
        if asked.user_id is not None:
            subject = _locked(asked)
            for step in STEPS:
                step(subject)
        Erasure.objects.filter(pk=asked.pk).update(confirmed_at=timezone.now())

    with_retries(work)


def resume() -> int:
    """Hand out again what was asked for and is not done, or not looked at a second time. Returns how much."""
    now = timezone.now()
    handed_out = 0
    waiting = Erasure.objects.filter(confirmed_at=None).order_by("pk")
    for pk, erased_at in waiting.filter(requested_at__lt=now - RESUME_AFTER).values_list(
        "pk", "erased_at"
    ):
        if erased_at is None:
            task = "privacy.erase"
        elif erased_at < now - RESUME_AFTER:
            task = "privacy.look_again"
        else:
            continue
        with transaction.atomic():
            handed_out += enqueue(task, at_most_one=f"{task}:{pk}", erasure_id=pk)
    return handed_out


def _target(asked: Erasure) -> str:
    whom = asked.user
    return f"user:{whom.public_id}" if whom else f"erasure:{asked.public_id}"


# --- orders under way ---------------------------------------------------------------------------


def _refuse_open_orders(subject: Subject) -> None:
    under_way = Order.objects.filter(
        pk__in=subject.order_ids, status__in=[Status.PENDING, Status.PAID, Status.SHIPPED]
    )
    numbers = list(under_way.order_by("pk").values_list("number", flat=True)[:20])
    if numbers:
        raise OpenOrders(
            f"Still under way: {', '.join(numbers)}.",
            errors=[
                {"field": "open_orders", "code": OpenOrders.code, "detail": f"Order {number}"}
                for number in numbers
            ],
        )


def _cancel_unpaid(asked: Erasure) -> None:
    subject = _subject(asked)
    unpaid = Order.objects.filter(pk__in=subject.order_ids, status=Status.PENDING)
    silent = False
    for pk in unpaid.order_by("pk").values_list("pk", flat=True):
        try:
            cancel_order(
                order_id=pk, by=Actor("customer", subject.user_id), reason=CancelReason.CUSTOMER
            )
        except (OrderAlreadyPaid, PaymentInReview, WrongOrderState):
            continue  # staff are told
        except (PaymentUnavailable, PaymentStarting):
            silent = True
    if silent and timezone.now() < asked.requested_at + PATIENCE:
        raise NotErasedYet


def _needs_a_person(orders: list[Order]) -> list[Order]:
    return [
        order
        for order in orders
        if order.redacted_at is None
        and (
            order.status in {Status.PENDING, Status.PAID}
            or order.payment_status == PaymentStatus.REVIEW
        )
    ]


# --- the one transaction ------------------------------------------------------------------------


def _erase(erasure_id: int) -> None:
    asked = Erasure.objects.get(pk=erasure_id)
    subject = _locked(asked)
    asked = Erasure.objects.select_for_update().get(pk=erasure_id)
    if asked.erased_at is not None:
        return
    orders = list(Order.objects.filter(pk__in=subject.order_ids).order_by("pk"))
    letters.tell_staff(erasure=asked, orders=_needs_a_person(orders))
    farewell = letters.farewell(erasure=asked, known_by=subject.known_by)
    for step in STEPS:
        step(subject)
    letters.post(farewell)
    Erasure.objects.filter(pk=asked.pk).update(
        erased_at=timezone.now(),
        email="",
        phone="",
        orders=sum(order.redacted_at is None for order in orders),
    )
    audit.record(
        action="privacy.person_erased", target=_target(asked), details={"orders": len(orders)}
    )
    enqueue("privacy.look_again", delay=SECOND_LOOK, erasure_id=asked.pk)
    log.info("erasure %s is done: %s", asked.public_id, _target(asked))


def _subject(asked: Erasure) -> Subject:
    return subject_of(asked.user, email=asked.email, phone=asked.phone)


def _locked(asked: Erasure) -> Subject:
    """The person with their carts and orders, all locked: those first, as everybody does, then the account.

    `FOR UPDATE`, the strongest: whoever writes a row that points to one of them waits, new orders and webhooks among them.
    """
    if asked.user_id is not None:
        cart_redaction.hold_carts(user_id=asked.user_id)
    before = _subject(asked).order_ids
    list(Order.objects.filter(pk__in=before).order_by("pk").select_for_update().values_list("pk"))
    if asked.user_id is not None:
        asked.user = User.objects.select_for_update().get(pk=asked.user_id)
    return _subject(asked)  # once more: an order may have come in before the lock


def _redact_payments(subject: Subject) -> None:
    payment_redaction.redact_payments(order_ids=subject.order_ids)
    payment_redaction.redact_stray_webhooks(marks=subject.marks)


def _redact_orders(subject: Subject) -> None:
    order_redaction.redact_orders(
        ids=subject.order_ids,
        by=Actor("system"),
        note="the customer's data was erased: contact and delivery address are gone",
    )


def _forget_carts(subject: Subject) -> None:
    if subject.user_id is not None:
        cart_redaction.forget_carts(user_id=subject.user_id)


def _redact_fulfilment(subject: Subject) -> None:
    fulfilment_redaction.redact_fulfilment(order_ids=subject.order_ids)


def _forget_contact(subject: Subject) -> None:
    known_by = subject.known_by
    order_redaction.delete_drafts(
        user_id=known_by.user_id, emails=known_by.emails, phones=known_by.phones
    )
    named = order_redaction.forget_contact(
        user_id=known_by.user_id, emails=known_by.emails, phones=known_by.phones
    )
    payment_redaction.redact_messages(order_ids=named)  # the gateway was told the same contact


def _forget_prices(subject: Subject) -> None:
    known_by = subject.known_by
    pricing_redaction.forget_customer(
        user_id=subject.user_id,
        holders=subject.order_public_ids,
        emails=known_by.emails,
        phones=known_by.phones,
    )


def _forget_reservations(subject: Subject) -> None:
    stock_redaction.forget_customers(holders=subject.order_public_ids)


def _forget_letters(subject: Subject) -> None:
    letters_of(subject).delete()


def _forget_exports(subject: Subject) -> None:
    if subject.user_id is not None:
        Export.objects.filter(user_id=subject.user_id).delete()


def _forget_places(subject: Subject) -> None:
    """The audit log keeps what was done, and no longer from which address."""
    user = User.objects.filter(pk=subject.user_id).first() if subject.user_id else None
    audit.forget(
        user_id=subject.user_id,
        public_id=str(user.public_id) if user else "",
        about=subject.order_public_ids | subject.payment_public_ids,
    )


def _empty_account(subject: Subject) -> None:
    if subject.user_id is not None:
        accounts.empty_account(user_id=subject.user_id, phones=subject.known_by.phones)


# In this order: what finds rows by an address comes before what removes the address.
STEPS: list[Callable[[Subject], None]] = [
    _redact_payments,
    _redact_orders,
    _redact_fulfilment,
    _forget_carts,
    _forget_contact,
    _forget_prices,
    _forget_reservations,
    _forget_letters,
    _forget_exports,
    sweep.sweep_stored_replies,
    sweep.sweep_admin_log,
    sweep.sweep_browser_sessions,
    sweep.sweep_jobs,
    sweep.sweep_histories,
    _forget_places,
    _empty_account,
]
