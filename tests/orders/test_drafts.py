"""Drafts of staff: what they would cost, and the one order that each becomes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders import drafts
from orders.models import DraftOrder, Order
from orders.tokens import order_token
from tests import factories
from tests.orders.test_change_doors import client_of
from tests.orders.test_edits import adds_up, stock
from tests.together import at_once

pytestmark = pytest.mark.django_db
PATH = "/api/orders/drafts/"


@pytest.fixture
def desk(permit):
    return client_of(
        permit(
            factories.user(is_staff=True), "orders.view_draftorder", "orders.add_draftorder",
            "orders.change_draftorder", "orders.change_order", "account.view_user", "orders.view_order",
        )
    )  # fmt: skip


def begin(desk, **fields) -> dict:
    answer = desk.post(PATH, fields, format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()


def place(desk, draft, **fields):
    return desk.post(f"{PATH}{draft['id']}/place/", fields, format="json")


def test_a_telephone_order(desk, mailbox):
    coffee, cup = factories.variant(price="100"), factories.variant(price="50")
    draft = begin(desk, phone="0911234567", items=[{"variant_id": coffee.pk, "quantity": 2}])
    assert draft["phone"] == "+251911234567"
    items = [
        {"variant_id": coffee.pk, "quantity": 1},
        {"variant_id": cup.pk, "quantity": 2, "unit_price": "40", "reason": "regular"},
    ]
    changed = desk.patch(
        f"{PATH}{draft['id']}/",
        {"items": items, "shipping_address": {"city": "Adama"}},
        format="json",
    ).json()
    assert changed["items"][1]["unit_price"] == {"amount": "40.00", "currency": "ETB"}
    quoted = desk.get(f"{PATH}{draft['id']}/quote/").json()
    assert (quoted["total"]["amount"], quoted["problems"]) == ("180.00", [])
    assert stock(coffee) == (10, 0)
    answer = place(desk, draft, expected_total="180.00")
    assert answer.status_code == 201, answer.content
    order = Order.objects.get(public_id=answer.json()["id"])
    assert (order.status, order.source, order.total, order.phone) == (
        "pending", "staff", 180, "+251911234567",
    )  # fmt: skip
    assert order.shipping_address == {"city": "Adama"}
    assert "40.00: regular" in order.history.order_by("-pk").first().note
    adds_up(order)
    [letter] = [one for one in mailbox() if one.recipient == order.phone]
    assert f"/pay/order/{order.public_id}/#token={order_token(order.public_id)}" in letter.text


def test_placed_twice_it_is_one_order(desk, mailbox):
    variant = factories.variant()
    draft = begin(desk, email="hana@buyers.shop", items=[{"variant_id": variant.pk, "quantity": 1}])
    first, second = place(desk, draft), place(desk, draft)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert Order.objects.count() == 1
    assert len(mailbox()) == 1


@pytest.mark.django_db(transaction=True)
def test_placed_by_many_at_once_it_is_one_order():
    variant = factories.variant()
    by = factories_actor()
    draft = drafts.create_draft(
        fields={"email": "h@buyers.shop", "items": [{"variant_id": variant.pk, "quantity": 1}]},
        by=by,
    )
    placed = at_once(6, lambda _: drafts.place_draft(draft_id=draft.public_id, by=by))
    assert sum(is_new for _, is_new in placed) == 1
    assert len({order.pk for order, _ in placed}) == 1
    assert stock(variant) == (10, 1)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_only_the_constraint_keeps_it_one(monkeypatch):
    variant = factories.variant()
    by = factories_actor()
    draft = drafts.create_draft(
        fields={"email": "h@buyers.shop", "items": [{"variant_id": variant.pk, "quantity": 1}]},
        by=by,
    )
    monkeypatch.setattr(drafts, "lock_draft", lambda pk: DraftOrder.objects.get(public_id=pk))
    from threading import Barrier

    looked, usual = Barrier(3, timeout=20), drafts.checkout
    monkeypatch.setattr(drafts, "checkout", lambda **more: (looked.wait(), usual(**more))[1])

    def one(_: int) -> type | None:
        try:
            drafts.place_draft(draft_id=draft.public_id, by=by)
        except IntegrityError as error:
            return type(error)
        return None

    assert at_once(3, one).count(IntegrityError) == 2
    assert Order.objects.count() == 1


def factories_actor():
    from common.actors import Actor

    return Actor("staff", name="sara")


def test_a_customer_s_own_account(desk):
    owner = factories.user()
    variant = factories.variant()
    items = [{"variant_id": variant.pk, "quantity": 1}]
    draft = begin(desk, customer=str(owner.public_id), items=items)
    order = Order.objects.get(public_id=place(desk, draft).json()["id"])
    assert (order.owner, order.email, order.token_hash) == (owner, owner.email, "")
    wrong = desk.post(PATH, {"customer": "00000000-0000-7000-8000-000000000000"}, format="json")
    assert wrong.json()["errors"][0]["field"] == "customer"


def test_a_closed_draft_forgets_whom_it_was_for(desk):
    variant = factories.variant()
    about = {"email": "hana@buyers.shop", "phone": "0911234567", "note": "calls back",
             "shipping_address": {"name": "Hana"}, "delivery": {"note": "ring"}}  # fmt: skip
    placed = begin(desk, items=[{"variant_id": variant.pk, "quantity": 1}], **about)
    thrown = begin(desk, **about)
    place(desk, placed)
    assert desk.delete(f"{PATH}{thrown['id']}/").status_code == 204
    for draft, status in ((placed, "placed"), (thrown, "discarded")):
        read = desk.get(f"{PATH}{draft['id']}/").json()
        assert read["status"] == status
        assert (read["email"], read["phone"], read["note"], read["shipping_address"]) == (
            "", "", "", {},
        )  # fmt: skip
        late = desk.patch(f"{PATH}{draft['id']}/", {"note": "late"}, format="json")
        assert (late.status_code, late.json()["code"]) == (409, "draft_closed")
    assert place(desk, thrown).status_code == 409
    with pytest.raises(IntegrityError), transaction.atomic():
        DraftOrder.objects.filter(public_id=thrown["id"]).update(email="again@buyers.shop")


def test_what_is_in_the_way_is_told(desk):
    hidden = factories.variant()
    type(hidden.product).objects.filter(pk=hidden.product_id).update(is_published=False)
    draft = begin(desk)
    assert [one["code"] for one in desk.get(f"{PATH}{draft['id']}/quote/").json()["problems"]] == [
        "empty"
    ]
    assert place(desk, draft).json()["errors"][0]["field"] == "items"
    items = [{"variant_id": hidden.pk, "quantity": 1}]
    desk.patch(f"{PATH}{draft['id']}/", {"items": items, "codes": ["NOPE"]}, format="json")
    quoted = desk.get(f"{PATH}{draft['id']}/quote/").json()
    assert quoted["problems"][0] == {
        "code": "not_for_sale", "detail": "This is not for sale.", "variant_id": hidden.pk,
    }  # fmt: skip
    assert place(desk, draft).json()["errors"][0]["code"] == "required"
    desk.patch(f"{PATH}{draft['id']}/", {"email": "h@buyers.shop"}, format="json")
    assert place(desk, draft).json()["code"] == "not_for_sale"


@pytest.mark.parametrize(
    ("items", "field", "code"),
    [
        ([{"variant_id": 1, "quantity": 1}] * 2, "items.1.variant_id", "repeated"),
        ([{"variant_id": 1, "quantity": 1, "unit_price": "1"}], "items.0.reason", "required"),
        ([{"variant_id": 1, "quantity": 0}], "items.0.quantity", "min_value"),
        (
            [{"variant_id": 1, "quantity": 1, "unit_price": {"amount": "1", "currency": "USD"}}],
            "items.0.unit_price", "currency",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(desk, items, field, code):
    answer = desk.post(PATH, {"items": items}, format="json")
    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]


def test_prices_and_customers_have_permissions_of_their_own(permit):
    narrow = client_of(
        permit(factories.user(is_staff=True), "orders.view_draftorder", "orders.add_draftorder")
    )
    priced = [{"variant_id": 1, "quantity": 1, "unit_price": "1", "reason": "x"}]
    for fields in ({"items": priced}, {"customer": str(factories.user().public_id)}):
        assert narrow.post(PATH, fields, format="json").status_code == 403
    draft = begin(narrow, note="plain")
    assert narrow.patch(f"{PATH}{draft['id']}/", {"note": "x"}, format="json").status_code == 403
    assert place(narrow, draft).status_code == 403
    assert client_of(factories.user()).get(PATH).status_code == 403
    assert client_of().get(PATH).status_code == 401


def test_who_has_read_another_state_is_told(desk):
    draft = begin(desk, note="one")
    seen = desk.get(f"{PATH}{draft['id']}/")["ETag"]
    path = f"{PATH}{draft['id']}/"
    assert (
        desk.patch(path, {"note": "two"}, format="json", headers={"If-Match": seen}).status_code
        == 200
    )
    assert (
        desk.patch(path, {"note": "x"}, format="json", headers={"If-Match": seen}).status_code
        == 412
    )


def test_old_drafts_are_forgotten(desk):
    old, new = begin(desk, phone="0911234567"), begin(desk, phone="0911234567")
    long_ago = timezone.now() - drafts.KEPT - timedelta(minutes=1)
    DraftOrder.objects.filter(public_id=old["id"]).update(updated_at=long_ago)
    with transaction.atomic():
        assert drafts.forget_drafts() == 1
    assert [str(one.public_id) for one in DraftOrder.objects.all()] == [new["id"]]


def test_statements_do_not_grow_with_drafts(desk):
    def statements(rows: int) -> int:
        for _ in range(rows):
            begin(desk, customer=str(factories.user().public_id))
        with CaptureQueriesContext(connection) as queries:
            assert len(desk.get(f"{PATH}?status=draft").json()["results"]) >= rows
        return len(queries)

    assert statements(1) == statements(10)
