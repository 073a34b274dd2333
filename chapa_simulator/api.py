"""Chapa's HTTP API v1: the routes a merchant's server calls."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, request

from chapa_simulator.clock import timestamp
from chapa_simulator.server import DROP_CONNECTION
from chapa_simulator.simulator import LIVE, Simulator, as_number
from chapa_simulator.transactions import (
    ReferenceUsed,
    State,
    Transaction,
    UnknownTransaction,
    WrongState,
)
from chapa_simulator.validation import Message, Refused, parse_payment_request
from chapa_simulator.webhooks import customization_of

View = Callable[..., Response]

AUTHORIZATION_REQUIRED = "Authorization required"
INVALID_KEY = "Invalid API Key or User doesn't exist"
WRONG_CONTENT_TYPE = (
    "Incorrect header settings Please check if content-type is present and set to application/json"
)
REFERENCE_USED = "Transaction reference has been used before"
NOT_FOUND = "Invalid transaction or Transaction not found"
NOT_PAID = "Payment not paid yet"
LIVE_KEY_FOR_TEST = "Live secret keys can't be used to verify a test transaction"
TEST_KEY_FOR_LIVE = "Test secret keys can't be used to verify a live transaction"
LINK_EXPIRED = "Payment link already expired"
NOT_ENABLED = "User can't receive payments"
API_DISABLED = "Payments through API is disabled, please contact us"


def answer(
    status_code: int, *, message: Message, status: str | None = "failed", data: Any = None
) -> Response:
    """Chapa's envelope around every answer."""
    envelope = {"message": message, "status": status, "data": data}
    return Response(
        json.dumps(envelope, separators=(",", ":"), ensure_ascii=False),
        status=status_code,
        mimetype="application/json",
    )


def make_api(simulator: Simulator) -> Blueprint:
    """The routes under /v1."""
    api = Blueprint("api", __name__, url_prefix="/v1")

    def merchant_only(view: View) -> View:
        @functools.wraps(view)
        def guarded(**arguments: str) -> Response:
            scheme, _, key = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not key.strip():
                return answer(401, message=AUTHORIZATION_REQUIRED)
            mode = simulator.mode_of(key.strip())
            if mode is None:
                return answer(401, message=INVALID_KEY)
            g.mode = mode
            return view(**arguments)

        return guarded

    def time_out(route: str, when: str, tx_ref: str) -> Response | None:
        """Hang, then hang up without an answer, if a fault says so."""
        fault = simulator.faults.strike("http.timeout", tx_ref, route=route, when=when)
        if fault is None:
            return None
        simulator.stopping.wait(fault["seconds"])
        request.environ[DROP_CONNECTION] = True
        return answer(504, message="The simulator drops this connection (fault http.timeout).")

    @api.post("/transaction/initialize", provide_automatic_options=False)
    @merchant_only
    def initialize() -> Response:
        if request.mimetype != "application/json":
            return answer(400, message=WRONG_CONTENT_TYPE)
        body = _parse(request.get_data())
        given = body.get("tx_ref")
        late = time_out("initialize", "before", given if isinstance(given, str) else "")
        if late is not None:
            return late
        if simulator.settings.merchant == "not_enabled":
            return answer(400, message=NOT_ENABLED)
        if simulator.settings.merchant == "api_disabled":
            return answer(404, message=API_DISABLED)
        try:
            transaction = simulator.initialize(parse_payment_request(body), mode=g.mode)
        except Refused as refusal:
            return answer(400, message=refusal.message)
        except ReferenceUsed:
            return answer(400, message=REFERENCE_USED)
        return time_out("initialize", "after", transaction.tx_ref) or answer(
            200,
            message="Hosted Link",
            status="success",
            data={"checkout_url": simulator.checkout_url(transaction)},
        )

    @api.get("/transaction/verify/<path:tx_ref>", provide_automatic_options=False)
    @merchant_only
    def verify(tx_ref: str) -> Response:
        late = time_out("verify", "before", tx_ref)
        if late is not None:
            return late
        try:
            transaction = simulator.book.get(tx_ref)
        except UnknownTransaction:
            return answer(404, message=NOT_FOUND)
        if transaction.mode != g.mode:
            return answer(401, message=LIVE_KEY_FOR_TEST if g.mode == LIVE else TEST_KEY_FOR_LIVE)
        response = _verified(simulator, transaction)
        return time_out("verify", "after", tx_ref) or response

    @api.put("/transaction/cancel/<path:tx_ref>", provide_automatic_options=False)
    @merchant_only
    def cancel(tx_ref: str) -> Response:
        late = time_out("cancel", "before", tx_ref)
        if late is not None:
            return late
        try:
            if simulator.book.get(tx_ref).mode != g.mode:
                raise UnknownTransaction(tx_ref)
            response = _cancelled(simulator.book.expire_link(tx_ref))
        except UnknownTransaction:
            response = answer(404, message=NOT_FOUND)
        except WrongState:
            response = answer(400, message=LINK_EXPIRED)
        return time_out("cancel", "after", tx_ref) or response

    return api


def _parse(raw: bytes) -> dict[str, Any]:
    """The JSON object of a request. What PHP could not read counts as no fields at all."""
    try:
        body = json.loads(raw, parse_constant=_no_constant)
        if b"\\u" in raw:
            # A lone surrogate is refused here, before it reaches a page or a file.
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _verified(simulator: Simulator, transaction: Transaction) -> Response:
    settings = simulator.settings
    status = transaction.status
    if transaction.state is State.ATTEMPT_FAILED and settings.failed_attempt == "pending":
        status = "pending"
    message = "Payment details"
    outer = "success"
    if status == "pending":
        if settings.verify_variant == "A":
            return answer(404, message=NOT_PAID, status=None)
        if settings.verify_variant == "B":
            message = "Payment details fetched successfully"
        else:
            outer = "pending"
    elif status == "failed" and settings.verify_variant == "C":
        outer = "failed/cancelled"
    charge = transaction.charge
    return answer(
        200,
        message=message,
        status=outer,
        data={
            "first_name": transaction.first_name,
            "last_name": transaction.last_name,
            "email": transaction.email,
            "currency": transaction.currency,
            "amount": simulator.verified_amount(transaction),
            "charge": None if charge is None else as_number(charge),
            "mode": transaction.mode,
            "method": transaction.method,
            "type": "API",
            "status": status,
            "reference": transaction.reference,
            "tx_ref": transaction.tx_ref,
            "customization": customization_of(transaction),
            "meta": transaction.meta,
            "created_at": timestamp(transaction.created_at),
            "updated_at": timestamp(transaction.updated_at),
        },
    )


def _cancelled(transaction: Transaction) -> Response:
    return answer(
        200,
        message="Checkout link expired successfully",
        status="success",
        data={
            "tx_ref": transaction.tx_ref,
            "amount": as_number(transaction.amount),
            "currency": transaction.currency,
            "created_at": timestamp(transaction.created_at),
            "updated_at": timestamp(transaction.updated_at),
        },
    )
