"""What a quote says: totals, their parts, and how each came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pricing.basket import Reason, Treatment

# Refusals that tell a customer what to do, or answer a code that was typed. The others of promotions without a code are
# told to staff: nobody needs to read which groups pay less.
_TOLD = frozenset({Reason.BELOW_THRESHOLD, Reason.NO_DELIVERY, Reason.NOT_COMBINABLE})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a line's way to its total.

    Attributes:
        step: list, price_list, sale, exemption, subtotal, promotion, code, total or tax.
        name: of the price list, promotion, code or certificate.
        amount: what it comes to after the step: of one piece up to `exemption`, of the line from `subtotal` on; of
            `tax` the tax itself. change: by how much the step has changed it.
    """

    step: str
    amount: Decimal
    change: Decimal = Decimal(0)
    name: str = ""

    def __str__(self) -> str:
        words = {"price_list": "price list", "code": "code", "promotion": ""}
        said = " ".join(filter(None, [words.get(self.step, self.step), self.name]))
        return f"{said} {self.amount}"


@dataclass(frozen=True, slots=True)
class Discount:
    """What one promotion took off one line, or off the delivery. `amount` > 0."""

    promotion_id: int
    name: str
    code: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """One line. `total` = `subtotal` − discounts; it includes `tax` when prices do.

    Attributes:
        unit_price: what one piece costs before promotions.
        treatment, exemption: how it is taxed, and the number of the certificate that frees it.
    """

    key: str
    variant_id: int
    quantity: int
    unit_price: Decimal
    subtotal: Decimal
    discounts: tuple[Discount, ...]
    total: Decimal
    tax: Decimal
    tax_rate: Decimal
    tax_category: str
    treatment: Treatment = Treatment.TAXED
    exemption: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def discount(self) -> Decimal:
        """What promotions took off this line."""
        return self.subtotal - self.total

    @property
    def explained(self) -> str:
        """The steps in one line, for a person."""
        return " → ".join(map(str, self.steps))


@dataclass(frozen=True, slots=True)
class QuotedDelivery:
    """The delivery. `total` = `fee` − discounts; it includes `tax` when prices do."""

    method: str
    name: str
    fee: Decimal
    discounts: tuple[Discount, ...]
    total: Decimal
    tax: Decimal
    tax_rate: Decimal
    tax_category: str
    treatment: Treatment = Treatment.TAXED
    exemption: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """A promotion that was applied, and what it gave in all. These are what a checkout redeems."""

    promotion_id: int
    name: str
    code: str
    coupon_id: int | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class NotApplied:
    """A promotion or code that was not applied, and why.

    Attributes:
        code: what was typed; empty: a promotion that needs none. detail: one sentence for a person.
        facts: what the sentence is made of, such as `missing` or `with`; amounts are strings.
    """

    name: str
    code: str
    reason: Reason
    detail: str
    promotion_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_told(self) -> bool:
        """Whether a customer is told."""
        return bool(self.code) or self.reason in _TOLD


@dataclass(frozen=True, slots=True)
class TaxSum:
    """What is taxed alike: the sums of its rounded lines, for an invoice."""

    category: str
    treatment: Treatment
    rate: Decimal
    exemption: str
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """What a basket costs, in major units of `currency`.

    `total` = `subtotal` − `discount_total` + `delivery_total`, plus `tax_total` when prices exclude tax. `discount_total` is
    what promotions took off the lines; `delivery_total` is after what they took off the delivery.
    """

    currency: str
    prices_include_tax: bool
    lines: tuple[QuotedLine, ...]
    delivery: QuotedDelivery | None
    subtotal: Decimal
    discount_total: Decimal
    delivery_total: Decimal
    tax_total: Decimal
    total: Decimal
    taxes: tuple[TaxSum, ...]
    applied: tuple[Applied, ...]
    not_applied: tuple[NotApplied, ...]
    trace: dict[str, Any] = field(repr=False, default_factory=dict)
