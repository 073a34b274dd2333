"""Issuing documents: once, with all that stands on them kept, and never changed again."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction
from django.utils import timezone

from common.actors import GATEWAY, SYSTEM
from orders import services
from orders.documents import numbering, triggers
from orders.documents.issuing import (
    CreditLine,
    issue_credit_note,
    issue_invoice,
    issue_packing_slip,
    issue_receipt,
)
from orders.documents.layout import sheet_of
from orders.documents.models import Document, DocumentCounter, Kind, LegalDetails
from orders.documents.pdf import render
from orders.documents.refusals import NoDocumentYet, NothingToCredit, TooMuchCredited
from orders.models import CancelReason
from tests import factories
from tests.factories import place
from tests.orders.sheets import text

pytestmark = pytest.mark.django_db

ADDRESS = {
    "name": "አበበ ቢቂላ", "sub_city": "Bole", "woreda": "03", "city": "Addis Ababa",
    "landmark": "ከኤድና ሞል ጀርባ", "phone": "+251911000000", "country": "ET",
}  # fmt: skip


def paid(quantity: int = 3, price: str = "115.00", **fields):
    """A paid order of one line."""
    order = place(variant=factories.variant(price=price, stock=quantity), quantity=quantity)
    for name, value in fields.items():
        setattr(order, name, value)
    if fields:
        order.save(update_fields=list(fields))
    order = services.lock_order(order.pk)
    services.mark_paid(order=order, by=GATEWAY)
    return order


def read(document: Document, language="both") -> str:
    return text(render(sheet_of(document, language)))


# --- invoices -----------------------------------------------------------------------------------


def test_an_order_that_is_paid_has_its_invoice():
    order = paid()
    [invoice] = order.documents.all()
    year = timezone.now().astimezone(numbering.SHOP_ZONE).year
    assert invoice.number == f"INV-{year}-000001"
    assert (invoice.total, invoice.tax_total) == (Decimal("345.00"), Decimal("45.00"))
    assert invoice.data["taxes"] == [
        {"rate": "0.1500", "net": "300.00", "tax": "45.00", "gross": "345.00"}
    ]


def test_an_order_that_late_money_revives_has_its_invoice():
    order = place(variant=factories.variant(stock=1))
    services.cancel(order=services.lock_order(order.pk), by=SYSTEM, reason=CancelReason.EXPIRED)
    assert services.revive(order=services.lock_order(order.pk), by=GATEWAY)
    assert [document.kind for document in order.documents.all()] == [Kind.INVOICE]


def test_the_same_invoice_is_issued_once():
    order = paid()
    assert issue_invoice(order=order) == issue_invoice(order=order) == order.documents.get()


def test_an_order_that_is_not_sold_has_no_invoice():
    order = place()
    with pytest.raises(NoDocumentYet):
        issue_invoice(order=order)
    services.cancel(order=order, by=SYSTEM, reason=CancelReason.CUSTOMER)
    with pytest.raises(NoDocumentYet):
        issue_invoice(order=order)
    assert not DocumentCounter.objects.exists()


def test_an_invoice_says_what_the_law_wants(settings):
    settings.CHAPA_MODE = "live"
    LegalDetails.objects.create(
        valid_from=date(2020, 1, 1), legal_name="Buna House PLC", trade_name="ቡና ቤት", tin="0012345678",
        vat_number="1234567890", address="Bole Road 5\nAddis Ababa", phone="+251115000000", footer="CBE 1000123",
    )  # fmt: skip
    order = paid(shipping_address=ADDRESS)
    invoice = order.documents.get()
    said = read(invoice)
    for part in (
        "የሽያጭ ደረሰኝ / Invoice", invoice.number, "ቡና ቤት", "Buna House PLC", "Bole Road 5", "0012345678", "1234567890",
        "አበበ ቢቂላ", "Woreda 03, Bole", "Addis Ababa, ET", "ከኤድና ሞል ጀርባ",
        order.number, order.lines.get().name, order.lines.get().sku,
        "115.00", "345.00 ETB", "300.00 ETB", "45.00 ETB", "15 %", "ዓ.ም.", "CBE 1000123",
    ):  # fmt: skip
        assert part in said
    assert "TEST" not in said
    assert invoice.number.startswith("INV-")


def test_languages():
    invoice = paid().documents.get()
    english, amharic = read(invoice, "en"), read(invoice, "am")
    assert "Invoice" in english
    assert "ደረሰኝ" not in english
    assert "E.C." in english
    assert "የሽያጭ ደረሰኝ" in amharic
    assert "Invoice" not in amharic
    assert "ዓ.ም." in amharic


def test_a_shop_without_legal_details_signs_with_its_name(settings):
    settings.SHOP_NAME = "Corner shop"
    assert "Corner shop" in read(paid().documents.get())


def test_an_invoice_keeps_what_held_on_its_day():
    today = timezone.now().astimezone(numbering.SHOP_ZONE).date()
    LegalDetails.objects.create(valid_from=today - timedelta(days=400), legal_name="Old name")
    now = LegalDetails.objects.create(valid_from=today, legal_name="Present name")
    LegalDetails.objects.create(valid_from=today + timedelta(days=1), legal_name="Next name")
    invoice = paid().documents.get()
    now.legal_name = "Corrected later"
    now.save()
    said = read(Document.objects.get(pk=invoice.pk))
    assert "Present name" in said
    assert "Corrected" not in said


def test_vat_stays_at_the_rate_of_the_orders_day():
    from pricing.models import TaxRate

    order = place(variant=factories.variant(price="115.00"))
    TaxRate.objects.update(rate=Decimal("0.20"))
    services.mark_paid(order=services.lock_order(order.pk), by=GATEWAY)
    assert order.documents.get().data["taxes"][0]["rate"] == "0.1500"


def test_the_gross_amounts_by_rate_add_up_with_delivery_and_discount():
    order = place(variant=factories.variant(price="115.00"))
    order.delivery_total, order.discount_total = Decimal("23.00"), Decimal("11.50")
    order.total = order.subtotal + order.delivery_total - order.discount_total
    order.tax_total, order.delivery_tax = Decimal("16.50"), Decimal("3.00")
    order.delivery_tax_rate = Decimal("0.15")
    order.save()
    order.lines.update(discount=Decimal("11.50"), tax=Decimal("13.50"))
    services.mark_paid(order=services.lock_order(order.pk), by=GATEWAY)
    invoice = order.documents.get()
    assert invoice.data["taxes"] == [
        {"rate": "0.1500", "net": "110.00", "tax": "16.50", "gross": "126.50"}
    ]
    said = read(invoice, "en")
    assert "Delivery" in said
    assert "-11.50 ETB" in said


def test_test_money_makes_test_documents_with_numbers_of_their_own(settings):
    settings.CHAPA_MODE = "test"
    first = paid().documents.get()
    settings.CHAPA_MODE = "live"
    second = paid().documents.get()
    settings.CHAPA_MODE = "test"
    third = paid().documents.get()
    assert [d.number.rpartition("-")[2] for d in (first, second, third)] == [
        "000001", "000001", "000002",
    ]  # fmt: skip
    assert "ሙከራ / TEST" in read(first)
    assert "worth nothing" in read(first)
    assert "TEST" not in read(second)


# --- receipts and slips -------------------------------------------------------------------------


def test_a_receipt_wants_money():
    order = place()
    with pytest.raises(NoDocumentYet):
        issue_receipt(order=order)
    order = paid()
    order.payments.create(
        method="chapa", status="succeeded", amount=order.total, currency="ETB", mode="test",
        reference="tx-12345678", gateway_reference="APq9ZZ", settled_at=timezone.now(),
    )  # fmt: skip
    receipt = issue_receipt(order=services.lock_order(order.pk))
    said = read(receipt)
    assert "የገንዘብ መቀበያ ደረሰኝ / Receipt" in said
    assert "APq9ZZ" in said
    assert "Chapa" in said
    assert "345.00 ETB" in said
    assert issue_receipt(order=order) == receipt


def test_a_packing_slip_shows_prices_unless_the_order_hides_them():
    shown, hidden = (
        issue_packing_slip(order=paid(shipping_address=ADDRESS, delivery=wishes))
        for wishes in ({}, {"hide_prices": True})
    )
    assert "115.00" in read(shown)
    assert "115.00" not in read(hidden)
    assert "345.00" not in read(hidden)
    assert "15 %" not in read(hidden)
    assert "ከኤድና ሞል ጀርባ" in read(hidden)
    assert "3" in read(hidden)


def test_a_packing_slip_of_a_shipment_names_its_pieces():
    order = paid(quantity=3)
    first = issue_packing_slip(order=order, key="s1", pieces={0: 2})
    second = issue_packing_slip(order=order, key="s2", pieces={0: 1})
    assert [slip.data["lines"][0]["quantity"] for slip in (first, second)] == [2, 1]
    assert issue_packing_slip(order=order, key="s1") == first


def test_what_is_cancelled_is_not_packed():
    order = services.lock_order(place().pk)
    services.cancel(order=order, by=SYSTEM, reason=CancelReason.CUSTOMER)
    with pytest.raises(NoDocumentYet):
        issue_packing_slip(order=order)


# --- credit notes -------------------------------------------------------------------------------


def test_a_credit_note_names_its_invoice_and_reason():
    order = paid()
    note = issue_credit_note(order=order, lines=[CreditLine(0, 1)], reason="Broken", key="r1")
    assert note.credits == order.documents.get(kind=Kind.INVOICE)
    assert (note.total, note.tax_total) == (Decimal("115.00"), Decimal("15.00"))
    said = read(note)
    assert note.credits.number in said
    assert "Broken" in said
    assert "Total credited" in said
    again = issue_credit_note(order=order, lines=[CreditLine(0, 1)], reason="Broken", key="r1")
    assert again == note


@pytest.mark.parametrize("price", ["0.05", "10.01", "33.33", "99.99", "1.00"])
def test_a_line_that_goes_back_piece_by_piece_gives_back_exactly_itself(price):
    order = paid(quantity=7, price=price)
    notes = [
        issue_credit_note(order=order, lines=[CreditLine(0, 1)], reason="r", key=str(piece))
        for piece in range(7)
    ]
    assert sum(note.total for note in notes) == order.total
    assert sum(note.tax_total for note in notes) == order.tax_total
    assert all(0 <= note.tax_total <= note.total for note in notes)
    with pytest.raises(TooMuchCredited):
        issue_credit_note(order=order, lines=[CreditLine(0, 1)], reason="r", key="8")


def test_an_amount_can_go_back_while_the_goods_stay():
    order = paid()
    note = issue_credit_note(
        order=order, lines=[CreditLine(0, 0, Decimal("23.00"))], reason="Late", key="1"
    )
    assert (note.total, note.tax_total) == (Decimal("23.00"), Decimal("3.00"))
    rest = issue_credit_note(order=order, lines=[CreditLine(0, 3)], reason="r", key="2")
    assert note.total + rest.total == order.total
    assert note.tax_total + rest.tax_total == order.tax_total


@pytest.mark.parametrize(
    ("lines", "more", "refusal"),
    [
        ([CreditLine(0, 4)], {}, TooMuchCredited),
        ([CreditLine(0, -1)], {}, TooMuchCredited),
        ([CreditLine(0, 1, Decimal("345.01"))], {}, TooMuchCredited),
        ([CreditLine(0, 1, Decimal("1.001"))], {}, TooMuchCredited),
        ([CreditLine(0, 0)], {}, NothingToCredit),
        ([CreditLine(1, 1)], {}, NothingToCredit),
        ([CreditLine(0, 1), CreditLine(0, 1)], {}, NothingToCredit),
        ([], {}, NothingToCredit),
        ([CreditLine(0, 1)], {"reason": " "}, NothingToCredit),
        ([CreditLine(0, 1)], {"key": ""}, NothingToCredit),
        ([], {"delivery": Decimal("1.00")}, TooMuchCredited),
        ([], {"delivery": Decimal("-1.00")}, NothingToCredit),
    ],
)
def test_what_cannot_be_credited(lines, more, refusal):
    order = paid()
    with pytest.raises(refusal):
        issue_credit_note(**{"order": order, "lines": lines, "reason": "r", "key": "k", **more})
    assert not order.documents.filter(kind=Kind.CREDIT_NOTE).exists()


# --- what the database sees to ------------------------------------------------------------------


def test_the_database_refuses_credits_beyond_the_invoice():
    invoice = paid().documents.get()
    with pytest.raises(IntegrityError, match="cannot be credited"), transaction.atomic():
        Document.objects.create(
            kind="credit_note", is_test=True, year=2026, sequence=99, number="X-1",
            order=invoice.order, key="x", credits=invoice, currency="ETB", total=Decimal("345.01"),
            tax_total=0, data={}, issued_at=timezone.now(),
        )  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders_document SET total = 1",
        "UPDATE orders_document SET data = data || '{\"people\": {}}'",
        "UPDATE orders_document SET data = data || '{\"people\": {}}', redacted_at = now()",
        "DELETE FROM orders_document",
    ],
)
def test_documents_are_never_changed(statement):
    paid()
    with (
        pytest.raises((InternalError, ProgrammingError), match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_truncating_is_refused_outside_of_tests():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL nexus.documents_upkeep = ''")
        with pytest.raises((InternalError, ProgrammingError), match="never changed"):
            cursor.execute("TRUNCATE orders_document")
        transaction.set_rollback(True)


def test_the_doctor_sees_triggers_that_are_switched_off():
    assert triggers.flaws() == []
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE orders_document DISABLE TRIGGER {triggers.KEEPS}")
    assert triggers.flaws() == [f"orders_document lacks the trigger {triggers.KEEPS}"]


# --- numbers ------------------------------------------------------------------------------------


def test_a_transaction_that_is_rolled_back_has_taken_no_number():
    for outcome in (False, True, False, True):
        with transaction.atomic():
            taken = numbering.take_number(kind=Kind.INVOICE, is_test=False)
            if not outcome:
                transaction.set_rollback(True)
    assert taken.sequence == 2
    assert DocumentCounter.objects.get().last == 2


def test_a_year_that_ends_while_one_waits_leaves_no_gap(monkeypatch):
    real, calls = numbering._count, []

    def count(kind, is_test, step, year=None):
        found = real(kind, is_test, step, year or (None if calls else 2025))
        calls.append((step, found[:2]))
        return found

    monkeypatch.setattr(numbering, "_count", count)
    number = numbering.take_number(kind=Kind.INVOICE, is_test=False)
    assert number.year == timezone.now().astimezone(numbering.SHOP_ZONE).year
    assert number.sequence == 1
    assert [step for step, _ in calls] == [1, -1, 1]
    assert DocumentCounter.objects.get(year=2025).last == 0


def test_numbers_want_a_transaction(transactional_db):
    with pytest.raises(RuntimeError):
        numbering.take_number(kind=Kind.INVOICE, is_test=False)


def test_later_numbers_have_later_times():
    taken = [numbering.take_number(kind=Kind.INVOICE, is_test=False) for _ in range(5)]
    assert [number.sequence for number in taken] == [1, 2, 3, 4, 5]
    assert sorted(taken, key=lambda number: number.taken_at) == taken
    assert str(taken[2]).endswith("-000003")
