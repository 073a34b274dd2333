"""Money: an exact decimal amount in a currency. Never a float."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

# Minor-unit exponents, ISO 4217. A currency that is not here is not sold in.
EXPONENTS = {"ETB": 2, "USD": 2, "EUR": 2, "GBP": 2, "KES": 2, "TZS": 2, "UGX": 0, "RWF": 0}
MAX_DIGITS = 14
DECIMAL_PLACES = 2
MAX_AMOUNT = Decimal("999999999999.99")


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in major units of `currency` (birr, not santim)."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def as_json(self) -> dict[str, str]:
        """The shape of money in every answer: `{"amount": "1250.00", "currency": "ETB"}`."""
        return {"amount": format_amount(self.amount, self.currency), "currency": self.currency}


def round_half_up(amount: Decimal, currency: str) -> Decimal:
    """Round to the currency's minor unit, halves away from zero."""
    return amount.quantize(Decimal(1).scaleb(-EXPONENTS[currency]), rounding=ROUND_HALF_UP)


def has_minor_units_of(amount: Decimal, currency: str) -> bool:
    """Whether the amount can be paid in this currency: 100.50 can in birr, and not in Ugandan shillings."""
    return amount == round_half_up(amount, currency)


def format_amount(amount: Decimal, currency: str) -> str:
    """A plain decimal string with the currency's number of decimals."""
    return f"{round_half_up(amount, currency):f}"


def parse_amount(value: Any) -> Decimal:
    """A finite decimal out of a number or a numeric string.

    Raises:
        ValueError: it is not a finite number (booleans, NaN, infinity and text are not).
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError("not a number")
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not amount.is_finite():
        raise ValueError("not a finite number")
    return amount


def tax_included(gross: Decimal, *, rate: Decimal, currency: str) -> Decimal:
    """The tax inside a tax-inclusive amount, at `rate` (0.15 is 15 %), rounded half up."""
    return round_half_up(gross * rate / (1 + rate), currency)


def split(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Share an amount out in proportion to weights, by the largest remainder: the shares add up to the amount exactly.

    Every share is a whole number of minor units. Where remainders are equal, earlier shares get more. No share exceeds
    its weight when the weights are amounts themselves and `amount` is at most their sum.

    Args:
        amount: not negative, and payable in `currency`. weights: not negative.

    Raises:
        ValueError: there is something to share and nothing to share it by.
    """
    whole = sum(weights, Decimal(0))
    if not amount:
        return [Decimal(0)] * len(weights)
    if not whole:
        raise ValueError("An amount cannot be shared among nothing.")
    # In integers, so that no digit is lost to the precision of Decimals.
    places = EXPONENTS[currency]
    units = int(amount.scaleb(places))
    finest = max(places, *(-int(weight.as_tuple().exponent) for weight in weights))
    parts = [int(weight.scaleb(finest)) for weight in weights]
    of_all = sum(parts)
    shares = [units * part // of_all for part in parts]
    first = sorted(range(len(parts)), key=lambda place: (-(units * parts[place] % of_all), place))
    for place in first[: units - sum(shares)]:
        shares[place] += 1
    return [Decimal(share).scaleb(-places) for share in shares]
