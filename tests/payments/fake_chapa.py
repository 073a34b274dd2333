"""A gateway in memory, behind httpx.MockTransport: what tests of the verbs talk to."""

from __future__ import annotations

import itertools
import json
import threading
from dataclasses import dataclass, field
from typing import Any

import httpx

from payments.gateways.chapa import Chapa
from payments.gateways.wire import Wire

SECRET_KEY = "CHASECK_TEST-unit-SIM"
WEBHOOK_SECRET = "sim-webhook-secret-1"


@dataclass
class Transaction:
    body: dict[str, Any]
    reference: str
    status: str = "pending"  # pending, success, failed, refunded …
    link: str = "open"  # open, closed
    overrides: dict[str, Any] = field(default_factory=dict)


class FakeChapa:
    """Behaves like variant A, B or C of the reference; `script` answers the next calls of a route by hand."""

    def __init__(self, variant: str = "A") -> None:
        self.variant = variant
        self.transactions: dict[str, Transaction] = {}
        self.calls: list[tuple[str, str]] = []
        self.requests: list[httpx.Request] = []
        self.down = False
        self.script: dict[str, list[Any]] = {"initialize": [], "verify": [], "cancel": []}
        self.before: dict[str, Any] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def client(self) -> Chapa:
        wire = Wire(
            base_url="https://api.chapa.co/v1/",
            headers={"Authorization": f"Bearer {SECRET_KEY}"},
            transport=httpx.MockTransport(self.handle),
        )
        return Chapa(wire)

    def count(self, route: str, tx_ref: str | None = None) -> int:
        return sum(1 for r, t in self.calls if r == route and tx_ref in (None, t))

    def pay(self, tx_ref: str, /, **overrides: Any) -> None:
        transaction = self.transactions[tx_ref]
        transaction.status, transaction.link = "success", "closed"
        transaction.overrides = overrides

    def fail(self, tx_ref: str) -> None:
        self.transactions[tx_ref].status = "failed"

    def handle(self, request: httpx.Request) -> httpx.Response:
        route, _, tx_ref = request.url.path.removeprefix("/v1/transaction/").partition("/")
        if route == "initialize":
            tx_ref = json.loads(request.content)["tx_ref"]
        with self._lock:
            self.calls.append((route, tx_ref))
            self.requests.append(request)
            scripted = self.script[route].pop(0) if self.script[route] else None
        if hook := self.before.get(route):
            hook(tx_ref)
        if scripted is not None:
            if isinstance(scripted, Exception):
                raise scripted
            if callable(scripted):
                scripted = scripted(request, tx_ref)
            if scripted is not None:
                return scripted
        if self.down:
            raise httpx.ConnectError("refused")
        with self._lock:
            return getattr(self, f"_{route}")(request, tx_ref)

    def create(self, request: httpx.Request, tx_ref: str) -> Transaction:
        self.transactions[tx_ref] = Transaction(
            json.loads(request.content), f"AP{next(self._numbers):010d}"
        )
        return self.transactions[tx_ref]

    def _initialize(self, request: httpx.Request, tx_ref: str) -> httpx.Response:
        if tx_ref in self.transactions:
            return envelope(400, "Transaction reference has been used before", "failed")
        transaction = self.create(request, tx_ref)
        url = f"https://checkout.chapa.co/checkout/payment/{transaction.reference}"
        return envelope(200, "Hosted Link", "success", {"checkout_url": url})

    def _verify(self, request: httpx.Request, tx_ref: str) -> httpx.Response:
        found = self.transactions.get(tx_ref)
        if found is None:
            return envelope(404, "Invalid transaction or Transaction not found", "failed")
        status = found.status
        if status == "pending" and found.link == "closed":
            status = "failed"
        outer = "success"
        if status == "pending":
            if self.variant == "A":
                return envelope(404, "Payment not paid yet", None)
            if self.variant == "C":
                outer = "pending"
        elif status == "failed" and self.variant == "C":
            outer = "failed/cancelled"
        data = {
            "first_name": found.body.get("first_name"),
            "currency": found.body["currency"],
            "amount": float(found.body["amount"]),
            "charge": 37.5,
            "mode": "test",
            "method": "test",
            "type": "API",
            "status": status,
            "reference": found.reference,
            "tx_ref": tx_ref,
        }
        return envelope(200, "Payment details", outer, data | found.overrides)

    def _cancel(self, request: httpx.Request, tx_ref: str) -> httpx.Response:
        assert request.method == "PUT"
        found = self.transactions.get(tx_ref)
        if found is None:
            return envelope(404, "Invalid transaction or Transaction not found", "failed")
        if found.link == "closed":
            return envelope(400, "Payment link already expired", "failed")
        found.link = "closed"
        return envelope(200, "Checkout link expired successfully", "success", {"tx_ref": tx_ref})


def envelope(code: int, message: Any, status: Any, data: Any = None) -> httpx.Response:
    return httpx.Response(code, json={"message": message, "status": status, "data": data})
