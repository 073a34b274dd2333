"""`initialize`: each refusal with Chapa's exact words, one per answer, and what is accepted."""

from __future__ import annotations

import json

import pytest

VALID = {
    "amount": "1250.00",
    "currency": "ETB",
    "tx_ref": "ord-000001-a1",
    "first_name": "ሀና",
    "last_name": "Tesfaye",
    "phone_number": "0900123456",
    "email": "hana@ethionet.et",
    "callback_url": "https://shop.example/callback",
    "return_url": "https://shop.example/return",
    "customization": {"title": "Order 000001", "description": "Coffee - 2.5 kg_A"},
    "meta": {"payment_reason": "Order 000001"},
}
BAD_PHONE = "Invalid Phone number, please use a proper phone number or use business shortcode."
BAD_CURRENCY = "Invalid currency or currency is not supported"
BAD_CURRENCY_FORM = "The currency may only contain uppercase letters and numbers."

REFUSED = [
    ({"amount": None}, {"amount": ["validation.required"]}),
    ({"amount": ""}, {"amount": ["validation.required"]}),
    ({"amount": "ten"}, {"amount": ["validation.numeric"]}),
    ({"amount": True}, {"amount": ["validation.numeric"]}),
    ({"amount": [10]}, {"amount": ["validation.numeric"]}),
    ({"amount": "1,250.00"}, {"amount": ["validation.numeric"]}),
    ({"amount": "NaN"}, {"amount": ["validation.numeric"]}),
    ({"amount": "١٢"}, {"amount": ["validation.numeric"]}),
    ({"amount": "0.99"}, {"amount": ["validation.min.numeric"]}),
    ({"amount": 0}, {"amount": ["validation.min.numeric"]}),
    ({"amount": -5}, {"amount": ["validation.min.numeric"]}),
    ({"amount": "1000000.01"}, {"amount": ["The amount must not exceed 1000000."]}),
    ({"amount": "1e9999"}, {"amount": ["The amount must not exceed 1000000."]}),
    ({"currency": "XXX"}, {"currency": [BAD_CURRENCY]}),
    ({"currency": "etb"}, {"currency": [BAD_CURRENCY_FORM, BAD_CURRENCY]}),
    ({"currency": 1}, {"currency": [BAD_CURRENCY_FORM, BAD_CURRENCY]}),
    ({"email": "hana"}, {"email": ["validation.email"]}),
    ({"email": "hana@localhost"}, {"email": ["validation.email"]}),
    ({"email": "hana@example.com"}, {"email": ["validation.email"]}),
    ({"email": "hana@mail.example.org"}, {"email": ["validation.email"]}),
    ({"email": "hana@example.net"}, {"email": ["validation.email"]}),
    ({"email": "hana@shop.test"}, {"email": ["validation.email"]}),
    ({"email": "hana@shop.invalid"}, {"email": ["validation.email"]}),
    ({"email": 5}, {"email": ["validation.string", "validation.email"]}),
    ({"phone_number": "12345"}, BAD_PHONE),
    ({"phone_number": "0811223344"}, BAD_PHONE),
    ({"phone_number": "+254911223344"}, BAD_PHONE),
    ({"phone_number": True}, BAD_PHONE),
    (
        {"first_name": "x" * 36},
        {"first_name": ["The first name must not exceed 35 characters."]},
    ),
    ({"last_name": "x" * 36}, {"last_name": ["The last name must not exceed 35 characters."]}),
    ({"tx_ref": "x" * 51}, {"tx_ref": ["The tx ref must not exceed 50 characters."]}),
    ({"tx_ref": 12345678}, {"tx_ref": ["validation.string"]}),
    ({"callback_url": "shop"}, {"callback_url": ["The callback url must be a valid URL."]}),
    ({"return_url": "/return"}, {"return_url": ["The return url must be a valid URL."]}),
    (
        {"return_url": "javascript:alert(1)"},
        {"return_url": ["The return url must be a valid URL."]},
    ),
    (
        {"return_url": "https://shop.example/\r\nX: 1"},
        {"return_url": ["The return url must be a valid URL."]},
    ),
    (
        {"customization": {"title": "x" * 17}},
        {"customization.title": ["The customization.title must not exceed 16 characters."]},
    ),
    (
        {"customization[title]": "x" * 17, "customization": None},
        {"customization.title": ["The customization.title must not exceed 16 characters."]},
    ),
    (
        {"customization": {"description": "x" * 51}},
        {
            "customization.description": [
                "The customization.description must not exceed 50 characters."
            ]
        },
    ),
    (
        {"customization": {"description": "Order #1"}},
        {
            "customization.description": [
                "The customization.description may only contain letters, numbers, hyphens,"
                " underscores, spaces, and dots."
            ]
        },
    ),
    (
        {"customization": {"description": "ቡና"}},
        {
            "customization.description": [
                "The customization.description may only contain letters, numbers, hyphens,"
                " underscores, spaces, and dots."
            ]
        },
    ),
    (
        {"subaccounts": {"id": "8bd5"}},
        "The subaccount id you provided isn't associated with this account.",
    ),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_each_refusal_has_chapas_words_and_opens_nothing(merchant, change, message):
    answer = merchant.initialize(**VALID | change)
    assert answer.status_code == 400
    assert answer.json == {"message": message, "status": "failed", "data": None}
    assert merchant.control("GET", "/transactions").json["count"] == 0


def test_one_field_is_reported_at_a_time_in_chapas_order(merchant):
    wrong = {
        "phone_number": "1",
        "amount": "x",
        "currency": "xxx",
        "email": "x",
        "first_name": "x" * 36,
        "last_name": "x" * 36,
        "tx_ref": "x" * 51,
        "callback_url": "x",
        "return_url": "x",
    }
    seen = []
    for field in list(wrong):
        message = merchant.initialize(**VALID | wrong).json["message"]
        seen.append("phone_number" if isinstance(message, str) else next(iter(message)))
        assert isinstance(message, str) or len(message) == 1
        del wrong[field]
    assert seen == [
        "phone_number",
        "amount",
        "currency",
        "email",
        "first_name",
        "last_name",
        "tx_ref",
        "callback_url",
        "return_url",
    ]


def test_success_gives_only_a_checkout_url_on_the_simulator(merchant):
    answer = merchant.initialize(**VALID)
    assert answer.status_code == 200
    assert (answer.json["message"], answer.json["status"]) == ("Hosted Link", "success")
    assert list(answer.json["data"]) == ["checkout_url"]
    assert answer.json["data"]["checkout_url"].startswith("http://sim.test/checkout/payment/")
    stored = merchant.transaction()
    assert stored["state"] == "INITIALIZED"
    assert stored["first_name"] == "ሀና"
    assert stored["reference"].startswith("AP")
    assert len(stored["reference"]) == 12
    assert stored["reference"] != stored["tx_ref"]


@pytest.mark.parametrize(
    ("change", "field", "stored"),
    [
        ({"amount": 1}, "amount", "1.00"),
        ({"amount": 100.5}, "amount", "100.50"),
        ({"amount": "999.99"}, "amount", "999.99"),
        ({"amount": "1000000"}, "amount", "1000000.00"),
        ({"amount": "1e3"}, "amount", "1000.00"),
        ({"currency": ""}, "currency", "ETB"),
        ({"currency": None}, "currency", "ETB"),
        ({"currency": "USD"}, "currency", "USD"),
        ({"email": None}, "email", None),
        ({"phone_number": "911223344"}, "phone", "0911223344"),
        ({"phone_number": "251711223344"}, "phone", "0711223344"),
        ({"phone_number": "+251911223344"}, "phone", "0911223344"),
        ({"phone_number": ""}, "phone", None),
        ({"first_name": "ሰ" * 35}, "first_name", "ሰ" * 35),
        ({"return_url": "shopapp://return"}, "return_url", "shopapp://return"),
        ({"customization[title]": "Order", "customization": None}, "title", "Order"),
        ({"customization": {"title": "x" * 16}}, "title", "x" * 16),
        ({"meta": None, "meta[payment_reason]": "Tea"}, "meta", {"payment_reason": "Tea"}),
    ],
)
def test_what_chapa_accepts(merchant, change, field, stored):
    assert merchant.initialize(**VALID | change).status_code == 200
    assert merchant.transaction()[field] == stored


def test_a_fixed_phone_needs_a_phone(merchant):
    answer = merchant.initialize(amount=10, meta={"disable_phone_edit": True})
    assert answer.json["message"] == {"phone_number": ["validation.required"]}


def test_a_reference_is_used_once_whatever_became_of_it(merchant):
    merchant.open("ord-1")
    merchant.cancel("ord-1")
    for key in (merchant.SECRET_KEY, merchant.LIVE_KEY):
        answer = merchant.initialize(key=key, amount=10, tx_ref="ord-1")
        assert answer.status_code == 400
        assert answer.json["message"] == "Transaction reference has been used before"


def test_a_refused_request_does_not_use_up_its_reference(merchant):
    assert merchant.initialize(amount=0, tx_ref="ord-1").status_code == 400
    assert merchant.initialize(amount=10, tx_ref="ord-1").status_code == 200


def test_without_a_reference_one_is_made_up(merchant):
    assert merchant.initialize(amount=10).status_code == 200
    [stored] = merchant.control("GET", "/transactions").json["results"]
    assert len(stored["tx_ref"]) >= 16


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc"])
def test_no_key(merchant, header):
    headers = {} if header is None else {"Authorization": header}
    for answer in (
        merchant.http.post("/v1/transaction/initialize", json=VALID, headers=headers),
        merchant.http.get("/v1/transaction/verify/x", headers=headers),
        merchant.http.put("/v1/transaction/cancel/x", headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.json["message"] == "Authorization required"


@pytest.mark.parametrize("key", ["CHASECK_TEST-wrong", "CHAPUBK_TEST-SIM", "ключ"])
def test_unknown_key(merchant, key):
    headers = {"Authorization": f"Bearer {key}".encode()}
    answer = merchant.http.get(
        "/v1/transaction/verify/x", headers={k: v.decode("latin-1") for k, v in headers.items()}
    )
    assert answer.status_code == 401
    assert answer.json["message"] == "Invalid API Key or User doesn't exist"


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded", "text/plain"])
def test_only_json(merchant, content_type):
    answer = merchant.http.post(
        "/v1/transaction/initialize",
        data=json.dumps(VALID),
        content_type=content_type,
        headers={"Authorization": f"Bearer {merchant.SECRET_KEY}"},
    )
    assert answer.status_code == 400
    assert answer.json["message"] == (
        "Incorrect header settings Please check if content-type is present"
        " and set to application/json"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"amount": NaN}',
        b'{"amount": 10, "first_name": "\\ud800"}',
    ],
)
def test_a_body_that_is_no_json_object_has_no_fields(merchant, body):
    answer = merchant.http.post(
        "/v1/transaction/initialize",
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {merchant.SECRET_KEY}"},
    )
    assert answer.status_code == 400
    assert answer.json["message"] == {"amount": ["validation.required"]}


@pytest.mark.parametrize(
    ("setting", "status", "message"),
    [
        ("not_enabled", 400, "User can't receive payments"),
        ("api_disabled", 404, "Payments through API is disabled, please contact us"),
    ],
)
def test_a_merchant_who_may_not_take_payments(merchant, setting, status, message):
    merchant.control("POST", "/config", {"merchant": setting})
    answer = merchant.initialize(**VALID)
    assert (answer.status_code, answer.json["message"]) == (status, message)


def test_unknown_routes_and_methods_answer_in_the_envelope(merchant):
    assert merchant.http.get("/v1/nothing").json["status"] == "failed"
    answer = merchant.http.get("/v1/transaction/initialize")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
