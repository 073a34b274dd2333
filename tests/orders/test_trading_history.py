"""import_trading_history: every row of a file is in the shop or reported."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError
from django.db import connection

from inventory.models import Movement
from orders.history_import import running, spool
from orders.models import Order, OrderLine, PastCredit, PastFile, PastSale
from reporting.doctor import examine
from tests.orders.histories import HEADER, SHOP, figures, importer

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(tmp_path):
    """Imports these lines below the header; returns what it said."""
    return importer(tmp_path)


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


def test_the_report_is_not_written_over_the_file(load, tmp_path):
    with pytest.raises(CommandError, match="another"):
        load(SHOP, "--report", str(tmp_path / "history.csv"))
    assert (tmp_path / "history.csv").read_text().startswith(HEADER)


def test_a_report_that_cannot_be_written_is_refused_before_anything_is(load, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        load(SHOP, "--report", str(tmp_path / "nowhere" / "report.csv"))
    assert not PastFile.objects.exists()


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
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('orders.history_import'))")
        with pytest.raises(CommandError, match="Another import"):
            load(SHOP)
    finally:
        other.close()
