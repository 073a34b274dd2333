"""The hosted page as a browser without JavaScript uses it."""

from __future__ import annotations

import re

import pytest

GOOD = {"method": "telebirr", "phone": "0900123456", "action": "pay"}
BAD = {"method": "telebirr", "phone": "0911223344", "action": "pay"}
RETURN_URL = "https://shop.example/orders/1/return"


@pytest.fixture
def page(merchant):
    return merchant.open(
        return_url=RETURN_URL,
        first_name="<b>ሀና</b>",
        customization={"title": "Order <1>", "description": "Coffee"},
        phone_number="0911223344",
    )


def test_the_page_shows_what_is_paid_and_that_it_is_no_real_payment(merchant, page):
    answer = merchant.http.get(page)
    assert answer.status_code == 200
    for test_id in (
        "simulator-banner",
        "mode-badge",
        "merchant-name",
        "payment-title",
        "pay-amount",
        "tx-ref",
        "method-telebirr",
        "method-mpesa",
        "method-cbebirr",
        "method-ebirr",
        "method-awashbirr",
        "method-amole",
        "method-card",
        "phone-input",
        "card-number-input",
        "card-expiry-input",
        "card-cvv-input",
        "pay-button",
        "cancel-button",
        "time-left",
        "test-data",
    ):
        assert f'data-testid="{test_id}"' in answer.text, test_id
    assert 'data-testid="error-message"' not in answer.text
    assert "ETB 1,250.00" in answer.text
    assert "TEST MODE" in answer.text
    assert "Order &lt;1&gt;" in answer.text
    assert "<b>ሀና" not in answer.text
    assert 'value="0911223344"' in answer.text
    assert merchant.transaction()["state"] == "PENDING"


def test_the_page_loads_nothing_and_cannot_be_framed(merchant, page):
    answer = merchant.http.get(page)
    assert "<script" not in answer.text
    assert not re.search(r"""(?:src|href)=["']https?://""", answer.text)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    # It would stop the redirect to the shop after a payment.
    assert "form-action" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"


def test_fail_then_succeed(merchant, sink, page):
    answer = merchant.http.post(page, data=BAD)
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    shown = merchant.http.get(page)
    assert shown.status_code == 200
    assert 'data-testid="error-message"' in shown.text
    assert "9 attempts left" in shown.text
    answer = merchant.http.post(page, data=GOOD)
    assert (answer.status_code, answer.headers["Location"]) == (303, RETURN_URL)
    states = [entry["event"] for entry in merchant.deliveries()]
    assert sorted(states) == ["charge.failed/cancelled", "charge.success"]


def test_a_second_click_pays_nothing_but_arrives(merchant, sink, page):
    for _ in range(2):
        answer = merchant.http.post(page, data=GOOD)
        assert (answer.status_code, answer.headers["Location"]) == (303, RETURN_URL)
    assert len(merchant.deliveries()) == 1
    shown = merchant.http.get(page)
    assert "Already paid" in shown.text
    assert RETURN_URL in shown.text


def test_cancel(merchant, sink, page):
    answer = merchant.http.post(page, data={"action": "cancel"})
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    shown = merchant.http.get(page)
    assert shown.status_code == 410
    assert "Payment cancelled" in shown.text
    assert f'href="{RETURN_URL}"' in shown.text
    assert merchant.http.post(page, data=GOOD).status_code == 410
    assert merchant.transaction()["state"] == "FAILED/CANCELLED"
    assert len(merchant.deliveries()) == 1


@pytest.mark.parametrize("ending", ["window", "api"])
def test_an_expired_link(merchant, page, ending):
    if ending == "window":
        merchant.advance(3600)
    else:
        merchant.cancel()
    for answer in (merchant.http.get(page), merchant.http.post(page, data=GOOD)):
        assert answer.status_code == 410
        assert "This payment link has expired" in answer.text
    assert merchant.deliveries() == []


def test_ten_attempts_and_no_more(merchant, page):
    for _ in range(10):
        assert merchant.http.post(page, data=BAD).status_code == 303
    assert "Payment failed" in merchant.http.get(page).text
    assert merchant.http.post(page, data=GOOD).status_code == 410


def test_an_unknown_link(merchant):
    for path in ("/checkout/payment/nothing", "/payment-receipt/APnothing"):
        answer = merchant.http.get(path)
        assert answer.status_code == 404
        assert "Payment link not found" in answer.text


@pytest.mark.parametrize(
    ("method", "phone", "succeeds"),
    [
        ("telebirr", "0900123456", True),
        ("telebirr", "+251 900 112 233", True),
        ("cbebirr", "0900881111", True),
        ("ebirr", "900123456", True),
        ("mpesa", "0700123456", True),
        ("mpesa", "0900123456", False),
        ("telebirr", "0700123456", False),
        ("telebirr", "0911223344", False),
    ],
)
def test_the_test_numbers_decide(merchant, page, method, phone, succeeds):
    merchant.http.post(page, data={"method": method, "phone": phone})
    assert merchant.verify().json["data"]["status"] == ("success" if succeeds else "failed")


@pytest.mark.parametrize(
    ("number", "cvv", "expiry", "outcome"),
    [
        ("4200 0000 0000 0000", "123", "12/34", "visa"),
        ("5400000000000000", "123", "12/34", "mastercard"),
        ("3700 0000 0000 0000", "1234", "12/34", "amex"),
        ("6200 0000 0000 0000", "123", "12 / 34", "unionpay"),
        ("3800-0000-0000-0000", "123", "12/34", "diners"),
        ("4200 0000 0000 0000", "124", "12/34", None),
        ("4200 0000 0000 0000", "123", "12/30", None),
        ("4111 1111 1111 1111", "123", "12/34", None),
    ],
)
def test_the_test_cards_decide(merchant, page, number, cvv, expiry, outcome):
    form = {"method": "card", "card_number": number, "card_expiry": expiry, "card_cvv": cvv}
    merchant.http.post(page, data=form)
    data = merchant.verify().json["data"]
    assert data["status"] == ("success" if outcome else "failed")
    if outcome:
        assert data["method"] == outcome
    assert number.replace(" ", "") not in str(merchant.transaction())


@pytest.mark.parametrize("method", ["awashbirr", "amole"])
def test_a_code_is_asked_for(merchant, page, method):
    form = {"method": method, "phone": "0900123456"}
    asked = merchant.http.post(page, data=form)
    assert asked.status_code == 200
    assert 'data-testid="otp-input"' in asked.text
    assert merchant.transaction()["attempt_count"] == 0
    wrong = merchant.http.post(page, data=form | {"otp": "11111"})
    assert (wrong.status_code, wrong.headers["Location"]) == (303, page)
    assert merchant.transaction()["state"] == "ATTEMPT_FAILED"
    right = merchant.http.post(page, data=form | {"otp": "12345"})
    assert right.headers["Location"] == RETURN_URL


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"method": "telebirr", "phone": ""}, "phone"),
        ({"method": "telebirr", "phone": "12"}, "phone"),
        ({"method": "card", "card_number": "12"}, "card_number"),
        ({"method": "card", "card_number": "4200000000000000"}, "card_expiry"),
    ],
)
def test_a_typing_error_is_not_an_attempt(merchant, page, form, field):
    answer = merchant.http.post(page, data=form)
    assert answer.status_code == 422
    assert f'data-testid="field-error-{field}"' in answer.text
    assert 'data-testid="error-message"' in answer.text
    assert merchant.transaction()["attempt_count"] == 0


@pytest.mark.parametrize("form", [{}, {"method": "cheque", "phone": "0900123456"}])
def test_no_method(merchant, page, form):
    answer = merchant.http.post(page, data=form)
    assert answer.status_code == 422
    assert "Choose how you want to pay." in answer.text


def test_a_fixed_phone_cannot_be_changed(merchant):
    page = merchant.open(phone_number="0911223344", meta={"disable_phone_edit": True})
    assert "readonly" in merchant.http.get(page).text
    merchant.http.post(page, data=GOOD)
    assert merchant.transaction()["state"] == "ATTEMPT_FAILED"


def test_without_a_return_url_there_is_a_receipt(merchant):
    page = merchant.open(meta={"invoices": [{"key": "Table", "value": "7"}]})
    location = merchant.http.post(page, data=GOOD).headers["Location"]
    reference = merchant.transaction()["reference"]
    assert location == f"http://sim.test/payment-receipt/{reference}"
    receipt = merchant.http.get(location.removeprefix("http://sim.test"))
    assert receipt.status_code == 200
    assert "ETB 1,250.00" in receipt.text
    assert "Table" in receipt.text


def test_no_receipt_before_payment(merchant, page):
    reference = merchant.transaction()["reference"]
    assert merchant.http.get(f"/payment-receipt/{reference}").status_code == 404


def test_live_mode_is_marked_too(merchant):
    answer = merchant.initialize(key=merchant.LIVE_KEY, amount=10)
    path = answer.json["data"]["checkout_url"].removeprefix("http://sim.test")
    assert "LIVE MODE, SIMULATED" in merchant.http.get(path).text


def test_home_and_health(merchant):
    assert "No money moves" in merchant.http.get("/").text
    assert merchant.http.get("/healthz").json["status"] == "ok"
    assert merchant.http.get("/favicon.ico").status_code == 404
