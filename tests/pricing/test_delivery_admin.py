"""Areas, pickup points and delivery methods in the admin: the verbs of the API behind forms; and the demo shop's."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from audit.models import AuditEntry
from places import services
from places.models import Area, PickupPoint
from pricing import delivery_demo
from pricing.delivery import Fee
from pricing.delivery_options import delivery_options, quoted_fee
from pricing.models import DeliveryMethod
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    client = Client()
    client.force_login(factories.staff())
    return client


@pytest.fixture
def addis():
    return services.create_area(code="ET-AA", name="Addis Ababa", kind="chartered_city")


def rows(prefix, *present):
    """A formset as a browser sends it."""
    form = {
        f"{prefix}-TOTAL_FORMS": len(present), f"{prefix}-INITIAL_FORMS": 0,
        f"{prefix}-MIN_NUM_FORMS": 0, f"{prefix}-MAX_NUM_FORMS": 1000,
    }  # fmt: skip
    for number, row in enumerate(present):
        form |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return form


def saved(response):
    assert response.status_code == 302, response.context["errors"]
    return response


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_an_area(browser, addis):
    form = {
        "code": "ET-AA-BOLE", "kind": "sub_city", "parent": addis.pk, "name": "Bole", "is_active": "on",
        "am__name": "ቦሌ",
    }  # fmt: skip
    saved(browser.post("/admin/places/area/add/", form))
    bole = Area.objects.get(code="ET-AA-BOLE")
    assert (bole.level, bole.parent, bole.translations) == (2, addis, {"am": {"name": "ቦሌ"}})
    page = f"/admin/places/area/{bole.pk}/change/"
    assert "ቦሌ" in browser.get(page).content.decode()
    saved(browser.post(page, {**form, "name": "Bole!", "am__name": ""}))
    bole.refresh_from_db()
    assert (bole.name, bole.translations, bole.version) == ("Bole!", {}, 2)
    twice = browser.post("/admin/places/area/add/", {**form, "code": "ET-X"} | {"kind": "region"}, follow=True)  # fmt: skip
    assert said(twice)[-1] == "A region lies in no other area."
    assert "Bole!" in browser.get("/admin/places/area/", {"q": "aa-bole"}).content.decode()
    browser.post(f"/admin/places/area/{addis.pk}/delete/", {"post": "yes"}, follow=True)
    assert Area.objects.count() == 2
    [entry] = AuditEntry.objects.filter(action="area.updated", target_public_id="ET-AA-BOLE")
    assert entry.changes["name"] == {"from": "Bole", "to": "Bole!"}


def test_a_pickup_point(browser, addis):
    form = {
        "slug": "piassa", "name": "Piassa", "area": addis.pk, "landmark": "Behind the post office",
        "phone": "0911 23 45 67", "position": 0, "is_active": "on",
        "am__name": "ፒያሳ", "am__address": "", "am__landmark": "", "am__note": "",
        **rows("hours", {"weekday": 1, "opens": "08:30", "closes": "17:00"}),
    }  # fmt: skip
    saved(browser.post("/admin/places/pickuppoint/add/", form))
    point = PickupPoint.objects.get()
    assert (point.phone, point.hours.get().weekday) == ("+251911234567", 1)
    page = f"/admin/places/pickuppoint/{point.pk}/change/"
    wrong = {**form, **rows("hours", {"weekday": 1, "opens": "18:30", "closes": "17:00"})}
    answer = browser.post(page, wrong)
    assert (answer.status_code, bool(answer.context["errors"])) == (200, True)
    assert point.hours.get().closes.hour == 17
    saved(browser.post(f"/admin/places/pickuppoint/{point.pk}/delete/", {"post": "yes"}))
    assert not PickupPoint.objects.exists()


def test_a_method_with_fees_and_windows(browser, addis):
    form = {
        "code": "courier", "name": "Courier", "kind": "courier", "tax_category": "standard", "position": 0,
        "is_active": "on", "description": "", "am__name": "በመልእክተኛ", "am__description": "",
        **rows("fees", {"currency": "ETB", "min_weight": 0, "min_value": 0, "fee": "250", "area": ""},
               {"currency": "ETB", "min_weight": 0, "min_value": 0, "fee": "80", "area": addis.pk}),
        **rows("windows", {"weekday": 1, "begins": "09:00", "ends": "12:00", "cutoff_hours": 0, "area": ""}),
    }  # fmt: skip
    saved(browser.post("/admin/pricing/deliverymethod/add/", form))
    method = DeliveryMethod.objects.get()
    assert (method.fees.count(), method.windows.count(), method.translations["am"]["name"]) == (2, 1, "በመልእክተኛ")  # fmt: skip
    found = quoted_fee(method="courier", area="ET-AA", weight=1, value=Decimal(1), currency="ETB")
    assert isinstance(found, Fee)
    assert found.fee == Decimal(80)
    page = f"/admin/pricing/deliverymethod/{method.pk}/change/"
    overlap = {"currency": "ETB", "min_weight": 5, "min_value": 0, "fee": "1", "area": ""}
    answer = browser.post(page, {**form, **rows("fees", overlap, overlap)}, follow=True)
    assert said(answer)[-1] == "These fees overlap"
    assert method.fees.count() == 2
    saved(browser.post(f"/admin/pricing/deliverymethod/{method.pk}/delete/", {"post": "yes"}))
    assert not DeliveryMethod.objects.exists()


def test_the_demo_shop_delivers_and_is_built_once():
    from django.utils import timezone

    assert delivery_demo.build_delivery() > 190
    assert delivery_demo.build_delivery() == 0
    question = {"weight": 900, "value": Decimal(500), "currency": "ETB", "now": timezone.now()}
    costs = {
        area: [option.fee.fee if option.fee else None for option in delivery_options(area=area, **question)]
        for area in ("ET-AA-BOLE", "ET-OR-CITY-ADAMA")
    }  # fmt: skip
    assert costs == {"ET-AA-BOLE": [80, 0], "ET-OR-CITY-ADAMA": [250, 0]}
    assert PickupPoint.objects.count() == 2
