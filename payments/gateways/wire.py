"""One bounded HTTP exchange with a gateway.

Bounded in time (a total, whatever the other side drips), in bytes, in redirects (none), in tries (one) and in number: so
many at once per process and no more, so that a slow gateway never takes all the threads that serve the catalogue.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

log = logging.getLogger(__name__)

TOTAL = 8.0  # seconds for one exchange, waiting for a free place included
CONNECT = 3.0
IN_FLIGHT = 2  # exchanges at once per process
PATIENCE = 1.0  # seconds to wait for a free place
MAX_BYTES = 256 * 1024

_places = threading.BoundedSemaphore(IN_FLIGHT)


class NoAnswer(Exception):
    """There is no usable answer.

    `sent` is False when the request certainly had no effect, because it never left: no place was free, or there was no
    connection. Otherwise the other side may or may not have acted. The text holds no address, header or body.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and the JSON that came with it; `body` is None when that was not JSON."""

    status: int
    body: Any


class Wire:
    """A way to one gateway.

    Args:
        base_url: what every path is appended to.
        headers: sent with each request; they hold the key, so they are never logged or put into an exception.
        transport: replaces the network in tests.
    """

    def __init__(
        self,
        *,
        base_url: str,
        headers: Mapping[str, str],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._client = httpx.Client(
            base_url=base_url,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **headers},
            follow_redirects=False,
            trust_env=False,
            # A kept connection may have died unseen, and then a POST could not be repeated safely.
            limits=httpx.Limits(max_keepalive_connections=0),
            transport=transport,
        )

    def exchange(self, method: str, path: str, *, json: Any = None, total: float = TOTAL) -> Answer:
        """Send one request and read its answer, within `total` seconds.

        Raises:
            NoAnswer: nothing usable came back in time.
        """
        deadline = time.monotonic() + total
        if not _places.acquire(timeout=min(PATIENCE, total)):
            raise NoAnswer("too many calls are under way", sent=False)
        try:
            return self._exchange(method, path, json, deadline)
        finally:
            _places.release()

    def _exchange(self, method: str, path: str, json: Any, deadline: float) -> Answer:
        left = max(deadline - time.monotonic(), 0.05)
        content = None if json is None else orjson.dumps(json)
        headers = {"Content-Type": "application/json"} if json is not None else {}
        with _Curfew(left) as curfew:
            try:
                with self._client.stream(
                    method,
                    path,
                    content=content,
                    headers=headers,
                    timeout=httpx.Timeout(left, connect=min(CONNECT, left)),
                    extensions={"trace": curfew.watch},
                ) as response:
                    return Answer(response.status_code, _json(_read(response, deadline)))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise NoAnswer(f"no connection ({type(error).__name__})", sent=False) from None
            except httpx.HTTPError as error:
                reason = "time-out" if time.monotonic() >= deadline else type(error).__name__
                raise NoAnswer(reason, sent=True) from None


class _Curfew:
    """Cuts the connection when the time is up: httpx's own time-outs start anew with every byte that drips in."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> _Curfew:
        self._timer.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._timer.cancel()

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore's trace hook: remember the sockets that this request opens."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._sockets.append(info["return_value"].get_extra_info("socket"))

    def _cut(self) -> None:
        for opened in self._sockets:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)


def _read(response: httpx.Response, deadline: float) -> bytes:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise NoAnswer("a compressed answer, which was not asked for", sent=True)
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_BYTES:
            raise NoAnswer("an answer of more than 256 KB", sent=True)
        if time.monotonic() >= deadline:
            raise NoAnswer("time-out", sent=True)
    return bytes(body)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
