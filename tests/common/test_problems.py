"""Every way to fail gives one shape: RFC 9457, with a stable code and the request's id."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from django.db import close_old_connections, connection
from gunicorn.http.errors import InvalidChunkSize, NoMoreData
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ErrorDetail

from common import problems
from common.models import RateCounter

pytestmark = pytest.mark.django_db
LIMIT = 1024 * 1024


@pytest.fixture(params=[False, True], ids=["production", "debug"], autouse=True)
def debug(request, settings):
    settings.DEBUG = request.param
    return request.param


def check(response, status: int, code: str) -> dict:
    """The shape of the contract. Returns the body."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"].endswith(code)
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response["X-Request-ID"]
    for error in body.get("errors", []):
        assert {"field", "code", "detail"} <= error.keys()
    if status in {429, 503}:
        assert int(response["Retry-After"]) > 0
    assert response["Cache-Control"] == "no-store"
    return body


def post(client, body: bytes, content_type: str = "application/json", **extra):
    return client.generic("POST", "/api/echo/", body, content_type=content_type, **extra)


# --- Addresses and methods ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/api/nothing/", "/nothing", "/api/nothing", "/api/echo/x/", "/%00/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_unknown_address(client, path, method):
    check(getattr(client, method)(path), 404, "not_found")


def test_a_missing_slash_is_added_to_reads_only(client):
    assert client.get("/api/echo").headers["Location"] == "/api/echo/"
    check(client.post("/api/echo", {}), 404, "not_found")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(client, method):
    response = getattr(client, method)("/api/echo/", {})

    check(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_wrong_method_of_a_plain_view(client):
    response = client.post("/livez")

    check(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD"


def test_foreign_host(client, settings):
    settings.ALLOWED_HOSTS = ["shop.example"]

    check(client.get("/api/echo/", HTTP_HOST="evil.example"), 400, "malformed")
    check(client.get("/api/echo/", HTTP_HOST="in valid"), 400, "malformed")


def test_not_acceptable(client):
    check(client.get("/api/echo/", HTTP_ACCEPT="text/csv"), 406, "not_acceptable")


# --- Bodies -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nothing",
        b'{"a":}',
        b"\xff\xfe",
        b'{"a":"\\ud800"}',
        b"NaN",
        b"{'a': 1}",
        b'{"a":1}x',
    ],
)
def test_bad_json(client, body):
    check(post(client, body), 400, "malformed")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1000,
        b"[" * 1000 + b"]" * 1000,
        b'{"key":' * 1000 + b"1" + b"}" * 1000,
        b"[" * 500_000,
    ],
)
def test_deep_json(client, body):
    check(post(client, body), 400, "malformed")


def test_brackets_in_strings_are_not_depth(client):
    body = json.dumps({"key": "[" * 60}).encode()

    assert post(client, body).status_code == 200


def test_nul_in_a_field(client):
    body = check(post(client, b'{"key":"a\\u0000b"}'), 400, "invalid")

    assert body["errors"][0]["field"] == "key"


def test_nul_that_reaches_the_database(client):
    check(client.get("/api/faulty/nul/"), 400, "invalid")


def test_nul_in_a_filter(client):
    check(client.get("/api/counters/?key=%00"), 400, "invalid")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_json_of_another_shape(client, body):
    check(post(client, body), 400, "invalid")


def test_oversized_body(client):
    check(post(client, b'{"key":"' + b"a" * LIMIT + b'"}'), 413, "body_too_large")


def test_a_body_as_large_as_allowed_is_read(client):
    body = b'{"key":"' + b"a" * (LIMIT - 10) + b'"}'

    assert len(body) == LIMIT
    check(post(client, body), 400, "invalid")  # read, and the key found too long


@pytest.mark.parametrize("path", ["/api/echo/", "/account/verify/", "/admin/login/"])
def test_no_form_fills_the_disk(client, path):
    class Endless(BytesIO):
        def read(self, *_):
            raise AssertionError("nothing of it is read")

    response = client.generic(
        "POST", path, b"", content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(64 * LIMIT), **{"wsgi.input": Endless()},
    )  # fmt: skip

    assert response.status_code == 413


def chunked(client, body: bytes):
    return client.generic(
        "POST", "/api/echo/", b"", content_type="application/json",
        **{
            "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input": BytesIO(body), "wsgi.input_terminated": True,
        },
    )  # fmt: skip


def test_oversized_body_of_unknown_length(client):
    check(chunked(client, b'{"key":"' + b"a" * LIMIT + b'"}'), 413, "body_too_large")


@pytest.mark.parametrize(
    "failure", [InvalidChunkSize(b"ZZZ"), NoMoreData(), ConnectionResetError()]
)
def test_a_body_in_ill_formed_chunks(client, failure):
    class Broken(BytesIO):
        def read(self, *_):
            raise failure

    response = client.generic(
        "POST", "/api/echo/", b"", content_type="application/json",
        **{
            "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input": Broken(), "wsgi.input_terminated": True,
        },
    )  # fmt: skip

    check(response, 400, "malformed")


def test_a_body_of_unknown_length_is_read(client):
    response = chunked(client, b'{"key": "chunks"}')

    assert response.json() == {"key": "chunks"}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense"],
)
def test_wrong_content_type(client, content_type):
    check(post(client, b'{"key":"a"}', content_type), 415, "unsupported_media_type")


def test_unknown_field(client):
    body = check(post(client, b'{"key":"a","colour":1}'), 400, "unknown_field")

    assert body["errors"] == [
        {"field": "colour", "code": "unknown_field", "detail": "There is no such field."}
    ]


def test_read_only_fields_are_ignored(client):
    assert post(client, b'{"key":"a","shown":"b"}').json() == {"key": "a"}


def test_nested_fields_are_named_by_their_path(client):
    body = check(post(client, b'{"counts":[1,0,"x"]}'), 400, "invalid")

    assert {(error["field"], error["code"]) for error in body["errors"]} == {
        ("key", "required"),
        ("counts.1", "min_value"),
        ("counts.2", "invalid"),
    }


# --- Refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("conflict", 409, "sold"),
        ("not_found", 404, "not_found"),
        ("forbidden", 403, "closed_shop"),
        ("unavailable", 503, "unavailable"),
        ("invalid", 400, "invalid"),
    ],
)
def test_refusals(client, name, status, code):
    response = client.get(f"/api/refuse/{name}/")

    body = check(response, status, code)
    if name == "conflict":
        assert (body["title"], body["detail"]) == ("It is sold", "Somebody was faster.")
    if name == "invalid":
        assert body["errors"][0]["field"] == "items.0.quantity"
    if name == "unavailable":
        assert response["Retry-After"] == "7"


def test_not_signed_in(client):
    response = client.get("/api/closed/")

    check(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")


# --- Bugs and the database ----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/faulty/bug/", "/api/plain/bug/"])
def test_an_unexpected_exception(client, path, caplog):
    response = client.get(path)

    body = check(response, 500, "internal_error")
    assert "nothing" not in body["detail"]
    assert any(record.exc_info for record in caplog.records), "the log has the traceback"


def test_a_constraint_has_the_last_word(client):
    body = check(client.get("/api/faulty/integrity/"), 409, "conflict")

    assert "one_counter_per_window" in body["detail"]
    assert not RateCounter.objects.exists()


def test_a_number_too_large_for_its_column(client):
    check(client.get("/api/faulty/overflow/"), 400, "invalid")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/faulty/database/", "/api/plain/database/"])
def test_the_database_goes_away(client, path):
    check(client.get(path), 503, "database_unavailable")

    close_old_connections()  # as Django does between requests
    assert client.get("/api/counters/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_page_without_its_database_is_a_page(client):
    response = client.get("/account/plain/database/")

    assert response.status_code == 503
    assert response["Content-Type"].startswith("text/html")
    assert response["Retry-After"]
    connection.close()


# --- The flat list of errors --------------------------------------------------------------------

details = st.recursive(
    st.builds(ErrorDetail, st.text(min_size=1, max_size=5), st.just("code")),
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3)
        | st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


def leaves(detail) -> int:
    if isinstance(detail, dict):
        return sum(map(leaves, detail.values()))
    return sum(map(leaves, detail)) if isinstance(detail, list) else 1


@given(details)
def test_no_error_is_lost(detail):
    flat = list(problems.flatten(detail))

    assert len(flat) == leaves(detail)
    assert all(error["code"] == "code" for error in flat)
