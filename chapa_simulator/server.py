"""Werkzeug's threaded server, taught to keep connections alive and to drop one on purpose."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

# A view that sets this key in the WSGI environment gets its connection closed unanswered.
DROP_CONNECTION = "chapa_simulator.drop_connection"
MAXIMUM_BODY_BYTES = 1024 * 1024
IDLE_SECONDS = 75


class Handler(WSGIRequestHandler):
    """Reads each body whole before the application runs, which is what makes keep-alive safe."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # Without this, Nagle's algorithm and delayed acknowledgement add 40 ms to an answer.
    disable_nagle_algorithm = True
    server: Server

    def run_wsgi(self) -> None:
        """Answer one request; called by http.server for every method."""
        body = self._read_body()
        if body is None:
            return
        environ: WSGIEnvironment = self.make_environ()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["wsgi.input_terminated"] = True
        status, headers, content = _run(self.server.app, environ)
        if environ.get(DROP_CONNECTION):
            self.close_connection = True
            return
        self.log_request(int(status.split(" ", 1)[0]), len(content))
        lines = [f"HTTP/1.1 {status}", f"Date: {self.date_time_string()}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self.wfile.write(head if self.command == "HEAD" else head + content)

    def _read_body(self) -> bytes | None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if length < 0 or self.headers.get("Transfer-Encoding"):
            self._refuse("411 Length Required")
            return None
        if length > MAXIMUM_BODY_BYTES:
            self._refuse("413 Content Too Large")
            return None
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return None
        return body

    def _refuse(self, status: str) -> None:
        self.close_connection = True
        self.wfile.write(
            f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line per request, only when asked for: an acceptance run makes thousands."""
        if self.server.verbose:
            super().log_request(code, size)


class Server(ThreadedWSGIServer):
    """One thread per connection; none of them keeps the process alive."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, app: WSGIApplication, *, verbose: bool) -> None:
        self.verbose = verbose
        super().__init__(host, port, app, Handler)


def _run(
    app: WSGIApplication, environ: WSGIEnvironment
) -> tuple[str, list[tuple[str, str]], bytes]:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        started[:] = [(status, headers)]
        return lambda data: None

    typed: StartResponse = start_response
    result: Iterable[bytes] = app(environ, typed)
    try:
        content = b"".join(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    status, headers = started[0]
    # Flask states the length of everything it sends whole; a 204 or a HEAD needs none.
    if not any(name.lower() == "content-length" for name, _ in headers):
        headers = [*headers, ("Content-Length", str(len(content)))]
    return status, headers, content
