"""Rows of the Online Retail layout: what is a sale, what a credit, and what neither, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.utils import timezone

from catalog.importing.reading import FileRefused, Row, Table, examine, open_table
from common.money import round_half_up
from orders.history_import.dates import Clock, Evidence, NoDate
from orders.past_invoices import (
    MAX_CUSTOMER,
    MAX_INVOICE,
    MAX_NAME,
    MAX_PRICE,
    MAX_QUANTITY,
    MAX_SKU,
)

# As the two public editions of the data set spell them; in lower case.
COLUMNS = {
    "invoice": ("invoiceno", "invoice", "invoice no"),
    "sku": ("stockcode", "stock code"),
    "name": ("description",),
    "quantity": ("quantity",),
    "at": ("invoicedate", "invoice date"),
    "price": ("unitprice", "price", "unit price"),
    "customer": ("customerid", "customer id"),
    "country": ("country",),
}
REQUIRED = {
    "invoice": "InvoiceNo", "sku": "StockCode", "quantity": "Quantity", "at": "InvoiceDate", "price": "UnitPrice",
}  # fmt: skip
MAX_COUNTRY = 80
_WHOLE = re.compile(r"([+-]?)(\d{1,18})(?:\.0*)?")
_PLAIN = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})")
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that is a sale, or, with `is_credit`, a credit; quantity and price above zero (the price may be zero)."""

    line: int
    invoice: str
    is_credit: bool
    sku: str
    name: str
    quantity: int
    price: Decimal
    at: datetime
    customer: str
    country: str

    @property
    def value(self) -> Decimal:
        """Exact; a credit's is below zero."""
        return self.quantity * self.price * (-1 if self.is_credit else 1)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is neither, why, and what it says it is worth (None: its numbers are none)."""

    line: int
    reason: str
    value: Decimal | None
    cells: dict[str, str]


@dataclass(slots=True)
class Sum:
    """Lines and their values: exact, and each rounded to the currency."""

    lines: int = 0
    exact: Decimal = ZERO
    rounded: Decimal = ZERO
    without_value: int = 0

    def add(self, value: Decimal | None, currency: str) -> None:
        """One more line; None has no value."""
        self.lines += 1
        if value is None:
            self.without_value += 1
        else:
            self.exact += value
            self.rounded += round_half_up(value, currency)


@dataclass(frozen=True)
class History:
    """A file in the Online Retail layout."""

    table: Table
    names: dict[str, str]

    def walk(self, clock: Clock) -> Iterator[Entry | Rejected]:
        """Every row that is not blank, as what it is."""
        now = timezone.now()
        for row in self.table.rows():
            yield read_row(row, self.names, clock, now)

    def survey(self) -> Iterator[str]:
        """The date of every row, to learn how many there are and how they are written."""
        name = self.names["at"]
        for row in self.table.rows():
            yield row[name]


def open_history(path: Path) -> History:
    """Look at a file.

    Raises:
        FileRefused: it is no CSV file of this layout; one sentence says why.
    """
    table = open_table(examine(path))
    names = {}
    for meaning, spellings in COLUMNS.items():
        for spelling in spellings:
            if spelling in table.columns:
                names[meaning] = spelling
                break
    if missing := [name for meaning, name in REQUIRED.items() if meaning not in names]:
        raise FileRefused(
            f"{path} is not a trading history: it has no column {', '.join(missing)}. The header is "
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country."
        )
    return History(table, names)


def survey(history: History) -> tuple[int, Evidence]:
    """How many rows there are, and what their dates say about their order."""
    evidence, rows, last = Evidence(), 0, ""
    for text in history.survey():
        rows += 1
        if text != last:  # rows of an invoice share theirs
            evidence.see(text)
            last = text
    return rows, evidence


def read_row(row: Row, names: dict[str, str], clock: Clock, now: datetime) -> Entry | Rejected:
    """One row. What is wrong with it first, in the order of its columns."""
    cell = {meaning: row[name] for meaning, name in names.items()}
    quantity, price = _whole(cell.get("quantity", "")), _decimal(cell.get("price", ""))
    value = None if quantity is None or price is None else quantity * price

    def rejected(reason: str) -> Rejected:
        return Rejected(row.line, reason, value, row.cells)

    if row.problem:
        return rejected(row.problem)
    invoice, sku = cell["invoice"], cell["sku"]
    if not invoice:
        return rejected("there is no invoice number")
    if len(invoice) > MAX_INVOICE:
        return rejected(f"the invoice number has more than {MAX_INVOICE} characters")
    is_credit = invoice[0] in "Cc"
    if invoice[0] in "Aa":
        return rejected(f"{invoice} is an adjustment of accounts, not a sale")
    if not sku:
        return rejected("there is no stock code")
    if len(sku) > MAX_SKU:
        return rejected(f"the stock code has more than {MAX_SKU} characters")
    if quantity is None:
        return rejected(_not_a("quantity", cell["quantity"], "a whole number"))
    if price is None:
        return rejected(_not_a("unit price", cell["price"], "a number"))
    if price < 0:
        return rejected(f"the unit price is negative: {cell['price'][:40]}")
    if quantity == 0:
        return rejected("the quantity is 0")
    if is_credit and quantity > 0:
        return rejected("a cancellation (C) with a quantity above 0")
    if not is_credit and quantity < 0:
        return rejected("a negative quantity without a cancellation (C): a stock write-off")
    exponent = price.normalize().as_tuple().exponent
    if abs(quantity) > MAX_QUANTITY or price >= MAX_PRICE or abs(quantity) * price >= MAX_PRICE:
        return rejected("the quantity, price or value is larger than any sale")
    if isinstance(exponent, int) and exponent < -8:
        return rejected("the unit price has more than 8 decimals")
    try:
        at = clock.read(cell["at"])
    except NoDate:
        return rejected(_not_a("invoice date", cell["at"], f"a date ({clock.order})"))
    if at > now:
        return rejected(f"the invoice date lies in the future: {cell['at'][:40]}")
    customer = cell.get("customer", "").removesuffix(".0")
    if len(customer) > MAX_CUSTOMER:
        return rejected(f"the customer's number has more than {MAX_CUSTOMER} characters")
    return Entry(
        line=row.line,
        invoice=invoice,
        is_credit=is_credit,
        sku=sku,
        name=cell.get("name", "")[:MAX_NAME],
        quantity=abs(quantity),
        price=price,
        at=at,
        customer=customer,
        country=cell.get("country", "")[:MAX_COUNTRY],
    )


def _whole(text: str) -> int | None:
    match = _WHOLE.fullmatch(text)
    return int(match[1] + match[2]) if match else None


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if _PLAIN.fullmatch(text) else None


def _not_a(what: str, text: str, kind: str) -> str:
    return f"the {what} is not {kind}: {text[:40]!r}" if text else f"there is no {what}"
