"""Money is exact."""

from __future__ import annotations

import contextlib
from decimal import ROUND_DOWN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from common.money import (
    EXPONENTS,
    MAX_AMOUNT,
    Money,
    format_amount,
    parse_amount,
    round_half_up,
    tax_included,
)
from common.serializers import MoneyField

currencies = st.sampled_from(sorted(EXPONENTS))
amounts = st.decimals(0, MAX_AMOUNT, places=2)
rates = st.decimals(0, 1, places=4)


@given(st.decimals(-MAX_AMOUNT, MAX_AMOUNT, places=6), currencies)
def test_rounding_goes_to_the_nearest_and_halves_away_from_zero(amount, currency):
    unit = Fraction(1, 10 ** EXPONENTS[currency])
    rounded = Fraction(round_half_up(amount, currency))

    assert rounded % unit == 0
    assert abs(rounded - Fraction(amount)) <= unit / 2
    if abs(rounded - Fraction(amount)) == unit / 2:
        assert abs(rounded) > abs(Fraction(amount))


def test_half_a_santim_is_rounded_up_not_to_even():
    assert round_half_up(Decimal("0.125"), "ETB") == Decimal("0.13")
    assert round_half_up(Decimal("2.5"), "UGX") == Decimal("3")


@given(amounts, currencies)
def test_what_is_written_reads_back(amount, currency):
    amount = round_half_up(amount, currency)

    assert parse_amount(format_amount(amount, currency)) == amount
    assert "E" not in format_amount(amount, currency)


@given(amounts, rates, currencies)
def test_the_tax_inside_an_amount(gross, rate, currency):
    gross = round_half_up(gross, currency)
    tax = tax_included(gross, rate=rate, currency=currency)

    assert 0 <= tax <= gross
    exact = Fraction(gross) * Fraction(rate) / (1 + Fraction(rate))
    assert abs(Fraction(tax) - exact) <= Fraction(1, 10 ** EXPONENTS[currency])


def test_fifteen_percent_inside_115():
    assert tax_included(Decimal("115.00"), rate=Decimal("0.15"), currency="ETB") == Decimal("15.00")


@pytest.mark.parametrize(
    "value", [True, None, "", "abc", "1,250.00", "NaN", "Infinity", "-inf", float("nan"), [], "1 2"]
)
def test_what_is_no_amount(value):
    with pytest.raises(ValueError, match="number"):
        parse_amount(value)


@given(st.text(max_size=12))
def test_no_text_breaks_the_parser(text):
    with contextlib.suppress(ValueError):
        assert parse_amount(text).is_finite()


def test_money_as_json_has_the_decimals_of_its_currency():
    assert Money(Decimal("1250"), "ETB").as_json() == {"amount": "1250.00", "currency": "ETB"}
    assert Money(Decimal("1250.00"), "UGX").as_json() == {"amount": "1250", "currency": "UGX"}


# --- The field ----------------------------------------------------------------------------------


@given(amounts)
def test_the_field_takes_a_string_and_its_own_object(amount):
    field = MoneyField()
    shown = field.to_representation(amount)

    assert shown == {"amount": f"{amount:.2f}", "currency": "ETB"}
    assert field.run_validation(shown) == field.run_validation(shown["amount"]) == amount


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("-0.01", "negative"),
        ("0.001", "decimals"),
        ("1000000000000", "too_large"),
        ("1e400", "too_large"),
        ("1E-400", "decimals"),
        ("1e999999999999", "too_large"),
        ({"amount": "1", "currency": "USD"}, "currency"),
        ({"amount": "1", "currency": 5}, "currency"),
        ({"currency": "ETB"}, "invalid"),
        ({"amount": "1", "tip": "2"}, "invalid"),
        ({"amount": {"amount": "1"}}, "invalid"),
        ("a lot", "invalid"),
        (True, "invalid"),
        ([], "invalid"),
    ],
)
def test_the_field_refuses(value, code):
    with pytest.raises(serializers.ValidationError) as refused:
        MoneyField().run_validation(value)

    assert [detail.code for detail in refused.value.detail] == [code]


def test_more_zeros_are_no_more_decimals():
    assert MoneyField().run_validation("12.5000") == Decimal("12.50")


def test_rounding_does_not_follow_the_context_of_the_moment():
    with localcontext() as context:
        context.rounding = ROUND_DOWN
        assert round_half_up(Decimal("0.125"), "ETB") == Decimal("0.13")
