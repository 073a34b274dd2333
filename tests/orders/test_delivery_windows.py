"""A chosen delivery window reaches the order, none takes more than its capacity, dead orders give their places back."""

from __future__ import annotations

import time as clock
import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.actors import GATEWAY, SYSTEM
from orders import services
from orders.checkout import Contact, Item, Wishes, checkout, choice_of
from orders.edits import cancel_pieces
from orders.models import CancelReason, Order, OrderEvent
from places.models import Area
from pricing import bookings
from pricing.delivery_refusals import DeliveryWindowBooked, DeliveryWindowFull
from pricing.delivery_verbs import create_method, delete_method, set_fees, set_windows
from pricing.models import DeliveryBooking, DeliveryWindow
from reporting.doctor import examine
from tests import factories
from tests.cart.conftest import Holder
from tests.orders.test_change_doors import client_of
from tests.together import at_once

pytestmark = pytest.mark.django_db
URL, OPTIONS = "/api/orders/checkout/", "/api/delivery/options/"
ZONE = ZoneInfo(settings.SHOP_TIME_ZONE)


def every_day(**facts) -> list[dict]:
    """One late window on each weekday, so that a test may run at any hour."""
    window = {"begins": time(20), "ends": time(22), "capacity": 2, "cutoff_hours": 0} | facts
    return [{"weekday": day, **window} for day in range(1, 8)]


def courier(**facts):
    """A method with windows, for 50.00 everywhere; and a second one without any."""
    method = create_method(code="courier", name="Courier", kind="courier")
    set_fees(method_id=method.pk, fees=[{"currency": "ETB", "fee": Decimal(50)}])
    set_windows(method_id=method.pk, windows=every_day(**facts))
    return method


def chosen(ahead: int = 2) -> dict:
    """The window of the day after tomorrow, as a request names it."""
    day = bookings.today() + timedelta(days=ahead)
    window = DeliveryWindow.objects.get(weekday=day.isoweekday())
    return {"method": "courier", "window": window.pk, "day": day.isoformat()}


def order_it(api, delivery: dict, **more):
    items = [{"variant_id": factories.variant(price="100.00").pk, "quantity": 1}]
    return api.post(
        URL, {"items": items, "email": "abebe@buyers.shop", "delivery": delivery} | more
    )


def placed(api, delivery: dict) -> Order:
    answer = order_it(api, delivery)
    assert answer.status_code == 201, answer.json()
    return Order.objects.get(public_id=answer.json()["id"])


def end(order: Order, reason=CancelReason.EXPIRED) -> None:
    with transaction.atomic():
        services.cancel(order=services.lock_order(order.pk), by=SYSTEM, reason=reason)


def revive(order: Order) -> bool:
    with transaction.atomic():
        return services.revive(order=services.lock_order(order.pk), by=GATEWAY)


def booked() -> int:
    return DeliveryBooking.objects.filter(given_back_at=None).count()


def unwell() -> list[str]:
    """What the doctor finds, but for payments that these tests do without."""
    absent = {"paid ⇔ a succeeded payment", "payments = ledger"}
    return [str(one) for one in examine() if one.invariant not in absent]


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


# --- given back, and taken again ----------------------------------------------------------------


def test_a_dead_order_gives_its_place_back_once_and_takes_it_again(api):
    courier(capacity=1)
    order = placed(api, chosen())
    end(order)
    with transaction.atomic():
        assert bookings.give_back(holder=order.public_id) == 0
    assert (booked(), unwell()) == (0, [])
    assert revive(order) is True
    assert booked() == 1
    assert order.history.order_by("-pk")[0].note == (
        "paid after it had expired; its stock was still there"
    )
    assert order_it(api, chosen()).json()["code"] == "delivery_window_full"
    assert unwell() == []


@pytest.mark.parametrize("what", ["full", "over", "no longer offered"])
def test_late_money_is_kept_without_a_window_and_staff_are_told(api, what):
    method = courier(capacity=1)
    order = placed(api, chosen())
    promised = order.delivery
    end(order)
    if what == "full":
        placed(api, chosen())
    elif what == "no longer offered":
        delete_method(method_id=method.pk)
    later = timezone.now() + timedelta(days=4 if what == "over" else 0)
    with time_machine.travel(later, tick=True):
        assert revive(order) is True
    order.refresh_from_db()
    assert (order.status, order.delivery) == ("paid", promised)
    note = OrderEvent.objects.filter(order=order).order_by("-pk")[0].note
    assert note.endswith(f"; its delivery window is {what}")
    assert booked() == (1 if what == "full" else 0)
    assert unwell() == []


def test_late_money_without_stock_takes_no_place(api):
    courier(capacity=1)
    variant = factories.variant(stock=1)
    items = [{"variant_id": variant.pk, "quantity": 1}]
    order = Order.objects.get(public_id=order_it(api, chosen(), items=items).json()["id"])
    end(order)
    factories.place(variant=variant)
    assert revive(order) is False
    assert (booked(), unwell()) == (0, [])


def test_a_paid_order_of_which_all_is_cancelled_gives_its_place_back(api):
    courier()
    order = placed(api, chosen())
    with transaction.atomic():
        services.mark_paid(order=services.lock_order(order.pk), by=GATEWAY)
    assert booked() == 1
    line = order.lines.get()
    cancel_pieces(order_id=order.pk, pieces={line.pk: 1}, reason="a mistake", by=SYSTEM)
    assert booked() == 0


# --- staff change windows -----------------------------------------------------------------------


def test_a_window_takes_no_fewer_than_are_booked(api, permit):
    method = courier(capacity=3)
    wanted = chosen()
    for _ in range(2):
        placed(api, wanted)
    with pytest.raises(DeliveryWindowBooked) as refused:
        set_windows(method_id=method.pk, windows=every_day(capacity=1))
    [error] = refused.value.errors
    place = date.fromisoformat(wanted["day"]).isoweekday() - 1
    assert (error["field"], error["booked"], error["day"]) == (
        f"windows.{place}.capacity", 2, wanted["day"],
    )  # fmt: skip
    assert set(DeliveryWindow.objects.values_list("capacity", flat=True)) == {3}
    set_windows(method_id=method.pk, windows=every_day(capacity=2))  # closes that day
    assert order_it(api, wanted).json()["code"] == "delivery_window_full"
    set_windows(method_id=method.pk, windows=every_day(capacity=None))
    assert order_it(api, wanted).status_code == 201  # uncounted, and yet written down
    with pytest.raises(DeliveryWindowBooked):
        set_windows(method_id=method.pk, windows=every_day(capacity=2))


def test_days_gone_by_do_not_bind_anybody(api):
    method = courier(capacity=3)
    for _ in range(2):
        placed(api, chosen())
    DeliveryBooking.objects.update(day=bookings.today() - timedelta(days=7))
    set_windows(method_id=method.pk, windows=every_day(capacity=1))
    assert unwell() == []


def test_staff_see_it_in_the_admin(api, client):
    courier()
    order = placed(api, chosen())
    placed(api, {"method": "courier"})
    client.force_login(factories.staff())
    day = date.fromisoformat(chosen()["day"])
    said = f"{day.day} {day:%B %Y}, 20:00–22:00"
    assert said in client.get("/admin/orders/order/").content.decode()
    assert said in client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()


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


# --- fifty at once ------------------------------------------------------------------------------


def buy(number: int, wanted: dict, variant) -> bool:
    """One buyer's checkout; whether they got the window."""
    try:
        with transaction.atomic():
            checkout(
                items=[Item(quantity=1, variant_id=variant.pk)],
                owner=None,
                contact=Contact(email=f"buyer{number}@buyers.shop"),
                wishes=Wishes(delivery=wanted),
                expected_total=None,
                by=SYSTEM,
                choice=choice_of(wanted),
            )
    except DeliveryWindowFull:
        return False
    return True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("capacity", [1, 7])
def test_fifty_at_once_do_not_pass_the_capacity(capacity):
    courier(capacity=capacity)
    wanted, variants = chosen(), [factories.variant() for _ in range(50)]
    got = at_once(50, lambda number: buy(number, wanted, variants[number]))
    assert (sum(got), booked(), Order.objects.count()) == (capacity, capacity, capacity)
    assert unwell() == []


@pytest.mark.django_db(transaction=True)
def test_a_capacity_set_meanwhile_counts_what_was_booked_before():
    """Checkouts of a window that takes any number, and staff who limit it in the middle of them."""
    method = courier(capacity=None)
    wanted, variants = chosen(), [factories.variant() for _ in range(30)]

    def act(number: int) -> bool:
        if number == 15:
            try:
                set_windows(method_id=method.pk, windows=every_day(capacity=5))
            except DeliveryWindowBooked:
                return False
            return True
        return buy(number, wanted, variants[number])

    at_once(30, act)
    assert [one for one in unwell() if "delivery" in one] == []


@pytest.mark.django_db(transaction=True)
def test_ends_and_late_money_at_once_keep_the_count():
    """Ten places: some orders die, some come back, others are placed, all at once."""
    courier(capacity=10)
    wanted, variants = chosen(), [factories.variant() for _ in range(30)]
    for number in range(10):
        buy(number, wanted, variants[number])
    orders = list(Order.objects.order_by("pk"))
    for order in orders[:5]:
        end(order)

    def act(number: int) -> None:
        if number < 5:
            revive(orders[number])
        elif number < 10:
            end(orders[number])
        else:
            buy(number, wanted, variants[number])

    at_once(30, act)
    assert booked() <= 10
    assert unwell() == []


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_more_get_in(monkeypatch):
    """The same look and the same writing, with a moment in between and no lock: the race above must not pass."""
    courier(capacity=1)
    wanted, variants = chosen(), [factories.variant() for _ in range(20)]

    def unlocked(*, slot, holder: uuid.UUID) -> None:
        if bookings.is_full(slot):
            raise DeliveryWindowFull
        clock.sleep(0.3)  # the moment in which the others look
        DeliveryBooking.objects.create(window_id=slot.window, day=slot.day, holder=holder)

    monkeypatch.setattr(bookings, "book", unlocked)
    got = at_once(20, lambda number: buy(number, wanted, variants[number]))
    assert sum(got) > 1
    [found] = [one for one in unwell() if "delivery" in one]
    assert f"has {sum(got)} bookings of at most 1" in found
