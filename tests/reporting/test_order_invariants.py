"""Each corruption of orders, carts and coupons that a test plants is found and named with what it is about."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from common.actors import GATEWAY
from orders import services
from orders.models import Order
from pricing.bookings import today
from pricing.coupon_verbs import create_coupon
from pricing.delivery_verbs import create_method, set_fees, set_windows
from pricing.models import DeliveryBooking
from pricing.promotion_verbs import create_promotion
from reporting.doctor import examine
from reporting.order_invariants import QUERIES
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(api):
    """Of a paid order, made of a cart with a code."""
    promotion = create_promotion(
        fields={"name": "Meskel", "kind": "percentage", "percent": Decimal(10), "limit": 9}
        | {"needs_code": True}
    )
    create_coupon(promotion_id=promotion.pk, code="MESKEL", fields={"limit": 3})
    cart = api.post("/api/carts/", {}).json()
    token = {"X-Cart-Token": cart["cart_token"]}
    item = {"variant_id": factories.variant(price="100.00").pk, "quantity": 2}
    api.post(f"/api/carts/{cart['id']}/items/", item, headers=token)
    api.post(f"/api/carts/{cart['id']}/coupon/", {"code": "MESKEL"}, headers=token)
    method = create_method(code="courier", name="Courier", kind="courier")
    set_fees(method_id=method.pk, fees=[{"currency": "ETB", "fee": Decimal(0)}])
    day = today() + timedelta(days=2)
    window = {"weekday": day.isoweekday(), "begins": time(9), "ends": time(12), "capacity": 1}
    [made] = set_windows(method_id=method.pk, windows=[window]).windows.all()
    chosen = {"method": "courier", "window": made.pk, "day": day.isoformat()}
    body = {"cart": cart["id"], "email": "abebe@buyers.shop", "delivery": chosen}
    placed = api.post("/api/orders/checkout/", body, headers=token).json()
    order = Order.objects.get(public_id=placed["id"])
    order.payments.create(
        method="chapa", status="succeeded", amount=order.total, currency="ETB", mode="test",
        reference="tx-12345678", gateway_reference="APq9ZZ", settled_at=timezone.now(), idempotency_key="k", fingerprint="f",
    )  # fmt: skip
    with transaction.atomic():
        services.mark_paid(order=services.lock_order(order.pk), by=GATEWAY)
    return order.number


def found() -> dict[str, str]:
    return {violation.invariant: violation.detail for violation in examine()}


def corrupt(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in ("order_total_is_its_parts_and_tax", "refund_due_is_within_what_was_paid"):
            cursor.execute(f"ALTER TABLE orders_order DROP CONSTRAINT IF EXISTS {name}")
        cursor.execute(sql)


BOOKED = "delivery bookings ≤ capacity, of living orders"
CORRUPTIONS = [
    ("order total = its parts", "UPDATE orders_order SET discount_total = 0"),
    ("order total = its parts", "UPDATE orders_order SET delivery_tax = 1"),
    ("order total = its parts", "UPDATE orders_orderline SET discount = 1"),
    ("order = its trace", "UPDATE orders_order SET tax_total = tax_total - 1"),
    ("what was quoted can be explained", "DELETE FROM orders_ordertrace"),
    ("refund due = its causes", "UPDATE orders_order SET refund_due = 1"),
    ("refund due = its causes", "UPDATE orders_order SET refund_due = 1000"),
    ("paid ⇔ a succeeded payment", "UPDATE orders_order SET paid_total = paid_total - 1"),
    ("paid ⇔ a succeeded payment", "UPDATE payments_payment SET status = 'failed'"),
    (
        "what was paid = what it costs and what edits owe",
        "UPDATE orders_order SET paid_total = paid_total + 1",
    ),
    (
        "what was paid = what it costs and what edits owe",
        "INSERT INTO orders_refunddue (public_id, order_id, amount, key, reason, actor)"
        " SELECT gen_random_uuid(), id, 1, 'edit:1', '', 'x' FROM orders_order",
    ),
    ("coupon uses = what counts, and ≤ the limit", "UPDATE pricing_coupon SET uses = 2"),
    ("coupon uses = what counts, and ≤ the limit", "UPDATE pricing_promotion SET uses = 0"),
    (
        "coupons are used by living orders",
        "UPDATE orders_order SET status = 'cancelled', cancel_reason = 'staff'",
    ),
    (
        BOOKED,
        "INSERT INTO pricing_deliverybooking (window_id, day, holder)"
        " SELECT window_id, day, gen_random_uuid() FROM pricing_deliverybooking",
    ),
    (
        BOOKED,
        "UPDATE pricing_deliverywindow SET capacity = 0",
    ),
    (
        BOOKED,
        "UPDATE orders_order SET status = 'cancelled', cancel_reason = 'staff'",
    ),
    (
        BOOKED,
        "UPDATE orders_order SET fulfilment_status = 'cancelled'",
    ),
    ("who paid was told once", "DELETE FROM events_letter"),
    (
        "who paid was told once",
        "INSERT INTO orders_orderevent (order_id, from_status, status, actor, note)"
        " SELECT id, 'cancelled', 'paid', 'x', '' FROM orders_order",
    ),
    ("a cart became the order that it names", 'UPDATE cart_cart SET "order" = gen_random_uuid()'),
    ("an order's last move is its state", "UPDATE orders_order SET status = 'shipped'"),
    (
        "nothing belongs to an order that is not there",
        "UPDATE inventory_movement SET holder = gen_random_uuid() WHERE reason = 'sold'",
    ),
]


def test_healthy(number):
    assert set(found()) <= {"payments = ledger"}  # the payment was planted, too


@pytest.mark.parametrize(("invariant", "sql"), CORRUPTIONS)
def test_a_planted_corruption_is_named(number, invariant, sql):
    assert invariant not in found()
    corrupt(sql)
    assert invariant in found()


def test_it_is_named_with_its_numbers(number):
    corrupt("UPDATE orders_order SET refund_due = 1")
    assert (
        found()["refund due = its causes"]
        == f"order {number} owes 1.00 back, for causes of 0; 180.00 was paid"
    )


def test_a_window_with_too_many_is_named(number):
    corrupt(CORRUPTIONS[[name for name, _ in CORRUPTIONS].index(BOOKED)][1])
    booking = DeliveryBooking.objects.first()
    said = [one.detail for one in examine() if one.invariant == BOOKED]
    assert (
        f"delivery window {booking.window_id} on {booking.day} has 2 bookings of at most 1" in said
    )
    assert any(one.endswith("which is missing") for one in said)


def test_every_invariant_has_a_corruption_here():
    assert {invariant for invariant, _ in CORRUPTIONS} == set(QUERIES)
