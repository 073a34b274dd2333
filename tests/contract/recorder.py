"""Calls that are made, checked against the document, and written down as its examples."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager, suppress
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import psycopg
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.test.client import MULTIPART_CONTENT, encode_multipart

from account import hashers
from catalog.reads import database
from common import idempotency
from tests.contract.document import Operation, complaints, operations, resolve
from tests.contract.placeholders import Placeholders

JSON, PROBLEM = "application/json", "application/problem+json"
SHOWN_HEADERS = ("Idempotency-Replayed", "WWW-Authenticate")
BOUNDARY = "BoUnDaRyStRiNg"
NOTHING: Any = object()


class Recorder:
    """Makes the calls of one story."""

    def __init__(self, story: str, settings: Any, world: Any = None) -> None:
        self.settings = settings
        self.world = world
        self.client = Client(raise_request_exception=False)
        self.placeholders = Placeholders(story)
        self.entries: list[dict[str, Any]] = []
        self.probed: set[str] = set()

    def call(
        self,
        operation: str,
        name: str,
        summary: str,
        *,
        status: int,
        code: str = "",
        untold: frozenset[str] | set[str] = frozenset(),
        **request: Any,
    ) -> Any:
        """Make a call, check its answer, write both down.

        Args:
            status, code: what must come back.
            untold: codes that the general probes cannot bring about here; the story tells them.
            request: see `send`.

        Returns:
            The parsed body.
        """
        op = operations()[operation]
        entry: dict[str, Any] = {"operation": operation, "name": name, "summary": summary}
        if status < 400 and operation not in self.probed:
            self.probed.add(operation)
            entry["probed"] = sorted(self._probe(op, request, set(untold)))
        answer = self.send(op, **request)
        body = self.check(op, answer, status, code)
        if status < 400 and not request.get("raw"):
            self._check_request(op, request)
        if "idempotency_key_in_use" in op.codes and entry.get("probed"):
            entry["probed"] = sorted({*entry["probed"], *self._repeat(op, request, answer)})
        self.placeholders.learn(request.get("body"))
        self.placeholders.learn(body)
        entry["request"] = self._written_request(op, request)
        entry["response"] = {"status": status}
        if body is not None:
            entry["response"]["content_type"] = _media_type(answer)
            entry["response"]["body"] = self.placeholders.apply(body)
        if shown := {key: answer[key] for key in SHOWN_HEADERS if answer.has_header(key)}:
            entry["response"]["headers"] = shown
        self.entries.append(entry)
        return body

    # --- one call -------------------------------------------------------------------------------

    def send(
        self,
        op: Operation,
        *,
        path: dict[str, Any] | None = None,
        query: dict[str, Any] | None = None,
        body: Any = NOTHING,
        form: dict[str, Any] | None = None,
        raw: tuple[bytes, str] | None = None,
        token: str = "",
        guest: str = "",
        cart: str = "",
        key: str = "",
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Send a request.

        Args:
            body: JSON. form: multipart. raw: bytes and their content type.
            token: of a signed-in user. guest: an order token. cart: a cart token. key: an Idempotency-Key.
        """
        url = op.path.format(**(path or {}))
        if query:
            url = f"{url}?{urlencode(query)}"
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if guest:
            sent["X-Order-Token"] = guest
        if cart:
            sent["X-Cart-Token"] = cart
        if key:
            sent["Idempotency-Key"] = key
        data, content_type = b"", JSON
        if raw is not None:
            data, content_type = raw
        elif form is not None:
            for value in form.values():
                if hasattr(value, "seek"):
                    value.seek(0)  # the same file goes into several requests
            data, content_type = encode_multipart(BOUNDARY, form), MULTIPART_CONTENT
        elif body is not NOTHING:
            data = json.dumps(body).encode()
        if not data:
            content_type = ""
        return self.client.generic(op.method, url, data, content_type, headers=sent)

    def check(self, op: Operation, answer: Any, status: int, code: str = "") -> Any:
        """The parsed body of an answer that is as expected and as documented."""
        # A file is streamed, and shown as text.
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        told = f"{op.id}: {answer.status_code} {content[:600]!r}"
        assert answer.status_code == status, told
        documented = op.responses.get(status)
        assert documented is not None, f"undocumented {told}"
        for name, header in documented.get("headers", {}).items():
            header = resolve(header)
            if header.get("required"):
                assert answer.has_header(name), f"no {name} in {told}"
            if answer.has_header(name):
                value: Any = answer[name]
                if header["schema"].get("type") == "integer":
                    value = int(value)
                assert not complaints(header["schema"], value), f"{name}: {value}"
        if not content:
            assert "content" not in documented, f"a body was promised: {told}"
            return None
        media = documented.get("content", {}).get(_media_type(answer))
        assert media is not None, f"{answer['Content-Type']} is not documented: {told}"
        if _media_type(answer) == "application/pdf":
            assert content.startswith(b"%PDF-"), told
            return "%PDF-1.4 …"
        body = content.decode() if answer.streaming else json.loads(content)
        wrong = complaints(media["schema"], body)
        assert not wrong, f"{wrong} in {told}"
        if code:
            assert body["code"] == code, told
        return body

    def _check_request(self, op: Operation, request: dict[str, Any]) -> None:
        """An example that the shop takes must also be right by the document."""
        if (body := request.get("body", NOTHING)) is not NOTHING:
            wrong = complaints(op.request_media[JSON]["schema"], body, strict=False)
            assert not wrong, f"{op.id}: the request is not as documented: {wrong}"

    def _written_request(self, op: Operation, request: dict[str, Any]) -> dict[str, Any]:
        written: dict[str, Any] = {"method": op.method, "url": op.path}
        for place in ("path", "query"):
            if request.get(place):
                written[place] = self.placeholders.apply(request[place])
        if "cursor" in request.get("query", {}):
            written["query"]["cursor"] = self.placeholders.apply("cursor=x")[7:]
        header = dict(request.get("headers") or {})
        if request.get("token"):
            header["Authorization"] = f"Bearer {request['token']}"
        if request.get("guest"):
            header["X-Order-Token"] = request["guest"]
        if request.get("cart"):
            header["X-Cart-Token"] = request["cart"]
        if request.get("key"):
            header["Idempotency-Key"] = request["key"]
        if header:
            written["header"] = {
                name: value if name == "Idempotency-Key" else self.placeholders.apply(value)
                for name, value in header.items()
            }
        if (body := request.get("body", NOTHING)) is not NOTHING:
            written |= {"content_type": JSON, "body": self.placeholders.apply(body)}
        elif request.get("form") is not None:
            shown = {name: getattr(value, "name", value) for name, value in request["form"].items()}
            written |= {"content_type": "multipart/form-data", "body": shown}
        elif request.get("raw") is not None:
            data, content_type = request["raw"]
            text = data.decode()
            shown = json.loads(text) if content_type == JSON and _is_json(text) else text
            written |= {"content_type": content_type, "body": self.placeholders.apply(shown)}
        return written

    # --- every documented error of an operation ---------------------------------------------------

    def _probe(self, op: Operation, request: dict[str, Any], untold: set[str]) -> set[str]:
        """Bring about the general errors of an operation around a request that would succeed.

        Returns:
            The codes that were met.
        """
        met = set()
        for code, change in self._variations(op, request):
            if code == "invalid_token" and not op.raw["security"]:
                continue
            if code == "not_found" and "{" not in op.path:
                continue  # what is not found is named in the body: the story tells it
            if code in op.codes - untold:
                self.check(op, self.send(op, **change), _status(op, code), code)
                met.add(code)
        if "too_many_requests" in op.codes - untold:
            self._use_up(op, request)
            met.add("too_many_requests")
        if "idempotency_key_in_use" in op.codes - untold:
            with _key_held():
                answer = self.send(op, **request)
            self.check(op, answer, 409, "idempotency_key_in_use")
            met.add("idempotency_key_in_use")
        if "too_busy" in op.codes - untold:
            with _hashers_busy():
                answer = self.send(op, **request)
            self.check(op, answer, 503, "too_busy")
            met.add("too_busy")
        if "database_unavailable" in op.codes - untold:
            with _database_away():
                answer = self.send(op, **request)
            self.check(op, answer, 503, "database_unavailable")
            met.add("database_unavailable")
        return met

    def _variations(self, op: Operation, request: dict[str, Any]) -> list[tuple[str, dict]]:
        bare = {k: v for k, v in request.items() if k not in {"body", "form", "raw", "key"}}
        body = request.get("body", NOTHING)
        fields = body if isinstance(body, dict) else {}
        query = request.get("query") or {}
        anonymous = {k: v for k, v in request.items() if k not in {"token", "guest", "cart", "key"}}
        elsewhere = {**(request.get("path") or {})}
        if elsewhere:
            last = list(elsewhere)[-1]
            elsewhere[last] = _absent(op, last)
        with_unknown = (
            {**bare, "form": {**request["form"], "colour": "green"}}
            if request.get("form")
            else {**bare, "body": {**fields, "colour": "green"}}
        )
        return [
            ("malformed", {**bare, "raw": (b'{"items": [', JSON)}),
            ("unknown_field", with_unknown),
            ("body_too_large", {**bare, "raw": _huge(op)}),
            ("unsupported_media_type", {**bare, "raw": (b"items=1", "text/csv")}),
            ("not_acceptable", {**request, "headers": {"Accept": "application/xml"}}),
            ("invalid_token", {**anonymous, "headers": {"Authorization": "Bearer not.a.token"}}),
            ("not_authenticated", anonymous),
            ("permission_denied", {**anonymous, "token": self._without_the_right(op)}),
            ("not_found", {**request, "path": elsewhere}),
            ("invalid_cursor", {**request, "query": {**query, "cursor": "tampered"}}),
            ("page_too_deep", {**request, "query": {**query, "page": 101}}),
            ("invalid_idempotency_key", {**request, "key": "k" * 256}),
            ("precondition_failed", {**request, "headers": {"If-Match": '"v0.0"'}}),
        ]

    def _without_the_right(self, op: Operation) -> str:
        """Of a customer; at doors that are for customers, of a program that may read everything and change nothing."""
        if self.world is None:
            return ""
        # Of parcels other people do not even learn that they are there.
        theirs = _takes_guests(op) or "/shipments/" in op.path
        return str(self.world.reading_key if theirs else self.world.customer_token)

    def _use_up(self, op: Operation, request: dict[str, Any]) -> None:
        """Spend the operation's limit with calls that change nothing."""
        change = dict(request)
        if isinstance(request.get("body"), dict):
            change["body"] = {**request["body"], "colour": "green"}
        elif op.method != "GET" and "raw" not in request and "form" not in request:
            change["body"] = {"colour": "green"}
        elif op.method == "GET" and _takes_guests(op):  # there wrong tokens are counted, too
            change = {**{k: v for k, v in change.items() if k != "token"}}
            change |= {"guest": "guessed", "cart": "guessed"}
        if op.method == "DELETE" and (path := request.get("path")):
            last = list(path)[-1]
            change["path"] = {**path, last: _absent(op, last)}
        self.settings.RATE_LIMITS = True
        try:
            for _ in range(2):  # a window may end between two calls
                self.send(op, **change)
                _sql("UPDATE common_ratecounter SET count = 1000000")
                if (answer := self.send(op, **change)).status_code == 429:
                    break
            self.check(op, answer, 429, "too_many_requests")
        finally:
            self.settings.RATE_LIMITS = False
            _sql("DELETE FROM common_ratecounter")

    def _repeat(self, op: Operation, request: dict[str, Any], first: Any) -> set[str]:
        """Repeat a call with its key: the first answer again, unless another body or another call is in the way."""
        assert request.get("key"), f"{op.id} honours Idempotency-Key: show it"
        again = self.send(op, **request)
        assert again.content == first.content, "not the first answer again"
        assert again["Idempotency-Replayed"] == "true"
        self.check(op, again, first.status_code)
        met = set()
        if "idempotency_key_reused" in op.codes:
            other = {**request, "body": {**request["body"], "colour": "green"}}
            self.check(op, self.send(op, **other), 422, "idempotency_key_reused")
            met.add("idempotency_key_reused")
        return met


@contextmanager
def _key_held():
    """As long as this lasts, another connection holds the lock of every Idempotency-Key that is asked for."""
    original = idempotency.try_lock
    other = psycopg.connect(**connection.get_connection_params(), autocommit=True)

    def ask(scope: str, key: str) -> bool:
        digest = hashlib.sha256(f"{scope}\0{key}".encode()).digest()
        number = int.from_bytes(digest[:8], "big", signed=True)
        other.execute("SELECT pg_advisory_lock(%s)", [number])
        return original(scope, key)

    with other, mock.patch("common.idempotency.try_lock", ask):
        yield
        # A server lets go of a closed connection's locks in its own time; the next call comes at once.
        other.execute("SELECT pg_advisory_unlock_all()")


def _takes_guests(op: Operation) -> bool:
    return any({"orderToken", "cartToken"} & set(one) or not one for one in op.raw["security"])


def _media_type(answer: Any) -> str:
    return answer["Content-Type"].partition(";")[0]


def _status(op: Operation, code: str) -> int:
    for status, response in op.responses.items():
        if status >= 400:
            schema = response["content"][PROBLEM]["schema"]
            if code in schema["allOf"][1]["properties"]["code"]["enum"]:
                return status
    raise AssertionError(f"{op.id} does not document {code}")


def _absent(op: Operation, name: str) -> Any:
    schema = next(p for p in op.parameters if p["name"] == name)["schema"]
    if schema.get("format") == "uuid":
        return "01936b2f-0000-7000-8000-000000000000"
    return 999_999_999 if schema.get("type") == "integer" else "no-such-thing"


def _huge(op: Operation) -> tuple[bytes, str]:
    if "multipart/form-data" in op.request_media:
        megabytes = 31 if op.id == "imports_create" else 6  # products may be larger than pictures
        return b"x" * (megabytes * 1024 * 1024), MULTIPART_CONTENT
    return b'{"colour": "' + b"x" * (1024 * 1024) + b'"}', JSON


def _is_json(text: str) -> bool:
    with suppress(ValueError):
        json.loads(text)
        return True
    return False


@contextmanager
def _hashers_busy():
    """As long as this lasts, no password can be hashed, and nobody waits for it."""
    taken = threading.Semaphore(0)
    with mock.patch.multiple(hashers, _slots=taken, LONGEST_WAIT=0.01):
        yield


@contextmanager
def _database_away():
    def gone(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with (
        mock.patch.object(BaseDatabaseWrapper, "cursor", gone),
        mock.patch.object(database, "_ask", gone),
    ):
        yield


def _sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
