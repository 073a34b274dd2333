"""Numbers under twenty writers at once, some of whom give up. The control takes them from a sequence, and has gaps."""

from __future__ import annotations

import random
import threading

import pytest
from django.db import connection, transaction

from common.actors import GATEWAY
from orders import services
from orders.documents import issuing, numbering
from orders.documents.issuing import (
    CreditLine,
    issue_credit_note,
    issue_invoice,
    issue_packing_slip,
)
from orders.documents.models import Document, DocumentCounter, Kind
from orders.documents.refusals import TooMuchCredited
from tests import factories
from tests.factories import place

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS, ROUNDS = 20, 5


class GaveUp(Exception):
    """What made a writer roll back."""


def at_once(*calls):
    """Run the calls in threads of their own, from one starting signal; returns results and exceptions."""
    results: list = [None] * len(calls)
    ready = threading.Barrier(len(calls))

    def run(index, call):
        try:
            connection.ensure_connection()
            ready.wait(30)
            results[index] = call()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


def sold_order():
    order = place(variant=factories.variant(stock=5), quantity=3)
    with transaction.atomic():
        services.mark_paid(order=services.lock_order(order.pk), by=GATEWAY)
    return services.Order.objects.get(pk=order.pk)


def write_slips(order):
    """Twenty writers, five slips each; a third of the transactions are rolled back after the document is written."""

    def writer(name):
        chance = random.Random(name)

        def run():
            for turn in range(ROUNDS):
                try:
                    with transaction.atomic():
                        issue_packing_slip(order=order, key=f"{name}-{turn}")
                        if chance.random() < 0.34:
                            raise GaveUp
                except GaveUp:
                    continue

        return run

    outcomes = at_once(*(writer(name) for name in range(WRITERS)))
    assert outcomes == [None] * WRITERS
    slips = Document.objects.filter(kind=Kind.PACKING_SLIP).order_by("sequence")
    assert 20 < len(slips) < WRITERS * ROUNDS, "some were written, some given up"
    return list(slips)


def test_twenty_writers_leave_no_gap_and_no_double():
    slips = write_slips(sold_order())
    assert [slip.sequence for slip in slips] == list(range(1, len(slips) + 1))
    assert DocumentCounter.objects.get(kind=Kind.PACKING_SLIP).last == len(slips)
    times = [slip.issued_at for slip in slips]
    assert times == sorted(times), "later numbers have later times"


def test_control_a_sequence_leaves_gaps(monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE test_document_numbers")
    real = numbering._count

    def from_a_sequence(kind, is_test, step, year=None):
        if kind != Kind.PACKING_SLIP:
            return real(kind, is_test, step, year)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(year FROM clock_timestamp() AT TIME ZONE 'Africa/Addis_Ababa')::int,"
                " nextval('test_document_numbers'), clock_timestamp()"
            )
            return cursor.fetchone()

    monkeypatch.setattr(numbering, "_count", from_a_sequence)
    try:
        slips = write_slips(sold_order())
        assert [slip.sequence for slip in slips] != list(range(1, len(slips) + 1))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SEQUENCE test_document_numbers")


def test_one_order_asked_for_at_once_has_one_invoice():
    order = sold_order()
    with connection.cursor() as cursor:  # as if it had been paid before there were documents
        cursor.execute("SET nexus.documents_upkeep = 'truncate'")
        cursor.execute("TRUNCATE orders_document, orders_documentcounter")

    def ask():
        with transaction.atomic():
            return issue_invoice(order=services.lock_order(order.pk)).number

    numbers = at_once(*[ask] * 12)
    assert len(set(numbers)) == 1
    assert isinstance(numbers[0], str)
    assert DocumentCounter.objects.get().last == 1


def test_control_without_the_orders_lock_the_constraint_has_the_last_word(monkeypatch):
    """And whoever is refused by it leaves no gap."""
    order = sold_order()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE orders_document, orders_documentcounter")
    looked = threading.Barrier(6)
    find = issuing.find_document

    def slow_find(**given):
        found = find(**given)
        looked.wait(30)
        return found

    monkeypatch.setattr(issuing, "find_document", slow_find)

    def ask():
        with transaction.atomic():
            return issue_invoice(order=order).number

    outcomes = at_once(*[ask] * 6)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert {type(o).__name__ for o in outcomes if not isinstance(o, str)} == {"IntegrityError"}
    assert Document.objects.count() == DocumentCounter.objects.get().last == 1


def test_credits_at_once_stay_within_the_invoice():
    order = sold_order()

    def credit(key):
        def run():
            with transaction.atomic():
                locked = services.lock_order(order.pk)
                issue_credit_note(order=locked, lines=[CreditLine(0, 1)], reason="r", key=key)

        return run

    outcomes = at_once(*(credit(str(place)) for place in range(8)))
    assert sum(outcome is None for outcome in outcomes) == 3
    assert {type(o) for o in outcomes if o is not None} == {TooMuchCredited}
    notes = Document.objects.filter(kind=Kind.CREDIT_NOTE)
    assert sum(note.total for note in notes) == order.total


def test_control_without_the_orders_lock_the_trigger_has_the_last_word(monkeypatch):
    order = sold_order()
    looked = threading.Barrier(8)
    credited = issuing._credited

    def slow(invoice):
        found = credited(invoice)
        looked.wait(30)
        return found

    monkeypatch.setattr(issuing, "_credited", slow)

    def credit(key):
        def run():
            with transaction.atomic():
                issue_credit_note(order=order, lines=[CreditLine(0, 1)], reason="r", key=key)

        return run

    outcomes = at_once(*(credit(str(place)) for place in range(8)))
    assert sum(outcome is None for outcome in outcomes) == 3
    assert {type(o).__name__ for o in outcomes if o is not None} == {"IntegrityError"}
    notes = list(Document.objects.filter(kind=Kind.CREDIT_NOTE).order_by("sequence"))
    assert sum(note.total for note in notes) == order.total
    assert [note.sequence for note in notes] == [1, 2, 3]


def test_twenty_payments_at_once_have_twenty_numbers():
    orders = [place(variant=factories.variant(stock=2)) for _ in range(20)]

    def pay(pk):
        def run():
            with transaction.atomic():
                services.mark_paid(order=services.lock_order(pk), by=GATEWAY)

        return run

    assert at_once(*(pay(order.pk) for order in orders)) == [None] * 20
    found = Document.objects.filter(kind=Kind.INVOICE).order_by("sequence")
    assert [invoice.sequence for invoice in found] == list(range(1, 21))
