"""What another system says that it sold or credited, and what of it cannot be."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.utils import timezone

from catalog.past_goods import Found, PastGood, enter_goods, find_goods
from common.actors import Actor
from common.money import EXPONENTS, MAX_AMOUNT, round_half_up
from common.transactions import require_transaction

MOST_LINES = 30_000  # of one order; a position is a small integer
MAX_PRICE = Decimal(10) ** 10
MAX_QUANTITY = 2**31 - 1
MAX_INVOICE, MAX_CUSTOMER, MAX_COUNTRY, MAX_SKU, MAX_NAME = 40, 40, 80, 100, 400
EXACT = Decimal("1E-8")
ZERO = Decimal(0)
_KNOWN_GOODS = 50_000
# English names as exports spell them; what is not here is kept by its name beside the order alone.
COUNTRIES = {
    "australia": "AU", "austria": "AT", "bahrain": "BH", "belgium": "BE", "brazil": "BR", "canada": "CA", "cyprus": "CY",
    "czech republic": "CZ", "denmark": "DK", "eire": "IE", "ethiopia": "ET", "finland": "FI", "france": "FR",
    "germany": "DE", "greece": "GR", "hong kong": "HK", "iceland": "IS", "ireland": "IE", "israel": "IL", "italy": "IT",
    "japan": "JP", "kenya": "KE", "korea": "KR", "lebanon": "LB", "lithuania": "LT", "malta": "MT", "netherlands": "NL",
    "nigeria": "NG", "norway": "NO", "poland": "PL", "portugal": "PT", "rsa": "ZA", "saudi arabia": "SA",
    "singapore": "SG", "spain": "ES", "sweden": "SE", "switzerland": "CH", "thailand": "TH",
    "united arab emirates": "AE", "united kingdom": "GB", "usa": "US", "west indies": "",
}  # fmt: skip


class NotASale(ValueError):
    """What is given cannot have been a sale, or a credit; one sentence says why."""


@dataclass(frozen=True, slots=True)
class PastItem:
    """So many pieces (above zero) at an exact price (zero for a gift).

    Args:
        line: where in its file it stands. at: when, where that is not as its invoice.
    """

    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    line: int = 0
    at: datetime | None = None

    @property
    def exact(self) -> Decimal:
        """Its value, unrounded."""
        return self.quantity * self.unit_price


@dataclass(frozen=True, slots=True)
class PastInvoice:
    """An invoice or credit note as another system had it. All of its lines, whether they are recorded already or not.

    Args:
        at: with a time zone. tax_rate: of the tax within its prices; 0.2 is 20 %. customer: a number that the other system
            gave a person; empty if it did not say.
    """

    number: str
    at: datetime
    currency: str
    items: tuple[PastItem, ...]
    customer: str = ""
    country: str = ""
    tax_rate: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Tally:
    """What the database has of what it was given: lines and their values, exact and as rounded line by line.

    `new` of the `lines` were not there before. Credits count as negative.
    """

    lines: int = 0
    new: int = 0
    exact: Decimal = ZERO
    rounded: Decimal = ZERO

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.lines + other.lines,
            self.new + other.new,
            self.exact + other.exact,
            self.rounded + other.rounded,
        )


class Goods:
    """Which variant a SKU is: remembers what it found, as archived ones are under no index. Forget after a rollback."""

    def __init__(self) -> None:
        self._known: dict[str, Found] = {}

    def of(self, items: Iterable[PastItem], *, currency: str, by: Actor) -> dict[str, Found]:
        """The variants of these items; unknown ones are entered as archived goods, by the first of their items."""
        if len(self._known) > _KNOWN_GOODS:
            self._known.clear()
        first: dict[str, PastItem] = {}
        for item in items:
            if item.sku not in self._known:
                first.setdefault(item.sku, item)
        if first:
            found = find_goods(first)
            wanted = [good_of(item, currency) for sku, item in first.items() if sku not in found]
            self._known |= found | (enter_goods(goods=wanted, by=by) if wanted else {})
        return self._known

    def forget(self) -> None:
        """What was entered may have been rolled back."""
        self._known.clear()


def good_of(item: PastItem, currency: str) -> PastGood:
    """What the catalogue learns from a sold item."""
    return PastGood(item.sku, item.name or item.sku, round_half_up(item.unit_price, currency))


def keys_of(invoice: PastInvoice) -> list[UUID]:
    """What each line is known by: invoice, day, SKU, quantity and price, and being the n-th of its invoice to say so.

    The day (of UTC), as other systems may begin their numbers anew each year.
    """
    seen: Counter[str] = Counter()
    keys = []
    for item in invoice.items:
        day = (item.at or invoice.at).astimezone(UTC).date()
        price = f"{item.unit_price.normalize():f}"
        says = "\x1f".join([invoice.number, str(day), item.sku, str(item.quantity), price])
        seen[says] += 1
        digest = hashlib.blake2b(f"{says}\x1f{seen[says]}".encode(), digest_size=16).digest()
        keys.append(UUID(bytes=digest))
    return keys


def check(invoice: PastInvoice) -> None:
    """Refuse what cannot have been a sale, or a credit.

    Raises:
        NotASale: with the reason.
    """
    if not invoice.number or len(invoice.number) > MAX_INVOICE:
        raise NotASale(f"An invoice number has 1 to {MAX_INVOICE} characters.")
    if not invoice.items:
        raise NotASale("There are no lines.")
    if invoice.currency not in EXPONENTS:
        raise NotASale(f"{invoice.currency!r} is not a currency of this shop.")
    if timezone.is_naive(invoice.at) or invoice.at > timezone.now():
        raise NotASale("A past sale has a time, with its time zone, and it is past.")
    if not 0 <= invoice.tax_rate < 1:
        raise NotASale("A tax rate is at least 0 and below 1.")
    if len(invoice.customer) > MAX_CUSTOMER or len(invoice.country) > MAX_COUNTRY:
        raise NotASale("The customer's number or country is too long.")
    for item in invoice.items:
        if not 1 <= item.quantity <= MAX_QUANTITY:
            raise NotASale(f"{item.quantity} is not a number of pieces.")
        if not item.unit_price.is_finite() or not 0 <= item.unit_price < MAX_PRICE:
            raise NotASale(f"{item.unit_price} is not a price.")
        if item.unit_price != item.unit_price.quantize(EXACT) or item.exact >= MAX_PRICE:
            raise NotASale(
                "A price has at most 8 decimals, and a line a value below 10 thousand million."
            )
        if not item.sku or len(item.sku) > MAX_SKU or len(item.name) > MAX_NAME:
            raise NotASale(f"A SKU has 1 to {MAX_SKU} characters, a name at most {MAX_NAME}.")
    if sum((item.exact for item in invoice.items), ZERO) > MAX_AMOUNT:
        raise NotASale(f"An order cannot be over more than {MAX_AMOUNT}.")


def hold_history() -> None:
    """Whoever records past sales or credits does so one after the other: what is there already is looked for first."""
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('orders.past_sales'))")


@dataclass(frozen=True, slots=True)
class Keyed:
    """A line of an invoice with what it is known by; `is_new` if it is not recorded yet."""

    invoice: PastInvoice
    item: PastItem
    key: UUID
    is_new: bool


def look_up(invoices: Sequence[PastInvoice], *, table: str, file: int | None) -> list[Keyed]:
    """Which of their lines are recorded: by file and line, or else by what they say.

    The first finds a line whose date is now read in another way; the second finds it in other files.

    Args:
        table: `orders_pastline` or `orders_pastcredit`.
    """
    lines = [
        (invoice, item, key)
        for invoice in invoices
        for item, key in zip(invoice.items, keys_of(invoice), strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT key, NULL::integer FROM {table} WHERE key = ANY (%(keys)s) UNION ALL"  # noqa: S608
            f" SELECT key, line FROM {table} WHERE file_id = %(file)s AND line = ANY (%(lines)s)",
            {
                "keys": [key for _, _, key in lines],
                "file": file,
                "lines": [item.line for _, item, _ in lines],
            },
        )
        rows = cursor.fetchall()
    by_line = {line: key for key, line in rows if line is not None}
    there = {key for key, _ in rows}
    found = []
    for invoice, item, key in lines:
        known = by_line.get(item.line, key)
        found.append(Keyed(invoice, item, known, known not in there))
    return found
