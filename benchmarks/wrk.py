"""wrk: finding it, running it, reading what it prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).parent / "requests.lua"
POSTS = Path(__file__).parent / "posts.lua"
THREADS = 2  # the script counts on it
MISSING = "wrk is not installed: apt-get install wrk (Debian, Ubuntu) or brew install wrk (macOS)."


class Missing(Exception):
    """There is no wrk, and it could not be installed."""


class NothingAnswered(ValueError):
    """Not one answer came within the time."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of wrk found. Times in milliseconds.

    Attributes:
        refused: answers of status 400 and above.
        broken: connections that failed or timed out.
        repeated: whether paths came round a second time, so that the work was no longer cold.
    """

    per_second: float
    p50: float
    p99: float
    slowest: float
    bytes: float
    requests: int
    refused: int
    broken: int
    repeated: bool


def find() -> str:
    """The program; installed first where that is possible without asking anybody.

    Raises:
        Missing
    """
    if not shutil.which("wrk") and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-q", "wrk"], capture_output=True, check=False)
    found = shutil.which("wrk")
    if not found:
        raise Missing(MISSING)
    return found


def parse(output: str, paths: int) -> Run:
    """Read what our script made wrk print.

    Raises:
        ValueError: there is no such line.
        NothingAnswered: not one answer.
    """
    lines = [line for line in output.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise ValueError(f"wrk said nothing usable:\n{output}")
    found = json.loads(lines[-1].removeprefix("RESULT "))
    if not found["requests"]:
        raise NothingAnswered(f"nothing was answered:\n{output}")
    return Run(
        per_second=found["requests"] / found["microseconds"] * 1e6,
        p50=found["p50_us"] / 1000,
        p99=found["p99_us"] / 1000,
        slowest=found["max_us"] / 1000,
        bytes=found["bytes"] / found["requests"],
        requests=found["requests"],
        refused=found["refused"],
        broken=found["connect"] + found["read"] + found["write"] + found["timeout"],
        repeated=found["asked"] > paths,
    )


def run(
    url: str,
    paths: Sequence[str],
    *,
    first: int = 0,
    seconds: float = 5,
    connections: int = 16,
    headers: Mapping[str, str] | None = None,
) -> Run:
    """Ask for the paths, from number `first` on, for so many seconds.

    Raises:
        Missing, ValueError
    """
    program = find()
    given = [part for pair in (headers or {}).items() for part in pair]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(paths))
        file.flush()
        done = subprocess.run(
            [program, f"-t{THREADS}", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s",
             "-s", str(SCRIPT), url, "--", file.name, str(first), *given],
            capture_output=True, text=True, check=False, timeout=seconds + 60,
        )  # fmt: skip
    return parse(done.stdout + done.stderr, len(paths))


def post(
    url: str, path: str, bodies: Sequence[str], *, seconds: float = 5, connections: int = 16
) -> Run:
    """Post the bodies in random order for so many seconds, each with an Idempotency-Key of its own.

    Raises:
        Missing, ValueError
    """
    program = find()
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(bodies))
        file.flush()
        done = subprocess.run(
            [program, f"-t{THREADS}", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s",
             "-s", str(POSTS), url, "--", path, file.name],
            capture_output=True, text=True, check=False, timeout=seconds + 60,
        )  # fmt: skip
    return parse(done.stdout + done.stderr, 1)
