"""The worked examples of docs/pricing.md come out as written."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from pricing import quote
from pricing.basket import Kind, Level, Reason, TaxTable
from tests.pricing.baskets import basket, line, promotion

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "pricing.md").read_text()
EXAMPLES = re.findall(r"^```quote\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
GOODS = re.compile(
    r"(?P<price>[\d.]+) (?P<currency>[A-Z]{3})(?:, regular (?P<regular>[\d.]+))?(?:, sale (?P<sale>[\d.]+))?"
    r", (?P<pieces>\d+) pieces?"
)
RULE = re.compile(
    r"(?P<value>[\d.]+)(?P<percent> %)? off (?P<what>the order|each line): (?P<name>.+)"
)


def computed(example):
    """The quote of an example, and what is said about it."""
    lines, rules, facts, said = [], [], {}, []
    for text in example.splitlines():
        if text.startswith("= "):
            said.append(text.removeprefix("= "))
        elif found := GOODS.fullmatch(text):
            facts["currency"] = found["currency"]
            price = found["sale"] or found["regular"] or found["price"]
            regular = Decimal(found["regular"]) if found["regular"] else None
            lines.append(
                line(
                    price, int(found["pieces"]), key=str(len(lines)), is_sale=bool(found["sale"]),
                    list_price=Decimal(found["price"]), regular_price=regular,
                )
            )  # fmt: skip
        elif found := RULE.fullmatch(text):
            kind = Kind.PERCENTAGE if found["percent"] else Kind.AMOUNT
            level = Level.ORDER if found["what"] == "the order" else Level.LINE
            rules.append(promotion(kind, found["value"], level=level, name=found["name"]))
        elif text == "prices without tax":
            facts["prices_include_tax"] = False
        elif text.startswith("exempt: "):
            rates = {"standard": Decimal("0.15")}
            facts["tax"] = TaxTable(rates, exemptions={"standard": text.removeprefix("exempt: ")})
        else:
            raise AssertionError(f"not understood: {text}")
    return quote(replace(basket(*lines, **facts), promotions=tuple(rules))), said


@pytest.mark.parametrize("example", EXAMPLES)
def test_it_comes_out_as_written(example):
    made, said = computed(example)
    assert said
    for text in said:
        what, _, amounts = text.partition(" ")
        came_out = {
            "total": str(made.total),
            "tax": str(made.tax_total),
            "discounts": " ".join(str(one.discount) for one in made.lines),
            "list": made.lines[0].explained.removeprefix("list "),
        }[what]
        assert came_out == amounts


def test_there_are_examples_and_every_reason_is_explained():
    assert len(EXAMPLES) >= 8
    assert all(f"`{reason.value}`" in DOCUMENT for reason in Reason)
