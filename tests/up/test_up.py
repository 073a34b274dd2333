"""`manage.py up` for real: a data folder, a port and processes of its own."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from common.postgres import server
from tests.postgres.conftest import alive, eventually
from tests.shop import ROOT, Shop, free_port

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """One data folder for all, so that only the first start builds the shop."""
    return tmp_path_factory.mktemp("up")


@pytest.fixture
def shop(data_dir):
    found = Shop(data_dir)
    found.log.unlink(missing_ok=True)
    try:
        found.start()
        yield found
    finally:
        if found.process.poll() is None:
            found.stop()


def everything(shop: Shop) -> list[int]:
    """Every process that belongs to this shop, PostgreSQL's included."""
    return shop.pids("")


def child(shop: Shop, word: str) -> int:
    """The process that `up` itself started for this part."""
    for pid in shop.pids(word):
        status = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        if int(status[1]) == shop.process.pid:
            return pid
    raise AssertionError(f"up has no child {word}")


def test_everything_is_ready_and_the_panel_says_where(shop):
    ready = httpx.get(f"{shop.url}/readyz?worker=1")
    assert ready.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "worker": "ok"},
    }
    assert httpx.get(f"{shop.url}/livez").json() == {"status": "alive"}
    assert eventually(lambda: "Ctrl-C stops it" in shop.log.read_text())
    panel = shop.log.read_text()
    for address in ("/api/products/", "/api/docs", "/api/redoc", "/admin/"):
        assert f"{shop.url}{address}" in panel
        assert httpx.get(f"{shop.url}{address}", follow_redirects=True).status_code == 200
    for login in shop.logins.values():
        assert f"{login['email']}  {login['password']}" in panel
    simulator = httpx.get(f"{shop.url}/api/dev/").json()["simulator_url"]
    assert simulator in panel
    assert str(shop.data_dir / "mail") in panel
    # Secrets are nobody else's to read.
    for name in ("simulator.json", "credentials.json", "secret_key"):
        assert stat.S_IMODE((shop.data_dir / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_everything(shop, number):
    running = everything(shop)
    assert len(running) >= 8  # up, gunicorn and its workers, worker, simulator, PostgreSQL
    started = time.monotonic()
    shop.process.send_signal(number)
    assert shop.process.wait(20) == 0
    assert time.monotonic() - started < 10
    assert everything(shop) == []
    assert "Traceback" not in shop.log.read_text()


def test_the_second_start_keeps_simulator_and_logins(shop):
    """Links to its checkout page, keys and passwords survive a restart."""
    before = (shop.data_dir / "simulator.json").read_text(), shop.logins
    address = httpx.get(f"{shop.url}/api/dev/").json()
    shop.stop()
    shop.start()
    assert ((shop.data_dir / "simulator.json").read_text(), shop.logins) == before
    assert httpx.get(f"{shop.url}/api/dev/").json() == address


@pytest.mark.parametrize(
    ("name", "word"),
    [("web", "gunicorn"), ("worker", "manage.py worker"), ("chapa", "chapa_simulator")],
)
def test_a_crashed_child_is_reported_and_started_again(shop, name, word):
    killed = child(shop, word)
    shop.kill(killed)
    report = rf"!!! {name} ended by itself \(signal SIGKILL\); starting it again in 0.5 s"
    assert eventually(lambda: re.search(report, shop.log.read_text()) is not None)
    assert eventually(lambda: [p for p in shop.pids(word) if alive(p) and p != killed] != [])
    shop.wait_until_ready()
    assert child(shop, word) != killed


def test_killed_postgresql_comes_back_without_a_restart_of_web_or_worker(shop):
    web, worker, old = child(shop, "gunicorn"), child(shop, "manage.py worker"), shop.postmaster()
    with psycopg.connect(server.ensure_running(shop.data_dir / "postgres").dsn) as connection:
        (killed_at,) = connection.execute("SELECT now()").fetchone()
    try:
        shop.kill(old)
        assert eventually(lambda: shop.postmaster() != old)
        assert eventually(lambda: _status(f"{shop.url}/readyz?worker=1") == 200)
        # A heartbeat from before would be good for a minute: only a later one proves a living worker.
        assert eventually(lambda: _heartbeat(shop) > killed_at, 30)
    finally:
        server.release(shop.data_dir / "postgres")
    assert (child(shop, "gunicorn"), child(shop, "manage.py worker")) == (web, worker)


def _heartbeat(shop):
    with psycopg.connect(server.ensure_running(shop.data_dir / "postgres").dsn) as connection:
        return connection.execute(
            "SELECT max(last_heartbeat) FROM procrastinate_workers"
        ).fetchone()[0]


def test_nothing_outlives_up_killed(shop):
    running = everything(shop)
    shop.process.kill()
    shop.process.wait()
    assert eventually(lambda: not any(alive(pid) for pid in running), 15)


def test_a_reader_that_stops_reading_does_not_stop_the_shop(data_dir):
    """A paused terminal. Without a queue, children would wait for it in their requests."""
    shop = Shop(data_dir)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=shop.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    shop.process = process
    try:
        shop.log.write_text("")
        shop.wait_until_ready()
        # Each refused host is logged: in all some 400 kB, far more than two pipes hold.
        for _ in range(100):
            shop.http.get("/livez", headers={"Host": f"{'x' * 4000}.example"}, timeout=10)
        assert _status(f"{shop.url}/livez") == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.stdout.close()


def test_a_port_in_use_is_one_sentence_before_anything_starts(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = _up(tmp_path, port)
    assert done.returncode == 1
    assert f"Port {port} is in use by another program" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "postgres").exists()


def test_a_second_shop_in_the_same_folder_is_refused(shop):
    done = _up(shop.data_dir, free_port())
    assert done.returncode == 1
    assert "Another shop already runs in" in done.stderr
    assert "set NEXUS_DATA_DIR" in done.stderr


def test_two_shops_side_by_side(shop, tmp_path):
    other = Shop(tmp_path / "other")
    other.data_dir.mkdir()
    try:
        other.start()
        addresses = {httpx.get(f"{s.url}/api/dev/").json()["simulator_url"] for s in (shop, other)}
        assert len(addresses) == 2
        assert shop.postmaster() != other.postmaster()
    finally:
        other.stop()
    assert _status(f"{shop.url}/readyz?worker=1") == 200


def _up(data_dir, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env={**os.environ, "NEXUS_DATA_DIR": str(data_dir), "PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=20).status_code
    except httpx.HTTPError:
        return 0
