"""The floor is tried on a small site of its own (`tests.common.urls`)."""

from __future__ import annotations

import pytest
from django.db import connection
from rest_framework.test import APIClient

from tests.common import urls


@pytest.fixture(autouse=True)
def _small_site(settings, monkeypatch):
    settings.ROOT_URLCONF = "tests.common.urls"
    monkeypatch.setattr(urls.CreateView, "calls", [])


@pytest.fixture
def client() -> APIClient:
    """A client that gets the answer to an unexpected exception instead of the exception."""
    return APIClient(raise_request_exception=False)


@pytest.fixture
def no_jobs(transactional_db):
    """An empty queue, before and after: Django does not know procrastinate's tables well enough to empty them."""

    def clear() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
            cursor.execute("DELETE FROM procrastinate_workers")

    clear()
    yield
    clear()
