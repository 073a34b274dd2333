"""import_trading_history: every row of a file is in the shop or reported, to the line and to the penny."""

from __future__ import annotations

import csv
import gzip
import random
from collections import Counter
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Sum

from catalog.models import Product, Variant
from common.actors import SYSTEM
from inventory.models import Movement
from ledger.models import Entry
from ledger.services import balances
from orders.history_import import running, spool
from orders.models import Order, OrderLine, PastCredit, PastFile, PastLine, PastSale
from orders.past_sales import PastInvoice, PastItem, record_past_sale
from reporting.doctor import examine

pytestmark = pytest.mark.django_db
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
MONTH = Path(__file__).resolve().parents[3] / "shared" / "data" / "online-retail-2010-12.csv.gz"
SHOP = """
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536366,22632,"HAND WARMER, ""RED"" POLKA DOT",2,12/1/2010 8:28,1.85,17850,United Kingdom
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,85123a,,1,12/1/2010 8:26,0.001,17850,United Kingdom
536414,22139,,56,12/1/2010 11:52,0,,United Kingdom
C536379,85123A,HEART,-7,12/13/2010 9:41,2.55,17850,United Kingdom
C536380,D,Discount,-1,12/13/2010 9:42,27.50,14527,United Kingdom
"""


@pytest.fixture
def load(tmp_path):
    """Imports these lines below the header; returns what it said."""

    def run(text, *options, name="history.csv", header=HEADER, encoding="utf-8", currency="GBP"):
        path = tmp_path / name
        body = f"{header}\n{text.strip(chr(10))}\n" if isinstance(text, str) else text
        path.write_bytes(body.encode(encoding) if isinstance(body, str) else body)
        out = StringIO()
        call_command(
            "import_trading_history", str(path), "--currency", currency, *options, stdout=out, stderr=StringIO()
        )  # fmt: skip
        return out.getvalue()

    return run


def figures(said: str) -> dict[str, tuple[int, Decimal, Decimal]]:
    """The table of the summary."""
    found = {}
    for line in said.splitlines():
        for name in ("Lines read", "Imported", "  sales", "  credits", "Rejected  "):
            if line.startswith(name):
                lines, exact, rounded = line[len(name) :].split()
                found[name.strip().lower()] = (int(lines), Decimal(exact), Decimal(rounded))
    return found


def snapshot():
    """Everything that an import writes, without ids."""
    lines = OrderLine.objects.values_list(
        "order__number", "position", "sku", "name", "quantity", "returned", "exact_total", "total",
        "past_line__line", "past_line__key", "order__created_at", "order__total",
    )  # fmt: skip
    credits = PastCredit.objects.values_list(
        "invoice", "line", "piece", "quantity", "amount", "sold_line__past_line__key"
    )
    return sorted(lines), sorted(credits, key=str), Entry.objects.count(), Variant.objects.count()


# --- what becomes of the rows -------------------------------------------------------------------


def test_a_file_becomes_orders_and_credits(load):
    said = load(SHOP, "--time-zone", "Europe/London")
    assert figures(said) == {
        "lines read": (7, Decimal("-11.049"), Decimal("-11.05")),
        "imported": (7, Decimal("-11.049"), Decimal("-11.05")),
        "sales": (5, Decimal("34.301"), Decimal("34.30")),
        "credits": (2, Decimal("-45.35"), Decimal("-45.35")),
        "rejected": (0, 0, 0),
    }
    first, second, gift = Order.objects.order_by("created_at", "id")
    assert [line.sku for line in first.lines.order_by("position")] == ["85123A", "85123A", "85123a"]
    assert [line.past_line.line for line in first.lines.order_by("position")] == [2, 4, 5]
    assert first.created_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert second.lines.get().name == 'HAND WARMER, "RED" POLKA DOT'
    assert (gift.total, gift.past_sale.customer, gift.lines.get().name) == (0, "", "22139")
    assert sorted(first.lines.values_list("returned", flat=True)) == [0, 1, 6]
    assert PastCredit.objects.filter(sold_line=None).get().sku == "D"
    assert not Movement.objects.exists()
    assert examine() == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",A,x,1,12/1/2010 8:26,1,,UK", "there is no invoice number"),
        ("1,,x,1,12/1/2010 8:26,1,,UK", "there is no stock code"),
        ("1,A,x,,12/1/2010 8:26,1,,UK", "there is no quantity"),
        ("1,A,x,six,12/1/2010 8:26,1,,UK", "the quantity is not a whole number: 'six'"),
        ("1,A,x,1.5,12/1/2010 8:26,1,,UK", "the quantity is not a whole number: '1.5'"),
        ("1,A,x,0,12/1/2010 8:26,1,,UK", "the quantity is 0"),
        ("1,A,x,-5,12/1/2010 8:26,0,,UK", "a negative quantity without a cancellation (C): a stock write-off"),
        ("C1,A,x,5,12/1/2010 8:26,1,,UK", "a cancellation (C) with a quantity above 0"),
        ("1,A,x,1,12/1/2010 8:26,,,UK", "there is no unit price"),
        ("1,A,x,1,12/1/2010 8:26,NaN,,UK", "the unit price is not a number: 'NaN'"),
        ("1,A,x,1,12/1/2010 8:26,1e3,,UK", "the unit price is not a number: '1e3'"),
        ("1,A,x,1,12/1/2010 8:26,-0.01,,UK", "the unit price is negative: -0.01"),
        ("A563186,B,Adjust bad debt,1,8/12/2011 14:51,-11062.06,,UK", "A563186 is an adjustment of accounts, not a sale"),
        ("1,A,x,1,12/1/2010 8:26,0.123456789,,UK", "the unit price has more than 8 decimals"),
        ("1,A,x,99999999999,12/1/2010 8:26,1,,UK", "the quantity, price or value is larger than any sale"),
        ("1,A,x,1,,1,,UK", "there is no invoice date"),
        ("1,A,x,1,31/31/2010 8:26,1,,UK", "the invoice date is not a date (month-first): '31/31/2010 8:26'"),
        ("1,A,x,1,2/30/2010 8:26,1,,UK", "the invoice date is not a date (month-first): '2/30/2010 8:26'"),
        ("1,A,x,1,12/1/2999 8:26,1,,UK", "the invoice date lies in the future: 12/1/2999 8:26"),
        ("1,A,x,1,12/1/2010 8:26,1,,UK,more", "9 cells for 8 columns: is a quotation mark missing?"),
        ("1,A", "there is no quantity"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_sale_is_reported(load, row, reason):
    said = load(f"{SHOP}{row}\n2,A,x,1,12/13/2010 8:26,1,,UK", "--date-format", "month-first")
    assert f"Rejected: line 9: {reason}" in said
    found = figures(said)
    assert found["rejected"][0] == 1
    assert found["imported"][0] == 8
    assert found["imported"][1] + found["rejected"][1] == found["lines read"][1]
    assert PastSale.objects.filter(invoice="2").exists()


def test_rejected_rows_go_to_a_file_that_runs_nothing(load, tmp_path):
    report = tmp_path / "rejected.csv"
    load(f"{SHOP}=cmd(),A,@x,,12/1/2010 8:26,-1,+1,UK", "--report", str(report))
    [header, row] = list(csv.reader(report.open(newline="")))
    assert header[:4] == ["line", "reason", "invoiceno", "stockcode"]
    assert row == ["9", "there is no quantity", "'=cmd()", "A", "'@x", "", "12/1/2010 8:26", "-1", "+1", "UK"]  # fmt: skip


# --- how it is written --------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
def test_any_encoding(load, encoding):
    load("1,A,£5 CAFÉ CUP,1,2010-12-01T08:26:00,1,,EIRE", encoding=encoding)
    assert OrderLine.objects.get().name == "£5 CAFÉ CUP"
    assert Order.objects.get().shipping_address == {"country": "IE"}


def test_line_ends_blank_lines_and_gzip(load):
    text = f"{HEADER}\n{SHOP.strip()}\n".replace("\n", "\r\n") + "\r\n,,,,,,,\r\n\r\n"
    said = load(gzip.compress(text.encode()), name="h.csv.gz")
    assert figures(said)["lines read"][0] == figures(said)["imported"][0] == 7


def test_the_second_edition_of_the_data_has_other_names(load):
    load(
        "1,A,x,1,2010-12-01 08:26:00,1.50,17850.0,United Kingdom",
        header="Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country",
    )
    assert PastSale.objects.get().customer == "17850"


@pytest.mark.parametrize(
    ("dates", "options", "first"),
    [
        (("12/1/2010 8:26", "12/13/2010 8:26"), (), datetime(2010, 12, 1, 8, 26)),
        (("12/1/2010 8:26", "13/12/2010 8:26"), (), datetime(2010, 1, 12, 8, 26)),
        (("12/1/2010 8:26", "1/1/2010 8:26"), (), datetime(2010, 12, 1, 8, 26)),
        (("12/1/10 8:26 PM",), (), datetime(2010, 12, 1, 20, 26)),
        (("12.1.2010 8:26",), (), datetime(2010, 1, 12, 8, 26)),
        (("12/1/2010",), ("--date-format", "day-first"), datetime(2010, 1, 12)),
        (("2010-12-01T08:26:00+03:00",), (), datetime(2010, 12, 1, 5, 26)),
        (("2010-12-01 08:26:00.000",), (), datetime(2010, 12, 1, 8, 26)),
        (("2010-12-01T08:26Z",), (), datetime(2010, 12, 1, 8, 26)),
    ],
)
def test_dates_are_read_as_the_whole_file_tells(load, dates, options, first):
    rows = "\n".join(f"{n},A,x,1,{date},1,," for n, date in enumerate(dates, 1))
    load(rows, "--time-zone", "UTC", *options)
    assert PastSale.objects.get(invoice="1").order.created_at == first.replace(tzinfo=UTC)


def test_it_says_when_it_guessed(load):
    assert "month-first (guessed" in load("1,A,x,1,1/2/2010 8:26,1,,")
    assert "month-first, times" in load("2,A,x,1,1/13/2010 8:26,1,,", name="b.csv")


def test_times_are_the_shops_unless_said_otherwise(load, settings):
    load("1,A,x,1,2010-07-01 12:00,1,,")
    load("2,A,x,1,2010-07-01 12:00,1,,", "--time-zone", "Europe/London", name="b.csv")
    addis, london = (PastSale.objects.get(invoice=n).order.created_at for n in "12")
    assert (addis.astimezone(UTC).hour, london.astimezone(UTC).hour) == (9, 11)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04 a workbook", "Excel"),
        (b"", "empty"),
        (b"a,b\n1,2\n", "no column InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice"),
        (b"\x1f\x8b damaged", "damaged"),
    ],
)
def test_what_is_no_history_is_refused(load, content, why):
    with pytest.raises(CommandError, match=why):
        load(content)
    assert not PastFile.objects.exists()


def test_a_file_without_a_sale_fails_and_says_so(load):
    with pytest.raises(CommandError, match="no line could be imported"):
        load("1,A,x,-1,2010-12-01,1,,")


@pytest.mark.parametrize("option", [("--tax-rate", "20"), ("--tax-rate", "x"), ("--time-zone", "Mars/Base")])  # fmt: skip
def test_options_that_make_no_sense_are_refused(load, option):
    with pytest.raises(CommandError):
        load(SHOP, *option)


# --- twice --------------------------------------------------------------------------------------


def test_twice_adds_nothing_whatever_the_name(load):
    first = load(SHOP)
    before = snapshot()
    second = load(SHOP)
    assert figures(first) == figures(second)
    assert "New in this run: 0 lines; there already: 7." in second
    load(SHOP, name="renamed.csv")
    load(SHOP.replace("\n", "\r\n"), name="windows.csv", encoding="utf-8-sig")
    load("\n".join(reversed(SHOP.strip().splitlines())), name="reversed.csv")
    assert snapshot()[0] == before[0]
    assert snapshot() == before


def test_a_file_that_has_grown_brings_what_is_new(load):
    load(SHOP)
    more = (
        f"{SHOP}536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom\n"
        "536999,22632,HAND WARMER,1,12/14/2010 8:26,1.85,17850,United Kingdom"
    )
    said = load(more, name="grown.csv")
    assert "New in this run: 2 lines; there already: 7." in said
    assert list(Order.objects.order_by("id").values_list("number", flat=True)[3:]) == ["H-536365-2", "H-536999"]  # fmt: skip
    assert examine() == []


def test_a_row_that_was_mended_comes_in(load):
    load(SHOP.replace("22632,", "22632,").replace(",2,12/1/2010 8:28", ",two,12/1/2010 8:28"))
    assert PastLine.objects.count() == 4
    load(SHOP, name="mended.csv")
    whole = PastLine.objects.count(), PastCredit.objects.count()
    assert whole == (5, 3)


def test_a_file_has_one_currency(load):
    load(SHOP)
    with pytest.raises(CommandError, match="was imported as GBP"):
        load(SHOP, currency="EUR")


def test_a_dry_run_keeps_nothing(load):
    said = load(SHOP, "--dry-run")
    assert "Nothing was kept" in said
    assert figures(said)["imported"] == (7, Decimal("-11.049"), Decimal("-11.05"))
    assert not any(model.objects.exists() for model in (Order, PastFile, PastCredit, Product))
    load(SHOP)
    assert "New in this run: 0 lines" in load(SHOP, "--dry-run")


def test_control_a_sum_that_is_off_is_loud(load, monkeypatch):
    honest = running.record_past_sales

    def lossy(*, sales, **more):
        return honest(sales=sales[1:], **more)

    monkeypatch.setattr(running, "record_past_sales", lossy)
    with pytest.raises(CommandError, match="does not add up"):
        load(SHOP)


def test_an_invoice_that_the_database_refuses_is_reported_and_the_rest_imported(load, monkeypatch):
    huge = "".join(f"9,A{n},x,1,12/1/2010 8:26,9999999999,,UK\n" for n in range(101))
    said = load(huge + SHOP)
    found = figures(said)
    assert found["rejected"][0] == 101
    assert found["imported"][0] == 7
    assert "Rejected: line 2: invoice 9: An order cannot be over more than" in said


def test_an_invoice_without_end_is_reported_and_the_rest_imported(load, monkeypatch):
    monkeypatch.setattr(spool, "MOST_LINES", 3)
    said = load(SHOP + "C536379,A,x,-1,12/1/2010 8:26,1,,UK\n" * 3)
    assert "Rejected: line 7: invoice C536379 has more than" in said
    assert figures(said)["rejected"] == (4, Decimal("-20.85"), Decimal("-20.85"))
    assert figures(said)["imported"][0] == 6


def test_one_import_at_a_time(load, monkeypatch):
    from django.db import connection

    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('orders.history_import'))")
        with pytest.raises(CommandError, match="Another import"):
            load(SHOP)
    finally:
        other.close()


# --- goods --------------------------------------------------------------------------------------


def test_goods_are_called_what_they_are_called_most(load):
    load(
        "1,A,damaged?,1,2010-12-01 08:00,0,,\n2,A,RED MUG,1,2010-12-01 09:00,2.50,,\n"
        "3,A,RED MUG,1,2010-12-01 10:00,3.50,,\n4,B,,1,2010-12-01 10:00,1,,"
    )
    assert dict(Variant.objects.values_list("sku", "price")) == {"A": Decimal("2.50"), "B": 1}
    assert set(Product.objects.values_list("name", flat=True)) == {"RED MUG", "B"}


def test_a_single_sale_and_a_file_know_of_each_other(load):
    record_past_sale(
        sale=PastInvoice(
            "536366", datetime(2010, 12, 1, tzinfo=UTC), "GBP", (PastItem("22632", "", 2, Decimal("1.85")),)
        ),
        by=SYSTEM,
    )  # fmt: skip
    assert "New in this run: 6 lines; there already: 1." in load(SHOP)


# --- to the penny -------------------------------------------------------------------------------


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
