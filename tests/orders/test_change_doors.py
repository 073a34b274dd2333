"""The doors of edits, cancellations by line, notes and refunds due: who may, what is answered, what is repeated."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from orders.edits import SetQuantity
from orders.models import Order, RefundDue
from orders.tokens import order_token
from tests import factories
from tests.orders.test_edits import adds_up, change, line_of, order_of, pay, stock

pytestmark = pytest.mark.django_db


def client_of(user=None, **headers) -> APIClient:
    client = APIClient(headers=headers)
    if user is not None:
        client.force_authenticate(user)
    return client


@pytest.fixture
def desk(permit):
    return client_of(
        permit(
            factories.user(is_staff=True), "orders.view_order", "orders.change_order", "orders.cancel_order",
            "orders.view_ordernote", "orders.add_ordernote", "orders.view_orderevent",
        )
    )  # fmt: skip


def edits(order: Order) -> str:
    return f"/api/orders/{order.public_id}/edits/"


def body(*operations, reason="by telephone"):
    return {"operations": list(operations), "reason": reason}


def test_staff_change_an_order(desk):
    coffee, cup = factories.variant(price="100"), factories.variant(price="50")
    order = order_of((coffee, 2))
    answer = desk.post(
        edits(order),
        body(
            {"op": "quantity", "line": line_of(order).pk, "quantity": 1},
            {"op": "add", "variant_id": cup.pk, "quantity": 3},
            {"op": "reprice", "line": line_of(order).pk, "unit_price": "90.00", "reason": "dented"},
        ),
        format="json",
    )
    assert answer.status_code == 201, answer.content
    said = answer.json()
    assert said["order"]["total"] == {"amount": "240.00", "currency": "ETB"}
    assert said["difference"]["amount"] == "40.00"
    assert (said["revision"], said["refund_due"], said["no_longer_applied"]) == (1, None, [])
    adds_up(order)


def test_the_same_key_changes_once(desk):
    variant = factories.variant(price="100")
    order = order_of((variant, 2))
    asked = body({"op": "add", "variant_id": variant.pk, "quantity": 1})
    answers = [
        desk.post(edits(order), asked, format="json", headers={"Idempotency-Key": "edit-1"})
        for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert line_of(order).quantity == 3


def test_who_has_read_another_state_is_told(desk):
    order = order_of((factories.variant(), 2))
    seen = desk.get(f"/api/orders/{order.public_id}/")["ETag"]
    asked = body({"op": "quantity", "line": line_of(order).pk, "quantity": 1})
    assert (
        desk.post(edits(order), asked, format="json", headers={"If-Match": seen}).status_code == 201
    )
    asked = body({"op": "quantity", "line": line_of(order).pk, "quantity": 2})
    late = desk.post(edits(order), asked, format="json", headers={"If-Match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert line_of(order).quantity == 1


@pytest.mark.parametrize(
    ("operation", "field", "code"),
    [
        ({"op": "add", "variant_id": 1}, "operations.0.quantity", "required"),
        ({"op": "remove", "line": 1, "quantity": 1}, "operations.0.quantity", "unknown_field"),
        ({"op": "reprice", "line": 1, "unit_price": "1"}, "operations.0.reason", "required"),
        ({"op": "quantity", "line": 1, "quantity": 0}, "operations.0.quantity", "min_value"),
        ({"op": "gift", "line": 1}, "operations.0.op", "invalid_choice"),
        ({"op": "remove", "line": 2**63 - 1}, "operations.0.line", "does_not_exist"),
    ],
)
def test_what_makes_no_sense_is_named(desk, operation, field, code):
    answer = desk.post(edits(order_of((factories.variant(), 1))), body(operation), format="json")
    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]


def test_a_price_is_in_the_order_s_currency(desk):
    order = order_of((factories.variant(), 1))
    price = {"amount": "5.00", "currency": "USD"}
    operation = {"op": "reprice", "line": line_of(order).pk, "unit_price": price, "reason": "why"}
    answer = desk.post(edits(order), body(operation), format="json")
    assert answer.json()["errors"][0]["field"] == "operations.0.unit_price"


def test_only_staff_edit(permit):
    owner = factories.user()
    order = order_of((factories.variant(), 2), owner=owner)
    asked = body({"op": "quantity", "line": line_of(order).pk, "quantity": 1})
    onlooker = client_of(permit(factories.user(is_staff=True), "orders.view_order"))
    for client, status in ((client_of(), 401), (client_of(owner), 403), (onlooker, 403)):
        assert client.post(edits(order), asked, format="json").status_code == status


# --- cancelling by line -------------------------------------------------------------------------


def cancel(client, order, quantity, place=0):
    lines = [{"line": line_of(order, place).pk, "quantity": quantity}]
    return client.post(
        f"/api/orders/{order.public_id}/cancel-lines/", {"lines": lines}, format="json"
    )


def test_owners_and_guests_cancel_pieces_of_their_own(permit):
    owner = factories.user()
    variant = factories.variant()
    order = order_of((variant, 3), owner=owner)
    assert cancel(client_of(factories.user()), order, 1).status_code == 404
    assert cancel(client_of(), order, 1).status_code == 401
    onlooker = client_of(permit(factories.user(is_staff=True), "orders.view_order"))
    assert cancel(onlooker, order, 1).status_code == 403
    assert cancel(client_of(owner), order, 1).json()["order"]["lines"][0]["quantity"] == 2
    guests = order_of((variant, 2))
    token = client_of(**{"X-Order-Token": order_token(guests.public_id)})
    assert cancel(token, guests, 2).json()["order"]["status"] == "cancelled"
    assert stock(variant) == (10, 2)


def test_of_a_paid_order_only_staff_do(desk):
    owner = factories.user()
    order = pay(order_of((factories.variant(price="100"), 2), owner=owner))
    refused = cancel(client_of(owner), order, 1)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_order_state")
    said = cancel(desk, order, 1).json()
    assert said["refund_due"] == {"amount": "100.00", "currency": "ETB"}
    adds_up(order)


def test_a_line_is_named_once(desk):
    order = order_of((factories.variant(), 2))
    lines = [{"line": line_of(order).pk, "quantity": 1}] * 2
    answer = desk.post(
        f"/api/orders/{order.public_id}/cancel-lines/", {"lines": lines}, format="json"
    )
    assert answer.status_code == 400


# --- notes and history --------------------------------------------------------------------------


def test_notes_are_for_staff_and_some_for_customers(desk, mailbox):
    owner = factories.user()
    order = order_of((factories.variant(), 1), owner=owner)
    path = f"/api/orders/{order.public_id}/notes/"
    assert desk.post(path, {"text": "Calls back at 5"}, format="json").status_code == 201
    shown = {"text": "We deliver on Monday", "is_for_customer": True}
    assert desk.post(path, shown, format="json").status_code == 201
    assert client_of(owner).post(path, shown, format="json").status_code == 403
    seen_by_staff = desk.get(path).json()["results"]
    assert [note["text"] for note in seen_by_staff] == ["We deliver on Monday", "Calls back at 5"]
    assert seen_by_staff[0]["actor"].startswith("staff:")
    [note] = client_of(owner).get(path).json()["results"]
    assert (note["text"], note["actor"]) == ("We deliver on Monday", "staff")
    assert [one.text for one in mailbox() if one.subject.startswith("About")] == [
        "We deliver on Monday\n"
    ]
    assert client_of(factories.user()).get(path).status_code == 404


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_a_note_says_something(desk, text):
    order = order_of((factories.variant(), 1))
    answer = desk.post(f"/api/orders/{order.public_id}/notes/", {"text": text}, format="json")
    assert answer.status_code == 400


def test_staff_see_who_and_customers_what_kind(desk):
    owner = factories.user()
    order = order_of((factories.variant(), 2), owner=owner)
    change(order, SetQuantity(line_of(order).pk, 1))
    path = f"/api/orders/{order.public_id}/history/"
    assert desk.get(path).json()["results"][-1]["actor"] == "staff:sara"
    assert client_of(owner).get(path).json()["results"][-1]["actor"] == "staff"


# --- refunds due --------------------------------------------------------------------------------


def owed(count: int) -> Order:
    variant = factories.variant(price="10", stock=100)
    order = pay(order_of((variant, count + 1)))
    for pieces in range(count, 0, -1):
        change(order, SetQuantity(line_of(order).pk, pieces))
    return order


def test_finance_sees_what_must_go_back(permit, desk):
    finance = client_of(permit(factories.user(is_staff=True), "orders.view_refunddue"))
    order, other = owed(2), owed(1)
    assert desk.get("/api/refunds-due/").status_code == 403
    assert client_of().get("/api/refunds-due/").status_code == 401
    rows = finance.get("/api/refunds-due/").json()["results"]
    assert [row["order_number"] for row in rows] == [other.number, order.number, order.number]
    assert rows[0]["amount"] == {"amount": "10.00", "currency": "ETB"}
    assert (rows[0]["cause"], rows[0]["actor"]) == ("edit:1", "staff:sara")
    rows = finance.get(f"/api/refunds-due/?order={order.public_id}").json()["results"]
    assert len(rows) == 2
    assert RefundDue.objects.count() == 3
    assert sum(Decimal(row["amount"]["amount"]) for row in rows) == 20


@pytest.mark.parametrize("path", ["/api/refunds-due/", "/api/orders/{}/notes/"])
def test_statements_do_not_grow_with_rows(permit, path):
    user = permit(
        factories.user(is_staff=True), "orders.view_refunddue", "orders.view_order",
        "orders.view_ordernote",
    )  # fmt: skip

    def statements(rows: int) -> int:
        order = owed(rows)
        for place in range(rows):
            order.notes.create(text=f"note {place}", actor="staff:sara")
        client = client_of(user)
        client.get(path.format(order.public_id))
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(path.format(order.public_id))
        assert len(answer.json()["results"]) >= rows
        return len(queries)

    assert statements(1) == statements(12)
