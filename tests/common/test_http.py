"""Who called, under which id, and which address a link gets."""

from __future__ import annotations

import uuid

import pytest
from django.test import RequestFactory

from common.http import client_address, public_url
from common.ids import CROCKFORD, readable_code, uuid7


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, None, "10.0.0.1"),
        (0, "6.6.6.6", "10.0.0.1"),
        (1, None, "10.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6,7.7.7.7,203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        (2, "10.9.9.9", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_our_own_proxies_are_believed(settings, hops, forwarded, expected):
    settings.TRUSTED_PROXY_HOPS = hops
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", **extra)

    assert client_address(request) == expected


@pytest.mark.parametrize("given", ["0123456789abcdef", "front-end_0001-AbCd", "a" * 64])
def test_a_well_formed_request_id_is_kept(client, given):
    response = client.get("/api/echo/", HTTP_X_REQUEST_ID=given)

    assert response["X-Request-ID"] == response.json()["id"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "with space 0123456", "new\nline0123456789", "é" * 20]
)
def test_any_other_is_replaced(client, given):
    response = client.get("/api/echo/", HTTP_X_REQUEST_ID=given)

    assert response["X-Request-ID"] == response.json()["id"] != given
    assert uuid.UUID(response["X-Request-ID"]).version == 7


def test_each_request_has_its_own(client):
    assert len({client.get("/api/echo/")["X-Request-ID"] for _ in range(20)}) == 20


@pytest.mark.django_db
def test_links_never_follow_the_host_header(client, settings):
    settings.PUBLIC_URL = "https://shop.example"
    settings.ALLOWED_HOSTS = ["*"]

    assert public_url("/pay/") == "https://shop.example/pay/"
    page = client.get("/api/counters/?page=2", HTTP_HOST="evil.example").json()
    assert page["previous"] == "https://shop.example/api/counters/?page=1"


def test_a_probe_may_come_by_address(client, settings):
    settings.ALLOWED_HOSTS = ["shop.example"]

    assert client.get("/livez", HTTP_HOST="10.0.0.7:8000").status_code == 200
    assert client.get("/api/echo/", HTTP_HOST="10.0.0.7:8000").status_code == 400


@pytest.mark.django_db
def test_ready_with_a_database(client):
    assert client.get("/readyz").json() == {
        "status": "ready", "checks": {"database": "ok", "migrations": "ok"}
    }  # fmt: skip


@pytest.mark.django_db
def test_not_ready_without_a_worker(client):
    response = client.get("/readyz?worker=1")

    assert response.status_code == 503
    assert response.json()["errors"][0]["code"] == "worker_not_ready"
    assert response["Retry-After"]


def test_ids_are_ordered_by_time_and_readable():
    made = [uuid7() for _ in range(200)]
    assert len(set(made)) == 200
    assert all(one.version == 7 for one in made)

    assert set(readable_code(2000)) == set(CROCKFORD)
    assert len(readable_code()) == 8


@pytest.mark.django_db
def test_busy_is_a_warning_with_the_requests_id_and_no_error(client, caplog):
    response = client.get("/api/refuse/unavailable/")

    assert response.status_code == 503
    about_it = [record for record in caplog.records if "503" in record.getMessage()]
    assert [record.levelname for record in about_it] == ["WARNING"]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
