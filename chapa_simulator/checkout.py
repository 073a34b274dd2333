"""The hosted checkout page and the receipt: plain HTML forms, no JavaScript."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from chapa_simulator.clock import timestamp
from chapa_simulator.payment_methods import (
    METHODS,
    TEST_CARDS,
    TEST_EXPIRY,
    TEST_OTP,
    Method,
    card_digits,
    card_outcome,
    find_method,
    phone_succeeds,
)
from chapa_simulator.simulator import Simulator
from chapa_simulator.transactions import (
    MAXIMUM_ATTEMPTS,
    State,
    Transaction,
    UnknownTransaction,
    WrongState,
)
from chapa_simulator.validation import normalise_phone

# No form-action: browsers apply it to the redirect after a payment too, which leaves this host.
_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    " base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def page(html: str, status: int = 200) -> Response:
    """An HTML answer that no other site can frame and nothing can load into."""
    return Response(html, status=status, mimetype="text/html", headers=_SECURITY_HEADERS)


def money(amount: str, currency: str) -> str:
    """Decimal text for people: `ETB 1,250.00`."""
    return f"{currency} {Decimal(amount):,.2f}"


def make_checkout(simulator: Simulator) -> Blueprint:
    """The routes a customer's browser sees."""
    checkout = Blueprint("checkout", __name__)

    @checkout.app_errorhandler(UnknownTransaction)
    def unknown(error: UnknownTransaction) -> Response:
        return page(
            render_template(
                "notice.html",
                heading="Payment link not found",
                text="Check the address, or go back to the shop and start the payment again.",
                tone="muted",
            ),
            404,
        )

    @checkout.get("/checkout/payment/<token>")
    def show(token: str) -> Response:
        transaction = simulator.book.get_by_token(token)
        if transaction.is_open:
            transaction = simulator.book.mark_opened(transaction.tx_ref)
        return _current_page(simulator, transaction)

    @checkout.post("/checkout/payment/<token>")
    def act(token: str) -> Response:
        transaction = simulator.book.get_by_token(token)
        if transaction.state is State.SUCCESS:
            # A second click on Pay: nothing happens twice, and the customer still arrives.
            return _see(simulator.after_payment_url(transaction))
        if not transaction.is_open:
            return _current_page(simulator, transaction)
        try:
            if request.form.get("action") == "cancel":
                simulator.give_up(transaction.tx_ref)
                return _back_to(transaction)
            return _try_payment(simulator, transaction)
        except WrongState:
            return _back_to(transaction)

    @checkout.get("/payment-receipt/<reference>")
    def receipt(reference: str) -> Response:
        transaction = simulator.book.get_by_reference(reference)
        if transaction.state is not State.SUCCESS:
            raise UnknownTransaction(reference)
        return page(
            render_template(
                "receipt.html",
                transaction=transaction,
                merchant=simulator.config.merchant_name,
                amount=money(transaction.amount, transaction.currency),
                paid_at=timestamp(transaction.updated_at)[:16].replace("T", " ") + " UTC",
                method=_method_name(transaction.method),
                details=describe_meta(transaction.meta),
            )
        )

    return checkout


def describe_meta(meta: Any) -> list[tuple[str, str]]:
    """The parts of `meta` that Chapa shows to the customer, as label and text."""
    if not isinstance(meta, dict):
        return []
    shown: list[tuple[str, str]] = []
    if isinstance(meta.get("payment_reason"), str) and meta["payment_reason"]:
        shown.append(("Reason", meta["payment_reason"]))
    invoices = meta.get("invoices")
    for invoice in invoices if isinstance(invoices, list) else []:
        if isinstance(invoice, dict) and "key" in invoice and "value" in invoice:
            shown.append((_plain(invoice["key"]), _plain(invoice["value"])))
    return shown


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _see(url: str) -> Response:
    return Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})


def _back_to(transaction: Transaction) -> Response:
    # After each POST the browser is sent to a GET, so that a reload repeats no attempt.
    return _see(url_for("checkout.show", token=transaction.token))


def _current_page(simulator: Simulator, transaction: Transaction) -> Response:
    if transaction.is_open:
        return _form_page(simulator, transaction)
    if transaction.state is State.SUCCESS:
        return page(
            render_template(
                "notice.html",
                heading="Already paid",
                text=f"{money(transaction.amount, transaction.currency)} has been paid."
                " You will not be charged again.",
                tone="good",
                link=simulator.after_payment_url(transaction),
                link_text="Continue",
            )
        )
    if transaction.state is State.EXPIRED:
        heading, text = "This payment link has expired", "It can no longer be paid."
    elif len(transaction.attempts) >= MAXIMUM_ATTEMPTS:
        heading, text = "Payment failed", "The last of ten attempts failed."
    else:
        heading, text = "Payment cancelled", "This payment link is closed."
    return page(
        render_template(
            "notice.html",
            heading=heading,
            text=f"{text} You have not been charged.",
            tone="bad",
            link=transaction.return_url,
            link_text="Return to the shop",
        ),
        410,
    )


def _form_page(
    simulator: Simulator,
    transaction: Transaction,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    last = transaction.attempts[-1] if transaction.attempts else None
    form = request.form
    phone = form.get("phone") or (last.mobile if last else None) or transaction.phone or ""
    chosen = form.get("method") or (last.method if last else None)
    method = _method_of(chosen) or METHODS[1 if phone.startswith("07") else 0]
    return page(
        render_template(
            "pay.html",
            transaction=transaction,
            merchant=simulator.config.merchant_name,
            amount=money(transaction.amount, transaction.currency),
            methods=METHODS,
            chosen=method.code,
            phone=phone,
            fixed_phone=_fixed_phone(transaction),
            card_number=form.get("card_number", ""),
            card_expiry=form.get("card_expiry", ""),
            errors=errors or {},
            failure=last.reason if last and not errors else None,
            attempts_left=MAXIMUM_ATTEMPTS - len(transaction.attempts),
            minutes_left=max(1, math.ceil((transaction.expires_at - simulator.clock.now()) / 60)),
            details=describe_meta(transaction.meta),
            test_cards=TEST_CARDS,
            test_expiry=TEST_EXPIRY,
            test_otp=TEST_OTP,
        ),
        status,
    )


def _try_payment(simulator: Simulator, transaction: Transaction) -> Response:
    method = find_method(request.form.get("method", ""))
    if method is None:
        errors = {"method": "Choose how you want to pay."}
        return _form_page(simulator, transaction, errors=errors, status=422)
    if method.kind == "card":
        return _try_card(simulator, transaction)
    phone = normalise_phone(_fixed_phone(transaction) or request.form.get("phone", ""))
    if phone is None:
        errors = {"phone": "Enter an Ethiopian mobile number, such as 0911 223 344."}
        return _form_page(simulator, transaction, errors=errors, status=422)
    reason = None
    if not phone_succeeds(method, phone):
        reason = f"{method.name} did not accept {phone}. Only the test numbers succeed."
    elif method.kind == "otp":
        otp = request.form.get("otp", "").strip()
        if not otp:
            return _otp_page(simulator, transaction, method, phone)
        if otp != TEST_OTP:
            reason = "The code was wrong."
    return _finish(simulator, transaction, method.code, phone, reason)


def _try_card(simulator: Simulator, transaction: Transaction) -> Response:
    form = request.form
    digits = card_digits(form.get("card_number", ""))
    errors = {}
    if digits is None:
        errors["card_number"] = "Enter the number on the front of the card."
    if not form.get("card_expiry", "").strip():
        errors["card_expiry"] = "Enter the expiry date."
    if not form.get("card_cvv", "").strip():
        errors["card_cvv"] = "Enter the security code."
    if digits is None or errors:
        return _form_page(simulator, transaction, errors=errors, status=422)
    scheme, reason = card_outcome(digits, form["card_expiry"], form["card_cvv"].strip())
    return _finish(simulator, transaction, scheme, "", reason)


def _finish(
    simulator: Simulator, transaction: Transaction, method: str, phone: str, reason: str | None
) -> Response:
    if reason is not None:
        simulator.fail(transaction.tx_ref, method=method, mobile=phone, reason=reason)
        return _back_to(transaction)
    paid = simulator.pay(transaction.tx_ref, method=method, mobile=phone)
    return _see(simulator.after_payment_url(paid))


def _otp_page(
    simulator: Simulator, transaction: Transaction, method: Method, phone: str
) -> Response:
    return page(
        render_template(
            "otp.html",
            transaction=transaction,
            merchant=simulator.config.merchant_name,
            amount=money(transaction.amount, transaction.currency),
            method=method,
            phone=phone,
            masked_phone=f"{phone[:4]} *** {phone[-3:]}",
            back=url_for("checkout.show", token=transaction.token),
            test_otp=TEST_OTP,
        )
    )


def _fixed_phone(transaction: Transaction) -> str | None:
    """The phone the customer may not change, if the merchant asked for that."""
    meta = transaction.meta
    fixed = isinstance(meta, dict) and meta.get("disable_phone_edit") is True
    return transaction.phone if fixed else None


def _method_of(code: str | None) -> Method | None:
    schemes = {scheme for scheme, _ in TEST_CARDS.values()}
    return find_method("card" if code in schemes else code or "")


def _method_name(code: str | None) -> str:
    method = find_method(code or "")
    return method.name if method else (code or "").capitalize()
