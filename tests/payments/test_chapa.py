"""The adapter: every shape that verify, initialize and cancel are known to take, and what nobody should believe."""

from __future__ import annotations

import json
import logging
from decimal import Decimal

import httpx
import pytest

from common.money import Money
from payments.gateways.chapa import (
    Buyer,
    Chapa,
    Demand,
    Failed,
    LinkClosed,
    LinkNotOpen,
    NoSuchReference,
    NotYet,
    Refused,
    Returned,
    Started,
    Success,
    Unclear,
    describe_message,
    is_checkout_url,
    read_amount,
)
from payments.gateways.wire import Wire

KEY = "CHASECK_TEST-very-SECRET-SIM"
REF = "AB123-CD456-XXXXXXXXXXXXXXXXXXXX"


def talk(response, seen=None) -> Chapa:
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(response, Exception):
            raise response
        return response

    return Chapa(
        Wire(
            base_url="https://api.chapa.co/v1/",
            headers={"Authorization": f"Bearer {KEY}"},
            transport=httpx.MockTransport(handle),
        )
    )


def reply(status=200, *, outer="success", data=None, message="Payment details", **raw):
    return httpx.Response(status, json={"message": message, "status": outer, "data": data} | raw)


def paid(**changes):
    return {
        "currency": "ETB",
        "amount": 1250,
        "charge": 37.5,
        "mode": "test",
        "status": "success",
        "reference": "APsim0000001",
        "tx_ref": REF,
    } | changes


DEMAND = Demand(
    tx_ref=REF,
    amount=Money(Decimal("1250.00"), "ETB"),
    title="Order #1/2 (ቡና) 🎉 and far too long for Chapa",
    description="Order #1/2 at ቡና ቤት: (all of it) " + "x" * 60,
    callback_url="https://shop.example/api/payments/chapa/callback/",
    return_url="https://shop.example/pay/return/1/",
    buyer=Buyer("ሐና 🎉", "T" * 50, "hana@example.com", "+251911234567"),
)


# --- verify ------------------------------------------------------------------------------------


def test_success_needs_both_statuses_and_carries_the_facts():
    found = talk(reply(data=paid())).verify(REF)
    assert found == Success(
        REF, "APsim0000001", Decimal(1250), "ETB", "test", Decimal("37.5"), "1250"
    )


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        # Variant A, as the documents have it, and a Java SDK's "null" in quotes.
        (reply(404, outer=None, message="Payment not paid yet"), NotYet),
        (reply(404, outer="null", message="Payment not paid yet"), NotYet),
        # Variant B: the outer status is about the call.
        (reply(data=paid(status="pending")), NotYet),
        # Variant C: the outer status is the payment's.
        (reply(outer="pending", data=paid(status="pending")), NotYet),
        (reply(data=paid(status="failed")), Failed),
        (reply(outer="failed/cancelled", data=paid(status="failed")), Failed),
        (reply(data=paid(status="failed/cancelled")), Failed),
        (reply(404, outer="failed", message="Invalid transaction"), NoSuchReference),
        (reply(404, outer="failed", message="Payment not paid yet"), NoSuchReference),
        (reply(data=paid(status="refunded")), Returned),
        (reply(data=paid(status="reversed")), Returned),
        # Nobody can call these.
        (reply(outer="pending", data=paid()), Unclear),
        (reply(outer="failed/cancelled", data=paid()), Unclear),
        (reply(outer=None, data=paid()), Unclear),
        (reply(outer="success", data=paid(status="blocked")), Unclear),
        (reply(outer="success", data=paid(status=None)), Unclear),
        (reply(outer="success", data=None), Unclear),
        (reply(outer="failed", data=None), Unclear),
        (reply(outer="success", data=["success"]), Unclear),
        (reply(outer="success", data="success"), Unclear),
        (reply(outer=True, data=paid()), Unclear),
        (reply(202, data=paid()), Unclear),
        (reply(400, data=paid()), Unclear),
        (reply(401, outer="failed", message="Live secret keys can't be used"), Unclear),
        (reply(429, outer="failed", message="Too many requests"), Unclear),
        (reply(500, data=paid()), Unclear),
        (reply(503, outer="success", data=paid()), Unclear),
        (httpx.Response(404, text="<html>not found</html>"), Unclear),
        (httpx.Response(404, json={"message": "x"}), Unclear),
        (httpx.Response(200, text="<html>hello</html>"), Unclear),
        (httpx.Response(200, text=""), Unclear),
        (httpx.Response(200, text='{"status":"success","data":{"status":"succ'), Unclear),
        (httpx.Response(200, json=[1]), Unclear),
        (httpx.Response(200, json="success"), Unclear),
        (httpx.Response(200, text="[" * 5000), Unclear),
        (httpx.Response(200, content=b"\xff\xfe"), Unclear),
        (httpx.Response(200, content=b" " * 300_000), Unclear),
        (httpx.Response(302, headers={"Location": "https://evil.example/"}), Unclear),
        (httpx.ReadTimeout("slow"), Unclear),
        (httpx.ConnectTimeout("no"), Unclear),
        (httpx.RemoteProtocolError("reset"), Unclear),
    ],
)
def test_verify_reads_every_shape(response, expected):
    assert type(talk(response).verify(REF)) is expected


def test_a_redirect_is_not_followed():
    seen = []
    talk(httpx.Response(302, headers={"Location": "https://evil.example/"}), seen).verify(REF)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("raw", "fee"),
    [(37.5, "37.50"), ("0.005", "0.01"), (None, None), (-1, None), (999999999999999, None)],
)
def test_the_fee_breaks_nothing(raw, fee):
    assert talk(reply(data=paid(charge=raw))).verify(REF).fee == (fee and Decimal(fee))


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (1250, Decimal(1250)),
        (1250.0, Decimal(1250)),
        ("1250.00", Decimal(1250)),
        ("1250.000", Decimal(1250)),
        (0.1, Decimal("0.1")),
        ("1,250.00", None),
        (None, None),
        (True, None),
        ("", None),
        (" 1250", None),
        ("1250 ", None),
        ("1_250", None),
        ("1e3", None),
        ("-1", None),
        ("NaN", None),
        ("١٢٥٠", None),
        ([1250], None),
        (1e22, None),
        (float(10**16), None),
    ],
)
def test_amounts_are_read_exactly_or_not_at_all(raw, read):
    assert read_amount(raw) == read


def test_nothing_dangerous_is_kept_of_a_reference():
    found = talk(reply(data=paid(reference="a\0b", currency=7, mode=None))).verify(REF)
    assert (found.reference, found.currency, found.mode) == ("", "", "")


def test_the_reference_cannot_leave_its_place_in_the_path():
    seen = []
    talk(reply(data=paid()), seen).verify("../../x?y=1#z")
    assert seen[0].url.raw_path == b"/v1/transaction/verify/..%2F..%2Fx%3Fy%3D1%23z"


# --- initialize --------------------------------------------------------------------------------


def test_initialize_sends_what_chapa_takes():
    seen = []
    url = "https://checkout.chapa.co/checkout/payment/x"
    assert talk(reply(data={"checkout_url": url}), seen).initialize(DEMAND) == Started(url)
    (request,) = seen
    assert request.method == "POST"
    assert str(request.url) == "https://api.chapa.co/v1/transaction/initialize"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    body = json.loads(request.content)
    assert body == {
        "amount": "1250.00",
        "currency": "ETB",
        "tx_ref": REF,
        "first_name": "ሐና",
        "last_name": "T" * 35,
        "phone_number": "0911234567",
        "callback_url": DEMAND.callback_url,
        "return_url": DEMAND.return_url,
        "customization": {
            "title": "Order 1 2 and fa",
            "description": "Order 1 2 at all of it xxxxxxxxxxxxxxxxxxxxxxxxxxx",
        },
        "meta": {"payment_reason": body["customization"]["description"]},
    }  # and no e-mail: @example.com would get the whole payment refused


def test_an_unknown_buyer_is_left_out():
    seen = []
    bare = Demand(**{f: getattr(DEMAND, f) for f in DEMAND.__slots__} | {"buyer": Buyer()})
    talk(reply(data={"checkout_url": "https://checkout.chapa.co/x"}), seen).initialize(bare)
    sent = json.loads(seen[0].content)
    assert not {"first_name", "last_name", "email", "phone_number"} & sent.keys()


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (reply(400, outer="failed", message="Transaction reference has been used before"), Refused),
        (reply(400, outer="failed", message={"email": ["validation.email"]}), Refused),
        (reply(400, outer="failed", message=[{"a": ["b"]}, "c"]), Refused),
        (reply(401, outer="failed", message="Authorization required"), Refused),
        (reply(404, outer="failed", message="Payments through API is disabled"), Refused),
        (reply(200, outer="failed", message={"amount": ["validation.required"]}), Refused),
        (reply(data={"checkout_url": "https://evil.example/pay"}), Refused),
        (reply(data={"checkout_url": "javascript:alert(1)"}), Refused),
        (reply(data={"checkout_url": "http://checkout.chapa.co/x"}), Refused),
        (reply(data={"checkout_url": None}), Unclear),
        (reply(data=None), Unclear),
        (reply(data=[]), Unclear),
        (reply(outer=None, data={"checkout_url": "https://checkout.chapa.co/x"}), Unclear),
        (reply(429, outer="failed", message="Too many requests"), Unclear),
        (reply(500), Unclear),
        (httpx.Response(400, text="<html>proxy</html>"), Unclear),
        (httpx.Response(200, text=""), Unclear),
        (httpx.ReadTimeout("slow"), Unclear),
    ],
)
def test_initialize_reads_every_shape(response, expected):
    assert type(talk(response).initialize(DEMAND)) is expected


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (httpx.ConnectError("x"), False),
        (httpx.ConnectTimeout("x"), False),
        (httpx.ReadTimeout("x"), True),
        (httpx.WriteTimeout("x"), True),
        (httpx.ReadError("x"), True),
        (httpx.RemoteProtocolError("x"), True),
    ],
)
def test_a_lost_answer_says_whether_it_can_have_had_an_effect(error, sent):
    seen = []
    assert talk(error, seen).initialize(DEMAND).sent is sent
    assert len(seen) == 1  # and a POST is never repeated


# --- cancel ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (reply(message="Checkout link expired successfully", data={}), LinkClosed),
        (reply(400, outer="failed", message="Payment link already expired"), LinkNotOpen),
        (reply(404, outer="failed", message="Not found"), LinkNotOpen),
        (reply(200, outer="failed", message="Payment link already expired"), LinkNotOpen),
        (reply(401, outer="failed"), Unclear),
        (reply(429, outer="failed"), Unclear),
        (reply(502, outer="failed"), Unclear),
        (httpx.ReadTimeout("slow"), Unclear),
    ],
)
def test_cancel_reads_every_shape(response, expected):
    seen = []
    assert type(talk(response, seen).cancel(REF)) is expected
    assert seen[0].method == "PUT"


# --- secrets and addresses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "response",
    [
        reply(401, outer="failed", message="Invalid API Key"),
        reply(500),
        httpx.ReadTimeout(f"Bearer {KEY}"),
        httpx.LocalProtocolError(f"Illegal header value b'Bearer {KEY}'"),
    ],
)
def test_the_key_is_in_no_log_and_no_result(response, caplog):
    caplog.set_level(logging.DEBUG)
    chapa = talk(response)
    results = [chapa.initialize(DEMAND), chapa.verify(REF), chapa.cancel(REF)]
    assert KEY not in caplog.text
    assert KEY not in repr(results)


def test_messages_of_any_shape_become_one_line():
    assert describe_message({"amount": ["a", "b"], "x": {"y": "z"}}) == "amount: a, b; x: y: z"
    assert describe_message("a\r\nb\x1b[31m") == "a  b [31m"
    assert len(describe_message(["x" * 1000])) == 300
    assert describe_message(None) == "None"


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://checkout.chapa.co/checkout/payment/x", True),
        ("https://test.chapa.co/x", True),
        ("https://checkout.chapa.co:443/x", True),
        ("http://checkout.chapa.co/x", False),
        ("https://chapa.co.evil.example/x", False),
        ("https://evilchapa.co/x", False),
        ("https://checkout.chapa.co@evil.example/x", False),
        ("https://user:pw@checkout.chapa.co/x", False),
        ("https://evil.example\\@checkout.chapa.co/x", False),
        ("https://checkout.chapa.co:8443/x", False),
        ("https://checkout.chapa.co:bad/x", False),
        ("//checkout.chapa.co/x", False),
        ("javascript:alert(1)//checkout.chapa.co", False),
        ("https://checkout.chapa.co/\r\nx", False),
        ("https://checkout.chapa.co/" + "x" * 600, False),
        ("http://127.0.0.1:8899/checkout/payment/x", False),
        ("", False),
    ],
)
def test_buyers_are_sent_to_chapa_only(url, fine):
    assert is_checkout_url(url) is fine


def test_in_development_the_gateway_doubles_host_will_do(settings):
    settings.PRODUCTION = False
    settings.CHAPA_BASE_URL = "http://127.0.0.1:8899/v1"
    assert is_checkout_url("http://127.0.0.1:8899/checkout/payment/x")
    assert is_checkout_url("http://127.0.0.1:9999/checkout/payment/x")
    assert not is_checkout_url("http://127.0.0.2:8899/x")
    assert not is_checkout_url("ftp://127.0.0.1:8899/x")
    settings.PRODUCTION = True
    assert not is_checkout_url("http://127.0.0.1:8899/checkout/payment/x")
