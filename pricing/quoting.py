"""`quote`: the one place where prices are added up. Pure: no database, no clock, no setting.

Lines are priced by list, price list and sale; then come promotions without a code, codes, the delivery, and tax. Every line
is rounded half up to the currency's minor unit. Totals are sums of what was rounded, so that the parts always add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from common.errors import Invalid
from common.money import MAX_AMOUNT, round_half_up
from pricing.basket import Basket, Line
from pricing.discounting import Candidate, Given, discounts
from pricing.quotes import (
    Applied,
    Discount,
    NotApplied,
    Quote,
    QuotedDelivery,
    QuotedLine,
    Step,
    TaxSum,
)
from pricing.taxing import LineTax, tax_of, tax_on, without_tax
from pricing.tracing import read_trace, trace_of

ZERO = Decimal(0)


class TotalTooLarge(Invalid):
    """The sum exceeds what the shop can account for."""

    code = "total_too_large"
    title = "Total too large"


def quote(basket: Basket) -> Quote:
    """Price a basket, and say how.

    Raises:
        TotalTooLarge: beyond twelve digits.
        ValueError: two lines have the same key, or a line no pieces; a bug of the caller.
    """
    return _computed(basket, told=None)


def recompute(trace: Mapping[str, Any]) -> Quote:
    """The quote that left this trace, computed again from what it was computed from.

    Raises:
        pricing.tracing.UnreadableTrace: it is of another version, or no trace.
    """
    basket, told = read_trace(trace)
    return _computed(basket, told=told)


def _computed(basket: Basket, *, told: Sequence[NotApplied] | None) -> Quote:
    """The quote; with `told`, what was not applied is taken from there, as a trace no longer knows the rules of it."""
    _refuse_nonsense(basket)
    currency, included = basket.currency, basket.prices_include_tax
    taxes = [tax_of(line.tax_category, basket.tax) for line in basket.lines]
    units = [
        without_tax(line.price, tax=tax, included=included, currency=currency)
        for line, tax in zip(basket.lines, taxes, strict=True)
    ]
    subtotals = [
        round_half_up(line.quantity * unit, currency)
        for line, unit in zip(basket.lines, units, strict=True)
    ]
    subtotal = sum(subtotals, ZERO)
    full_fee = _fee(basket, subtotal)
    if subtotal + full_fee > MAX_AMOUNT:
        raise TotalTooLarge("Split this into several orders.")
    given, chosen, refusals = discounts(basket, subtotals=subtotals, fee=full_fee)
    lines = tuple(
        _line(basket, line, tax, unit, full, given.left[place], given.of_line[place])
        for place, (line, tax, unit, full) in enumerate(
            zip(basket.lines, taxes, units, subtotals, strict=True)
        )
    )
    delivery = _delivery(basket, full_fee, given)
    delivery_total = delivery.total if delivery else ZERO
    tax_total = sum((line.tax for line in lines), delivery.tax if delivery else ZERO)
    goods = sum(given.left, ZERO)
    total = goods + delivery_total + (ZERO if included else tax_total)
    if total > MAX_AMOUNT:
        raise TotalTooLarge("Split this into several orders.")
    made = Quote(
        currency=currency,
        prices_include_tax=included,
        lines=lines,
        delivery=delivery,
        subtotal=subtotal,
        discount_total=subtotal - goods,
        delivery_total=delivery_total,
        tax_total=tax_total,
        total=total,
        taxes=_tax_sums(lines, delivery, included=included),
        applied=tuple(_applied(one, given) for one in sorted(chosen, key=lambda one: one.when)),
        not_applied=tuple(refusals if told is None else told),
    )
    return replace(made, trace=trace_of(basket, [*chosen], made))


def _refuse_nonsense(basket: Basket) -> None:
    if len({line.key for line in basket.lines}) != len(basket.lines):
        raise ValueError("Each line of a basket needs a key of its own.")
    if any(line.quantity < 1 or line.price < 0 for line in basket.lines):
        raise ValueError("A line has at least one piece, and no negative price.")


def _fee(basket: Basket, subtotal: Decimal) -> Decimal:
    """What the delivery costs before promotions. Goods count as they were before promotions, so that a discount never
    makes a delivery dearer."""
    delivery = basket.delivery
    if delivery is None:
        return ZERO
    if delivery.free_above is not None and subtotal >= delivery.free_above:
        return ZERO
    return _own_fee(basket)


def _own_fee(basket: Basket) -> Decimal:
    """The fee of the method, for somebody who pays it."""
    if basket.delivery is None:
        return ZERO
    tax = tax_of(basket.delivery.tax_category, basket.tax)
    fee = round_half_up(basket.delivery.fee, basket.currency)
    return without_tax(fee, tax=tax, included=basket.prices_include_tax, currency=basket.currency)


def _line(
    basket: Basket,
    line: Line,
    tax: LineTax,
    unit: Decimal,
    subtotal: Decimal,
    total: Decimal,
    given: list[Discount],
) -> QuotedLine:
    currency, included = basket.currency, basket.prices_include_tax
    taxed = tax_on(total, tax=tax, included=included, currency=currency)
    steps = [*_price_steps(line, unit, tax, currency), Step("subtotal", subtotal)]
    steps += [*_discount_steps(subtotal, given), Step("total", total)]
    steps.append(_tax_step(basket, taxed, tax))
    return QuotedLine(
        key=line.key,
        variant_id=line.variant_id,
        quantity=line.quantity,
        unit_price=unit,
        subtotal=subtotal,
        discounts=tuple(given),
        total=total,
        tax=taxed,
        tax_rate=tax.rate,
        tax_category=line.tax_category,
        treatment=tax.treatment,
        exemption=tax.exemption,
        steps=tuple(steps),
    )


def _price_steps(line: Line, unit: Decimal, tax: LineTax, currency: str) -> Iterable[Step]:
    """From the list price of one piece to what is charged for it."""
    price = round_half_up(line.list_price if line.list_price is not None else line.price, currency)
    regular = price
    if line.regular_price is not None:
        regular = round_half_up(line.regular_price, currency)
    yield Step("list", price)
    if regular != price:
        yield Step("price_list", regular, regular - price, "" if line.is_sale else line.price_list)
        price = regular
    if line.price != price:
        step = "sale" if line.is_sale else "price_list"
        yield Step(step, line.price, line.price - price, line.price_list)
    if unit != line.price:
        yield Step("exemption", unit, unit - line.price, tax.exemption)


def _discount_steps(full: Decimal, given: Iterable[Discount]) -> Iterable[Step]:
    for one in given:
        full -= one.amount
        step, name = ("code", f"{one.code} ({one.name})") if one.code else ("promotion", one.name)
        yield Step(step, full, -one.amount, name)


def _tax_step(basket: Basket, amount: Decimal, tax: LineTax) -> Step:
    name = f"{basket.tax.name} {(tax.rate * 100).normalize():f} %"
    return Step("tax", amount, ZERO if basket.prices_include_tax else amount, name)


def _delivery(basket: Basket, fee: Decimal, given: Given) -> QuotedDelivery | None:
    delivery = basket.delivery
    if delivery is None:
        return None
    tax = tax_of(delivery.tax_category, basket.tax)
    taxed = tax_on(given.fee, tax=tax, included=basket.prices_include_tax, currency=basket.currency)
    own = _own_fee(basket)
    steps = [Step("fee", own, name=delivery.name)]
    if fee != own:
        steps.append(Step("free_above", fee, fee - own, f"{delivery.free_above}"))
    steps += [*_discount_steps(fee, given.of_delivery), Step("total", given.fee)]
    return QuotedDelivery(
        method=delivery.method,
        name=delivery.name,
        fee=fee,
        discounts=tuple(given.of_delivery),
        total=given.fee,
        tax=taxed,
        tax_rate=tax.rate,
        tax_category=delivery.tax_category,
        treatment=tax.treatment,
        exemption=tax.exemption,
        steps=(*steps, _tax_step(basket, taxed, tax)),
    )


def _tax_sums(
    lines: Iterable[QuotedLine], delivery: QuotedDelivery | None, *, included: bool
) -> tuple[TaxSum, ...]:
    """Sums by category, rate and certificate, in the order in which they first come."""
    sums: dict[tuple[object, ...], TaxSum] = {}
    parts: list[QuotedLine | QuotedDelivery] = [*lines]
    if delivery is not None:
        parts.append(delivery)
    for part in parts:
        key = (part.tax_category, part.treatment, part.tax_rate, part.exemption)
        sofar = sums.get(key)
        sums[key] = TaxSum(
            category=part.tax_category,
            treatment=part.treatment,
            rate=part.tax_rate,
            exemption=part.exemption,
            net=(part.total - part.tax if included else part.total)
            + (sofar.net if sofar else ZERO),
            tax=part.tax + (sofar.tax if sofar else ZERO),
        )
    return tuple(sums.values())


def _applied(candidate: Candidate, given: Given) -> Applied:
    promotion = candidate.promotion
    return Applied(
        promotion.id, promotion.name, candidate.code, candidate.coupon_id,
        given.by_promotion[promotion.id],
    )  # fmt: skip
