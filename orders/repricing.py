"""The basket of an order that exists: how its prices were computed, with other pieces or prices.

Promotions, taxes and rates stay those of the order's moment, as its newest trace has them; only what is added costs what it
costs today. A promotion that gave nothing is not in the trace, and so never comes in by an edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from common.errors import Conflict
from orders.models import Order, OrderLine, OrderTrace
from orders.writing import line_amounts_of
from pricing.asking import ask
from pricing.basket import STANDARD, Basket, Delivery, Line, Promotion, Scope, TaxTable
from pricing.quotes import QuotedLine
from pricing.quoting import quote
from pricing.tracing import read_trace

ZERO = Decimal(0)


class OrderCannotBeEdited(Conflict):
    """Nobody wrote down how its prices were computed, and they cannot be told from its lines."""

    code = "order_cannot_be_edited"
    title = "This order cannot be edited"


def key_of(variant_id: int) -> str:
    """How a basket names the line of a variant, as `pricing.gathering` does."""
    return str(variant_id)


def newest_trace(order: Order) -> OrderTrace | None:
    """How the order's present prices were computed; None: nobody wrote it down."""
    return OrderTrace.objects.filter(order=order).order_by("-revision").first()


def basket_of(order: Order, lines: Sequence[OrderLine], trace: OrderTrace | None) -> Basket:
    """What the order's present prices are computed from. Its lines are keyed by variant.

    Raises:
        OrderCannotBeEdited
    """
    if len({line.variant_id for line in lines}) != len(lines):
        raise OrderCannotBeEdited("Two of its lines are of the same thing.")
    if trace is None:
        return _plain_basket(order, lines)
    basket, _ = read_trace(trace.trace)
    keys = {line.key: key_of(line.variant_id) for line in basket.lines}
    return replace(
        basket,
        lines=tuple(replace(line, key=keys[line.key]) for line in basket.lines),
        promotions=tuple(_rekeyed(one, keys) for one in basket.promotions),
        codes=tuple(
            replace(one, promotion=_rekeyed(one.promotion, keys)) if one.promotion else one
            for one in basket.codes
        ),
    )


def _rekeyed(promotion: Promotion, keys: Mapping[str, str]) -> Promotion:
    def named(scope: Scope) -> Scope:
        if scope.keys is None:
            return scope
        return Scope(keys=frozenset(keys[key] for key in scope.keys if key in keys))

    reward = None if promotion.reward is None else named(promotion.reward)
    return replace(promotion, scope=named(promotion.scope), reward=reward)


def _plain_basket(order: Order, lines: Iterable[OrderLine]) -> Basket:
    """Of an order from before traces: its lines at their prices, all taxed at its rate. It had neither promotions nor fees.

    Raises:
        OrderCannotBeEdited: it has.
    """
    if order.discount_total or (order.delivery_total and order.delivery_tax):
        raise OrderCannotBeEdited("It is not written down how its discounts came about.")
    basket = Basket(
        currency=order.currency,
        at=order.created_at,
        lines=tuple(
            Line(
                key=key_of(line.variant_id),
                quantity=line.quantity,
                price=line.unit_price,
                variant_id=line.variant_id,
                product_id=line.product_id,
                tax_category=line.tax_category or STANDARD,
            )
            for line in lines
            if line.quantity
        ),
        tax=TaxTable(rates={STANDARD: order.tax_rate}),
        prices_include_tax=order.prices_include_tax,
        delivery=Delivery("", order.delivery_total) if order.delivery_total else None,
    )
    made = quote(basket)
    if (made.total, made.tax_total) != (order.total, order.tax_total):
        raise OrderCannotBeEdited("Its prices cannot be computed from its lines.")
    return basket


def with_pieces(basket: Basket, key: str, quantity: int) -> Basket:
    """With another number of pieces of a line; none takes the line out."""
    lines = tuple(
        replace(line, quantity=quantity) if line.key == key else line
        for line in basket.lines
        if line.key != key or quantity
    )
    return replace(basket, lines=lines)


def delivered(basket: Basket) -> Basket:
    """Without any line nothing is delivered."""
    return basket if basket.lines else replace(basket, delivery=None)


def with_price(basket: Basket, key: str, price: Decimal) -> Basket:
    """With what staff have agreed for one piece of a line, before promotions."""
    return replace(
        basket,
        lines=tuple(
            replace(line, price=price, is_sale=False) if line.key == key else line
            for line in basket.lines
        ),
    )


def with_added(
    basket: Basket, added: Mapping[int, int], *, order: Order, prices: Mapping[int, Decimal]
) -> tuple[Basket, tuple[int, ...], tuple[int, ...]]:
    """With variants that are not in it yet, at today's prices for the customer.

    They join the promotions that were applied to the order, as far as these are about them and still hold.

    Args:
        added: pieces by variant. prices: what staff have agreed instead.

    Returns:
        The basket; the variants that are not on sale; those that are not sold in the order's currency.
    """
    asked = ask(
        items=list(added.items()),
        user=order.owner,
        currency=order.currency,
        codes=[code.code for code in basket.codes],
        prices=prices,
    )
    today = {one.id: one for one in asked.basket.promotions}
    today |= {code.promotion.id: code.promotion for code in asked.basket.codes if code.promotion}
    new = asked.basket.lines

    def joined(promotion: Promotion) -> Promotion:
        now = today.get(promotion.id)
        if now is None or promotion.scope.keys is None:
            return promotion
        keys = promotion.scope.keys | {line.key for line in new if now.scope.matches(line)}
        return replace(promotion, scope=Scope(keys=keys))

    tax = replace(
        basket.tax,
        rates={**asked.basket.tax.rates, **basket.tax.rates},
        treatments={**asked.basket.tax.treatments, **basket.tax.treatments},
    )
    made = replace(
        basket,
        lines=(*basket.lines, *new),
        tax=tax,
        promotions=tuple(joined(one) for one in basket.promotions),
        codes=tuple(
            replace(code, promotion=joined(code.promotion)) if code.promotion else code
            for code in basket.codes
        ),
    )
    return made, asked.unknown, asked.unpriced


def put_on_line(line: OrderLine, priced: QuotedLine | None) -> None:
    """What a quote says about a line; None: nothing of it is left."""
    if priced is None:
        line.quantity = 0
        line.total = line.discount = line.tax = ZERO
        return
    for name, value in line_amounts_of(priced).items():
        setattr(line, name, value)


def pieces_of(lines: Iterable[OrderLine]) -> dict[int, int]:
    """Pieces by stock item that these lines stand for; of bundles their parts, as they were sold."""
    pieces: dict[int, int] = {}
    for line in lines:
        for item, each in takes_of(line).items():
            pieces[item] = pieces.get(item, 0) + each * line.quantity
    return {item: quantity for item, quantity in pieces.items() if quantity}


def takes_of(line: OrderLine) -> dict[int, int]:
    """Pieces by stock item that one of it takes."""
    if line.parts:
        return {part["stock_item_id"]: part["quantity"] for part in line.parts}
    return {line.variant.stock_item_id: 1}
