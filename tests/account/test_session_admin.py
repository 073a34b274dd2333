"""What staff do to sessions: sign people out, disable them, set their passwords. It counts at the next request."""

from __future__ import annotations

import pytest

from account.models import Role, Session, User, UserRole
from audit.models import AuditEntry
from tests.account.conftest import PASSWORD

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/account/user/"


@pytest.fixture
def owner(person, client):
    user = person("owner@nexus.shop", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def customer(person, login):
    person()
    return login()


def sign_out(client, *people):
    return client.post(
        PEOPLE,
        {"action": "sign_out_everywhere", "_selected_action": [user.pk for user in people]},
        follow=True,
    )


def abebe():
    return User.objects.get(email="abebe@buyers.shop")


def test_signing_somebody_out_everywhere(owner, client, customer, me):
    assert me(customer["access"]) == 200
    answer = sign_out(client, abebe())
    assert "Signed out everywhere: 1." in answer.content.decode()
    assert me(customer["access"]) == 401
    assert Session.objects.get().revoke_reason == "staff"
    entry = AuditEntry.objects.get(action="security.sessions_ended")
    assert (entry.actor_kind, entry.actor_id) == ("staff", owner.pk)
    assert entry.target_public_id == str(abebe().public_id)


def test_who_may_only_look_signs_nobody_out(person, client, customer, me):
    clerk = person("clerk@nexus.shop", is_staff=True)
    UserRole.objects.create(user=clerk, role=Role.SUPPORT)
    client.force_login(clerk)
    assert client.get(PEOPLE).status_code == 200
    sign_out(client, abebe())
    assert me(customer["access"]) == 200


def form_of(user, **changes):
    fields = {
        "email": user.email,
        "phone": "",
        "first_name": "",
        "last_name": "",
        "is_active": "on",
    }
    return {**fields, **changes}


def test_disabling_somebody_ends_what_they_are_signed_in_to(owner, client, customer, me, login):
    user = abebe()
    body = form_of(user)
    del body["is_active"]
    assert client.post(f"{PEOPLE}{user.pk}/change/", body).status_code == 302
    assert me(customer["access"]) == 401
    assert Session.objects.get().revoke_reason == "disabled"
    assert client.post(f"{PEOPLE}{user.pk}/change/", form_of(user)).status_code == 302
    assert me(customer["access"]) == 401, "what was ended stays ended"
    assert me(login()["access"]) == 200


def test_another_address_ends_what_the_old_one_signed_in_to(owner, client, customer, me):
    user = abebe()
    body = form_of(user, email="new@buyers.shop")
    assert client.post(f"{PEOPLE}{user.pk}/change/", body).status_code == 302
    assert me(customer["access"]) == 401
    assert User.objects.get(pk=user.pk).email_verified_at is None


def test_another_name_ends_nothing(owner, client, customer, me):
    user = abebe()
    body = form_of(user, first_name="Abebe")
    assert client.post(f"{PEOPLE}{user.pk}/change/", body).status_code == 302
    assert User.objects.get(pk=user.pk).first_name == "Abebe"
    assert me(customer["access"]) == 200


def test_a_password_set_by_staff_ends_every_session_and_is_told(
    owner, client, customer, me, letters
):
    user = abebe()
    new = "eleven camels at the well"
    answer = client.post(
        f"{PEOPLE}{user.pk}/password/",
        {"password1": new, "password2": new, "usable_password": "true"},
    )
    assert answer.status_code == 302
    assert me(customer["access"]) == 401
    assert Session.objects.get().revoke_reason == "password"
    assert User.objects.get(pk=user.pk).token_version == 1
    assert any("password" in letter.subject for letter in letters("abebe@buyers.shop"))


def test_sessions_are_shown_and_not_changed(owner, client, customer):
    session = Session.objects.get()
    page = client.get("/admin/account/session/")
    assert page.status_code == 200
    assert PASSWORD not in page.content.decode()
    assert client.get(f"/admin/account/session/{session.pk}/change/").status_code == 200
    for path in (f"{session.pk}/delete/", "add/"):
        assert client.post(f"/admin/account/session/{path}", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    "end",
    [
        lambda: User.objects.filter(is_superuser=True).update(is_active=False),
        lambda: User.objects.filter(is_superuser=True).update(is_superuser=False),
        lambda: [user.set_password("x") or user.save() for user in User.objects.all()],
    ],
    ids=["disabled", "no superuser any more", "another password"],
)
def test_the_admins_own_sessions_end_at_the_next_page_too(person, client, end):
    person("owner@nexus.shop", is_staff=True, is_superuser=True)
    client.post("/admin/login/", {"username": "owner@nexus.shop", "password": PASSWORD})
    assert client.get(PEOPLE).status_code == 200
    end()
    assert client.get(PEOPLE).status_code in (302, 403)
