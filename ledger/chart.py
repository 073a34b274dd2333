"""The chart of accounts: every account that the verbs of this shop post to. Migrations write it; a test compares the two."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.models import Kind

GATEWAY_CHAPA = "gateway.chapa"
CASH_COURIER = "cash.courier"
BANK = "bank"
PREPAID = "customers.prepaid"
REFUNDS_DUE = "refunds.due"
VAT = "tax.vat"
SALES = "sales"
DELIVERY = "sales.delivery"
DISCOUNTS = "sales.discounts"
RETURNS = "sales.returns"
GATEWAY_FEES = "fees.gateway"
VARIANCE = "variance"
LEGACY = "legacy"


@dataclass(frozen=True, slots=True)
class Charted:
    """An account as migrations write it. `meaning` is for docs/ledger.md."""

    code: str
    name: str
    kind: Kind
    meaning: str


CHART: tuple[Charted, ...] = (
    Charted(GATEWAY_CHAPA, "Chapa", Kind.ASSET, "what Chapa holds for the shop, its fees taken off"),
    Charted(CASH_COURIER, "Cash with couriers", Kind.ASSET, "collected at the door, not handed in yet"),
    Charted(BANK, "Bank", Kind.ASSET, "what the gateway or a courier has paid out"),
    Charted(PREPAID, "Money of customers", Kind.LIABILITY, "came in and is not assigned to a sale"),
    Charted(REFUNDS_DUE, "Refunds due", Kind.LIABILITY, "owed to customers, and decided"),
    Charted(VAT, "VAT", Kind.LIABILITY, "the tax within sales, owed to the state"),
    Charted(SALES, "Sales of goods", Kind.INCOME, "before discounts, without tax"),
    Charted(DELIVERY, "Delivery", Kind.INCOME, "what customers pay for it, without tax"),
    Charted(DISCOUNTS, "Discounts", Kind.INCOME, "less income: what was let off, without tax"),
    Charted(RETURNS, "Returns", Kind.INCOME, "less income: goods that came back, without tax"),
    Charted(GATEWAY_FEES, "Fees of gateways", Kind.EXPENSE, "what a gateway keeps of a payment"),
    Charted(VARIANCE, "Differences", Kind.EXPENSE, "what was found to be missing, or too much"),
    Charted(LEGACY, "Settled elsewhere", Kind.EQUITY, "the other side of what was paid before or outside of this shop"),
)  # fmt: skip


def gateway(method: str) -> str:
    """The account of the money that a way to pay has brought and not paid out yet."""
    return f"gateway.{method}"
