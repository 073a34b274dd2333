"""What stands on a document, read off its order once and kept: plain JSON, amounts as text, in no language.

`{"v": 1, "people": {"buyer": {…}, "recipient": {…}}, "issuer": {…}, "order": {"number", "placed_at"}, "currency",
"prices_include_tax", "lines": [{"position", "sku", "name", "quantity", "unit_price", "total", "tax_rate", "tax"}],
"sums": {…}, "taxes": [{"rate", "net", "tax", "gross"}]}`, and by kind `payments`, `reason` with `invoice`, or `hide_prices`
with `note`. Who the people are stands under `people` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from common.money import format_amount
from orders.documents.models import LegalDetails, legal_details_on
from orders.models import Order, OrderLine

Data = dict[str, Any]
VERSION = 1
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AREAS = ("house_number", "line1", "line2", "street", "kebele", "woreda", "sub_city", "zone", "city", "region")  # fmt: skip


def base(order: Order, *, on: date) -> Data:
    """What every document begins with. `on`: the day (the shop's) whose legal details hold."""
    return {
        "v": VERSION,
        "issuer": issuer(legal_details_on(on)),
        "people": people(order),
        "order": {"number": order.number, "placed_at": order.created_at.isoformat()},
        "currency": order.currency,
        "prices_include_tax": order.prices_include_tax,
    }


def issuer(details: LegalDetails | None) -> Data:
    """The shop's particulars; without any, its name."""
    if details is None:
        return {"legal_name": settings.SHOP_NAME}
    names = ("legal_name", "trade_name", "tin", "vat_number", "address", "phone", "email", "footer")
    return {name: getattr(details, name) for name in names if getattr(details, name)}


def people(order: Order) -> Data:
    """Who buys, and who receives where. Empty when the order no longer says."""
    if order.redacted_at is not None:
        return {}
    address = order.shipping_address
    name = _name_of(address)
    owner = order.owner
    own = f"{owner.first_name} {owner.last_name}".strip() if owner is not None else ""
    # The law wants a name, and keeps it for years; an e-mail address stands in where there is nothing else.
    buyer = {
        "name": own or name,
        "company": address.get("company", ""),
        "phone": order.phone,
        "email": "" if own or name or order.phone else order.email,
    }
    recipient = {
        "name": name or own,
        "company": address.get("company", ""),
        "phone": address.get("phone", "") or order.phone,
        "lines": address_lines(address),
    }
    found = {"buyer": _filled(buyer)}
    if recipient["lines"] or name:
        found["recipient"] = _filled(recipient)
    return found


def address_lines(address: Mapping[str, Any]) -> list[str]:
    """An address as it is written: from the house to the country, then how to find it."""
    parts = [_named(name, str(address[name])) for name in _AREAS if address.get(name)]
    postcode = address.get("postcode") or address.get("postal_code") or ""
    ending = " ".join(str(part) for part in (postcode, address.get("country", "")) if part)
    pin = [address.get("latitude"), address.get("longitude")]
    return [
        *_pairs([*parts, *([ending] if ending else [])]),
        *([str(address["landmark"])] if address.get("landmark") else []),
        *([f"{pin[0]}, {pin[1]}"] if None not in pin else []),
    ]


def lines_of(order: Order) -> list[OrderLine]:
    """An order's lines, in their order."""
    return sorted(order.lines.all(), key=lambda line: line.position)


def tax_rate_of(line: OrderLine, order: Order) -> Decimal:
    """The rate (a fraction) at which a line was taxed when it was ordered."""
    return order.tax_rate if line.tax_rate is None else line.tax_rate


def line_data(
    line: OrderLine, order: Order, *, quantity: int | None = None,
    total: Decimal | None = None, tax: Decimal | None = None,
) -> Data:  # fmt: skip
    """One line before its discount; or with `total`, so much of what it came to."""
    currency = order.currency
    return {
        "position": line.position,
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity if quantity is None else quantity,
        "unit_price": format_amount(line.unit_price, currency),
        "total": format_amount(line.total if total is None else total, currency),
        "discount": format_amount(line.discount if total is None else Decimal(0), currency),
        "tax_rate": str(tax_rate_of(line, order)),
        "tax": format_amount(line.tax if tax is None else tax, currency),
    }


def taxes(
    lines: Iterable[Data],
    *,
    delivery: tuple[Decimal, Decimal, Decimal],
    currency: str,
    included: bool,
) -> list[Data]:
    """Net, tax and gross by rate; the gross amounts add up to what is paid.

    Args:
        delivery: its rate, amount and tax. included: whether amounts have the tax in them.
    """
    by_rate: dict[Decimal, list[Decimal]] = {}
    rate, amount, tax = delivery
    rows = [(rate, amount, tax)] if amount or tax else []
    for line in lines:
        less = Decimal(line["total"]) - Decimal(line.get("discount", "0"))
        rows.append((Decimal(line["tax_rate"]), less, Decimal(line["tax"])))
    for rate, amount, tax in rows:
        sums = by_rate.setdefault(rate, [Decimal(0), Decimal(0)])
        sums[0] += amount - tax if included else amount
        sums[1] += tax
    return [
        {
            "rate": str(rate),
            "net": format_amount(net, currency),
            "tax": format_amount(tax, currency),
            "gross": format_amount(net + tax, currency),
        }
        for rate, (net, tax) in sorted(by_rate.items())
    ]


def sale(order: Order) -> Data:
    """Lines, sums and taxes of a whole order."""
    lines = [line_data(line, order) for line in lines_of(order) if line.quantity]
    names = ("subtotal", "discount_total", "delivery_total", "tax_total", "total")
    return {
        "lines": lines,
        "sums": {name: format_amount(getattr(order, name), order.currency) for name in names},
        "taxes": taxes(
            lines,
            delivery=(order.delivery_tax_rate, order.delivery_total, order.delivery_tax),
            currency=order.currency,
            included=order.prices_include_tax,
        ),
    }


def payments(order: Order) -> list[Data]:
    """What was received for the order, as its payments tell it."""
    found = [payment for payment in order.payments.all() if payment.status == "succeeded"]
    return [
        {
            "method": payment.method,
            "reference": payment.gateway_reference or payment.reference,
            "amount": format_amount(payment.amount, payment.currency),
            "paid_at": (payment.settled_at or payment.created_at).isoformat(),
        }
        for payment in sorted(found, key=lambda payment: payment.pk)
    ]


def hides_prices(order: Order) -> bool:
    """Whether whoever unpacks the goods is not to see what they cost."""
    return bool(order.delivery.get("hide_prices") or order.shipping_address.get("hide_prices"))


def delivery_time(order: Order) -> Data:
    """`begins` and `ends` of the window that was promised (ISO 8601, with the shop's offset); empty: no particular time."""
    promised = order.delivery
    if order.redacted_at is not None or not promised.get("begins") or not promised.get("ends"):
        return {}
    return {"begins": promised["begins"], "ends": promised["ends"]}


def shown_time(promised: Mapping[str, Any]) -> str:
    """Day and hours of a window that was promised, as they are printed: `Wed 25 Nov 2026, 09:00–12:00`."""
    if not promised:
        return ""
    begins, ends = (datetime.fromisoformat(promised[name]) for name in ("begins", "ends"))
    day = f"{DAYS[begins.weekday()]} {begins.day} {MONTHS[begins.month - 1]} {begins.year}"
    return f"{day}, {begins:%H:%M}–{ends:%H:%M}"


def _name_of(address: Mapping[str, Any]) -> str:
    both = f"{address.get('first_name', '')} {address.get('last_name', '')}".strip()
    return str(address.get("name") or both)


def _named(name: str, text: str) -> str:
    """Woredas, kebeles and houses have numbers, which say nothing alone."""
    title = {"house_number": "House", "kebele": "Kebele", "woreda": "Woreda"}.get(name)
    return f"{title} {text}" if title and text[:1].isdigit() else text


def _filled(values: Data) -> Data:
    return {name: value for name, value in values.items() if value}


def _pairs(parts: list[str]) -> list[str]:
    """Two to a line, as addresses are short of lines."""
    return [", ".join(parts[start : start + 2]) for start in range(0, len(parts), 2)]
