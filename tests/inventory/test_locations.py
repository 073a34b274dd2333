"""Locations: pieces at the default one are what is on hand and not elsewhere; sales take there first, then by priority."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from common.actors import SYSTEM
from common.errors import Invalid
from inventory.locations import (
    create_location,
    default_location,
    delete_location,
    find_location,
    update_location,
)
from inventory.models import Location, Movement, Reason, StockItem, StockLevel
from inventory.refusals import LocationCodeTaken, LocationInUse, NotThere, StockMoved
from inventory.services import (
    adjust,
    commit,
    count,
    count_available,
    open_item,
    receive,
    reserve,
    set_on_hand,
    transfer,
)
from tests.inventory.test_backorders import _adds_up as _adds_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def bole():
    return create_location(code="bole", name="Bole store", priority=2)


@pytest.fixture
def piassa():
    return create_location(code="piassa", name="Piassa store", priority=1)


def spread(item: StockItem) -> dict[str, int]:
    """Pieces by location code."""
    item.refresh_from_db()
    found = {"main": item.on_hand - item.elsewhere}
    for level in StockLevel.objects.filter(stock_item=item).select_related("location"):
        found[level.location.code] = level.on_hand
    return found


def item_of(pieces: int, **places: int) -> StockItem:
    item = open_item(on_hand=pieces, by=SYSTEM)
    for code, there in places.items():
        receive(stock_item_id=item.pk, quantity=there, by=SYSTEM, location=find_location(code))
    return item


def test_a_transfer_moves_and_makes_nothing(bole):
    item = item_of(5)
    transfer(
        stock_item_id=item.pk,
        source=default_location(),
        target=bole,
        pieces=3,
        by=SYSTEM,
        note="van 2",
    )
    assert spread(item) == {"main": 2, "bole": 3}
    moved = Movement.objects.filter(reason=Reason.TRANSFER).order_by("pk")
    assert [(row.quantity, row.location_id, row.note) for row in moved] == [
        (-3, None, "van 2"),
        (3, bole.pk, "van 2"),
    ]


@pytest.mark.parametrize("backwards", [False, True])
def test_nothing_is_moved_that_is_not_there(bole, backwards):
    item = item_of(5, bole=5)
    ends = [default_location(), bole]
    if backwards:
        ends.reverse()
    with pytest.raises(NotThere):
        transfer(stock_item_id=item.pk, source=ends[0], target=ends[1], pieces=6, by=SYSTEM)
    assert spread(item) == {"main": 5, "bole": 5}


@pytest.mark.parametrize("pieces", [0, -1])
def test_a_transfer_moves_something(bole, pieces):
    item = item_of(5)
    with pytest.raises(Invalid):
        transfer(
            stock_item_id=item.pk, source=default_location(), target=bole, pieces=pieces, by=SYSTEM
        )
    with pytest.raises(Invalid):
        transfer(stock_item_id=item.pk, source=bole, target=bole, pieces=1, by=SYSTEM)


def test_a_sale_takes_from_the_default_first_then_by_priority(bole, piassa):
    item, holder = item_of(2, bole=2, piassa=2), uuid4()
    reserve(quantities={item.pk: 5}, holder=holder)
    commit(holder=holder, by=SYSTEM)
    assert spread(item) == {"main": 0, "piassa": 0, "bole": 1}
    sold = Movement.objects.filter(holder=holder).order_by("pk")
    assert [(row.quantity, row.location_id) for row in sold] == [
        (-2, None),
        (-2, piassa.pk),
        (-1, bole.pk),
    ]


def test_a_count_at_one_location_leaves_the_others(bole):
    item = item_of(5, bole=2)
    count(stock_item_id=item.pk, on_hand=7, by=SYSTEM, location=bole, expected=2)
    count(stock_item_id=item.pk, on_hand=4, by=SYSTEM, location=default_location(), expected=5)
    assert spread(item) == {"main": 4, "bole": 7}


def test_a_count_that_expected_something_else_changes_nothing(bole):
    item = item_of(5, bole=2)
    for place, expected in ((bole, 3), (default_location(), 7), (None, 5)):
        with pytest.raises(StockMoved) as refusal:
            count(stock_item_id=item.pk, on_hand=9, by=SYSTEM, location=place, expected=expected)
        assert refusal.value.errors[0]["field"] == "expected_on_hand"
    assert refusal.value.errors[0]["actual"] == 7
    assert spread(item) == {"main": 5, "bole": 2}


def test_a_count_of_everything_takes_away_as_sales_do(bole):
    item = item_of(2, bole=5)
    set_on_hand(stock_item_id=item.pk, on_hand=4, by=SYSTEM)
    assert spread(item) == {"main": 0, "bole": 4}
    count_available(available={item.pk: 1}, by=SYSTEM)
    assert spread(item) == {"main": 0, "bole": 1}
    count_available(available={item.pk: 3}, by=SYSTEM)
    assert spread(item) == {"main": 2, "bole": 1}


def test_what_is_damaged_at_a_location_is_taken_there(bole):
    item = item_of(5, bole=1)
    adjust(stock_item_id=item.pk, quantity=-1, reason=Reason.DAMAGED, by=SYSTEM, location=bole)
    assert spread(item) == {"main": 5, "bole": 0}
    with pytest.raises(NotThere):
        adjust(stock_item_id=item.pk, quantity=-1, reason=Reason.DAMAGED, by=SYSTEM, location=bole)
    with pytest.raises(NotThere):
        adjust(
            stock_item_id=item.pk, quantity=-6, reason=Reason.DAMAGED, by=SYSTEM, location=default_location()
        )  # fmt: skip


def test_every_edit_raises_the_version_and_no_sale_does(bole):
    item = item_of(5)
    assert item.version is not None
    start = StockItem.objects.get(pk=item.pk).version
    transfer(stock_item_id=item.pk, source=default_location(), target=bole, pieces=1, by=SYSTEM)
    adjust(stock_item_id=item.pk, quantity=1, reason=Reason.CORRECTION, by=SYSTEM)
    count(stock_item_id=item.pk, on_hand=9, by=SYSTEM)
    holder = uuid4()
    reserve(quantities={item.pk: 1}, holder=holder)
    commit(holder=holder, by=SYSTEM)
    assert StockItem.objects.get(pk=item.pk).version == start + 3


def test_codes_are_unique(bole):
    with pytest.raises(LocationCodeTaken):
        create_location(code="bole", name="Another")


def test_what_holds_pieces_is_not_closed(bole):
    item = item_of(0, bole=1)
    with pytest.raises(LocationInUse):
        update_location(location_id=bole.pk, changes={"is_active": False})
    with pytest.raises(LocationInUse):
        delete_location(location_id=bole.pk)
    adjust(stock_item_id=item.pk, quantity=-1, reason=Reason.DAMAGED, by=SYSTEM, location=bole)
    closed = update_location(location_id=bole.pk, changes={"is_active": False, "name": "Closed"})
    assert (closed.is_active, closed.name, closed.version) == (False, "Closed", 2)
    with pytest.raises(NotThere):
        receive(stock_item_id=item.pk, quantity=1, by=SYSTEM, location=closed)
    with pytest.raises(LocationInUse):
        delete_location(location_id=bole.pk)  # it has a history


def test_what_never_held_anything_can_go(bole):
    delete_location(location_id=bole.pk)
    assert not Location.objects.filter(code="bole").exists()


def test_there_is_always_one_default_location(bole):
    main = default_location()
    with pytest.raises(LocationInUse):
        delete_location(location_id=main.pk)
    with pytest.raises(LocationInUse):
        update_location(location_id=main.pk, changes={"is_active": False})
    with pytest.raises(IntegrityError), transaction.atomic():
        Location.objects.filter(pk=bole.pk).update(is_default=True)


def test_a_level_is_part_of_what_is_on_hand():
    item = item_of(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        StockItem.objects.filter(pk=item.pk).update(elsewhere=2)
