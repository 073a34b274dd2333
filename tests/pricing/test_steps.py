"""The steps of a quote, on baskets small enough to compute by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pricing import quote
from pricing.basket import (
    Basket,
    Code,
    Customer,
    Delivery,
    Kind,
    Level,
    Reason,
    Scope,
    Targets,
    TaxTable,
)
from pricing.quoting import TotalTooLarge
from tests.pricing.baskets import NOW, basket, line, promotion

D = Decimal


def totals(made):
    return [one.total for one in made.lines]


def refusal(made):
    [one] = made.not_applied
    return one


def test_every_step_is_told():
    made = quote(
        basket(
            line(
                "99.00", list_price=D(120), regular_price=D(110), is_sale=True, price_list="Cafés"
            ),
            promotions=(promotion(Kind.PERCENTAGE, "10", name="Meskel"),),
        )
    )
    assert made.lines[0].explained == (
        "list 120.00 → price list 110.00 → sale Cafés 99.00 → subtotal 99.00 → Meskel 89.10 → total 89.10"
        " → tax VAT 15 % 11.62"
    )
    assert (made.total, made.discount_total, made.tax_total) == (D("89.10"), D("9.90"), D("11.62"))


# --- promotions -------------------------------------------------------------------------------


def test_a_percentage_of_each_line_is_rounded_by_line_and_of_the_order_once():
    lines = [line("0.05", key="a"), line("0.05", key="b"), line("0.05", key="c")]
    by_line = quote(
        basket(*lines, promotions=(promotion(Kind.PERCENTAGE, "10", level=Level.LINE),))
    )
    assert by_line.discount_total == D("0.03")  # 0.005 each, halves up
    at_once = quote(basket(*lines, promotions=(promotion(Kind.PERCENTAGE, "10"),)))
    assert at_once.discount_total == D("0.02")  # 0.015 of all, halves up
    assert totals(at_once) == [D("0.04"), D("0.04"), D("0.05")]


def test_an_amount_off_each_piece_and_off_the_order():
    lines = [line("30.00", 3, key="a"), line("10.00", key="b")]
    each = promotion(Kind.AMOUNT, "12.00", level=Level.LINE)
    assert totals(quote(basket(*lines, promotions=(each,)))) == [D("54.00"), D("0.00")]
    order = promotion(Kind.AMOUNT, "25.00")
    assert totals(quote(basket(*lines, promotions=(order,)))) == [D("67.50"), D("7.50")]
    more_than_all = promotion(Kind.AMOUNT, "500.00")
    assert quote(basket(*lines, promotions=(more_than_all,))).total == 0


def test_an_order_discount_is_shared_by_the_largest_remainder():
    lines = [line("10.00", key=key) for key in "abc"]
    made = quote(basket(*lines, promotions=(promotion(Kind.AMOUNT, "10.00"),)))
    assert [one.discount for one in made.lines] == [D("3.34"), D("3.33"), D("3.33")]


@pytest.mark.parametrize(
    ("quantity", "reduced"), [(2, 0), (3, 1), (4, 1), (5, 1), (6, 2), (7, 2), (300, 100)]
)
def test_buy_two_get_one_free(quantity, reduced):
    rule = promotion(Kind.BUY_X_GET_Y, "100", buy=2, get=1)
    made = quote(basket(line("9.00", quantity), promotions=(rule,)))
    assert made.discount_total == 9 * reduced


def test_the_cheapest_pieces_are_reduced_and_not_more_often_than_allowed():
    lines = [line("50.00", 2, key="dear"), line("20.00", 2, key="cheap")]
    lines.append(line("5.00", key="other", product_id=9))
    goods = Scope(excluded=Targets(products=frozenset({9})))
    rule = promotion(Kind.BUY_X_GET_Y, "50", buy=1, get=1, scope=goods)
    assert totals(quote(basket(*lines, promotions=(rule,)))) == [D(100), D(20), D(5)]
    once = replace(rule, times=1)
    assert totals(quote(basket(*lines, promotions=(once,)))) == [D(100), D(30), D(5)]


def test_the_reward_may_be_something_else():
    shoes, socks = (Scope(Targets(categories=frozenset({one}))) for one in (1, 2))
    lines = [
        line("900.00", 3, key="shoes", category_ids=frozenset({1})),
        line("30.00", 2, key="socks", category_ids=frozenset({2})),
    ]
    rule = promotion(Kind.BUY_X_GET_Y, "100", buy=2, get=1, scope=shoes, reward=socks)
    assert totals(quote(basket(*lines, promotions=(rule,)))) == [D(2700), D(30)]


def test_a_promotion_gives_at_most_so_much():
    lines = [line("100.00", key="a"), line("300.00", key="b")]
    for level in (Level.LINE, Level.ORDER):
        rule = promotion(Kind.PERCENTAGE, "50", level=level, most=D("50.00"))
        made = quote(basket(*lines, promotions=(rule,)))
        assert [one.discount for one in made.lines] == [D("12.50"), D("37.50")]


def test_what_a_promotion_is_about():
    lines = [
        line("10.00", key="product", product_id=1),
        line("10.00", key="category", product_id=2, category_ids=frozenset({5, 6})),
        line("10.00", key="brand", product_id=3, brand_id=7),
        line("10.00", key="collection", product_id=4, collection_ids=frozenset({8})),
        line("10.00", key="tag", product_id=5, tags=frozenset({"new"})),
        line("10.00", key="none", product_id=6),
        line("10.00", key="excluded", product_id=7, tags=frozenset({"new"})),
    ]
    included = Targets(frozenset({1}), frozenset({6}), frozenset({7}), frozenset({8}), frozenset({"new"}))  # fmt: skip
    scope = Scope(included, Targets(products=frozenset({7})))
    made = quote(basket(*lines, promotions=(promotion(Kind.PERCENTAGE, "10", scope=scope),)))
    reduced = {one.key for one in made.lines if one.discounts}
    assert reduced == {"product", "category", "brand", "collection", "tag"}


# --- which go together ------------------------------------------------------------------------


def applied(made):
    return [one.name for one in made.applied]


def test_promotions_follow_each_other():
    rules = (
        promotion(Kind.PERCENTAGE, "10", pk=1, name="order"),
        promotion(Kind.PERCENTAGE, "50", pk=2, name="line", level=Level.LINE),
    )
    typed = Code("FIVE", promotion(Kind.AMOUNT, "5.00", pk=3, name="code", level=Level.LINE))
    made = quote(basket(line("100.00"), promotions=rules, codes=(typed,)))
    assert applied(made) == ["line", "order", "code"]
    assert made.total == D("40.00")  # 100 → 50 → 45 → 40


def test_an_exclusive_promotion_is_taken_when_it_is_worth_more():
    both = [
        promotion(Kind.PERCENTAGE, "10", pk=1, name="ten"),
        promotion(Kind.PERCENTAGE, "10", pk=2, name="ten more"),
    ]
    for percent, chosen in [("15", ["ten", "ten more"]), ("20", ["only"])]:
        only = promotion(Kind.PERCENTAGE, percent, pk=3, name="only", exclusive=True)
        made = quote(basket(line("100.00"), promotions=(*both, only)))
        assert applied(made) == chosen
        assert {one.reason for one in made.not_applied} == {Reason.NOT_COMBINABLE}
    assert refusal(
        quote(basket(line("100.00"), promotions=(both[0], replace(only, name="better"))))
    ).detail == ("This cannot be combined with better.")


@pytest.mark.parametrize(("priority", "chosen"), [(1, ["only"]), (-1, ["ten"])])
def test_priority_comes_before_worth(priority, chosen):
    ten = promotion(Kind.PERCENTAGE, "10", pk=1, name="ten")
    percent = "5" if priority > 0 else "90"
    facts = {"name": "only", "exclusive": True, "priority": priority}
    only = promotion(Kind.PERCENTAGE, percent, pk=2, **facts)
    assert applied(quote(basket(line("100.00"), promotions=(ten, only)))) == chosen


def test_of_one_group_the_better_is_applied():
    rules = (
        promotion(Kind.PERCENTAGE, "5", pk=1, name="five", group="season"),
        promotion(Kind.PERCENTAGE, "10", pk=2, name="ten", group="season"),
        promotion(Kind.PERCENTAGE, "1", pk=3, name="one"),
    )
    made = quote(basket(line("100.00"), promotions=rules))
    assert set(applied(made)) == {"ten", "one"}
    assert refusal(made).facts == {"with": "ten"}


def test_whom_others_leave_nothing_is_not_used_up():
    everything = promotion(Kind.PERCENTAGE, "100", pk=1, level=Level.LINE)
    late = Code("LATE", promotion(Kind.AMOUNT, "5.00", pk=2))
    made = quote(basket(line("100.00"), promotions=(everything,), codes=(late,)))
    assert applied(made) == ["Promotion 1"]
    assert refusal(made).reason is Reason.NOTHING_TO_DISCOUNT


def test_a_promotion_counts_once_however_many_of_its_codes_are_typed():
    rule = promotion(Kind.PERCENTAGE, "10")
    made = quote(basket(line("100.00"), codes=(Code("A", rule, 1), Code("B", rule, 2), Code("A", rule, 1))))  # fmt: skip
    assert made.total == D(90)
    assert [(one.code, one.coupon_id) for one in made.applied] == [("A", 1)]
    assert (refusal(made).code, refusal(made).facts) == ("B", {"with": "A"})


# --- why not ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"is_active": False}, Reason.INACTIVE),
        ({"valid_from": NOW + timedelta(seconds=1)}, Reason.NOT_STARTED),
        ({"valid_until": NOW}, Reason.EXPIRED),
        ({"in_currency": False}, Reason.WRONG_CURRENCY),
        ({"groups": frozenset({1})}, Reason.WRONG_GROUP),
        ({"first_order_only": True}, Reason.NOT_FIRST_ORDER),
        ({"used_up": True}, Reason.USED_UP),
        ({"used_up_by_you": True}, Reason.USED_UP_BY_YOU),
        ({"scope": Scope(Targets(products=frozenset({1})))}, Reason.NOTHING_MATCHES),
        ({"minimum": D("100.01")}, Reason.BELOW_THRESHOLD),
        ({"minimum_pieces": 2}, Reason.BELOW_THRESHOLD),
    ],
)
def test_why_a_promotion_is_not_applied(facts, reason):
    rule = promotion(Kind.PERCENTAGE, "10", **facts)
    customer = Customer(group_id=2, is_first_order=False)
    for asked in ({"promotions": (rule,)}, {"codes": (Code("CODE", rule),)}):
        made = quote(basket(line("100.00"), customer=customer, **asked))
        assert made.total == D(100)
        assert refusal(made).reason is reason
        assert refusal(made).detail
    assert refusal(made).code == "CODE"
    assert refusal(made).is_told


@pytest.mark.parametrize(
    ("facts", "detail", "said"),
    [
        ({"minimum": D(250)}, "Add 150.00 ETB more to qualify.", {"missing": "150.00 ETB", "missing_amount": "150.00"}),
        ({"minimum_pieces": 3}, "Add 2 pieces more to qualify.", {"missing": "2 pieces", "missing_pieces": 2}),
    ],
)  # fmt: skip
def test_what_is_missing_is_told(facts, detail, said):
    rule = promotion(Kind.PERCENTAGE, "10", **facts)
    told = refusal(quote(basket(line("100.00"), promotions=(rule,))))
    assert (told.detail, told.facts, told.is_told) == (detail, said, True)


def test_what_is_at_the_threshold_qualifies():
    rule = promotion(
        Kind.PERCENTAGE, "10", minimum=D(100), minimum_pieces=1, valid_from=NOW,
        valid_until=NOW + timedelta(microseconds=1), groups=frozenset({2}), first_order_only=True,
    )  # fmt: skip
    made = quote(basket(line("100.00"), promotions=(rule,), customer=Customer(group_id=2)))
    assert made.total == D(90)


def test_a_secret_promotion_is_not_told_to_others():
    rule = promotion(Kind.PERCENTAGE, "10", groups=frozenset({1}))
    assert not refusal(quote(basket(line("100.00"), promotions=(rule,)))).is_told


def test_codes_that_stand_for_nothing():
    rule = promotion(Kind.PERCENTAGE, "10")
    codes = (Code("NOPE"), Code("OLD", rule, 1, Reason.EXPIRED))
    made = quote(basket(line("100.00"), codes=codes))
    assert [(one.code, one.reason) for one in made.not_applied] == [
        ("NOPE", Reason.UNKNOWN_CODE),
        ("OLD", Reason.EXPIRED),
    ]


# --- delivery ---------------------------------------------------------------------------------

COURIER = Delivery("courier", D("60.00"), "Courier", free_above=D("500.00"))


def test_delivery_is_free_from_a_value_on_whatever_promotions_take_off():
    assert quote(basket(line("499.99"), delivery=COURIER)).total == D("559.99")
    ten = promotion(Kind.AMOUNT, "10.00")
    made = quote(basket(line("505.00"), delivery=COURIER, promotions=(ten,)))
    assert (made.delivery_total, made.total) == (0, D("495.00"))
    assert [step.step for step in made.delivery.steps] == ["fee", "free_above", "total", "tax"]


def test_free_delivery():
    free = promotion(Kind.FREE_DELIVERY, minimum=D(200))
    made = quote(basket(line("200.00"), delivery=COURIER, promotions=(free,)))
    assert (made.delivery.fee, made.delivery_total, made.discount_total) == (D(60), 0, 0)
    assert made.applied[0].amount == D(60)
    assert made.total == made.subtotal == D(200)
    half = replace(free, most=D(25))
    assert quote(basket(line("200.00"), delivery=COURIER, promotions=(half,))).total == D(235)
    assert refusal(quote(basket(line("200.00"), promotions=(free,)))).reason is Reason.NO_DELIVERY
    spared = quote(basket(line("600.00"), delivery=COURIER, promotions=(free,)))
    assert refusal(spared).reason is Reason.NOTHING_TO_DISCOUNT


# --- rounding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "price", "percent", "total"),
    [("ETB", "0.05", "50", "0.02"), ("UGX", "5", "50", "2"), ("USD", "10.01", "33.33", "6.67")],
)
def test_discounts_are_rounded_half_up(currency, price, percent, total):
    rule = promotion(Kind.PERCENTAGE, percent)
    assert quote(basket(line(price), currency=currency, promotions=(rule,))).total == D(total)


def test_a_currency_without_minor_unit_has_whole_parts():
    lines = [line(price, key=price) for price in ("1000", "999", "1")]
    rule = promotion(Kind.AMOUNT, "100")
    made = quote(basket(*lines, currency="UGX", promotions=(rule,), tax=TaxTable({"standard": D("0.18")})))  # fmt: skip
    assert totals(made) == [950, 949, 1]
    assert [one.tax for one in made.lines] == [145, 145, 0]


def test_a_total_beyond_the_books_is_refused():
    with pytest.raises(TotalTooLarge):
        quote(basket(line("999999999999.99", key="a"), line("0.01", key="b")))
    with pytest.raises(TotalTooLarge):
        quote(basket(line("999999999999.99"), prices_include_tax=False))


def test_an_empty_basket_costs_nothing():
    made = quote(basket())
    assert (made.total, made.lines, made.taxes) == (0, (), ())


@pytest.mark.parametrize("lines", [[line("1.00", 0)], [line("-1.00")], [line("1.00")] * 2])
def test_nonsense_is_a_bug_of_the_caller(lines):
    with pytest.raises(ValueError, match="line"):
        quote(Basket(currency="ETB", at=NOW, lines=tuple(lines), tax=TaxTable()))
