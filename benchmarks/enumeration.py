"""Does the time of an answer tell whether somebody has an account?

    python -m benchmarks.enumeration [--samples 500]

Starts a shop of its own (`manage.py up`, development, RATE_LIMITS=off) and asks each door about known and unknown people,
in random order, 500 times a side, over one connection. The stated rule: a door is *inside the noise* when the bootstrap
interval of the difference of medians holds zero; the intervals are so wide (99 % for the whole run) that a false alarm is
rare.
A benchmark that finds nothing must be able to find something: `benchmarks.leaky` serves the same shop with two doors that
leak on purpose, measured in the same run, and the run fails unless both are found out.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.statistics import Comparison, compare
from tests.shop import ROOT, Shop, free_port

RESULT = Path(__file__).parent / "results" / "enumeration.json"
PASSWORD = "seven goats on a hill"
PEOPLE = 40  # of each kind; used in turn, so that no one row is hot
WARM_UP = 20
FALSE_ALARM = 0.01  # for the whole run

MAKE_PEOPLE = """
import json
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from account.models import User
now, secret = timezone.now(), make_password({password!r})
kinds = {{
    "known": dict(email_verified_at=now),
    "waiting": dict(),
    "disabled": dict(email_verified_at=now, is_active=False),
    "passwordless": dict(email_verified_at=now, password="!"),
    "phoned": dict(phone_verified_at=now),
}}
for kind, fields in kinds.items():
    for n in range({people}):
        contact = dict(phone=f"+2519110{{n:05d}}") if kind == "phoned" else dict(email=f"{{kind}}{{n}}@buyers.example")
        User.objects.create(**{{"password": secret, **contact, **fields}})
"""


@dataclass(frozen=True, slots=True)
class Door:
    """One question: a path, and what is posted about somebody known and somebody unknown."""

    name: str
    path: str
    known: Callable[[int], dict[str, Any]]
    unknown: Callable[[int], dict[str, Any]]
    leaky: bool = False


def stranger() -> str:
    """An address that nobody has ever used, as long as those of the known."""
    return f"{uuid.uuid4().hex[:8]}@buyers.example"


def person(kind: str) -> Callable[[int], dict[str, Any]]:
    """The addresses of that kind, in turn."""
    return lambda n: {"email": f"{kind}{n % PEOPLE}@buyers.example"}


def login(kind: str) -> Callable[[int], dict[str, Any]]:
    return lambda n: {**person(kind)(n), "password": "not this one, no"}


def register(kind: str) -> Callable[[int], dict[str, Any]]:
    return lambda n: {**person(kind)(n), "password": PASSWORD}


def nobody(**more: Any) -> Callable[[int], dict[str, Any]]:
    return lambda n: {"email": stranger(), **more}


def number(known: bool, **more: Any) -> Callable[[int], dict[str, Any]]:
    return lambda n: {"phone": f"+251911{0 if known else 1}{n % PEOPLE:05d}", **more}


WRONG = {"password": "not this one, no"}
DOORS = [
    Door("login: verified", "/api/auth/login/", login("known"), nobody(**WRONG)),
    Door("login: not verified", "/api/auth/login/", login("waiting"), nobody(**WRONG)),
    Door("login: disabled", "/api/auth/login/", login("disabled"), nobody(**WRONG)),
    Door("login: without a password", "/api/auth/login/", login("passwordless"), nobody(**WRONG)),
    Door("register: verified", "/api/auth/register/", register("known"), nobody(password=PASSWORD)),
    Door("register: waiting", "/api/auth/register/", register("waiting"), nobody(password=PASSWORD)),
    Door("forgot: verified", "/api/auth/password/forgot/", person("known"), nobody()),
    Door("forgot: disabled", "/api/auth/password/forgot/", person("disabled"), nobody()),
    Door("resend: waiting", "/api/auth/verify-email/resend/", person("waiting"), nobody()),
    Door("phone code", "/api/auth/phone/code/", number(True), number(False)),
    Door("phone login", "/api/auth/phone/login/", number(True, code="000000"), number(False, code="000000")),
]  # fmt: skip
CONTROLS = [
    Door("control: login without a hash for strangers", "/api/auth/login/", login("known"), nobody(**WRONG), leaky=True),
    Door("control: forgot without a job for strangers", "/api/auth/password/forgot/", person("known"), nobody(), leaky=True),
]  # fmt: skip


def ask(http: httpx.Client, door: Door, body: dict[str, Any]) -> tuple[float, tuple[Any, ...]]:
    """Post once. Milliseconds, and everything else that an answer can tell."""
    began = time.perf_counter_ns()
    answer = http.post(door.path, json=body)
    took = (time.perf_counter_ns() - began) / 1e6
    told = re.sub(r'"request_id":"[^"]*"', "", answer.text)
    varying = {"date", "x-request-id"}
    headers = tuple(sorted((k, v) for k, v in answer.headers.items() if k not in varying))
    return took, (answer.status_code, told, headers)


def measure(http: httpx.Client, door: Door, samples: int, level: float) -> tuple[Comparison, bool]:
    """Both sides, interleaved at random; and whether text, status and headers were the same throughout."""
    dice = random.Random(door.name)
    times: dict[bool, list[float]] = {True: [], False: []}
    answers = set()
    gc.disable()
    for n in range(-WARM_UP, samples):
        for known in dice.sample([True, False], 2):
            body = (door.known if known else door.unknown)(n)
            took, told = ask(http, door, body)
            if n >= 0:
                times[known].append(took)
                answers.add(told)
    gc.enable()
    return compare(times[True], times[False], level=level), len(answers) == 1


@contextlib.contextmanager
def leaky(shop: Shop) -> Iterator[str]:
    """The same shop's leaky twin."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "-b", f"127.0.0.1:{port}",
         "benchmarks.leaky:application"],
        cwd=ROOT, env={**shop.environment, "PORT": str(port)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(150):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                    break
            time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def machine() -> dict[str, Any]:
    """Where this was measured."""
    model = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(": ")[2] for line in lines if "model name" in line), "")
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": model,
        "processors": os.cpu_count(),
        "load": [round(part, 2) for part in os.getloadavg()],
        "python": platform.python_version(),
    }


def main() -> int:
    """Measure, write, print. 1 when a door leaks, or when a control does not."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--samples", type=int, default=500, help="a side")
    options.add_argument("--only", default="", help="doors whose name holds this")
    given = options.parse_args()
    doors = [door for door in DOORS + CONTROLS if given.only in door.name]
    level = FALSE_ALARM / len(DOORS)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="nexus-enumeration-") as folder:
        shop = Shop(Path(folder), WEB_CONCURRENCY="1")
        shop.start()
        try:
            shop.manage("shell", "-c", MAKE_PEOPLE.format(password=PASSWORD, people=PEOPLE))
            with leaky(shop) as twin, httpx.Client(timeout=60) as http:
                for door in doors:
                    http.base_url = twin if door.leaky else shop.url
                    compared, same = measure(http, door, given.samples, level)
                    found[door.name] = {**compared.as_dict(), "same_answers": same}
                    print(line(door.name, found[door.name]), flush=True)
        finally:
            shop.stop()
    leaks = [n for n, one in found.items() if n in {d.name for d in DOORS} and not fine(one)]
    blind = [n for n, one in found.items() if n.startswith("control") and one["inside_the_noise"]]
    if not given.only:
        RESULT.write_text(json.dumps(
            {
                "measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(),
                "unit": "milliseconds", "samples_a_side": given.samples,
                "rule": f"inside the noise: the {1 - level:.2%} bootstrap interval of the difference of medians holds zero",
                "doors": found, "leaks": leaks, "blind_controls": blind,
            }, indent=2,
        ) + "\n")  # fmt: skip
    print(f"leaks: {leaks or 'none'}; controls that were not found out: {blind or 'none'}")
    return 1 if leaks or blind else 0


def fine(one: dict[str, Any]) -> bool:
    """Neither time nor anything else differs."""
    return bool(one["inside_the_noise"] and one["same_answers"])


def line(name: str, one: dict[str, Any]) -> str:
    """One row of the table."""
    low, high = one["interval"]
    verdict = "inside the noise" if one["inside_the_noise"] else "DIFFERENT"
    return (
        f"{name:45} {one['median_known']:8.2f} {one['median_unknown']:8.2f} ms"
        f"  MAD {one['mad_known']:.2f} {one['mad_unknown']:.2f}  ratio {one['ratio']:.4f}"
        f"  [{low:+.3f}, {high:+.3f}]  p {one['rank_p']:.3f}  {verdict}"
        f"{'' if one['same_answers'] else ', OTHER ANSWERS'}"
    )


if __name__ == "__main__":
    sys.exit(main())
