"""Which webhooks and callbacks an outcome causes, after the faults have had their say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from chapa_simulator import webhooks
from chapa_simulator.delivery import Job
from chapa_simulator.faults import FaultBoard
from chapa_simulator.transactions import Transaction

_FORGED_SUCCESS = {"event": webhooks.SUCCEEDED, "status": "success"}
_FORGED_AMOUNT = {"amount": "1.00"}


def webhook_jobs(
    transaction: Transaction,
    *,
    url: str,
    secret: str,
    encoder: str,
    faults: FaultBoard,
    now: float,
) -> list[Job]:
    """The webhook of the transaction's present state, dropped, forged or repeated as ordered."""
    if not url or faults.strike("webhook.never", transaction.tx_ref) is not None:
        return []
    fields = webhooks.charge_fields(transaction)
    encode = webhooks.ENCODERS[encoder]
    body = encode(fields)
    genuine = Job(
        kind="webhook",
        tx_ref=transaction.tx_ref,
        event=webhooks.event_of(transaction),
        url=url,
        due=now,
        headers=webhooks.signed_headers(secret, body),
        body=body,
    )
    jobs: list[Job] = []
    forged = faults.strike("webhook.forged.body", transaction.tx_ref)
    if forged is not None:
        jobs.append(_forge(genuine, fields, dict(forged), secret=secret, encoder=encoder))
        if not forged["also_genuine"]:
            return jobs
    duplicate = faults.strike("webhook.duplicate", transaction.tx_ref)
    if duplicate is not None:
        genuine = replace(genuine, copies=duplicate["n"], concurrent=duplicate["concurrent"])
    return [*jobs, genuine]


def callback_jobs(transaction: Transaction, *, faults: FaultBoard, now: float) -> list[Job]:
    """The GET to the transaction's own callback address, once its outcome is final."""
    if not transaction.callback_url or transaction.is_open:
        return []
    if faults.strike("callback.never", transaction.tx_ref) is not None:
        return []
    return [
        Job(
            kind="callback",
            tx_ref=transaction.tx_ref,
            event=transaction.status,
            url=callback_url(transaction),
            due=now,
            method="GET",
            maximum_attempts=1,
        )
    ]


def callback_url(transaction: Transaction) -> str:
    """The callback address with Chapa's three parameters behind the merchant's own."""
    parts = urlsplit(transaction.callback_url or "")
    added = urlencode(
        {
            "trx_ref": transaction.tx_ref,
            "ref_id": transaction.reference,
            "status": transaction.status,
        }
    )
    query = f"{parts.query}&{added}" if parts.query else added
    return urlunsplit(parts._replace(query=query, fragment=""))


def _forge(
    genuine: Job, fields: dict[str, Any], params: dict[str, Any], *, secret: str, encoder: str
) -> Job:
    changes = params["set"]
    if changes is None:
        # The lie that would pay best: a failure told as success, or a payment of another amount.
        changes = _FORGED_SUCCESS if genuine.event != webhooks.SUCCEEDED else _FORGED_AMOUNT
    altered = fields | changes
    if altered == fields:
        altered["amount"] = "1.00" if fields["amount"] != "1.00" else "2.00"
    body = webhooks.ENCODERS[encoder](altered)
    headers = dict(genuine.headers)
    if params["x_signature"] == "garbage":
        headers["x-chapa-signature"] = webhooks.sign("not the secret: " + secret, body)
    elif params["x_signature"] == "missing":
        del headers["x-chapa-signature"]
    return Job(
        kind="webhook",
        tx_ref=genuine.tx_ref,
        event=str(altered.get("event")),
        url=genuine.url,
        due=genuine.due,
        headers=headers,
        body=body,
        forged=True,
        maximum_attempts=1,
    )
