"""Which tax holds where, when and for whom, and what it comes to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from common.money import round_half_up, tax_included
from pricing.basket import STANDARD, TaxTable, Treatment


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A rate (0.15 is 15 %) of a category in an area (its code; empty: everywhere), from a moment until before another."""

    category: str
    rate: Decimal
    valid_from: datetime
    valid_until: datetime | None = None
    area: str = ""
    name: str = "VAT"


@dataclass(frozen=True, slots=True)
class DatedExemption:
    """A certificate that frees its holder from the tax of some categories (none named: of all), for a time."""

    certificate: str
    valid_from: datetime
    valid_until: datetime | None = None
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LineTax:
    """How one line is taxed; `rate` is what it pays, `rate_without` what it would pay without its exemption."""

    rate: Decimal
    rate_without: Decimal
    treatment: Treatment
    exemption: str


def tax_table(
    *,
    rates: Iterable[DatedRate],
    treatments: Mapping[str, Treatment],
    exemptions: Iterable[DatedExemption],
    area: Sequence[str],
    at: datetime,
) -> TaxTable:
    """The taxes of a place and a moment for one customer.

    The rate of the narrowest area that has one holds, by category; an area without any has that of the areas around it.

    Args:
        area: codes from the widest to the narrowest; empty: nowhere in particular. exemptions: the customer's.
    """
    order = {"": 0} | {code: depth for depth, code in enumerate(area, start=1)}
    found: dict[str, DatedRate] = {}
    for rate in rates:
        if rate.area not in order or not _holds(rate, at):
            continue
        other = found.get(rate.category)
        if other is None or order[rate.area] > order[other.area]:
            found[rate.category] = rate
    known = {STANDARD, *treatments, *found}
    freed: dict[str, str] = {}
    for exemption in sorted(exemptions, key=lambda one: one.certificate):
        if _holds(exemption, at):
            for category in exemption.categories or known:
                freed.setdefault(category, exemption.certificate)
    return TaxTable(
        rates={category: rate.rate for category, rate in sorted(found.items())},
        treatments={
            code: how for code, how in sorted(treatments.items()) if how is not Treatment.TAXED
        },
        exemptions=dict(sorted(freed.items())),
        name=found[STANDARD].name if STANDARD in found else "VAT",
    )


def _holds(dated: DatedRate | DatedExemption, at: datetime) -> bool:
    return dated.valid_from <= at and (dated.valid_until is None or at < dated.valid_until)


def tax_of(category: str, table: TaxTable) -> LineTax:
    """How goods of a category are taxed. A category without a rate is taxed as the standard one, never at nothing."""
    treatment = table.treatments.get(category, Treatment.TAXED)
    if treatment is not Treatment.TAXED:
        return LineTax(Decimal(0), Decimal(0), treatment, "")
    rate = table.rates.get(category, table.rates.get(STANDARD, Decimal(0)))
    certificate = table.exemptions.get(category, "")
    return LineTax(Decimal(0) if certificate else rate, rate, treatment, certificate)


def without_tax(price: Decimal, *, tax: LineTax, included: bool, currency: str) -> Decimal:
    """The price of somebody with an exemption, to whom a price that includes tax is charged without it."""
    if not (included and tax.exemption):
        return price
    return price - tax_included(price, rate=tax.rate_without, currency=currency)


def tax_on(total: Decimal, *, tax: LineTax, included: bool, currency: str) -> Decimal:
    """The tax within a total, or to be added to it."""
    if included:
        return tax_included(total, rate=tax.rate, currency=currency)
    return round_half_up(total * tax.rate, currency)
