"""What docs/orders.md says is what the code does."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from ledger.models import Entry
from orders.documents.models import Kind
from orders.edits import Add, SetQuantity
from orders.models import Order, Status
from orders.refunds import REDUCED
from orders.states import CAUSES, as_mermaid
from tests import factories
from tests.orders.test_edits import adds_up, change, line_of, order_of, pay, stock

DOCUMENT = Path(__file__).parents[2] / "docs" / "orders.md"


def test_the_diagram_is_the_table_of_moves():
    """`python manage.py order_states --write` mends it."""
    out = StringIO()
    call_command("order_states", stdout=out)
    assert out.getvalue() == as_mermaid()
    assert as_mermaid() in DOCUMENT.read_text()


def test_the_diagram_leaves_nothing_out():
    moves = {(before, after) for before in Status for after in Order.NEXT[before]}
    assert moves == set(CAUSES)
    drawn = [line for line in as_mermaid().splitlines() if " --> " in line and "[*]" not in line]
    assert len(drawn) == len(moves)


@pytest.mark.django_db
def test_the_example_of_an_edit():
    bag, cup = factories.variant(price="115.00"), factories.variant(price="57.50")
    order = pay(order_of((bag, 3)))
    assert (order.total, order.tax_total) == (345, 45)
    change(order, SetQuantity(line_of(order).pk, 1), Add(cup.pk, 2))
    adds_up(order)
    assert (order.total, order.tax_total, order.paid_total, order.refund_due) == (230, 30, 345, 115)
    entry = Entry.objects.get(kind=REDUCED)
    assert dict(entry.postings.values_list("account_id", "amount")) == {
        "sales.returns": Decimal(100), "tax.vat": Decimal(15), "refunds.due": Decimal(-115),
    }  # fmt: skip
    assert (stock(bag), stock(cup)) == ((9, 0), (8, 0))
    note = order.documents.get(kind=Kind.CREDIT_NOTE)
    assert [line["total"] for line in note.data["lines"]] == ["230.00", "-115.00"]
    text = DOCUMENT.read_text()
    for row in (
        "| total | 345.00 | 230.00 |",
        "| refund due | 0.00 | 115.00 |",
        "bags 230.00, cups −115.00",
    ):
        assert row in text
