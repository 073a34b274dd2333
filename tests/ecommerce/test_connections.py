"""gunicorn.conf.py on a real socket: what a connection promises, it keeps."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time

import pytest

from tests.shop import ROOT, free_port

LARGE = b"x" * 2_000_000


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """A gunicorn with the repository's own configuration; no request here comes as far as the database."""
    port = free_port()
    environment = {
        **os.environ, "PORT": str(port), "WEB_CONCURRENCY": "1", "RATE_LIMITS": "off",
        "NEXUS_DATA_DIR": str(tmp_path_factory.mktemp("connections")),
    }  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "ecommerce.wsgi:application"], cwd=ROOT, env=environment
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                if answer(http.client.HTTPConnection("127.0.0.1", port), "GET", "/livez")[0] == 200:
                    break
            except OSError:
                assert time.monotonic() < deadline, "gunicorn did not come up"
                time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def answer(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes = b""
) -> tuple[int, str]:
    """Status of one answer, and what it says about the connection."""
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    response = connection.getresponse()
    response.read()
    return response.status, response.headers["Connection"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/orders/checkout/", 413),
        ("/api/payments/chapa/webhook/", 413),
        ("/api/products/", 401),
    ],
)
def test_a_large_body_that_is_refused_closes_the_connection_and_says_so(port, path, status):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    assert answer(connection, "POST", path, LARGE) == (status, "close")


def test_a_small_refused_body_leaves_the_connection_open(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    for _ in range(3):
        assert answer(connection, "POST", "/api/products/", b"x" * 60_000) == (401, "keep-alive")


def test_a_long_address_is_the_shops_to_refuse(port):
    """gunicorn's own 414 is a page of HTML."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    assert answer(connection, "GET", "/api/nothing/?q=" + "x" * 8_000)[0] == 404
