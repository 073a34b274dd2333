"""Baskets for tests: small ones by hand, and thousands at random."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from common.money import EXPONENTS
from pricing.basket import (
    STANDARD,
    Basket,
    Code,
    Customer,
    Delivery,
    Kind,
    Level,
    Line,
    Promotion,
    Scope,
    Targets,
    TaxTable,
    Treatment,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
VAT = TaxTable(rates={STANDARD: Decimal("0.15")})


def line(price, quantity=1, key="", **facts):
    """A line, named after its price unless told otherwise."""
    return Line(key=key or f"{price}x{quantity}", quantity=quantity, price=Decimal(price), **facts)


def basket(*lines, **facts):
    """A basket in birr, of which tax is a part, now."""
    return Basket(**({"currency": "ETB", "at": NOW, "tax": VAT, "lines": lines} | facts))


def promotion(kind, value="0", *, level=None, pk=1, **facts):
    """A promotion that holds."""
    usual = {Kind.BUY_X_GET_Y: Level.LINE, Kind.FREE_DELIVERY: Level.DELIVERY}.get(
        kind, Level.ORDER
    )
    facts = {"name": f"Promotion {pk}"} | facts
    return Promotion(id=pk, kind=kind, level=level or usual, value=Decimal(value), **facts)


def random_basket(dice: random.Random) -> Basket:
    """Anything that can be: every kind of promotion, tax, currency and delivery, in odd amounts."""
    currency = dice.choice(["ETB", "USD", "UGX"])
    places = EXPONENTS[currency]

    def amount(most: int) -> Decimal:
        return Decimal(dice.randrange(most * 10**places + 1)).scaleb(-places)

    def some(pool):
        return frozenset(dice.sample(pool, dice.randrange(min(3, len(pool)) + 1)))

    def targets():
        return Targets(
            products=some(range(1, 9)), categories=some(range(1, 5)), brands=some(range(1, 4)),
            collections=some(range(1, 4)), tags=some(["new", "red"]),
        )  # fmt: skip

    def scope():
        return Scope(
            None if dice.random() < 0.5 else targets(), Targets(products=some(range(1, 9)))
        )

    def any_promotion(pk: int) -> Promotion:
        kind = dice.choice(list(Kind))
        level = dice.choice([Level.LINE, Level.ORDER])
        if kind is Kind.AMOUNT:
            value = amount(60)
        else:
            value = Decimal(dice.choice(["5", "10", "12.5", "33.33", "50", "100"]))
        return promotion(
            kind, value, pk=pk, scope=scope(), name=f"Promotion {pk}",
            level=level if kind in {Kind.PERCENTAGE, Kind.AMOUNT} else None,
            reward=scope() if kind is Kind.BUY_X_GET_Y and dice.random() < 0.4 else None,
            buy=dice.randint(1, 3), get=dice.randint(1, 2), times=dice.choice([None, None, 1, 2]),
            most=dice.choice([None, None, amount(40)]),
            minimum=dice.choice([None, None, amount(300)]),
            minimum_pieces=dice.choice([0, 0, 3]),
            in_currency=dice.random() < 0.95,
            groups=some([1, 2]) if dice.random() < 0.2 else frozenset(),
            first_order_only=dice.random() < 0.1,
            is_active=dice.random() < 0.95,
            valid_from=NOW + timedelta(days=dice.choice([-2, -1, -1, 1])),
            valid_until=dice.choice([None, NOW + timedelta(days=dice.choice([0, 1]))]),
            priority=dice.randrange(3), exclusive=dice.random() < 0.15,
            group=dice.choice(["", "", "", "season"]),
            used_up=dice.random() < 0.05, used_up_by_you=dice.random() < 0.05,
        )  # fmt: skip

    lines = []
    for place in range(dice.randint(1, 5)):
        price, listed = amount(150), amount(150)
        lines.append(
            line(
                price, dice.choice([1, 1, 2, 3, 7, 100]), key=f"line-{place}",
                list_price=dice.choice([None, listed]), regular_price=dice.choice([None, price, listed]),
                is_sale=dice.random() < 0.3, price_list=dice.choice(["", "Cafés"]),
                product_id=dice.randint(1, 8), category_ids=some(range(1, 5)),
                brand_id=dice.choice([None, 1, 2, 3]), collection_ids=some(range(1, 4)),
                tags=some(["new", "red"]),
                tax_category=dice.choice([STANDARD, STANDARD, "reduced", "food", "books", "unheard-of"]),
            )
        )  # fmt: skip
    promotions = [any_promotion(pk) for pk in range(1, dice.randint(1, 5))]
    codes = []
    for pk in range(11, 11 + dice.randrange(3)):
        known = any_promotion(pk)
        codes.append(Code(f"CODE{pk}", dice.choice([None, known, known, known]), pk * 10))
    exempt = dice.choice([{}, {}, {STANDARD: "EX-1"}, {STANDARD: "EX-1", "reduced": "EX-1"}])
    return basket(
        *lines,
        currency=currency,
        prices_include_tax=dice.random() < 0.6,
        tax=TaxTable(
            rates={STANDARD: Decimal(dice.choice(["0.15", "0.18", "0.0750"])), "reduced": Decimal("0.05")},
            treatments={"food": Treatment.EXEMPT, "books": Treatment.ZERO_RATED},
            exemptions=exempt,
        ),
        promotions=tuple(promotions),
        codes=tuple(codes),
        customer=Customer(dice.choice([None, 1, 2, 3]), dice.random() < 0.5),
        delivery=dice.choice([
            None,
            Delivery("courier", amount(90), "Courier", dice.choice([None, amount(400)]),
                     dice.choice([STANDARD, "food"])),
        ]),
    )  # fmt: skip
