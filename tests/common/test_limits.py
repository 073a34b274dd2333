"""A limit of N lets exactly N through, however many come at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from common.json import StrictJSONParser
from common.limits import Limit, TooManyRequests, body_field, throttle
from common.models import RateCounter
from tests.common.urls import OpenView

HOURLY = Limit("log in", times=7, per=timedelta(hours=1))


@pytest.fixture
def middle_of_the_window(monkeypatch):
    """No test starts in one window and ends in the next."""
    now = (time.time() // 3600) * 3600 + 1800
    monkeypatch.setattr("common.limits.time.time", lambda: now)
    return now


def passed(limit: Limit, calls: int) -> int:
    """How many of `calls` simultaneous tries get through."""
    threads = 20
    barrier = threading.Barrier(threads)

    def tries(_: int) -> int:
        found = 0
        try:
            barrier.wait()
            for _ in range(calls // threads):
                try:
                    limit.spend("somebody")
                    found += 1
                except TooManyRequests:
                    pass
        finally:
            connections.close_all()
        return found

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(tries, range(threads)))


@pytest.mark.django_db(transaction=True)
def test_exactly_n_of_100_pass(middle_of_the_window):
    assert passed(HOURLY, 100) == 7


class ReadThenWrite(Limit):
    """What a cache-backed throttle does."""

    def spend(self, by: str) -> None:
        row, _ = RateCounter.objects.get_or_create(
            key=by, slot=1, defaults={"count": 0, "expires_at": "2030-01-01T00:00Z"}
        )
        if row.count >= self.times:
            raise TooManyRequests()
        row.count += 1
        row.save()


@pytest.mark.django_db(transaction=True)
def test_control_reading_and_writing_lets_more_pass():
    assert passed(ReadThenWrite("log in", 7, timedelta(hours=1)), 100) > 7


@pytest.mark.django_db
class TestWindows:
    def test_the_wait_ends_with_the_window(self, middle_of_the_window):
        for _ in range(7):
            HOURLY.spend("somebody")
        with pytest.raises(TooManyRequests) as refused:
            HOURLY.spend("somebody")

        assert refused.value.retry_after == 1801

    def test_the_next_window_is_fresh(self, monkeypatch, middle_of_the_window):
        for _ in range(7):
            HOURLY.spend("somebody")
        monkeypatch.setattr("common.limits.time.time", lambda: middle_of_the_window + 1800)

        HOURLY.spend("somebody")

    def test_limits_and_people_do_not_share(self, middle_of_the_window):
        other = Limit("register", times=7, per=timedelta(hours=1))
        for _ in range(7):
            HOURLY.spend("somebody")

        HOURLY.spend("somebody else")
        other.spend("somebody")

    def test_nothing_personal_is_stored(self, middle_of_the_window):
        HOURLY.spend("abebe@buyers.shop")

        assert "abebe" not in RateCounter.objects.get().key


def limited(**options) -> type[OpenView]:
    class Limited(OpenView):
        throttle_classes = [throttle(Limit("test", 2, timedelta(hours=1)), **options)]

        def post(self, request):
            return Response({})

    return Limited


@pytest.mark.django_db
class TestThrottle:
    @pytest.fixture(autouse=True)
    def _limits_on(self, settings, middle_of_the_window):
        settings.RATE_LIMITS = True

    def call(self, view, body=None, address="10.0.0.1"):
        request = APIRequestFactory().post("/", body or {}, format="json", REMOTE_ADDR=address)
        return view.as_view()(request)

    def test_per_address(self):
        view = limited()

        statuses = [self.call(view).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert self.call(view)["Retry-After"]
        assert self.call(view, address="10.0.0.2").status_code == 200

    def test_a_made_up_forwarded_header_changes_nothing(self):
        view = limited()

        def call(number: int) -> int:
            request = APIRequestFactory().post(
                "/",
                {},
                format="json",
                REMOTE_ADDR="10.0.0.1",
                HTTP_X_FORWARDED_FOR=f"6.6.6.{number}",
            )
            return view.as_view()(request).status_code

        assert [call(number) for number in range(4)] == [200, 200, 429, 429]

    def test_per_body_field_whatever_its_case(self):
        view = limited(by=body_field("email"))

        statuses = [
            self.call(view, {"email": email}, address=f"10.0.0.{number}").status_code
            for number, email in enumerate(
                ["a@b.example", " A@B.example", "a@B.Example", "c@d.example"]
            )
        ]
        assert statuses == [200, 200, 429, 200]

    def test_a_body_without_the_field_is_not_counted(self):
        view = limited(by=body_field("email"))

        for body in ({}, {"email": 5}, {"email": ""}, [1], {"email": None}):
            assert self.call(view, body).status_code == 200
        assert not RateCounter.objects.exists()

    def test_off(self, settings):
        settings.RATE_LIMITS = False
        view = limited()

        assert [self.call(view).status_code for _ in range(5)] == [200] * 5


def test_a_very_long_field_is_cut():
    data = RequestFactory().post(
        "/", '{"email":"' + "a" * 9000 + '"}', content_type="application/json"
    )

    assert len(body_field("email")(Request(data, parsers=[StrictJSONParser()]))) == 320
