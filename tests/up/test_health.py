"""`/livez` and `/readyz`."""

import pytest
from django.db import OperationalError, connection

from common import health


@pytest.fixture(autouse=True)
def _look_again(monkeypatch):
    monkeypatch.setattr(health, "_migrated", False)


def _worker(seconds_ago: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - make_interval(secs => %s))",
            [seconds_ago],
        )


def _problem(response) -> tuple[int, str, str]:
    assert response["Content-Type"] == "application/problem+json"
    assert int(response["Retry-After"]) > 0
    body = response.json()
    return response.status_code, body["code"], body["errors"][0]["code"]


def test_livez_asks_no_database(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = client.get("/livez")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})
    assert response["Cache-Control"] == "no-store"


def test_readyz(client, db):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["checks"] == {"database": "ok", "migrations": "ok"}


def test_after_the_first_yes_migrations_are_not_looked_at_again(
    client, db, django_assert_num_queries
):
    client.get("/readyz")
    with django_assert_num_queries(1):
        assert client.get("/readyz").status_code == 200


def test_an_unapplied_migration_is_not_ready(client, db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'procrastinate'")
    assert _problem(client.get("/readyz")) == (503, "not_ready", "migrations_not_ready")


def test_a_dead_database_is_not_ready_but_alive(client, monkeypatch):
    def refuse(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", refuse)
    assert _problem(client.get("/readyz")) == (503, "not_ready", "database_not_ready")
    assert client.get("/livez").status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (50, 200), (70, 503)])
def test_a_worker_must_have_sent_a_heartbeat_within_a_minute(client, db, seconds, status):
    _worker(seconds)
    assert client.get("/readyz?worker=1").status_code == status


def test_without_a_worker_only_those_who_ask_for_one_are_refused(client, db):
    assert _problem(client.get("/readyz?worker=1")) == (503, "not_ready", "worker_not_ready")
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_only_reading(client, db, path):
    response = client.post(path)
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert response["Content-Type"] == "application/problem+json"
    assert client.head(path).status_code == 200
