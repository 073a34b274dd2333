"""One entry for each action of staff and keys, and for what they were refused; none for strangers."""

from __future__ import annotations

import logging

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from account import api_keys
from audit import context, services
from audit.models import AuditEntry
from audit.services import record
from orders.models import Order
from tests import factories
from tests.account.programs import client_of, with_key

pytestmark = pytest.mark.django_db


def actions() -> list[AuditEntry]:
    """What doors wrote, without the entries of triggers and of signing in."""
    made = AuditEntry.objects.filter(target_id="").exclude(action__startswith="security.session")
    return list(made.exclude(action__endswith=".created").order_by("pk"))


def only() -> AuditEntry:
    (entry,) = actions()
    return entry


@pytest.fixture
def boss(db):
    return factories.staff()


@pytest.fixture
def product():
    return factories.variant(price="10.00").product


# --- REST -------------------------------------------------------------------------------------


def test_a_change_by_staff_is_an_action_and_a_change_of_one_request(boss, product):
    client = client_of(boss)
    AuditEntry.objects.all()
    answer = client.patch(f"/api/products/{product.slug}/", {"name": "Harrar"})
    assert answer.status_code == 200
    action = AuditEntry.objects.get(action="api.patch")
    assert (action.actor_kind, action.actor_id, action.outcome) == ("staff", boss.pk, "done")
    assert action.target_public_id == product.slug
    assert action.details["route"] == "api/products/<slug:key>/"
    assert action.details["status"] == 200
    assert action.address == "127.0.0.1"
    change = AuditEntry.objects.get(action="product.updated")
    assert change.changes["name"]["to"] == "Harrar"
    assert change.actor_id == boss.pk
    assert change.request_id == action.request_id == answer["X-Request-ID"]


def test_a_change_by_a_key_names_the_key(boss, product):
    issued = api_keys.create(name="Till 3", scopes=["catalog:write"], by=boss)
    answer = with_key(issued.secret).patch(f"/api/products/{product.slug}/", {"name": "Harrar"})
    assert answer.status_code == 200, answer.content
    for name in ("api.patch", "product.updated"):
        entry = AuditEntry.objects.get(action=name)
        assert (entry.actor_kind, entry.key_id, entry.actor_name) == (
            "key",
            issued.key.pk,
            "Till 3",
        )
        assert entry.actor_id is None


def test_a_key_where_keys_are_not_let_in_is_recorded(boss):
    issued = api_keys.create(name="Till 3", scopes=["catalog:read"], by=boss)
    assert with_key(issued.secret).get("/api/auth/me/").status_code == 403
    entry = AuditEntry.objects.get(action="security.access_refused")
    assert (entry.actor_kind, entry.key_id) == ("key", issued.key.pk)


def test_reads_and_what_customers_do_leave_no_action(api, boss, product):
    client = APIClient()
    client.force_authenticate(boss)
    client.get("/api/products/")
    client.get("/api/orders/")
    api.force_authenticate(factories.user())
    api.patch("/api/auth/me/", {"first_name": "Abebe"})
    assert actions() == []


def test_a_refused_action_of_staff_says_so(boss):
    client = APIClient()
    client.force_authenticate(boss)
    assert client.post("/api/products/", {"name": ""}).status_code == 400
    assert (only().action, only().outcome) == ("api.post", "refused")
    assert only().details["status"] == 400


@pytest.mark.parametrize("method", ["post", "get"])
def test_staff_of_a_low_role_who_is_refused_leaves_an_entry(permit, method):
    clerk = permit(factories.user(is_staff=True), "view_order")
    client = APIClient()
    client.force_authenticate(clerk)
    address = {"post": "/api/products/", "get": "/api/audit/"}[method]
    assert getattr(client, method)(address, {}).status_code == 403
    assert (only().action, only().outcome) == ("security.access_refused", "refused")
    assert (only().actor_kind, only().actor_id) == ("staff", clerk.pk)
    assert only().details["method"] == method.upper()


def test_customers_who_try_staff_doors_leave_one_entry_however_often_they_try(api):
    customer = factories.user()
    api.force_authenticate(customer)
    for _ in range(5):
        assert api.post("/api/products/", {"name": "mine"}).status_code == 403
    assert (only().actor_kind, only().actor_id) == ("customer", customer.pk)
    api.delete("/api/products/1/")
    assert len(actions()) == 2


def test_strangers_write_nothing(api):
    for method in ("get", "post", "put", "patch", "delete"):
        for address in ("/api/products/", "/api/orders/", "/admin/", "/api/audit/", "/nowhere/"):
            getattr(api, method)(address, {})
    assert not AuditEntry.objects.exists()


def test_an_address_that_does_not_exist_is_no_action(boss):
    client = APIClient()
    client.force_authenticate(boss)
    client.post("/api/nowhere/", {})
    assert actions() == []


def test_a_refresh_is_no_action(boss):
    client = APIClient()
    tokens = client.post(
        "/api/auth/login/", {"email": boss.email, "password": factories.PASSWORD}
    ).json()
    before = AuditEntry.objects.count()
    assert client.post("/api/auth/refresh/", {"refresh": tokens["refresh"]}).status_code == 200
    assert AuditEntry.objects.count() == before


# --- the admin --------------------------------------------------------------------------------


@pytest.fixture
def desk(boss):
    client = Client()
    client.force_login(boss)
    return client


def test_signing_in_to_the_admin_is_recorded(boss):
    client = Client()
    body = {"username": boss.email, "password": factories.PASSWORD, "next": "/admin/"}
    assert client.post("/admin/login/", body).status_code == 302
    entry = AuditEntry.objects.get(action="security.admin_signed_in")
    assert (entry.actor_id, entry.outcome) == (boss.pk, "done")
    assert "password" not in str(entry.details)
    client.post("/admin/logout/")


def test_an_admin_edit_is_an_action_and_a_change(desk, boss):
    rate = factories.category("Tea")
    body = {
        "name": "Green tea",
        "slug": rate.slug,
        "parent": "",
        "position": "0",
        "description": "",
    }
    answer = desk.post(f"/admin/catalog/category/{rate.pk}/change/", body)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    action = AuditEntry.objects.get(action="admin.post")
    assert (action.actor_kind, action.actor_id, action.outcome) == ("staff", boss.pk, "done")
    assert action.target_public_id == str(rate.pk)
    change = AuditEntry.objects.get(action="category.updated")
    assert change.changes["name"] == {"from": "Tea", "to": "Green tea"}
    assert (change.actor_id, change.request_id) == (boss.pk, action.request_id)


def test_a_form_that_was_not_taken_is_returned(desk):
    category = factories.category("Tea")
    desk.post(f"/admin/catalog/category/{category.pk}/change/", {"name": ""})
    assert (only().action, only().outcome) == ("admin.post", "returned")


def test_an_admin_action_is_named(desk):
    order = factories.place()
    Order.objects.filter(pk=order.pk).update(status="paid", payment_status="paid")
    body = {"action": "mark_shipped", "_selected_action": [order.pk]}
    desk.post("/admin/orders/order/", body)
    action = AuditEntry.objects.get(action="admin.post")
    assert action.details["admin_action"] == "mark_shipped"
    assert action.details["selected"] == 1
    moved = AuditEntry.objects.filter(action="order.updated").latest("pk")
    assert moved.changes["status"] == {"from": "paid", "to": "shipped"}
    assert moved.request_id == action.request_id


def test_staff_turned_away_from_the_admin_leave_an_entry():
    client = Client()
    client.force_login(factories.user(is_staff=True))  # no role
    assert client.get("/admin/").status_code == 302
    assert (only().action, only().outcome) == ("security.access_refused", "refused")


def test_staff_refused_a_page_of_the_admin_leave_an_entry(permit):
    client = Client()
    client.force_login(permit(factories.user(is_staff=True), "view_order"))
    assert client.get("/admin/catalog/category/").status_code == 403
    assert only().action == "security.access_refused"
    assert only().details["route"] == "admin/catalog/category/"


# --- what may go wrong ------------------------------------------------------------------------


def test_an_entry_can_survive_the_transaction_that_it_tells_of(boss):
    with context.acting(kind="staff", user_id=boss.pk) as ambient:
        with transaction.atomic():
            record(action="thing.lost")
            record(action="thing.kept", even_if_undone=True)
            transaction.set_rollback(True)
        assert not AuditEntry.objects.filter(action__startswith="thing.").exists()
        services.write_deferred(ambient)
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="thing.")] == [
        "thing.kept"
    ]


def test_the_answer_is_given_even_if_its_entry_cannot_be_written(boss, monkeypatch, caplog):
    def broken(**_):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(services, "record", broken)
    client = APIClient()
    client.force_authenticate(boss)
    with caplog.at_level(logging.ERROR):
        answer = client.post("/api/products/", {"name": "Tea", "price": "5.00"})
    assert answer.status_code == 201
    assert "audit entry lost: POST api/products/ 201" in caplog.text


def test_the_log_does_not_add_a_statement_to_what_customers_do(api):
    from django.test.utils import CaptureQueriesContext

    api.force_authenticate(factories.user())
    with CaptureQueriesContext(connection) as queries:
        api.get("/api/orders/")
    assert not any("audit" in query["sql"] for query in queries)
    with CaptureQueriesContext(connection) as queries:
        api.patch("/api/auth/me/", {"first_name": "Abebe"})
    assert not any('INTO "audit' in query["sql"] for query in queries)
