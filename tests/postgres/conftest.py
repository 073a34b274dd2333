"""Every test here has a data directory, and so a server, of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.postgres import server

ROOT = Path(__file__).resolve().parents[2]

USE = """
import sys, time
from common.postgres import server
info = server.ensure_running(sys.argv[1])
import psycopg
with psycopg.connect(info.dsn) as connection:
    connection.execute("SELECT 1")
print(server.postmaster_pid(sys.argv[1]), flush=True)
sys.stdin.read()
"""


class User:
    """A process that uses the server of a data directory until it is killed."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USE, str(data_dir)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def postmaster(self) -> int:
        """The server's process id, once this user has talked to it."""
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return int(line)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    try:
        return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def keeper_pid(data_dir: Path) -> int:
    return int(server.Places(data_dir).keeper_lock.read_text())


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    found = tmp_path / "postgres"
    yield found
    server.release(found)
    server.stop(found)


@pytest.fixture
def start_user(data_dir: Path) -> Iterator[Callable[[], User]]:
    with contextlib.ExitStack() as stack:

        def start() -> User:
            user = User(data_dir)
            stack.callback(user.kill)
            return user

        yield start


def kill_everything(data_dir: Path) -> None:
    """`kill -9` of the keeper and of every PostgreSQL process of the data directory, at once."""
    cluster = str(server.Places(data_dir).cluster)
    victims = [keeper_pid(data_dir)]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(process / "cwd") == cluster:
                victims.append(int(process.name))
    for victim in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
