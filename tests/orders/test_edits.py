"""Orders that change before they leave: prices, stock, money, documents and the books go along."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from common.actors import Actor
from common.errors import Invalid
from inventory.models import StockItem
from inventory.services import set_limits
from ledger import chart
from ledger.services import balances
from orders import services as orders
from orders.checkout import Contact, Item, NotForSale, OutOfStock, Wishes, checkout
from orders.documents.issuing import CreditLine, issue_credit_note
from orders.documents.models import Kind
from orders.edit_effects import OrderIsPaid, cause_of
from orders.edits import (
    Add,
    NothingLeft,
    PaymentInFlight,
    PiecesShipped,
    Reprice,
    SetQuantity,
    cancel_pieces,
    edit,
)
from orders.models import Order, OrderLine, WrongOrderState
from pricing.quoting import recompute
from tests import factories
from tests.payments.test_models import FIELDS, make

pytestmark = pytest.mark.django_db
STAFF = Actor("staff", name="sara")


def order_of(*lines, owner=None, **more) -> Order:
    """A pending order of (variant, pieces)."""
    with transaction.atomic():
        made = checkout(
            items=[Item(quantity=pieces, variant_id=one.pk) for one, pieces in lines],
            owner=owner, contact=Contact(email="hana@buyers.shop"), wishes=Wishes(),
            expected_total=None, by=STAFF, **more,
        )  # fmt: skip
    return Order.objects.get(pk=made.pk)


def pay(order: Order) -> Order:
    with transaction.atomic():
        orders.mark_paid(order=orders.lock_order(order.pk), by=STAFF)
    order.refresh_from_db()
    return order


def change(order: Order, *operations, reason="asked by telephone"):
    return edit(order_id=order.pk, operations=operations, reason=reason, by=STAFF)


def line_of(order: Order, place: int = 0) -> OrderLine:
    return order.lines.get(position=place)


def stock(variant) -> tuple[int, int]:
    item = StockItem.objects.get(pk=variant.stock_item_id)
    return item.on_hand, item.reserved


def adds_up(order: Order) -> None:
    """What must be true of every order, edited or not."""
    order.refresh_from_db()
    lines = list(order.lines.all())
    assert order.subtotal == sum(line.total for line in lines)
    assert order.discount_total == sum(line.discount for line in lines)
    assert order.tax_total == sum(line.tax for line in lines) + order.delivery_tax
    assert order.total == order.subtotal - order.discount_total + order.delivery_total
    trace = order.traces.order_by("-revision").first()
    if trace is not None:
        made = recompute(trace.trace)
        assert (made.total, made.tax_total) == (order.total, order.tax_total)
        assert {line.variant_id: line.quantity for line in made.lines} == {
            line.variant_id: line.quantity for line in lines if line.quantity
        }
    if order.paid_total is not None:
        assert order.paid_total - order.refund_due == order.total
    assert order.refund_due == sum(due.amount for due in order.refunds_due.all())
    assert sum(one.amount for one in balances()) == 0


def balance(account: str) -> Decimal:
    return sum((one.amount for one in balances() if one.account == account), Decimal(0))


# --- pending ------------------------------------------------------------------------------------


def test_lines_are_added_changed_and_taken_out():
    coffee, cup, sugar = (factories.variant(price=price) for price in ("100", "50", "20"))
    order = order_of((coffee, 2), (cup, 1))
    result = change(
        order, SetQuantity(line_of(order).pk, 3), SetQuantity(line_of(order, 1).pk, 0),
        Add(sugar.pk, 4), Add(coffee.pk, 1),
    )  # fmt: skip
    adds_up(order)
    assert (result.before, result.after, order.total) == (250, 480, 480)
    assert [(line.sku, line.quantity, line.cancelled) for line in order.lines.order_by("position")] == [
        (coffee.sku, 4, 0), (cup.sku, 0, 1), (sugar.sku, 4, 0),
    ]  # fmt: skip
    assert (stock(coffee), stock(cup), stock(sugar)) == ((10, 4), (10, 0), (10, 4))
    assert [trace.revision for trace in order.traces.order_by("revision")] == [0, 1]
    assert order.traces.get(revision=1).reason == "asked by telephone"


def test_everybody_is_told(mailbox):
    order = order_of((factories.variant(price="100"), 2))
    change(order, SetQuantity(line_of(order).pk, 1), reason="one is enough")
    [letter] = [one for one in mailbox() if "was changed" in one.subject]
    assert letter.recipient == "hana@buyers.shop"
    assert "one is enough" in letter.text
    assert "Total: 100.00 ETB (before: 200.00 ETB)" in letter.text
    event = order.history.order_by("-pk").first()
    assert (event.actor, event.status) == ("staff:sara", "pending")
    assert event.note.startswith("changed: one is enough; ")


def test_an_edit_can_be_repeated_and_undone():
    variant = factories.variant(price="10")
    order = order_of((variant, 2))
    for pieces in (5, 1, 2):
        change(order, SetQuantity(line_of(order).pk, pieces))
        adds_up(order)
        assert stock(variant) == (10, pieces)
    assert line_of(order).cancelled == 4


def test_a_line_that_was_taken_out_comes_back_at_today_s_price():
    coffee, cup = factories.variant(price="100"), factories.variant(price="50")
    order = order_of((coffee, 1), (cup, 1))
    change(order, SetQuantity(line_of(order).pk, 0))
    type(coffee).objects.filter(pk=coffee.pk).update(price=Decimal(110))
    change(order, Add(coffee.pk, 2))
    adds_up(order)
    line = line_of(order)
    assert (line.quantity, line.unit_price, order.total) == (2, 110, 270)


def test_prices_stay_those_of_the_order_s_moment():
    variant = factories.variant(price="100")
    order = order_of((variant, 1))
    type(variant).objects.filter(pk=variant.pk).update(price=Decimal(500))
    change(order, SetQuantity(line_of(order).pk, 3))
    adds_up(order)
    assert order.total == 300


def test_a_price_is_agreed_with_a_reason():
    order = order_of((factories.variant(price="100"), 2))
    with pytest.raises(Invalid):
        change(order, Reprice(line_of(order).pk, Decimal(80), " "))
    with pytest.raises(Invalid):
        change(order, Reprice(line_of(order).pk, Decimal("80.001"), "dented"))
    change(order, Reprice(line_of(order).pk, Decimal(80), "dented"))
    adds_up(order)
    assert order.total == 160
    assert "dented" in order.history.order_by("-pk").first().note


def test_an_order_that_costs_nothing_any_more_is_paid():
    variant = factories.variant(price="100")
    order = order_of((variant, 1))
    change(order, Reprice(line_of(order).pk, Decimal(0), "a gift"))
    adds_up(order)
    assert order.status == "paid"
    assert stock(variant) == (9, 0)


def test_what_there_is_not_enough_of_is_named_by_operation():
    coffee, cup = factories.variant(stock=3), factories.variant(stock=1)
    order = order_of((coffee, 2))
    with pytest.raises(OutOfStock) as refusal:
        change(order, SetQuantity(line_of(order).pk, 4), Add(cup.pk, 2))
    assert [(e["field"], e["available"]) for e in refusal.value.errors] == [
        ("operations.0.quantity", 3), ("operations.1.quantity", 1),
    ]  # fmt: skip
    adds_up(order)
    assert (order.total, stock(coffee), stock(cup)) == (200, (3, 2), (1, 0))
    assert not order.traces.exclude(revision=0).exists()


def test_what_is_not_for_sale_is_named():
    hidden = factories.variant()
    type(hidden.product).objects.update(is_published=False)
    order = order_of((factories.variant(), 1))
    with pytest.raises(NotForSale) as refusal:
        change(order, Add(10**12, 1), Add(hidden.pk, 1))
    assert [e["field"] for e in refusal.value.errors] == ["operations.0", "operations.1"]


def test_nonsense_is_refused():
    order = order_of((factories.variant(), 1))
    other = order_of((factories.variant(), 1))
    for operations in (
        [],
        [SetQuantity(line_of(other).pk, 2)],
        [SetQuantity(line_of(order).pk, 1)],  # as it is
        [SetQuantity(line_of(order).pk, 0), SetQuantity(line_of(order).pk, 1)],
    ):
        with pytest.raises(Invalid):
            change(order, *operations)
    with pytest.raises(NothingLeft):
        change(order, SetQuantity(line_of(order).pk, 0))
    adds_up(order)


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        ({"status": "pending"}, True),
        ({"status": "review"}, True),
        ({"status": "failed"}, True),
        ({"status": "failed", "initialised_at": None}, False),
        ({"status": "cancelled"}, False),
    ],
)
def test_nobody_pays_the_old_total_for_something_else(state, refused):
    order = order_of((factories.variant(), 2))
    fields = {"initialised_at": timezone.now(), **FIELDS.get(state["status"], {}), **state}
    make(order, **fields)
    if refused:
        with pytest.raises(PaymentInFlight):
            change(order, SetQuantity(line_of(order).pk, 1))
    else:
        change(order, SetQuantity(line_of(order).pk, 1))
    adds_up(order)


# --- paid ---------------------------------------------------------------------------------------


def test_what_a_paid_order_becomes_cheaper_by_is_owed_back():
    coffee, cup = factories.variant(price="115"), factories.variant(price="57.50")
    order = pay(order_of((coffee, 3), (cup, 2)))
    result = change(order, SetQuantity(line_of(order).pk, 1), SetQuantity(line_of(order, 1).pk, 1))
    adds_up(order)
    assert result.refund is not None
    assert (result.refund.amount, order.refund_due, order.paid_total) == (
        Decimal("287.50"),
    ) * 2 + (460,)
    assert (stock(coffee), stock(cup)) == ((9, 0), (9, 0))
    assert balance(chart.REFUNDS_DUE) == Decimal("-287.50")
    assert balance(chart.VAT) == -order.tax_total
    assert coffee.stock_item.movements.filter(holder=cause_of(order, 1)).get().quantity == 2


def test_a_credit_note_says_what_is_no_longer_sold():
    coffee, cup = factories.variant(price="115"), factories.variant(price="57.50")
    order = pay(order_of((coffee, 3)))
    change(order, SetQuantity(line_of(order).pk, 1), Add(cup.pk, 2), reason="swapped")
    adds_up(order)
    [note] = order.documents.filter(kind=Kind.CREDIT_NOTE)
    assert (note.total, note.data["reason"], note.key) == (115, "swapped", "edit:1")
    assert [(line["quantity"], line["total"]) for line in note.data["lines"]] == [
        (2, "230.00"), (-2, "-115.00"),
    ]  # fmt: skip
    assert note.data["taxes"] == [
        {"rate": "0.1500", "net": "100.00", "tax": "15.00", "gross": "115.00"}
    ]
    assert (stock(coffee), stock(cup)) == ((9, 0), (8, 0))


def test_what_is_left_can_still_be_credited_when_it_is_returned():
    order = pay(order_of((factories.variant(price="100"), 3)))
    change(order, SetQuantity(line_of(order).pk, 2))
    with transaction.atomic():
        locked = orders.lock_order(order.pk)
        note = issue_credit_note(
            order=locked, lines=[CreditLine(0, 2)], reason="returned", key="return:1"
        )
    assert note.total == 200


def test_a_paid_order_never_becomes_dearer():
    coffee, cup = factories.variant(price="100"), factories.variant(price="150")
    order = pay(order_of((coffee, 1)))
    with pytest.raises(OrderIsPaid, match=r"50\.00 ETB"):
        change(order, SetQuantity(line_of(order).pk, 0), Add(cup.pk, 1))
    adds_up(order)
    assert stock(cup) == (10, 0)


def test_a_swap_of_the_same_price_owes_nothing():
    coffee, cup = factories.variant(price="100"), factories.variant(price="100")
    order = pay(order_of((coffee, 1)))
    result = change(order, SetQuantity(line_of(order).pk, 0), Add(cup.pk, 1))
    adds_up(order)
    assert result.refund is None
    assert (stock(coffee), stock(cup)) == ((10, 0), (9, 0))
    assert not order.documents.filter(kind=Kind.CREDIT_NOTE).exists()
    # and back again, the same thing sold a second time to the same order
    change(order, SetQuantity(line_of(order, 1).pk, 0), Add(coffee.pk, 1))
    adds_up(order)
    assert (stock(coffee), stock(cup)) == ((9, 0), (10, 0))


def test_pieces_that_are_still_owed_do_not_come_back():
    variant = factories.variant(stock=1, price="10")
    set_limits(stock_item_id=variant.stock_item_id, changes={"backorder_limit": 5})
    order = pay(order_of((variant, 4)))
    assert stock(variant) == (1, 4)
    change(order, SetQuantity(line_of(order).pk, 2))
    adds_up(order)
    assert stock(variant) == (1, 2)


def test_a_paid_order_of_before_writes_down_what_was_paid():
    order = pay(order_of((factories.variant(price="100"), 2)))
    order.traces.all().delete()
    Order.objects.filter(pk=order.pk).update(paid_total=None)
    change(order, SetQuantity(line_of(order).pk, 1))
    adds_up(order)
    assert (order.paid_total, order.refund_due) == (200, 100)


def test_what_has_left_or_ended_stays():
    order = pay(order_of((factories.variant(), 2)))
    order.lines.update(shipped=1)
    with pytest.raises(WrongOrderState):
        change(order, SetQuantity(line_of(order).pk, 1))
    orders.ship(order_id=order.pk, by=STAFF)
    with pytest.raises(WrongOrderState):
        change(order, SetQuantity(line_of(order).pk, 1))


# --- cancelling by line -------------------------------------------------------------------------


def cancel(order: Order, own=False, **pieces: int):
    numbered = {line_of(order, int(place[1:])).pk: count for place, count in pieces.items()}
    return cancel_pieces(order_id=order.pk, pieces=numbered, reason="not wanted", by=STAFF, own=own)


def test_a_customer_cancels_pieces_of_what_is_not_paid():
    variant = factories.variant(price="100")
    order = order_of((variant, 3))
    cancel(order, own=True, p0=2)
    adds_up(order)
    line = line_of(order)
    assert (line.quantity, line.cancelled, order.total) == (1, 2, 100)
    assert stock(variant) == (10, 1)
    pay(order)
    with pytest.raises(WrongOrderState):
        cancel(order, own=True, p0=1)


def test_the_last_pieces_of_a_pending_order_end_it():
    variant = factories.variant(price="100")
    order = order_of((variant, 3))
    cancel(order, own=True, p0=3)
    order.refresh_from_db()
    assert (order.status, order.cancel_reason, order.fulfilment_status) == (
        "cancelled", "customer", "cancelled",
    )  # fmt: skip
    assert stock(variant) == (10, 0)


def test_all_of_a_paid_order_goes_back():
    variant = factories.variant(price="115")
    order = pay(order_of((variant, 2)))
    cancel(order, p0=2)
    adds_up(order)
    assert (order.status, order.total, order.refund_due, order.fulfilment_status) == (
        "paid", 0, 230, "cancelled",
    )  # fmt: skip
    assert stock(variant) == (10, 0)
    assert balance(chart.VAT) == balance(chart.SALES) + balance(chart.RETURNS) == 0


def test_of_a_line_that_left_in_part_the_rest_is_cancelled():
    variant = factories.variant(price="100")
    order = pay(order_of((variant, 3)))
    order.lines.update(shipped=1)
    with pytest.raises(PiecesShipped) as refusal:
        cancel(order, p0=3)
    assert refusal.value.errors[0]["available"] == 2
    cancel(order, p0=2)
    adds_up(order)
    assert (line_of(order).quantity, order.status) == (1, "shipped")


def test_more_than_there_is_cannot_be_cancelled():
    order = order_of((factories.variant(), 2))
    with pytest.raises(Invalid):
        cancel(order, p0=3)
