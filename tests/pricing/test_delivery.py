"""Delivery through its doors: methods, tables that cannot contradict themselves, options."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from places import services
from pricing import delivery_verbs as verbs
from pricing.delivery import Fee, NoDelivery
from pricing.delivery_options import quoted_fee
from pricing.delivery_refusals import NoSuchDeliveryMethod
from pricing.models import DeliveryFee, DeliveryMethod, DeliveryWindow
from tests import factories
from tests.places.conftest import addis, bole, owner, signed_in, woreda  # noqa: F401
from tests.places.test_areas import refused

pytestmark = pytest.mark.django_db
URL, OPTIONS = "/api/delivery/methods/", "/api/delivery/options/"
COURIER = {
    "code": "courier", "name": "Courier", "kind": "courier", "description": "To your door.",
    "translations": {"am": {"name": "በመልእክተኛ"}},
}  # fmt: skip
FEES = [
    {"fee": "250.00", "max_weight": 30000},
    {"area": "ET-AA", "fee": "80.00", "free_above": "1500.00", "max_weight": 5000},
    {"area": "ET-AA", "fee": {"amount": "120", "currency": "ETB"}, "min_weight": 5000, "max_weight": 20000},
    {"area": "ET-AA-BOLE", "fee": "60.00"},
    {"area": "ET-AA", "fee": {"amount": "2.50", "currency": "USD"}},
]  # fmt: skip
WINDOWS = [
    {"weekday": 1, "begins": "14:00", "ends": "17:00", "cutoff_hours": 2, "capacity": 20},
    {"area": "ET-AA", "weekday": 2, "begins": "09:00", "ends": "12:00"},
]


@pytest.fixture
def courier(owner, bole):  # noqa: F811
    assert owner.post(URL, COURIER, format="json").status_code == 201
    set_ = owner.put(f"{URL}courier/fees/", {"fees": FEES}, format="json")
    assert set_.status_code == 200, set_.json()
    return DeliveryMethod.objects.get()


def options(api, **query):
    answer = api.get(OPTIONS, query)
    assert answer.status_code == 200, answer.json()
    return answer.json()["results"]


def test_a_method_with_its_tables(api, owner, courier):  # noqa: F811
    shown = api.get(f"{URL}courier/", headers={"Accept-Language": "am"})
    body = shown.json()
    assert (body["name"], body["description"]) == ("በመልእክተኛ", "To your door.")
    assert (body["currencies"], body["tax_category"]) == (["ETB", "USD"], "standard")
    assert {"translations", "is_active", "version"}.isdisjoint(body)
    rows = [
        (row["area"] and row["area"]["code"], row["min_weight"], row["fee"]["amount"])
        for row in body["fees"]
    ]
    assert rows == [
        ("ET-AA", 0, "80.00"), ("ET-AA", 5000, "120.00"), ("ET-AA-BOLE", 0, "60.00"), (None, 0, "250.00"),
        ("ET-AA", 0, "2.50"),
    ]  # fmt: skip
    assert body["fees"][4]["min_value"] == {"amount": "0.00", "currency": "USD"}
    changed = owner.patch(
        f"{URL}courier/", {"name": "Bike"}, format="json", headers={"If-Match": shown["ETag"]}
    )
    assert (changed.status_code, changed.json()["version"]) == (200, 3)
    for door, table in (("fees", {"fees": []}), ("windows", {"windows": []})):
        stale = owner.put(
            f"{URL}courier/{door}/", table, format="json", headers={"If-Match": shown["ETag"]}
        )
        refused(stale, 412, "precondition_failed")
    assert DeliveryFee.objects.count() == 5
    assert owner.patch(f"{URL}courier/", {"is_active": False}, format="json").status_code == 200
    refused(api.get(f"{URL}courier/"), 404, "not_found")
    assert api.get(URL).json()["results"] == []
    assert owner.get(f"{URL}{courier.pk}/").status_code == 200
    refused(owner.patch(f"{URL}courier/", {"code": "bike"}, format="json"), 409, "delivery_method_code_stays")  # fmt: skip
    assert owner.delete(f"{URL}courier/").status_code == 204
    assert not DeliveryFee.objects.exists()


def test_what_is_read_can_be_sent_back(owner, courier):  # noqa: F811
    body = owner.get(f"{URL}courier/", {"translations": "true"}).json()
    assert owner.patch(f"{URL}courier/", body, format="json").json()["version"] == body["version"]
    again = owner.put(f"{URL}courier/fees/", {"fees": body["fees"]}, format="json")
    assert (again.status_code, again.json()["fees"]) == (200, body["fees"])
    owner.put(f"{URL}courier/windows/", {"windows": WINDOWS}, format="json")
    body = owner.get(f"{URL}courier/").json()
    again = owner.put(f"{URL}courier/windows/", {"windows": body["windows"]}, format="json")
    assert (again.status_code, again.json()["windows"]) == (200, body["windows"])


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({"fee": "1.00", "min_weight": 29_999, "max_weight": 40_000}, "fees_overlap", "fees"),
        ({"fee": "1.00"}, "fees_overlap", "fees"),
        ({"fee": "1.00", "min_weight": 30_000, "max_weight": 30_000}, "fees_overlap", "fees"),
        ({"area": "ET-AA", "fee": "1.00"}, "fees_overlap", "fees"),
        ({"fee": "-1.00"}, "invalid", "fees.5.fee"),
        ({"fee": {"amount": "1.00", "currency": "XAU"}}, "invalid", "fees.5.fee"),
        ({"fee": {"amount": "1.00", "currency": "USD"}, "free_above": "10.00"}, "invalid", "fees.5.free_above"),
        ({"fee": {"amount": "1.50", "currency": "UGX"}}, "invalid", "fees.5.fee"),
        ({"area": "ET-NOWHERE", "fee": "1.00"}, "invalid", "fees.5.area"),
        ({}, "invalid", "fees.5.fee"),
        ({"fee": "1.00", "colour": "red"}, "unknown_field", "fees.5.colour"),
        ({"fee": "1.00", "min_weight": -1}, "invalid", "fees.5.min_weight"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_and_no_row_is_changed(owner, courier, row, code, field):  # noqa: F811
    before = list(DeliveryFee.objects.order_by("pk").values())
    answer = owner.put(f"{URL}courier/fees/", {"fees": [*FEES, row]}, format="json")
    refused(answer, 400, code)
    assert [entry["field"] for entry in answer.json()["errors"]] == [field]
    assert list(DeliveryFee.objects.order_by("pk").values()) == before


def test_rows_that_touch_are_about_different_parcels(owner, courier):  # noqa: F811
    fees = [
        {"fee": "10.00", "max_weight": 1000},
        {"fee": "20.00", "min_weight": 1000, "max_value": "500.00"},
        {"fee": "0.00", "min_weight": 1000, "min_value": "500.00"},
        {"fee": {"amount": "1.00", "currency": "USD"}},
    ]
    assert owner.put(f"{URL}courier/fees/", {"fees": fees}, format="json").status_code == 200


def test_the_database_has_the_last_word(courier, bole):  # noqa: F811
    with (
        pytest.raises(IntegrityError, match="one_delivery_fee_for_each_parcel"),
        transaction.atomic(),
    ):
        DeliveryFee.objects.create(method=courier, currency="ETB", fee=1, min_weight=100)
    with (
        pytest.raises(IntegrityError, match="one_delivery_fee_for_each_parcel"),
        transaction.atomic(),
    ):
        DeliveryFee.objects.create(method=courier, area=bole, currency="ETB", fee=1)
    with (
        pytest.raises(IntegrityError, match="delivery_fee_currency_is_known"),
        transaction.atomic(),
    ):
        DeliveryFee.objects.create(method=courier, currency="XXX", fee=1)
    with pytest.raises(IntegrityError, match="delivery_fee_is_not_negative"), transaction.atomic():
        DeliveryFee.objects.create(method=courier, currency="EUR", fee=-1)
    hours = {"method": courier, "weekday": 1}
    DeliveryWindow.objects.create(begins=time(9), ends=time(12), **hours)
    with (
        pytest.raises(IntegrityError, match="delivery_windows_do_not_overlap"),
        transaction.atomic(),
    ):
        DeliveryWindow.objects.create(begins=time(11, 59), ends=time(13), **hours)
    DeliveryWindow.objects.create(begins=time(12), ends=time(13), **hours)


def test_an_area_with_fees_stays(owner, courier):  # noqa: F811
    refused(owner.delete("/api/places/areas/ET-AA-BOLE/"), 409, "area_in_use")


def test_options_of_an_area(api, owner, courier, woreda):  # noqa: F811
    owner.post(
        URL, {"code": "pickup", "name": "Pickup", "kind": "pickup", "position": 1}, format="json"
    )
    owner.put(f"{URL}pickup/fees/", {"fees": [{"area": "ET-AA", "fee": "0.00"}]}, format="json")
    first, second = options(api, area="et-aa-bole-w03", weight=900, value="1499.99")
    assert (first["method"]["code"], second["method"]["code"]) == ("courier", "pickup")
    assert first["fee"] == {"amount": "60.00", "currency": "ETB"}
    assert (first["available"], first["refusal"], first["free_above"]) == (True, None, None)
    [courier_, _] = options(api, area="ET-AA", weight=900, value="1500")
    assert courier_["fee"]["amount"] == "0.00"
    assert (courier_["full_fee"]["amount"], courier_["free_above"]["amount"]) == (
        "80.00",
        "1500.00",
    )
    [heavy, _] = options(api, area="ET-AA", weight=20_000)
    assert (heavy["available"], heavy["fee"]) == (False, None)
    assert heavy["refusal"] == {
        "code": "too_heavy", "detail": "Only parcels lighter than 20000 g.",
        "details": {"max_weight_grams": 20000},
    }  # fmt: skip
    assert [one["refusal"]["code"] for one in options(api, currency="EUR")] == [
        "wrong_currency"
    ] * 2
    nowhere = options(api)
    assert (nowhere[0]["fee"]["amount"], nowhere[1]["refusal"]["code"]) == ("250.00", "area_needed")
    dollars = options(api, area="ET-AA", currency="USD", value="3.10")
    assert dollars[0]["fee"] == {"amount": "2.50", "currency": "USD"}


@time_machine.travel("2026-11-23T05:00:00Z", tick=False)  # Monday, 08:00 in Addis Ababa
def test_options_show_the_next_windows(api, owner, courier):  # noqa: F811
    assert (
        owner.put(f"{URL}courier/windows/", {"windows": WINDOWS}, format="json").status_code == 200
    )
    services.create_area(code="ET-OR", name="Oromia", kind="region")
    [oromia] = options(api, area="ET-OR")
    assert [(slot["begins"], slot["order_by"]) for slot in oromia["slots"]] == [
        ("2026-11-23T11:00:00Z", "2026-11-23T09:00:00Z")
    ]
    [addis_] = options(api, area="ET-AA")
    assert [(slot["day"], slot["begins"]) for slot in addis_["slots"]] == [
        ("2026-11-24", "2026-11-24T06:00:00Z")
    ]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"weekday": 1, "begins": "16:59", "ends": "18:00"}, "windows"),
        ({"weekday": 1, "begins": "14:00", "ends": "17:00"}, "windows"),
        ({"weekday": 3, "begins": "14:00", "ends": "14:00"}, "windows"),
    ],
)
def test_windows_that_contradict_each_other(owner, courier, row, field):  # noqa: F811
    answer = owner.put(f"{URL}courier/windows/", {"windows": [*WINDOWS, row]}, format="json")
    refused(answer, 400, "windows_overlap")
    assert not DeliveryWindow.objects.exists()


def test_a_window_that_stays_keeps_its_id(owner, courier):  # noqa: F811
    owner.put(f"{URL}courier/windows/", {"windows": WINDOWS}, format="json")
    before = {row.weekday: row.pk for row in DeliveryWindow.objects.all()}
    changed = [{**WINDOWS[0], "capacity": 5}, {"weekday": 5, "begins": "09:00", "ends": "10:00"}]
    owner.put(f"{URL}courier/windows/", {"windows": changed}, format="json")
    after = {row.weekday: row.pk for row in DeliveryWindow.objects.all()}
    assert after[1] == before[1]
    assert set(after) == {1, 5}
    assert DeliveryWindow.objects.get(weekday=1).capacity == 5


@pytest.mark.parametrize(
    "query",
    [{"area": "ET-NOWHERE"}, {"weight": "-1"}, {"weight": "heavy"}, {"value": "-1"}, {"value": "1.001"},
     {"currency": "XAU"}, {"currency": "UGX", "value": "1.50"}, {"area": "x" * 42}],
)  # fmt: skip
def test_questions_that_make_no_sense(api, courier, query):
    answer = api.get(OPTIONS, query)
    assert answer.status_code == 400, answer.json()
    assert answer.json()["errors"][0]["field"] == next(iter(reversed(query)))


def test_statements_do_not_grow(api, owner, courier, bole, woreda):  # noqa: F811
    def statements(url, **query):
        with CaptureQueriesContext(connection) as queries:
            answer = api.get(url, query, headers={"Accept-Language": "am"})
        return len(answer.json()["results"]), len(queries)

    def both():
        return statements(URL, page_size=100), statements(OPTIONS, area="ET-AA-BOLE-W03")

    few = both()
    for number in range(30):
        method = verbs.create_method(code=f"m{number}", name="M", kind="post")
        rows = [
            {"area": area, "currency": "ETB", "fee": Decimal(number), "min_weight": grams, "max_weight": grams + 100}
            for area in (None, bole, woreda) for grams in range(0, 1000, 100)
        ]  # fmt: skip
        verbs.set_fees(method_id=method.pk, fees=rows)
        verbs.set_windows(
            method_id=method.pk,
            windows=[{"area": None, "weekday": 1, "begins": time(9), "ends": time(10)}],
        )
    assert (few, both()) == (((1, 3), (1, 4)), ((31, 3), (31, 4)))


def test_a_basket_asks_for_one_method(courier):
    with CaptureQueriesContext(connection) as queries:
        found = quoted_fee(
            method="courier", area="ET-AA", weight=100, value=Decimal(10), currency="ETB"
        )
    assert isinstance(found, Fee)
    assert (found.as_delivery().fee, len(queries)) == (Decimal(80), 4)
    assert isinstance(
        quoted_fee(method="courier", area="", weight=100, value=Decimal(10), currency="USD"),
        NoDelivery,
    )
    with pytest.raises(NoSuchDeliveryMethod):
        quoted_fee(method="drone", area="", weight=100, value=Decimal(10), currency="ETB")


def test_only_who_is_permitted_writes(api, courier, permit):
    for door, body in (("", {"name": "x"}), ("fees/", {"fees": []}), ("windows/", {"windows": []})):
        one, method = f"{URL}courier/{door}", "put" if door else "patch"
        refused(getattr(api, method)(one, body, format="json"), 401, "not_authenticated")
        nobody = signed_in(factories.user())
        refused(getattr(nobody, method)(one, body, format="json"), 403, "permission_denied")
        clerk = signed_in(permit(factories.user(is_staff=True), "pricing.change_deliverymethod"))
        assert getattr(clerk, method)(one, body, format="json").status_code == 200
    refused(clerk.post(URL, COURIER, format="json"), 403, "permission_denied")
