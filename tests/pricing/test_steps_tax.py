"""The tax of a quote: by category, within prices and on top, and whom a certificate frees."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pricing import quote
from pricing.basket import Delivery, Kind, TaxTable, Treatment
from pricing.taxing import DatedExemption, DatedRate, tax_table
from tests.pricing.baskets import NOW, basket, line, promotion

D = Decimal

RATES = TaxTable(
    rates={"standard": D("0.15"), "reduced": D("0.05")},
    treatments={"books": Treatment.ZERO_RATED, "bread": Treatment.EXEMPT},
)


def test_tax_by_category_within_prices_and_on_top():
    lines = [
        line("115.00", key="a"),
        line("105.00", key="b", tax_category="reduced"),
        line("10.00", key="c", tax_category="books"),
        line("10.00", key="d", tax_category="bread"),
        line("1.15", key="e", tax_category="new"),
    ]
    within = quote(basket(*lines, tax=RATES, delivery=Delivery("post", D("23.00"))))
    assert [one.tax for one in within.lines] == [D(15), D(5), 0, 0, D("0.15")]
    assert (within.delivery.tax, within.tax_total, within.total) == (D(3), D("23.15"), D("264.15"))
    assert [one.treatment for one in within.lines[2:4]] == ["zero_rated", "exempt"]
    assert [(one.category, one.net, one.tax) for one in within.taxes] == [
        ("standard", D(120), D(18)), ("reduced", D(100), D(5)), ("books", D(10), 0), ("bread", D(10), 0),
        ("new", D(1), D("0.15")),
    ]  # fmt: skip
    on_top = quote(basket(*lines, tax=RATES, prices_include_tax=False))
    assert [one.tax for one in on_top.lines] == [D("17.25"), D("5.25"), 0, 0, D("0.17")]
    assert on_top.total == D("241.15") + D("22.67")


def test_who_is_exempt_pays_no_tax_and_a_price_without_it():
    freed = replace(RATES, exemptions={"standard": "DIPL-7"})
    made = quote(basket(line("115.00", 2, key="a"), line("105.00", key="b", tax_category="reduced"), tax=freed))  # fmt: skip
    assert (made.lines[0].unit_price, made.lines[0].exemption) == (D(100), "DIPL-7")
    assert (made.total, made.tax_total) == (D(305), D(5))
    assert "exemption DIPL-7 100.00" in made.lines[0].explained
    on_top = quote(basket(line("100.00"), tax=freed, prices_include_tax=False))
    assert on_top.total == D(100)


def test_tax_is_that_of_what_is_left_after_discounts():
    half = promotion(Kind.PERCENTAGE, "50")
    assert quote(basket(line("115.00", 2), promotions=(half,))).tax_total == D(15)


def test_the_rate_is_that_of_the_narrowest_area_at_the_moment():
    def at(moment, *area):
        rates = [
            DatedRate("standard", D("0.15"), datetime(2003, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
            DatedRate("standard", D("0.16"), datetime(2027, 1, 1, tzinfo=UTC)),
            DatedRate("standard", D("0.10"), datetime(2020, 1, 1, tzinfo=UTC), area="ET-TI"),
            DatedRate("standard", D("0.05"), datetime(2020, 1, 1, tzinfo=UTC), area="ET-TI-MEKELE"),
        ]  # fmt: skip
        table = tax_table(rates=rates, treatments={}, exemptions=[], area=area, at=moment)
        return table.rates.get("standard")

    assert at(NOW) == at(NOW, "ET-AA") == D("0.15")
    assert at(NOW, "ET-TI", "ET-TI-ADWA") == D("0.10")
    assert at(NOW, "ET-TI", "ET-TI-MEKELE") == D("0.05")
    assert at(datetime(2027, 1, 1, tzinfo=UTC)) == D("0.16")
    assert at(datetime(2002, 1, 1, tzinfo=UTC)) is None


def test_a_certificate_frees_from_what_it_names_while_it_holds():
    def freed(*categories, until=None):
        one = DatedExemption("C-1", NOW - timedelta(days=1), until, frozenset(categories))
        known = {"books": Treatment.ZERO_RATED}
        return tax_table(rates=[], treatments=known, exemptions=[one], area=(), at=NOW).exemptions

    assert freed("reduced") == {"reduced": "C-1"}
    assert freed() == {"standard": "C-1", "books": "C-1"}
    assert freed("reduced", until=NOW) == {}
