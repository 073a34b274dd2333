"""The program as it is started: options, real connections, signals, and the state file."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chapa_simulator.config import Config, ConfigError, load_config
from chapa_simulator.store import StoreError

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "CHAPA_SIM_SECRET_KEY": "CHASECK_TEST-SIM1",
    "CHAPA_SIM_LIVE_SECRET_KEY": "CHASECK-SIM2",
    "CHAPA_SIM_PUBLIC_KEY": "CHAPUBK_TEST-SIM1",
    "CHAPA_SIM_WEBHOOK_URL": "http://127.0.0.1:9/hook",
    "CHAPA_SIM_WEBHOOK_SECRET": "secret",
    "CHAPA_SIM_TOKEN": "token",
}
HEADERS = {"Authorization": "Bearer CHASECK_TEST-SIM1", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"CHAPA_SIM_SECRET_KEY": ""}, "CHAPA_SIM_SECRET_KEY"),
        ({"CHAPA_SIM_SECRET_KEY": "CHASECK_TEST-a1b2c3"}, "--secret-key"),
        ({"CHAPA_SIM_SECRET_KEY": "CHASECK-SIM"}, "--secret-key"),
        ({"CHAPA_SIM_LIVE_SECRET_KEY": "CHASECK-a1b2c3"}, "--live-secret-key"),
        ({"CHAPA_SIM_PUBLIC_KEY": "CHAPUBK-SIM"}, "--public-key"),
        ({"CHAPA_SIM_TOKEN": ""}, "CHAPA_SIM_TOKEN"),
        ({"CHAPA_SIM_WEBHOOK_SECRET": ""}, "CHAPA_SIM_WEBHOOK_SECRET"),
        ({"CHAPA_SIM_WEBHOOK_URL": "https://api.chapa.co/x"}, "--webhook-url"),
        ({"CHAPA_SIM_WEBHOOK_URL": "nonsense"}, "--webhook-url"),
        ({"CHAPA_SIM_PUBLIC_URL": "https://checkout.chapa.co"}, "--public-url"),
        ({"CHAPA_SIM_VERIFY_VARIANT": "D"}, "--verify-variant"),
        ({"CHAPA_SIM_CHECKOUT_WINDOW_MINUTES": "61"}, "--checkout-window-minutes"),
        ({"CHAPA_SIM_PORT": "eighty"}, "--port"),
        ({"CHAPA_SIM_PORT": "70000"}, "--port"),
    ],
)
def test_it_refuses_to_start(change, named):
    with pytest.raises(ConfigError) as refusal:
        load_config([], ENVIRONMENT | change)
    assert named in str(refusal.value)
    # A real key pasted by mistake must not end up in a log.
    assert "a1b2c3" not in str(refusal.value)


def test_the_command_line_wins_over_the_environment():
    config = load_config(["--token", "other", "--port", "0"], ENVIRONMENT)
    assert (config.token, config.port, config.secret_key) == ("other", 0, "CHASECK_TEST-SIM1")
    assert (config.host, config.verify_variant) == ("127.0.0.1", "A")
    assert config.checkout_window_minutes == 60


class Running:
    """The simulator as a subprocess on a port of its own choice."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "chapa_simulator", "--port", "0", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.banner = [self.process.stdout.readline() for _ in range(6)]
        self.port = int(self.banner[1].rsplit(":", 1)[1])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def call(self, method: str, path: str, body: object = None, **headers: str):
        content = None if body is None else json.dumps(body)
        self.connection.request(method, path, content, HEADERS | headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text.startswith(b"{") else text

    def control(self, method: str, path: str, body: object = None):
        return self.call(method, "/_sim" + path, body, **{"X-Sim-Token": "token"})[1]

    def stop(self, number: int = signal.SIGTERM) -> float:
        started = time.perf_counter()
        self.process.send_signal(number)
        self.process.wait(5)
        return time.perf_counter() - started


@pytest.fixture
def run():
    programs = []

    def start(*arguments):
        programs.append(Running(*arguments))
        return programs[-1]

    yield start
    for program in programs:
        program.process.kill()
        program.process.wait()
        program.process.stdout.close()


def test_a_run_over_real_connections(run):
    program = run()
    assert program.banner[0].startswith("SIMULATOR")
    status, body = program.call(
        "POST", "/v1/transaction/initialize", {"amount": 10, "tx_ref": "a/b c"}
    )
    assert status == 200
    assert body["data"]["checkout_url"].startswith(f"http://127.0.0.1:{program.port}/checkout/")
    socket_before = program.connection.sock
    assert program.call("GET", "/v1/transaction/verify/a%2Fb%20c")[0] == 404
    # A refused body has been read too, so the connection can go on.
    assert program.call("POST", "/v1/transaction/initialize", {"amount": "x" * 9000})[0] == 400
    assert program.call("POST", "/checkout/payment/nothing", {"a": "b"})[0] == 404
    program.connection.request("HEAD", "/healthz")
    assert program.connection.getresponse().read() == b""
    assert program.call("GET", "/healthz")[1]["status"] == "ok"
    assert program.connection.sock is socket_before
    assert program.stop() < 2
    assert program.process.returncode == 0


def test_a_time_out_is_a_connection_that_dies_unanswered(run):
    program = run()
    fault = {"kind": "http.timeout", "params": {"route": "initialize", "when": "after"}}
    program.control("POST", "/faults", {**fault, "params": {**fault["params"], "seconds": 0.1}})
    with pytest.raises(http.client.RemoteDisconnected):
        program.call("POST", "/v1/transaction/initialize", {"amount": 10, "tx_ref": "a"})
    program.connection.close()
    assert program.control("GET", "/transactions/a")["state"] == "INITIALIZED"


def test_a_hanging_request_does_not_delay_the_end(run):
    program = run()
    program.control("POST", "/faults", {"kind": "http.timeout", "params": {"seconds": 60}})
    other = http.client.HTTPConnection("127.0.0.1", program.port)
    other.request("GET", "/v1/transaction/verify/a", headers=HEADERS)
    while program.control("GET", "/faults")["results"][0]["hits"] == 0:
        time.sleep(0.01)
    assert program.stop(signal.SIGINT) < 2
    assert program.process.returncode == 0
    other.close()


def test_an_oversized_body_is_refused_unread(run):
    program = run()
    with socket.create_connection(("127.0.0.1", program.port), timeout=5) as raw:
        raw.sendall(
            b"POST /v1/transaction/initialize HTTP/1.1\r\nHost: x\r\n"
            b"Content-Length: 99999999\r\n\r\n"
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_the_state_file_survives(run, tmp_path, ending):
    state = tmp_path / "chapa.sqlite"
    first = run("--state", str(state))
    for tx_ref in ("open", "paid"):
        first.call("POST", "/v1/transaction/initialize", {"amount": 10, "tx_ref": tx_ref})
    first.control("POST", "/transactions/paid/pay", {"outcome": "success"})
    assert first.control("POST", "/deliveries/settle", {"timeout": 5})["settled"] is True
    first.control("POST", "/clock/advance", {"seconds": 60})
    before = first.control("GET", "/transactions")["results"]
    first.stop(ending)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600

    second = run("--state", str(state))
    after = second.control("GET", "/transactions")["results"]
    assert [shown["state"] for shown in after] == ["INITIALIZED", "SUCCESS"]
    assert [shown["token"] for shown in after] == [shown["token"] for shown in before]
    assert second.call("GET", f"/checkout/payment/{after[0]['token']}")[0] == 200
    assert second.call("GET", "/v1/transaction/verify/paid")[1]["data"]["status"] == "success"
    # It was moved to 60 s after it was asked, which is a moment before it moved.
    assert 59 < second.control("GET", "/clock")["ahead_seconds"] < 61
    # The webhook that found nobody listening is still waiting for its second attempt.
    deliveries = second.control("GET", "/deliveries")
    assert [waiting["attempts"] for waiting in deliveries["pending"]] == [1]
    second.control("POST", "/clock/advance", {"seconds": 600})
    first_attempt, second_attempt = second.control("GET", "/deliveries")["results"]
    assert (first_attempt["attempt"], second_attempt["attempt"]) == (1, 2)
    assert first_attempt["body"] == second_attempt["body"]


def test_a_foreign_state_file_is_refused_in_one_sentence(tmp_path):
    state = tmp_path / "notes.txt"
    state.write_text("these are my notes, not a database\n" * 100)
    result = subprocess.run(
        [sys.executable, "-m", "chapa_simulator", "--port", "0", "--state", str(state)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert result.returncode == 2
    assert "state file" in result.stderr
    assert "Traceback" not in result.stderr
    assert state.read_text().startswith("these are my notes")


def test_one_state_file_belongs_to_one_simulator(start, tmp_path, monkeypatch):
    monkeypatch.setattr("chapa_simulator.store.LOCK_PATIENCE_SECONDS", 0.1)
    start(state=tmp_path / "chapa.sqlite")
    with pytest.raises(StoreError):
        start(state=tmp_path / "chapa.sqlite")


def test_a_stopped_simulator_hands_over_its_unfinished_webhooks(start, sink, tmp_path):
    state = tmp_path / "chapa.sqlite"
    sink.status = lambda request: 503
    first = start(state=state)
    first.open()
    first.pay()
    first.settle()
    first.simulator.stop()
    sink.status = lambda request: 200
    second = start(state=state)
    second.advance(600)
    assert [webhook.body for webhook in sink.webhooks()] == [sink.webhooks()[0].body] * 2
    assert second.control("GET", "/deliveries").json["pending"] == []


def test_config_is_frozen():
    config = Config(secret_key="CHASECK_TEST-SIM", token="x")
    with pytest.raises(AttributeError):
        config.token = "y"  # type: ignore[misc]
