"""Orders that change: edits, cancellation by line, notes, refunds due; and orders by telephone."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from unittest import mock
from uuid import uuid4

from django.db import transaction
from django.test import override_settings

from catalog.models import Variant
from common.actors import GATEWAY
from inventory.services import set_limits
from orders import checkout
from orders.models import Order
from orders.services import lock_order, mark_paid
from payments.models import Payment
from payments.start import new_reference
from pricing import coupon_verbs, delivery_verbs, promotion_verbs
from pricing.basket import Basket
from pricing.models import Coupon, DeliveryBooking
from pricing.quotes import Quote
from tests.contract.document import operations
from tests.contract.recorder import Recorder
from tests.contract.scenarios.catalog_model import listed
from tests.contract.scenarios.catalog_prices import refused
from tests.contract.scenarios.orders import guest_body, one_window, standing_days
from tests.contract.world import variant_of

KEY = "0c9b7a41-52d8-4f13-8e6a-d1f2b3c4a586"
WHY = "asked by telephone"


def placed(s: Recorder) -> dict[str, Any]:
    """A guest's order of two packets of coffee and a jebena; how it is placed is another story."""
    body: dict[str, Any] = json.loads(s.send(operations()["checkout"], body=guest_body(s)).content)
    s.placeholders.learn(body)
    return body


def pay(order: dict[str, Any]) -> None:
    with transaction.atomic():
        found = Order.objects.get(public_id=order["id"])
        mark_paid(order=lock_order(found.pk), by=GATEWAY)


def edit(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"operations": list(operations), "reason": WHY}


def edits(s: Recorder) -> None:
    """A customer calls before the parcel leaves."""
    token = s.world.staff_token
    order = placed(s)
    coffee, jebena = (line["id"] for line in order["lines"])
    at: dict[str, Any] = {"token": token, "path": {"public_id": order["id"]}}
    changed = s.call(
        "orders_edit", "pending", "One packet less, three of another thing, and a dented jebena for less", **at, key=KEY,
        body=edit(
            {"op": "quantity", "line": coffee, "quantity": 1},
            {"op": "add", "variant_id": variant_of(s.world.berbere).pk, "quantity": 3},
            {"op": "reprice", "line": jebena, "unit_price": "500.00", "reason": "dented"},
        ),
        status=201,
    )  # fmt: skip
    assert changed["revision"] == 1
    plenty = {"op": "quantity", "line": coffee, "quantity": 9000}
    item = variant_of(s.world.yirgacheffe).stock_item_id
    refused(s, "orders_edit", [
        ("invalid", "How many are there to be?", 400, "invalid", edit({"op": "quantity", "line": coffee})),
        ("out_of_stock", "There are not so many", 409, "out_of_stock", edit(plenty)),
        ("not_for_sale", "No such thing is sold", 409, "not_for_sale",
         edit({"op": "add", "variant_id": 999999, "quantity": 1})),
        ("nothing_left", "All of it is taken out", 409, "nothing_left", edit(
            *({"op": "remove", "line": line["id"]} for line in changed["order"]["lines"]))),
        ("too_much", "More than can be accounted for", 400, "total_too_large", edit(
            {"op": "reprice", "line": coffee, "unit_price": "999999999999.99", "reason": "a slip"})),
    ], **at)  # fmt: skip
    set_limits(stock_item_id=item, changes={"max_per_order": 1})
    refused(s, "orders_edit", [
        ("limited", "More than one order may take", 409, "purchase_limit",
         edit({"op": "quantity", "line": coffee, "quantity": 2})),
    ], **at)  # fmt: skip
    found = Order.objects.get(public_id=order["id"])
    trying = Payment.objects.create(
        order=found, method="chapa", amount=found.total, currency="ETB", mode="test",
        reference=new_reference(found.number),
    )  # fmt: skip
    less = {"op": "quantity", "line": coffee, "quantity": 2}
    refused(s, "orders_edit", [
        ("paying", "The customer is on the payment page", 409, "payment_in_flight", edit(less)),
    ], **at)  # fmt: skip
    lines = {"lines": [{"line": coffee, "quantity": 1}]}
    refused(s, "orders_cancel_lines", [
        ("paying", "The customer is on the payment page", 409, "payment_in_flight", lines),
    ], **at)  # fmt: skip
    trying.delete()
    pay(order)
    s.call(
        "orders_edit", "paid", "Of the paid order one thing less: money goes back", **at,
        body=edit({"op": "remove", "line": jebena}), status=201,
    )  # fmt: skip
    refused(s, "orders_edit", [
        ("dearer", "A paid order never becomes dearer", 409, "order_is_paid",
         edit({"op": "quantity", "line": coffee, "quantity": 2})),
    ], **at)  # fmt: skip
    listed(s, "refunds_due_list", "What must go back to customers", token=token)
    Order.objects.filter(pk=found.pk).update(status="shipped")
    refused(s, "orders_edit", [
        ("left", "It has left", 409, "wrong_order_state", edit(less)),
    ], **at)  # fmt: skip


def without_a_trace(s: Recorder) -> None:
    """An order from before anybody wrote down how prices come about."""
    order = placed(s)
    at: dict[str, Any] = {"token": s.world.staff_token, "path": {"public_id": order["id"]}}
    found = Order.objects.get(public_id=order["id"])
    found.traces.all().delete()
    found.discount_total, found.total = Decimal(1), found.total - 1
    found.save()
    line = order["lines"][0]["id"]
    refused(s, "orders_edit", [
        ("untraced", "Nobody knows how its discount came about", 409, "order_cannot_be_edited",
         edit({"op": "quantity", "line": line, "quantity": 1})),
    ], **at)  # fmt: skip
    refused(s, "orders_cancel_lines", [
        ("untraced", "Nobody knows how its discount came about", 409, "order_cannot_be_edited",
         {"lines": [{"line": line, "quantity": 1}]}),
    ], **at)  # fmt: skip


def cancelling_lines(s: Recorder) -> None:
    """A guest wants less; staff take a piece out of a paid order."""
    promotion_verbs.create_promotion(
        fields={
            "name": "Big basket", "kind": "amount", "level": "order",
            "amounts": [{"currency": "ETB", "value": Decimal(1500), "minimum": Decimal(1800)}],
        }
    )  # fmt: skip
    order = placed(s)
    path = {"public_id": order["id"]}
    coffee, jebena = (line["id"] for line in order["lines"])
    lines = {"lines": [{"line": coffee, "quantity": 1}], "reason": "one is enough"}
    s.call(
        "orders_cancel_lines", "own", "One packet less", path=path, guest=order["order_token"], key=KEY,
        body=lines, status=201,
    )  # fmt: skip
    twice = {"lines": [{"line": jebena, "quantity": 1}, {"line": jebena, "quantity": 1}]}
    refused(s, "orders_cancel_lines", [
        ("invalid", "Each line is named once, with all its pieces", 400, "invalid", twice),
    ], path=path, guest=order["order_token"])  # fmt: skip
    pay(order)
    at: dict[str, Any] = {"token": s.world.staff_token, "path": path}
    refused(s, "orders_cancel_lines", [
        ("ended", "The guest may not take anything out of a paid order", 409, "wrong_order_state",
         {"lines": [{"line": jebena, "quantity": 1}]}),
    ], path=path, guest=order["order_token"])  # fmt: skip
    other = placed(s)
    pay(other)
    one = {"lines": [{"line": other["lines"][1]["id"], "quantity": 1}]}
    refused(s, "orders_cancel_lines", [
        ("dearer", "What remains would cost more than was paid", 409, "order_is_paid", one),
    ], token=s.world.staff_token, path={"public_id": other["id"]})  # fmt: skip
    Order.objects.get(public_id=order["id"]).lines.filter(pk=coffee).update(shipped=1)
    refused(s, "orders_cancel_lines", [
        ("left", "It has left", 409, "pieces_shipped", {"lines": [{"line": coffee, "quantity": 1}]}),
    ], **at)  # fmt: skip
    s.call(
        "orders_cancel_lines", "paid", "Staff take the jebena out: money goes back", **at,
        body={"lines": [{"line": jebena, "quantity": 1}], "reason": "sold out"}, status=201,
    )  # fmt: skip


def notes(s: Recorder) -> None:
    """Staff remark something, and tell the customer something else."""
    order = placed(s)
    at: dict[str, Any] = {"token": s.world.staff_token, "path": {"public_id": order["id"]}}
    s.call(
        "orders_note", "internal", "Among staff", **at, key=KEY, body={"text": "Calls back at five"}, status=201
    )  # fmt: skip
    s.call(
        "orders_note", "told", "For the customer, who gets a letter", **at,
        body={"text": "We deliver on Monday", "is_for_customer": True}, status=201,
    )  # fmt: skip
    refused(s, "orders_note", [
        ("invalid", "A note says something", 400, "invalid", {"text": " ", "is_for_customer": True}),
    ], **at)  # fmt: skip
    listed(s, "orders_notes", "All of them, for staff", **at)
    s.call(
        "orders_notes", "own", "What the guest reads", path=at["path"], guest=order["order_token"], status=200
    )  # fmt: skip


def drafts(s: Recorder) -> None:
    """A customer orders by telephone."""
    token = s.world.staff_token
    coffee = variant_of(s.world.yirgacheffe).pk
    body = {
        "phone": "0911234567",
        "items": [
            {"variant_id": coffee, "quantity": 2},
            {"variant_id": variant_of(s.world.jebena).pk, "quantity": 1, "unit_price": "500.00", "reason": "a regular"},
        ],
        "shipping_address": {"name": "Hana Tesfaye", "city": "Addis Ababa", "landmark": "Behind Edna Mall"},
    }  # fmt: skip
    draft = s.call(
        "drafts_create",
        "telephone",
        "A customer calls",
        token=token,
        body=body,
        key=KEY,
        status=201,
    )
    at: dict[str, Any] = {"token": token, "path": {"draft_id": draft["id"]}}
    refused(s, "drafts_create", [
        ("invalid", "No number that anybody can call", 400, "invalid", {**body, "phone": "0911 23"}),
    ], token=token)  # fmt: skip
    listed(s, "drafts_list", "All of them", token=token)
    s.call("drafts_retrieve", "show", "One draft", **at, status=200)
    s.call(
        "drafts_change",
        "note",
        "Something to remember",
        **at,
        body={"note": "By the blue gate"},
        status=200,
    )
    refused(s, "drafts_change", [
        ("invalid", "What is not wanted is left out of `items`", 400, "invalid",
         {"items": [{"variant_id": coffee, "quantity": 0}]}),
    ], **at)  # fmt: skip
    quoted = s.call("drafts_quote", "price", "What it would cost now", **at, status=200)
    courier = delivery_verbs.create_method(code="courier", name="Courier", kind="courier")
    for name, summary, status, code, delivery in (
        ("nowhere", "No such area", 400, "does_not_exist", {"area": "ET-XX"}),
        (
            "no_point",
            "No such pickup point",
            400,
            "no_such_pickup_point",
            {"pickup_point": "nowhere"},
        ),
        ("no_method", "No such method", 400, "no_such_delivery_method", {"method": "balloon"}),
        ("too_far", "The courier does not go there", 409, "not_delivered", {"method": "courier"}),
    ):
        s.call("drafts_change", name, summary, **at, body={"delivery": delivery}, status=200)
        if status == 400:
            s.call("drafts_quote", name, summary, **at, status=status, code=code)
        s.call("drafts_place", name, summary, **at, body={}, status=status, code=code)
    delivery_verbs.set_fees(method_id=courier.pk, fees=[{"currency": "ETB", "fee": Decimal(0)}])
    chosen = {"method": "courier", **one_window(courier)}
    DeliveryBooking.objects.create(window_id=chosen["window"], day=chosen["day"], holder=uuid4())
    with standing_days():
        for name, summary, day in (
            ("window_unavailable", "Not on that day", "2026-11-05"),
            ("window_full", "Somebody else has that afternoon", chosen["day"]),
        ):
            delivery = {**chosen, "day": day}
            s.call("drafts_change", name, summary, **at, body={"delivery": delivery}, status=200)
            s.call("drafts_quote", name, summary, **at, status=200)
            s.call(
                "drafts_place", name, summary, **at, body={}, status=409, code=f"delivery_{name}"
            )
    DeliveryBooking.objects.all().delete()
    s.call("drafts_change", "right", "As it was", **at, body={"delivery": {}}, status=200)
    refused(s, "drafts_place", [
        ("invalid", "An amount is written without commas", 400, "invalid", {"expected_total": "2,200.00"}),
        ("price", "Another total was told", 409, "price_changed", {"expected_total": "1.00"}),
    ], **at)  # fmt: skip
    told = {"expected_total": quoted["total"]}
    s.call("drafts_place", "place", "It becomes an order", **at, body=told, key=KEY, status=201)
    s.call(
        "drafts_place", "again", "Placed again it is the same order", **at, body=told, status=200
    )
    refused(s, "drafts_change", [
        ("closed", "It is an order now", 409, "draft_closed", {"note": "Too late"}),
    ], **at)  # fmt: skip
    s.call("drafts_discard", "closed", "It is an order now", **at, status=409, code="draft_closed")
    overtaken(s, token, coffee)
    refusals(s, token, coffee)


def overtaken(s: Recorder, token: str, coffee: int) -> None:
    """A code that somebody else had first, and a customer who owes enough."""
    promotion = promotion_verbs.create_promotion(
        fields={"name": "Meskel", "kind": "percentage", "percent": Decimal(10), "needs_code": True}
    )
    made = coupon_verbs.create_coupon(promotion_id=promotion.pk, code="MESKEL", fields={"limit": 1})
    body: dict[str, Any] = {
        "customer": str(s.world.hana.public_id),
        "items": [{"variant_id": coffee, "quantity": 1}],
        "codes": ["MESKEL"],
    }
    draft = s.call(
        "drafts_create", "customer", "For a customer with an account", token=token, body=body, status=201
    )  # fmt: skip
    at: dict[str, Any] = {"token": token, "path": {"draft_id": draft["id"]}, "body": {}}
    real = checkout.quote

    def faster(basket: Basket) -> Quote:
        quoted = real(basket)
        Coupon.objects.filter(pk=made.pk).update(uses=1)
        return quoted

    with mock.patch.object(checkout, "quote", faster):
        s.call(
            "drafts_place", "overtaken", "The code was used up a moment ago", **at, status=409,
            code="coupon_used_up",
        )  # fmt: skip
    Coupon.objects.update(uses=0)
    with override_settings(RATE_LIMITS=True, MAX_OPEN_ORDERS=0):
        s.call(
            "drafts_place", "too_much_reserved", "Orders of theirs are not paid yet", **at, status=409,
            code="too_much_reserved",
        )  # fmt: skip


def refusals(s: Recorder, token: str, coffee: int) -> None:
    """Drafts that cannot be placed."""
    three = [{"variant_id": coffee, "quantity": 3}]
    many = [{"variant_id": coffee, "quantity": 9000}]
    cases: list[tuple[str, str, str, dict[str, Any]]] = [
        ("sold_out", "There are not so many", "out_of_stock", {"items": many}),
        ("unknown", "No such thing is sold", "not_for_sale", {"items": [{"variant_id": 999999, "quantity": 1}]}),
        ("limited", "More than one order may take", "purchase_limit", {"items": three}),
        ("code", "The code gives nothing", "coupon_not_applied", {"codes": ["NOPE"]}),
    ]  # fmt: skip
    for name, summary, code, changes in cases:
        if name == "limited":
            set_limits(
                stock_item_id=Variant.objects.get(pk=coffee).stock_item_id,
                changes={"max_per_order": 2},
            )
        body = {"phone": "0911234567", "items": [{"variant_id": coffee, "quantity": 1}], **changes}
        draft = s.call("drafts_create", name, summary, token=token, body=body, status=201)
        s.call(
            "drafts_place", name, summary, token=token, path={"draft_id": draft["id"]}, body={}, status=409,
            code=code,
        )  # fmt: skip
    thrown = s.call(
        "drafts_create", "thrown", "A customer who hangs up", token=token, body={}, status=201
    )
    dear = {
        "variant_id": coffee,
        "quantity": 2,
        "unit_price": "999999999999.99",
        "reason": "a slip",
    }
    body = {"phone": "0911234567", "items": [dear]}
    slip = s.call("drafts_create", "slip", "A slip of the pen", token=token, body=body, status=201)
    of_slip: dict[str, Any] = {"token": token, "path": {"draft_id": slip["id"]}}
    too_large: dict[str, Any] = {"status": 400, "code": "total_too_large"}
    s.call("drafts_quote", "slip", "More than can be accounted for", **of_slip, **too_large)
    s.call(
        "drafts_place", "slip", "More than can be accounted for", **of_slip, body={}, **too_large
    )
    at: dict[str, Any] = {"token": token, "path": {"draft_id": thrown["id"]}}
    s.call("drafts_discard", "discard", "They will not call again", **at, status=204)
    s.call(
        "drafts_place",
        "thrown",
        "It was thrown away",
        **at,
        body={},
        status=409,
        code="draft_closed",
    )


STORIES = [edits, without_a_trace, cancelling_lines, notes, drafts]
