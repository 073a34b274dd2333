"""Delivery windows for tests: a courier who comes every evening, and orders that choose one."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from common.actors import GATEWAY, SYSTEM
from orders import services
from orders.models import CancelReason, Order
from pricing import bookings
from pricing.delivery_verbs import create_method, set_fees, set_windows
from pricing.models import DeliveryBooking, DeliveryWindow
from reporting.doctor import examine
from tests import factories

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
