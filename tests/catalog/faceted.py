"""Goods with something to say in every facet."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from account.models import CustomerGroup
from catalog.models import (
    RETAIL,
    Attribute,
    AttributeChoice,
    AttributeValue,
    Price,
    PriceList,
    Product,
)
from tests import factories


def forty_products() -> PriceList:
    """Forty products of every kind, some of which are not on sale; returns the price list of the wholesalers."""
    dice = random.Random(7)
    roots = [factories.category(name, slug=name.lower()) for name in ("Food", "Home")]
    leaves = [
        factories.category(f"{root.name} {n}", slug=f"{root.slug}-{n}", parent=root)
        for root in roots for n in range(3)
    ]  # fmt: skip
    deep = factories.category("Deep", slug="deep", parent=leaves[0])
    kinds = {"colour": "choice", "weight": "number", "size": "number", "organic": "boolean",
             "harvest": "date", "note": "text", "hidden": "text"}  # fmt: skip
    attributes = {
        code: Attribute.objects.create(
            code=code, name=code.title(), kind=kind, is_filterable=code != "hidden",
            unit="g" if code == "weight" else "",
        )
        for code, kind in kinds.items()
    }  # fmt: skip
    colours = [
        AttributeChoice.objects.create(attribute=attributes["colour"], value=value)
        for value in ("Red", "ሰማያዊ", "a=b & c")
    ]
    group = CustomerGroup.objects.create(name="Wholesalers")
    wholesale = PriceList.objects.create(name="Wholesale", group=group)
    for number in range(40):
        row = Product.objects.create(
            name=f"Thing {number}", slug=f"thing-{number}", is_published=number % 10 != 9,
            category=dice.choice([*leaves, deep, roots[0], None]),
            brand=dice.choice(["Abay", "Omo", "ዓባይ", ""]), tags=dice.sample(["new", "gift", "x=y"], dice.randrange(3)),
        )  # fmt: skip
        for size in dice.sample(["S", "M", "L"], dice.randint(1, 3)):
            made = factories.variant(
                product=row, price=str(dice.choice([50, 99, 100, 150, 199.99, 200, 1000, 2500])), stock=dice.randrange(2),
                options=[{"name": "Size", "value": size}, {"name": "Cut & fit", "value": dice.choice("ab")}],
            )  # fmt: skip
            if number % 5 == 0:
                Price.objects.create(
                    variant=made, price_list_id=RETAIL, currency="USD", amount=Decimal(number + 1)
                )
            if number % 7 == 0:
                Price.objects.create(variant=made, price_list=wholesale, amount=Decimal(40))
            if number % 11 == 0:
                Price.objects.create(
                    variant=made, price_list_id=RETAIL, is_sale=True, amount=Decimal(30)
                )
        for code, value in {
            "colour": {"choice": dice.choice(colours)}, "weight": {"number": Decimal(dice.randrange(-50, 5000)) / 4},
            "size": {"number": Decimal(dice.randrange(4))}, "organic": {"boolean": dice.random() < 0.3},
            "harvest": {"date": dt.date(2026, 1, dice.randint(1, 5))}, "note": {"text": dice.choice(["1..2", "sweet"])},
            "hidden": {"text": "secret"},
        }.items():  # fmt: skip
            if dice.random() < 0.7:
                AttributeValue.objects.create(product=row, attribute=attributes[code], **value)
    return wholesale
