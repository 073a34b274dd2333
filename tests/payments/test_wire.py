"""The exchange is bounded whatever the other side does; these speak to real sockets."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest

from payments.gateways import wire as wire_module
from payments.gateways.wire import Answer, NoAnswer, Wire


@contextmanager
def server(behave):
    """A TCP server on loopback that runs `behave(connection)` for each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=behave, args=(connection, stopping), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        stopping.set()
        listener.close()


def drip(text: bytes, pause: float):
    def behave(connection, stopping):
        connection.recv(65536)
        try:
            for byte in text:
                if stopping.wait(pause):
                    return
                connection.sendall(bytes([byte]))
        except OSError:
            return
        finally:
            connection.close()

    return behave


def silent(connection, stopping):
    connection.recv(65536)
    stopping.wait(30)
    connection.close()


def at_once(text: bytes):
    def behave(connection, stopping):
        connection.recv(65536)
        connection.sendall(text)
        connection.close()

    return behave


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_an_answer_comes_through():
    with server(at_once(OK)) as url:
        assert Wire(base_url=url, headers={}).exchange("GET", "x") == Answer(200, {})


@pytest.mark.parametrize(
    "behave",
    [
        silent,
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 400, 0.05),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + b" " * 400, 0.05),
    ],
    ids=["silent", "headers drip", "body drips"],
)
def test_the_total_time_is_bounded(behave):
    with server(behave) as url:
        began = time.monotonic()
        with pytest.raises(NoAnswer) as caught:
            Wire(base_url=url, headers={}).exchange("GET", "x", total=0.6)
        assert caught.value.sent
        # httpx alone would wait for each byte anew: 20 seconds for either drip.
        assert time.monotonic() - began < 3


def test_a_closed_port_certainly_had_no_effect():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoAnswer) as caught:
        Wire(base_url=f"http://127.0.0.1:{port}/", headers={}).exchange("POST", "x", json={})
    assert not caught.value.sent


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b" " * 300_000,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}",
        b"nonsense\r\n\r\n",
        b"",
    ],
    ids=["too large", "compressed", "cut off", "nonsense", "reset"],
)
def test_an_unusable_answer_is_none(answer):
    with server(at_once(answer)) as url, pytest.raises(NoAnswer) as caught:
        Wire(base_url=url, headers={}).exchange("GET", "x")
    assert caught.value.sent


def test_not_json_is_an_answer_without_a_body():
    text = b"HTTP/1.1 502 Bad\r\nContent-Length: 6\r\n\r\n<html>"
    with server(at_once(text)) as url:
        assert Wire(base_url=url, headers={}).exchange("GET", "x") == Answer(502, None)


def _crowd(monkeypatch, places: int) -> tuple[int, int]:
    """Six calls at once to a gateway that takes 0.5 s; returns (most at once, refused for want of a place)."""
    monkeypatch.setattr(wire_module, "_places", threading.BoundedSemaphore(places))
    monkeypatch.setattr(wire_module, "PATIENCE", 0.1)
    inside, most, refused = 0, 0, []
    lock = threading.Lock()

    def handle(request):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.5)
        with lock:
            inside -= 1
        return httpx.Response(200, json={})

    way = Wire(base_url="https://x.et/", headers={}, transport=httpx.MockTransport(handle))

    def call():
        try:
            way.exchange("GET", "x")
        except NoAnswer as error:
            refused.append(error.sent)

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(refused)
    return most, len(refused)


def test_two_at_once_and_no_more(monkeypatch):
    assert _crowd(monkeypatch, wire_module.IN_FLIGHT) == (2, 4)


def test_control_without_places_all_go_at_once(monkeypatch):
    assert _crowd(monkeypatch, 100) == (6, 0)


def test_a_place_is_given_back_after_an_error(monkeypatch):
    monkeypatch.setattr(wire_module, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(wire_module, "PATIENCE", 0.1)

    def handle(request):
        raise httpx.ReadTimeout("slow")

    way = Wire(base_url="https://x.et/", headers={}, transport=httpx.MockTransport(handle))
    for _ in range(3):
        with pytest.raises(NoAnswer, match="ReadTimeout"):
            way.exchange("GET", "x")
