"""Staff make promotions and codes."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from account.models import CustomerGroup
from pricing import quote
from pricing.gathering import gather
from pricing.models import Coupon, CouponUse, Promotion
from pricing.redemptions import Use, redeem
from tests import factories

pytestmark = pytest.mark.django_db
TEN = {"name": "Meskel", "kind": "percentage", "percent": "10"}


@pytest.fixture
def staff():
    client = APIClient()
    client.force_authenticate(factories.staff())
    return client


def made(staff, **fields):
    answer = staff.post("/api/promotions/", {**TEN, **fields}, format="json")
    assert answer.status_code == 201, answer.json()
    return answer.json()


def at(promotion, rest=""):
    return f"/api/promotions/{promotion['id']}/{rest}"


def fields(answer):
    return [error["field"] for error in answer.json()["errors"]]


def total(variant, **asked):
    return quote(gather(items=[(variant.pk, 1)], user=None, **asked).basket).total


def test_a_promotion_with_everything(staff):
    group = CustomerGroup.objects.create(name="Cafés")
    variant = factories.variant()
    shelf = factories.category()
    shown = made(
        staff, level="line", translations={"am": {"name": "መስቀል"}}, groups=[group.pk],
        included={"products": [variant.product_id], "tags": ["new"]}, excluded={"categories": [shelf.pk]},
        amounts=[{"currency": "ETB", "minimum": "500.00", "most": {"amount": "50.00", "currency": "ETB"}}],
        minimum_pieces=2, priority=5, exclusivity_group="season", limit=100, limit_per_customer=1,
    )  # fmt: skip
    assert shown["included"] == {
        "products": [variant.product_id], "categories": [], "brands": [], "collections": [], "tags": ["new"],
    }  # fmt: skip
    assert (shown["excluded"]["categories"], shown["reward"]) == ([shelf.pk], None)
    assert shown["amounts"] == [
        {"currency": "ETB", "value": None, "minimum": {"amount": "500.00", "currency": "ETB"},
         "most": {"amount": "50.00", "currency": "ETB"}}
    ]  # fmt: skip
    assert (shown["groups"], shown["percent"], shown["uses"]) == ([group.pk], "10.00", 0)
    assert staff.get(at(shown)).json() == shown
    # What was read can be sent back, and changes nothing but the version.
    again = staff.patch(at(shown), shown, format="json")
    assert again.status_code == 200, again.json()
    changed = {"version", "updated_at"}
    assert {k: v for k, v in again.json().items() if k not in changed} == {
        k: v for k, v in shown.items() if k not in changed
    }


def test_it_holds_at_once_and_until_it_is_taken_back(staff):
    variant = factories.variant(price="100.00")
    shown = made(staff)
    assert total(variant) == 90
    assert staff.patch(at(shown), {"percent": "20"}, format="json").json()["version"] == 2
    assert total(variant) == 80
    staff.patch(at(shown), {"is_active": False}, format="json")
    assert total(variant) == 100


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"percent": None}, "percent"),
        ({"percent": "0"}, "percent"),
        ({"percent": "100.01"}, "percent"),
        ({"kind": "amount"}, "percent"),
        ({"kind": "amount", "percent": None}, "amounts"),
        ({"kind": "amount", "percent": None, "amounts": [{"currency": "ETB"}]}, "amounts.0.value"),
        ({"amounts": [{"currency": "ETB", "value": "5.00"}]}, "amounts.0.value"),
        ({"amounts": [{"currency": "UGX", "most": "5.50"}]}, "amounts.0.most"),
        ({"amounts": [{"currency": "XAU"}]}, "amounts.0.currency"),
        ({"amounts": [{"currency": "ETB"}, {"currency": "ETB"}]}, "amounts.1.currency"),
        ({"kind": "buy_x_get_y"}, "buy"),
        ({"kind": "buy_x_get_y", "buy": 2}, "get"),
        ({"buy": 2}, "buy"),
        ({"reward": {"tags": ["new"]}}, "reward"),
        ({"level": "delivery"}, "level"),
        ({"kind": "free_delivery", "percent": None, "level": "line"}, "level"),
        ({"included": {"products": [10**9]}}, "included.products"),
        ({"groups": [10**9]}, "groups"),
        ({"valid_from": "2031-01-01T00:00:00Z", "valid_until": "2031-01-01T00:00:00Z"}, "valid_until"),
        ({"name": ""}, "name"),
        ({"translations": {"am": {"nom": "x"}}}, "translations.am.nom"),
        ({"limit": -1}, "limit"),
        ({"discount": 5}, "discount"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_field(staff, body, named):
    answer = staff.post("/api/promotions/", {**TEN, **body}, format="json")
    assert answer.status_code == 400
    assert fields(answer)[0].startswith(named)
    assert not Promotion.objects.exists()


def test_if_match(staff):
    shown = made(staff)
    tag = staff.get(at(shown))["ETag"]
    assert staff.patch(at(shown), {"name": "A"}, format="json", headers={"if-match": tag}).status_code == 200  # fmt: skip
    stale = staff.patch(at(shown), {"name": "B"}, format="json", headers={"if-match": tag})
    assert stale.status_code == 412
    assert Promotion.objects.get().name == "A"


def test_a_limit_counts_what_was_used_before(staff):
    shown = made(staff)
    for _ in range(3):
        with transaction.atomic():
            redeem(uses=[Use(shown["id"])], holder=uuid.uuid4(), customer=())
    assert staff.get(at(shown)).json()["uses"] == 3
    short = staff.patch(at(shown), {"limit": 2}, format="json")
    assert (short.status_code, short.json()["code"], fields(short)) == (
        409, "limit_below_uses", ["limit"],
    )  # fmt: skip
    assert staff.patch(at(shown), {"limit": 3}, format="json").status_code == 200
    assert Promotion.objects.get().uses == 3
    assert total(factories.variant(price="100.00")) == 100


def test_what_was_used_is_not_deleted(staff):
    shown = made(staff)
    coupon = staff.post(at(shown, "coupons/"), {"code": "ONE"}, format="json").json()
    CouponUse.objects.create(promotion_id=shown["id"], coupon_id=coupon["id"], holder=uuid.uuid4())
    for path in (at(shown), at(shown, f"coupons/{coupon['id']}/")):
        refused = staff.delete(path)
        assert (refused.status_code, refused.json()["code"]) == (409, "promotion_in_use")
    CouponUse.objects.all().delete()
    assert staff.delete(at(shown)).status_code == 204
    assert (Promotion.objects.count(), Coupon.objects.count()) == (0, 0)


# --- codes ------------------------------------------------------------------------------------


def test_codes_one_by_one(staff):
    variant, shown = factories.variant(price="100.00"), made(staff)
    coupon = staff.post(at(shown, "coupons/"), {"code": " meskel-26 "}, format="json")
    assert (coupon.status_code, coupon.json()["code"]) == (201, "MESKEL-26")
    assert (total(variant), total(variant, codes=["Meskel-26"])) == (100, 90)
    again = staff.post(at(shown, "coupons/"), {"code": "MESKEL-26"}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "coupon_code_taken")
    one = at(shown, f"coupons/{coupon.json()['id']}/")
    tag = staff.get(one)["ETag"]
    changed = staff.patch(one, {"is_active": False}, format="json", headers={"if-match": tag})
    assert (changed.status_code, changed.json()["is_active"]) == (200, False)
    assert staff.delete(one, headers={"if-match": tag}).status_code == 412
    assert total(variant, codes=["Meskel-26"]) == 100
    found = staff.get(at(shown, "coupons/?code=meskel-26&is_active=false")).json()["results"]
    assert [row["code"] for row in found] == ["MESKEL-26"]
    other = made(staff)
    assert staff.get(at(other, f"coupons/{coupon.json()['id']}/")).status_code == 404
    assert staff.delete(one).status_code == 204


@pytest.mark.parametrize("code", ["ab", "-ABC", "A B", "A/B", "\u202eABC ", "x" * 80, "😀😀😀"])
def test_what_is_no_code(staff, code):
    answer = staff.post(at(made(staff), "coupons/"), {"code": code}, format="json")
    expected = {"A B": 400, "\u202eABC ": 201, "x" * 80: 201}.get(code, 400)
    assert answer.status_code == expected
    assert all(row.code == row.code.upper() and " " not in row.code for row in Coupon.objects.all())


def test_many_codes(staff):
    shown = made(staff)
    body = {"count": 500, "prefix": "tej-", "batch": "radio"}
    with CaptureQueriesContext(connection) as context:
        answer = staff.post(at(shown, "coupons/batch/"), body, format="json")
    assert answer.status_code == 201
    codes = answer.json()["codes"]
    assert len(set(codes)) == answer.json()["count"] == 500
    assert all(code.startswith("TEJ-") for code in codes)
    assert len(context) < 20
    assert Coupon.objects.filter(batch="radio", limit=1).count() == 500
    for wrong in ({"count": 0}, {"count": 10_001}, {"count": 1, "prefix": "!"}):
        assert staff.post(at(shown, "coupons/batch/"), wrong, format="json").status_code == 400


@pytest.mark.parametrize("count", [1, 30])
def test_statements_of_lists(staff, count):
    shown = made(staff, included={"tags": ["a", "b"]}, amounts=[{"currency": "ETB"}])
    for number in range(1, count):
        made(staff, name=str(number), included={"tags": ["a"]})
        Coupon.objects.create(promotion_id=shown["id"], code=f"CODE{number}")
    for path, statements in (("/api/promotions/", 4), (at(shown, "coupons/"), 2)):
        with CaptureQueriesContext(connection) as context:
            assert staff.get(path, {"page_size": 100}).status_code == 200
        assert len(context) == statements
    assert Decimal(shown["percent"]) == 10
