"""`kill -9` of anything: committed rows stay, and the next connection works."""

import os
import signal
import time

import psycopg
import pytest
from django.db.utils import ConnectionHandler

from common.postgres import server
from tests.postgres.conftest import alive, eventually, keeper_pid, kill_everything


@pytest.fixture
def connection(data_dir, django_db_blocker):
    """A Django connection as the settings make it, to a server of its own."""
    with django_db_blocker.unblock():
        handler = ConnectionHandler(
            {
                "default": {
                    "ENGINE": "common.postgres",
                    "NAME": "nexus",
                    "DATA_DIR": str(data_dir),
                    "CONN_MAX_AGE": 600,
                    "CONN_HEALTH_CHECKS": True,
                }
            }
        )
        yield handler["default"]
        handler["default"].close()


def new_request(connection) -> None:
    """What Django does at the start of each request."""
    connection.health_check_done = False
    connection.close_if_unusable_or_obsolete()


def count(connection) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept")
        return cursor.fetchone()[0]


@pytest.fixture
def kept(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (id int)")
        cursor.execute("INSERT INTO kept SELECT generate_series(1, 300)")
    assert count(connection) == 300
    return connection


def test_postmaster_killed(kept, data_dir):
    """The first connection after it waits for the recovery instead of failing."""
    other = psycopg.connect(server.ensure_running(data_dir).dsn)
    other.execute("INSERT INTO kept VALUES (0)")  # never committed
    old = server.postmaster_pid(data_dir)
    kept.close()
    started = time.monotonic()
    os.kill(old, signal.SIGKILL)
    assert count(kept) == 300
    assert time.monotonic() - started < 5
    assert server.postmaster_pid(data_dir) != old
    other.close()


def test_open_connection_survives_a_killed_postmaster(kept, data_dir):
    """Health checks replace it at the next request: no restart of the application."""
    old = server.postmaster_pid(data_dir)
    os.kill(old, signal.SIGKILL)
    assert eventually(lambda: server.postmaster_pid(data_dir) not in (None, old))
    new_request(kept)
    assert count(kept) == 300


def test_postmaster_killed_without_a_new_connection_comes_back_by_itself(kept, data_dir):
    """A worker's pool reconnects to the socket that it knows; nobody calls our backend again."""
    old = server.postmaster_pid(data_dir)
    os.kill(old, signal.SIGKILL)
    assert eventually(lambda: server.postmaster_pid(data_dir) not in (None, old))


def test_backend_killed(kept, data_dir):
    """PostgreSQL then ends every other connection too and recovers."""
    os.kill(kept.connection.info.backend_pid, signal.SIGKILL)
    new_request(kept)
    assert count(kept) == 300


def test_keeper_killed(kept, data_dir):
    keeper, postmaster = keeper_pid(data_dir), server.postmaster_pid(data_dir)
    os.kill(keeper, signal.SIGKILL)
    assert eventually(lambda: not alive(postmaster)), "no server without a keeper"
    new_request(kept)
    assert count(kept) == 300
    assert keeper_pid(data_dir) != keeper


def test_everything_killed_at_once(kept, data_dir, start_user):
    user = start_user()
    user.postmaster()
    kill_everything(data_dir)
    user.kill()
    new_request(kept)
    assert count(kept) == 300


def test_orphan_that_does_not_notice_its_server_is_gone(kept, data_dir):
    """A back end that computes does not look up: no second server may start beside it."""
    busy = psycopg.connect(server.ensure_running(data_dir).dsn, autocommit=True)
    orphan = busy.info.backend_pid
    busy.pgconn.send_query(b"DO $$ DECLARE n bigint := 0; BEGIN LOOP n := n + 1; END LOOP; END $$")
    time.sleep(0.2)
    os.kill(orphan, signal.SIGSTOP)  # stands for code that looks up nowhere
    killed = server.postmaster_pid(data_dir)
    os.kill(killed, signal.SIGKILL)
    assert eventually(lambda: server.postmaster_pid(data_dir) not in (None, killed), 20)
    assert not alive(orphan)
    info = server.ensure_running(data_dir)
    with psycopg.connect(info.dsn) as fresh:
        assert fresh.execute("SELECT count(*) FROM kept").fetchone()[0] == 300


def test_process_id_of_a_killed_server_taken_by_somebody_else(kept, data_dir):
    """After a machine's restart the pid in `postmaster.pid` may be anybody's."""
    kept.close()
    kill_everything(data_dir)
    places = server.Places(data_dir)
    assert eventually(lambda: server._is_locked(places.server_lock) is False)
    lines = places.pid_file.read_text().splitlines()
    places.pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    new_request(kept)
    assert count(kept) == 300


def test_killed_while_it_makes_the_cluster(data_dir, start_user):
    """Half a cluster is no cluster."""
    first = start_user()
    half = data_dir / "cluster.new"
    assert eventually(half.exists)
    kill_everything(data_dir)
    first.kill()
    assert start_user().postmaster()
    assert not half.exists()
