"""JSON in is bounded and strict, JSON out is deterministic."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from decimal import Decimal
from io import BytesIO
from uuid import UUID

import pytest
from django.utils.functional import lazystr
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from common.json import MAX_DEPTH, BodyTooLarge, ORJSONRenderer, StrictJSONParser, dumps, too_deep
from common.money import Money

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


def parse(body: bytes):
    return StrictJSONParser().parse(BytesIO(body))


@given(values)
def test_what_is_written_reads_back(value):
    assert parse(dumps(value)) == value
    assert json.loads(dumps(value)) == value


def depth(value) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(values, st.text(alphabet='[]{}"\\a', max_size=60))
def test_depth_is_counted_outside_of_strings(value, text):
    body = dumps([value, text])

    assert too_deep(body) == (depth([value, text]) > MAX_DEPTH)


def test_the_deepest_that_is_read():
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(ParseError):
        parse(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


@given(st.binary(max_size=40))
def test_no_bytes_break_the_parser(body):
    with contextlib.suppress(ParseError):
        parse(body)


def test_the_limit_holds_whatever_the_length_claims(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    assert parse(b'"12345678"') == "12345678"
    with pytest.raises(BodyTooLarge):
        parse(b'"123456789"')


def test_an_answers_types():
    moment = dt.datetime(2026, 11, 23, 6, 30, tzinfo=dt.UTC)
    body = dumps(
        {
            "money": Money(Decimal("5"), "ETB"),
            "decimal": Decimal("1.50"),
            "id": UUID(int=7),
            "at": moment,
            "lazy": lazystr("text"),
        }
    )

    assert json.loads(body) == {
        "money": {"amount": "5.00", "currency": "ETB"},
        "decimal": "1.50",
        "id": "00000000-0000-0000-0000-000000000007",
        "at": "2026-11-23T06:30:00Z",
        "lazy": "text",
    }


def test_what_cannot_be_written_is_a_bug():
    with pytest.raises(TypeError):
        dumps({"thing": object()})


def test_no_content_is_no_bytes():
    assert ORJSONRenderer().render(None) == b""
