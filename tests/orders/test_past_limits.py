"""What past sales leave alone: the shop's stock, and its numbered documents."""

from __future__ import annotations

import pytest
from django.db import transaction

from inventory.models import Movement, StockItem
from orders.documents.issuing import issue_invoice, issue_packing_slip, issue_receipt
from orders.documents.refusals import NoDocumentYet
from reporting.doctor import examine
from tests import factories
from tests.orders.test_past_sales import sell

pytestmark = pytest.mark.django_db


def test_the_doctor_finds_stock_that_a_past_sale_moved():
    order = sell(("A", 1, "1"))
    shelf = factories.variant(stock=5).stock_item
    assert examine() == []
    moved = Movement.objects.create(
        stock_item=shelf, quantity=-1, reason="sold", holder=order.public_id, actor="x"
    )
    StockItem.objects.filter(pk=shelf.pk).update(on_hand=4)
    said = {one.invariant: one.detail for one in examine()}
    assert said["past sales moved no stock"] == (
        f"order {order.number} was sold before the shop counted, yet movement {moved.pk} took -1"
    )


def test_no_document_of_a_past_sale_is_issued_here():
    order = sell(("A", 1, "1"))
    for issue in (issue_invoice, issue_receipt, issue_packing_slip):
        with pytest.raises(NoDocumentYet, match="sold elsewhere"), transaction.atomic():
            issue(order=order)
    assert order.documents.count() == 0
