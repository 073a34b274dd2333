"""Web processes of a test: what each of them would answer, with a memory of its own."""

from __future__ import annotations

from contextlib import contextmanager

from django.db import connection
from rest_framework.test import APIClient

from catalog.reads import freshness, store
from catalog.reads.store import Memory


class Process:
    """What one web process would answer: with a memory of its own, kept from one read to the next."""

    def __init__(self, monkeypatch):
        self.memory, self.shared, self.monkeypatch = Memory(), None, monkeypatch

    @contextmanager
    def running(self):
        self.monkeypatch.setattr(store, "MEMORY", self.memory)
        self.monkeypatch.setattr(freshness, "_known", self.shared)
        yield
        self.shared = freshness._known

    def get(self, url, **headers):
        with self.running():
            answer = APIClient().get(url, headers=headers)
        assert answer.status_code in {200, 404}, answer.content
        return answer


URLS = (
    "/api/products/", "/api/products/?category=coffee&ordering=price", "/api/products/?min_price=1&ordering=name",
    "/api/products/sidamo/",
)  # fmt: skip


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def look(processes, **headers):
    """Every address, read in every process; both agree, and a second read does as well."""
    found = {}
    for url in URLS:
        answers = [process.get(url, **headers) for process in (*processes, *processes)]
        bodies = {answer.content if answer.status_code == 200 else b"none" for answer in answers}
        assert len(bodies) == 1, url
        found[url] = bodies.pop().decode()
    return found
