"""What one order and one customer may take, and hold unpaid; and when staff hear that something runs low."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from common.actors import SYSTEM
from inventory.models import Reason, StockItem
from inventory.refusals import PurchaseLimit, TooMuchReserved
from inventory.services import adjust, commit, open_item, receive, release, reserve, set_limits
from tests import factories

pytestmark = pytest.mark.django_db


def item_of(on_hand: int = 100, **limits) -> StockItem:
    item = open_item(on_hand=on_hand, by=SYSTEM)
    set_limits(stock_item_id=item.pk, changes=limits)
    return item


def buy(item: StockItem, pieces: int = 1, customer: str = ""):
    holder = uuid4()
    reserve(quantities={item.pk: pieces}, holder=holder, customer=customer)
    return holder


def test_one_order_may_take_so_many():
    item = item_of(max_per_order=2)
    buy(item, 2, "user:1")
    with pytest.raises(PurchaseLimit) as refusal:
        buy(item, 3, "user:1")
    assert refusal.value.limits == {item.pk: 2}
    assert refusal.value.errors[0]["code"] == "purchase_limit"


def test_one_customer_may_take_so_many_in_all():
    item = item_of(max_per_customer=3)
    commit(holder=buy(item, 2, "user:1"), by=SYSTEM)
    with pytest.raises(PurchaseLimit) as refusal:
        buy(item, 2, "user:1")
    assert refusal.value.limits == {item.pk: 1}
    buy(item, 1, "user:1")
    buy(item, 3, "user:2")


def test_what_was_given_back_does_not_count():
    item = item_of(max_per_customer=2)
    release(holder=buy(item, 2, "user:1"))
    buy(item, 2, "user:1")


def test_of_an_unknown_customer_an_order_is_all_that_is_known():
    item = item_of(max_per_customer=2)
    with pytest.raises(PurchaseLimit):
        buy(item, 3)
    buy(item, 2)
    buy(item, 2)


def test_unpaid_orders_of_one_customer_are_counted(settings):
    settings.MAX_OPEN_ORDERS = 2
    item = item_of()
    first, second = buy(item, 1, "user:1"), buy(item, 1, "user:1")
    with pytest.raises(TooMuchReserved):
        buy(item, 1, "user:1")
    buy(item, 1, "user:2")
    buy(item, 1)
    commit(holder=first, by=SYSTEM)
    buy(item, 1, "user:1")
    release(holder=second)
    buy(item, 1, "user:1")


def test_pieces_of_one_customer_are_counted(settings):
    settings.MAX_OPEN_PIECES = 5
    item = item_of()
    buy(item, 4, "user:1")
    with pytest.raises(TooMuchReserved, match="4 are already"):
        buy(item, 2, "user:1")
    buy(item, 1, "user:1")


def test_the_cap_costs_one_statement(django_assert_num_queries):
    items = [item_of() for _ in range(20)]
    with django_assert_num_queries(4):
        reserve(quantities={item.pk: 1 for item in items}, holder=uuid4(), customer="user:1")


# --- running low --------------------------------------------------------------------------------


@pytest.fixture
def owner(db):
    return factories.staff(email="owner@shop.test")


def test_staff_hear_of_it_once_until_it_is_restocked(owner, run_jobs, mailbox):
    variant = factories.variant(stock=5, product_name="Yirgacheffe")
    item = variant.stock_item
    set_limits(stock_item_id=item.pk, changes={"low_stock_at": 3})
    buy(item, 1)
    run_jobs("catalog.")
    assert mailbox() == []
    buy(item, 1)
    assert run_jobs("catalog.tell_low_stock") == 1
    [letter] = mailbox()
    assert letter.recipient == owner.email
    assert f"{variant.sku}, Yirgacheffe: 3 left" in letter.text
    release(holder=buy(item, 3))
    buy(item, 3)
    assert run_jobs("catalog.tell_low_stock") == 0
    receive(stock_item_id=item.pk, quantity=10, by=SYSTEM)
    adjust(stock_item_id=item.pk, quantity=-8, reason=Reason.DAMAGED, by=SYSTEM)
    run_jobs("catalog.tell_low_stock")
    assert len(mailbox()) == 2


def test_going_up_and_down_within_a_day_is_no_news(owner, run_jobs, mailbox):
    item = factories.variant(stock=4).stock_item
    set_limits(stock_item_id=item.pk, changes={"low_stock_at": 3})
    release(holder=buy(item, 1))
    release(holder=buy(item, 1))
    run_jobs("catalog.tell_low_stock")
    assert mailbox() == []  # it is not low any more when the job looks
    holder = buy(item, 1)
    assert run_jobs("catalog.tell_low_stock") == 0
    StockItem.objects.filter(pk=item.pk).update(alerted_at=timezone.now() - timedelta(days=2))
    release(holder=holder)
    buy(item, 1)
    run_jobs("catalog.tell_low_stock")
    assert len(mailbox()) == 1


def test_the_job_is_safe_to_run_twice(owner, run_jobs, mailbox):
    from catalog.low_stock import tell_staff

    item = factories.variant(stock=3).stock_item
    set_limits(stock_item_id=item.pk, changes={"low_stock_at": 2})
    buy(item, 1)
    tell_staff(stock_item_ids=[item.pk])
    tell_staff(stock_item_ids=[item.pk])
    assert len(mailbox()) == 1


def test_only_those_who_set_stock_hear_of_it(run_jobs, mailbox):
    from account.models import UserRole

    keeper, support = (factories.user(is_staff=True) for _ in range(2))
    UserRole.objects.create(user=keeper, role="stock_keeper")
    UserRole.objects.create(user=support, role="support")
    factories.user()
    item = factories.variant(stock=3).stock_item
    set_limits(stock_item_id=item.pk, changes={"low_stock_at": 2})
    buy(item, 1)
    run_jobs("catalog.tell_low_stock")
    assert [letter.recipient for letter in mailbox()] == [keeper.email]
