"""Pickup points: where parcels wait, how far that is, and when somebody is there."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from places import pickup, services
from places.models import PickupHours, PickupPoint
from tests import factories
from tests.places.conftest import signed_in
from tests.places.test_areas import refused

pytestmark = pytest.mark.django_db
URL = "/api/places/pickup-points/"
BODY = {
    "slug": "bole-medhanialem", "name": "Bole Medhanialem", "area": "ET-AA-BOLE",
    "landmark": "Ground floor of Edna Mall", "latitude": "8.997700", "longitude": "38.786900",
    "phone": "0911 23 45 67",
    "opening_hours": [
        {"weekday": 1, "opens": "08:30", "closes": "12:30"},
        {"weekday": 1, "opens": "13:30", "closes": "18:00"},
        {"weekday": 6, "opens": "09:00", "closes": "13:00"},
    ],
    "translations": {"am": {"name": "ቦሌ መድኃኔዓለም", "landmark": "ኤድና ሞል ምድር ቤት"}},
}  # fmt: skip
HOURS = [{"weekday": 1, "opens": time(8, 30), "closes": time(17)}]


def point(area, slug="piassa", **fields):
    return pickup.create_pickup_point(
        slug=slug, name=slug.capitalize(), area=area, landmark="Behind the post office", **fields
    )


def slugs(response):
    assert response.status_code == 200, response.json()
    return [row["slug"] for row in response.json()["results"]]


def test_a_point_is_added_shown_changed_and_deleted(api, owner, bole):
    made = owner.post(URL, BODY, format="json")
    assert made.status_code == 201, made.json()
    assert made.json()["phone"] == "+251911234567"
    assert made.json()["opening_hours"] == BODY["opening_hours"]
    shown = api.get(f"{URL}bole-medhanialem/", headers={"Accept-Language": "am"})
    body = shown.json()
    assert (body["name"], body["landmark"], body["note"]) == ("ቦሌ መድኃኔዓለም", "ኤድና ሞል ምድር ቤት", "")
    assert [one["name"] for one in body["area"]] == ["አዲስ አበባ", "ቦሌ"]
    assert (body["latitude"], body["longitude"], body["distance_m"]) == (8.9977, 38.7869, None)
    assert {"translations", "is_active", "version"}.isdisjoint(body)
    tag = shown["ETag"]
    known = {"If-None-Match": tag, "Accept-Language": "am"}
    assert api.get(f"{URL}{body['id']}/", headers=known).status_code == 304
    hours = [{"weekday": 2, "opens": "09:00", "closes": "17:00"}]
    changed = owner.patch(
        f"{URL}{body['id']}/", {"opening_hours": hours}, format="json", headers={"If-Match": tag}
    )
    assert (changed.json()["opening_hours"], changed.json()["version"]) == (hours, 2)
    stale = owner.patch(
        f"{URL}{body['id']}/", {"name": "x"}, format="json", headers={"If-Match": tag}
    )
    refused(stale, 412, "precondition_failed")
    again = owner.patch(f"{URL}{body['id']}/", {"opening_hours": hours}, format="json")
    assert again.json()["version"] == 2, "nothing has changed"
    assert owner.delete(f"{URL}{body['id']}/").status_code == 204
    assert not PickupHours.objects.exists()


def test_what_staff_read_can_be_sent_back(owner, bole):
    one = f"{URL}{owner.post(URL, BODY, format='json').json()['slug']}/"
    read = owner.get(one, {"translations": "true"}).json()
    read["area"] = read["area"][-1]
    sent = owner.patch(one, read, format="json")
    assert (sent.status_code, sent.json()["version"]) == (200, 1), sent.json()


def test_the_nearest_first(api, addis, bole):
    point(bole, "bole", latitude=Decimal("8.9977"), longitude=Decimal("38.7869"))
    point(addis, "piassa", latitude=Decimal("9.0370"), longitude=Decimal("38.7520"))
    point(addis, "somewhere")
    here = {"near": "9.0300,38.7500"}
    assert slugs(api.get(URL, here)) == ["piassa", "bole", "somewhere"]
    distances = [row["distance_m"] for row in api.get(URL, here).json()["results"]]
    # By the formula on paper: 0.007° and 0.002° here are 778 m north and 220 m east.
    assert distances[0] == pytest.approx(809, abs=5)
    assert distances[1] == pytest.approx(5403, abs=30)
    assert distances[2] is None
    first = api.get(URL, {**here, "page_size": 1}).json()
    assert [row["slug"] for row in first["results"]] == ["piassa"]
    second = api.get(first["next"]).json()
    assert [row["slug"] for row in second["results"]] == ["bole"]
    third = api.get(second["next"]).json()
    assert ([row["slug"] for row in third["results"]], third["next"]) == (["somewhere"], None)


@pytest.mark.parametrize("near", ["9", "9,", "91,0", "0,181", "nan,0", "9,38,1", "a,b", "inf,1"])
def test_where_is_that(api, near):
    refused(api.get(URL, {"near": near}), 400, "invalid")


def test_of_an_area_and_in_the_shops_order(api, owner, addis, bole, woreda):
    point(woreda, "deep", position=2)
    point(bole, "bole", position=1)
    point(addis, "city", position=3)
    other = services.create_area(code="ET-DD", name="Dire Dawa", kind="chartered_city")
    point(other, "dire", position=0)
    assert slugs(api.get(URL)) == ["dire", "bole", "deep", "city"]
    assert slugs(api.get(URL, {"area": "ET-AA"})) == ["bole", "deep", "city"]
    assert slugs(api.get(URL, {"area": "ET-AA-BOLE"})) == ["bole", "deep"]
    pickup.update_pickup_point(
        point_id=PickupPoint.objects.get(slug="bole").pk, changes={"is_active": False}
    )
    assert slugs(api.get(URL, {"area": "ET-AA-BOLE"})) == ["deep"]
    refused(api.get(f"{URL}bole/"), 404, "not_found")
    assert owner.get(f"{URL}bole/").json()["is_active"] is False
    refused(owner.delete("/api/places/areas/ET-DD/"), 409, "area_in_use")


def test_a_list_takes_as_many_statements_for_many_as_for_one(api, bole):
    def statements():
        with CaptureQueriesContext(connection) as queries:
            rows = slugs(api.get(URL, {"page_size": 100, "near": "9,38"}, headers={"Accept-Language": "am"}))  # fmt: skip
        return len(rows), len(queries)

    point(bole, "first", opening_hours=HOURS)
    few = statements()
    for number in range(40):
        point(bole, f"p{number}", opening_hours=HOURS)
    assert (few, statements()) == ((1, 2), (41, 2))


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"slug": "taken"}, 409, "slug_taken", "slug"),
        ({"slug": "12"}, 400, "invalid", "slug"),
        ({"slug": "A b"}, 400, "invalid", "slug"),
        ({"landmark": "", "latitude": None, "longitude": None}, 400, "empty_address", "address"),
        ({"longitude": None}, 400, "invalid", "longitude"),
        ({"latitude": "91"}, 400, "invalid", "latitude"),
        ({"phone": "0900CALLME"}, 400, "invalid", "phone"),
        ({"area": "ET-NOWHERE"}, 400, "invalid", "area"),
        ({"opening_hours": [{"weekday": 8, "opens": "08:00", "closes": "09:00"}]}, 400, "invalid",
         "opening_hours.0.weekday"),
        ({"opening_hours": [{"weekday": 1, "opens": "24:00", "closes": "25:00"}]}, 400, "invalid",
         "opening_hours.0.opens"),
        ({"opening_hours": [{"weekday": 1, "opens": "10:00", "closes": "10:00"}]}, 400, "hours_overlap",
         "opening_hours"),
        ({"opening_hours": [{"weekday": 1, "opens": "11:00", "closes": "10:00"}]}, 400, "hours_overlap",
         "opening_hours"),
        ({"opening_hours": [{"weekday": 1, "opens": "08:00", "closes": "10:00"},
                            {"weekday": 1, "opens": "09:59", "closes": "11:00"}]}, 400, "hours_overlap",
         "opening_hours"),
        ({"opening_hours": [{"weekday": 1, "opens": "08:00", "closes": "10:00", "x": 1}]}, 400, "unknown_field",
         "opening_hours.0.x"),
        ({"translations": {"am": {"phone": "1"}}}, 400, "invalid", "translations.am.phone"),
        ({"colour": "red"}, 400, "unknown_field", "colour"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_changes_nothing(owner, bole, body, status, code, field):
    point(bole, "taken", opening_hours=HOURS)
    answer = owner.post(URL, {**BODY, **body}, format="json")
    refused(answer, status, code)
    assert field in [entry["field"] for entry in answer.json()["errors"]], answer.json()
    assert (PickupPoint.objects.count(), PickupHours.objects.count()) == (1, 1)


def test_hours_that_touch_do_not_overlap(owner, bole):
    hours = [
        {"weekday": 1, "opens": "08:00", "closes": "12:00"},
        {"weekday": 1, "opens": "12:00", "closes": "23:59"},
    ]
    assert owner.post(URL, {**BODY, "opening_hours": hours}, format="json").status_code == 201


def test_the_database_has_the_last_word(bole):
    one = point(bole, opening_hours=HOURS)
    with pytest.raises(IntegrityError, match="pickup_hours_do_not_overlap"):
        PickupHours.objects.create(point=one, weekday=1, opens=time(16, 59), closes=time(18))


def test_only_who_is_permitted_writes(api, bole, permit):
    point(bole)
    one = f"{URL}piassa/"
    refused(api.patch(one, {"name": "x"}), 401, "not_authenticated")
    refused(api.post(URL, BODY, format="json"), 401, "not_authenticated")
    refused(signed_in(factories.user()).delete(one), 403, "permission_denied")
    clerk = signed_in(permit(factories.user(is_staff=True), "places.change_pickuppoint"))
    assert clerk.patch(one, {"name": "x"}).status_code == 200
    refused(clerk.delete(one), 403, "permission_denied")
