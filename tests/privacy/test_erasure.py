"""The test that judges: a person who has been everywhere is nowhere after an erasure, and the books are as they were."""

from __future__ import annotations

import pytest
from django.db import connection

from account.models import User
from inventory.models import Reservation
from orders.models import Order, OrderLine
from payments.models import Payment
from pricing.models import CouponUse
from privacy import erasure
from privacy.models import Erasure
from privacy.registry import PERSONAL, SECRET
from reporting.doctor import examine
from tests.privacy.conftest import EMAIL, PASSWORD, PHONE, VALUES
from tests.privacy.searching import found_in_files, found_in_tables

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# Columns in which a test of seconds cannot find a word of theirs, and why.
NOT_PLANTED = {
    ("account_address", "country"): "two letters are found everywhere",
    ("cart_cart", "delivery_area"): "the code of an area",
    ("cart_cart", "pickup_point"): "the code of a place of the shop",
    ("django_session", "session_key"): "random; found by account",
    ("django_session", "session_data"): "encoded; found by account",
    ("events_letter", "subject"): "names nobody as a rule",
    ("payments_payment", "checkout_url"): "a page elsewhere; looked at below",
    ("privacy_erasure", "email"): "of guests; see test_guests",
    ("privacy_erasure", "phone"): "of guests; see test_guests",
    ("orders_orderevent", "note"): "written by the house",
    ("common_storedreply", "scope"): "knows the account's number",
    **{
        (table, column): "see test_desk"
        for table, columns in {
            "orders_ordernote": "actor text",
            "orders_ordertrace": "actor reason",
            "orders_refunddue": "actor reason",
            "orders_draftorder": "created_by email phone shipping_address delivery note",
        }.items()
        for column in columns.split()
    },
}


def books():
    """What may not change."""
    fields = "number currency subtotal discount_total delivery_total tax_total tax_rate total"
    return (
        list(Order.objects.order_by("pk").values_list("created_at", *fields.split())),
        list(OrderLine.objects.order_by("pk").values()),
        list(
            Payment.objects.order_by("pk").values_list(
                "reference", "gateway_reference", "amount", "currency", "fee", "settled_at"
            )
        ),
    )


def erase(person):
    answer = person.client.delete("/api/auth/me/")
    assert answer.status_code == 202, answer.content
    person.shop.work()
    return answer


def test_the_person_was_everywhere(person):
    """Else finding nothing afterwards would prove nothing."""
    planted = set(found_in_tables(VALUES))
    personal = {
        (holding.table, column)
        for holding in PERSONAL
        if holding.exported != SECRET
        for column in holding.columns
    }
    assert personal - planted == set(NOT_PLANTED) & personal
    assert planted - personal == set(), "personal, and not in the registry"


def test_the_person_is_nowhere(person, settings, tmp_path):
    before, numbers = books(), Order.objects.count()
    answer = erase(person)
    assert found_in_tables([*VALUES, "zewditu"]) == {}
    assert books() == before
    assert Order.objects.count() == numbers
    assert examine() == []
    assert found_in_files(tmp_path, VALUES, skip={"mail", "sms"}) == {}

    done = Erasure.objects.get()
    assert answer.json()["id"] == str(done.public_id)
    assert done.erased_at
    assert done.confirmed_at
    assert done.orders == 5
    person.user.refresh_from_db()
    assert str(person.user) == str(person.user.public_id)
    assert not person.user.has_usable_password()
    assert not person.user.is_active


@pytest.mark.parametrize("step", erasure.STEPS, ids=lambda step: step.__name__.strip("_"))
def test_control_without_one_step_the_search_finds_them(person, step, monkeypatch):
    monkeypatch.setattr(erasure, "STEPS", [s for s in erasure.STEPS if s is not step])
    erase(person)
    left = found_in_tables(VALUES) or ids_left(person)
    assert left


def test_stock_no_longer_knows_the_account(person):
    """Its number is no word, and leads to the orders all the same."""
    theirs = Reservation.objects.filter(customer=f"user:{person.user.pk}")
    assert theirs.exists()
    reserved = Reservation.objects.order_by("pk").values_list("holder", "quantity")
    before = list(reserved)
    erase(person)
    assert not theirs.exists()
    assert list(reserved.all()) == before


def test_what_was_used_stays_used_by_the_empty_account(person):
    erase(person)
    keys = list(CouponUse.objects.order_by("pk").values_list("customers", flat=True))
    assert keys == [[f"user:{person.user.pk}"], [], []]


def ids_left(person):
    """Browser sessions hold no word, only the account's number."""
    from django.contrib.sessions.models import Session

    return [
        s for s in Session.objects.all() if s.get_decoded()["_auth_user_id"] == str(person.user.pk)
    ]


def test_nobody_signs_in_and_the_address_is_free(person, shop):
    erase(person)
    assert ids_left(person) == []
    wrong = shop.client().post("/api/auth/login/", {"email": EMAIL, "password": PASSWORD})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")
    assert person.client.get("/api/auth/me/").status_code == 401

    again = {"email": EMAIL, "password": "another-violin-harbour-95"}
    assert shop.client().post("/api/auth/register/", again).status_code == 202
    User.objects.filter(email=EMAIL).update(email_verified_at="2026-01-01T00:00:00Z")
    client = shop.sign_in(password=again["password"])
    me = client.get("/api/auth/me/").json()
    assert (me["phone"], me["first_name"]) == (None, "")
    assert me["id"] != str(person.user.public_id)
    for path in ("/api/orders/", "/api/addresses/"):
        assert client.get(path).json()["results"] == []
    assert client.get("/api/auth/me/export/").status_code == 404
    assert User.objects.filter(email=EMAIL, phone=PHONE).count() == 0


def test_a_guests_token_opens_nothing_any_more(person, shop):
    token = {"X-Order-Token": person.guest_by_email["order_token"]}
    path = f"/api/orders/{person.guest_by_email['id']}/"
    assert shop.client().get(path, headers=token).status_code == 200
    erase(person)
    assert shop.client().get(path, headers=token).status_code in {401, 404}


def test_what_is_unpaid_is_cancelled_and_what_is_paid_is_told_to_staff(person, shop, mailbox):
    erase(person)
    unpaid = Order.objects.get(public_id=person.unpaid["id"])
    assert unpaid.status == "cancelled"
    assert shop.chapa.transactions[person.open_payment["reference"]].link == "closed"
    paid = Order.objects.get(public_id=person.paid["id"])
    assert paid.status == "paid"
    assert "erased" in paid.history.order_by("pk").last().note
    [told] = [letter for letter in mailbox() if letter.dedupe_key.startswith("orders-erased:")]
    assert told.recipient == shop.owner.email


def test_somebody_elses_order_keeps_its_owner_as_contact(person):
    erase(person)
    person.gift.refresh_from_db()
    assert (person.gift.email, person.gift.redacted_at) == (person.friend.email, None)


def test_what_the_gateway_said_of_somebody_elses_order_names_them_no_more(person, shop):
    """It was told the order's contact, and repeats it in its webhook."""
    friend = shop.client()
    friend.force_authenticate(person.friend)
    gift = shop.order(friend, email=EMAIL)
    payment = shop.pay(friend, gift)
    erase(person)
    assert found_in_tables([EMAIL]) == {}
    assert Payment.objects.get(reference=payment["reference"]).status == "succeeded"


def test_the_gateway_cannot_bring_the_person_back(person, shop):
    """A webhook or an answer that comes late still counts for the money, and no longer for the name."""
    reference = person.open_payment["reference"]
    erase(person)
    shop.chapa.pay(reference, email=EMAIL, first_name="Zewdituqx")
    assert shop.webhook(reference).status_code == 200
    assert shop.webhook(reference).status_code == 200
    shop.work()
    payment = Payment.objects.get(reference=reference)
    assert (payment.status, payment.review_reason) == ("review", "order_ended")
    assert found_in_tables(VALUES) == {}
    assert examine() == []


def test_control_without_the_look_at_the_door_it_does(person, shop, monkeypatch):
    erase(person)
    monkeypatch.setattr("payments.inbox.is_redacted", lambda reference: False)
    shop.webhook(person.open_payment["reference"])
    assert ("payments_webhookevent", "body") in found_in_tables(VALUES)


def test_a_last_letter_leaves_and_forgets_where_it_went(person, mailbox, tmp_path):
    erase(person)
    [last] = [letter for letter in mailbox() if letter.dedupe_key.startswith("erased:")]
    assert last.sent_at is not None
    assert (last.recipient, last.subject, last.text) == ("", "", "")
    sent = [path.read_text() for path in sorted((tmp_path / "mail").glob("*.eml"))]
    assert f"To: {EMAIL}" in sent[-1] or any("is erased" in text for text in sent)


def test_the_audit_log_says_that_it_was_done(person):
    erase(person)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT action, actor_kind FROM audit_auditentry WHERE action LIKE 'privacy.%%'"
            " AND target_public_id = %s ORDER BY id",
            [str(person.user.public_id)],
        )
        rows = cursor.fetchall()
    assert ("privacy.erasure_requested", "customer") in rows
    assert "privacy.person_erased" in {action for action, _ in rows}
