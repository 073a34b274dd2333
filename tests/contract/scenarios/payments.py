"""Paying an order: what the customer's side does."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from account.models import Role, UserRole
from common.actors import GUEST
from orders.checkout import Contact, Item, Wishes, checkout
from orders.tokens import order_token
from payments.models import Payment
from tests.contract.document import operations
from tests.contract.recorder import Recorder
from tests.payments.fake_chapa import envelope

KEY = "9d2a4c7e-51b0-4f3e-8c6d-0a7b9e1f3d52"
CHAPA = {"method": "chapa"}


def place(s: Recorder, quantity: int = 1) -> dict[str, Any]:
    """A guest's order, and how to call for it."""
    with transaction.atomic():
        order = checkout(
            items=[Item(quantity=quantity, product_id=s.world.yirgacheffe.pk)], owner=None,
            contact=Contact(email="hana.tesfaye@example.com", phone="+251911234567"),
            wishes=Wishes(shipping_address={"name": "Hana Tesfaye", "city": "Addis Ababa"}),
            expected_total=None, by=GUEST,
        )  # fmt: skip
    s.placeholders.learn({"number": order.number})
    guest = order_token(order.public_id)
    s.placeholders.learn({"order_token": guest})
    return {"path": {"public_id": str(order.public_id)}, "guest": guest}


def pay(s: Recorder) -> None:
    """Start, look, ask, paid."""
    call = place(s)
    payment = s.call(
        "payments_start", "start", "Start to pay with Chapa", **call, body=CHAPA, key=KEY, status=201,
        untold={"idempotency_key_in_use"},
    )  # fmt: skip
    one = {**call, "path": {"public_id": payment["id"]}}
    s.call("payments_retrieve", "pending", "The customer has not paid yet", **one, status=200)
    s.chapa.pay(payment["reference"])
    s.call("payments_check", "paid", "The customer is back, and has paid", **one, status=200)
    s.call("payments_retrieve", "succeeded", "The money is there", **one, status=200)
    s.call("orders_retrieve", "paid", "The order is paid", **call, status=200)
    s.call("orders_history", "paid", "How it became paid", **call, status=200)
    s.call(
        "payments_start", "already_paid", "The order is paid already", **call, body=CHAPA,
        status=409, code="order_already_paid",
    )  # fmt: skip
    s.call(
        "orders_cancel", "already_paid", "A paid order is not cancelled here", **call,
        status=409, code="order_already_paid",
    )  # fmt: skip


def gateway_down(s: Recorder) -> None:
    """Chapa does not answer."""
    call = place(s)
    s.chapa.down = True
    s.call(
        "payments_start", "unavailable", "Chapa cannot be reached; the order is kept", **call,
        body=CHAPA, status=503, code="payment_unavailable",
    )  # fmt: skip
    s.chapa.down = False
    payment = s.send(operations()["payments_start"], **call, body=CHAPA).json()
    s.placeholders.learn(payment)
    s.chapa.down = True
    s.call(
        "payments_check", "unavailable", "Chapa cannot be reached; nothing is lost",
        path={"public_id": payment["id"]}, guest=call["guest"], status=503, code="payment_unavailable",
    )  # fmt: skip
    s.call(
        "orders_cancel", "unavailable", "Whether money came cannot be found out; the order stays",
        **call, status=503, code="payment_unavailable",
    )  # fmt: skip
    s.chapa.down = False
    s.call(
        "payments_check", "invalid", "This call takes no fields; send no body, or {}",
        path={"public_id": payment["id"]}, guest=call["guest"], body=[], status=400, code="invalid",
    )  # fmt: skip


def refused(s: Recorder) -> None:
    """Why a payment is not started."""
    call = place(s)
    s.call(
        "payments_start", "invalid", "There is no such way to pay", **call, body={"method": "gold"},
        status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "orders_cancel", "invalid", "This call takes no fields; send no body, or {}", **call,
        body=[], status=400, code="invalid",
    )  # fmt: skip
    s.chapa.script["initialize"] = [envelope(400, "Invalid currency", "failed")] * 4
    s.call(
        "payments_start", "refused", "Chapa does not take this payment", **call, body=CHAPA,
        status=409, code="payment_refused",
    )  # fmt: skip
    s.chapa.script["initialize"] = []
    during(s, call)
    UserRole.objects.create(user=s.world.clerk, role=Role.SUPPORT)
    token = s.world.token(s.world.clerk)
    for operation, body in (("payments_start", {"body": CHAPA}), ("orders_cancel", {})):
        s.call(
            operation, "only_looking", "Staff that may see orders, and no more", path=call["path"],
            token=token, **body, status=403, code="permission_denied",
        )  # fmt: skip
    in_review(s, call)
    call = place(s)
    s.send(operations()["orders_cancel"], **call)
    s.call(
        "payments_start", "not_payable", "The order was cancelled", **call, body=CHAPA,
        status=409, code="order_not_payable",
    )  # fmt: skip


def during(s: Recorder, call: dict[str, Any]) -> None:
    """What is told to those who call while a payment is being started."""

    def meanwhile(tx_ref: str) -> None:
        s.chapa.before.clear()
        s.placeholders.learn({"reference": tx_ref})
        s.call(
            "payments_start", "same_key", "The first call with this key is still running", **call,
            body=CHAPA, key=KEY, status=409, code="idempotency_key_in_use",
        )  # fmt: skip
        for operation, body in (("payments_start", {"body": CHAPA}), ("orders_cancel", {})):
            s.call(
                operation, "starting", "A payment is being started; try again in a moment", **call,
                **body, status=409, code="payment_starting",
            )  # fmt: skip

    s.chapa.before["initialize"] = meanwhile
    answer = s.send(operations()["payments_start"], **call, body=CHAPA, key=KEY)
    assert answer.status_code == 201, answer.content
    s.placeholders.learn(answer.json())


def in_review(s: Recorder, call: dict[str, Any]) -> None:
    """Another amount was paid than was asked for."""
    payment = Payment.objects.get(status="pending")
    s.chapa.pay(payment.reference, amount=1.0)
    s.call(
        "payments_check", "review", "Another amount has arrived: a person looks at it",
        path={"public_id": str(payment.public_id)}, guest=call["guest"], status=200,
    )  # fmt: skip
    for operation, body in (("payments_start", {"body": CHAPA}), ("orders_cancel", {})):
        s.call(
            operation, "in_review", "Money of this order is being looked at", **call, **body,
            status=409, code="payment_in_review",
        )  # fmt: skip


STORIES = [pay, gateway_down, refused]
