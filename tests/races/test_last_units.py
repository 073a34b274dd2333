"""Many buyers, few units: nothing is sold twice. With the protection switched off, it is."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.db.models import F

from common.actors import SYSTEM
from inventory import services as inventory
from inventory.models import Reservation, StockItem
from inventory.services import open_item
from tests.together import at_once

BUYERS, UNITS = 16, 5


def race(reserve) -> int:
    """BUYERS threads reserve one piece each, each on a connection of its own; returns how many succeeded."""
    item = open_item(on_hand=UNITS, by=SYSTEM)

    def buy(_):
        try:
            with transaction.atomic():
                reserve(quantities={item.pk: 1}, holder=uuid.uuid4())
            return True
        except inventory.OutOfStock:
            return False

    return sum(at_once(BUYERS, buy))


def reserve_without_lock(*, quantities, holder):
    """The same check and the same writes, but it looks before it locks."""
    for pk, quantity in quantities.items():
        item = StockItem.objects.get(pk=pk)
        if item.available < quantity:
            raise inventory.OutOfStock({pk: item.available})
        time.sleep(0.2)  # the moment in which the others look
        StockItem.objects.filter(pk=pk).update(reserved=F("reserved") + quantity)
        Reservation.objects.create(stock_item_id=pk, holder=holder, quantity=quantity)


@pytest.fixture
def no_constraint(transactional_db):
    """Without the database's own last word, which would stop the control too."""
    name = "reserved_is_at_most_on_hand_and_backorders"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE inventory_stockitem DROP CONSTRAINT {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE inventory_stockitem CASCADE")
        cursor.execute(
            f"ALTER TABLE inventory_stockitem ADD CONSTRAINT {name}"
            " CHECK (reserved >= 0 AND reserved <= on_hand + backorder_limit)"
        )


@pytest.mark.django_db(transaction=True)
def test_units_are_sold_once():
    assert race(inventory.reserve) == UNITS


def test_control_without_the_lock_they_are_sold_twice(no_constraint):
    assert race(reserve_without_lock) > UNITS


def test_the_lock_alone_is_enough(no_constraint):
    assert race(inventory.reserve) == UNITS


@pytest.mark.django_db(transaction=True)
def test_the_constraint_alone_is_enough():
    """Even code that forgets the lock cannot oversell: the database refuses."""
    from django.db import IntegrityError

    refused = []

    def guarded(**arguments):
        try:
            reserve_without_lock(**arguments)
        except IntegrityError as error:
            refused.append(error)
            raise inventory.OutOfStock({}) from error

    assert race(guarded) == UNITS
    assert refused


@pytest.mark.django_db(transaction=True)
def test_opposite_orders_of_lines_do_not_deadlock():
    """(A, B) and (B, A), 200 times: locks are taken in the order of ids whatever the order of the lines."""
    first, second = (open_item(on_hand=10_000, by=SYSTEM) for _ in range(2))

    def buy(number):
        pair = [first.pk, second.pk] if number % 2 else [second.pk, first.pk]
        try:
            with transaction.atomic():
                inventory.reserve(quantities=dict.fromkeys(pair, 1), holder=uuid.uuid4())
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(buy, range(200)))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.reserved, second.reserved) == (200, 200)
