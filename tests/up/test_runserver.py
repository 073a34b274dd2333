"""The classic two commands, `migrate` and `runserver`, make a working shop too."""

import os
import signal
import subprocess
import sys

import httpx
import pytest

from tests.postgres.conftest import eventually
from tests.shop import ROOT, Shop, free_port

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Migrated once."""
    found = tmp_path_factory.mktemp("runserver")
    _manage(found, free_port(), "migrate", "--verbosity", "0").wait(120)
    return found


def _manage(data_dir, port: int, *arguments: str) -> subprocess.Popen[bytes]:
    shop = Shop(data_dir)
    environment = {**shop.environment, "PORT": str(port)}
    with (data_dir / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@pytest.mark.parametrize("options", [[], ["--noreload"]], ids=["reload", "noreload"])
def test_it_serves_works_and_can_be_paid_at(data_dir, options):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # The address on the command line wins over PORT, also in the links that the shop makes.
    process = _manage(data_dir, port + 1, "runserver", str(port), *options)
    try:
        assert eventually(lambda: _answers(f"{url}/readyz?worker=1"), 60), (
            data_dir / "log"
        ).read_text()
        development = httpx.get(f"{url}/api/dev/").json()
        transactions = f"{development['simulator_url']}/_sim/transactions"
        token = {"X-Sim-Token": development["simulator_token"]}
        assert eventually(lambda: _answers(transactions, token))
        schema = httpx.get(f"{url}/api/docs", follow_redirects=True)
        assert schema.status_code == 200
    finally:
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does
        process.wait(20)
    shop = Shop(data_dir)
    assert eventually(lambda: shop.pids("") == [], 15)


def _answers(url: str, headers: dict[str, str] | None = None) -> bool:
    try:
        return httpx.get(url, headers=headers, timeout=10).status_code == 200
    except httpx.HTTPError:
        return False
