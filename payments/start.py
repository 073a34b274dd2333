"""Starting to pay an order: a conversation with the gateway.

The attempt is committed before the gateway hears of it, so that a webhook that outruns the gateway's answer finds it, and so
that nothing is forgotten by a crash. An order has one live attempt; to replace it, its link is closed and asked about first.
"""

from __future__ import annotations

import enum
import logging
import re
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common.actors import GATEWAY, Actor
from common.errors import Conflict, invalid_field
from common.idempotency import KeyInUse, KeyReused
from common.ids import CROCKFORD
from common.jobs import enqueue
from common.money import Money
from common.transactions import refuse_transaction
from orders import services as orders
from orders.models import Order
from orders.models import Status as OrderStatus
from payments.gateways import chapa
from payments.gateways.chapa import Buyer, Demand, Refused, Started
from payments.models import LINK_LIFETIME, Method, Payment, Status
from payments.settle import STARTING, PaymentUnavailable, close, lock_payment, settle

log = logging.getLogger(__name__)

# A link this young is handed out again without asking; the shortest life the dashboard allows is five minutes.
FRESH = timedelta(minutes=4)
FIRST_CHECK = timedelta(minutes=1)
CLEAN_UP = 3.0  # seconds for each call that tidies up after a lost answer
ROUNDS = 4


class OrderAlreadyPaid(Conflict):
    """The order has its money."""

    code = "order_already_paid"
    title = "The order is paid already"


class OrderNotPayable(Conflict):
    """The order has ended, or nothing is due."""

    code = "order_not_payable"
    title = "The order cannot be paid"


class PaymentInReview(Conflict):
    """Money of this order waits for a person; nobody should pay again before that."""

    code = "payment_in_review"
    title = "A payment of this order is being looked at"


class PaymentStarting(Conflict):
    """Another call is opening a payment for this order right now."""

    code = "payment_starting"
    title = "A payment is being started"


class PaymentRefused(Conflict):
    """The gateway does not take this payment."""

    code = "payment_refused"
    title = "The payment service refused this payment"


class CurrencyNotTaken(Conflict):
    """This way to pay does not take the order's currency; nothing was started."""

    code = "currency_not_taken"
    title = "This way to pay does not take the order's currency"


class _Next(enum.Enum):
    """What to do with the attempt that was found or made."""

    HAND_OUT = enum.auto()
    OPEN = enum.auto()
    LOOK = enum.auto()
    CLOSE = enum.auto()


def start(
    *,
    order_id: int,
    method: str,
    by: Actor,
    idempotency_key: str | None = None,
    fingerprint: str = "",
) -> Payment:
    """Open a checkout page for an order, or hand out the one that is open. Safe to repeat: never two live links.

    Args:
        idempotency_key: unique per order; a repetition resumes the attempt that the first call made.
        fingerprint: of the request body that came with the key.

    Raises:
        OrderAlreadyPaid, OrderNotPayable, PaymentInReview: there is nothing to pay, or not now.
        CurrencyNotTaken: not in this currency.
        PaymentStarting: another call is at it; KeyInUse when that is a call with the same key.
        KeyReused: the key came with another body before.
        PaymentRefused: the gateway does not take this payment.
        PaymentUnavailable: the gateway cannot be asked; nothing is lost, and the next call makes a new attempt.
    """
    refuse_transaction()
    if method not in Method.values:
        raise invalid_field("method", "invalid_choice", "There is no such way to pay.")
    if not chapa.is_configured():
        raise PaymentUnavailable("No payment gateway is configured.", retry_after=60)
    name_buyer = True
    for _ in range(ROUNDS):
        step, payment = _claim(order_id, method, by, idempotency_key, fingerprint)
        if step is _Next.HAND_OUT:
            return payment
        if step is _Next.CLOSE:
            close(payment_id=payment.pk, source="a new start")
        elif step is _Next.LOOK:
            try:
                settle(payment_id=payment.pk, source="a new start")
            except PaymentUnavailable:
                return payment  # the link may well work although we cannot ask about it
        else:
            demand = _demand(payment, name_buyer=name_buyer)
            opened = _open(payment, demand)
            if opened is not None:
                return opened
            # Refused. It may have disliked what we said about the buyer, which it does not need.
            if demand.buyer == Buyer():
                raise PaymentRefused("The payment service does not take this payment.")
            name_buyer = False
    raise PaymentStarting("Too much happens to this order at once.", retry_after=2)


def _claim(
    order_id: int, method: str, by: Actor, key: str | None, fingerprint: str
) -> tuple[_Next, Payment]:
    """Under the order's lock: find the attempt to go on with, or make a new one."""
    with transaction.atomic():
        order = orders.lock_order(order_id)
        if key is not None:
            mine = _resume(order, key, fingerprint)
            if mine is not None:
                return mine
        _refuse_unpayable(order)
        for payment in order.payments.unsettled().order_by("pk"):
            step = _next_for(payment)
            if step is not None:
                return step, payment
        return _Next.OPEN, _create(order, method, by, key, fingerprint)


def _resume(order: Order, key: str, fingerprint: str) -> tuple[_Next, Payment] | None:
    payment = order.payments.filter(idempotency_key=key).first()
    if payment is None:
        return None
    if payment.fingerprint != fingerprint:
        raise KeyReused("Use a new key for a new request.")
    if payment.checkout_url is not None or payment.status not in {Status.PENDING, Status.FAILED}:
        return _Next.HAND_OUT, payment
    if payment.status == Status.PENDING:
        if _is_starting(payment):
            raise KeyInUse("Wait for the first call to end.", retry_after=2)
        return _Next.CLOSE, payment
    # The first call came to nothing, so the key is free for a new attempt.
    payment.idempotency_key = None
    payment.save(update_fields=["idempotency_key"])
    return None


def _next_for(payment: Payment) -> _Next | None:
    """What an unsettled attempt demands before the order may be paid by another; None: nothing."""
    now = timezone.now()
    if payment.status == Status.REVIEW:
        raise PaymentInReview(
            "We are looking at a payment for this order. Please do not pay again."
        )
    if payment.initialised_at is None:
        if payment.status == Status.FAILED:
            return None
        if _is_starting(payment):
            raise PaymentStarting("Try again in a moment.", retry_after=2)
        return _Next.CLOSE
    alive = payment.expires_at is None or now < payment.expires_at
    if payment.status == Status.FAILED:
        return _Next.CLOSE if alive else None
    if not alive:
        return _Next.CLOSE
    seen = max(payment.initialised_at, payment.last_checked_at or payment.initialised_at)
    return _Next.HAND_OUT if now - seen < FRESH else _Next.LOOK


def _is_starting(payment: Payment) -> bool:
    return payment.initialised_at is None and timezone.now() - payment.created_at < STARTING


def _refuse_unpayable(order: Order) -> None:
    if order.status in {OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.COMPLETED}:
        raise OrderAlreadyPaid("This order is paid already.")
    if order.status != OrderStatus.PENDING:
        raise OrderNotPayable(f"This order is {order.status}.")
    if order.expires_at <= timezone.now():
        raise OrderNotPayable("The time to pay this order is over.")
    if order.total <= 0:
        raise OrderNotPayable("Nothing is due for this order.")
    if not chapa.takes(order.currency):
        raise CurrencyNotTaken(f"Orders in {order.currency} cannot be paid through Chapa.")


def _create(order: Order, method: str, by: Actor, key: str | None, fingerprint: str) -> Payment:
    now = timezone.now()
    payment = Payment.objects.create(
        order=order,
        method=method,
        amount=order.total,
        currency=order.currency,
        mode=settings.CHAPA_MODE,
        reference=new_reference(order.number),
        idempotency_key=key,
        fingerprint=fingerprint if key else "",
        created_at=now,
        next_check_at=now + FIRST_CHECK,
    )
    payment.history.create(status=Status.PENDING, actor=str(by), user_id=by.user_id, note="started")
    return payment


def new_reference(number: str) -> str:
    """A reference for one attempt: the order's number, for people, and 100 random bits, against guessing."""
    readable = re.sub(r"[^A-Za-z0-9-]", "", number)[:24]
    return f"{readable}-{''.join(secrets.choice(CROCKFORD) for _ in range(20))}"


def _open(payment: Payment, demand: Demand) -> Payment | None:
    """Ask the gateway for a checkout page; None when it refused the demand."""
    result = chapa.client().initialize(demand)
    if isinstance(result, Started):
        return _hand_over(payment, result.checkout_url)
    if isinstance(result, Refused):
        _fail(payment, f"refused by the gateway: {result.message}")
        if result.http_status in {401, 403}:
            raise PaymentUnavailable(retry_after=60)
        return None
    if not result.sent:
        _fail(payment, f"not sent: {result.reason}")
        raise PaymentUnavailable(retry_after=5)
    # It may exist at the gateway now, with a link that nobody has. If this fails too, the attempt stays `pending` and the
    # next start or the reconciliation closes it.
    try:
        close(payment_id=payment.pk, source="a lost answer", total=CLEAN_UP)
    except PaymentUnavailable:
        log.warning("payment %s: could not be tidied up yet", payment.reference)
    raise PaymentUnavailable(retry_after=5)


def _fail(payment: Payment, note: str) -> None:
    with transaction.atomic():
        orders.lock_order(payment.order_id)
        locked = lock_payment(payment.pk)
        if locked.status == Status.PENDING:
            locked.move_to(Status.FAILED, by=GATEWAY, note=note)


def _hand_over(payment: Payment, checkout_url: str) -> Payment:
    """Write down the link. Meanwhile a webhook may have settled the attempt, or somebody may have given it up as dead."""
    now = timezone.now()
    with transaction.atomic():
        order = orders.lock_order(payment.order_id)
        locked = lock_payment(payment.pk)
        locked.initialised_at = now
        locked.expires_at = now + LINK_LIFETIME
        locked.checkout_url = checkout_url
        fields = ["initialised_at", "expires_at", "checkout_url"]
        if locked.status == Status.PENDING:
            locked.next_check_at = now + FIRST_CHECK
            fields.append("next_check_at")
            enqueue(
                "payments.settle",
                at_most_one=f"payments.first_check:{locked.pk}",
                delay=FIRST_CHECK,
                payment_id=locked.pk,
                source="first check",
            )
        elif locked.status in {Status.FAILED, Status.CANCELLED}:
            enqueue("payments.close", payment_id=locked.pk)
        locked.save(update_fields=fields)
    if locked.status in {Status.FAILED, Status.CANCELLED}:
        if order.status != OrderStatus.PENDING:
            raise OrderNotPayable(f"This order is {order.status}.")
        raise PaymentStarting("This took too long; another attempt has replaced it.", retry_after=2)
    return locked


def _demand(payment: Payment, *, name_buyer: bool) -> Demand:
    order = payment.order
    pages = settings.FRONTEND_URL or settings.PUBLIC_URL
    return Demand(
        tx_ref=payment.reference,
        amount=Money(payment.amount, payment.currency),
        title=f"Order {order.number}" if len(order.number) <= 10 else order.number,
        description=f"Order {order.number} at {settings.SHOP_NAME}",
        callback_url=f"{settings.PUBLIC_URL}/api/payments/chapa/callback/",
        return_url=f"{pages}/pay/return/{payment.public_id}/",
        buyer=_buyer(order) if name_buyer else Buyer(),
    )


def _buyer(order: Order) -> Buyer:
    address = order.shipping_address
    first, last = address.get("first_name", ""), address.get("last_name", "")
    if not first and not last:
        first, _, last = address.get("name", "").partition(" ")
    if not first and not last and order.owner is not None:
        first, last = order.owner.first_name, order.owner.last_name
    return Buyer(
        first_name=first,
        last_name=last,
        email=order.email,
        phone=order.phone or address.get("phone", ""),
    )
