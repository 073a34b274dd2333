"""Bundles and single pieces of one shelf, bought at once: never more than there is. Without the lock, more."""

from __future__ import annotations

import time

import pytest
from django.db import transaction
from django.db.models import F

from catalog.bundles import Part, set_parts
from catalog.price_refusals import NestedBundle
from common.actors import SYSTEM
from inventory import services as inventory
from inventory.models import Reservation, StockItem
from orders import checkout as checkouts
from orders.models import CancelReason, Order, OrderLine
from orders.services import cancel
from reporting.doctor import examine
from tests import factories
from tests.races.test_last_units import no_constraint as no_constraint
from tests.together import at_once

BUYERS, PIECES = 30, 10


def rush() -> tuple[StockItem, list[int]]:
    """30 buyers: every other one wants a bundle of two, the rest single pieces. The shelf, and the pieces each got."""
    single = factories.variant(stock=PIECES)
    bundle = factories.variant(stock=0)
    set_parts(variant_id=bundle.pk, parts=[Part(single.pk, 2)])

    def buy(place):
        chosen, pieces = (bundle, 2) if place % 2 else (single, 1)
        try:
            factories.place(variant=chosen)
        except checkouts.OutOfStock:
            return 0
        return pieces

    got = at_once(BUYERS, buy)
    return StockItem.objects.get(pk=single.stock_item_id), got


def look_then_write(*, quantities, holder, **_):
    """`reserve` without its lock: it looks, waits, and writes what it thought."""
    for pk, quantity in quantities.items():
        item = StockItem.objects.get(pk=pk)
        if item.available < quantity:
            raise inventory.OutOfStock({pk: item.available})
        time.sleep(0.2)
        StockItem.objects.filter(pk=pk).update(reserved=F("reserved") + quantity)
        Reservation.objects.create(stock_item_id=pk, holder=holder, quantity=quantity)


@pytest.mark.django_db(transaction=True)
def test_bundles_and_single_pieces_share_one_shelf():
    shelf, got = rush()
    assert sum(got) == shelf.reserved == PIECES
    assert examine() == []


def test_control_without_the_lock_more_is_sold_than_there_is(no_constraint, monkeypatch):
    monkeypatch.setattr(inventory, "reserve", look_then_write)
    shelf, got = rush()
    assert sum(got) == shelf.reserved > PIECES


def test_the_lock_alone_is_enough(no_constraint):
    shelf, got = rush()
    assert sum(got) == shelf.reserved == PIECES


@pytest.mark.django_db(transaction=True)
def test_bundles_that_share_parts_the_other_way_round_do_not_deadlock():
    first, second = factories.variant(stock=1_000), factories.variant(stock=1_000)
    bundles = []
    for parts in ((first, second), (second, first)):
        bundle = factories.variant(stock=0)
        set_parts(variant_id=bundle.pk, parts=[Part(part.pk) for part in parts])
        bundles.append(bundle)

    def buy(place):
        for round_ in range(5):
            factories.place(variant=bundles[(place + round_) % 2])

    at_once(8, buy)
    for part in (first, second):
        assert StockItem.objects.get(pk=part.stock_item_id).reserved == 40
    assert examine() == []


@pytest.mark.django_db(transaction=True)
def test_while_a_bundle_is_made_anew_orders_keep_what_they_took():
    cups, pots = factories.variant(stock=1_000), factories.variant(stock=1_000)
    bundle = factories.variant(stock=0)
    set_parts(variant_id=bundle.pk, parts=[Part(cups.pk, 2)])

    def work(place):
        for round_ in range(6):
            if place == 0:
                parts = [Part(pots.pk, 3)] if round_ % 2 else [Part(cups.pk, 2), Part(pots.pk)]
                set_parts(variant_id=bundle.pk, parts=parts)
            else:
                factories.place(variant=bundle)

    at_once(6, work)
    assert OrderLine.objects.count() == 30
    assert examine() == []
    for order in Order.objects.all():
        with transaction.atomic():
            locked = Order.objects.select_for_update().get(pk=order.pk)
            cancel(order=locked, reason=CancelReason.CUSTOMER, by=SYSTEM)
    assert set(StockItem.objects.values_list("reserved", flat=True)) == {0}


@pytest.mark.django_db(transaction=True)
def test_two_that_become_parts_of_each_other_at_once():
    """Each looks fine to the one who makes it; together they would be bundles of bundles."""
    for _ in range(5):
        one, two = factories.variant(stock=0), factories.variant(stock=0)

        def make(place, pair=(one, two)):
            bundle, part = pair if place else pair[::-1]
            try:
                set_parts(variant_id=bundle.pk, parts=[Part(part.pk)])
            except NestedBundle:
                return 0
            return 1

        assert sum(at_once(2, make)) == 1
