"""What stands in the way of buying a line, found without waiting for anything; the checkout decides under its locks.

Bundles, their parts sold alone, and everything else that shares stock are served one after the other, in the order in
which they were put into the cart: what the first lines take is not there for the later ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from cart.models import CartItem
from catalog.models import Variant


class Problem(StrEnum):
    """Stable: front ends translate them."""

    PRICE_CHANGED = "price_changed"
    OUT_OF_STOCK = "out_of_stock"
    NOT_FOR_SALE = "not_for_sale"
    NOT_SOLD_IN_CURRENCY = "not_sold_in_currency"
    PURCHASE_LIMIT = "purchase_limit"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One problem of a line, in words and as data.

    Attributes:
        blocks: a checkout would refuse the line as it is.
    """

    code: Problem
    detail: str
    blocks: bool = True
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Line:
    """One line of a cart with what it is of. `variant` has its stock and parts beside it; `buyable`: pieces that could be
    bought now."""

    item: CartItem
    variant: Variant
    is_for_sale: bool
    buyable: int = 0
    troubles: list[Trouble] = field(default_factory=list)

    def takes(self) -> dict[int, int]:
        """Pieces of each stock item that one of it takes: one of its own, or a bundle's parts."""
        parts = self.variant.shown_parts
        if parts:
            return {part["stock_item_id"]: part["quantity"] for part in parts}
        return {self.variant.stock_item_id: 1}

    def left(self) -> dict[int, int]:
        """What can be ordered of each of these stock items."""
        parts = self.variant.shown_parts
        if parts:
            return {part["stock_item_id"]: part["sellable"] for part in parts}
        return {self.variant.stock_item_id: self.variant.stock_item.sellable}

    def limits(self) -> dict[int, int]:
        """What one order may take of each of these stock items, where there is a limit."""
        parts = self.variant.shown_parts
        most = (
            {part["stock_item_id"]: part["max_per_order"] for part in parts}
            if parts
            else {self.variant.stock_item_id: self.variant.stock_item.max_per_order}
        )
        return {item: limit for item, limit in most.items() if limit is not None}

    def limits_per_customer(self) -> dict[int, int]:
        """What one customer may take of each of these stock items in all their orders, where there is a limit."""
        parts = self.variant.shown_parts
        most = (
            {part["stock_item_id"]: part["max_per_customer"] for part in parts}
            if parts
            else {self.variant.stock_item_id: self.variant.stock_item.max_per_customer}
        )
        return {item: limit for item, limit in most.items() if limit is not None}


def share_out(lines: Iterable[Line], *, taken: Mapping[int, int] | None = None) -> None:
    """Say of each line how much of it could be bought, and why not all of it.

    Args:
        taken: by stock item, pieces that the customer has in other orders already.
    """
    taken = taken or {}
    left: dict[int, int] = {}
    allowed: dict[int, int] = {}
    lines = list(lines)
    for line in lines:
        if line.is_for_sale:
            left |= {item: max(pieces, 0) for item, pieces in line.left().items()}
            allowed |= line.limits()
    personal = {
        item: (most, max(most - taken.get(item, 0), 0))
        for line in lines
        if line.is_for_sale
        for item, most in line.limits_per_customer().items()
    }
    whole = dict(allowed)
    # Which of the two is the tighter one is what is told.
    personal = {
        item: (most, had)
        for item, (most, had) in personal.items()
        if had < allowed.get(item, had + 1)
    }
    allowed |= {item: had for item, (_, had) in personal.items()}
    for line in lines:
        if not line.is_for_sale:
            line.troubles.append(Trouble(Problem.NOT_FOR_SALE, "This is no longer for sale."))
            continue
        takes, wanted = line.takes(), line.item.quantity
        in_stock = min((left[item] // pieces for item, pieces in takes.items()), default=wanted)
        limited = {item: pieces for item, pieces in takes.items() if item in allowed}
        may = min((allowed[item] // pieces for item, pieces in limited.items()), default=wanted)
        line.buyable = max(min(wanted, in_stock, may), 0)
        if in_stock < wanted:
            detail = f"Only {in_stock} left." if in_stock else "Sold out."
            line.troubles.append(
                Trouble(Problem.OUT_OF_STOCK, detail, data={"available": in_stock})
            )
        if may < wanted:
            line.troubles.append(_beyond(limited, allowed, whole, personal, may))
        for item, pieces in takes.items():
            left[item] -= pieces * line.buyable
            if item in allowed:
                allowed[item] -= pieces * line.buyable


def _beyond(
    takes: Mapping[int, int],
    allowed: Mapping[int, int],
    whole: Mapping[int, int],
    personal: Mapping[int, tuple[int, int]],
    may: int,
) -> Trouble:
    """The limit that a line is beyond: an order's, or the customer's in all their orders."""
    tightest = min(takes, key=lambda item: allowed[item] // takes[item])
    whose, most = ("customer", personal[tightest][0]) if tightest in personal else ("order", whole[tightest])  # fmt: skip
    limit = most // takes[tightest]
    return Trouble(
        Problem.PURCHASE_LIMIT,
        f"One {whose} may have {limit} of it.",
        data={"limit": limit, "available": may},
    )


def compare_price(line: Line, now: Decimal | None, *, currency: str) -> None:
    """Say when a line costs something else than its holder was shown, or cannot be bought in this currency.

    Args:
        now: for one piece, of the quantity that the line asks for; None: it is not sold in `currency`.
    """
    if now is None:
        line.buyable = 0
        detail = f"This is not sold in {currency}."
        line.troubles.append(Trouble(Problem.NOT_SOLD_IN_CURRENCY, detail))
        return
    was = line.item.shown_price
    if was is not None and was != now:
        word = "less" if now < was else "more"
        line.troubles.append(
            Trouble(
                Problem.PRICE_CHANGED, f"It costs {word} than before.", blocks=False,
                data={"was": was, "now": now},
            )
        )  # fmt: skip
