"""The supervisor with small children instead of a shop."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from ecommerce.management.supervisor import Child, Plan
from tests.postgres.conftest import alive, eventually
from tests.shop import ROOT

OBEDIENT = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {OBEDIENT}"


@pytest.fixture
def supervise(tmp_path):
    """Start the supervisor with these programs; its output goes to a file."""
    processes = []

    def start(*programs: tuple[str, str], stop_seconds: float = 1.0):
        plan = Plan(
            children=[
                Child(name, [sys.executable, "-c", code], {"CHILD": name}, stop_seconds)
                for name, code in programs
            ],
            ready_url="http://127.0.0.1:9/readyz?worker=1",
            ready_host="127.0.0.1",
            panel="the panel",
        )
        file = tmp_path / "plan.json"
        file.write_text(plan.dump())
        log = tmp_path / "log"
        fd = os.open(file, os.O_RDONLY)
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "ecommerce.management.supervisor", str(fd)],
                cwd=ROOT,
                stdout=out,
                stderr=out,
                pass_fds=[fd],
            )
        os.close(fd)
        processes.append(process)
        return process, log

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_lines_carry_the_name_of_their_process_and_no_colours_in_a_file(supervise):
    process, log = supervise(("web", OBEDIENT), ("worker", OBEDIENT))
    assert eventually(lambda: {"web    | up", "worker | up"} <= set(log.read_text().splitlines()))
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert "\x1b" not in log.read_text()


def test_children_that_ignore_the_first_signal_are_killed(supervise):
    process, log = supervise(("web", STUBBORN), stop_seconds=0.5)
    assert eventually(lambda: "| up" in log.read_text())
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert time.monotonic() - started < 5
    assert "!!! web does not stop: killed" in log.read_text()


def test_a_second_ctrl_c_does_not_wait(supervise):
    process, log = supervise(("web", STUBBORN), ("worker", STUBBORN), stop_seconds=60)
    assert eventually(lambda: log.read_text().count("| up") == 2)
    process.send_signal(signal.SIGINT)
    assert eventually(lambda: "Stopping" in log.read_text())
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130


def test_a_child_that_always_crashes_ends_it_all(supervise):
    process, log = supervise(
        ("web", OBEDIENT), ("worker", "import sys; print('no such table'); sys.exit(3)")
    )
    assert process.wait(60) == 1
    text = log.read_text()
    assert text.count("!!! worker ended by itself (exit code 3)") == 5
    assert "!!! worker ended by itself (exit code 3); giving up" in text
    assert "!!!   no such table" in text
    assert "Stopped." in text


def test_children_end_with_a_killed_supervisor(supervise):
    code = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
    process, log = supervise(("web", code))
    assert eventually(lambda: "pid" in log.read_text())
    child = int(log.read_text().split()[-1])
    assert alive(child)
    process.kill()
    assert eventually(lambda: not alive(child), 5)


def test_a_plan_survives_its_trip():
    plan = Plan([Child("web", ["a", "b"], {"K": "V"}, 1.5)], "http://x/y?z=1", "h", "panel", "/d")
    assert Plan.load(plan.dump()) == plan
    assert json.loads(plan.dump())["database_dir"] == "/d"
