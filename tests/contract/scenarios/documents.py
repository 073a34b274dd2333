"""Documents: what an order leaves on paper, and who the shop is on it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from common.actors import GATEWAY
from orders.documents.issuing import CreditLine, issue_credit_note
from orders.documents.legal import add_legal_details
from orders.models import Order
from orders.services import lock_order, mark_paid
from tests.contract.recorder import Recorder
from tests.contract.scenarios.catalog_model import listed
from tests.contract.scenarios.catalog_prices import refused
from tests.contract.scenarios.orders import guest_body
from tests.contract.scenarios.second_factor import set_up, standing_clock, token_of

KEY = "6a0d2b1e-94c7-4f0e-8d35-1c7e9b0f4a62"
ANOTHER = "b3f1c7d2-5e08-4a96-9c1b-2d7f6e8a0c54"
DETAILS = {
    "valid_from": "2026-01-01", "legal_name": "Buna House PLC", "trade_name": "ቡና ቤት Buna House",
    "tin": "0012345678", "vat_number": "1234567890", "address": "Africa Avenue, Bole\nAddis Ababa, Ethiopia",
    "phone": "+251 11 555 0000", "email": "shop@example.com",
    "footer": "Commercial Bank of Ethiopia, account 1000 1234 5678. Goods can be returned within 14 days.",
}  # fmt: skip


def papers(s: Recorder) -> None:
    """A guest's order is paid; one cup comes back."""
    token = s.world.staff_token
    placed = s.call("checkout", "documented", "The order", body=guest_body(s), key=KEY, status=201)
    guest: dict[str, Any] = {"guest": placed["order_token"], "path": {"public_id": placed["id"]}}
    for operation in ("orders_invoice", "orders_receipt"):
        s.call(
            operation, "not_yet", "Nothing is paid yet", **guest, status=409, code="no_document_yet"
        )  # fmt: skip
    order = Order.objects.get(public_id=placed["id"])
    with transaction.atomic():
        mark_paid(order=lock_order(order.pk), by=GATEWAY)
        order = lock_order(order.pk)
        issue_credit_note(
            order=order, lines=[CreditLine(1, 1)], reason="It arrived broken", key="r1"
        )
    s.call("orders_invoice", "pdf", "The invoice", **guest, status=200)
    s.call(
        "orders_invoice", "amharic", "In Amharic alone", **guest, query={"language": "am"}, status=200
    )  # fmt: skip
    s.call("orders_receipt", "pdf", "The receipt", **guest, status=200)
    listed(s, "orders_documents_list", "What was issued, and where it is", **guest)
    credit = order.documents.get(kind="credit_note")
    numbered = {**guest["path"], "number": credit.number}
    s.call(
        "orders_document", "credit_note", "A credit note", guest=guest["guest"], path=numbered, status=200
    )  # fmt: skip
    packing: dict[str, Any] = {"token": token, "path": guest["path"]}
    s.call("orders_packing_slip", "pdf", "The packing slip", **packing, status=200)
    other: dict[str, Any] = {"query": {"language": "fr"}, "status": 400, "code": "invalid"}
    for operation, where in (
        ("orders_invoice", guest),
        ("orders_receipt", guest),
        ("orders_document", {"guest": guest["guest"], "path": numbered}),
        ("orders_packing_slip", packing),
    ):
        s.call(operation, "invalid", "There is none in this language", **where, **other)
    ended = s.call(
        "checkout", "ended", "Another order", body=guest_body(s), key=ANOTHER, status=201
    )
    Order.objects.filter(public_id=ended["id"]).update(status="cancelled", cancel_reason="staff")
    s.call(
        "orders_packing_slip", "not_yet", "It has ended: there is nothing to pack", token=token,
        path={"public_id": ended["id"]}, status=409, code="no_document_yet",
    )  # fmt: skip


def legal_details(s: Recorder) -> None:
    """Who the shop is from a day on."""
    token = s.world.staff_token
    made = s.call(
        "legal_details_create", "create", "Who the shop is from 2026 on", token=token, key=KEY,
        body=DETAILS, status=201,
    )  # fmt: skip
    refused(s, "legal_details_create", [
        ("legal_details_taken", "There are some from that day on", 409, "legal_details_taken", DETAILS),
        ("invalid", "No such number is given", 400, "invalid", {**DETAILS, "tin": "?"}),
    ], token=token)  # fmt: skip
    listed(s, "legal_details_list", "Of all times, the latest first", token=token)
    one: dict[str, Any] = {"token": token, "path": {"details_id": made["id"]}}
    s.call("legal_details_retrieve", "show", "One row", **one, status=200)
    add_legal_details(fields={"valid_from": date(2025, 1, 1), "legal_name": "Buna House PLC"})
    refused(s, "legal_details_change", [
        ("legal_details_taken", "There are some from that day on", 409, "legal_details_taken",
         {"valid_from": "2025-01-01"}),
        ("invalid", "A day that no calendar has", 400, "invalid", {"valid_from": "2026-02-30"}),
    ], **one)  # fmt: skip
    s.call(
        "legal_details_change", "move", "The shop moves", **one, body={"address": "Churchill Avenue\nAddis Ababa"},
        status=200,
    )  # fmt: skip
    s.call(
        "legal_details_delete", "delete", "It was a mistake", **one, status=204,
    )  # fmt: skip


def sensitive(s: Recorder) -> None:
    """A bank account stands in them: whoever has an authenticator app gives a code before changing them."""
    row = add_legal_details(fields={"valid_from": date(2026, 1, 1), "legal_name": "Buna House PLC"})
    with standing_clock():
        set_up(s.world.owner)
    token = token_of(s.world.owner, hours=13)
    at = {"path": {"details_id": row.pk}}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("legal_details_create", {"body": DETAILS}),
        ("legal_details_change", {**at, "body": {"tin": "0012345678"}}),
        ("legal_details_delete", at),
    ]
    for operation, rest in calls:
        s.call(
            operation, "second_factor", "A code is needed for this; the last one is too old",
            token=token, status=403, code="second_factor_required", **rest,
        )  # fmt: skip


STORIES = [papers, legal_details, sensitive]
