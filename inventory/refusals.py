"""What the verbs of stock refuse."""

from __future__ import annotations

from collections.abc import Mapping

from common.errors import Conflict


class OutOfStock(Conflict):
    """There is less than was asked for. `short` maps stock item ids to what is left of them."""

    code = "out_of_stock"
    title = "Out of stock"

    def __init__(self, short: Mapping[int, int]) -> None:
        super().__init__("There is not enough stock.")
        self.short = dict(short)


class PurchaseLimit(Conflict):
    """More than one order, or one customer, may take. `limits` maps stock item ids to what they may still take."""

    code = "purchase_limit"
    title = "More than may be bought"

    def __init__(self, limits: Mapping[int, int], details: Mapping[int, str]) -> None:
        super().__init__(
            " ".join(dict.fromkeys(details.values())),
            errors=[
                {"field": "items", "code": self.code, "detail": details[item], "stock_item": item, "available": left}
                for item, left in sorted(limits.items())
            ],
        )  # fmt: skip
        self.limits = dict(limits)
        self.details = dict(details)


class TooMuchReserved(Conflict):
    """The customer holds as much unpaid as anybody may. Paying or cancelling an open order helps."""

    code = "too_much_reserved"
    title = "Too much is reserved and not paid"


class BelowReserved(Conflict):
    """Stock on hand cannot be set below what is promised to open orders, or above a billion."""

    code = "stock_below_reserved"
    title = "Stock below what is reserved"


class StockMoved(Conflict):
    """The shelf does not hold what whoever counted believed: something was sold or moved meanwhile."""

    code = "stock_moved"
    title = "The stock has moved"

    def __init__(self, *, field: str, expected: int, actual: int) -> None:
        detail = f"There are {actual} now, not {expected}. Look again, then count."
        super().__init__(
            detail,
            errors=[
                {
                    "field": field,
                    "code": self.code,
                    "detail": detail,
                    "expected": expected,
                    "actual": actual,
                }
            ],
        )


class NotThere(Conflict):
    """The location holds fewer pieces than were to be taken from it."""

    code = "not_at_location"
    title = "Not at this location"


class BackordersInUse(Conflict):
    """More is promised beyond what is on hand than the new limit would allow."""

    code = "backorders_in_use"
    title = "Back-orders are in use"


class LocationInUse(Conflict):
    """The location holds pieces, has a history, or is the default one."""

    code = "location_in_use"
    title = "Location in use"


class LocationCodeTaken(Conflict):
    """Another location has this code."""

    code = "location_code_taken"
    title = "Location code taken"
