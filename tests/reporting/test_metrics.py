"""The doctor's findings as gauges."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from reporting import metrics
from reporting.doctor import INVARIANTS
from reporting.models import Examination
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/api/metrics/"


def gauges(api) -> dict[str, float]:
    api.force_authenticate(factories.staff())
    answer = api.get(URL)
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["Cache-Control"] == "private, no-store"
    lines = answer.content.decode().splitlines()
    return {
        name: float(value)
        for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    }


def test_before_the_first_round_nothing_is_said_of_invariants(api):
    assert not any("invariant" in name for name in gauges(api))


def test_a_broken_invariant_is_seen(api):
    factories.place()
    metrics.keep_examination()
    healthy = gauges(api)
    named = {re.search(r'"(.*)"', name).group(1) for name in healthy if "violations" in name}
    assert named == set(INVARIANTS)
    assert sum(value for name, value in healthy.items() if "violations" in name) == 0
    assert healthy["nexus_orders_waiting_for_money"] == 1

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM orders_orderevent")
    metrics.keep_examination()
    broken = gauges(api)
    assert broken['nexus_invariant_violations{invariant="an order\'s last move is its state"}'] == 1
    assert broken["nexus_examined_timestamp_seconds"] >= healthy["nexus_examined_timestamp_seconds"]


def test_old_findings_go(api):
    Examination.objects.create(began_at="2020-01-01T00:00Z", ended_at="2020-01-01T00:01Z")
    metrics.keep_examination()
    assert Examination.objects.count() == 1


def test_reading_takes_as_many_statements_for_any_number(api, django_assert_num_queries):
    metrics.keep_examination()
    with django_assert_num_queries(2):
        metrics.exposition()
    for _ in range(3):
        factories.place()
    metrics.keep_examination()
    with django_assert_num_queries(2):
        metrics.exposition()


def test_strangers_and_customers_see_nothing(api, permit):
    assert api.get(URL).status_code == 401
    api.force_authenticate(factories.user())
    assert api.get(URL).status_code == 403


def test_it_is_done_every_hour():
    assert "reporting.examine" in app.tasks
