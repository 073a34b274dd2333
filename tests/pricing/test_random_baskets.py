"""What holds for every basket, tried on many thousands of them."""

from __future__ import annotations

import json
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.money import EXPONENTS, has_minor_units_of, split
from pricing import quote, recompute
from pricing.basket import Reason
from pricing.tracing import UnreadableTrace
from tests.pricing.baskets import basket, line, random_basket

SEEDS = 10_000
amounts = st.integers(0, 10**7)


@given(
    weights=st.lists(amounts, min_size=1, max_size=30),
    share=st.integers(0, 100),
    currency=st.sampled_from(["ETB", "UGX"]),
)
def test_shares_add_up_and_none_exceeds_its_weight(weights, share, currency):
    places = EXPONENTS[currency]
    weights = [Decimal(weight).scaleb(-places) for weight in weights]
    amount = Decimal(int(sum(weights) * 10**places) * share // 100).scaleb(-places)
    if amount and not sum(weights):
        return
    shares = split(amount, weights, currency)
    assert sum(shares) == amount
    whole = sum(weights)
    for part, weight in zip(shares, weights, strict=True):
        assert 0 <= part <= weight
        assert has_minor_units_of(part, currency)
        if amount:
            assert abs(part - amount * weight / whole) < Decimal(1).scaleb(-places)


def test_the_largest_remainder_gets_what_is_left_over():
    # 100 by 1:1:1 leaves one cent; of equal remainders the first has it.
    thirds = split(Decimal("100.00"), [Decimal(1)] * 3, "ETB")
    assert thirds == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    uneven = split(Decimal("0.05"), [Decimal("1.10"), Decimal("2.90")], "ETB")
    assert uneven == [Decimal("0.01"), Decimal("0.04")]
    assert split(Decimal(7), [Decimal(5), Decimal(3), Decimal(3)], "UGX") == [3, 2, 2]
    assert split(Decimal(0), [Decimal(0)], "ETB") == [0]
    with pytest.raises(ValueError, match="among nothing"):
        split(Decimal(1), [Decimal(0)], "ETB")


def holds(made, asked):
    """The invariants of every quote."""
    currency, added = asked.currency, Decimal(0) if asked.prices_include_tax else made.tax_total
    parts = [*made.lines, *([made.delivery] if made.delivery else [])]
    assert made.total == made.subtotal - made.discount_total + made.delivery_total + added
    assert made.total == sum(part.total for part in parts) + added
    assert made.subtotal == sum(part.subtotal for part in made.lines)
    assert made.discount_total == sum(part.discount for part in made.lines)
    assert made.tax_total == sum(part.tax for part in parts) == sum(one.tax for one in made.taxes)
    assert sum(one.net for one in made.taxes) + made.tax_total == made.total
    given_away = sum(one.amount for part in parts for one in part.discounts)
    assert given_away == sum(one.amount for one in made.applied)
    smallest = Decimal(1).scaleb(-EXPONENTS[currency]) / 2
    for part in parts:
        before = part.fee if part is made.delivery else part.subtotal
        assert 0 <= part.total == before - sum(one.amount for one in part.discounts)
        assert all(one.amount > 0 for one in part.discounts)
        assert all(has_minor_units_of(one, currency) for one in (before, part.total, part.tax))
        of = part.total / (1 + part.tax_rate) if asked.prices_include_tax else part.total
        assert abs(part.tax - of * part.tax_rate) <= smallest
        assert part.tax_rate == 0 or not part.exemption
        assert next(step.amount for step in part.steps if step.step == "total") == part.total
    for part in made.lines:
        assert part.subtotal == part.unit_price * part.quantity
    # Every promotion and every code is accounted for, once.
    asked_codes = {one.code for one in asked.codes}
    told_codes = [one.code for one in [*made.applied, *made.not_applied] if one.code]
    assert sorted(told_codes) == sorted(asked_codes)
    told = [one.promotion_id for one in [*made.applied, *made.not_applied] if not one.code]
    assert sorted(told) == [one.id for one in asked.promotions]
    chosen = {one.promotion_id for one in made.applied}
    rules = [*asked.promotions, *(code.promotion for code in asked.codes)]
    rules = [one for one in rules if one and one.id in chosen]
    assert len(rules) == 1 or not any(rule.exclusive for rule in rules)
    groups = [rule.group for rule in rules if rule.group]
    assert len(groups) == len(set(groups))
    for rule in rules:
        got = next(one.amount for one in made.applied if one.promotion_id == rule.id)
        assert rule.most is None or got <= rule.most
        assert rule.is_active
        assert not rule.used_up
        assert not rule.used_up_by_you
        assert rule.valid_from <= asked.at
        assert rule.valid_until is None or asked.at < rule.valid_until


def test_ten_thousand_baskets_add_up_and_come_out_the_same_from_their_traces():
    dice = random.Random(23)
    applied, reasons = 0, set()
    for _ in range(SEEDS):
        asked = random_basket(dice)
        made = quote(asked)
        holds(made, asked)
        stored = json.loads(json.dumps(made.trace))
        again = recompute(stored)
        assert again == made
        applied += len(made.applied)
        reasons |= {one.reason for one in made.not_applied}
    # The dice throw everything that there is.
    assert applied > SEEDS / 3
    assert reasons == set(Reason)


def test_a_trace_holds_what_it_was_computed_from_and_what_came_of_it():
    asked = basket(line("99.00", 2, key="a"))
    stored = quote(asked).trace
    assert stored["v"] == 1
    assert stored["basket"]["lines"] == [{"key": "a", "quantity": 2, "price": "99.00"}]
    assert stored["totals"]["total"] == "198.00"
    assert json.loads(json.dumps(stored)) == stored


@pytest.mark.parametrize(
    "broken", [{}, {"v": 2}, {"v": 1}, {"v": 1, "basket": {}, "not_applied": []}, [], "x"]
)
def test_what_is_no_trace_is_refused(broken):
    with pytest.raises(UnreadableTrace):
        recompute(broken)
