"""GET and PATCH /api/auth/me/."""

from __future__ import annotations

import pytest
from django.utils import timezone

from account.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def patch(api, person, login):
    person()
    access = login()["access"]

    def send(body, **kwargs):
        return api.patch(
            "/api/auth/me/", body, headers={"Authorization": f"Bearer {access}"}, **kwargs
        )

    return send


def test_names_and_phone_can_be_changed(patch):
    answer = patch({"first_name": "አበበ", "last_name": "Bikila", "phone": "0711 22 33 44"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["first_name"], body["last_name"], body["phone"]) == (
        "አበበ",
        "Bikila",
        "+251711223344",
    )
    assert patch({"phone": None}).json()["phone"] is None
    assert patch({}).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "other@buyers.shop"),
        ("email_verified_at", None),
        ("phone_verified_at", "2026-01-01T00:00:00Z"),
        ("is_staff", True),
        ("id", "00000000-0000-0000-0000-000000000000"),
        ("created_at", "2001-01-01T00:00:00Z"),
    ],
)
def test_read_only_fields_are_ignored(patch, field, value):
    before = User.objects.values().get()
    assert patch({field: value}).status_code == 200
    assert User.objects.values().get() == before


@pytest.mark.parametrize(
    "field", ["is_superuser", "password", "is_active", "groups", "public_id", "email_key", "user"]
)
def test_there_are_no_other_fields(patch, field):
    before = User.objects.values().get()
    answer = patch({field: True, "first_name": "Changed"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")
    assert User.objects.values().get() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", None),
        ("first_name", "a\0b"),
        ("last_name", "x" * 151),
        ("phone", "1"),
        ("phone", ""),
        ("phone", 9),
    ],
)
def test_bad_values_name_their_field(patch, field, value):
    answer = patch({field: value})
    assert answer.status_code == 400
    assert [e["field"] for e in answer.json()["errors"]] == [field]


def test_a_contact_number_may_be_anybodys(patch, person):
    """It proves nothing, and must not tell whose it is."""
    person("other@buyers.shop", phone="+251911000000", phone_verified_at=timezone.now())
    answer = patch({"phone": "0911000000"})
    assert answer.status_code == 200
    assert (answer.json()["phone"], answer.json()["phone_verified_at"]) == ("+251911000000", None)


@pytest.mark.parametrize("phone", ["0922000000", None])
def test_a_verified_number_is_not_changed_by_the_way(patch, phone):
    User.objects.update(phone="+251911000000", phone_verified_at=timezone.now())
    answer = patch({"phone": phone, "first_name": "Changed"})
    assert (answer.status_code, answer.json()["code"]) == (409, "phone_is_verified")
    user = User.objects.get()
    assert (user.phone, user.first_name) == ("+251911000000", "")
    assert user.phone_verified_at is not None
    assert patch({"phone": "0911000000", "first_name": "Changed"}).status_code == 200


def test_it_is_private(api, db):
    for answer in (api.get("/api/auth/me/"), api.patch("/api/auth/me/", {})):
        assert answer.status_code == 401
        assert answer["Cache-Control"] == "no-store"
        assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("method", ["put", "delete", "post"])
def test_other_methods(api, method, db):
    assert getattr(api, method)("/api/auth/me/").status_code in (401, 405)
