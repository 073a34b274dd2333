"""What the server is like, and where it can live."""

import os
import stat

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.utils import ConnectionHandler
from procrastinate.contrib.django.utils import connector_params

from common.postgres import server


def test_amharic_has_trigrams(data_dir):
    info = server.ensure_running(data_dir)
    with psycopg.connect(info.dsn) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        row = connection.execute(
            "SELECT cardinality(show_trgm('ጫማ')), similarity('ጫማ', 'ጫማዎች') > 0.3,"
            " lower('ÉTÉ'), current_setting('server_encoding'), current_setting('fsync')"
        ).fetchone()
    assert row == (3, True, "été", "UTF8", "on")


def test_the_shop_is_no_superuser_and_nobody_listens_on_the_network(data_dir):
    info = server.ensure_running(data_dir)
    with psycopg.connect(info.dsn) as connection:
        row = connection.execute(
            "SELECT current_user::text, usesuper, usecreatedb,"
            " current_setting('listen_addresses'), current_setting('unix_socket_permissions')"
            " FROM pg_user WHERE usename = current_user"
        ).fetchone()
    assert row == ("nexus", False, True, "", "0700")
    assert stat.S_IMODE(os.stat(info.host).st_mode) == 0o700


def test_a_data_directory_with_a_long_path(tmp_path):
    long = tmp_path / ("a" * 100) / ("b" * 100)
    info = server.ensure_running(long)
    try:
        assert len(info.host) < 90
        with psycopg.connect(info.dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert stat.S_IMODE(os.stat(info.host).st_mode) == 0o700
    finally:
        server.release(long)
    assert not os.path.exists(info.host)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down to another user")
def test_below_a_closed_directory_as_root(tmp_path):
    """PostgreSQL runs as another user, who may enter without the door being opened to all."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data_dir = closed / "nexus" / "postgres"
    info = server.ensure_running(data_dir)
    try:
        with psycopg.connect(info.dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert (data_dir / "cluster").stat().st_uid != 0
    finally:
        server.release(data_dir)


def test_djangos_test_database_lives_on_it(db):
    if connection.settings_dict["ENGINE"] != "common.postgres":
        pytest.skip("DATABASE_URL is set")
    assert connection.settings_dict["NAME"].startswith("test_nexus")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_setting('server_encoding')")
        assert cursor.fetchone() == (connection.settings_dict["NAME"], "UTF8")


def test_the_worker_of_the_queue_gets_everything_it_needs_to_connect(db):
    """Procrastinate builds its own connections from Django's parameters."""
    params = connector_params()
    with psycopg.connect(**params) as own:
        assert own.execute("SELECT current_database()").fetchone() == (params["dbname"],)


def test_without_the_wheel_one_sentence_names_the_way_out(data_dir, monkeypatch, django_db_blocker):
    monkeypatch.setattr(server.importlib.util, "find_spec", lambda name: None)
    handler = ConnectionHandler(
        {"default": {"ENGINE": "common.postgres", "NAME": "nexus", "DATA_DIR": str(data_dir)}}
    )
    with django_db_blocker.unblock(), pytest.raises(ImproperlyConfigured, match="set DATABASE_URL"):
        handler["default"].ensure_connection()
    assert not data_dir.exists()


def test_a_server_that_cannot_start_says_why(data_dir, monkeypatch, django_db_blocker):
    """A cluster of another version, for example."""
    server.ensure_running(data_dir)
    server.release(data_dir)
    (data_dir / "cluster" / "PG_VERSION").write_text("12\n")
    with pytest.raises(server.DidNotStart, match="incompatible"):
        server.ensure_running(data_dir)
    server.release(data_dir)
