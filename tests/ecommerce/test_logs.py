"""Logs never hold a key, a token or a password."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from common.http import _request_id
from ecommerce.logs import JsonFormatter, LineFormatter, RequestIdFilter, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlc2lnbmF0dXJl"
SECRETS = {
    "Chapa's key": ("CHASECK_TEST-Zx81kq0aQbWl2RtY", "Zx81kq0aQbWl2RtY"),
    "Chapa's live key": ("key is CHASECK-Zx81kq0aQbWl2RtY.", "Zx81kq0aQbWl2RtY"),
    "bearer": (f"Authorization: Bearer {JWT}", "c2lnbmF0dXJl"),
    "bare JWT": (f"got {JWT} from", "c2lnbmF0dXJl"),
    "query": ("GET /account/verify/?token=Ab-12_cd34EFgh HTTP/1.1", "Ab-12_cd34EFgh"),
    "JSON": ('{"password": "correct horse, battery!"}', "horse"),
    "JSON without space": ('{"new_password":"hunter@2#x"}', "hunter"),
    "dict": ("{'refresh_token': 'abcdefghijkl'}", "abcdefghijkl"),
    "escaped JSON": (r"{\"secret\": \"abcd efgh\"}", "abcd"),
    "header": ("x-order-token: abcdefghijkl", "abcdefghijkl"),
    "assignment": ("SECRET_KEY=abc$def^ghi", "abc$def^ghi"),
    "database": ("cannot reach postgres://nexus:s3cr3tpw@db/nexus", "s3cr3tpw"),
}


@pytest.mark.parametrize(("line", "secret"), SECRETS.values(), ids=SECRETS)
def test_secrets_are_blanked(line, secret):
    assert secret in line
    assert secret not in redact(line)
    assert "[redacted]" in redact(line)


@pytest.mark.parametrize(
    "line",
    [
        "order 7H2K9QXA paid by customer",
        "handed out again 3 jobs of workers that are gone",
        "the Idempotency-Key header is too long",
        "GET /api/products/?search=keyboard&page=2 200",
        "password is too common",
        "KeyError: 'stock_item'",
        'duplicate key value violates unique constraint "one_reply_per_key"',
        "DETAIL:  Key (email)=(someone@buyers.shop) already exists.",
    ],
)
def test_ordinary_lines_are_left_alone(line):
    assert redact(line) == line


def record(message: str, *, error: Exception | None = None) -> logging.LogRecord:
    info = None
    if error is not None:
        try:
            raise error
        except type(error):
            info = sys.exc_info()
    found = logging.LogRecord("shop", logging.INFO, __file__, 1, message, None, info)
    RequestIdFilter().filter(found)
    return found


def test_a_line_for_machines_is_one_json_object():
    line = JsonFormatter().format(record("two\nlines", error=ValueError(f"Bearer {JWT}")))

    assert "\n" not in line
    body = json.loads(line)
    assert body["message"] == "two\nlines"
    assert body["level"] == "INFO"
    assert body["request_id"] == "-"
    assert "ValueError" in body["exception"]
    assert "c2lnbmF0dXJl" not in line


def test_a_line_for_people_is_redacted_with_its_traceback():
    line = LineFormatter("%(message)s").format(record("oh", error=ValueError(f"token={JWT}")))

    assert "ValueError" in line
    assert "c2lnbmF0dXJl" not in line


def test_records_carry_the_id_of_their_request():
    token = _request_id.set("a-request-id-0001")
    try:
        assert record("hello").request_id == "a-request-id-0001"
    finally:
        _request_id.reset(token)
