"""Asking the gateway again about every payment that is not decided: what heals a lost webhook."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from common.errors import Refusal
from common.transactions import refuse_transaction
from payments.models import Payment, Status
from payments.settle import PaymentUnavailable, settle

log = logging.getLogger(__name__)

BATCH = 1000
PATIENCE = (
    3  # unanswered calls in a row after which the periodic run leaves the rest to the next one
)
CLAIM = timedelta(minutes=2)  # nobody else asks about a payment that this run is about to ask about


@dataclass(slots=True)
class Report:
    """What a run came to; every payment that was asked about is in `asked` and one of the others."""

    asked: int = 0
    settled: int = 0
    still_open: int = 0
    failed: int = 0
    cancelled: int = 0
    review: int = 0
    unreachable: int = 0

    def count(self, payment: Payment) -> None:
        """Add one answered payment."""
        name = {
            Status.SUCCEEDED: "settled",
            Status.PENDING: "still_open",
            Status.FAILED: "failed",
            Status.CANCELLED: "cancelled",
            Status.REVIEW: "review",
        }[Status(payment.status)]
        setattr(self, name, getattr(self, name) + 1)


def open_payments(*, all_open: bool) -> list[int]:
    """Ids of the payments to ask about: all that are undecided, or those whose time to be asked has come."""
    payments = Payment.objects.all()
    chosen = payments.open() if all_open else payments.due(timezone.now())
    ids = chosen.order_by("next_check_at", "pk").values_list("pk", flat=True)
    return list(ids if all_open else ids[:BATCH])


def reconcile(
    *, all_open: bool = False, progress: Callable[[int], object] = lambda total: None
) -> Report:
    """Ask the gateway about undecided payments and settle them. Safe to run twice and at the same time.

    Args:
        all_open: every undecided payment now, whatever its schedule, and going on when the gateway fails for some.
        progress: called with the total before each payment.
    """
    refuse_transaction()
    report = Report()
    ids = open_payments(all_open=all_open)
    in_a_row = 0
    for pk in ids:
        progress(len(ids))
        if not all_open and not _claim(pk):
            continue
        report.asked += 1
        try:
            report.count(settle(payment_id=pk, source="reconciliation"))
            in_a_row = 0
        except PaymentUnavailable:
            report.unreachable += 1
            in_a_row += 1
        except Refusal:
            log.exception("reconciliation: payment %s", pk)
            report.unreachable += 1
        if in_a_row >= PATIENCE and not all_open:
            log.warning("reconciliation: the gateway does not answer; the rest waits")
            break
    return report


def _claim(pk: int) -> bool:
    now = timezone.now()
    return bool(Payment.objects.due(now).filter(pk=pk).update(next_check_at=now + CLAIM))
