"""A whole shop as a stranger starts it: `manage.py up` on free ports, with real processes to talk to and to kill."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import httpx

# What a developer's own shell or CI may have set; the shop of a test is the one that a stranger would get.
SETTINGS = {
    "ALLOWED_HOSTS", "CORS_ALLOWED_ORIGINS", "CSRF_TRUSTED_ORIGINS", "DATABASE_DIRECT_URL", "DATABASE_URL", "DEBUG",
    "EMAIL_URL", "FRONTEND_URL", "PUBLIC_URL", "REDIS_URL", "SECRET_KEY", "SENTRY_DSN", "SMS_URL",
}  # fmt: skip
ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Shop:
    """One running shop with a data folder of its own."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CHAPA", "NEXUS", "DJANGO")) and name not in SETTINGS
        }
        self.environment = {
            **kept, "PORT": str(self.port), "NEXUS_DATA_DIR": str(data_dir), "RATE_LIMITS": "off", **environment,
        }  # fmt: skip
        self.log = data_dir / "up.log"
        self.http = httpx.Client(
            base_url=self.url, timeout=30, limits=httpx.Limits(max_connections=100)
        )

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"], cwd=ROOT, env=self.environment,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            self.wait_until_ready()
        except BaseException:
            os.killpg(
                self.process.pid, signal.SIGKILL
            )  # nobody would stop it: the fixture gets no shop
            raise
        development = self.http.get("/api/dev/").json()
        self.simulator = httpx.Client(
            base_url=development["simulator_url"],
            headers={"X-Sim-Token": development["simulator_token"]},
            timeout=30,
        )
        self.logins = json.loads((self.data_dir / "credentials.json").read_text())

    def wait_until_ready(self, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(
                    f"up ended with {self.process.returncode}:\n{self.log.read_text()}"
                )
            try:
                if httpx.get(f"{self.url}/readyz?worker=1", timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"not ready after {seconds} s:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command beside the running shop, as somebody would type it."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    # --- its processes --------------------------------------------------------------------------

    def pids(self, word: str) -> list[int]:
        """Processes of this shop whose command line holds `word` (gunicorn, worker, postgres)."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
                environment = (entry / "environ").read_bytes()
            except (OSError, ValueError):
                continue
            mine = str(self.data_dir).encode() in environment or str(self.data_dir) in command
            if word in command and mine and "tests/" not in command:
                found.append(int(entry.name))
        return sorted(found)

    def kill(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def postmaster(self) -> int:
        """The process id of its PostgreSQL, once it has one."""
        deadline = time.monotonic() + 20
        while True:
            for path in self.data_dir.glob("postgres/**/postmaster.pid"):
                with contextlib.suppress(OSError, IndexError):
                    return int(path.read_text().splitlines()[0])
            assert time.monotonic() < deadline, "no PostgreSQL"
            time.sleep(0.05)

    # --- its customers --------------------------------------------------------------------------

    def sign_in(self, who: str) -> dict[str, str]:
        """Headers of the demo `customer` or `staff`."""
        answer = self.http.post("/api/auth/login/", json=self.logins[who])
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access']}"}

    def product(self, stock: int, price: str = "100.00") -> dict:
        """A new product on sale."""
        answer = self.http.post(
            "/api/products/",
            json={
                "name": f"Test {uuid.uuid4().hex[:8]}",
                "price": price,
                "stock": stock,
                "is_published": True,
            },
            headers=self.sign_in("staff"),
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def checkout(
        self, *items: dict, key: str | None = None, client: httpx.Client | None = None
    ) -> httpx.Response:
        """A guest's checkout."""
        return (client or self.http).post(
            "/api/orders/checkout/",
            json={
                "items": list(items), "phone": "0911234567",
                "shipping_address": {"name": "Hana", "city": "Addis Ababa", "landmark": "Edna Mall"},
            },
            headers={"Idempotency-Key": key or uuid.uuid4().hex},
        )  # fmt: skip

    def pay(self, order: dict) -> dict:
        """Start a payment for a guest's order."""
        answer = self.http.post(
            f"/api/orders/{order['id']}/payments/",
            json={"method": "chapa"},
            headers={"X-Order-Token": order["order_token"]},
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def approve(self, payment: dict, outcome: str = "success") -> httpx.Response:
        """What the customer does at the gateway."""
        return self.simulator.post(
            f"/_sim/transactions/{payment['reference']}/pay", json={"outcome": outcome}
        )

    def order(self, order: dict) -> dict:
        """Read a guest's order."""
        answer = self.http.get(
            f"/api/orders/{order['id']}/", headers={"X-Order-Token": order["order_token"]}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait_for(self, order: dict, status: str, seconds: float = 20) -> dict:
        """Read a guest's order until it has that status."""
        deadline = time.monotonic() + seconds
        while (read := self.order(order))["status"] != status:
            assert time.monotonic() < deadline, f"still {read['status']}: {read}"
            time.sleep(0.2)
        return read

    def doctor(self) -> str:
        """The doctor's verdict; fails the test when an invariant is broken."""
        return self.manage("doctor").stdout
