"""Limits of stock under many buyers at once: back-orders, what one customer may hold, what one order sums up to."""

from __future__ import annotations

import re
import time
import uuid
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.models import F

from catalog.bundles import Part, set_parts
from common.actors import SYSTEM
from inventory import services as inventory
from inventory.migrations import __path__ as migrations
from inventory.models import Reservation, StockItem
from inventory.refusals import PurchaseLimit, TooMuchReserved
from orders import checkout as checkouts
from orders.checkout import Contact, Item, Wishes
from reporting.doctor import examine
from tests import factories
from tests.races.test_last_units import no_constraint as no_constraint
from tests.together import at_once

HOLDINGS = re.search(
    r'HOLDINGS = """(.*?)"""',
    (Path(migrations[0]) / "0002_locations_and_backorders.py").read_text(),
    re.S,
)[1]  # type: ignore[index]
LOCK = "PERFORM pg_advisory_xact_lock(hashtextextended('inventory.customer:' || whose, 0));"


# --- back-orders --------------------------------------------------------------------------------


def rush_for_backorders(reserve) -> int:
    """50 buyers, 5 pieces, 10 on back-order: how many got one."""
    item = inventory.open_item(on_hand=5, by=SYSTEM)
    inventory.set_limits(stock_item_id=item.pk, changes={"backorder_limit": 10})

    def buy(_: int) -> bool:
        try:
            with transaction.atomic():
                reserve(quantities={item.pk: 1}, holder=uuid.uuid4())
        except inventory.OutOfStock:
            return False
        return True

    got = sum(at_once(50, buy))
    item.refresh_from_db()
    assert item.reserved == got
    return got


def reserve_without_lock(*, quantities, holder):
    """The same check, by somebody who looks before they lock."""
    for pk, quantity in quantities.items():
        if StockItem.objects.get(pk=pk).sellable < quantity:
            raise inventory.OutOfStock({pk: 0})
        time.sleep(0.2)
        StockItem.objects.filter(pk=pk).update(reserved=F("reserved") + quantity)
        Reservation.objects.create(stock_item_id=pk, holder=holder, quantity=quantity)


@pytest.mark.django_db(transaction=True)
def test_back_orders_end_at_their_limit():
    assert rush_for_backorders(inventory.reserve) == 15


def test_control_without_the_lock_more_is_promised(no_constraint):
    assert rush_for_backorders(reserve_without_lock) > 15


# --- one customer -------------------------------------------------------------------------------


def greedy(customer: str = "user:7") -> int:
    """20 checkouts of one customer at once, each for another thing: how many got through."""
    items = [inventory.open_item(on_hand=5, by=SYSTEM) for _ in range(20)]

    def buy(place: int) -> bool:
        try:
            with transaction.atomic():
                inventory.reserve(
                    quantities={items[place].pk: 1}, holder=uuid.uuid4(), customer=customer
                )
        except TooMuchReserved:
            return False
        return True

    return sum(at_once(20, buy))


@pytest.fixture
def no_customer_lock(transactional_db):
    """Without the lock on the customer: everybody looks, then everybody writes."""
    assert HOLDINGS.count(LOCK) == 1
    slow = HOLDINGS.replace(LOCK, "").replace("END $$", "PERFORM pg_sleep(0.3);\nEND $$")
    with connection.cursor() as cursor:
        cursor.execute(slow.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    yield
    with connection.cursor() as cursor:
        cursor.execute(HOLDINGS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))


@pytest.mark.django_db(transaction=True)
def test_one_customer_holds_no_more_than_anybody_may(settings):
    settings.MAX_OPEN_ORDERS = 5
    assert greedy() == 5


def test_control_without_the_lock_one_customer_holds_more(no_customer_lock, settings):
    settings.MAX_OPEN_ORDERS = 5
    assert greedy() > 5


@pytest.mark.django_db(transaction=True)
def test_one_customer_takes_no_more_than_anybody_may():
    item = inventory.open_item(on_hand=100, by=SYSTEM)
    inventory.set_limits(stock_item_id=item.pk, changes={"max_per_customer": 3})

    def buy(place: int) -> bool:
        holder = uuid.uuid4()
        try:
            with transaction.atomic():
                inventory.reserve(
                    quantities={item.pk: 1}, holder=holder, customer=f"user:{place % 2}"
                )
                inventory.commit(holder=holder, by=SYSTEM)
        except PurchaseLimit:
            return False
        return True

    assert sum(at_once(20, buy)) == 6


# --- one order ----------------------------------------------------------------------------------


def rush_for_shared_parts() -> tuple[StockItem, int]:
    """20 orders of the same thing twice and a bundle of two of it, ten pieces: the shelf, and how many orders there are."""
    single, bundle = factories.variant(stock=10), factories.variant(stock=0)
    set_parts(variant_id=bundle.pk, parts=[Part(single.pk, 2)])

    def buy(_: int) -> bool:
        wanted = [Item(1, variant_id=single.pk), Item(1, variant_id=bundle.pk)]
        try:
            with transaction.atomic():
                checkouts.checkout(
                    items=[*wanted, Item(1, variant_id=single.pk)], owner=None,
                    contact=Contact(email="abebe@buyers.shop"), wishes=Wishes(), expected_total=None, by=SYSTEM,
                )  # fmt: skip
        except checkouts.OutOfStock:
            return False
        return True

    got = sum(at_once(20, buy))
    return StockItem.objects.get(pk=single.stock_item_id), got


@pytest.mark.django_db(transaction=True)
def test_bundles_and_repeated_lines_are_summed_before_the_check():
    shelf, orders = rush_for_shared_parts()
    assert (orders, shelf.reserved) == (2, 8)
    assert examine() == []


@pytest.mark.django_db(transaction=True)
def test_control_without_the_sum_orders_hold_less_than_they_need(monkeypatch):
    def of_the_last_line(lines):
        return {item: pieces for line in lines for item, pieces in line.takes().items()}

    monkeypatch.setattr("orders.asked.per_stock_item", of_the_last_line)
    rush_for_shared_parts()
    assert "pending orders hold their stock" in {found.invariant for found in examine()}
