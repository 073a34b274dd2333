"""docs/ledger.md says what is true: its chart is the code's, its example is executed."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from ledger.chart import CHART
from orders.bookkeeping import SOLD, sale_lines
from orders.models import Order, OrderLine
from orders.past_credits import CREDITED
from orders.refunds import OWED, REDUCED
from payments.bookkeeping import RECEIVED, UNASSIGNED, receipt_lines
from pricing.services import quote

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "ledger.md").read_text()


def table(heading: str) -> list[list[str]]:
    part = re.split(r"^#+ ", TEXT.split(f" {heading}\n", 1)[1], flags=re.M)[0]
    rows = [line.strip("| ").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]


def test_the_chart():
    assert table("Accounts") == [[a.code, a.kind.value, a.meaning] for a in CHART]


def test_every_kind_of_entry_is_in_the_table():
    kinds = {row[1].split(",")[0].strip("`") for row in table("What each verb posts")}
    assert kinds == {RECEIVED, UNASSIGNED, SOLD, CREDITED, REDUCED, OWED, "reversal"}


def test_the_example():
    priced = quote(lines=[(1, Decimal("1250.00"))], tax_rate=Decimal("0.15"), currency="ETB")
    order = Order(
        currency="ETB", subtotal=priced.subtotal, discount_total=priced.discount_total,
        delivery_total=priced.delivery_total, tax_total=priced.tax_total, tax_rate=Decimal("0.15"), total=priced.total,
    )  # fmt: skip
    received = receipt_lines("chapa", order.total, Decimal("37.50"), "ETB")
    sold = [OrderLine(total=line.subtotal, tax=line.tax) for line in priced.lines]
    both = (received, sale_lines(order, sold))
    columns = [{line.account: line.amount for line in lines} for lines in both]
    rows = table("An example")
    assert {row[0] for row in rows} == {account for column in columns for account in column}
    for account, *shown in rows:
        amounts = [column.get(account) for column in columns]
        assert shown[:2] == [f"{one:.2f}" if one is not None else "" for one in amounts]
        assert shown[2] == f"{sum(one or 0 for one in amounts):.2f}"
