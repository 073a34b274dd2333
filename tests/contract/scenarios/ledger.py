"""The ledger, as those who may read it see it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from common.actors import GATEWAY
from ledger import services
from ledger.models import Entry
from ledger.services import Line
from tests.contract.recorder import Recorder

ORDER = UUID("01936b2f-0000-7000-8000-0000000000aa")


def read_ledger(s: Recorder) -> None:
    """A payment came in; where is its money now?"""
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with transaction.atomic():
        received = services.post(
            kind="payment.received", key="7K3QX-M2PTA-8W6J0C4R9DHB5YVN1S3T", by=GATEWAY, order=ORDER, occurred_at=at,
            lines=[
                Line("gateway.chapa", Decimal("1212.50"), "ETB"), Line("fees.gateway", Decimal("37.50"), "ETB"),
                Line("customers.prepaid", Decimal("-1250.00"), "ETB"),
            ],
        )  # fmt: skip
        sold = services.post(
            kind="order.sold", key=str(ORDER), by=GATEWAY, order=ORDER, occurred_at=at,
            lines=[
                Line("customers.prepaid", Decimal("1250.00"), "ETB"), Line("tax.vat", Decimal("-163.04"), "ETB"),
                Line("sales", Decimal("-1086.96"), "ETB"),
            ],
        )  # fmt: skip
    assert Entry.objects.count() == 2
    token = s.world.staff_token
    s.call(
        "ledger_trial_balance", "day", "What everything came to at the end of a day",
        token=token, query={"at": "2026-03-02T21:00:00Z"}, status=200,
    )  # fmt: skip
    s.call(
        "ledger_trial_balance", "invalid", "That is no moment",
        token=token, query={"at": "yesterday"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "ledger_accounts_list", "chart", "The chart of accounts, with what each holds",
        token=token, query={"currency": "ETB"}, status=200,
    )  # fmt: skip
    s.call(
        "ledger_accounts_list", "invalid", "There is no such currency",
        token=token, query={"currency": "birr"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "ledger_entries_list", "order", "What happened to the money of an order",
        token=token, query={"order": str(ORDER)}, status=200,
    )  # fmt: skip
    s.call(
        "ledger_entries_list", "invalid", "That is no id",
        token=token, query={"order": "7K3QX"}, status=400, code="invalid",
    )  # fmt: skip
    s.call(
        "ledger_entries_retrieve", "sale", "A sale: the customer's money becomes revenue and tax",
        token=token, path={"public_id": str(sold.public_id)}, status=200,
    )  # fmt: skip
    assert received.pk < sold.pk


STORIES = [read_ledger]
