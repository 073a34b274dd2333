"""People who write a letter instead: commands and the admin, for accounts and for guests."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from account import roles
from account.models import Role, User
from orders.models import Order
from privacy.models import Erasure
from tests import factories
from tests.privacy.conftest import EMAIL, LOCAL_PHONE, VALUES
from tests.privacy.searching import found_in_tables

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def guest(shop):
    """Somebody who has only ordered: once with an address, once with a number."""
    orders = [shop.order(shop.client(), email=EMAIL), shop.order(shop.client(), phone=LOCAL_PHONE)]
    shop.pay(shop.client(), orders[0])
    return orders


@pytest.mark.parametrize("who", [EMAIL, EMAIL.upper(), f" {EMAIL} "])
def test_a_guest_is_found_by_address(guest, shop, who):
    assert json.loads(run("export_person", who))["orders"][0]["number"] == guest[0]["number"]
    assert "1 orders redacted" in run("erase_person", who, "--yes")
    shop.work()
    by_email, by_phone = (Order.objects.get(public_id=order["id"]) for order in guest)
    assert (by_email.email, by_email.shipping_address) == ("", {})
    assert by_email.redacted_at
    assert by_phone.redacted_at is None, "another identifier: another letter"
    assert (Erasure.objects.get().email, Erasure.objects.get().phone) == ("", "")


@pytest.mark.parametrize("who", [LOCAL_PHONE, "+251 911 777 333"])
def test_a_guest_is_found_by_number(guest, shop, who):
    run("erase_person", who, "--yes")
    run("erase_person", EMAIL, "--yes")
    shop.work()
    assert found_in_tables(VALUES) == {}


def test_an_account_is_found_by_address_number_and_id(person, shop):
    for who in (EMAIL.lower(), LOCAL_PHONE, str(person.user.public_id)):
        assert json.loads(run("export_person", who))["profile"]["email"] == EMAIL
    run("erase_person", str(person.user.public_id), "--yes")
    shop.work()
    assert found_in_tables(VALUES) == {}


def test_an_account_that_was_never_verified_goes_with_the_address_that_staff_vouch_for(shop):
    factories.user(email=EMAIL, email_verified_at=None, first_name="Zewdituqx")
    shop.order(shop.client(), email=EMAIL)
    run("erase_person", EMAIL, "--yes")
    shop.work()
    assert found_in_tables(VALUES) == {}


@pytest.mark.parametrize("who", ["nobody@else.example", "0911000000", "Hana", "", "a" * 300])
def test_whom_the_shop_does_not_know_it_says(shop, who):
    for command in ("export_person", "erase_person"):
        with pytest.raises(CommandError):
            run(command, who, *(["--yes"] if command == "erase_person" else []))
    assert not Erasure.objects.exists()


def test_nothing_happens_without_a_yes(guest, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    with pytest.raises(CommandError, match="Nothing was done"):
        run("erase_person", EMAIL)
    assert not Erasure.objects.exists()


def test_without_a_terminal_it_says_so_and_nothing_happens(guest, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match="--yes"):
        run("erase_person", EMAIL)
    assert not Erasure.objects.exists()


# --- the admin ----------------------------------------------------------------------------------


@pytest.fixture
def admin(shop):
    client = Client()
    client.force_login(shop.owner)
    return client


def act(client, action, *users, **more):
    data = {"action": action, "_selected_action": [user.pk for user in users], **more}
    return client.post("/admin/account/user/", data, follow=True)


def test_the_owner_erases_people_after_a_question(admin, shop):
    user = factories.user(email=EMAIL)
    asked = act(admin, "erase", user)
    assert EMAIL in asked.content.decode()
    assert not Erasure.objects.exists()
    act(admin, "erase", user, confirmed="yes")
    assert Erasure.objects.get().requested_by == "staff"
    shop.work()
    assert found_in_tables([EMAIL]) == {}
    page = admin.get(f"/admin/account/user/{user.pk}/change/")
    assert page.status_code == 200
    assert admin.post(f"/admin/account/user/{user.pk}/change/", {"email": EMAIL}).status_code == 403


def test_the_owner_hands_out_what_is_held_on_one_person(admin):
    user, other = factories.user(email=EMAIL), factories.user()
    answer = act(admin, "hand_out_everything", user)
    assert json.loads(answer.content)["profile"]["email"] == EMAIL
    assert "no-store" in answer["Cache-Control"]
    assert "Choose one person" in act(admin, "hand_out_everything", user, other).content.decode()


def test_a_superuser_is_not_erased_there(admin, shop):
    answer = act(admin, "erase", shop.owner, confirmed="yes")
    assert "command line" in answer.content.decode()
    assert not Erasure.objects.exists()


def test_guests_are_erased_by_address(admin, guest, shop):
    path = "/admin/privacy/erasure/add/"
    assert admin.get(path).status_code == 200
    assert (
        "holds nothing" in admin.post(path, {"who": "x@y.example", "sure": "on"}).content.decode()
    )
    assert not Erasure.objects.exists()
    admin.post(path, {"who": EMAIL})
    assert not Erasure.objects.exists(), "nobody has made sure"
    assert admin.post(path, {"who": EMAIL, "sure": "on"}).status_code == 302
    shop.work()
    assert Order.objects.get(public_id=guest[0]["id"]).redacted_at
    done = Erasure.objects.get()
    for page in ("", f"{done.pk}/change/"):
        shown = admin.get(f"/admin/privacy/erasure/{page}")
        assert shown.status_code == 200
        assert EMAIL not in shown.content.decode()
    assert admin.get("/admin/privacy/export/").status_code == 200


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_nobody_else_may(shop, role):
    clerk = factories.user(email=f"{role}@shop.example")
    roles.grant(user=clerk, role=role, by=None)
    client = Client()
    client.force_login(User.objects.get(pk=clerk.pk))
    user = factories.user(email=EMAIL)
    for action in ("erase", "hand_out_everything"):
        answer = act(client, action, user, confirmed="yes")
        assert b"application/json" not in answer.serialize_headers()
    assert client.get("/admin/privacy/erasure/add/").status_code == 403
    assert (
        client.post("/admin/privacy/erasure/add/", {"who": EMAIL, "sure": "on"}).status_code == 403
    )
    assert not Erasure.objects.exists()
