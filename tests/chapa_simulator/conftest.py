"""A simulator without a port, a clock that stands still, and a sink that records what arrives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chapa_simulator.app import create_app
from chapa_simulator.config import Config
from chapa_simulator.simulator import Simulator

SECRET_KEY = "CHASECK_TEST-0000000000000000000000000000SIM1"
LIVE_KEY = "CHASECK-00000000000000000000000000000SIM2"
TOKEN = "control-token"
WEBHOOK_SECRET = "sim-webhook-secret-1"
START = 1_767_323_045.0  # 2026-01-02T03:04:05Z


@dataclass
class Received:
    """One request that reached the sink."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Sink:
    """A merchant's server: records everything, answers with the status it is told."""

    url: str
    requests: list[Received] = field(default_factory=list)
    status: Callable[[Received], int] = lambda request: 200
    lock: threading.Lock = field(default_factory=threading.Lock)

    def webhooks(self) -> list[Received]:
        return [request for request in self.requests if request.path.startswith("/hook")]

    def callbacks(self) -> list[Received]:
        return [request for request in self.requests if request.path.startswith("/callback")]


@pytest.fixture
def sink() -> Iterator[Sink]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Received(self.command, self.path, headers, body)
            with sink.lock:
                sink.requests.append(request)
                status = sink.status(request)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", sink.url + "/elsewhere")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_GET = do_POST = handle_any

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink = Sink(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    yield sink
    server.shutdown()
    server.server_close()


class Merchant:
    """A test client that knows the keys."""

    SECRET_KEY = SECRET_KEY
    LIVE_KEY = LIVE_KEY
    TOKEN = TOKEN
    WEBHOOK_SECRET = WEBHOOK_SECRET

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.http: FlaskClient = create_app(simulator).test_client()

    def initialize(self, *, key: str = SECRET_KEY, **fields: Any) -> TestResponse:
        return self.http.post(
            "/v1/transaction/initialize", json=fields, headers={"Authorization": f"Bearer {key}"}
        )

    def open(self, tx_ref: str = "ord-000001-a1", **fields: Any) -> str:
        """Initialize and return the path of the checkout page."""
        answer = self.initialize(**{"amount": "1250.00", "tx_ref": tx_ref} | fields)
        assert answer.status_code == 200, answer.text
        url: str = answer.json["data"]["checkout_url"]
        return url.removeprefix("http://sim.test")

    def verify(self, tx_ref: str = "ord-000001-a1", *, key: str = SECRET_KEY) -> TestResponse:
        return self.http.get(
            f"/v1/transaction/verify/{tx_ref}", headers={"Authorization": f"Bearer {key}"}
        )

    def cancel(self, tx_ref: str = "ord-000001-a1", *, key: str = SECRET_KEY) -> TestResponse:
        return self.http.put(
            f"/v1/transaction/cancel/{tx_ref}", headers={"Authorization": f"Bearer {key}"}
        )

    def control(self, method: str, path: str, body: Any = None) -> TestResponse:
        return self.http.open(
            "/_sim" + path, method=method, json=body, headers={"X-Sim-Token": TOKEN}
        )

    def pay(self, tx_ref: str = "ord-000001-a1", outcome: str = "success") -> TestResponse:
        return self.control("POST", f"/transactions/{tx_ref}/pay", {"outcome": outcome})

    def fault(self, kind: str, tx_ref: str | None = None, **params: Any) -> None:
        match = {"tx_ref": tx_ref} if tx_ref else {}
        body = {"kind": kind, "match": match, "params": params}
        answer = self.control("POST", "/faults", body)
        assert answer.status_code == 201, answer.text

    def settle(self) -> None:
        assert self.simulator.dispatcher.wait_until_settled(5)

    def advance(self, seconds: float) -> dict[str, Any]:
        answer = self.control("POST", "/clock/advance", {"seconds": seconds})
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def deliveries(self, **query: str) -> list[dict[str, Any]]:
        self.settle()
        answer = self.http.get(
            "/_sim/deliveries", query_string=query, headers={"X-Sim-Token": TOKEN}
        )
        return list(answer.json["results"])

    def transaction(self, tx_ref: str = "ord-000001-a1") -> dict[str, Any]:
        return dict(self.control("GET", f"/transactions/{tx_ref}").json)


@pytest.fixture
def start(sink: Sink) -> Iterator[Callable[..., Merchant]]:
    """Start a simulator whose clock stands still, with options that differ from the usual."""
    running: list[Simulator] = []

    def run(**options: Any) -> Merchant:
        given = {
            "secret_key": SECRET_KEY,
            "live_secret_key": LIVE_KEY,
            "token": TOKEN,
            "webhook_url": sink.url + "/hook",
            "webhook_secret": WEBHOOK_SECRET,
            "public_url": "http://sim.test",
        }
        # Real time stands still, so that every virtual moment in a test is exact.
        simulator = Simulator(Config(**given | options), real_time=lambda: START)
        simulator.start()
        running.append(simulator)
        return Merchant(simulator)

    yield run
    for simulator in running:
        simulator.stop()


@pytest.fixture
def merchant(start: Callable[..., Merchant]) -> Merchant:
    return start()
