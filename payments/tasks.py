"""The jobs of payments. Each is safe to run twice; what the gateway could not answer, the next run asks again."""

from __future__ import annotations

from procrastinate.contrib.django import app

from common import jobs
from payments import cancellation, inbox, reconciliation, settle


@app.task(name="payments.process_webhook", retry=jobs.PATIENT)
def process_webhook(event_id: int) -> None:
    """Act on a webhook that was stored."""
    inbox.process(event_id=event_id)


@app.task(name="payments.settle", retry=jobs.PATIENT)
def settle_payment(payment_id: int, source: str = "job", again: int = 0) -> None:
    """Ask the gateway about one payment."""
    inbox.settle_soon(payment_id=payment_id, source=source, again=again)


@app.task(name="payments.close", retry=jobs.PATIENT)
def close_payment(payment_id: int) -> None:
    """Close a link that nobody should pay through any more; tried again until the gateway has answered."""
    settle.close(payment_id=payment_id, source="closing of a spare link")


@app.periodic(cron="* * * * *")
@app.task(name="payments.reconcile", queueing_lock="payments.reconcile", lock="payments.reconcile")
def reconcile(timestamp: int) -> None:
    """Ask about the payments whose time to be asked about has come."""
    reconciliation.reconcile()


@app.periodic(cron="* * * * *")
@app.task(name="payments.expire_orders", queueing_lock="payments.expire", lock="payments.expire")
def expire_orders(timestamp: int) -> None:
    """End the orders that were not paid in time."""
    cancellation.expire_orders()
