"""Staff write down taxes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from account.models import CustomerGroup
from places.services import create_area
from pricing.models import TaxAssignment, TaxCategory, TaxExemption, TaxRate
from tests import factories

pytestmark = pytest.mark.django_db
SOON, LATER = "2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z"


@pytest.fixture
def staff():
    client = APIClient()
    client.force_authenticate(factories.staff())
    return client


def code(answer):
    return answer.status_code, answer.json().get("code")


def test_rates_are_history_once_they_have_begun(staff):
    rate = TaxRate.objects.get()
    path = f"/api/tax-rates/{rate.pk}/"
    for body in ({"rate": "0.10"}, {"valid_from": SOON}):
        assert code(staff.patch(path, body, format="json")) == (409, "tax_rate_has_begun")
    assert code(staff.delete(path)) == (409, "tax_rate_has_begun")
    past = (timezone.now() - timedelta(days=1)).isoformat()
    assert code(staff.patch(path, {"valid_until": past}, format="json")) == (400, "ends_too_early")
    new = {"rate": "0.16", "valid_from": SOON}
    assert code(staff.post("/api/tax-rates/", new, format="json")) == (409, "tax_rates_overlap")
    tag = staff.get(path)["ETag"]
    ended = staff.patch(path, {"valid_until": SOON}, format="json", headers={"if-match": tag})
    assert (ended.status_code, ended.json()["rate"]) == (200, "0.1500")
    stale = staff.patch(path, {"valid_until": LATER}, format="json", headers={"if-match": tag})
    assert stale.status_code == 412
    added = staff.post("/api/tax-rates/", new, format="json")
    assert added.status_code == 201
    coming = f"/api/tax-rates/{added.json()['id']}/"
    assert staff.patch(coming, {"rate": "0.17"}, format="json").json()["rate"] == "0.1700"
    assert staff.delete(coming).status_code == 204


def test_rates_of_areas_and_categories(staff):
    create_area(code="ET-TI", name="Tigray", kind="region")
    body = {"rate": "0.05", "valid_from": "2026-01-01T00:00:00Z"}
    assert (
        staff.post("/api/tax-rates/", {**body, "area": "ET-TI"}, format="json").json()["area"]
        == "ET-TI"
    )
    wrong = [
        {"area": "ET-XX"},
        {"tax_category": "nothing"},
        {"rate": "1"},
        {"rate": "-0.1"},
        {"valid_until": body["valid_from"]},
    ]
    for one in wrong:
        answer = staff.post("/api/tax-rates/", {**body, **one}, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, next(iter(one)))
    TaxCategory.objects.create(code="reduced", name="Reduced")
    made = staff.post("/api/tax-rates/", {**body, "tax_category": "reduced"}, format="json")
    assert made.json()["tax_category"] == "reduced"
    found = staff.get("/api/tax-rates/?tax_category=reduced").json()["results"]
    assert [row["id"] for row in found] == [made.json()["id"]]


def test_categories(staff):
    body = {"code": "reduced", "name": "Reduced"}
    assert staff.post("/api/tax-categories/", body, format="json").json()["treatment"] == "taxed"
    again = staff.post("/api/tax-categories/", body, format="json")
    assert code(again) == (409, "tax_category_taken")
    bad = staff.post("/api/tax-categories/", {**body, "code": "Über"}, format="json")
    assert bad.status_code == 400
    path = "/api/tax-categories/reduced/"
    assert staff.patch(path, {"treatment": "exempt"}, format="json").json()["treatment"] == "exempt"
    standard = "/api/tax-categories/standard/"
    assert code(staff.patch(standard, {"treatment": "exempt"}, format="json")) == (400, "standard_is_taxed")  # fmt: skip
    assert code(staff.delete(standard)) == (409, "tax_category_in_use")
    assert staff.delete(path).status_code == 204
    assert staff.get(path).status_code == staff.delete(path).status_code == 404


def test_what_is_of_a_category(staff):
    variant, shelf = factories.variant(), factories.category()
    path = "/api/tax-categories/exempt/assignments/"
    made = staff.post(path, {"product": variant.product_id}, format="json")
    assert (made.status_code, made.json()["product"]) == (201, variant.product_id)
    assert staff.post(path, {"category": shelf.pk}, format="json").status_code == 201
    again = staff.post("/api/tax-categories/zero/assignments/", {"category": shelf.pk}, format="json")  # fmt: skip
    assert code(again) == (409, "tax_assigned")
    for wrong in ({}, {"product": variant.product_id, "category": shelf.pk}, {"product": 10**9}):
        assert staff.post(path, wrong, format="json").status_code == 400
    assert code(staff.delete("/api/tax-categories/exempt/")) == (409, "tax_category_in_use")
    assert len(staff.get(path).json()["results"]) == 2
    one = f"{path}{made.json()['id']}/"
    assert (staff.delete(one).status_code, staff.delete(one).status_code) == (204, 404)
    assert TaxAssignment.objects.count() == 1


def test_exemptions(staff):
    user, group = factories.user(), CustomerGroup.objects.create(name="Embassies")
    body = {"certificate": "D-1", "valid_from": "2026-01-01T00:00:00Z"}
    made = staff.post("/api/tax-exemptions/", {**body, "user": str(user.public_id)}, format="json")
    assert (made.status_code, made.json()["user"]) == (201, str(user.public_id))
    path = f"/api/tax-exemptions/{made.json()['id']}/"
    changed = staff.patch(path, {"categories": ["standard"], "valid_until": LATER}, format="json")
    assert changed.json()["categories"] == ["standard"]
    assert staff.post("/api/tax-exemptions/", {**body, "group": group.pk}, format="json").status_code == 201  # fmt: skip
    for wrong in (
        {},
        {"user": str(user.public_id), "group": group.pk},
        {"group": group.pk, "categories": ["nothing"]},
        {"group": group.pk, "valid_until": body["valid_from"]},
    ):
        answer = staff.post("/api/tax-exemptions/", {**body, **wrong}, format="json")
        assert answer.status_code == 400, wrong
    assert TaxExemption.objects.count() == 2
    assert (staff.delete(path).status_code, staff.get(path).status_code) == (204, 404)


@pytest.mark.parametrize("count", [1, 30])
def test_statements_of_lists(staff, count):
    for number in range(count):
        start = timezone.now()
        TaxCategory.objects.create(code=f"c{number}", name="C")
        TaxRate.objects.create(tax_category_id=f"c{number}", rate=0, valid_from=start)
        TaxExemption.objects.create(user=factories.user(), certificate="C", valid_from=start)
        TaxAssignment.objects.create(tax_category_id="zero", category=factories.category())
    for path, statements in (
        ("tax-rates", 1), ("tax-categories", 1), ("tax-exemptions", 1),
        ("tax-categories/zero/assignments", 2),
    ):  # fmt: skip
        with CaptureQueriesContext(connection) as context:
            answer = staff.get(f"/api/{path}/", {"page_size": 100})
        assert len(answer.json()["results"]) >= count
        assert len(context) == statements
