"""Telephone numbers, however people write them."""

from __future__ import annotations

import pytest

from common.phones import begun_number, can_get_codes, country_of, local_form, normalise_phone


@pytest.mark.parametrize(
    "text",
    [
        "0911234567", "0911 23 45 67", "(0911) 23-45-67", "0911.234.567", "0911/234567", "911234567", "251911234567",
        "00251911234567", "+251911234567", "+251 (0) 911 234567", "+2510911234567", "\u202a+251911234567\u202c",
        "+251\u2011911\u00a0234567", "٠٩١١٢٣٤٥٦٧", "＋２５１９１１２３４５６７", "  0911234567 ",
    ],
)  # fmt: skip
def test_spellings_of_one_number(text):
    assert normalise_phone(text) == "+251911234567"


@pytest.mark.parametrize(
    ("text", "phone"),
    [("0711234567", "+251711234567"), ("0115517700", "+251115517700"), ("+1 202 555 0123", "+12025550123"),
     ("+447911123456", "+447911123456"), ("0724123456", "+251724123456")],
)  # fmt: skip
def test_other_numbers(text, phone):
    assert normalise_phone(text) == phone


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "+", "call me", "0911CALLME", "0911234567 ext 5", "0911234567;phone-context=+1", "tel:0911234567",
        "911", "991", "939", "8080", "+251911", "09112345678", "+0911234567", "+999123456789", "+19005550123", "0" * 41,
        "፱፩፩", "0911234567\x00", "+251911234567<script>", "1" * 1000,
    ],
)  # fmt: skip
def test_what_is_no_number_of_a_person(text):
    with pytest.raises(ValueError, match="number"):
        normalise_phone(text)


@pytest.mark.parametrize(
    ("phone", "can"),
    [
        ("+251911234567", True),
        ("+251711234567", True),
        (
            "+251724123456",
            True,
        ),  # a range newer than anybody's tables: at home the plan itself says mobile
        ("+251115517700", False),  # Addis Ababa's landlines
        ("+254712345678", True),
        ("+12025550123", True),  # America does not tell mobile from fixed
        ("+442079460000", False),
        ("+447011123456", False),  # a personal number, billed like a premium one
        ("+80012345678", False),
        (
            "+8821234567890",
            False,
        ),  # satellite and world-wide services: dear, and nobody's shop needs them
    ],
)
def test_who_can_get_codes(phone, can):
    assert can_get_codes(phone) is can


def test_countries_and_local_forms():
    assert [country_of(p) for p in ("+251911234567", "+254712345678", "+80012345678")] == [
        "ET",
        "KE",
        "001",
    ]
    assert local_form("+251911234567") == "0911234567"
    assert local_form("+254712345678") == "+254712345678"


@pytest.mark.parametrize(
    ("typed", "looked_for"),
    [
        ("0911 23 45 67", "+251911234567"),
        ("0911 23", "91123"),
        ("abebe", "abebe"),
        ("+25191", "+25191"),
        ("011", "011"),
    ],
)
def test_a_number_that_is_begun(typed, looked_for):
    assert begun_number(typed) == looked_for
