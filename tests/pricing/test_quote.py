"""The price function: exact, rounded half up per line, summing to the total."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from pricing.models import TaxRate, tax_rate_at
from pricing.services import TotalTooLarge, quote

prices = st.decimals(min_value=0, max_value=100_000, places=2)
lines = st.lists(st.tuples(st.integers(1, 10_000), prices), min_size=1, max_size=20)
rates = st.sampled_from([Decimal("0"), Decimal("0.15"), Decimal("0.18"), Decimal("0.0750")])


@given(lines=lines, rate=rates)
def test_parts_sum_to_the_total(lines, rate):
    result = quote(lines=lines, tax_rate=rate, currency="ETB")
    assert result.total == sum(quantity * price for quantity, price in lines)
    assert result.subtotal == sum(line.total for line in result.lines) == result.total
    assert result.tax_total == sum(line.tax for line in result.lines)
    for line in result.lines:
        exact = line.total * rate / (1 + rate)
        assert abs(line.tax - exact) <= Decimal("0.005")
        assert 0 <= line.tax <= line.total


@pytest.mark.parametrize(
    ("price", "quantity", "tax"),
    [("115.00", 1, "15.00"), ("0.05", 1, "0.01"), ("33.33", 3, "13.04"), ("1.00", 1, "0.13")],
)
def test_inclusive_vat(price, quantity, tax):
    result = quote(lines=[(quantity, Decimal(price))], tax_rate=Decimal("0.15"), currency="ETB")
    assert result.tax_total == Decimal(tax)


def test_a_currency_without_minor_unit_has_whole_amounts():
    result = quote(lines=[(3, Decimal("1000"))], tax_rate=Decimal("0.18"), currency="UGX")
    assert (result.total, result.tax_total) == (Decimal("3000"), Decimal("458"))


def test_a_total_beyond_the_books_is_refused():
    with pytest.raises(TotalTooLarge):
        quote(lines=[(10_000, Decimal("999999999.99"))], tax_rate=Decimal(0), currency="ETB")


@pytest.mark.django_db
def test_the_rate_is_that_of_the_moment():
    TaxRate.objects.update(valid_until=datetime(2027, 1, 1, tzinfo=UTC))
    TaxRate.objects.create(rate=Decimal("0.20"), valid_from=datetime(2027, 1, 1, tzinfo=UTC))
    assert tax_rate_at(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)) == Decimal("0.15")
    assert tax_rate_at(datetime(2027, 1, 1, tzinfo=UTC)) == Decimal("0.20")
    assert tax_rate_at(datetime(1990, 1, 1, tzinfo=UTC)) == 0


@pytest.mark.django_db
def test_two_rates_at_one_time_cannot_be_written():
    with pytest.raises(IntegrityError, match="one_tax_rate_at_a_time"), transaction.atomic():
        TaxRate.objects.create(rate=Decimal("0.10"), valid_from=datetime(2026, 1, 1, tzinfo=UTC))
