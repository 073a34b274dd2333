"""People in the admin."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from account.models import Session, User
from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(person, client):
    user = person("owner@nexus.shop", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def form_of(user, **changes):
    fields = {
        "email": user.email or "", "phone": user.phone or "", "first_name": user.first_name,
        "last_name": user.last_name, "is_active": "on", "groups": [], "user_permissions": [],
    }  # fmt: skip
    return {**fields, **changes}


def test_staff_sign_in_by_email(person, client):
    person("Owner@nexus.shop", is_staff=True, is_superuser=True)
    answer = client.post(
        "/admin/login/?next=/admin/", {"username": "owner@NEXUS.shop", "password": PASSWORD}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_customers_do_not_sign_in(person, client):
    person()
    answer = client.post("/admin/login/", {"username": "abebe@buyers.shop", "password": PASSWORD})
    assert answer.status_code == 200
    assert b"staff account" in answer.content


def test_the_list_is_found_and_costs_the_same_for_many(owner, client, person):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get("/admin/account/user/?q=buyers").status_code == 200
            assert client.get("/admin/account/session/").status_code == 200
            assert client.get("/admin/events/letter/").status_code == 200
        return len(seen)

    def fill(name):
        user = person(f"{name}@buyers.shop", password=None)
        Session.objects.create(user=user, password_mark="x", expires_at=timezone.now())

    fill("one")
    one = queries()
    for number in range(15):
        fill(f"many{number}")
    assert queries() == one


def test_no_hash_is_shown(owner, client, person):
    user = person()
    page = client.get(f"/admin/account/user/{user.pk}/change/").content.decode()
    assert "argon2" not in page
    assert user.password not in page
    assert "abebe@buyers.shop" in page


def test_change_and_password(owner, client, person):
    user = person()
    answer = client.post(
        f"/admin/account/user/{user.pk}/change/",
        form_of(user, first_name="Abebe", phone="0911234567"),
    )
    assert answer.status_code == 302, answer.context["errors"]
    user.refresh_from_db()
    assert (user.first_name, user.phone) == ("Abebe", "+251911234567")
    assert user.email_verified_at is not None
    client.post(
        f"/admin/account/user/{user.pk}/password/",
        {
            "password1": "ten goats by a lake",
            "password2": "ten goats by a lake",
            "usable_password": "true",
        },
    )
    user.refresh_from_db()
    assert user.check_password("ten goats by a lake")


def test_another_address_has_to_be_proved_anew(owner, client, person):
    user = person()
    client.post(f"/admin/account/user/{user.pk}/change/", form_of(user, email="new@buyers.shop"))
    user.refresh_from_db()
    assert (user.email, user.email_verified_at) == ("new@buyers.shop", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "OTHER@buyers.shop"},
        {"phone": "0911000000", "vouch_for_phone": "on"},
        {"phone": "", "vouch_for_phone": "on"},
        {"phone": "nonsense"},
        {"email": "", "phone": ""},
    ],
)
def test_contradictions_are_form_errors(owner, client, person, changes):
    person("other@buyers.shop", phone="+251911000000", phone_verified_at=timezone.now())
    user = person()
    answer = client.post(f"/admin/account/user/{user.pk}/change/", form_of(user, **changes))
    assert answer.status_code == 200
    assert answer.context["errors"]


def test_people_with_a_number_alone(owner, client, person):
    """Found by any way to write a number; made without e-mail and without password."""
    person("other@buyers.shop")
    answer = client.post(
        "/admin/account/user/add/",
        {"email": "", "phone": "0911 22 33 44", "usable_password": "false"},
    )
    assert answer.status_code == 302, answer.context["errors"]
    made = User.objects.get(phone="+251911223344")
    assert (made.email, made.phone_verified_at, made.has_usable_password()) == (None, None, False)
    for text in ("0911223344", "0911 22", "+251911223344", "251911223344", "911223344"):
        page = client.get("/admin/account/user/", {"q": text})
        assert [user.pk for user in page.context["cl"].result_list] == [made.pk], text
    assert client.get(f"/admin/account/user/{made.pk}/change/").status_code == 200


def test_another_number_signs_in_only_when_staff_vouch_for_it(owner, client, person, mailbox):
    user = person(phone="+251911000000", phone_verified_at=timezone.now())
    url = f"/admin/account/user/{user.pk}/change/"
    client.post(url, form_of(user, first_name="Abebe"))
    user.refresh_from_db()
    assert user.phone_verified_at is not None, "what was not touched stays"
    client.post(url, form_of(user, phone="0911000001"))
    user.refresh_from_db()
    assert (user.phone, user.phone_verified_at) == ("+251911000001", None)
    assert [letter.recipient for letter in mailbox() if letter.channel == "sms"] == [
        "+251911000000"
    ]
    client.post(url, form_of(user, vouch_for_phone="on"))
    user.refresh_from_db()
    assert user.phone_verified_at is not None


def test_add(owner, client):
    password = "ten goats by a lake"
    answer = client.post(
        "/admin/account/user/add/",
        {
            "email": "New@buyers.shop",
            "phone": "",
            "usable_password": "true",
            "password1": password,
            "password2": password,
        },
    )
    assert answer.status_code == 302, answer.context["errors"]
    assert User.objects.with_email("new@buyers.shop").get().check_password(password)


def test_sessions_and_letters_are_read_only(owner, client, person, mailbox):
    session = Session.objects.create(
        user=person(), password_mark="secretmark", expires_at=timezone.now()
    )
    page = client.get(f"/admin/account/session/{session.pk}/change/")
    assert page.status_code == 200
    assert b"secretmark" not in page.content
    assert client.post(f"/admin/account/session/{session.pk}/change/", {}).status_code == 403
    assert client.post(f"/admin/account/session/{session.pk}/delete/", {}).status_code == 403
    assert client.get("/admin/account/session/add/").status_code == 403


def test_letters_show_no_text(owner, client):
    from events.models import Letter

    letter = Letter.objects.create(
        recipient="a@buyers.shop", subject="Hi", text="the token is abc", dedupe_key="x"
    )
    page = client.get(f"/admin/events/letter/{letter.pk}/change/")
    assert page.status_code == 200
    assert b"abc" not in page.content
    assert client.post(f"/admin/events/letter/{letter.pk}/change/", {}).status_code == 403


def test_an_address_typed_for_who_signs_in_by_number_has_to_answer_first(
    owner, client, person, run_jobs, mailbox, api
):
    """A slip of the pen: its owner registers, and once got a letter that led into somebody else's account."""
    customer = person(
        None, email_verified_at=None, phone="+251911000000", phone_verified_at=timezone.now()
    )
    here = f"/admin/account/user/{customer.pk}/change/"
    page = client.post(here, form_of(customer, email="stranger@buyers.shop"), follow=True)
    assert "sent a letter" in page.content.decode()
    customer.refresh_from_db()
    assert (customer.email, customer.email_verified_at) == (None, None)
    run_jobs()
    assert [letter.recipient for letter in mailbox()] == ["stranger@buyers.shop"]
    api.post(
        "/api/auth/register/", {"email": "stranger@buyers.shop", "password": "ten goats by a lake"}
    )
    assert User.objects.with_email("stranger@buyers.shop").get() != customer


def test_what_a_rival_proved_is_not_undone_by_an_old_page(owner, client, person, monkeypatch):
    """The number is given up while staff save another name: once a 500, as a number that is not there was verified."""
    from account import admin

    customer = person(phone="+251911000000", phone_verified_at=timezone.now())
    original = admin.phone_identity.apply_by_staff

    def gives_up_meanwhile(**known):
        User.objects.filter(pk=customer.pk).update(phone=None, phone_verified_at=None)
        return original(**known)

    monkeypatch.setattr(admin.phone_identity, "apply_by_staff", gives_up_meanwhile)
    page = f"/admin/account/user/{customer.pk}/change/"
    assert client.post(page, form_of(customer, first_name="Hana")).status_code == 302
    customer.refresh_from_db()
    assert (customer.first_name, customer.phone) == ("Hana", None)
