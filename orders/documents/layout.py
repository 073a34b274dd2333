"""From a document to a sheet: the words of a language beside what was kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.ethiopian import to_ethiopian
from common.money import format_amount
from orders.documents.content import MONTHS, shown_time
from orders.documents.models import Document, Kind
from orders.documents.numbering import SHOP_ZONE
from orders.documents.sheet import Block, Column, Fact, Sheet, Table
from orders.documents.words import Language, word


def sheet_of(document: Document, language: Language) -> Sheet:
    """What is printed of a document, in Amharic, English or both."""
    return _Layout(document, language).sheet()


class _Layout:
    """A document's data with a language at hand."""

    def __init__(self, document: Document, language: Language) -> None:
        self.document = document
        self.language = language
        self.data: Mapping[str, Any] = document.data
        self.currency = document.currency
        self.kind = Kind(document.kind)

    def sheet(self) -> Sheet:
        document = self.document
        prices = self.kind != Kind.PACKING_SLIP or not self.data["hide_prices"]
        return Sheet(
            title=self.word(document.kind),
            number=document.number,
            language="en" if self.language == "en" else "am",
            issued_at=document.issued_at,
            issuer=self.issuer(),
            facts=tuple(self.facts()),
            parties=tuple(self.parties()),
            table=self.payments() if self.kind == Kind.RECEIPT else self.lines(prices),
            sums=tuple(self.sums()),
            breakdown=self.taxes() if self.data["taxes"] else None,
            notes=tuple(self.notes()),
            footer="" if self.kind == Kind.PACKING_SLIP else self.data["issuer"].get("footer", ""),
            mark=self.word("test") if document.is_test else "",
            carried=self.word("carried"),
            brought=self.word("brought"),
            page=self.word("page"),
        )

    # --- above the table --------------------------------------------------------------------------

    def issuer(self) -> tuple[str, ...]:
        given = self.data["issuer"]
        names = [given["trade_name"]] if given.get("trade_name") else []
        numbers = [
            f"{self.word(name)}: {given[name]}" for name in ("tin", "vat_number") if given.get(name)
        ]
        contact = [given[name] for name in ("phone", "email") if given.get(name)]
        return (
            *names,
            given["legal_name"],
            *given.get("address", "").splitlines(),
            *numbers,
            *([", ".join(contact)] if contact else []),
        )

    def facts(self) -> Iterable[Fact]:
        issued = self.document.issued_at
        yield Fact(self.word("date"), _gregorian(issued))
        yield Fact(self.word("ethiopian_date"), self.ethiopian(issued))
        yield Fact(self.word("order"), self.data["order"]["number"], is_strong=True)
        yield Fact(self.word("order_date"), _gregorian(_moment(self.data["order"]["placed_at"])))
        if self.data.get("delivery_time"):
            shown = shown_time(self.data["delivery_time"])
            yield Fact(self.word("delivery_time"), shown, is_strong=True)
        if "invoice" in self.data:
            invoice = self.data["invoice"]
            when = _gregorian(_moment(invoice["issued_at"]))
            yield Fact(self.word("of_invoice"), f"{invoice['number']}, {when}", is_strong=True)

    def ethiopian(self, moment: datetime) -> str:
        day = to_ethiopian(moment.astimezone(SHOP_ZONE).date())
        return day.in_english() if self.language == "en" else day.in_amharic()

    def parties(self) -> Iterable[Block]:
        people = self.data["people"]
        buyer, recipient = people.get("buyer"), people.get("recipient")
        if self.document.redacted_at is not None or not people:
            yield Block(self.word("buyer"), (self.word("redacted"),))
        elif self.kind == Kind.PACKING_SLIP:
            # Without an address it is fetched: by the buyer.
            yield Block(self.word("recipient"), _person(recipient or buyer or {}))
        else:
            title = "received_from" if self.kind == Kind.RECEIPT else "buyer"
            yield Block(self.word(title), _person(buyer or {}))
            if recipient and self.kind == Kind.INVOICE:
                yield Block(self.word("recipient"), _person(recipient))

    # --- tables -----------------------------------------------------------------------------------

    def lines(self, prices: bool) -> Table:
        columns = [
            Column(self.column("place"), 0.8),
            Column(self.column("description"), 6.5),
            Column(self.column("quantity"), 1.1, is_number=True),
        ]
        if prices:
            columns += [
                Column(self.column("unit_price"), 2, is_number=True),
                Column(self.column("rate"), 1.5, is_number=True),
                Column(self.column("amount"), 2.2, is_number=True),
            ]
        rows, running, sum_so_far = [], [], Decimal(0)
        for place, line in enumerate(self.data["lines"], start=1):
            sum_so_far += Decimal(line["total"])
            row = [str(place), f"{line['name']}\n{line['sku']}", f"{line['quantity']:,}"]
            if prices:
                row += [
                    self.amount(line["unit_price"]), _percent(line["tax_rate"]), self.amount(line["total"]),
                ]  # fmt: skip
            rows.append(tuple(row))
            running.append(self.amount(sum_so_far))
        return Table(tuple(columns), tuple(rows), tuple(running) if prices else ())

    def payments(self) -> Table:
        names = ("paid_on", "method", "reference", "amount")
        columns = tuple(
            Column(self.column(name), share, is_number=name == "amount")
            for name, share in zip(names, (3, 3, 5, 3), strict=True)
        )
        rows = tuple(
            (
                _gregorian(_moment(payment["paid_at"])),
                self.word(payment["method"]),
                payment["reference"],
                self.amount(payment["amount"]),
            )
            for payment in self.data["payments"]
        )
        return Table(columns, rows)

    def taxes(self) -> Table:
        names = ("rate", "net", "tax", "gross")
        columns = tuple(
            Column(self.column(name), 2 if place else 1.5, is_number=place > 0)
            for place, name in enumerate(names)
        )
        rows = tuple(
            (_percent(tax["rate"]), *(self.amount(tax[name]) for name in names[1:]))
            for tax in self.data["taxes"]
        )
        return Table(columns, rows)

    # --- below it ---------------------------------------------------------------------------------

    def sums(self) -> Iterable[Fact]:
        sums = {name: Decimal(amount) for name, amount in self.data["sums"].items()}
        if self.kind == Kind.PACKING_SLIP:
            pieces = sum(line["quantity"] for line in self.data["lines"])
            yield Fact(self.word("pieces"), f"{pieces:,}", is_strong=True)
            return
        if self.kind != Kind.RECEIPT and (sums["discount_total"] or sums["delivery_total"]):
            yield Fact(self.word("subtotal"), self.money(sums["subtotal"]))
            if sums["discount_total"]:
                yield Fact(self.word("discount"), self.money(-sums["discount_total"]))
            if sums["delivery_total"]:
                yield Fact(self.word("delivery"), self.money(sums["delivery_total"]))
        yield Fact(self.word("net_total"), self.money(sums["total"] - sums["tax_total"]))
        yield Fact(self.word("vat_total"), self.money(sums["tax_total"]))
        final = {Kind.RECEIPT: "received", Kind.CREDIT_NOTE: "credited"}.get(self.kind, "total")
        yield Fact(self.word(final), self.money(sums["total"]), is_strong=True)

    def notes(self) -> Iterable[str]:
        if self.document.is_test:
            yield self.word("test_note", between="\n")
        if self.data.get("reason"):
            yield f"{self.word('reason')}: {self.data['reason']}"
        if self.data["taxes"] and self.data["prices_include_tax"]:
            yield self.word("prices_include", between=" ")

    # --- words and numbers ------------------------------------------------------------------------

    def word(self, name: str, *, between: str = " / ") -> str:
        return word(name, self.language, between=between)

    def column(self, name: str) -> str:
        return self.word(name, between="\n")

    def amount(self, amount: Decimal | str) -> str:
        plain = format_amount(Decimal(amount), self.currency)
        return f"{Decimal(plain):,}"

    def money(self, amount: Decimal) -> str:
        return f"{self.amount(amount)} {self.currency}"


def _person(person: Mapping[str, Any]) -> tuple[str, ...]:
    plain = [person.get(name) for name in ("name", "company")]
    contact = [person.get(name) for name in ("phone", "email")]
    return tuple(str(line) for line in (*plain, *person.get("lines", []), *contact) if line) or (
        "—",
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _gregorian(moment: datetime) -> str:
    day = moment.astimezone(SHOP_ZONE).date()
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _percent(rate: str) -> str:
    """`0.1500` is `15 %`."""
    return f"{(Decimal(rate) * 100).normalize():f} %"
