"""Shipments: which pieces may go, how they travel, and how their order follows."""

from __future__ import annotations

import re

import pytest
from django.db import IntegrityError, transaction

from common.errors import Invalid, Refusal
from events.models import Letter
from fulfilment import codes
from fulfilment.handing_over import hand_over
from fulfilment.models import Shipment, ShipmentKind, ShipmentState, WrongShipmentState
from fulfilment.packing import Carriage, pack, what_is_left
from fulfilment.refusals import (
    HandOverCodeNeeded,
    HandOverCodeUsedUp,
    NotToBeShipped,
    PiecesOwed,
    TooManyPieces,
    WrongHandOverCode,
)
from fulfilment.travelling import (
    cancel_shipment,
    change_carriage,
    issue_new_code,
    make_ready,
    mark_delivered,
    send,
)
from inventory import services as inventory
from orders import services as orders
from orders.models import Order
from tests import factories
from tests.fulfilment.world import STAFF, lines_of, paid, ship

pytestmark = pytest.mark.django_db
COURIER, PICKUP = ShipmentKind.COURIER, ShipmentKind.PICKUP


def packed(order: Order, kind: ShipmentKind = COURIER, **rest) -> Shipment:
    return pack(order_id=order.pk, kind=kind, by=STAFF, **rest)


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def code_in(letters) -> str:
    [code] = re.findall(r"\b(\d{6})\b", letters.order_by("-pk").first().text)
    return code


def test_an_order_follows_its_parcels():
    order = paid()
    [line] = lines_of(order)
    first = ship(order, 1)
    assert (first.number, first.state) == (1, "sent")
    assert (fresh(order).status, fresh(order).fulfilment_status) == ("paid", "partial")
    second = ship(order)
    assert second.number == 2
    assert second.lines.get().quantity == 2
    assert (fresh(order).status, fresh(order).fulfilment_status) == ("shipped", "fulfilled")
    line.refresh_from_db()
    assert line.shipped == 3
    mark_delivered(shipment_id=first.pk, by=STAFF)
    assert fresh(order).status == "shipped"
    mark_delivered(shipment_id=second.pk, by=STAFF)
    assert fresh(order).status == "completed"
    assert [e.state for e in second.history.order_by("pk")] == ["packed", "sent", "delivered"]


def test_pieces_are_packed_once():
    order = paid()
    [line] = lines_of(order)
    packed(order, lines={line.pk: 2})
    with pytest.raises(TooManyPieces) as refused:
        packed(order, lines={line.pk: 2})
    assert refused.value.errors[0]["field"] == "lines.0.quantity"
    assert refused.value.errors[0]["available"] == 1
    packed(order, lines={line.pk: 1})
    with pytest.raises(NotToBeShipped):
        packed(order)


def test_cancelling_gives_pieces_back_to_packing():
    order = paid()
    shipment = packed(order)
    cancel_shipment(shipment_id=shipment.pk, by=STAFF, note="wrong box")
    assert [one.left for one in what_is_left(order)] == [3]
    assert packed(order).number == 2
    assert fresh(order).fulfilment_status == "unfulfilled"


@pytest.mark.parametrize("status", ["pending", "cancelled"])
def test_only_what_is_paid_is_packed(status):
    order = factories.place()
    if status == "cancelled":
        with transaction.atomic():
            orders.cancel(order=orders.lock_order(order.pk), by=STAFF, reason="staff")
    with pytest.raises(NotToBeShipped):
        packed(order)


def test_what_is_asked_for_must_be_there():
    order = paid()
    [line] = lines_of(order)
    stranger = lines_of(paid())[0]
    for bad in ({stranger.pk: 1}, {line.pk: 0}, {}):
        with pytest.raises(Invalid):
            packed(order, lines=bad)
    with pytest.raises(Invalid):
        packed(order, location="nowhere")
    with pytest.raises(Invalid):
        packed(order, kind=PICKUP, pickup_point="nowhere")
    with pytest.raises(Invalid):
        packed(order, pickup_point="bole")
    assert not Shipment.objects.exists()


def test_pieces_on_back_order_do_not_go():
    there, short = factories.variant(stock=5), factories.variant(stock=1)
    inventory.set_limits(stock_item_id=short.stock_item_id, changes={"backorder_limit": 5})
    order = paid((there, 2), (short, 3))
    first, second = lines_of(order)
    assert [(one.left, one.there) for one in what_is_left(order)] == [(2, 2), (3, 0)]
    with pytest.raises(PiecesOwed) as refused:
        packed(order, lines={first.pk: 1, second.pk: 1})
    assert [(e["field"], e["available"]) for e in refused.value.errors] == [("lines.1.quantity", 0)]
    with pytest.raises(PiecesOwed):
        orders.ship(order_id=order.pk, by=STAFF)
    shipment = packed(order)
    assert dict(shipment.lines.values_list("line", "quantity")) == {first.pk: 2}
    with pytest.raises(PiecesOwed):
        packed(order)
    inventory.receive(stock_item_id=short.stock_item_id, quantity=2, by=STAFF)
    assert dict(packed(order).lines.values_list("line", "quantity")) == {second.pk: 3}


def test_two_lines_that_wait_for_one_item_share_what_is_there():
    """A bundle's parts are summed with what is ordered by itself."""
    bean = factories.variant(stock=10)
    order = paid((bean, 4))
    line = lines_of(order)[0]
    line.parts = [{"stock_item_id": bean.stock_item_id, "quantity": 2, "sku": "x", "variant_id": 1}]
    line.save(update_fields=["parts"])
    inventory.Movement.objects.all()  # the shelf itself is not asked, only what is owed
    from inventory.models import Reservation

    Reservation.objects.filter(holder=order.public_id).update(state="owed", quantity=3)
    # Eight pieces are needed, three are missing: two whole bundles are there.
    assert [one.there for one in what_is_left(order)] == [2]
    with pytest.raises(PiecesOwed) as refused:
        packed(order, lines={line.pk: 3})
    assert refused.value.errors[0]["available"] == 2


def test_the_whole_order_at_once_counts_as_shipped():
    order = paid()
    orders.ship(order_id=order.pk, by=STAFF)
    assert lines_of(order)[0].shipped == 3
    with pytest.raises(NotToBeShipped):
        packed(order)


def test_what_was_packed_and_is_no_longer_agreed_stays():
    order = paid()
    shipment = packed(order)
    [line] = lines_of(order)
    type(line).objects.filter(pk=line.pk).update(quantity=2, cancelled=1, total=line.unit_price * 2)
    with pytest.raises(TooManyPieces):
        send(shipment_id=shipment.pk, by=STAFF)
    shipment.refresh_from_db()
    assert shipment.state == "packed"
    assert not Letter.objects.filter(subject__contains="on its way").exists()


def test_tracking_is_told_and_can_be_corrected():
    order = paid()
    shipment = packed(order)
    how = Carriage("EMS Ethiopia", "EE123", "https://track.example/EE123")
    send(shipment_id=shipment.pk, by=STAFF, carriage=how)
    letter = Letter.objects.get(dedupe_key__startswith="shipment:")
    assert "EE123" in letter.text
    assert "EMS Ethiopia" in letter.text
    assert "3 ×" in letter.text
    change_carriage(shipment_id=shipment.pk, changes={"tracking_number": "EE124"}, by=STAFF)
    shipment.refresh_from_db()
    assert shipment.tracking_number == "EE124"
    assert shipment.history.order_by("-pk").first().note == "changed: tracking_number"


# --- the table of moves --------------------------------------------------------------------------


VERBS = {
    ShipmentState.SENT: lambda s: send(shipment_id=s.pk, by=STAFF),
    ShipmentState.READY: lambda s: make_ready(shipment_id=s.pk, by=STAFF),
    ShipmentState.DELIVERED: lambda s: mark_delivered(shipment_id=s.pk, by=STAFF, note="known"),
    ShipmentState.CANCELLED: lambda s: cancel_shipment(shipment_id=s.pk, by=STAFF),
}


def in_state(kind: ShipmentKind, state: str) -> Shipment:
    shipment = packed(paid(), kind)
    way = {
        "packed": [], "sent": ["sent"], "ready_for_pickup": ["ready_for_pickup"], "cancelled": ["cancelled"],
        "delivered": ["sent" if kind == COURIER else "ready_for_pickup", "delivered"],
    }[state]  # fmt: skip
    for step in way:
        VERBS[ShipmentState(step)](shipment)
    shipment.refresh_from_db()
    return shipment


@pytest.mark.parametrize("kind", [COURIER, PICKUP])
@pytest.mark.parametrize("start", ShipmentState.values)
@pytest.mark.parametrize("end", [s for s in ShipmentState.values if s != "packed"])
def test_every_move(kind, start, end):
    if (kind, start) in {(COURIER, "ready_for_pickup"), (PICKUP, "sent")}:
        return  # cannot come there, as the moves into it show
    allowed = end in Shipment.NEXT[start] and (kind, end) not in {
        (COURIER, "ready_for_pickup"), (PICKUP, "sent"),
    }  # fmt: skip
    shipment = in_state(kind, start)
    before = shipment.history.count()
    if allowed:
        VERBS[ShipmentState(end)](shipment)
        shipment.refresh_from_db()
        assert shipment.state == end
        assert shipment.history.count() == before + 1
    else:
        with pytest.raises(WrongShipmentState):
            VERBS[ShipmentState(end)](shipment)
        shipment.refresh_from_db()
        assert shipment.state == start
        assert shipment.history.count() == before


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "sent"}, {"state": "delivered"}, {"state": "cancelled"}, {"state": "lost"}, {"number": 0},
        {"state": "ready_for_pickup"}, {"kind": "pigeon"}, {"code_guesses": 6}, {"code_digest": "x"},
        {"tracking_url": "javascript:alert(1)"},
    ],
)  # fmt: skip
def test_the_database_has_the_last_word(broken):
    shipment = packed(paid())
    with pytest.raises(IntegrityError), transaction.atomic():
        Shipment.objects.filter(pk=shipment.pk).update(**broken)


# --- pickup ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_goods_are_handed_over_for_the_code():
    order = paid()
    shipment = packed(order, PICKUP)
    make_ready(shipment_id=shipment.pk, by=STAFF)
    code = code_in(Letter.objects.filter(dedupe_key__startswith="shipment:"))
    shipment.refresh_from_db()
    assert code not in shipment.code_digest
    assert fresh(order).fulfilment_status == "unfulfilled"
    with pytest.raises(HandOverCodeNeeded):
        mark_delivered(shipment_id=shipment.pk, by=STAFF)
    done = hand_over(shipment_id=shipment.pk, code=code, by=STAFF)
    assert done.state == "delivered"
    assert (fresh(order).status, lines_of(order)[0].shipped) == ("completed", 3)
    letters = Letter.objects.count()
    assert hand_over(shipment_id=shipment.pk, code=code, by=STAFF).state == "delivered"
    assert Letter.objects.count() == letters


@pytest.mark.django_db(transaction=True)
def test_five_guesses_then_a_new_code():
    shipment = packed(paid(), PICKUP)
    with pytest.raises(WrongShipmentState):
        hand_over(shipment_id=shipment.pk, code="000000", by=STAFF)
    make_ready(shipment_id=shipment.pk, by=STAFF)
    code = code_in(Letter.objects.filter(dedupe_key__startswith="shipment:"))
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        with pytest.raises(WrongHandOverCode):
            hand_over(shipment_id=shipment.pk, code=wrong, by=STAFF)
    with pytest.raises(HandOverCodeUsedUp):  # the right one is not looked at any more
        hand_over(shipment_id=shipment.pk, code=code, by=STAFF)
    issue_new_code(shipment_id=shipment.pk, by=STAFF)
    newer = code_in(Letter.objects.filter(dedupe_key__startswith="shipment:"))
    if newer != code:
        with pytest.raises(WrongHandOverCode):
            hand_over(shipment_id=shipment.pk, code=code, by=STAFF)
    assert hand_over(shipment_id=shipment.pk, code=newer, by=STAFF).state == "delivered"


def test_guesses_cannot_be_rolled_back():
    """The control of the test above: in a transaction a refusal would undo its own count."""
    shipment = packed(paid(), PICKUP)
    make_ready(shipment_id=shipment.pk, by=STAFF)
    with pytest.raises(RuntimeError):
        hand_over(shipment_id=shipment.pk, code="000000", by=STAFF)


def test_five_codes_a_day(settings):
    settings.RATE_LIMITS = True
    shipment = packed(paid(), PICKUP)
    make_ready(shipment_id=shipment.pk, by=STAFF)
    for _ in range(codes.CODES_PER_SHIPMENT.times - 1):
        issue_new_code(shipment_id=shipment.pk, by=STAFF)
    with pytest.raises(Refusal) as refused:
        issue_new_code(shipment_id=shipment.pk, by=STAFF)
    assert refused.value.code == "too_many_requests"


def test_a_courier_may_hand_over_for_a_code_too():
    order = paid(phone="+251911234567")
    shipment = packed(order)
    send(shipment_id=shipment.pk, by=STAFF, with_code=True)
    assert code_in(Letter.objects.filter(channel="sms"))
    with pytest.raises(HandOverCodeNeeded):
        mark_delivered(shipment_id=shipment.pk, by=STAFF)


def test_one_letter_for_each_move_and_none_to_the_forgotten():
    order = paid()
    shipment = ship(order)
    mark_delivered(shipment_id=shipment.pk, by=STAFF)
    assert Letter.objects.filter(dedupe_key__startswith="shipment:").count() == 2
    other = paid()
    Order.objects.filter(pk=other.pk).update(
        email="", phone="", shipping_address={}, delivery={}, payment_method="", redacted_at="2026-01-01T00:00Z"
    )  # fmt: skip
    ship(other)
    assert Letter.objects.filter(dedupe_key__startswith="shipment:").count() == 2
