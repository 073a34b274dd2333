"""/api/staff/ and the `staff` command."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from account import roles, sessions, tokens
from account.models import Role, User

pytestmark = pytest.mark.django_db


def header(user: User) -> dict[str, str]:
    session = sessions.open_session(user=user, device=sessions.Device())
    return {"Authorization": f"Bearer {tokens.pair(session)['access']}"}


@pytest.fixture
def owner(person):
    user = person("owner@nexus.shop")
    roles.grant(user=user, role=Role.OWNER, by=None)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def call(api, owner):
    """Calls as the owner."""
    signed_in = header(owner)

    def send(method, path="", body=None):
        return getattr(api, method)(f"/api/staff/{path}", body, headers=signed_in)

    return send


def refused(answer):
    return answer.status_code, answer.json()["code"]


def test_somebody_is_taken_on_changed_and_let_go(call, person):
    user = person("clerk@nexus.shop", first_name="Abel")
    taken_on = call("post", "", {"email": "Clerk@nexus.shop", "roles": ["order_desk", "support"]})
    assert taken_on.status_code == 200
    body = taken_on.json()
    assert body["id"] == str(user.public_id)
    assert body["roles"] == ["order_desk", "support"]
    assert not body["is_superuser"]
    path = f"{user.public_id}/"
    assert call("get", path).json() == body
    changed = call("put", f"{path}roles/", {"roles": ["finance"]})
    assert changed.json()["roles"] == ["finance"]
    assert [row["id"] for row in call("get").json()["results"]][:1] == [str(user.public_id)]
    gone = call("put", f"{path}roles/", {"roles": []})
    assert (gone.status_code, gone.json()["roles"]) == (200, [])
    assert refused(call("get", path)) == (404, "not_found")
    assert len(call("get").json()["results"]) == 1


def test_taking_on_keeps_the_roles_there_are(call, person):
    person("clerk@nexus.shop")
    call("post", "", {"email": "clerk@nexus.shop", "roles": ["support"]})
    again = call("post", "", {"email": "clerk@nexus.shop", "roles": ["finance", "finance"]})
    assert again.json()["roles"] == ["finance", "support"]


def test_the_last_owner_is_a_409(call, owner):
    answer = call("put", f"{owner.public_id}/roles/", {"roles": []})
    assert refused(answer) == (409, "last_owner")
    assert call("get").json()["results"][0]["roles"] == ["owner"]


def test_nobody_is_taken_on_by_an_address_that_is_not_proved(call, person):
    person("clerk@nexus.shop", email_verified_at=None)
    person("gone@nexus.shop", is_active=False)
    for email in ("clerk@nexus.shop", "gone@nexus.shop"):
        answer = call("post", "", {"email": email, "roles": ["owner"]})
        assert refused(answer) == (409, "cannot_work_here")
    answer = call("post", "", {"email": "nobody@nexus.shop", "roles": ["owner"]})
    assert refused(answer) == (404, "not_found")
    assert roles.staff().count() == 1


def test_a_superuser_is_not_the_owners_to_change(call, person):
    root = person("root@nexus.shop", is_staff=True, is_superuser=True)
    answer = call("put", f"{root.public_id}/roles/", {"roles": ["support"]})
    assert refused(answer) == (403, "may_not_grant")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "roles"),
        ({"roles": None}, "roles"),
        ({"roles": "owner"}, "roles"),
        ({"roles": ["astronaut"]}, "roles.0"),
        ({"roles": [], "is_superuser": True}, "is_superuser"),
        ({"roles": [], "user": 1}, "user"),
    ],
)
def test_bad_bodies_name_their_field(call, person, body, field):
    user = person("clerk@nexus.shop")
    answer = call("put", f"{user.public_id}/roles/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert roles.staff().count() == 1


@pytest.mark.parametrize("public_id", ["01936b2f-0000-7000-8000-000000000000", "1", "x", "0" * 40])
def test_unknown_and_malformed_ids_are_404(call, public_id):
    for method, path in (("get", f"{public_id}/"), ("put", f"{public_id}/roles/")):
        assert refused(call(method, path, {"roles": []})) == (404, "not_found")


def test_the_list_costs_the_same_for_one_and_many(call, person):
    def statements():
        with CaptureQueriesContext(connection) as seen:
            assert call("get").status_code == 200
        return len(seen)

    statements()
    one = statements()
    for number in range(12):
        user = person(f"clerk{number}@nexus.shop", password=None)
        roles.add_roles(user=user, roles=[Role.SUPPORT, Role.FINANCE], by=None)
    assert statements() == one
    assert len(call("get").json()["results"]) == 13


def test_no_secret_and_no_number_of_the_row_is_shown(call):
    (row,) = call("get").json()["results"]
    assert set(row) == {
        "id", "email", "phone", "first_name", "last_name", "is_active", "is_superuser", "roles",
        "last_login", "created_at",
    }  # fmt: skip


# --- the command ------------------------------------------------------------------------------


def staff(*words: str) -> str:
    out = StringIO()
    call_command("staff", *words, stdout=out)
    return out.getvalue()


def test_roles_from_the_terminal(person):
    user = person("clerk@nexus.shop", phone="+251911000000")
    assert staff("grant", "Clerk@nexus.shop", "owner", "finance") == (
        "clerk@nexus.shop: owner given\nclerk@nexus.shop: finance given\n"
    )
    assert staff("grant", "clerk@nexus.shop", "finance") == "clerk@nexus.shop: finance unchanged\n"
    assert staff("list") == "clerk@nexus.shop: owner, finance\n"
    assert staff("revoke", "clerk@nexus.shop", "finance") == "clerk@nexus.shop: finance taken\n"
    with pytest.raises(CommandError, match="Nobody would own the shop"):
        staff("revoke", "clerk@nexus.shop", "owner")
    assert User.objects.get(pk=user.pk).is_staff


@pytest.mark.parametrize("named", ["nobody@nexus.shop", "0911999999", "nonsense"])
def test_the_command_names_who_is_not_there(named):
    with pytest.raises(CommandError):
        staff("grant", named, "owner")


def test_the_command_lists_superusers_and_the_closed(person):
    person("root@nexus.shop", is_staff=True, is_superuser=True, is_active=False)
    person("idle@nexus.shop", is_staff=True)
    assert staff("list") == "root@nexus.shop (closed): superuser\nidle@nexus.shop: no role\n"


def test_a_superuser_is_demoted_from_the_terminal_unless_nobody_would_own_the_shop(person):
    root = person("root@nexus.shop", is_staff=True, is_superuser=True)
    with pytest.raises(CommandError, match="Nobody would own the shop"):
        staff("demote", "root@nexus.shop")
    staff("grant", "root@nexus.shop", "owner")
    assert staff("demote", "root@nexus.shop") == "root@nexus.shop: no superuser any more\n"
    assert staff("demote", "root@nexus.shop") == "root@nexus.shop: unchanged\n"
    root.refresh_from_db()
    assert (root.is_superuser, root.is_staff) == (False, True)
