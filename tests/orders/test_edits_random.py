"""Random edits and cancellations, before and after the payment: what must be true stays true."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from catalog.bundles import Part, set_parts
from common.errors import Refusal
from inventory.models import Movement, Reservation, StockItem
from inventory.services import set_limits
from ledger import chart
from orders.documents.models import Kind
from orders.edit_effects import cause_of
from orders.edits import Add, Reprice, SetQuantity, cancel_pieces, edit
from orders.models import Order
from orders.repricing import pieces_of
from pricing import coupon_verbs, promotion_verbs
from pricing.models import TaxAssignment, TaxCategory, TaxRate
from reporting.doctor import _ask
from tests import factories
from tests.orders.test_edits import STAFF, adds_up, balance, order_of, pay

pytestmark = pytest.mark.django_db
OF_STOCK = [
    "stock = movements", "reserved = active and owed reservations",
    "reservations ≤ on hand and back-orders", "nothing is owed that is there",
    "pending orders hold their stock", "ledger entries balance", "no orphan in the ledger",
    "catalogue shows what there is",
]  # fmt: skip


@pytest.fixture
def shop():
    """Five things, of which two are one bundle and one is taxed at less; a code and two promotions."""
    variants = [
        factories.variant(price=price, stock=stock)
        for price, stock in (("100.00", 12), ("33.33", 7), ("0.99", 30), ("250.50", 3))
    ]
    set_limits(stock_item_id=variants[1].stock_item_id, changes={"backorder_limit": 4})
    bundle = factories.variant(price="120.00", stock=0)
    set_parts(variant_id=bundle.pk, parts=[Part(variants[0].pk, 1), Part(variants[2].pk, 3)])
    low = TaxCategory.objects.create(code="low", name="Low")
    since = TaxRate.objects.first().valid_from
    TaxRate.objects.create(name="VAT", rate=Decimal("0.05"), valid_from=since, tax_category=low)
    TaxAssignment.objects.create(tax_category=low, product=variants[3].product)
    promotion_verbs.create_promotion(
        fields={"name": "Meskel", "kind": "percentage", "level": "line", "percent": Decimal("7.5")}
    )
    spend = promotion_verbs.create_promotion(
        fields={
            "name": "Big basket", "kind": "amount", "level": "order", "needs_code": True,
            "amounts": [
                {"currency": "ETB", "value": Decimal("31.00"), "minimum": Decimal("400.00")}
            ],
        }
    )  # fmt: skip
    coupon_verbs.create_coupon(promotion_id=spend.pk, code="BIG", fields={})
    return [*variants, bundle]


def anything(dice: random.Random, order: Order, shop):
    """An edit or cancellation that may or may not be possible."""
    lines = list(order.lines.order_by("position"))
    alive = [line for line in lines if line.quantity]
    if not alive or dice.random() < 0.25:
        line = dice.choice(lines)
        pieces = {line.pk: dice.randint(1, max(line.quantity, 1))}
        return lambda: cancel_pieces(order_id=order.pk, pieces=pieces, reason="random", by=STAFF)
    operations = []
    for _ in range(dice.randint(1, 3)):
        line = dice.choice(alive)
        operations.append(
            dice.choice([
                Add(dice.choice(shop).pk, dice.randint(1, 3)),
                SetQuantity(line.pk, dice.randint(0, 5)),
                SetQuantity(line.pk, max(line.quantity - 1, 0)),
                Reprice(line.pk, Decimal(dice.randint(0, 20000)) / 100, "random"),
            ])
        )  # fmt: skip
    return lambda: edit(order_id=order.pk, operations=operations, reason="random", by=STAFF)


def what_is_kept(order: Order) -> None:
    adds_up(order)
    assert [violation for name in OF_STOCK for violation in _ask(name)] == []
    assert order.refund_due <= (order.paid_total or 0)
    if order.status == "paid":
        taken = taken_by(order)
        assert taken == pieces_of(order.lines.select_related("variant"))
        notes = order.documents.filter(kind=Kind.CREDIT_NOTE).aggregate(of=Sum("total"))["of"] or 0
        assert order.documents.get(kind=Kind.INVOICE).total - notes == order.total
        if order.total or order.refund_due:
            assert balance(chart.VAT) == -order.tax_total
            assert balance(chart.REFUNDS_DUE) == -order.refund_due
            assert balance(chart.PREPAID) == order.paid_total  # nobody has posted its payment here


def taken_by(order: Order) -> dict[int, int]:
    """Pieces by stock item that the order has, by movements and what is owed to it."""
    holders = [
        order.public_id,
        *(
            cause_of(order, revision)
            for revision in order.traces.values_list("revision", flat=True)
        ),
    ]
    taken: dict[int, int] = {}
    moved = Movement.objects.filter(holder__in=holders).values_list("stock_item_id", "quantity")
    owed = Reservation.objects.filter(holder__in=holders, state="owed")
    for item, pieces in [*((item, -n) for item, n in moved), *owed.values_list("stock_item_id", "quantity")]:  # fmt: skip
        taken[item] = taken.get(item, 0) + pieces
    return {item: pieces for item, pieces in taken.items() if pieces}


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_edited_everything_adds_up(shop, seed):
    dice = random.Random(seed)
    chosen = dice.sample(shop, 3)
    codes = ["BIG"] if sum(one.price for one in chosen) >= 434 else []
    order = order_of(*((one, dice.randint(1, 3)) for one in chosen), codes=codes)
    done = 0
    for step in range(12):
        if step == 5 and order.status == "pending":
            pay(order)
        try:
            anything(dice, order, shop)()
            done += 1
        except Refusal:
            pass
        what_is_kept(order)
    assert done


def test_the_sql_of_a_cause_is_that_of_python(shop):
    order = order_of((shop[0], 1))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT md5(public_id || ':edit:' || 3)::uuid FROM orders_order WHERE id = %s",
            [order.pk],
        )
        assert cursor.fetchone()[0] == cause_of(order, 3)


def test_promotions_follow_the_basket(shop):
    dear = shop[3]
    order = order_of((dear, 2), codes=["BIG"])
    assert [one["code"] for one in order.discounts] == ["", "BIG"]
    result = edit(
        order_id=order.pk, operations=[SetQuantity(order.lines.get().pk, 1)], reason="r", by=STAFF
    )
    what_is_kept(order)
    assert [(one.code, one.amount) for one in result.lost] == [("BIG", 31)]
    assert [str(one.reason) for one in result.why] == ["below_threshold"]
    # An added line joins the promotion that is still on offer.
    edit(order_id=order.pk, operations=[Add(shop[0].pk, 1)], reason="r", by=STAFF)
    what_is_kept(order)
    assert order.lines.get(variant=shop[0]).discount == Decimal("7.50")
    assert StockItem.objects.get(pk=shop[0].stock_item_id).reserved == 1
