"""/api/stock/: deltas, counts that expect something, transfers, limits, lists."""

from __future__ import annotations

from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from catalog.bundles import Part, set_parts
from common.actors import SYSTEM
from inventory.locations import create_location
from inventory.models import Movement, Reason, StockItem
from inventory.services import commit, receive, reserve, set_limits
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    client = APIClient()
    client.force_authenticate(factories.staff())
    return client


@pytest.fixture
def item():
    return factories.variant(stock=10, sku="BUNA-1", product_name="Yirgacheffe").stock_item


def path(item: StockItem, *rest: str) -> str:
    return "/".join(["/api/stock", str(item.pk), *rest, ""])


def on_hand(item: StockItem) -> int:
    item.refresh_from_db()
    return item.on_hand


def code_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_an_item_is_found_by_its_sku_and_its_product(staff, item):
    factories.variant()
    [found] = staff.get("/api/stock/?sku=BUNA-1").json()["results"]
    assert (found["id"], found["sku"], found["product"]["name"]) == (
        item.pk,
        "BUNA-1",
        "Yirgacheffe",
    )
    assert found["levels"] == [{"location": "main", "on_hand": 10}]
    slug = item.variant.product.slug
    for key in (slug, item.variant.product_id):
        [same] = staff.get(f"/api/stock/?product={key}").json()["results"]
        assert same["id"] == item.pk
    assert staff.get(path(item)).json() == found
    assert staff.get("/api/stock/?sku=buna-1").json()["results"] == []


def test_a_movement_is_a_difference(staff, item):
    answer = staff.post(
        path(item, "movements"), {"quantity": -2, "reason": "damaged", "note": "wet"}
    )
    assert (answer.status_code, answer.json()["on_hand"]) == (201, 8)
    [damaged, opening] = staff.get(path(item, "movements")).json()["results"]
    assert (damaged["quantity"], damaged["reason"], damaged["note"]) == (-2, "damaged", "wet")
    assert (damaged["location"], damaged["order"], opening["reason"]) == ("main", None, "opening")
    assert damaged["actor"].startswith("staff:")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quantity": 0, "reason": "received"}, "quantity"),
        ({"quantity": -1, "reason": "received"}, "quantity"),
        ({"quantity": 1, "reason": "damaged"}, "quantity"),
        ({"quantity": 1, "reason": "sold"}, "reason"),
        ({"quantity": 1, "reason": "count"}, "reason"),
        ({"quantity": "many", "reason": "received"}, "quantity"),
        ({"quantity": 1, "reason": "received", "location": "mars"}, "location"),
        ({"quantity": 1, "reason": "received", "on_hand": 7}, "on_hand"),
        ({"quantity": 10**12, "reason": "received"}, "quantity"),
        ({"reason": "received"}, "quantity"),
    ],
)
def test_a_wrong_movement_is_named_and_moves_nothing(staff, item, body, field):
    answer = staff.post(path(item, "movements"), body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert on_hand(item) == 10


def test_a_movement_is_made_once_per_key(staff, item):
    for _ in range(3):
        answer = staff.post(
            path(item, "movements"), {"quantity": 5, "reason": "received"}, headers={"Idempotency-Key": "k" * 32}
        )  # fmt: skip
        assert answer.status_code == 201
    assert on_hand(item) == 15
    assert Movement.objects.filter(reason=Reason.RECEIVED).count() == 1


def test_what_is_promised_is_not_taken_away(staff, item):
    reserve(quantities={item.pk: 9}, holder=uuid4())
    body = {"quantity": -2, "reason": "correction"}
    assert code_of(staff.post(path(item, "movements"), body)) == (409, "stock_below_reserved")


def test_a_count_says_what_it_expected(staff, item):
    answer = staff.post(path(item, "counts"), {"on_hand": 12, "expected_on_hand": 10})
    assert (answer.status_code, answer.json()["on_hand"]) == (201, 12)
    answer = staff.post(path(item, "counts"), {"on_hand": 11, "expected_on_hand": 10})
    assert code_of(answer) == (409, "stock_moved")
    assert answer.json()["errors"][0]["actual"] == 12
    assert on_hand(item) == 12


def test_a_count_without_an_expectation_is_refused(staff, item):
    answer = staff.post(path(item, "counts"), {"on_hand": 12})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "expected_on_hand"


def test_a_count_by_etag_does_not_survive_a_sale(staff, item):
    tag = staff.get(path(item))["ETag"]
    holder = uuid4()
    reserve(quantities={item.pk: 1}, holder=holder)
    assert staff.get(path(item), headers={"If-None-Match": tag}).status_code == 200
    answer = staff.post(path(item, "counts"), {"on_hand": 12}, headers={"If-Match": tag})
    assert answer.status_code == 201, "a reservation moves nothing on the shelf"
    tag = staff.get(path(item))["ETag"]
    commit(holder=holder, by=SYSTEM)
    answer = staff.post(path(item, "counts"), {"on_hand": 12}, headers={"If-Match": tag})
    assert answer.status_code == 412
    assert on_hand(item) == 11


def test_transfers(staff, item):
    create_location(code="bole", name="Bole")
    body = {"from": "main", "to": "bole", "quantity": 4, "note": "van"}
    answer = staff.post(path(item, "transfers"), body)
    assert answer.status_code == 201
    assert answer.json()["levels"] == [
        {"location": "main", "on_hand": 6},
        {"location": "bole", "on_hand": 4},
    ]
    assert code_of(staff.post(path(item, "transfers"), {**body, "quantity": 7})) == (
        409,
        "not_at_location",
    )
    for wrong in ({"to": "main"}, {"quantity": 0}, {"quantity": -1}, {"from": "mars"}):
        assert staff.post(path(item, "transfers"), {**body, **wrong}).status_code == 400
    count = {"on_hand": 5, "expected_on_hand": 4, "location": "bole"}
    assert staff.post(path(item, "counts"), count).json()["on_hand"] == 11
    [found] = staff.get("/api/stock/?location=bole").json()["results"]
    assert found["id"] == item.pk
    assert staff.get("/api/stock/?location=mars").status_code == 400


def test_limits(staff, item):
    tag = staff.get(path(item))["ETag"]
    body = {"backorder_limit": 5, "max_per_order": 2, "max_per_customer": 3, "low_stock_at": 10}
    answer = staff.patch(path(item), body, headers={"If-Match": tag})
    assert answer.status_code == 200
    shown = answer.json()
    assert {name: shown[name] for name in body} == body
    assert shown["is_low"] is True
    assert (
        staff.patch(path(item), {"max_per_order": 1}, headers={"If-Match": tag}).status_code == 412
    )
    assert staff.patch(path(item), {"max_per_order": None}).json()["max_per_order"] is None
    assert staff.patch(path(item), {"on_hand": 5}).status_code == 400
    for wrong in ({"max_per_order": 0}, {"backorder_limit": -1}, {"backorder_limit": None}):
        assert staff.patch(path(item), wrong).status_code == 400
    holder = uuid4()
    set_limits(stock_item_id=item.pk, changes={"max_per_customer": None})
    reserve(quantities={item.pk: 12}, holder=holder)
    assert code_of(staff.patch(path(item), {"backorder_limit": 1})) == (409, "backorders_in_use")


def test_reservations_and_what_is_owed(staff, item):
    set_limits(stock_item_id=item.pk, changes={"backorder_limit": 5})
    paid, unpaid = uuid4(), uuid4()
    reserve(quantities={item.pk: 11}, holder=paid, customer="user:1")
    commit(holder=paid, by=SYSTEM)
    reserve(quantities={item.pk: 2}, holder=unpaid)
    shown = staff.get(path(item)).json()
    assert (shown["reserved"], shown["owed"], shown["available"]) == (13, 11, -3)
    [owed] = staff.get(path(item, "reservations") + "?state=owed").json()["results"]
    assert (owed["order"], owed["quantity"], "customer" in owed) == (str(paid), 11, False)
    assert len(staff.get(path(item, "reservations")).json()["results"]) == 2


def test_what_runs_low(staff, item):
    receive(stock_item_id=factories.variant(stock=50).stock_item.pk, quantity=1, by=SYSTEM)
    bundle = factories.variant(stock=0)
    set_parts(variant_id=bundle.pk, parts=[Part(item.variant.pk, 1)])
    sold_out = factories.variant(stock=0)
    set_limits(stock_item_id=item.pk, changes={"low_stock_at": 10})
    found = staff.get("/api/stock/?low=true").json()["results"]
    assert [row["id"] for row in found] == [item.pk, sold_out.stock_item_id]


def test_locations(staff):
    made = staff.post("/api/stock/locations/", {"code": "bole", "name": "Bole", "priority": 3})
    assert made.status_code == 201
    one = "/api/stock/locations/bole/"
    tag = staff.get(one)["ETag"]
    assert staff.patch(one, {"name": "Bole road"}, headers={"If-Match": tag}).json()["version"] == 2
    assert staff.patch(one, {"name": "x"}, headers={"If-Match": tag}).status_code == 412
    again = staff.post("/api/stock/locations/", {"code": "bole", "name": "Other"})
    assert code_of(again) == (409, "location_code_taken")
    assert staff.post("/api/stock/locations/", {"code": "Böle", "name": "x"}).status_code == 400
    codes = [row["code"] for row in staff.get("/api/stock/locations/").json()["results"]]
    assert codes == ["main", "bole"]
    assert staff.delete(one).status_code == 204
    assert staff.get(one).status_code == 404
    assert code_of(staff.delete("/api/stock/locations/main/")) == (409, "location_in_use")


def test_nobody_else_gets_in(item, permit):
    paths = ["/api/stock/", path(item), path(item, "movements"), "/api/stock/locations/"]
    assert {APIClient().get(one).status_code for one in paths} == {401}
    customer = APIClient()
    customer.force_authenticate(factories.user())
    assert {customer.get(one).status_code for one in paths} == {403}
    reader = APIClient()
    reader.force_authenticate(permit(factories.user(is_staff=True), "view_stockitem"))
    assert reader.get(path(item)).status_code == 200
    body = {"quantity": 1, "reason": "received"}
    assert reader.post(path(item, "movements"), body).status_code == 403
    assert on_hand(item) == 10


def test_what_is_not_there_is_a_404(staff):
    for rest in ((), ("movements",), ("reservations",)):
        assert staff.get("/".join(["/api/stock/987654", *rest, ""])).status_code == 404
    bodies = {
        "movements": {"quantity": 1, "reason": "received"},
        "counts": {"on_hand": 1, "expected_on_hand": 1},
        "transfers": {"from": "main", "to": "main", "quantity": 1},
    }
    for rest, body in bodies.items():
        assert staff.post(f"/api/stock/987654/{rest}/", body).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/api/stock/", "/api/stock/?low=true", "/api/stock/?location=bole", "{item}movements/", "{item}reservations/"],
)  # fmt: skip
def test_lists_cost_as_many_statements_for_many_rows_as_for_one(
    staff, item, address, django_assert_max_num_queries
):
    bole = create_location(code="bole", name="Bole")

    def grow(pieces: StockItem) -> None:
        receive(stock_item_id=pieces.pk, quantity=1, by=SYSTEM, location=bole)
        set_limits(stock_item_id=pieces.pk, changes={"low_stock_at": 100})
        reserve(quantities={item.pk: 1}, holder=uuid4())

    url = address.format(item=path(item))
    set_limits(stock_item_id=item.pk, changes={"backorder_limit": 100})
    grow(item)
    with django_assert_max_num_queries(20) as one:
        assert staff.get(url).json()["results"]
    for _ in range(15):
        grow(factories.variant(stock=3).stock_item)
        receive(stock_item_id=item.pk, quantity=1, by=SYSTEM, location=bole)
    with django_assert_max_num_queries(20) as many:
        assert len(staff.get(url).json()["results"]) >= 15
    assert len(many) == len(one)
