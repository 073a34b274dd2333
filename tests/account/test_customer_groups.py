"""Groups of customers: made by the owner, seen by nobody else, and counted from the next request."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from account.models import CustomerGroup, User
from audit.models import AuditEntry
from catalog.models import Price, PriceList
from tests import factories
from tests.catalog.conftest import signed_in

pytestmark = pytest.mark.django_db
URL = "/api/customer-groups/"


@pytest.fixture
def owner(db):
    return signed_in(factories.staff())


@pytest.fixture
def group(db):
    return CustomerGroup.objects.create(name="Wholesalers")


def refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.json()


def test_a_group_is_made_renamed_and_deleted(owner):
    made = owner.post(URL, {"name": "Hotels"})
    assert (made.status_code, made.json()["name"]) == (201, "Hotels")
    one = f"{URL}{made.json()['id']}/"
    renamed = owner.patch(one, {"name": "Cafés"}, headers={"If-Match": owner.get(one)["ETag"]})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Cafés")
    assert owner.patch(one, {"name": "X"}, headers={"If-Match": '"old.x"'}).status_code == 412
    assert [row["name"] for row in owner.get(URL).json()["results"]] == ["Cafés"]
    assert owner.delete(one).status_code == 204
    assert owner.get(one).status_code == 404


def test_names_are_unique_and_something(owner, group):
    refused(owner.post(URL, {"name": group.name}), 409, "group_name_taken")
    refused(owner.post(URL, {"name": ""}), 400, "invalid")
    refused(owner.post(URL, {"name": "x" * 101}), 400, "invalid")
    refused(owner.post(URL, {"name": "a", "colour": "red"}), 400, "unknown_field")


def test_a_group_with_prices_stays(owner, group):
    PriceList.objects.create(name="Wholesale", group=group)
    refused(owner.delete(f"{URL}{group.pk}/"), 409, "group_in_use")


def test_a_customer_pays_what_the_group_pays_from_the_next_request_on(owner, group):
    variant, customer = factories.variant(price="100.00"), factories.user()
    wholesale = PriceList.objects.create(name="Wholesale", group=group)
    Price.objects.create(
        variant=variant,
        price_list=wholesale,
        amount=Decimal(60),
        valid_from=timezone.now() - timedelta(days=1),
    )
    theirs = signed_in(customer)
    url = f"/api/products/{variant.product.slug}/prices/"

    def price():
        theirs.force_authenticate(User.objects.get(pk=customer.pk))
        return theirs.get(url).json()["results"][0]["price"]["amount"]

    assert price() == "100.00"
    added = owner.post(f"{URL}{group.pk}/customers/", {"email": customer.email.upper()})
    assert (added.status_code, added.json()["id"]) == (200, str(customer.public_id))
    assert price() == "60.00"
    listed = owner.get(f"{URL}{group.pk}/customers/").json()["results"]
    assert [row["email"] for row in listed] == [customer.email]
    one = f"{URL}{group.pk}/customers/{customer.public_id}/"
    assert owner.delete(one).status_code == 204
    assert price() == "100.00"
    assert owner.delete(one).status_code == 404
    assert owner.put(one).status_code == 200
    assert price() == "60.00"
    entries = AuditEntry.objects.filter(action="user.updated", target_public_id=customer.public_id)
    moves = [entry.changes["customer_group_id"] for entry in entries.order_by("pk")]
    assert [move["to"] for move in moves] == [group.pk, None, group.pk]


def test_a_customer_is_in_one_group(owner, group):
    customer = factories.user(customer_group=group)
    other = CustomerGroup.objects.create(name="Hotels")
    owner.post(f"{URL}{other.pk}/customers/", {"id": str(customer.public_id)})
    customer.refresh_from_db()
    assert customer.customer_group == other
    assert owner.delete(f"{URL}{other.pk}/").status_code == 204
    customer.refresh_from_db()
    assert customer.customer_group is None


def test_an_address_that_nobody_has_proved_gets_nobody_a_discount(owner, group):
    claimed = factories.user(email_verified_at=None)
    url = f"{URL}{group.pk}/customers/"
    refused(owner.post(url, {"email": claimed.email}), 404, "not_found")
    refused(owner.post(url, {"email": "nobody@buyers.shop"}), 404, "not_found")
    refused(owner.post(url, {}), 400, "invalid")
    refused(owner.post(url, {"email": claimed.email, "id": str(claimed.public_id)}), 400, "invalid")
    assert owner.post(url, {"id": str(claimed.public_id)}).status_code == 200, (
        "staff know whom they mean"
    )
    assert owner.post(f"{URL}999/customers/", {"id": str(claimed.public_id)}).status_code == 404


def test_customers_do_not_choose_their_group(group):
    customer = factories.user()
    client = signed_in(customer)
    for name in ("customer_group", "customer_group_id", "group"):
        client.patch("/api/auth/me/", {name: group.pk})
    customer.refresh_from_db()
    assert customer.customer_group is None
    assert client.get(URL).status_code == 403


def test_lists_cost_the_same_for_many(owner, group):
    counts = []
    for many in (1, 12):
        for number in range(many):
            CustomerGroup.objects.create(name=f"{many}-{number}")
            factories.user(customer_group=group)
        for url in (URL, f"{URL}{group.pk}/customers/"):
            with CaptureQueriesContext(connection) as queries:
                assert owner.get(url, {"page_size": 100}).status_code == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:], counts


def test_in_the_admin(client, group, permit):
    boss = factories.staff()
    client.force_login(boss)
    assert client.post("/admin/account/customergroup/add/", {"name": "Hotels"}).status_code == 302
    assert CustomerGroup.objects.filter(name="Hotels").exists()
    again = client.post("/admin/account/customergroup/add/", {"name": "Hotels"})
    assert again.status_code in {200, 302}
    assert CustomerGroup.objects.filter(name="Hotels").count() == 1
    assert b"Wholesalers" in client.get("/admin/account/customergroup/").content
    customer = factories.user()
    page = client.get(f"/admin/account/user/{customer.pk}/change/")
    assert b"customer_group" in page.content
