"""Each corruption of the ledger that a test plants is found and named, with what it is about."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from common.actors import GATEWAY, SYSTEM
from ledger import services as ledger
from ledger.models import Entry
from orders import services as orders
from payments.bookkeeping import book_received, book_unassigned
from payments.gateways.chapa import Success
from payments.models import Payment
from reporting.doctor import examine
from reporting.ledger_invariants import QUERIES
from tests.factories import place, variant
from tests.ledger.conftest import pair

pytestmark = pytest.mark.django_db


def payment(order, reference: str, **fields) -> Payment:
    return Payment.objects.create(
        order=order, method="chapa", mode="test", amount=order.total, currency=order.currency,
        reference=reference, gateway_reference=f"AP-{reference}", fee=Decimal("3.00"), **fields,
    )  # fmt: skip


@pytest.fixture
def order():
    """Paid, with a second payment that is surplus and a third of another amount."""
    made = place(variant=variant(price="115.00"))
    with transaction.atomic():
        paid = payment(made, "PAID-0001", status="succeeded", settled_at=timezone.now())
        book_received(payment=paid, order=made)
        orders.mark_paid(order=orders.lock_order(made.pk), by=GATEWAY)
        surplus = payment(made, "SURPLUS-1", status="review", review_reason="surplus")
        odd = payment(made, "ODD-AMOUNT", status="review", review_reason="amount_differs")
        for one, amount in ((surplus, made.total), (odd, Decimal(1))):
            mode = settings.CHAPA_MODE
            success = Success(one.reference, "AP", amount, "ETB", mode, None, str(amount))
            book_unassigned(payment=one, order=made, success=success, at=timezone.now())
    return made


def corrupt(sql: str) -> None:
    """Write behind the shop's back, with triggers and keys out of the way."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'ledger_posting'::regclass AND contype = 'f'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE ledger_posting DROP CONSTRAINT "{name}"')
        for table in ("ledger_entry", "ledger_posting"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)
        for table in ("ledger_entry", "ledger_posting"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def found() -> dict[str, str]:
    return {
        violation.invariant: violation.detail
        for violation in examine()
        if violation.invariant != "every change is audited"  # tests/audit
    }


def of(kind: str) -> str:
    return f"(SELECT id FROM ledger_entry WHERE kind = '{kind}' LIMIT 1)"


CORRUPTIONS = [
    ("ledger entries balance", "UPDATE ledger_posting SET amount = amount + 1 WHERE account = 'sales'", "left over"),
    ("ledger entries balance", "DELETE FROM ledger_posting WHERE account = 'tax.vat'", "left over"),
    ("ledger entries balance", f"DELETE FROM ledger_posting WHERE entry_id = {of('order.sold')}", "no postings"),
    ("no orphan in the ledger", f"DELETE FROM ledger_entry WHERE id = {of('order.sold')}", "posting"),
    ("no orphan in the ledger", "UPDATE ledger_entry SET \"order\" = gen_random_uuid()", "entry"),
    ("no orphan in the ledger", "UPDATE ledger_entry SET kind = 'reversal' WHERE kind = 'order.sold'", "reversal"),
    ("payments = ledger", "DELETE FROM ledger_posting WHERE account = 'customers.prepaid'", "PAID-0001"),
    ("payments = ledger", "UPDATE payments_payment SET amount = amount + 1 WHERE status = 'succeeded'", "PAID-0001"),
    ("payments = ledger", "UPDATE payments_payment SET currency = 'USD' WHERE reference = 'SURPLUS-1'", "SURPLUS-1"),
    ("payments = ledger", "UPDATE ledger_entry SET key = 'NOBODY-1' WHERE key = 'ODD-AMOUNT'", "NOBODY-1"),
    ("payments = ledger", "UPDATE ledger_entry SET \"order\" = NULL WHERE key = 'PAID-0001'", "PAID-0001"),
    (
        "payments = ledger",
        "UPDATE payments_payment SET status = 'failed', review_reason = '' WHERE reference = 'SURPLUS-1'",
        "SURPLUS-1",
    ),
    ("sales = ledger", "UPDATE orders_order SET total = total + 1, subtotal = subtotal + 1", "{number}"),
    ("sales = ledger", "UPDATE orders_order SET tax_total = tax_total - 1", "{number}"),
    ("sales = ledger", "UPDATE ledger_entry SET kind = 'order.lost' WHERE kind = 'order.sold'", "{number}"),
    ("sales = ledger", "UPDATE orders_order SET status = 'pending', payment_status = 'unpaid'", "sold for 0"),
    ("sales = ledger", "UPDATE ledger_posting SET amount = amount * 2", "{number}"),
]  # fmt: skip


@pytest.mark.parametrize(("invariant", "sql", "names"), CORRUPTIONS)
def test_a_planted_corruption_is_named(order, invariant, sql, names):
    assert found() == {}
    corrupt(sql)
    assert names.format(number=order.number) in found()[invariant]


def test_every_invariant_has_a_corruption_here():
    assert {invariant for invariant, _, _ in CORRUPTIONS} == set(QUERIES)


def test_money_that_was_taken_back_is_not_missed(order):
    entry = Entry.objects.get(key="ODD-AMOUNT")
    with transaction.atomic():
        ledger.reverse(entry, by=GATEWAY)
    assert found() == {}
    surplus = Entry.objects.get(key="SURPLUS-1")
    with transaction.atomic():
        ledger.reverse(surplus, by=GATEWAY)
    assert "SURPLUS-1" in found()["payments = ledger"]


def test_what_is_not_about_payments_and_orders_is_nobodys_business_here(order):
    with transaction.atomic():
        ledger.post(kind="bank.fee", key="2026-03", lines=pair(), by=SYSTEM)
    assert found() == {}


def test_a_trigger_that_is_off_is_named(order):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE ledger_posting DISABLE TRIGGER ledger_is_append_only")
    assert found() == {
        "the ledger is guarded": "ledger_posting lacks the trigger ledger_is_append_only"
    }
