"""People in the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
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
        {"phone": "0911000000"},
        {"phone": "nonsense"},
        {"email": "", "phone": ""},
    ],
)
def test_contradictions_are_form_errors(owner, client, person, changes):
    person("other@buyers.shop", phone="+251911000000")
    user = person()
    answer = client.post(f"/admin/account/user/{user.pk}/change/", form_of(user, **changes))
    assert answer.status_code == 200
    assert answer.context["errors"]


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


def test_staff_with_less_power_do_not_give_themselves_more(client, person):
    """Field defect 9: `is_Staff` did not exist, so that nothing about staff worked."""
    clerk = person("clerk@nexus.shop", is_staff=True)
    clerk.user_permissions.add(
        *Permission.objects.filter(codename__in=["change_user", "view_user", "delete_user"])
    )
    owner = person("owner@nexus.shop", is_staff=True, is_superuser=True)
    customer = person()
    client.force_login(clerk)
    for target in (clerk, owner):
        answer = client.post(
            f"/admin/account/user/{target.pk}/change/",
            form_of(target, is_superuser="on", email="x@y.shop"),
        )
        assert answer.status_code == 403
        assert (
            client.post(
                f"/admin/account/user/{target.pk}/password/", {"password1": "a", "password2": "a"}
            ).status_code
            == 403
        )
    client.post(
        f"/admin/account/user/{customer.pk}/change/",
        form_of(customer, is_superuser="on", is_staff="on", first_name="Abebe"),
    )
    customer.refresh_from_db()
    assert (customer.is_superuser, customer.is_staff, customer.first_name) == (
        False,
        False,
        "Abebe",
    )


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
