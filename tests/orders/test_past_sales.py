"""What was sold elsewhere, before: orders as any, that nobody here placed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Product, Variant
from common.actors import SYSTEM
from events.models import Letter
from inventory.models import Movement, Reservation
from ledger.models import Entry
from ledger.services import balances
from orders.documents.models import Document
from orders.models import Order, OrderLine, PastCredit, PastLine
from orders.past_credits import record_past_credits
from orders.past_sales import (
    NotASale,
    PastInvoice,
    PastItem,
    record_past_sale,
    record_past_sales,
)
from orders.redaction import redact_old_orders
from reporting.doctor import examine
from tests import factories

pytestmark = pytest.mark.django_db
AT = datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def invoice(*items, number="536365", at=AT, customer="17850", **more):
    return PastInvoice(
        number=number, at=at, currency="GBP", customer=customer, country="United Kingdom",
        items=tuple(
            PastItem(sku=sku, name=sku.lower(), quantity=quantity, unit_price=Decimal(price), line=line)
            for line, (sku, quantity, price) in enumerate(items, 2)
        ),
        **more,
    )  # fmt: skip


def sell(*items, **more):
    return record_past_sale(sale=invoice(*items, **more), by=SYSTEM)


def credit(*items, number="C1", at=AT + timedelta(days=3), **more):
    return record_past_credits(credits=[invoice(*items, number=number, at=at, **more)], by=SYSTEM)


def held():
    return {balance.account: balance.amount for balance in balances(currency="GBP")}


# --- a sale -------------------------------------------------------------------------------------


def test_it_is_an_order_that_is_over():
    order = sell(("85123A", 6, "2.55"), ("71053", 6, "3.39"))
    order.refresh_from_db()
    assert (order.status, order.payment_status, order.fulfilment_status, order.source) == (
        "completed", "paid", "fulfilled", "history",
    )  # fmt: skip
    assert (order.total, order.paid_total, order.tax_total, order.currency) == (
        Decimal("35.64"), Decimal("35.64"), 0, "GBP",
    )  # fmt: skip
    assert (order.created_at, order.number, order.owner, order.email) == (AT, "H-536365", None, "")
    assert order.shipping_address == {"country": "GB"}
    assert order.past_sale.customer == "17850"
    assert [(e.status, e.created_at) for e in order.history.all()] == [("completed", AT)]
    assert [line.shipped for line in order.lines.order_by("position")] == [6, 6]
    assert held() == {"legacy": Decimal("35.64"), "sales": Decimal("-35.64")}
    assert Entry.objects.get().occurred_at == AT
    assert examine() == []


def test_nothing_is_reserved_moved_or_written():
    sell(("85123A", 6, "2.55"))
    assert not Movement.objects.exists()
    assert not Reservation.objects.exists()
    assert not Letter.objects.exists()


def test_the_same_sku_twice_is_two_lines_and_case_matters():
    order = sell(("85123A", 1, "2.55"), ("85123A", 1, "2.55"), ("85123a", 1, "2.55"))
    assert [line.sku for line in order.lines.order_by("position")] == ["85123A", "85123A", "85123a"]
    assert len({line.variant_id for line in order.lines.all()}) == 2


def test_the_exact_value_stands_beside_the_rounded_one():
    order = sell(("PADS", 3, "0.001"), ("X", 7, "0.035"), ("BIG", 80995, "2.08"))
    pads, other, big = order.lines.order_by("position")
    assert (pads.exact_total, pads.total, pads.unit_price) == (Decimal("0.003"), 0, 0)
    assert (other.exact_total, other.total, other.unit_price) == (
        Decimal("0.245"), Decimal("0.25"), Decimal("0.04"),
    )  # fmt: skip
    assert big.exact_total == big.total == Decimal("168469.60")
    assert order.total == Decimal("168469.85")
    assert examine() == []


def test_a_gift_is_a_line_of_nothing():
    order = sell(("GIFT", 2, "0"))
    assert order.total == 0
    assert not Entry.objects.exists()
    assert examine() == []


def test_prices_may_include_tax():
    order = sell(("A", 1, "12.00"), ("B", 3, "0.40"), tax_rate=Decimal("0.2"))
    assert (order.total, order.tax_total, order.tax_rate) == (
        Decimal("13.20"), Decimal("2.20"), Decimal("0.2"),
    )  # fmt: skip
    assert held() == {"legacy": Decimal("13.20"), "sales": Decimal("-11"), "tax.vat": Decimal("-2.20")}  # fmt: skip
    assert examine() == []


def test_its_invoice_was_issued_elsewhere(api, permit):
    order = sell(("A", 1, "1"))
    api.force_authenticate(permit(factories.user(is_staff=True), "orders.view_order"))
    for paper in ("invoice", "receipt"):
        answer = api.get(f"/api/orders/{order.public_id}/{paper}.pdf")
        assert answer.status_code == 409, answer.content
    assert not Document.objects.exists()


# --- again --------------------------------------------------------------------------------------


def test_again_it_is_the_order_that_is_there():
    items = ("85123A", 6, "2.55"), ("85123A", 6, "2.55")
    first, second = sell(*items), sell(*items)
    assert first == second
    assert OrderLine.objects.count() == 2
    assert Entry.objects.count() == 1


def test_what_is_new_of_an_invoice_becomes_a_further_order():
    first = sell(("A", 1, "1"), ("A", 1, "1"))
    second = sell(("A", 1, "1"), ("B", 2, "5"), ("A", 1, "1"), ("A", 1, "1"))
    assert (first.number, second.number) == ("H-536365", "H-536365-2")
    assert sorted(second.lines.values_list("sku", flat=True)) == ["A", "B"]
    assert sum(order.total for order in Order.objects.all()) == 13


def test_control_a_line_without_its_count_would_be_lost(monkeypatch):
    from orders import past_invoices

    class Once(dict):
        def __missing__(self, key):
            return 0

        def __setitem__(self, key, value):
            pass

    monkeypatch.setattr(past_invoices, "Counter", Once)
    with pytest.raises(IntegrityError), transaction.atomic():
        sell(("A", 1, "1"), ("A", 1, "1"))


def test_numbers_that_are_long_or_taken_are_replaced():
    long = sell(("A", 1, "1"), number="A-VERY-LONG-INVOICE-NUMBER")
    assert long.number.startswith("H-")
    assert len(long.number) <= 16
    assert long.past_sale.invoice == "A-VERY-LONG-INVOICE-NUMBER"
    sell(("A", 1, "1"), number="1-2")
    sell(("A", 1, "1"), number="1")
    again = sell(("A", 1, "1"), ("A", 2, "1"), number="1")
    assert again.number not in {"H-1", "H-1-2"}


def test_many_take_as_many_statements_as_one(django_assert_num_queries):
    def many(start, count):
        return [
            invoice((f"{start}-{n % 7}", 2, "2.55"), number=f"{start}{n}", customer=f"{n}")
            for n in range(count)
        ]

    with CaptureQueriesContext(connection) as one:
        record_past_sales(sales=many("a", 1), by=SYSTEM)
    with django_assert_num_queries(len(one)):
        record_past_sales(sales=many("b", 200), by=SYSTEM)

    def back(start, count):
        return [
            replace(sale, number=f"C{sale.number}", at=AT + timedelta(days=1))
            for sale in many(start, count)
        ]

    with CaptureQueriesContext(connection) as one:
        record_past_credits(credits=back("a", 1), by=SYSTEM)
    with django_assert_num_queries(len(one)):
        record_past_credits(credits=back("b", 200), by=SYSTEM)
    assert PastCredit.objects.exclude(sold_line=None).count() == 201


# --- goods --------------------------------------------------------------------------------------


def test_unknown_goods_are_archived_and_unseen(api):
    order = sell(("85123A", 6, "2.555"))
    variant = order.lines.get().variant
    assert (variant.sku, variant.price, variant.stock_item.on_hand) == (
        "85123A",
        Decimal("2.56"),
        0,
    )
    assert variant.archived_at
    assert variant.product.archived_at
    assert api.get("/api/products/").json()["results"] == []
    assert not Product.objects.on_sale().exists()


def test_known_goods_are_used():
    variant = factories.variant()
    Variant.objects.filter(pk=variant.pk).update(sku="85123A")
    order = sell(("85123A", 6, "2.55"))
    assert order.lines.get().variant_id == variant.pk
    assert Product.objects.count() == 1
    assert variant.stock_item.on_hand == type(variant.stock_item).objects.get().on_hand


def test_what_is_for_sale_goes_before_what_was_archived():
    sell(("S", 1, "1"))
    variant = factories.variant()
    Variant.objects.filter(pk=variant.pk).update(sku="S")
    assert sell(("S", 2, "1"), number="2").lines.get().variant_id == variant.pk


# --- credits ------------------------------------------------------------------------------------


def test_a_credit_belongs_to_the_latest_sale_that_fits():
    early = sell(("A", 5, "2"), number="1", at=AT)
    late = sell(("A", 5, "2"), number="2", at=AT + timedelta(days=1))
    after = sell(("A", 5, "2"), number="3", at=AT + timedelta(days=9))
    tally = credit(("A", 7, "2"))
    assert (tally.lines, tally.new, tally.exact, tally.rounded) == (1, 1, -14, -14)
    pieces = PastCredit.objects.order_by("piece")
    assert [(c.sold_line.order, c.quantity, c.amount) for c in pieces] == [(late, 5, 10), (early, 2, 4)]  # fmt: skip
    assert [o.lines.get().returned for o in (early, late, after)] == [2, 5, 0]
    assert held()["sales.returns"] == 14
    assert {e.order for e in Entry.objects.filter(kind="past.credited")} == {
        early.public_id, late.public_id,
    }  # fmt: skip
    assert examine() == []


@pytest.mark.parametrize(
    ("item", "more"),
    [
        (("A", 1, "2.01"), {}),
        (("a", 1, "2"), {}),
        (("B", 1, "2"), {}),
        (("A", 1, "2"), {"customer": "99"}),
        (("A", 1, "2"), {"customer": ""}),
        (("A", 1, "2"), {"at": AT - timedelta(days=1)}),
    ],
)
def test_without_a_sale_it_stands_alone(item, more):
    order = sell(("A", 5, "2"))
    credit(item, **more)
    found = PastCredit.objects.get()
    assert (found.sold_line, found.quantity) == (None, 1)
    assert order.lines.get().returned == 0
    assert examine() == []


def test_nobody_is_not_the_same_customer_as_nobody():
    sell(("A", 5, "2"), customer="")
    credit(("A", 1, "2"), customer="")
    assert PastCredit.objects.get().sold_line is None


def test_pieces_are_credited_once():
    order = sell(("A", 5, "2"))
    credit(("A", 4, "2"))
    credit(("A", 4, "2"), number="C2")
    assert order.lines.get().returned == 5
    assert [(c.quantity, c.sold_line is None) for c in PastCredit.objects.order_by("id")] == [
        (4, False), (1, False), (3, True),
    ]  # fmt: skip
    credit(("A", 4, "2"))
    assert PastCredit.objects.count() == 3


def test_rounded_parts_sum_to_the_rounded_whole():
    sell(("A", 1, "0.005"), number="1")
    sell(("A", 1, "0.005"), number="2", at=AT + timedelta(hours=1))
    credit(("A", 3, "0.005"))
    assert sum(c.amount for c in PastCredit.objects.all()) == Decimal("0.02")
    assert sum(c.exact_amount for c in PastCredit.objects.all()) == Decimal("0.015")
    assert examine() == []


# --- what cannot be -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": ()},
        {"items": (PastItem("A", "", 0, Decimal(1)),)},
        {"items": (PastItem("A", "", 1, Decimal(-1)),)},
        {"items": (PastItem("A", "", 1, Decimal("NaN")),)},
        {"items": (PastItem("A", "", 1, Decimal("0.123456789")),)},
        {"items": (PastItem("", "", 1, Decimal(1)),)},
        {"number": ""},
        {"currency": "XXX"},
        {"at": datetime(2010, 1, 1)},
        {"tax_rate": Decimal(1)},
    ],
)
def test_what_cannot_be_a_sale_is_refused_whole(wrong):
    good = invoice(("A", 1, "1"), number="2")
    with pytest.raises(NotASale):
        record_past_sales(sales=[good, replace(invoice(("A", 1, "1")), **wrong)], by=SYSTEM)
    assert not Order.objects.exists()


def test_the_future_is_not_the_past():
    with pytest.raises(NotASale):
        sell(("A", 1, "1"), at=timezone.now() + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"source": "shop", "email": "a@b.et"}, "order_has_an_owner_or_a_token_or_is_past"),
        ({"source": "shop", "token_hash": "x"}, "order_can_be_answered_or_is_past"),
    ],
)
def test_only_the_past_has_nobody(change, rule):
    order = sell(("A", 1, "1"))
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**change)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"exact_total": Decimal("1.01")}, "line_total_is_its_pieces_at_their_price"),
        ({"returned": 2}, "line_returns_what_was_shipped"),
    ],
)
def test_the_database_has_the_last_word_on_lines(change, rule):
    order = sell(("A", 1, "1"))
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        OrderLine.objects.filter(order=order).update(**change)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda: PastLine.objects.all().delete(), "past sales know where they come from"),
        (
            lambda: OrderLine.objects.update(returned=0),
            "past credits ≤ pieces returned ≤ pieces sold",
        ),
        (lambda: PastCredit.objects.update(amount=1, tax=1), "past credits = ledger"),
    ],
)
def test_the_doctor_finds_what_is_wrong(change, name):
    sell(("A", 1, "1"))
    credit(("A", 1, "1"))
    assert examine() == []
    change()
    assert {violation.invariant for violation in examine()} == {name}


# --- people -------------------------------------------------------------------------------------


def test_the_customers_number_goes_with_its_time():
    order = sell(("A", 1, "1"))
    credit(("A", 1, "1"))
    credit(("B", 1, "1"), number="C2")
    assert redact_old_orders() == 1
    order.past_sale.refresh_from_db()
    assert order.past_sale.customer == ""
    assert set(PastCredit.objects.values_list("customer", flat=True)) == {""}
    assert examine() == []


def test_staff_see_them_and_nobody_else(api, permit):
    order = sell(("A", 1, "1"))
    assert api.get("/api/orders/").status_code == 401
    api.force_authenticate(factories.user())
    assert api.get("/api/orders/").json()["results"] == []
    assert api.get(f"/api/orders/{order.public_id}/").status_code == 404
    staff = permit(factories.user(is_staff=True), "orders.view_order")
    api.force_authenticate(staff)
    [found] = api.get("/api/orders/").json()["results"]
    assert found["number"] == "H-536365"
