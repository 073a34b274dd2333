"""import_trading_history again: the same file, a longer one, a mended one."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError

from catalog.models import Product, Variant
from common.actors import SYSTEM
from orders.models import Order, PastCredit, PastFile, PastLine
from orders.past_sales import PastInvoice, PastItem, record_past_sale
from reporting.doctor import examine
from tests.orders.histories import SHOP, figures, importer, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(tmp_path):
    """Imports these lines below the header; returns what it said."""
    return importer(tmp_path)


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


def test_numbers_that_begin_anew_each_year_are_other_sales(load):
    row = "1,A,x,2,{}-01-05 12:00,2.50,,"
    load(row.format(2009), name="2009.csv")
    load(row.format(2010), name="2010.csv")
    assert "New in this run: 0 lines" in load(f"{row.format(2009)}\n{row.format(2010)}")
    assert list(Order.objects.order_by("id").values_list("number", "total")) == [("H-1", 5), ("H-1-2", 5)]  # fmt: skip


def test_the_same_file_with_its_dates_read_otherwise_adds_nothing(load):
    rows = "1,A,x,2,1/2/2010 0:30,2.50,7,\nC1,A,x,-1,1/3/2010 0:30,2.50,7,"
    load(rows, "--date-format", "month-first", "--time-zone", "UTC")
    for options in (("--date-format", "day-first"), ("--time-zone", "Africa/Addis_Ababa")):
        said = load(rows, *options)
        assert "New in this run: 0 lines; there already: 2." in said
    assert "there already: 2." in load(rows, "--date-format", "day-first", "--dry-run")


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
