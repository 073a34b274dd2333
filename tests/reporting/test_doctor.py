"""Each corruption that a test plants is found and named."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.db import connection

from common.actors import GATEWAY
from orders import services
from reporting import catalog_invariants, stock_invariants
from reporting.doctor import examine
from tests import factories
from tests.factories import place

pytestmark = pytest.mark.django_db


def corrupt(sql: str, *parameters) -> None:
    """Write behind the shop's back, with constraints out of the way."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, name in (
            ("inventory_stockitem", "reserved_is_at_most_on_hand_and_backorders"),
            ("orders_order", "order_total_is_its_parts_and_tax"),
            ("orders_order", "order_amounts_are_not_negative"),
            ("orders_orderline", "line_total_is_its_pieces_at_their_price"),
        ):
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        cursor.execute(sql, parameters)


def names() -> set[str]:
    return {violation.invariant for violation in examine()}


@pytest.fixture
def order():
    return place(variant=factories.variant(stock=5), quantity=2)


def test_a_healthy_shop(order):
    other = place()
    services.cancel(order=services.lock_order(other.pk), by=GATEWAY, reason="customer")
    assert examine() == []
    out = io.StringIO()
    call_command("doctor", stdout=out)
    assert out.getvalue().startswith("Healthy")


CORRUPTIONS = [
    ("stock = movements", "UPDATE inventory_stockitem SET on_hand = on_hand + 1"),
    (
        "reserved = active and owed reservations",
        "UPDATE inventory_stockitem SET reserved = reserved + 1",
    ),
    (
        "reservations ≤ on hand and back-orders",
        "UPDATE inventory_stockitem SET reserved = on_hand + 1",
    ),
    (
        "only pending orders hold reservations",
        "UPDATE inventory_reservation SET holder = gen_random_uuid()",
    ),
    ("pending orders hold their stock", "UPDATE inventory_reservation SET quantity = 1"),
    (
        "nothing is owed that is there",
        "UPDATE inventory_reservation SET state = 'owed'",
    ),
    ("only paid orders are owed pieces", "UPDATE inventory_reservation SET state = 'owed'"),
    (
        "what lies elsewhere = levels = movements",
        "UPDATE inventory_stockitem SET elsewhere = elsewhere + 1",
    ),
    (
        "what lies elsewhere = levels = movements",
        "WITH other AS (INSERT INTO inventory_location (code, name, is_default, is_active, priority, place, version)"
        " VALUES ('bole', 'Bole', false, true, 1, '', 1) RETURNING id)"
        " INSERT INTO inventory_stocklevel (stock_item_id, location_id, on_hand)"
        " SELECT item.id, other.id, 1 FROM inventory_stockitem item, other",
    ),
    ("one location is the default", "UPDATE inventory_location SET is_default = false"),
    ("order total = its parts", "UPDATE orders_order SET total = total + 1"),
    ("order total = its parts", "UPDATE orders_orderline SET total = total - 0.01"),
    ("order total = its parts", "UPDATE orders_order SET tax_total = tax_total + 0.01"),
    (
        "paid ⇔ a succeeded payment",
        "UPDATE orders_order SET status = 'paid', payment_status = 'paid'",
    ),
    (
        "paid orders took their stock",
        "UPDATE orders_order SET status = 'paid', payment_status = 'paid'",
    ),
    ("an order's last move is its state", "DELETE FROM orders_orderevent"),
    ("catalogue shows what there is", "UPDATE catalog_product SET in_stock = NOT in_stock"),
    ("catalogue shows what there is", "UPDATE catalog_product SET min_price = min_price + 1"),
    ("lists know what products cost", "UPDATE catalog_offer SET price = price + 1"),
    ("lists know what products cost", "DELETE FROM catalog_offer"),
    (
        "the history of a price ends with the price",
        "UPDATE catalog_pricechange SET price = price + 1",
    ),
    ("the history of a price ends with the price", "DELETE FROM catalog_pricechange"),
]


@pytest.mark.parametrize(("invariant", "sql"), CORRUPTIONS)
def test_a_planted_corruption_is_named(order, invariant, sql):
    assert examine() == []
    corrupt(sql)
    assert invariant in names()


def test_a_stalled_job_is_named():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)"
            " VALUES ('default', 'x', '{}', 'doing')"
        )
    assert "no stalled job" in names()


def test_every_invariant_has_a_corruption_here():
    """Those of the ledger, documents and orders are beside this file; their own tests say that none is missing."""
    here = set(stock_invariants.QUERIES) | set(catalog_invariants.QUERIES)
    assert here <= {invariant for invariant, _ in CORRUPTIONS}


def test_the_command_fails_with_one_line_each(order):
    corrupt("UPDATE orders_order SET total = total + 1")
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out, stderr=err)
    assert ended.value.code == 1
    assert order.number in out.getvalue()
