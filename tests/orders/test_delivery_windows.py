"""A chosen delivery window reaches the order; what cannot be had is refused and named."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import CancelReason, Order
from places.models import Area
from pricing.delivery_verbs import create_method, set_fees, set_windows
from pricing.models import DeliveryBooking, DeliveryWindow
from tests import factories
from tests.cart.conftest import Holder
from tests.orders.test_change_doors import client_of
from tests.orders.windows import (
    OPTIONS,
    URL,
    ZONE,
    booked,
    chosen,
    courier,
    end,
    every_day,
    order_it,
    placed,
    unwell,
)  # fmt: skip

pytestmark = pytest.mark.django_db


# --- it reaches the order -----------------------------------------------------------------------


def test_the_order_says_when_in_the_shops_time_and_keeps_it(api):
    method, wanted = courier(), chosen()
    order = placed(api, wanted)
    day = date.fromisoformat(wanted["day"])
    promised = {
        **wanted,
        "begins": datetime.combine(day, time(20), ZONE).isoformat(),
        "ends": datetime.combine(day, time(22), ZONE).isoformat(),
    }
    assert order.delivery == promised
    assert promised["begins"].endswith("T20:00:00+03:00")
    [booking] = DeliveryBooking.objects.all()
    assert (booking.holder, booking.day, booking.window_id) == (
        order.public_id, day, wanted["window"],
    )  # fmt: skip

    set_windows(method_id=method.pk, windows=[])  # staff replace them: the promise stays
    order.refresh_from_db()
    booking.refresh_from_db()
    assert (order.delivery, booking.window_id) == (promised, None)
    assert unwell() == []
    end(order)
    assert (booked(), unwell()) == (0, [])


def test_the_carts_choice_reaches_the_order(api):
    courier()
    wanted, cart = chosen(), Holder()
    cart.add(factories.variant(price="100.00"))
    assert cart.api.patch(cart.url, {"delivery": wanted}, format="json").status_code == 200
    assert cart.read()["is_ready"] is True
    # The address says where to; how and when is the cart's to say.
    body = {"cart": cart.id, "email": "a@buyers.shop", "shipping_address": {"city": "Adama"}}
    answer = cart.api.post(URL, body, format="json")
    assert answer.status_code == 201, answer.json()
    delivery = answer.json()["delivery"]
    assert {name: delivery[name] for name in wanted} == wanted
    assert answer.json()["total"]["amount"] == "150.00"
    assert booked() == 1


def test_an_address_with_an_area_does_not_undo_what_the_cart_has_chosen(api):
    Area.objects.create(code="ET-AA", name="Addis Ababa", level=1, kind="region")
    courier()
    wanted, cart = chosen(), Holder()
    cart.add(factories.variant(price="100.00"))
    cart.api.patch(cart.url, {"delivery": wanted}, format="json")
    body = {"cart": cart.id, "email": "a@buyers.shop", "shipping_address": {"area": "ET-AA"}}
    answer = cart.api.post(URL, body | {"expected_total": "150.00"}, format="json")
    assert answer.status_code == 201, answer.json()
    assert answer.json()["delivery"]["window"] == wanted["window"]


def test_a_draft_of_staff_may_choose_one_too(api, permit):
    courier()
    desk = client_of(
        permit(
            factories.user(is_staff=True), "orders.view_draftorder", "orders.add_draftorder",
            "orders.change_draftorder",
        )
    )  # fmt: skip
    item = {"variant_id": factories.variant().pk, "quantity": 1}
    fields = {"items": [item], "phone": "0911234567", "delivery": chosen()}
    draft = desk.post("/api/orders/drafts/", fields, format="json").json()
    assert draft["delivery"] == chosen()
    path = f"/api/orders/drafts/{draft['id']}/"

    def problems():
        return [one["code"] for one in desk.get(f"{path}quote/").json()["problems"]]

    assert problems() == []
    first = placed(api, chosen())
    placed(api, chosen())
    assert problems() == ["delivery_window_full"]
    refused = desk.post(f"{path}place/", {}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "delivery_window_full")
    end(first)
    done = desk.post(f"{path}place/", {}, format="json")
    assert done.status_code == 201, done.json()
    assert done.json()["delivery"]["window"] == chosen()["window"]
    DeliveryWindow.objects.all().delete()
    fields["delivery"] |= {"window": 1}
    draft = desk.post("/api/orders/drafts/", fields, format="json").json()
    shown = desk.get(f"/api/orders/drafts/{draft['id']}/quote/").json()
    assert [one["code"] for one in shown["problems"]] == ["delivery_window_unavailable"]


def test_without_a_window_it_comes_some_time(api):
    courier()
    order = placed(api, {"method": "courier"})
    assert (order.delivery, booked()) == ({"method": "courier"}, 0)


# --- what is refused ----------------------------------------------------------------------------


def test_what_is_not_offered_is_refused_and_named(api):
    courier()
    wanted = chosen()
    other = create_method(code="post", name="Post", kind="post")
    set_fees(method_id=other.pk, fees=[{"currency": "ETB", "fee": Decimal(9)}])
    later = date.fromisoformat(wanted["day"]) + timedelta(days=7)
    past = date.fromisoformat(wanted["day"]) - timedelta(days=7)
    code = "delivery_window_unavailable"
    for changed, status, told, field in [
        ({"method": "post"}, 409, code, "delivery.window"),  # another method's
        ({"window": 2**40}, 409, code, "delivery.window"),
        ({"day": (later - timedelta(days=6)).isoformat()}, 409, code, "delivery.day"),  # weekday
        ({"day": later.isoformat()}, 409, code, "delivery.day"),  # too far ahead
        ({"day": past.isoformat()}, 409, code, "delivery.day"),
        ({"day": "never"}, 400, "invalid", "delivery.day"),
        ({"window": 0}, 400, "min_value", "delivery.window"),
    ]:
        refused = order_it(api, wanted | changed)
        assert refused.status_code == status, (changed, refused.json())
        [error] = refused.json()["errors"]
        assert (error["field"], error["code"]) == (field, told), changed
    for missing, other_one in [("window", "day"), ("day", "window")]:
        refused = order_it(api, {name: wanted[name] for name in ("method", other_one)})
        [error] = refused.json()["errors"]
        assert (refused.status_code, error["field"]) == (400, f"delivery.{missing}")
    for method in ({}, {"method": "pickup"}):  # a window is of a method of the shop's
        refused = order_it(api, {"window": wanted["window"], "day": wanted["day"]} | method)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert (Order.objects.count(), DeliveryBooking.objects.count()) == (0, 0)


def test_a_cut_off_that_has_passed(api):
    courier(cutoff_hours=24 * 7)
    refused = order_it(api, chosen())
    assert (refused.status_code, refused.json()["code"]) == (409, "delivery_window_unavailable")
    assert refused.json()["errors"][0]["field"] == "delivery.day"


def test_areas_with_windows_of_their_own(api):
    addis = Area.objects.create(code="ET-AA", name="Addis Ababa", level=1, kind="region")
    method = courier()
    far = chosen()
    set_windows(
        method_id=method.pk,
        windows=[*every_day(), *({"area": addis, **one} for one in every_day(begins=time(18)))],
    )
    assert order_it(api, far | {"area": "ET-AA"}).json()["code"] == "delivery_window_unavailable"
    assert order_it(api, far).status_code == 201


def test_a_full_one_is_refused_left_out_and_told_to_carts(api):
    courier()
    wanted, cart = chosen(), Holder()
    cart.add(factories.variant())
    cart.api.patch(cart.url, {"delivery": wanted}, format="json")

    def left():
        [option] = api.get(OPTIONS).json()["results"]
        return {(slot["window"], slot["day"]): slot["left"] for slot in option["slots"]}

    there = (wanted["window"], wanted["day"])
    assert left()[there] == 2
    first = placed(api, wanted)
    assert left()[there] == 1
    placed(api, wanted)
    assert there not in left()
    refused = order_it(api, wanted)
    assert (refused.status_code, refused.json()["code"]) == (409, "delivery_window_full")
    assert refused.json()["errors"][0]["field"] == "delivery.window"
    shown = cart.read()
    assert [one["reason"] for one in shown["problems"]] == ["delivery_window_full"]
    assert shown["is_ready"] is False
    assert [one["reason"] for one in cart.quote()["problems"]] == ["delivery_window_full"]
    assert cart.quote(delivery="courier")["problems"] == []  # a trial is of the fee
    end(first, CancelReason.CUSTOMER)
    assert left()[there] == 1
    assert order_it(api, wanted).status_code == 201
    assert unwell() == []


def test_a_cart_whose_window_is_gone_says_so(api):
    method, cart = courier(), Holder()
    cart.add(factories.variant())
    cart.api.patch(cart.url, {"delivery": chosen()}, format="json")
    set_windows(method_id=method.pk, windows=[])
    assert [one["reason"] for one in cart.read()["problems"]] == ["delivery_window_unavailable"]


def test_a_refused_checkout_books_nothing(api):
    courier()
    short = {"variant_id": factories.variant(stock=1).pk, "quantity": 1}
    factories.place(variant=factories.variant())
    body = {"items": [short | {"quantity": 2}], "email": "a@buyers.shop", "delivery": chosen()}
    assert api.post(URL, body, format="json").json()["code"] == "out_of_stock"
    assert DeliveryBooking.objects.count() == 0


# --- how many statements ------------------------------------------------------------------------


def test_statements(api, django_assert_num_queries):
    courier()
    variants = [factories.variant() for _ in range(20)]

    def statements(count: int, delivery: dict) -> int:
        items = [{"variant_id": variant.pk, "quantity": 1} for variant in variants[:count]]
        body = {"items": items, "email": "abebe@buyers.shop", "delivery": delivery}
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert api.post(URL, body, format="json").status_code == 201
        assert any("deliverybooking" in one["sql"] for one in seen) == ("window" in delivery)
        return len(seen)

    statements(1, {"method": "courier"})
    plain = statements(1, {"method": "courier"})
    assert statements(1, chosen()) == plain + 2 <= 20
    assert statements(20, chosen(3)) == plain + 2
    DeliveryWindow.objects.update(capacity=9)
    few = len(_options(api))
    set_windows(
        method_id=DeliveryWindow.objects.first().method_id,
        windows=[one for hour in range(9, 20) for one in every_day(begins=time(hour), ends=time(hour, 30))],
    )  # fmt: skip
    assert len(_options(api)) == few


def _options(api) -> list:
    with CaptureQueriesContext(connection) as seen:
        assert api.get(OPTIONS).status_code == 200
    return list(seen)
