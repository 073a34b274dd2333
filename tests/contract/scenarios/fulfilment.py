"""Fulfilment: parcels, pickup for a code, what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from common.actors import GATEWAY, SYSTEM
from fulfilment import codes
from fulfilment.models import ReturnRequest, Shipment
from inventory.locations import create_location
from inventory.models import Location, Reservation, StockItem
from orders.checkout import Contact, Item, Wishes, checkout
from orders.models import Order, OrderLine
from orders.services import lock_order, mark_paid
from orders.tokens import order_token
from tests.contract.recorder import Recorder
from tests.contract.scenarios.catalog_model import listed
from tests.contract.scenarios.catalog_prices import refused
from tests.contract.scenarios.orders import ADDRESS
from tests.contract.world import variant_of

KEY = "d5b8e0a3-7c41-4f26-9e0b-83a1c6f27d94"
ANOTHER = "71f9c2d4-0b6e-4a58-8d13-5e2f9a7c4b60"

# What both are told: leave it out.
NO_NOTE = (
    "invalid",
    "Leave out what there is nothing to say about",
    400,
    "invalid",
    {"note": None},
)
NO_ANSWER = (
    "invalid",
    "Leave out what there is nothing to say about",
    400,
    "invalid",
    {"answer": None},
)


def placed_order(s: Recorder) -> tuple[dict[str, Any], Order]:
    """A guest's order of two bags and a pot; what its guest calls with."""
    bag, pot = variant_of(s.world.yirgacheffe), variant_of(s.world.jebena)
    with transaction.atomic():
        order = checkout(
            items=[Item(quantity=2, variant_id=bag.pk), Item(quantity=1, variant_id=pot.pk)],
            owner=None, contact=Contact(email="hana.tesfaye@example.com", phone="+251911234567"),
            wishes=Wishes(shipping_address=dict(ADDRESS)), expected_total=None, by=SYSTEM,
        )  # fmt: skip
    token = order_token(order.public_id)
    s.placeholders.learn({"number": order.number, "order_token": token})
    return {"guest": token, "path": {"public_id": str(order.public_id)}}, order


def bought(s: Recorder) -> tuple[dict[str, Any], Order, list[OrderLine]]:
    """The same, paid; and its lines."""
    guest, order = placed_order(s)
    with transaction.atomic():
        mark_paid(order=lock_order(order.pk), by=GATEWAY)
    order = Order.objects.get(pk=order.pk)
    return guest, order, list(order.lines.order_by("position"))


def at(order: Order, shipment: dict[str, Any]) -> dict[str, Any]:
    return {"public_id": str(order.public_id), "shipment_id": shipment["id"]}


@contextmanager
def changed(order: Order, **fields: Any) -> Iterator[None]:
    """As if the order were so, for some calls."""
    before = {name: getattr(order, name) for name in fields}
    Order.objects.filter(pk=order.pk).update(**fields)
    yield
    Order.objects.filter(pk=order.pk).update(**before)


@contextmanager
def gone_already(order: Order) -> Iterator[None]:
    """As if all of it had left some other way."""
    before = dict(order.lines.values_list("pk", "shipped"))
    order.lines.update(shipped=F("quantity"))
    yield
    for pk, shipped in before.items():
        OrderLine.objects.filter(pk=pk).update(shipped=shipped)


def cannot_leave(s: Recorder, operation: str, order: Order, **request: Any) -> None:
    """What an order that changed after packing says to whoever sends it off."""
    with changed(order, status="refunded"):
        s.call(
            operation, "not_to_be_shipped", "The order has ended meanwhile", **request,
            status=409, code="not_to_be_shipped",
        )  # fmt: skip
    with gone_already(order):
        s.call(
            operation, "too_many_pieces", "These pieces are no longer to go: pack anew", **request,
            status=409, code="too_many_pieces",
        )  # fmt: skip


def parcels(s: Recorder) -> None:
    """Two parcels of one order, by courier."""
    token = s.world.staff_token
    guest, order, lines = bought(s)
    staff: dict[str, Any] = {"token": token, "path": guest["path"]}
    with changed(order, status="refunded"):
        s.call(
            "shipments_create", "not_to_be_shipped", "The order has ended", **staff, body={},
            status=409, code="not_to_be_shipped",
        )  # fmt: skip
    s.call(
        "shipments_create", "invalid", "Each line is named once, with all its pieces", **staff,
        body={"lines": [{"line_id": lines[0].pk, "quantity": 1}] * 2}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "shipments_create", "too_many_pieces", "Two were ordered", **staff,
        body={"lines": [{"line_id": lines[0].pk, "quantity": 3}]}, status=409, code="too_many_pieces",
    )  # fmt: skip
    Reservation.objects.filter(
        holder=order.public_id, stock_item=lines[1].variant.stock_item_id
    ).update(state="owed")
    s.call(
        "shipments_create", "pieces_owed", "The pot is on back-order", **staff,
        body={"lines": [{"line_id": lines[1].pk, "quantity": 1}]}, status=409, code="pieces_owed",
    )  # fmt: skip
    Reservation.objects.filter(holder=order.public_id).update(state="committed")
    s.call(
        "shipments_create", "forbidden", "Customers do not pack", token=s.world.customer_token,
        path=guest["path"], body={}, status=404, code="not_found",
    )  # fmt: skip
    first = s.call(
        "shipments_create", "pack", "One bag goes first", **staff, key=KEY, status=201,
        body={"kind": "courier", "carrier": "Bole Express", "lines": [{"line_id": lines[0].pk, "quantity": 1}]},
    )  # fmt: skip
    one: dict[str, Any] = {"token": token, "path": at(order, first)}
    s.call(
        "shipments_change",
        "tracking",
        "Its tracking number",
        **one,
        body={"tracking_number": "BE-20431"},
        status=200,
    )
    s.call("shipments_label", "label", "What is glued to it", **one, status=200)
    s.call("shipments_packing_slip", "slip", "What is in it", **one, status=200)
    s.call("shipments_packing_slip", "invalid", "There is none in this language", **one, query={"language": "fr"},
           status=400, code="invalid")  # fmt: skip
    for operation in ("shipments_change", "shipments_send"):
        refused(s, operation, [
            ("invalid", "A web address begins with https://", 400, "invalid",
             {"tracking_url": "track.example.com/BE-20431"}),
        ], **one)  # fmt: skip
    refused(s, "shipments_delivered", [NO_NOTE], **one)
    cannot_leave(s, "shipments_send", order, **one, body={})
    s.call(
        "shipments_send", "send", "It leaves; the customer is told", **one, key=KEY, status=200,
        body={"tracking_url": "https://track.example.com/BE-20431"},
    )  # fmt: skip
    s.call(
        "shipments_send", "wrong_state", "It has left already", **one, body={}, status=409, code="wrong_shipment_state"
    )  # fmt: skip
    s.call("orders_retrieve", "partial", "Some of it is on its way", **guest, status=200)
    rest = s.call(
        "shipments_create", "rest", "Everything else, at once", **staff, body={"send": True}, key=ANOTHER, status=201
    )  # fmt: skip
    s.call("shipments_cancel", "wrong_state", "It has left", token=token, path=at(order, rest), body={},
           status=409, code="wrong_shipment_state")  # fmt: skip
    listed(s, "shipments_list", "What is on its way, for the order's guest", **guest)
    s.call(
        "shipments_retrieve",
        "guest",
        "One of them",
        guest=guest["guest"],
        path=at(order, first),
        status=200,
    )
    s.call("shipments_delivered", "delivered", "It has arrived", **one, body={}, key=KEY, status=200,
           untold={"hand_over_code_needed", "not_to_be_shipped", "too_many_pieces"})  # fmt: skip
    s.call("shipments_delivered", "wrong_state", "It had arrived", **one, body={}, status=409,
           code="wrong_shipment_state")  # fmt: skip


def pickup(s: Recorder) -> None:
    """Fetched for a code."""
    token = s.world.staff_token
    _, order, lines = bought(s)
    staff: dict[str, Any] = {"token": token, "path": {"public_id": str(order.public_id)}}
    wrong = s.call(
        "shipments_create",
        "mistake",
        "Packed by mistake",
        **staff,
        body={"kind": "pickup"},
        status=201,
        key=KEY,
    )
    refused(s, "shipments_cancel", [NO_NOTE], token=token, path=at(order, wrong))
    s.call("shipments_cancel", "cancel", "It has not left: its pieces may be packed again", token=token,
           path=at(order, wrong), body={"note": "the wrong box"}, key=KEY, status=200)  # fmt: skip
    s.call("shipments_change", "wrong_state", "It was cancelled", token=token, path=at(order, wrong),
           body={"carrier": "EMS"}, status=409, code="wrong_shipment_state")  # fmt: skip
    s.call("shipments_label", "wrong_state", "It goes nowhere", token=token, path=at(order, wrong), status=409,
           code="wrong_shipment_state")  # fmt: skip
    made = s.call(
        "shipments_create", "pickup", "To be fetched", **staff, status=201, body={"kind": "pickup"}
    )
    one: dict[str, Any] = {"token": token, "path": at(order, made)}
    s.call(
        "shipments_code",
        "wrong_state",
        "No code is out yet",
        **one,
        status=409,
        code="wrong_shipment_state",
    )
    s.call("shipments_hand_over", "wrong_state", "It is not ready", **one, body={"code": "042917"}, status=409,
           code="wrong_shipment_state")  # fmt: skip
    refused(s, "shipments_ready", [NO_NOTE], **one)
    cannot_leave(s, "shipments_ready", order, **one, body={})
    s.call(
        "shipments_ready",
        "ready",
        "The customer is sent a code",
        **one,
        body={},
        key=KEY,
        status=200,
    )
    s.call("shipments_ready", "wrong_state", "It is ready already", **one, body={}, status=409,
           code="wrong_shipment_state")  # fmt: skip
    refused(s, "shipments_code", [
        ("invalid", "This call takes no fields; send no body, or {}", 400, "invalid", ["042917"]),
    ], **one)  # fmt: skip
    s.call("shipments_code", "code", "They lost it: another one", **one, key=KEY, status=200)
    s.call("shipments_delivered", "code_needed", "It is handed over for a code", **one, body={}, status=409,
           code="hand_over_code_needed")  # fmt: skip
    cannot_leave(s, "shipments_delivered", order, **one, body={"note": "known in person"})
    shipment = Shipment.objects.get(public_id=made["id"])
    Shipment.objects.filter(pk=shipment.pk).update(code_digest=codes._digest(shipment, "042917"))
    refused(s, "shipments_hand_over", [
        ("invalid", "Six digits, also where the first is a zero", 400, "invalid", {"code": "42917"}),
    ], **one)  # fmt: skip
    s.call("shipments_hand_over", "wrong_code", "Not the customer's code", **one, body={"code": "111111"}, status=400,
           code="wrong_hand_over_code")  # fmt: skip
    Shipment.objects.filter(pk=shipment.pk).update(code_guesses=5)
    s.call("shipments_hand_over", "used_up", "Five were wrong: issue a new code", **one, body={"code": "042917"},
           status=409, code="hand_over_code_used_up")  # fmt: skip
    Shipment.objects.filter(pk=shipment.pk).update(code_guesses=0)
    cannot_leave(s, "shipments_hand_over", order, **one, body={"code": "042917"})
    s.call(
        "shipments_hand_over",
        "hand_over",
        "The customer says it",
        **one,
        body={"code": "042917"},
        status=200,
    )
    fresh = Order.objects.get(pk=order.pk)
    assert fresh.status == "completed"
    assert lines
    cancelled = {"status": "cancelled", "cancel_reason": "staff"}
    other, ended = placed_order(s)
    parcel = Shipment.objects.create(order=ended, number=1, kind="courier", actor="system")
    Order.objects.filter(pk=ended.pk).update(**cancelled)
    s.call("shipments_packing_slip", "not_yet", "The order has ended", token=token, status=409, code="no_document_yet",
           path={**other["path"], "shipment_id": str(parcel.public_id)})  # fmt: skip


def returns(s: Recorder) -> None:
    """A bag comes back."""
    token = s.world.staff_token
    guest, order, lines = bought(s)
    bag = {"line_id": lines[0].pk, "quantity": 1}
    body = {"lines": [bag], "reason": "damaged", "note": "The bag was torn."}
    s.call("order_returns_create", "not_returnable", "Nothing has left yet", **guest, body=body, status=409,
           code="not_returnable")  # fmt: skip
    staff: dict[str, Any] = {"token": token, "path": guest["path"]}
    s.call(
        "shipments_create",
        "all",
        "All of it",
        **staff,
        body={"send": True},
        status=201,
        key=KEY,
    )
    Shipment.objects.update(sent_at=timezone.now() - timedelta(days=30))
    s.call("order_returns_create", "too_late", "That was a month ago", **guest, body=body, status=409,
           code="return_too_late")  # fmt: skip
    Shipment.objects.update(sent_at=timezone.now())
    refused(s, "order_returns_create", [
        ("invalid", "In the customer's own words: that is `note`", 400, "invalid",
         {**body, "reason": "The bag was torn."}),
    ], **guest)  # fmt: skip
    asked = s.call(
        "order_returns_create", "ask", "A guest asks", **guest, body=body, key=KEY, status=201
    )
    listed(s, "order_returns_list", "What is to come back", **guest)
    one: dict[str, Any] = {"token": token, "path": {"return_id": asked["id"]}}
    s.call(
        "returns_list",
        "requested",
        "Those that wait for an answer",
        token=token,
        query={"state": "requested"},
        status=200,
    )
    s.call(
        "returns_list",
        "invalid",
        "There is no such state",
        token=token,
        query={"state": "lost"},
        status=400,
        code="invalid",
    )
    s.call("returns_retrieve", "show", "One return", **one, status=200)
    arrived = {"lines": [{"line_id": lines[0].pk, "restocked": 1}]}
    s.call("returns_receive", "wrong_state", "It is not approved yet", **one, body=arrived, status=409,
           code="wrong_return_state")  # fmt: skip
    s.call(
        "returns_close",
        "wrong_state",
        "It is not answered yet",
        **one,
        body={},
        status=409,
        code="wrong_return_state",
    )
    refused(s, "returns_approve", [NO_ANSWER], **one)
    refused(s, "returns_refuse", [
        ("invalid", "The customer is told why", 400, "invalid", {"answer": ""}),
    ], **one)  # fmt: skip
    s.call("returns_approve", "approve", "Send it, please", **one, key=KEY, status=200,
           body={"answer": "Bring it to the shop in Bole, or send it to P.O. Box 1234."})  # fmt: skip
    for operation, answer in (("returns_approve", {}), ("returns_refuse", {"answer": "No."})):
        s.call(operation, "wrong_state", "It is answered already", **one, body=answer, status=409,
               code="wrong_return_state")  # fmt: skip
    _refused_arrivals(s, order, lines[0], one, arrived)
    s.call(
        "returns_receive",
        "receive",
        "It has come, and goes back on the shelf",
        **one,
        body=arrived,
        key=KEY,
        status=200,
    )
    refused(s, "returns_close", [NO_NOTE], **one)
    s.call("returns_close", "close", "Done", **one, body={}, key=KEY, status=200)
    second = s.call("order_returns_create", "again", "Staff ask for a customer", token=token, path=guest["path"],
                    body={"lines": [bag], "reason": "changed_mind"}, status=201)  # fmt: skip
    s.call("returns_refuse", "refuse", "It cannot be taken", token=token, path={"return_id": second["id"]}, key=KEY,
           body={"answer": "It was opened."}, status=200)  # fmt: skip


def _refused_arrivals(
    s: Recorder, order: Order, line: OrderLine, one: dict[str, Any], arrived: dict[str, Any]
) -> None:
    worn = {"line_id": line.pk, "restocked": 1, "amount": {"amount": "5.00", "currency": "USD"}}
    refused(s, "returns_receive", [
        ("invalid", "The order is in birr", 400, "invalid", {"lines": [worn]}),
    ], **one)  # fmt: skip
    s.call("returns_receive", "not_returnable", "One was asked for", **one, status=409, code="not_returnable",
           body={"lines": [{"line_id": line.pk, "restocked": 2}]})  # fmt: skip
    closed = create_location(code="old-store", name="Old store")
    Location.objects.filter(pk=closed.pk).update(is_active=False)
    s.call("returns_receive", "closed", "Nothing can be put there", **one, body={**arrived, "location": "old-store"},
           status=409, code="not_at_location")  # fmt: skip
    item = StockItem.objects.filter(pk=line.variant.stock_item_id)
    there = item.get().on_hand
    item.update(on_hand=1_000_000_000)
    s.call("returns_receive", "too_many", "More than can be counted", **one, body=arrived, status=409,
           code="stock_below_reserved")  # fmt: skip
    item.update(on_hand=there)
    with changed(order, refund_due=order.total, paid_total=order.total):
        s.call(
            "returns_receive", "refunded", "All that was paid goes back already", **one, body=arrived, status=409,
            code="too_much_refunded",
        )  # fmt: skip
    assert ReturnRequest.objects.filter(state="approved").count() == 1


STORIES = [parcels, pickup, returns]
