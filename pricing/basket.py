"""What a quote is computed from: plain frozen facts. Nothing here reads a database, a clock or a setting.

All amounts are Decimals in major units of the basket's currency (birr, not santim), all moments are aware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

STANDARD = "standard"  # the tax category of whatever has no other


class Kind(StrEnum):
    """What a promotion gives."""

    PERCENTAGE = "percentage"
    AMOUNT = "amount"
    BUY_X_GET_Y = "buy_x_get_y"
    FREE_DELIVERY = "free_delivery"


class Level(StrEnum):
    """What a promotion takes its discount off."""

    LINE = "line"  # each matching line by itself
    ORDER = "order"  # the matching lines together; what is given is shared out over them
    DELIVERY = "delivery"


class Treatment(StrEnum):
    """How a category is taxed."""

    TAXED = "taxed"  # at the dated rate of the category and area
    ZERO_RATED = "zero_rated"  # taxed, at nothing
    EXEMPT = "exempt"  # not taxed at all


class Reason(StrEnum):
    """Why a promotion or a code was not applied. Stable: front ends translate them."""

    UNKNOWN_CODE = "unknown_code"
    INACTIVE = "inactive"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    WRONG_CURRENCY = "wrong_currency"
    WRONG_GROUP = "wrong_group"
    NOT_FIRST_ORDER = "not_first_order"
    USED_UP = "used_up"
    USED_UP_BY_YOU = "used_up_by_you"
    NOTHING_MATCHES = "nothing_matches"
    BELOW_THRESHOLD = "below_threshold"
    NO_DELIVERY = "no_delivery"
    NOTHING_TO_DISCOUNT = "nothing_to_discount"
    NOT_COMBINABLE = "not_combinable"


@dataclass(frozen=True, slots=True)
class Line:
    """So many pieces of a variant, at the prices that hold before any promotion.

    Attributes:
        key: names the line in the quote; unique in the basket.
        list_price: the variant's own price. regular_price: after price lists, without reductions. price: what one piece
            costs this caller, reductions included. They may be equal; `price` alone is charged.
        price_list: the name of the list that `regular_price` or `price` comes from; empty: none.
        category_ids: the product's category and all above it.
    """

    key: str
    quantity: int
    price: Decimal
    list_price: Decimal | None = None
    regular_price: Decimal | None = None
    price_list: str = ""
    is_sale: bool = False
    variant_id: int = 0
    product_id: int = 0
    category_ids: frozenset[int] = frozenset()
    brand_id: int | None = None
    collection_ids: frozenset[int] = frozenset()
    tags: frozenset[str] = frozenset()
    tax_category: str = STANDARD


@dataclass(frozen=True, slots=True)
class Targets:
    """Products, named by themselves or by what they belong to."""

    products: frozenset[int] = frozenset()
    categories: frozenset[int] = frozenset()
    brands: frozenset[int] = frozenset()
    collections: frozenset[int] = frozenset()
    tags: frozenset[str] = frozenset()

    def hit(self, line: Line) -> bool:
        """Whether the line's product is among them."""
        return (
            line.product_id in self.products
            or line.brand_id in self.brands
            or not self.categories.isdisjoint(line.category_ids)
            or not self.collections.isdisjoint(line.collection_ids)
            or not self.tags.isdisjoint(line.tags)
        )


NOTHING = Targets()


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lines a promotion is about: all of them (`included` is None) or those included, without those excluded.

    A trace names the lines by their `keys` instead, so that a stored quote stays true when products move.
    """

    included: Targets | None = None
    excluded: Targets = NOTHING
    keys: frozenset[str] | None = None

    def matches(self, line: Line) -> bool:
        """Whether the promotion is about this line."""
        if self.keys is not None:
            return line.key in self.keys
        if self.included is not None and not self.included.hit(line):
            return False
        return not self.excluded.hit(line)


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion's rule, with what its limits leave to this caller.

    Attributes:
        value: a percentage (10 is 10 %) of `percentage` and `buy_x_get_y`; of `amount` what is taken off each piece
            (line level) or off the order. Unused by `free_delivery`.
        most: at most so much is given, of any kind; None: no bound.
        minimum: what the matching lines must come to before promotions. minimum_pieces: how many they must be.
        has_amounts, in_currency: whether it names currencies, and whether the basket's is one of them.
        groups: customer groups; empty: everybody.
        priority: the higher goes first. exclusive: combines with no other. group: of the promotions with the same
            name here only one applies; empty: no such bound.
        buy, get, reward: for so many pieces of the scope, so many pieces of `reward` (None: of the scope itself) are
            reduced by `value`, the cheapest first; `times`: at most so often in one basket.
        used_up, used_up_by_you: the limits say no.
    """

    id: int
    name: str
    kind: Kind
    level: Level
    value: Decimal = Decimal(0)
    scope: Scope = EVERYTHING
    reward: Scope | None = None
    buy: int = 0
    get: int = 0
    times: int | None = None
    most: Decimal | None = None
    minimum: Decimal | None = None
    minimum_pieces: int = 0
    in_currency: bool = True
    groups: frozenset[int] = frozenset()
    first_order_only: bool = False
    is_active: bool = True
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    priority: int = 0
    exclusive: bool = False
    group: str = ""
    version: int = 1
    used_up: bool = False
    used_up_by_you: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A coupon code as somebody typed it, and what it stands for.

    Attributes:
        code: normalised. promotion: None when it stands for nothing.
        problem: why the coupon itself cannot be used, whatever its promotion says.
    """

    code: str
    promotion: Promotion | None = None
    coupon_id: int | None = None
    problem: Reason | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """What promotions ask about a customer. `is_first_order` of a stranger is True."""

    group_id: int | None = None
    is_first_order: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """How it travels, and what that costs before promotions.

    Attributes:
        free_above: no fee when the goods come to so much before promotions; None: always a fee.
    """

    method: str
    fee: Decimal
    name: str = ""
    free_above: Decimal | None = None
    tax_category: str = STANDARD


@dataclass(frozen=True, slots=True)
class TaxTable:
    """The taxes that hold for a place, a moment and a customer.

    Attributes:
        rates: fractions (0.15 is 15 %) by category; a taxed category that is not here is taxed as `standard`.
        treatments: of the categories that are not simply taxed. exemptions: the certificate's number by category.
    """

    rates: Mapping[str, Decimal] = field(default_factory=dict)
    treatments: Mapping[str, Treatment] = field(default_factory=dict)
    exemptions: Mapping[str, str] = field(default_factory=dict)
    name: str = "VAT"


@dataclass(frozen=True, slots=True)
class Basket:
    """Everything that a price depends on."""

    currency: str
    at: datetime
    lines: tuple[Line, ...]
    tax: TaxTable
    prices_include_tax: bool = True
    promotions: tuple[Promotion, ...] = ()
    codes: tuple[Code, ...] = ()
    customer: Customer = Customer()
    delivery: Delivery | None = None
