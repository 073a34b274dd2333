"""Run the processes of the shop, name their log lines, start again what crashes, stop all of them
together.

`manage.py up` prepares everything and then becomes this program (`python -m
ecommerce.management.supervisor FD`), which imports no Django: on a small machine the memory is the
web server's.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from ecommerce.management.leash import leashed

QUICK_SECONDS = 10.0  # a child that dies sooner than this has crashed "quickly"
QUICK_CRASHES = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0  # seconds before a crashed child is started again
LAST_LINES = 12
QUEUED_LINES = 5_000
STILL_WAITING_SECONDS = 60.0
COLOURS = {"web": "36", "worker": "33", "chapa": "35"}


@dataclass(frozen=True)
class Child:
    """A process to keep running; `stop_seconds` after SIGTERM it is killed."""

    name: str
    command: list[str]
    environment: dict[str, str]
    stop_seconds: float


@dataclass(frozen=True)
class Plan:
    """Everything the supervisor needs to know."""

    children: list[Child]  # in the order in which they are stopped
    ready_url: str
    ready_host: str
    panel: str
    database_dir: str = ""  # of the embedded PostgreSQL; empty with DATABASE_URL
    database_lock: int = -1  # the open file by which this process is a user of it already

    def dump(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Plan:
        """From `dump`."""
        values = json.loads(text)
        return cls(**{**values, "children": [Child(**child) for child in values["children"]]})


class Output:
    """Standard output, one whole line at a time, and never in anybody's way.

    A terminal that is paused, or a pipe that nobody reads, must not stop the shop: a child whose
    own pipe runs full waits in the middle of a request. Lines beyond the queue are counted and
    dropped.
    """

    def __init__(self, names: list[str]) -> None:
        self._queue: queue.Queue[str] = queue.Queue(QUEUED_LINES)
        self._dropped = 0
        self._width = max(map(len, names), default=0)
        self._coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.closed = False
        threading.Thread(target=self._print, daemon=True).start()

    def line(self, name: str, text: str) -> None:
        """A child's line behind its name."""
        prefix = f"{name:<{self._width}} |"
        if self._coloured:
            prefix = f"\x1b[{COLOURS.get(name, '32')}m{prefix}\x1b[0m"
        self.write(f"{prefix} {text}")

    def write(self, text: str) -> None:
        """Lines of our own."""
        try:
            self._queue.put_nowait(text)
        except queue.Full:
            self._dropped += 1

    def finish(self) -> None:
        """Give what is queued a second to get out."""
        deadline = time.monotonic() + 1
        while self._queue.unfinished_tasks and time.monotonic() < deadline and not self.closed:
            time.sleep(0.01)

    def _print(self) -> None:
        while not self.closed:
            text = self._queue.get()
            dropped, self._dropped = self._dropped, 0
            if dropped:
                text = f"!!! {dropped} lines dropped: nobody read them in time\n{text}"
            try:
                print(text, flush=True)
            except OSError:  # the reader of our pipe, or the terminal, is gone
                self.closed = True
            self._queue.task_done()


class Running:
    """A child and what became of it."""

    def __init__(self, child: Child, output: Output) -> None:
        self.child = child
        self.output = output
        self.process: subprocess.Popen[bytes] | None = None
        self.reader: threading.Thread | None = None
        self.tail: deque[str] = deque(maxlen=LAST_LINES)
        self.started = self.start_at = 0.0
        self.quick_crashes = 0

    def start(self) -> None:
        """Start it in a process group of its own: a Ctrl-C in the terminal is ours to handle."""
        self.tail.clear()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            leashed(self.child.command),
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.child.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read, args=[self.process], daemon=True)
        self.reader.start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for raw in process.stdout:
            text = raw.decode(errors="replace").rstrip()
            self.tail.append(text)
            self.output.line(self.child.name, text)

    def look(self) -> bool:
        """Report a crash, start again when its pause is over. False: it crashes again and again."""
        if self.process is None:
            if time.monotonic() >= self.start_at:
                self.start()
            return True
        if self.process.poll() is None:
            return True
        if self.reader is not None:
            self.reader.join(0.5)
        quick = time.monotonic() - self.started < QUICK_SECONDS
        self.quick_crashes = self.quick_crashes + 1 if quick else 0
        pause = min(FIRST_PAUSE * 2 ** max(self.quick_crashes - 1, 0), LONGEST_PAUSE)
        hopeless = self.quick_crashes >= QUICK_CRASHES
        what = "giving up" if hopeless else f"starting it again in {pause:g} s"
        lines = [f"!!! {self.child.name} ended by itself ({_fate(self.process)}); {what}"]
        lines += [f"!!!   {text}" for text in self.tail]
        self.output.write("\n".join(lines))
        self._signal(signal.SIGTERM)  # what it left behind: gunicorn's workers, say
        self.process, self.start_at = None, time.monotonic() + pause
        return not hopeless

    def stop(self, impatient: Callable[[], bool]) -> None:
        """SIGTERM, then SIGKILL for all of its group when it takes too long."""
        if self.process is None:
            return
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + self.child.stop_seconds
        while self.process.poll() is None:
            if impatient() or time.monotonic() > deadline:
                self.output.write(f"!!! {self.child.name} does not stop: killed")
                self._signal(signal.SIGKILL)
                self.process.wait()
                break
            time.sleep(0.05)
        if self.reader is not None:
            self.reader.join(1)

    def _signal(self, number: int) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def _fate(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


class Supervisor:
    """Runs a plan until somebody says stop."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.output = Output([child.name for child in plan.children])
        self.children = [Running(child, self.output) for child in plan.children]
        self.asked = 0

    def run(self) -> int:
        """Exit code: 0 stopped as asked, 1 a child keeps crashing, 130 killed by a second Ctrl-C."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        threading.Thread(target=self._announce, daemon=True).start()
        hopeless = False
        while not (self.asked or self.output.closed or hopeless):
            for child in self.children:
                hopeless |= not child.look()
            time.sleep(0.1)
        self.output.write("Stopping ...")
        for child in self.children:
            child.stop(lambda: self.asked > 1)
        if self.plan.database_dir:
            from common.postgres import server

            server.release(self.plan.database_dir)
        self.output.write("Stopped.")
        self.output.finish()
        if hopeless:
            return 1
        return 130 if self.asked > 1 else 0

    def _ask(self, signum: int, frame: FrameType | None) -> None:
        self.asked += 1

    def _announce(self) -> None:
        """Print the panel as soon as the shop is ready, or say once what it waits for."""
        late = time.monotonic() + STILL_WAITING_SECONDS
        while not self.asked:
            answer = _ask_ready(self.plan.ready_url, self.plan.ready_host)
            if answer == "":
                self.output.write(self.plan.panel)
                return
            if time.monotonic() > late:
                self.output.write(f"!!! not ready yet: {answer}")
                late = float("inf")
            time.sleep(0.1)


def _ask_ready(url: str, host: str) -> str:
    """Empty when `url` answers 200; else why not."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}", headers={"Host": host})
        response = connection.getresponse()
        body = response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()
    return "" if response.status == 200 else body


def main(descriptor: int) -> int:
    """Run the plan in the open file `descriptor`."""
    with open(descriptor) as file:
        plan = Plan.load(file.read())
    if plan.database_dir:
        from common.postgres import server

        server.adopt(plan.database_dir, plan.database_lock)
    return Supervisor(plan).run()


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[2])
    # Not sys.exit, which would wait to flush into a terminal that is paused.
    os._exit(main(int(sys.argv[1])))
