"""API keys: programs that call the API."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from account import api_keys, key_authentication
from account.models import ApiKey, ApiKeySecret, Role, Session, User
from account.permissions import EVERYTHING
from account.roles import grant
from account.scopes import SCOPES
from common.limits import Limit
from common.models import StoredReply
from inventory.models import Movement
from tests import factories
from tests.account.programs import client_of, with_key, works
from tests.contract.document import operations

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


# --- making one -------------------------------------------------------------------------------


def test_the_secret_is_shown_once_and_stored_nowhere(owner):
    answer = client_of(owner).post("/api/keys/", {"name": "ERP", "scopes": ["orders:read"]})
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    secret = body["secret"]
    assert re.fullmatch(r"nxk_[\w-]{54}", secret)
    assert body["prefixes"] == [secret[:12]]
    assert works(secret)
    row = ApiKeySecret.objects.get()
    assert row.digest == hashlib.sha256(secret.encode()).hexdigest()
    shown = client_of(owner).get("/api/keys/").json()["results"][0]
    assert shown["id"] == body["id"]
    assert "secret" not in shown
    with connection.cursor() as cursor:  # wherever text is kept
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'json', 'jsonb')"
        )
        for table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" WHERE strpos("{column}"::text, %s) > 0',
                [secret[4:]],
            )
            assert cursor.fetchone() == (0,), (table, column)


def test_a_key_lives_a_year_unless_told_otherwise(owner):
    client, body = client_of(owner), {"name": "ERP", "scopes": ["orders:read"]}
    usual = client.post("/api/keys/", body).json()["expires_at"]
    assert usual[:10] == (timezone.now() + timedelta(days=365)).date().isoformat()
    assert client.post("/api/keys/", {**body, "expires_at": None}).json()["expires_at"] is None
    past = client.post("/api/keys/", {**body, "expires_at": "2020-01-01T00:00:00Z"})
    assert (past.status_code, past.json()["code"]) == (400, "expiry_in_the_past")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "ERP", "scopes": []},
        {"name": "ERP", "scopes": ["everything"]},
        {"name": "ERP"},
        {"scopes": ["orders:read"]},
        {"name": "two\nlines", "scopes": ["orders:read"]},
        {"name": "x" * 101, "scopes": ["orders:read"]},
        {"name": "ERP", "scopes": ["orders:read"], "created_by": 1},
    ],
)
def test_what_cannot_be_a_key(owner, body):
    assert client_of(owner).post("/api/keys/", body).status_code == 400
    assert not ApiKey.objects.exists()


def test_nobody_but_the_owner(owner, issue, api):
    body = {"name": "ERP", "scopes": ["catalog:read"]}
    key = issue().key
    doors = [
        ("get", "/api/keys/"), ("post", "/api/keys/"), ("get", f"/api/keys/{key.public_id}/"),
        ("post", f"/api/keys/{key.public_id}/rotate/"), ("post", f"/api/keys/{key.public_id}/revoke/"),
    ]  # fmt: skip
    for method, path in doors:
        assert getattr(api, method)(path, body).status_code == 401
    people = [factories.user()]
    for role in set(Role) - {Role.OWNER}:
        person = factories.user()
        grant(user=person, role=role, by=None)
        people.append(User.objects.get(pk=person.pk))
    for person in people:
        client = client_of(person)
        for method, path in doors:
            assert getattr(client, method)(path, body).status_code == 403
    assert ApiKey.objects.count() == 1
    boss = factories.user()
    grant(user=boss, role=Role.OWNER, by=None)
    assert client_of(User.objects.get(pk=boss.pk)).post("/api/keys/", body).status_code == 201


def test_nobody_gives_more_than_they_may(db):
    person = factories.user()
    grant(user=person, role=Role.CATALOG_EDITOR, by=None)
    editor = User.objects.get(pk=person.pk)
    with pytest.raises(api_keys.ScopeNotAllowed) as refusal:
        api_keys.create(name="ERP", scopes=["catalog:read", "stock:write"], by=editor)
    assert [error["field"] for error in refusal.value.errors] == ["scopes.1"]
    assert not ApiKey.objects.exists()
    assert api_keys.create(name="ERP", scopes=["catalog:read"], by=editor).key.pk


def test_a_password_of_this_morning_is_too_old(owner, issue):
    key = issue().key
    client = client_of(owner)
    Session.objects.update(authenticated_at=timezone.now() - timedelta(minutes=16))
    for path in ("", f"{key.public_id}/rotate/", f"{key.public_id}/revoke/"):
        answer = client.post(f"/api/keys/{path}", {"name": "ERP", "scopes": ["orders:read"]})
        assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required")
    assert client.get("/api/keys/").status_code == 200
    assert (
        client.post("/api/auth/reauthenticate/", {"password": factories.PASSWORD}).status_code
        == 200
    )
    assert client.post(f"/api/keys/{key.public_id}/revoke/").status_code == 200


def test_no_stored_reply_holds_a_secret(owner):
    body, names = {"name": "ERP", "scopes": ["orders:read"]}, {"HTTP_IDEMPOTENCY_KEY": "k" * 40}
    client = client_of(owner)
    first = client.post("/api/keys/", body, **names)
    second = client.post("/api/keys/", body, **names)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["secret"] != second.json()["secret"]
    assert not StoredReply.objects.exists()


# --- using one --------------------------------------------------------------------------------


def test_a_key_opens_what_its_scopes_say(issue):
    order = factories.place()
    client = with_key(issue("orders:read").secret)
    assert client.get(f"/api/orders/{order.public_id}/").status_code == 200
    assert [row["number"] for row in client.get("/api/orders/").json()["results"]] == [order.number]
    assert client.get("/api/products/?status=draft").status_code == 403
    assert client.post(f"/api/orders/{order.public_id}/cancel/").status_code == 403
    assert client.post("/api/products/", {"name": "Tej", "price": "1.00"}).status_code == 403
    reader = with_key(issue("catalog:read").secret)
    assert reader.get("/api/products/?status=draft").status_code == 200
    assert reader.get("/api/orders/").status_code == 403
    assert reader.get(f"/api/orders/{order.public_id}/").status_code == 403


def test_catalogue_prices_and_stock_are_three_scopes(issue):
    variant = factories.variant(stock=5)
    path = f"/api/products/{variant.product_id}/"

    def patch(scope, **body):
        return with_key(issue(scope).secret).patch(path, body).status_code

    assert patch("catalog:write", name="Yirgacheffe") == 200
    assert patch("catalog:write", price="120.00") == 403
    assert patch("catalog:write", stock=7) == 403
    assert patch("prices:write", price="130.00") == 200
    assert patch("prices:write", name="Sidama") == 403
    assert patch("stock:write", stock=9) == 200
    assert patch("stock:write", price="1.00") == 403
    moved = Movement.objects.get(stock_item=variant.stock_item, quantity=4)
    assert (moved.actor, moved.user_id) == ("key:ERP", None)


def test_bad_keys_are_told_apart_by_nobody(issue):
    expired, revoked, replaced = issue(), issue(), issue()
    ApiKey.objects.filter(pk=expired.key.pk).update(expires_at=timezone.now())
    api_keys.revoke(key_id=revoked.key.public_id, by=None)
    api_keys.rotate(key_id=replaced.key.public_id, by=None, overlap=timedelta(0))
    bodies = set()
    for secret in (
        expired.secret, revoked.secret, replaced.secret, "nxk_" + "a" * 54, "nxk_", "nxk_\xff", "not.a.token",
        "nxk_" + "a" * 5000, revoked.secret.upper(),
    ):  # fmt: skip
        answer = with_key(secret).get("/api/orders/")
        assert answer.status_code == 401, secret
        assert answer["WWW-Authenticate"] == "Bearer"
        body = answer.json()
        del body["request_id"]
        bodies.add(str(body))
    assert len(bodies) == 1


def test_a_key_ends_at_its_moment(issue):
    now = timezone.now()
    secret = issue(expires_at=now + HOUR).secret
    assert works(secret)
    with time_machine.travel(now + HOUR - timedelta(seconds=1)):
        assert works(secret)
    with time_machine.travel(now + HOUR):
        assert not works(secret)


def test_revoking_counts_at_the_next_call(owner, issue):
    issued = issue()
    assert works(issued.secret)
    client = client_of(owner)
    first = client.post(f"/api/keys/{issued.key.public_id}/revoke/")
    assert (first.status_code, first.json()["is_live"]) == (200, False)
    assert not works(issued.secret)
    again = client.post(f"/api/keys/{issued.key.public_id}/revoke/")
    assert again.json()["revoked_at"] == first.json()["revoked_at"]
    refused = client.post(f"/api/keys/{issued.key.public_id}/rotate/", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "api_key_ended")


def test_last_use_is_noted_once_a_minute(issue):
    issued = issue()
    now = timezone.now()

    def use(at, address):
        with time_machine.travel(at, tick=False):
            with CaptureQueriesContext(connection) as seen:
                with_key(issued.secret, REMOTE_ADDR=address).get("/api/orders/")
            key = ApiKey.objects.get()
        return key.last_used_at, key.last_used_address, len(seen)

    first = use(now, "198.51.100.7")
    assert first[:2] == (now, "198.51.100.7")
    second = use(now + timedelta(seconds=59), "198.51.100.8")
    assert second[:2] == (now, "198.51.100.7")
    assert second[2] == first[2] - 1, "nothing is written"
    later = now + timedelta(seconds=60)
    assert use(later, "198.51.100.9")[:2] == (later, "198.51.100.9")


def test_people_pay_nothing_for_keys(owner):
    client = client_of(owner)
    client.get("/api/auth/me/")
    with CaptureQueriesContext(connection) as seen:
        client.get("/api/auth/me/")
    assert not [query for query in seen if "apikey" in query["sql"]]


def test_a_key_has_a_limit_of_its_own(issue, settings, monkeypatch):
    monkeypatch.setattr(key_authentication, "PER_KEY", Limit("api_key", 3, timedelta(minutes=1)))
    settings.RATE_LIMITS = True
    first, second = issue().secret, issue().secret
    answers = [with_key(first).get("/api/orders/") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert works(second)


# --- where keys do not open -------------------------------------------------------------------


def test_keys_open_nothing_else(issue):
    """Every operation of the document, with a key that has every scope: what is not on the list answers as to nobody."""
    key = with_key(issue(*SCOPES).secret)
    nobody = APIClient()
    closed = 0
    for op in operations().values():
        if key_authentication.open_to_keys(op.path):
            continue
        path = re.sub(r"\{\w+\}", "01936b2f-0000-7000-8000-000000000000", op.path)
        answer = getattr(key, op.method.lower())(path, {})
        if answer.status_code == 403:
            assert answer.json()["code"] == "not_for_api_keys", op.id
            closed += 1
        else:  # doors that look at no header at all
            assert answer.status_code == getattr(nobody, op.method.lower())(path, {}).status_code, (
                op.id
            )
    assert closed >= 10
    for path in ("/api/auth/me/", "/api/keys/", "/api/staff/", "/api/addresses/"):
        assert key.get(path).json()["code"] == "not_for_api_keys"
    assert not any({"apiKey": []} in op.raw["security"] for op in operations().values()
                   if not key_authentication.open_to_keys(op.path))  # fmt: skip


def test_keys_mean_nothing_in_the_admin(issue):
    answer = with_key(issue(*SCOPES).secret).get("/admin/")
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


# --- the table --------------------------------------------------------------------------------


def test_every_scope_stands_for_permissions_there_are():
    assert frozenset().union(*(scope.permissions for scope in SCOPES.values())) <= EVERYTHING


def test_the_documentation_has_the_table():
    text = (Path(__file__).resolve().parents[2] / "docs" / "api-keys.md").read_text()
    rows = re.findall(r"^\| `(\w+:\w+)` \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    assert rows == [
        (name, scope.meaning, ", ".join(f"`{p}`" for p in sorted(scope.permissions)))
        for name, scope in SCOPES.items()
    ]
