"""The same past sales and credits recorded by many at once: each once. The control takes the order of the recorders away."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from unittest.mock import MagicMock

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.models import Variant
from common.actors import SYSTEM
from ledger.models import Entry
from orders import past_credits, past_sales
from orders.models import Order, OrderLine, PastCredit, PastLine
from orders.past_credits import record_past_credits
from orders.past_sales import PastInvoice, PastItem, record_past_sales
from reporting.doctor import examine
from tests.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 8
AT = datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def invoice(number, *, quantity=2, sku="A"):
    item = PastItem(sku, "", quantity, Decimal("2.555"), 2)
    return PastInvoice(number, AT, "GBP", (item, item), customer="17850")


def record(_=0):
    with transaction.atomic():
        return record_past_sales(sales=[invoice(str(n)) for n in range(20)], by=SYSTEM)


def test_what_many_record_is_there_once():
    tallies = at_once(MANY, record)
    assert sorted(tally.new for tally in tallies) == [0] * (MANY - 1) + [40]
    assert {tally.lines for tally in tallies} == {40}
    assert (Order.objects.count(), OrderLine.objects.count(), Entry.objects.count()) == (20, 40, 20)
    assert Variant.objects.count() == 1
    assert examine() == []


def test_control_without_their_order_recorders_collide(monkeypatch):
    monkeypatch.setattr(past_sales, "hold_history", lambda: None)
    with pytest.raises(IntegrityError):
        at_once(MANY, record)
    assert OrderLine.objects.count() in {0, 40}, (
        "the constraints keep it from doubling all the same"
    )


def give_back(place):
    with transaction.atomic():
        credit = invoice(f"C{place}", quantity=1)
        return record_past_credits(credits=[credit], by=SYSTEM)


def test_no_piece_is_credited_twice():
    with transaction.atomic():
        record_past_sales(sales=[invoice("1", quantity=3)], by=SYSTEM)
    at_once(MANY, give_back)
    assert sum(OrderLine.objects.values_list("returned", flat=True)) == 6
    matched = PastCredit.objects.exclude(sold_line=None)
    assert (matched.count(), PastCredit.objects.count()) == (6, 2 * MANY)
    assert examine() == []


def test_control_without_locks_pieces_are_credited_twice_or_refused(monkeypatch):
    with transaction.atomic():
        record_past_sales(sales=[invoice("1", quantity=3)], by=SYSTEM)
    monkeypatch.setattr(past_credits, "hold_history", lambda: None)

    unlocked = MagicMock()  # as if the orders were not locked
    monkeypatch.setattr(past_credits, "Order", unlocked)
    with pytest.raises(IntegrityError, match="line_returns_what_was_shipped"):
        at_once(MANY, give_back)


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("INSERT INTO orders_pastline (order_line_id, line, key) SELECT {}, 9, key FROM orders_pastline LIMIT 1", "key"),
        ("UPDATE orders_pastline SET file_id = (SELECT id FROM orders_pastfile), line = 2", "past_line_is_imported_once"),
        ("UPDATE orders_pastsale SET invoice = '1', part = 1", "past_invoice_is_imported_once"),
        ("UPDATE orders_pastcredit SET quantity = 0", "past_credit"),
        ("UPDATE orders_pastcredit SET amount = 2000", "past_credit_is_its_pieces_at_their_price"),
        ("UPDATE orders_pastcredit SET tax = amount + 1", "past_credit_is_not_negative"),
        ("UPDATE orders_pastcredit SET key = (SELECT key FROM orders_pastcredit LIMIT 1)", "past_credit_is_imported_once"),
    ],
)  # fmt: skip
def test_the_database_has_the_last_word(sql, rule):
    with transaction.atomic():
        record_past_sales(sales=[invoice("1"), invoice("2")], by=SYSTEM)
        record_past_credits(credits=[invoice("C1")], by=SYSTEM)
    other = OrderLine.objects.order_by("-id").first()
    if "{}" in sql:
        PastLine.objects.filter(order_line=other).delete()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO orders_pastfile (digest, name, currency) VALUES ('x', 'x', 'GBP')")  # fmt: skip
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            cursor.execute(sql.format(other.pk))
