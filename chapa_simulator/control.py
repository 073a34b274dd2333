"""The control plane under /_sim: faults, clock, settings, and what happened. Never under /v1."""

from __future__ import annotations

import hmac
import math
from typing import Any

from flask import Blueprint, Response, jsonify, request

from chapa_simulator.clock import timestamp
from chapa_simulator.faults import BadFault
from chapa_simulator.payment_methods import METHODS, find_method
from chapa_simulator.simulator import BadSetting, Simulator
from chapa_simulator.transactions import Transaction, UnknownTransaction, WrongState

MAXIMUM_ADVANCE_SECONDS = 366 * 24 * 3600
_MOMENTS = ("created_at", "updated_at", "expires_at")


class BadRequest(Exception):
    """The body of a control request is not what the route takes."""


def problem(status: int, code: str, detail: str) -> Response:
    """An RFC 9457 error."""
    response = jsonify(type="about:blank", title=code, status=status, code=code, detail=detail)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def make_control(simulator: Simulator) -> Blueprint:
    """The routes for tests and developers; each needs the header X-Sim-Token."""
    control = Blueprint("control", __name__, url_prefix="/_sim")
    token = simulator.config.token.encode()

    @control.before_request
    def check_token() -> Response | None:
        given = request.headers.get("X-Sim-Token", "").encode("utf-8", "surrogateescape")
        if hmac.compare_digest(given, token):
            return None
        return problem(401, "invalid_token", "The header X-Sim-Token is missing or wrong.")

    @control.errorhandler(BadRequest)
    @control.errorhandler(BadFault)
    @control.errorhandler(BadSetting)
    def bad_request(error: Exception) -> Response:
        return problem(400, "invalid", str(error))

    @control.errorhandler(UnknownTransaction)
    def unknown_transaction(error: UnknownTransaction) -> Response:
        return problem(404, "unknown_transaction", f"There is no transaction {error}.")

    @control.errorhandler(WrongState)
    def wrong_state(error: WrongState) -> Response:
        return problem(409, "wrong_state", str(error))

    @control.get("/transactions")
    def list_transactions() -> Response:
        wanted = request.args.get("tx_ref")
        state = request.args.get("state")
        found = [
            _shown(simulator, transaction)
            for transaction in simulator.book.all()
            if wanted in (None, transaction.tx_ref) and state in (None, transaction.state.value)
        ]
        return jsonify(results=found, count=len(found))

    @control.get("/transactions/<path:tx_ref>")
    def show_transaction(tx_ref: str) -> Response:
        return jsonify(_shown(simulator, simulator.book.get(tx_ref)))

    @control.post("/transactions/<path:tx_ref>/pay")
    def pay(tx_ref: str) -> Response:
        body = _body("outcome", "method", "phone")
        outcome = body.get("outcome")
        method = find_method(body.get("method", METHODS[0].code))
        phone = body.get("phone", "")
        if method is None or not isinstance(phone, str):
            raise BadRequest("method must be one of the page's methods, phone must be text")
        simulator.book.mark_opened(tx_ref)
        if outcome == "success":
            mobile = phone or (method.test_phones[0] if method.test_phones else "")
            done = simulator.pay(tx_ref, method=method.code, mobile=mobile)
        elif outcome == "failed":
            done = simulator.fail(
                tx_ref, method=method.code, mobile=phone, reason="The payment failed."
            )
        elif outcome == "cancelled":
            done = simulator.give_up(tx_ref)
        else:
            raise BadRequest("outcome must be success, failed or cancelled")
        return jsonify(_shown(simulator, done))

    @control.get("/deliveries")
    def list_deliveries() -> Response:
        try:
            after = int(request.args.get("after", "0"))
        except ValueError:
            raise BadRequest("after must be the id of a delivery") from None
        found = simulator.store.load_deliveries(
            tx_ref=request.args.get("tx_ref"), kind=request.args.get("kind"), after=after
        )
        waiting = simulator.dispatcher.pending()
        return jsonify(results=found, count=len(found), pending=waiting)

    @control.post("/deliveries/settle")
    def settle_deliveries() -> Response:
        settled = simulator.dispatcher.wait_until_settled(_seconds(_body("timeout"), "timeout", 10))
        return jsonify(settled=settled)

    @control.get("/clock")
    def show_clock() -> Response:
        return jsonify(_clock(simulator))

    @control.post("/clock/advance")
    def advance_clock() -> Response:
        settled = simulator.advance(_seconds(_body("seconds"), "seconds", None))
        return jsonify(**_clock(simulator), settled=settled)

    @control.get("/faults")
    def list_faults() -> Response:
        faults = simulator.faults.documents()
        return jsonify(results=faults, count=len(faults))

    @control.post("/faults")
    def add_fault() -> tuple[Response, int]:
        body = _body("match", "kind", "params")
        return jsonify(simulator.faults.add(**{"kind": None} | body)), 201

    @control.delete("/faults")
    def clear_faults() -> Response:
        return jsonify(cleared=simulator.faults.clear())

    @control.get("/config")
    def show_config() -> Response:
        return jsonify(vars(simulator.settings))

    @control.post("/config")
    def change_config() -> Response:
        simulator.settings = simulator.settings.changed(_body())
        return jsonify(vars(simulator.settings))

    return control


def _body(*known: str) -> dict[str, Any]:
    """The JSON object of the request; an empty body is an empty object."""
    body = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    unknown = sorted(set(body) - set(known)) if known else []
    if unknown:
        raise BadRequest(f"unknown field: {unknown[0]}")
    return body


def _seconds(body: dict[str, Any], name: str, default: float | None) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRequest(f"{name} must be a number of seconds")
    if not math.isfinite(value) or not 0 <= value <= MAXIMUM_ADVANCE_SECONDS:
        raise BadRequest(f"{name} must be from 0 to {MAXIMUM_ADVANCE_SECONDS}")
    return float(value)


def _clock(simulator: Simulator) -> dict[str, Any]:
    clock = simulator.clock
    return {"now": timestamp(clock.now()), "ahead_seconds": round(clock.offset, 3)}


def _shown(simulator: Simulator, transaction: Transaction) -> dict[str, Any]:
    document = transaction.to_document()
    for name in _MOMENTS:
        document[name] = timestamp(document[name])
    for attempt in document["attempts"]:
        attempt["at"] = timestamp(attempt["at"])
    return document | {
        "status": transaction.status,
        "attempt_count": len(transaction.attempts),
        "checkout_url": simulator.checkout_url(transaction),
        "after_payment_url": simulator.after_payment_url(transaction),
    }
