"""Each corruption of documents that a test plants is found and named."""

from __future__ import annotations

import pytest
from django.db import connection

from common.actors import GATEWAY
from orders import services
from orders.documents.issuing import CreditLine, issue_credit_note, issue_packing_slip
from orders.documents.triggers import CREDITS, KEEPS, KEEPS_ALL
from reporting.doctor import examine
from reporting.document_invariants import QUERIES
from tests.factories import place, variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def documents():
    """An invoice with two credit notes and a slip; another invoice."""
    for _ in range(2):
        order = services.lock_order(place(variant=variant(price="115.00"), quantity=3).pk)
        services.mark_paid(order=order, by=GATEWAY)
    for key in ("a", "b"):
        issue_credit_note(order=order, lines=[CreditLine(0, 1)], reason="r", key=key)
    issue_packing_slip(order=order)


def corrupt(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in (KEEPS, KEEPS_ALL, CREDITS):
            cursor.execute(f"ALTER TABLE orders_document DISABLE TRIGGER {name}")
        cursor.execute(statement)
        for name in (KEEPS, KEEPS_ALL, CREDITS):
            cursor.execute(f"ALTER TABLE orders_document ENABLE TRIGGER {name}")


def found() -> list:
    """What the doctor says about documents; that nobody paid for these orders is another matter."""
    return [one for one in examine() if one.invariant in {*QUERIES, "documents are guarded"}]


CORRUPTIONS = [
    ("documents are numbered without gaps", "DELETE FROM orders_document WHERE kind = 'packing_slip'", "packing_slip"),
    ("documents are numbered without gaps", "UPDATE orders_documentcounter SET last = 9 WHERE kind = 'invoice'", "9"),
    ("documents are numbered without gaps", "DELETE FROM orders_documentcounter WHERE kind = 'invoice'", "invoice"),
    ("documents are numbered without gaps", "UPDATE orders_document SET sequence = 7 WHERE number LIKE 'INV%1'",
     "number 7"),
    ("credits ≤ invoice", "UPDATE orders_document SET total = 1, tax_total = 0 WHERE kind = 'invoice'", "INV-"),
    ("a document adds up", "UPDATE orders_document SET total = total + 1 WHERE kind = 'invoice'", "INV-"),
    ("a document adds up", "UPDATE orders_document SET data = data || '{\"taxes\": []}' WHERE kind = 'credit_note'", "CRN-"),
]  # fmt: skip


@pytest.mark.parametrize(("invariant", "statement", "named"), CORRUPTIONS)
def test_a_corruption_is_found_and_named(documents, invariant, statement, named):
    assert found() == []
    corrupt(statement)
    named_here = [violation for violation in found() if violation.invariant == invariant]
    assert named_here
    assert named in " ".join(violation.detail for violation in named_here)


def test_triggers_that_are_switched_off_are_named(documents):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE orders_document DISABLE TRIGGER {KEEPS}")
    assert [violation.invariant for violation in found()] == ["documents are guarded"]


def test_every_invariant_of_documents_has_a_corruption():
    assert {invariant for invariant, _, _ in CORRUPTIONS} == set(QUERIES)
