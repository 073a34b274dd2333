"""Production refuses what would be unsafe there, in one sentence that names the variable.

Settings are read once, at start, so each case is a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ecommerce import guards

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-of-forty-four-characters-0123456789"
SAFE = {
    "DATABASE_URL": "postgres://nexus@db.invalid/nexus",
    "SECRET_KEY": SECRET,
    "ALLOWED_HOSTS": "shop.example",
    "PUBLIC_URL": "https://shop.example",
    "CHAPA_SECRET_KEY": "CHASECK-abcdefghijklmnopqrstuvwxyz012345",
    "CHAPA_WEBHOOK_SECRET": "a-secret-hash",
    # Empty rather than absent, so that a developer's .env cannot fill them in.
    "CHAPA_PUBLIC_KEY": "",
    "CHAPA_BASE_URL": "https://api.chapa.co/v1",
    "CHAPA_MODE": "live",
    "DEBUG": "off",
    "RATE_LIMITS": "on",
    "EMAIL_URL": "",
    "MEDIA_STORAGE_URL": "",
    "SENTRY_DSN": "",
    "PORT": "8000",
}
TEST_KEYS = {
    "CHAPA_SECRET_KEY": "CHASECK_TEST-abcdefghijklmnopqrstuvwxyz0123",
    "CHAPA_PUBLIC_KEY": "CHAPUBK_TEST-abcdefghijklmnopqrstuvwxyz0123",
}


def run(arguments: list[str], data_dir: Path, **environment: str) -> subprocess.CompletedProcess:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**kept, **SAFE, "NEXUS_DATA_DIR": str(data_dir), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def read_settings(data_dir: Path, show: str = "", **environment: str):
    """What `show` is after reading the settings as a program would, or the refusal."""
    code = (
        "from ecommerce.guards import one_sentence\n"
        "with one_sentence():\n"
        "    from ecommerce import settings as s\n"
        f"print(({show or repr('')}))"
    )
    return run(["-c", code], data_dir, **environment)


REFUSED = {
    "no secret": ({"SECRET_KEY": ""}, "SECRET_KEY"),
    "short secret": ({"SECRET_KEY": SECRET[:31]}, "SECRET_KEY"),
    "monotonous secret": ({"SECRET_KEY": "s" * 60}, "SECRET_KEY"),
    "no hosts": ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
    "no address": ({"PUBLIC_URL": ""}, "PUBLIC_URL"),
    "simulator": ({"CHAPA_BASE_URL": "http://127.0.0.1:8100/v1"}, "CHAPA_BASE_URL"),
    "simulator over TLS": ({"CHAPA_BASE_URL": "https://chapa.internal/v1"}, "CHAPA_BASE_URL"),
    "Chapa without TLS": ({"CHAPA_BASE_URL": "http://api.chapa.co/v1"}, "CHAPA_BASE_URL"),
    "no webhook secret": ({"CHAPA_WEBHOOK_SECRET": ""}, "CHAPA_WEBHOOK_SECRET"),
    "no Chapa key": ({"CHAPA_SECRET_KEY": ""}, "CHAPA_SECRET_KEY"),
    "test key": ({"CHAPA_SECRET_KEY": TEST_KEYS["CHAPA_SECRET_KEY"]}, "CHAPA_SECRET_KEY"),
    "test public key": ({"CHAPA_PUBLIC_KEY": TEST_KEYS["CHAPA_PUBLIC_KEY"]}, "CHAPA_PUBLIC_KEY"),
    "live key in test mode": ({"CHAPA_MODE": "test"}, "CHAPA_SECRET_KEY"),
    "live public key in test mode": (
        {**TEST_KEYS, "CHAPA_MODE": "test", "CHAPA_PUBLIC_KEY": "CHAPUBK-abcdefghijklmnopqrst"},
        "CHAPA_PUBLIC_KEY",
    ),
    "simulator's key": (
        {"CHAPA_MODE": "test", "CHAPA_SECRET_KEY": "CHASECK_TEST-SIM0123456789abcdef"},
        "CHAPA_SECRET_KEY",
    ),
    "unknown mode": ({"CHAPA_MODE": "prod"}, "CHAPA_MODE"),
    "no limits": ({"RATE_LIMITS": "off"}, "RATE_LIMITS"),
    "not PostgreSQL": ({"DATABASE_URL": "mysql://db.invalid/nexus"}, "DATABASE_URL"),
    "no URL at all": ({"DATABASE_URL": "nexus"}, "DATABASE_URL"),
    "not a number": ({"PORT": "eighty"}, "PORT"),
    "unknown storage": ({"MEDIA_STORAGE_URL": "ftp://files"}, "MEDIA_STORAGE_URL"),
}  # fmt: skip


@pytest.mark.parametrize(("environment", "variable"), REFUSED.values(), ids=REFUSED)
def test_production_refuses(environment, variable, tmp_path):
    done = read_settings(tmp_path, **environment)

    assert done.returncode == 1
    assert done.stderr.startswith("Nexus cannot start: ")
    assert done.stderr.count("\n") == 1
    assert variable in done.stderr
    given = {**SAFE, **environment}
    for name in ("SECRET_KEY", "CHAPA_SECRET_KEY", "CHAPA_PUBLIC_KEY", "CHAPA_WEBHOOK_SECRET"):
        assert not given[name] or given[name] not in done.stderr, "a refusal prints no secret"


def test_a_safe_production_starts(tmp_path):
    done = read_settings(tmp_path, "s.PRODUCTION, s.SESSION_COOKIE_SECURE, s.DEBUG", **SAFE)

    assert done.stdout.strip() == "(True, True, False)", done.stderr


def test_djangos_own_deployment_checks_find_nothing(tmp_path):
    done = run(["manage.py", "check", "--deploy", "--fail-level", "WARNING"], tmp_path)

    assert done.returncode == 0, done.stderr


def test_a_demonstration_shop_starts_with_test_keys(tmp_path):
    done = read_settings(tmp_path, "s.PRODUCTION", **TEST_KEYS, CHAPA_MODE="test")

    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["manage.py", "migrate"],
        ["-m", "gunicorn", "ecommerce.wsgi:application"],
    ],
    ids=" ".join,
)
def test_the_program_prints_one_sentence(command, tmp_path):
    done = run(command, tmp_path, ALLOWED_HOSTS="")

    assert done.returncode == 1
    expected = "Nexus cannot start: ALLOWED_HOSTS must name the host names this shop answers to.\n"
    assert done.stderr == expected


# --- Development --------------------------------------------------------------------------------


def test_without_a_database_url_it_is_development(tmp_path):
    done = read_settings(
        tmp_path,
        "s.PRODUCTION, len(s.SECRET_KEY) > 40, s.ALLOWED_HOSTS, s.PUBLIC_URL",
        DATABASE_URL="", SECRET_KEY="", ALLOWED_HOSTS="", PUBLIC_URL="", PORT="8123",
    )  # fmt: skip

    loopback = ["127.0.0.1", "localhost", "[::1]"]
    assert done.stdout.strip() == str((False, True, loopback, "http://127.0.0.1:8123")), done.stderr


def test_debug_makes_it_development_with_a_real_database(tmp_path):
    done = read_settings(tmp_path, "s.PRODUCTION", DEBUG="on", SECRET_KEY="", ALLOWED_HOSTS="")

    assert done.stdout.strip() == "False", done.stderr


def test_named_hosts_join_loopback_in_development(tmp_path):
    done = read_settings(tmp_path, "s.ALLOWED_HOSTS", DATABASE_URL="", ALLOWED_HOSTS="laptop.lan")

    assert done.stdout.strip() == "['laptop.lan', '127.0.0.1', 'localhost', '[::1]']", done.stderr


def test_importing_the_settings_starts_no_database(tmp_path):
    code = "import django; django.setup(); from ecommerce import urls, wsgi"
    done = run(["-c", code], tmp_path, DATABASE_URL="", DJANGO_SETTINGS_MODULE="ecommerce.settings")

    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"secret_key", "mail", "sms"}


def test_a_query_does_start_it(tmp_path):
    """The control of the test above: the same process, and one query."""
    code = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "connection.ensure_connection()"
    )
    done = run(["-c", code], tmp_path, DATABASE_URL="", DJANGO_SETTINGS_MODULE="ecommerce.settings")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "postgres" / "cluster" / "PG_VERSION").exists()


def test_processes_that_start_at_once_agree_on_a_secret(tmp_path):
    def read(_: int) -> str:
        return read_settings(tmp_path, "s.SECRET_KEY", DATABASE_URL="", SECRET_KEY="").stdout

    with ThreadPoolExecutor(6) as pool:
        secrets = set(pool.map(read, range(6)))

    assert len(secrets) == 1
    assert len(secrets.pop().strip()) >= guards.SECRET_KEY_CHARACTERS
    path = tmp_path / "secret_key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret_key"], "no draft is left"


# --- The database -------------------------------------------------------------------------------


def database(url: str) -> dict:
    return guards.database(url, data_dir=Path("/nowhere"), conn_max_age=600)


@pytest.mark.parametrize(
    ("url", "sslmode"),
    [
        ("postgres://nexus:pw@db.example/nexus", "require"),
        ("postgres://nexus:pw@10.0.0.5:5433/nexus", "require"),
        ("postgres://nexus:pw@db.example/nexus?sslmode=verify-full", "verify-full"),
        ("postgres://nexus:pw@db/nexus?sslmode=disable", "disable"),
        ("postgres://nexus:pw@localhost/nexus", None),
        ("postgres://nexus:pw@127.0.0.1/nexus", None),
        ("postgres://nexus:pw@[::1]/nexus", None),
        ("postgres://nexus@%2Fvar%2Frun%2Fpostgresql/nexus", None),
        ("postgres:///nexus?host=/var/run/postgresql", None),
        ("postgres:///nexus?host=db.example", "require"),
        ("postgres://nexus:pw@localhost.example/nexus", "require"),
    ],
)
def test_ssl_is_required_unless_local_or_told_otherwise(url, sslmode):
    assert database(url)["OPTIONS"].get("sslmode") == sslmode


def test_connections_are_kept_and_checked():
    config = database("postgres://nexus:pw@db.example/nexus")

    assert config["CONN_MAX_AGE"] == 600
    assert config["CONN_HEALTH_CHECKS"] is True
    assert "statement_timeout" in config["OPTIONS"]["options"]


def test_no_url_is_the_embedded_server():
    assert database("")["ENGINE"] == "common.postgres"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("CHASECK_TEST-abc", True),
        ("CHAPUBK_TEST-abc", True),
        ("CHASECK-abcSIM_TESTx", False),
        ("CHAPUBK-abc", False),
    ],
)
def test_the_mode_of_a_key_is_its_prefix(key, expected):
    assert guards.is_test_key(key) is expected
