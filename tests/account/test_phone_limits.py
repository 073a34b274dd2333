"""POST /api/auth/phone/code/ and phone/login/: how often, and for which numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from account.models import PhoneCode

pytestmark = pytest.mark.django_db(transaction=True)


# --- limits --------------------------------------------------------------------------------------------


@pytest.fixture
def limited(settings):
    settings.RATE_LIMITS = True


def later(seconds):
    """As if everything had been that much earlier."""
    PhoneCode.objects.update(
        created_at=F("created_at") - timedelta(seconds=seconds),
        expires_at=F("expires_at") - timedelta(seconds=seconds),
    )


def test_another_code_after_a_minute(limited, ask):
    assert ask().status_code == 202
    answer = ask()
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(answer["Retry-After"]) <= 60
    assert ask("0922334455").status_code == 202, "other numbers wait for nobody"
    later(61)
    assert ask().status_code == 202


def test_five_an_hour_and_twelve_a_day(limited, ask):
    for _ in range(5):
        assert ask().status_code == 202
        later(61)
    answer = ask()
    assert answer.status_code == 429
    assert 60 < int(answer["Retry-After"]) <= 3600
    later(3600)
    for _ in range(7):
        later(900)
        assert ask().status_code == 202
    later(900)
    assert ask().status_code == 429, "twelve a day"
    assert PhoneCode.objects.count() == 12
    later(24 * 3600)
    assert ask().status_code == 202


def test_refused_requests_do_not_count(limited, ask):
    for _ in range(10):
        ask()
    later(61)
    assert ask().status_code == 202


def test_there_is_a_ceiling_for_the_whole_shop(limited, ask, settings):
    settings.SMS_URL = "console:?per_hour=3"
    for n in range(3):
        assert ask(f"091100000{n}").status_code == 202
    answer = ask("0911000009")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    later(3601)
    assert ask("0911000009").status_code == 202


def test_one_address_has_a_limit(limited, ask):
    seen = [ask(f"0911{n:06d}").status_code for n in range(61)]
    assert seen == [202] * 60 + [429]


def test_signing_in_with_codes_has_a_limit_per_address(limited, enter):
    seen = {enter("123456", phone=f"0911{n:06d}").status_code for n in range(125)}
    assert seen == {401, 429}


# --- which numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "code"),
    [
        ("0115517700", "not_a_mobile"),
        ("+442079460000", "not_a_mobile"),
        ("+19005550123", "invalid_phone"),
        ("911", "invalid_phone"),
        ("8080", "invalid_phone"),
        ("call me", "invalid_phone"),
        ("", "blank"),
        (None, "null"),
    ],
)
def test_numbers_that_get_no_codes(ask, phone, code):
    answer = ask(phone)
    assert answer.status_code == 400
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("phone", code)]
    assert not PhoneCode.objects.exists()


def test_the_operator_may_choose_countries(ask, settings):
    settings.SMS_URL = "console:?countries=ET,KE"
    assert ask("+254712345678").status_code == 202
    answer = ask("+12025550123")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "country_not_served"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", None, "٠٩١١٢٣", "12 34", 5])
def test_what_is_no_code(enter, code):
    answer = enter(code)
    assert answer.status_code == 400
    assert [e["field"] for e in answer.json()["errors"]] == ["code"]


def test_without_a_gateway_production_does_not_pretend(ask, enter, settings):
    settings.PRODUCTION = True
    for answer in (ask(), enter("123456")):
        assert (answer.status_code, answer.json()["code"]) == (404, "phone_sign_in_off")
    assert not PhoneCode.objects.exists()
    settings.SMS_URL = "https://sms.example/send"
    assert ask().status_code == 202


def test_unknown_fields_are_refused(ask, enter):
    assert ask(colour="green").json()["code"] == "unknown_field"
    assert enter("123456", is_staff=True).json()["code"] == "unknown_field"
