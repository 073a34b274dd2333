"""The doors of shipments and returns: who may, what they answer, and that a repeated call does nothing twice."""

from __future__ import annotations

import io
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from events.models import Letter
from fulfilment.models import ReturnRequest, Shipment
from orders.documents.models import Document
from orders.models import Order, RefundDue
from orders.tokens import order_token
from tests import factories
from tests.fulfilment.world import approved, came, lines_of, paid, ship
from tests.orders.sheets import text

pytestmark = pytest.mark.django_db
SEES = "view_shipment"
PACKS = "change_shipment"


def client_of(user=None, order=None) -> APIClient:
    client = APIClient()
    if user:
        client.force_authenticate(user)
    if order:
        client.credentials(HTTP_X_ORDER_TOKEN=order_token(order.public_id))
    return client


@pytest.fixture
def desk(permit):
    user = factories.user(is_staff=True)
    return client_of(permit(user, SEES, PACKS, "view_returnrequest", "change_returnrequest"))


def at(order: Order, *rest: object) -> str:
    return "/".join(["/api/orders", str(order.public_id), "shipments", *map(str, rest)]) + "/"


def packed(desk: APIClient, order: Order, **body) -> dict:
    answer = desk.post(at(order), body, format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()


# --- shipments -----------------------------------------------------------------------------------


def test_a_parcel_from_the_shelf_to_the_door(desk):
    order = paid()
    [line] = lines_of(order)
    made = packed(
        desk,
        order,
        kind="post",
        lines=[{"line_id": line.pk, "quantity": 2}],
        carrier="EMS Ethiopia",
    )
    assert (made["number"], made["state"], made["lines"][0]["quantity"]) == (1, "packed", 2)
    sent = desk.post(
        at(order, made["id"], "sent"), {"tracking_number": "EE1"}, format="json"
    ).json()
    assert (sent["state"], sent["carrier"], sent["tracking_number"]) == (
        "sent",
        "EMS Ethiopia",
        "EE1",
    )
    guest = client_of(order=order)
    seen = guest.get(at(order)).json()["results"]
    assert [one["tracking_number"] for one in seen] == ["EE1"]
    assert seen[0]["history"][-1] | {"created_at": ""} == {
        "from_state": "packed", "state": "sent", "actor": "staff", "note": "", "created_at": "",
    }  # fmt: skip
    assert guest.get(f"/api/orders/{order.public_id}/").json()["fulfilment_status"] == "partial"
    packed(desk, order, send=True)
    assert guest.get(f"/api/orders/{order.public_id}/").json()["status"] == "shipped"
    for one in guest.get(at(order)).json()["results"]:
        assert desk.post(at(order, one["id"], "delivered"), {}, format="json").status_code == 200
    assert guest.get(f"/api/orders/{order.public_id}/").json()["status"] == "completed"


def test_a_repeated_call_packs_once(desk):
    order = paid()
    key = {"HTTP_IDEMPOTENCY_KEY": uuid.uuid4().hex}
    body = {"lines": [{"line_id": lines_of(order)[0].pk, "quantity": 1}], "send": True}
    first = desk.post(at(order), body, format="json", **key)
    again = desk.post(at(order), body, format="json", **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Idempotency-Replayed"] == "true"
    assert Shipment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_code_is_in_the_letter_and_in_no_answer(desk):
    order = paid()
    made = packed(desk, order, kind="pickup")
    answer = desk.post(at(order, made["id"], "ready"), {}, format="json")
    [code] = re.findall(r"\b(\d{6})\b", Letter.objects.get(dedupe_key__startswith="shipment:").text)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for body in (answer, desk.get(at(order)), client_of(order=order).get(at(order))):
        assert code not in re.sub(r"\.\d+", "", body.content.decode())
        assert b"digest" not in body.content
    refused = desk.post(at(order, made["id"], "handover"), {"code": wrong}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, "wrong_hand_over_code")
    assert Shipment.objects.get().code_guesses == 1  # though the call was refused
    key = {"HTTP_IDEMPOTENCY_KEY": uuid.uuid4().hex}
    done = desk.post(at(order, made["id"], "handover"), {"code": code}, format="json", **key)
    assert done.json()["state"] == "delivered"
    again = desk.post(at(order, made["id"], "handover"), {"code": code}, format="json", **key)
    assert again.content == done.content


def test_another_code(desk):
    order = paid()
    made = packed(desk, order, kind="pickup")
    assert desk.post(at(order, made["id"], "code")).status_code == 409
    desk.post(at(order, made["id"], "ready"), {}, format="json")
    assert desk.post(at(order, made["id"], "code")).status_code == 200
    assert Letter.objects.filter(dedupe_key__startswith="shipment:").count() == 2


def test_tracking_is_corrected_if_nobody_else_has(desk):
    order = paid()
    made = packed(desk, order, carrier="EMS")
    path = at(order, made["id"])
    tag = desk.get(path)["ETag"]
    assert desk.get(path, HTTP_IF_NONE_MATCH=tag).status_code == 304
    done = desk.patch(path, {"carrier": "DHL"}, format="json", HTTP_IF_MATCH=tag)
    assert (done.status_code, done.json()["carrier"]) == (200, "DHL")
    stale = desk.patch(path, {"carrier": "UPS"}, format="json", HTTP_IF_MATCH=tag)
    assert stale.status_code == 412
    assert Shipment.objects.get().carrier == "DHL"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"lines": []}, "lines"),
        ({"lines": [{"line_id": 0, "quantity": 1}]}, "lines.0.line_id"),
        ({"lines": [{"line_id": 999999, "quantity": 1}]}, "lines.0.line_id"),
        ({"lines": [{"line_id": 5, "quantity": 0}]}, "lines.0.quantity"),
        ({"lines": [{"line_id": 5, "quantity": 1}, {"line_id": 5, "quantity": 1}]}, "lines"),
        ({"tracking_url": "javascript:alert(1)"}, "tracking_url"),
        ({"tracking_url": "ftp://x.example/"}, "tracking_url"),
        ({"location": "nowhere"}, "location"),
        ({"colour": "red"}, "colour"),
        ({"carrier": "x" * 81}, "carrier"),
        ({"note": "a\x00b"}, "note"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(desk, body, field):
    order = paid()
    answer = desk.post(at(order), body, format="json")
    assert answer.status_code == 400, answer.content
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not Shipment.objects.exists()


def test_who_may(desk, permit):
    owner = factories.user()
    order = paid(owner=owner)
    made = packed(desk, order)
    onlooker = client_of(permit(factories.user(is_staff=True), SEES))
    stranger, mine = client_of(factories.user()), client_of(owner)
    for path in (at(order), at(order, made["id"])):
        assert mine.get(path).status_code == 200
        assert onlooker.get(path).status_code == 200
        assert stranger.get(path).status_code == 404
        assert client_of().get(path).status_code == 401
        assert client_of(order=paid()).get(path).status_code == 404
    for action in ("sent", "ready", "code", "handover", "delivered", "cancel"):
        path = at(order, made["id"], action)
        assert mine.post(path, {}, format="json").status_code == 403
        assert onlooker.post(path, {}, format="json").status_code == 403
        assert stranger.post(path, {}, format="json").status_code == 404
    assert mine.post(at(order), {}, format="json").status_code == 403
    assert mine.patch(at(order, made["id"]), {}, format="json").status_code == 403
    for name in ("label.pdf", "packing-slip.pdf"):
        path = at(order, made["id"], name).rstrip("/")
        assert mine.get(path).status_code == 403
        assert stranger.get(path).status_code == 404
    elsewhere = at(paid(), made["id"])  # under another order it is not there
    assert desk.get(elsewhere).status_code == 404


def test_notes_and_locations_are_for_staff(desk):
    order = paid()
    made = packed(desk, order, note="bottom shelf", location="main")
    seen = client_of(order=order).get(at(order, made["id"])).json()
    assert (seen["location"], seen["history"][0]["note"]) == ("", "")
    told = desk.get(at(order, made["id"])).json()
    assert (told["location"], told["history"][0]["note"]) == ("main", "bottom shelf")


@pytest.mark.parametrize("what", ["shipments", "returns"])
def test_lists_take_as_many_statements_for_many_rows(desk, what):
    variant = factories.variant(stock=100)
    order = paid((variant, 20))

    def add() -> None:
        ship(order, 1)
        if what == "returns":
            came(order, 1)

    paths = [f"/api/orders/{order.public_id}/{what}/"]
    if what == "returns":
        paths.append("/api/returns/")
    for path in paths:
        add()
        with CaptureQueriesContext(connection) as few:
            assert desk.get(path).json()["results"]
        for _ in range(5):
            add()
        with CaptureQueriesContext(connection) as many:
            assert len(desk.get(path).json()["results"]) >= 6
        assert len(many) == len(few)


# --- paper ---------------------------------------------------------------------------------------


def test_the_label_says_to_whom_and_no_price(desk):
    order = paid((factories.variant(price="123.45"), 1), phone="+251911000001")
    Order.objects.filter(pk=order.pk).update(
        shipping_address={
            "name": "ሐና ተስፋዬ", "phone": "+251922334455", "city": "Addis Ababa", "sub_city": "Bole",
            "woreda": "03", "landmark": "Blue gate behind Edna Mall", "latitude": 8.998, "longitude": 38.787,
            "note": "Ring twice",
        }
    )  # fmt: skip
    made = packed(desk, order, carrier="EMS", tracking_number="EE123")
    answer = desk.get(at(order, made["id"], "label.pdf").rstrip("/"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    found = text(answer.content)
    for word in (
        order.number, "+251922334455", "Bole", "Blue gate", "8.998, 38.787", "EE123", "Ring twice", "ተስፋዬ",
    ):  # fmt: skip
        assert word in found
    assert "123.45" not in found
    desk.post(at(order, made["id"], "cancel"), {}, format="json")
    assert desk.get(at(order, made["id"], "label.pdf").rstrip("/")).status_code == 409


WINDOW = {
    "method": "courier", "window": 3, "day": "2026-11-25",
    "begins": "2026-11-25T09:00:00+03:00", "ends": "2026-11-25T12:00:00+03:00",
}  # fmt: skip


@pytest.mark.parametrize("paper", ["label.pdf", "packing-slip.pdf"])
def test_paper_says_when_it_was_promised(desk, paper):
    said = "Wed 25 November 2026, 09:00–12:00"
    for delivery in (WINDOW, {}):
        order = paid(phone="+251911000001")
        Order.objects.filter(pk=order.pk).update(delivery=delivery)
        made = packed(desk, order)
        answer = desk.get(at(order, made["id"], paper).rstrip("/"))
        assert answer.status_code == 200
        assert (said in text(answer.content)) == bool(delivery)


def test_each_parcel_has_a_slip_of_its_own(desk):
    order = paid()
    [line] = lines_of(order)
    first = packed(desk, order, lines=[{"line_id": line.pk, "quantity": 1}])
    second = packed(desk, order)
    slips = [
        desk.get(at(order, one["id"], "packing-slip.pdf").rstrip("/")) for one in (first, second)
    ]
    assert [slip.status_code for slip in slips] == [200, 200]
    rows = Document.objects.filter(order=order, kind="packing_slip").order_by("pk")
    assert [row.data["lines"][0]["quantity"] for row in rows] == [1, 2]
    desk.get(at(order, first["id"], "packing-slip.pdf").rstrip("/"))
    assert rows.count() == 2
    assert io.BytesIO(slips[0].content).read(5) == b"%PDF-"


# --- returns -------------------------------------------------------------------------------------


def test_a_customer_asks_and_staff_answer(desk):
    owner = factories.user()
    order = paid(owner=owner)
    ship(order)
    mine = client_of(owner)
    path = f"/api/orders/{order.public_id}/returns/"
    body = {
        "lines": [{"line_id": lines_of(order)[0].pk, "quantity": 2}], "reason": "damaged", "note": "Cracked",
    }  # fmt: skip
    asked = mine.post(path, body, format="json")
    assert asked.status_code == 201, asked.content
    one = f"/api/returns/{asked.json()['id']}"
    assert desk.get("/api/returns/?state=requested").json()["results"][0]["note"] == "Cracked"
    assert desk.post(f"{one}/approve/", {"answer": "Send it"}, format="json").status_code == 200
    line = {"line_id": lines_of(order)[0].pk, "restocked": 1, "written_off": 1, "amount": "150.00"}
    key = {"HTTP_IDEMPOTENCY_KEY": uuid.uuid4().hex}
    done = desk.post(f"{one}/receive/", {"lines": [line]}, format="json", **key)
    assert done.status_code == 200, done.content
    assert done.json()["amount"] == {"amount": "150.00", "currency": "ETB"}
    assert (
        desk.post(f"{one}/receive/", {"lines": [line]}, format="json", **key).content
        == done.content
    )
    assert RefundDue.objects.count() == 1
    again = desk.post(f"{one}/receive/", {"lines": [line]}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_return_state")
    assert mine.get(path).json()["results"][0]["state"] == "received"
    assert desk.post(f"{one}/close/", {}, format="json").json()["state"] == "closed"
    assert mine.get(f"/api/orders/{order.public_id}/").json()["fulfilment_status"] == "fulfilled"


def test_who_may_return_and_who_decides(desk, permit):
    owner = factories.user()
    order = paid(owner=owner)
    ship(order)
    path = f"/api/orders/{order.public_id}/returns/"
    body = {"lines": [{"line_id": lines_of(order)[0].pk, "quantity": 1}], "reason": "other"}
    onlooker = client_of(permit(factories.user(is_staff=True), "view_returnrequest"))
    assert client_of(factories.user()).post(path, body, format="json").status_code == 404
    assert onlooker.post(path, body, format="json").status_code == 403
    assert client_of().post(path, body, format="json").status_code == 401
    made = client_of(owner).post(path, body, format="json").json()
    for action in ("approve", "refuse", "receive", "close"):
        for client in (onlooker, client_of(owner)):
            there = f"/api/returns/{made['id']}/{action}/"
            assert client.post(there, {}, format="json").status_code == 403
    assert client_of(owner).get("/api/returns/").status_code == 403
    assert client_of(owner).get(f"/api/returns/{made['id']}/").status_code == 403
    assert onlooker.get(f"/api/returns/{made['id']}/").status_code == 200
    assert desk.get(f"/api/returns/{uuid.uuid4()}/").status_code == 404


@pytest.mark.parametrize(
    "lines",
    [
        [], [{"line_id": 1}], [{"line_id": 1, "restocked": -1}], [{"line_id": 1, "restocked": 1, "amount": "1.001"}],
        [{"line_id": 1, "restocked": 1, "amount": "-1"}],
    ],
)  # fmt: skip
def test_what_is_received_is_checked(desk, lines):
    order = paid()
    ship(order)
    asked = approved(order, 1)
    answer = desk.post(f"/api/returns/{asked.public_id}/receive/", {"lines": lines}, format="json")
    assert answer.status_code == 400
    assert ReturnRequest.objects.get().state == "approved"


def test_staff_refuse_with_a_reason(desk):
    order = paid()
    ship(order)
    body = {"lines": [{"line_id": lines_of(order)[0].pk, "quantity": 1}], "reason": "other"}
    guest = client_of(order=order)
    made = guest.post(f"/api/orders/{order.public_id}/returns/", body, format="json").json()
    path = f"/api/returns/{made['id']}/refuse/"
    assert desk.post(path, {}, format="json").status_code == 400
    assert desk.post(path, {"answer": "It was opened."}, format="json").json()["state"] == "refused"
    found = desk.get(f"/api/returns/?order_number={order.number}&reason=other").json()
    assert len(found["results"]) == 1
    assert desk.get("/api/returns/?state=lost").status_code == 400
