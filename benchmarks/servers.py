"""Web servers of the benchmark: started as shipped, measured, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.shop import ROOT, free_port

NEXUS, FLOOR, PLAIN = "ecommerce.wsgi", "benchmarks.floor", "benchmarks.plain"


def gunicorn(program: str, port: int, python: str = sys.executable) -> list[str]:
    """The command line that `manage.py up` uses, for any WSGI program."""
    return [python, "-m", "gunicorn", "-c", "gunicorn.conf.py", "-b", f"127.0.0.1:{port}",
            f"{program}:application"]  # fmt: skip


def granian(program: str, port: int, python: str = sys.executable) -> list[str]:
    """The same number of processes and threads in granian."""
    return [python, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4",
            "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "warning",
            f"{program}:application"]  # fmt: skip


@dataclass
class Server:
    """A running web server."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    http: httpx.Client = field(repr=False)

    def workers(self) -> list[int]:
        """Process ids of its children."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []

    def memory(self) -> list[float]:
        """Proportional set size of each worker, in MB, the largest first. Empty where the kernel does not tell."""
        found = []
        for pid in self.workers():
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
                found.append(round(kilobytes / 1024, 1))
        return sorted(found, reverse=True)

    def stop(self, seconds: float = 30) -> float:
        """Ask it to end; how many seconds it took."""
        began = time.monotonic()
        self.http.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        return time.monotonic() - began


def start(command: list[str], port: int, environment: Mapping[str, str], log: Path) -> Server:
    """Start it and wait for its first page of products.

    Raises:
        RuntimeError: it ended, or does not answer within a minute.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**environment, "PORT": str(port)}, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    http = httpx.Client(base_url=url, timeout=30)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            # Several workers: some may listen before they can answer. Fresh connections reach all of them.
            if all(
                httpx.get(f"{url}/api/products/", timeout=30).status_code == 200 for _ in range(20)
            ):
                return Server(process, url, log, http)
        time.sleep(0.1)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    raise RuntimeError(f"{' '.join(command)} does not answer:\n{log.read_text()[-3000:]}")


@contextlib.contextmanager
def running(program: str, environment: Mapping[str, str], folder: Path) -> Iterator[Server]:
    """A program under gunicorn as shipped, for as long as the block runs."""
    port = free_port()
    server = start(gunicorn(program, port), port, environment, folder / f"{program}.log")
    try:
        yield server
    finally:
        server.stop()
