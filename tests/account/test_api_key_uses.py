"""What programs do with their keys, how keys are changed over, and who is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from account import api_keys
from account.models import ApiKey, ApiKeySecret
from audit.models import AuditEntry
from events.models import Letter
from orders.models import Order
from tests import factories
from tests.account.programs import client_of, with_key, works

pytestmark = pytest.mark.django_db


# --- orders -----------------------------------------------------------------------------------


def checkout_body(**extra):
    item = {"variant_id": factories.variant().pk, "quantity": 1}
    return {"items": [item], "email": "abebe@buyers.shop", **extra}


def test_a_key_places_orders_of_guests(issue):
    client = with_key(issue("orders:write").secret)
    answer = client.post("/api/orders/checkout/", checkout_body())
    assert answer.status_code == 201, answer.content
    order = Order.objects.get()
    assert order.owner is None
    assert order.history.get().actor == "key:ERP"
    held = APIClient().get(
        f"/api/orders/{order.public_id}/", headers={"X-Order-Token": answer.json()["order_token"]}
    )
    assert held.status_code == 200
    assert client.get(f"/api/orders/{order.public_id}/").status_code == 403, (
        "writing is not reading"
    )
    without_contact = checkout_body()
    del without_contact["email"]
    assert client.post("/api/orders/checkout/", without_contact).status_code == 400
    reader = with_key(issue("orders:read").secret)
    assert reader.post("/api/orders/checkout/", checkout_body()).status_code == 403
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_key_cancels_and_is_named(issue):
    order = factories.place()
    client = with_key(issue("orders:read", "orders:write").secret)
    assert client.post(f"/api/orders/{order.public_id}/cancel/").status_code == 200
    event = order.history.order_by("-pk")[0]
    assert (event.status, event.actor, event.user_id) == ("cancelled", "key:ERP", None)
    order.refresh_from_db()
    assert order.cancel_reason == "staff"


def test_idempotency_keys_of_two_programs_are_two(issue):
    body = checkout_body()
    first = with_key(issue("orders:write").secret, HTTP_IDEMPOTENCY_KEY="order-1")
    second = with_key(issue("orders:write").secret, HTTP_IDEMPOTENCY_KEY="order-1")
    one = first.post("/api/orders/checkout/", body).json()["id"]
    assert first.post("/api/orders/checkout/", body).json()["id"] == one
    assert second.post("/api/orders/checkout/", body).json()["id"] != one


# --- changing over ----------------------------------------------------------------------------


def test_the_old_secret_works_on_for_the_overlap(owner, issue):
    old = issue()
    now = timezone.now()
    path = f"/api/keys/{old.key.public_id}/rotate/"
    client = client_of(owner)
    new = client.post(path, {}).json()
    assert new["prefixes"] == [new["secret"][:12], old.secret[:12]]
    assert works(old.secret)
    assert works(new["secret"])
    with time_machine.travel(now + timedelta(hours=23, minutes=59)):
        assert works(old.secret)
    with time_machine.travel(now + timedelta(hours=24, minutes=1)):
        assert not works(old.secret)
        assert works(new["secret"])
    newer = client.post(path, {"overlap_hours": 1}).json()
    assert not works(old.secret), "there are two at most"
    assert works(new["secret"])
    newest = client.post(path, {"overlap_hours": 0}).json()
    assert not works(newer["secret"])
    assert not works(new["secret"])
    assert works(newest["secret"])
    for hours in (-1, 721, "x", None):
        assert client.post(path, {"overlap_hours": hours}).status_code == 400


def rotations(at_once, key):
    return at_once(8, lambda _: api_keys.rotate(key_id=key.public_id, by=None).secret)


@pytest.mark.django_db(transaction=True)
def test_rotations_at_once_leave_one_current_secret(issue, at_once):
    key = issue().key
    secrets = rotations(at_once, key)
    assert key.secrets.filter(expires_at=None).count() == 1
    assert key.secrets.count() == 2
    assert sum(works(secret) for secret in secrets) == 2


@pytest.mark.django_db(transaction=True)
def test_control_rotations_without_lock_and_constraint(issue, at_once, monkeypatch):
    key = issue().key
    monkeypatch.setattr(api_keys, "_lock", lambda key_id: ApiKey.objects.get(public_id=key_id))
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_current_secret_per_api_key")
    try:
        rotations(at_once, key)
        assert key.secrets.filter(expires_at=None).count() > 1
    finally:
        ApiKeySecret.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX one_current_secret_per_api_key ON account_apikeysecret (key_id)"
                " WHERE expires_at IS NULL"
            )


# --- who did it -------------------------------------------------------------------------------


def test_the_audit_log_names_the_key(issue):
    variant = factories.variant(stock=5)
    issued = issue("prices:write")
    path = f"/api/products/{variant.product_id}/"
    assert with_key(issued.secret).patch(path, {"price": "130.00"}).status_code == 200
    rows = AuditEntry.objects.filter(actor_kind="key", key_id=issued.key.pk)
    assert rows, "no row names the key"
    assert {(row.actor_name, row.actor_id) for row in rows} == {("ERP", None)}
    assert rows.filter(target_table="catalog_variant").exists()


def test_changes_of_keys_are_recorded_and_told(owner, api):
    other = factories.staff(email="second@nexus.shop")
    customer = factories.user()
    client = client_of(owner)
    made = client.post("/api/keys/", {"name": "ERP", "scopes": ["orders:read"]}).json()
    rotated = client.post(f"/api/keys/{made['id']}/rotate/", {}).json()
    client.post(f"/api/keys/{made['id']}/revoke/")
    rows = AuditEntry.objects.filter(action__startswith="security.api_key").order_by("pk")
    assert [row.action for row in rows] == [
        "security.api_key_created", "security.api_key_rotated", "security.api_key_revoked",
    ]  # fmt: skip
    assert {row.actor_id for row in rows} == {owner.pk}
    assert {row.target_public_id for row in rows} == {made["id"]}
    letters = Letter.objects.filter(subject__contains="API key")
    assert {letter.recipient for letter in letters} == {owner.email, other.email}
    assert customer.email not in {letter.recipient for letter in letters}
    assert letters.count() == 6
    text = "".join(letter.text + letter.html for letter in letters)
    assert made["secret"] not in text
    assert rotated["secret"] not in text


def test_a_list_costs_the_same_for_many(owner, issue):
    client = client_of(owner)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/api/keys/?page_size=100").status_code == 200
        return len(seen)

    issue()
    one = queries()
    for _ in range(12):
        issue()
    assert queries() == one
