"""import_trading_history against a clerk with a pencil: to the line and to the penny."""

from __future__ import annotations

import csv
import gzip
import random
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Count, Sum

from ledger.services import balances
from orders.history_import import spool
from orders.models import OrderLine, PastCredit, PastSale
from reporting.doctor import examine
from tests.orders.histories import HEADER, figures, importer, snapshot

pytestmark = pytest.mark.django_db
MONTH = Path(__file__).resolve().parents[3] / "shared" / "data" / "online-retail-2010-12.csv.gz"


@pytest.fixture
def load(tmp_path):
    """Imports these lines below the header; returns what it said."""
    return importer(tmp_path)


def penny(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def independent(rows: list[dict[str, str]]):
    """What a clerk with a pencil finds: lines and sums of sales, credits and the rest; the total of each invoice."""
    sums = {kind: [0, Decimal(0), Decimal(0)] for kind in ("sale", "credit", "other")}
    invoices: Counter[str] = Counter()
    for row in rows:
        quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
        credit = row["InvoiceNo"].startswith("C")
        if price < 0 or row["InvoiceNo"].startswith("A") or (quantity < 0) != credit:
            kind = "other"
        else:
            kind = "credit" if credit else "sale"
        value = quantity * price
        sums[kind] = [sums[kind][0] + 1, sums[kind][1] + value, sums[kind][2] + penny(value)]
        if kind == "sale":
            invoices[row["InvoiceNo"]] += penny(value)
    return {kind: tuple(found) for kind, found in sums.items()}, invoices


def compare(rows, said):
    expected, invoices = independent(rows)
    found = figures(said)
    assert found["sales"] == expected["sale"]
    assert found["credits"] == expected["credit"]
    assert found["rejected"] == expected["other"]
    in_shop = OrderLine.objects.aggregate(
        n=Count("id"), exact=Sum("exact_total"), rounded=Sum("total")
    )
    assert tuple(in_shop.values()) == expected["sale"]
    totals: Counter[str] = Counter()
    for invoice, total in PastSale.objects.values_list("invoice", "order__total"):
        totals[invoice] += total
    assert totals == invoices
    credited = PastCredit.objects.aggregate(exact=Sum("exact_amount"), rounded=Sum("amount"))
    assert (-credited["exact"], -credited["rounded"]) == expected["credit"][1:]
    held = {balance.account: balance.amount for balance in balances(currency="GBP")}
    assert held["sales"] == -expected["sale"][2]
    assert held["legacy"] == expected["sale"][2] + expected["credit"][2]
    assert sum(held.values()) == 0


@pytest.mark.parametrize("seed", range(4))
def test_any_file_is_imported_to_the_penny(load, monkeypatch, seed):
    chance = random.Random(seed)
    monkeypatch.setattr(spool, "BATCH", chance.choice([1, 7, 50]))
    rows = []
    for _ in range(300):
        number = chance.randrange(1, 60)
        credit = chance.random() < 0.2
        adjustment = chance.random() < 0.03
        quantity = chance.choice([1, 1, 2, 3, 12, 144, 80995])
        rows.append(
            {
                "InvoiceNo": f"{'A' if adjustment else 'C' if credit else ''}{number}",
                "StockCode": chance.choice(["a", "A", "B", "POST", "M"]),
                "Description": chance.choice(["", "one, two", 'a "b"', "£"]),
                "Quantity": str(-quantity if credit or chance.random() < 0.05 else quantity),
                "InvoiceDate": f"12/{13 + number // 4}/2010 {chance.randrange(24)}:{chance.randrange(60):02d}",
                "UnitPrice": chance.choice(
                    ["0", "0.001", "0.005", "1.25", "2.55", "0.125", "-11.06"]
                ),
                "CustomerID": chance.choice(["", "1", "2"]),
                "Country": chance.choice(["United Kingdom", "EIRE", "Unspecified"]),
            }
        )
    out = StringIO(newline="")
    writer = csv.DictWriter(out, HEADER.split(","))
    writer.writerows(rows)
    said = load(out.getvalue(), encoding="cp1252")
    compare(rows, said)
    assert examine() == []
    before = snapshot()
    load(out.getvalue(), encoding="utf-8", name="again.csv")
    assert snapshot() == before


@pytest.mark.skipif(not MONTH.exists(), reason="needs the real month")
def test_a_real_month_is_imported_to_the_penny():
    out = StringIO()
    call_command("import_trading_history", str(MONTH), "--currency", "GBP", stdout=out, stderr=StringIO())  # fmt: skip
    with gzip.open(MONTH, "rt", encoding="utf-8", newline="") as file:
        compare(list(csv.DictReader(file)), out.getvalue())
    assert figures(out.getvalue())["lines read"][0] == 42_481
    assert examine() == []
