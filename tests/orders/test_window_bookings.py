"""No window takes more orders than its capacity; dead orders give their places back once, revived ones take them again."""

from __future__ import annotations

import time as clock
import uuid
from datetime import date, timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from common.actors import GATEWAY, SYSTEM
from orders import services
from orders.checkout import (
    Contact,
    Item,
    NoSuchMethod,
    NotDelivered,
    Wishes,
    checkout,
    choice_of,
)
from orders.edits import cancel_pieces
from orders.models import Order, OrderEvent
from pricing import bookings
from pricing.delivery_refusals import (
    DeliveryWindowBooked,
    DeliveryWindowFull,
    DeliveryWindowUnavailable,
)
from pricing.delivery_verbs import delete_method, set_windows
from pricing.models import DeliveryBooking, DeliveryWindow
from tests import factories
from tests.orders.windows import (
    booked,
    chosen,
    courier,
    end,
    every_day,
    order_it,
    placed,
    revive,
    unwell,
)  # fmt: skip
from tests.together import at_once

pytestmark = pytest.mark.django_db


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
@pytest.mark.parametrize("remove", ["method", "windows"])
def test_windows_taken_away_in_the_middle_of_checkouts(remove):
    """Whoever was faster has an order with its promise; whoever came later is told. Nobody meets a fault."""
    method = courier(capacity=20)
    wanted, variants = chosen(), [factories.variant() for _ in range(20)]

    def act(number: int) -> bool:
        if number == 10:
            if remove == "method":
                delete_method(method_id=method.pk)
            else:
                set_windows(method_id=method.pk, windows=[])
            return False
        try:
            return buy(number, wanted, variants[number])
        except (DeliveryWindowUnavailable, NotDelivered, NoSuchMethod):
            return False

    got = at_once(20, act)
    assert Order.objects.filter(delivery__window=wanted["window"]).count() == sum(got)
    assert not DeliveryBooking.objects.exclude(window=None).exists()
    assert DeliveryBooking.objects.count() == sum(got)
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
