"""The doors: who may ask, what they must prove, and what they are told."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from account import roles
from account.models import Role, Session
from orders.models import Order
from pricing.redemptions import customer_keys
from privacy.models import Erasure, Export
from tests import factories
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
ME, EXPORT, DOCUMENT = "/api/auth/me/", "/api/auth/me/export/", "/api/auth/me/export/document/"


@pytest.fixture
def hana(shop):
    return factories.user(email="hana@buyers.shop", first_name="Hana")


@pytest.fixture
def signed_in(shop):
    return lambda user: shop.sign_in(user.email, PASSWORD)


def grow_stale(user):
    """It is twenty minutes later."""
    Session.objects.filter(user=user).update(
        authenticated_at=timezone.now() - timedelta(minutes=20)
    )


def code(answer):
    return answer.status_code, answer.json()["code"]


def test_a_fresh_session_needs_no_body(hana, signed_in):
    answer = signed_in(hana).delete(ME)
    assert answer.status_code == 202
    assert set(answer.json()) == {"id", "requested_at", "detail"}
    hana.refresh_from_db()
    assert not hana.is_active, "at once"
    assert not hana.has_usable_password()
    assert not Session.objects.filter(user=hana, revoked_at=None).exists()
    assert not signed_in_again(hana)


def signed_in_again(user):
    from rest_framework.test import APIClient

    answer = APIClient().post("/api/auth/login/", {"email": user.email, "password": PASSWORD})
    return answer.status_code == 200


def test_a_stale_one_needs_the_password(hana, signed_in):
    client = signed_in(hana)
    grow_stale(hana)
    assert code(client.delete(ME)) == (403, "reauthentication_required")
    wrong = client.delete(ME, {"password": "not my password"})
    assert code(wrong) == (400, "wrong_password")
    assert wrong.json()["errors"][0]["field"] == "password", "as the body calls it"
    assert not Erasure.objects.exists()
    hana.refresh_from_db()
    assert hana.is_active
    assert client.delete(ME, {"password": PASSWORD}).status_code == 202


def test_or_reauthentication_before(hana, signed_in):
    client = signed_in(hana)
    grow_stale(hana)
    assert client.post("/api/auth/reauthenticate/", {"password": PASSWORD}).status_code == 200
    assert client.delete(ME).status_code == 202


@pytest.mark.parametrize("body", [{"open_orders": "maybe"}, {"user": 1}, {"password": 7}, [1]])
def test_nonsense_erases_nobody(hana, signed_in, body):
    answer = signed_in(hana).generic("DELETE", ME, json.dumps(body), "application/json")
    assert answer.status_code == 400
    assert not Erasure.objects.exists()


def test_strangers_are_asked_who_they_are(shop):
    assert shop.client().delete(ME).status_code == 401
    for path in (EXPORT, DOCUMENT):
        assert shop.client().get(path).status_code == 401
    assert shop.client().post(EXPORT).status_code == 401


def test_open_orders_can_be_asked_about_first(hana, shop, signed_in):
    client = signed_in(hana)
    order = shop.order(client)
    refused = client.delete(ME, {"open_orders": "refuse"})
    assert code(refused) == (409, "open_orders")
    assert order["number"] in refused.json()["errors"][0]["detail"]
    hana.refresh_from_db()
    assert hana.is_active
    Order.objects.update(
        status="cancelled", cancel_reason="customer", fulfilment_status="cancelled"
    )
    assert client.delete(ME, {"open_orders": "refuse"}).status_code == 202


def test_the_shop_never_loses_its_last_owner(shop, signed_in):
    boss = shop.owner
    assert code(signed_in(boss).delete(ME)) == (409, "superuser_stays")
    boss.is_superuser = False
    boss.save(update_fields=["is_superuser"])
    roles.grant(user=boss, role=Role.OWNER, by=None)
    assert code(signed_in(boss).delete(ME)) == (409, "last_owner")
    other = factories.user(email="second@shop.example")
    roles.grant(user=other, role=Role.OWNER, by=None)
    assert signed_in(boss).delete(ME).status_code == 202
    assert not Erasure.objects.exclude(user=boss).exists()


def test_guesses_are_limited(hana, signed_in, settings):
    client = signed_in(hana)
    settings.RATE_LIMITS = True
    answers = {client.delete(ME, {"password": f"guess {n}"}).status_code for n in range(15)}
    assert answers == {400, 429}
    assert Erasure.objects.count() == 0


# --- the copy -----------------------------------------------------------------------------------


def test_a_copy_is_asked_for_made_told_and_fetched(hana, shop, signed_in, mailbox):
    client = signed_in(hana)
    assert code(client.get(EXPORT)) == (404, "not_found")
    asked = client.post(EXPORT)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert client.post(EXPORT).json() == asked.json(), "one at a time"
    assert code(client.get(DOCUMENT)) == (404, "not_found")
    shop.work()
    ready = client.get(EXPORT).json()
    assert (ready["id"], ready["state"]) == (asked.json()["id"], "ready")
    [letter] = [one for one in mailbox() if "is ready" in one.subject]
    assert letter.recipient == hana.email

    fetched = client.get(DOCUMENT)
    assert fetched["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert fetched["Cache-Control"] == "no-store"
    assert json.loads(fetched.content)["profile"]["email"] == hana.email

    again = client.post(EXPORT).json()
    assert again["id"] != ready["id"]
    assert Export.objects.count() == 1, "the older one is replaced"


def test_fetching_it_wants_a_fresh_proof(hana, shop, signed_in):
    client = signed_in(hana)
    client.post(EXPORT)
    shop.work()
    grow_stale(hana)
    assert client.get(EXPORT).status_code == 200
    assert code(client.get(DOCUMENT)) == (403, "reauthentication_required")
    client.post("/api/auth/reauthenticate/", {"password": PASSWORD})
    assert client.get(DOCUMENT).status_code == 200


def test_nobody_gets_anybody_elses(hana, shop, signed_in):
    signed_in(hana).post(EXPORT)
    shop.work()
    assert signed_in(factories.user()).get(DOCUMENT).status_code == 404


def test_a_copy_ends_after_a_week(hana, shop, signed_in):
    from privacy.services import prune

    client = signed_in(hana)
    client.post(EXPORT)
    shop.work()
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(EXPORT).status_code == client.get(DOCUMENT).status_code == 404
    prune()
    assert not Export.objects.exists()


def test_a_person_who_goes_before_it_is_made_gets_none(hana, shop, signed_in, mailbox):
    client = signed_in(hana)
    client.post(EXPORT)
    client.delete(ME)
    shop.work()
    assert not Export.objects.exists()
    assert [one for one in mailbox() if "is ready" in one.subject] == []


def test_everything_is_in_it(person):
    """Every value that was planted, but for what the house keeps of their work in the shop and for copies."""
    from privacy.export import document_of
    from privacy.subject import subject_of
    from tests.privacy.conftest import EMAIL, PHONE, VALUES

    not_handed_out = {
        "0911777333", "0922888444",  # kept in the international form only
        "Pastqj",  # another system's number, of whom nobody here knows
        *customer_keys(email=EMAIL, phone=PHONE),  # hashes of what is in it
    }  # fmt: skip
    document = document_of(subject_of(person.user)).decode().casefold()
    missing = {value for value in VALUES if str(value).casefold() not in document}
    assert missing == not_handed_out
    read = json.loads(document)
    assert [order["placed_as"] for order in read["orders"]] == [
        "customer", "customer", "guest", "guest", "customer",
    ]  # fmt: skip
    assert read["orders"][0]["payments"][0]["gateway_messages"][0]["body"]["last_name"]
    assert person.friend.email not in document
    for secret in (person.user.password, person.guest_by_email["order_token"]):
        assert secret.casefold() not in document


def test_the_copy_costs_the_same_for_many_orders(hana, shop):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from privacy.export import document_of
    from privacy.subject import subject_of

    def queries():
        with CaptureQueriesContext(connection) as seen:
            document_of(subject_of(hana))
        return len(seen)

    factories.place(hana)
    queries()  # Django learns its content types
    one = queries()
    for _ in range(15):
        factories.place(hana)
    assert queries() == one
