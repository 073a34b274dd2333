"""Limits at the doors: what is counted, by whom, and how the answer tells."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from common.addresses import client_address, counted_address
from common.json import StrictJSONParser
from common.limits import Limit, body_field, tell, throttle
from common.models import RateCounter
from ecommerce import guards
from tests.common.urls import OpenView

HOUR = timedelta(hours=1)


def limited(*rules, **options) -> type[OpenView]:
    class Limited(OpenView):
        throttle_classes = list(rules) or [throttle(Limit("test", 2, HOUR), **options)]

        def get(self, request):
            return Response({})

        def post(self, request):
            return Response({})

    return Limited


def call(view, body=None, address="10.0.0.1", method="post", **extra):
    make = getattr(APIRequestFactory(), method)
    request = make("/", body or {}, format="json", REMOTE_ADDR=address, **extra)
    answer = view.as_view()(request)
    tell(request, answer)
    return answer


@pytest.fixture(autouse=True)
def _limits_on(settings):
    settings.RATE_LIMITS = True


@pytest.mark.django_db
class TestThrottle:
    def test_per_address(self):
        view = limited()
        assert [call(view).status_code for _ in range(3)] == [200, 200, 429]
        assert 3590 <= int(call(view)["Retry-After"]) <= 3660
        assert call(view, address="10.0.0.2").status_code == 200

    def test_per_body_field_whatever_its_case(self):
        view = limited(by=body_field("email"))
        emails = ["a@b.example", " A@B.example", "a@B.Example", "c@d.example"]
        statuses = [
            call(view, {"email": email}, address=f"10.0.0.{number}").status_code
            for number, email in enumerate(emails)
        ]
        assert statuses == [200, 200, 429, 200]

    def test_a_body_without_the_field_is_not_counted(self):
        limit = Limit("test", 2, HOUR)
        view = limited(throttle(limit, body_field("email")))
        for body in ({}, {"email": 5}, {"email": ""}, [1], {"email": None}):
            assert call(view, body).status_code == 200
        assert not RateCounter.objects.filter(key__startswith="test:").exists()

    def test_reads_are_the_edges_business(self):
        view = limited()
        answers = [call(view, method="get") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 5
        assert "RateLimit-Limit" not in answers[0]
        assert not RateCounter.objects.exists()

    def test_unless_they_are_named(self):
        view = limited(methods={"GET"})
        assert [call(view, method="get").status_code for _ in range(3)] == [200, 200, 429]

    def test_off(self, settings):
        settings.RATE_LIMITS = False
        answers = [call(limited()) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 5
        assert "RateLimit-Limit" not in answers[0]

    def test_all_limits_of_a_call_or_none(self):
        """What the narrow limit refuses must not use up the wide one."""
        wide, narrow = Limit("test.wide", 5, HOUR), Limit("test.narrow", 1, HOUR)
        view = limited(throttle(wide), throttle(narrow, body_field("email")))
        statuses = [call(view, {"email": "a@b.example"}).status_code for _ in range(4)]
        assert statuses == [200, 429, 429, 429]
        others = [call(view, {"email": f"a{n}@b.example"}).status_code for n in range(5)]
        assert others == [200] * 4 + [429]

    def test_one_round_trip_for_all_of_them(self, django_assert_num_queries):
        rules = [throttle(Limit(f"test.{n}", 5, HOUR)) for n in range(3)]
        with django_assert_num_queries(1):
            assert call(limited(*rules)).status_code == 200


@pytest.mark.django_db
class TestHeaders:
    def test_on_success_the_limit_that_is_closest_to_its_end(self):
        rules = [throttle(Limit("test.wide", 50, HOUR)), throttle(Limit("test.narrow", 3, HOUR))]
        answer = call(limited(*rules))
        assert answer["RateLimit-Limit"] == "3"
        assert answer["RateLimit-Remaining"] == "2"
        assert 3590 <= int(answer["RateLimit-Reset"]) <= 3660
        assert answer["RateLimit-Policy"] == "50;w=3600, 3;w=3600, 1200;w=60"

    def test_on_refusal_of_the_limit_in_the_way(self):
        view = limited()
        answer = [call(view) for _ in range(3)][-1]
        assert answer.status_code == 429
        assert answer["RateLimit-Limit"] == "2"
        assert answer["RateLimit-Remaining"] == "0"
        assert answer["RateLimit-Reset"] == answer["Retry-After"]

    def test_what_is_not_to_be_shown_is_not(self):
        hidden = Limit("test.hidden", 1, HOUR, shown=False)
        first, second = [call(limited(throttle(hidden))) for _ in range(2)]
        assert first["RateLimit-Policy"] == "1200;w=60"
        assert first["RateLimit-Remaining"] == "1199"
        assert second.status_code == 429
        assert "RateLimit-Limit" not in second
        assert int(second["Retry-After"]) > 3500

    def test_they_are_exposed_by_setting(self):
        wanted = {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "ratelimit-policy"}
        assert wanted <= set(guards.CORS_EXPOSE_HEADERS)


PROXY = "10.0.0.9"


def address_of(settings, hops, forwarded=None, remote=PROXY, counted=True):
    settings.TRUSTED_PROXY_HOPS = hops
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    request = RequestFactory().get("/", REMOTE_ADDR=remote, **extra)
    return counted_address(request) if counted else client_address(request)


class TestAddress:
    @pytest.mark.parametrize("forged", ["6.6.6.6", "6.6.6.6, 7.7.7.7", "", ",", "'", "\x00", "::1"])
    def test_without_proxies_the_header_does_not_exist(self, settings, forged):
        assert address_of(settings, 0, forged) == PROXY

    @pytest.mark.parametrize(
        "forged", ["", "6.6.6.6,", "6.6.6.6, 7.7.7.7,", "garbage,", ",,,,", "10.0.0.9,", "::1,"]
    )
    def test_what_the_client_wrote_is_not_believed(self, settings, forged):
        assert address_of(settings, 1, f"{forged} 1.2.3.4") == "1.2.3.4"

    def test_two_proxies(self, settings):
        assert address_of(settings, 2, "6.6.6.6, 1.2.3.4, 5.5.5.5") == "1.2.3.4"

    @pytest.mark.parametrize(
        "forwarded", [None, "", " ", "1.2.3.4"], ids=["none", "empty", "blank", "too short"]
    )
    def test_who_came_around_the_proxies_is_the_connection(self, settings, forwarded):
        assert address_of(settings, 2, forwarded) == PROXY

    @pytest.mark.parametrize(
        "garbage",
        ["unknown", "_hidden", "999.1.1.1", "1.2.3", "x" * 9000, "[", "[]:80", "\x00", "1.2.3.4\r\n5",
         "::ffff:999.1.1.1", "fe80::1%" + "e" * 500, "ገበያ", ":", "::::", "-1", "0x7f.1", "127.1"],
    )  # fmt: skip
    def test_garbage_in_the_trusted_place_breaks_nothing(self, settings, garbage):
        assert address_of(settings, 1, f"6.6.6.6, {garbage}") in {PROXY, "fe80::/64"}

    @pytest.mark.parametrize(
        ("forwarded", "counted"),
        [
            ("1.2.3.4:5678", "1.2.3.4"),
            ("[2001:db8:1:2:3::4]:5678", "2001:db8:1:2::/64"),
            ('"[2001:db8:1:2:3::4]"', "2001:db8:1:2::/64"),
            ("2001:DB8:1:2:ffff::", "2001:db8:1:2::/64"),
            ("2001:0db8:0001:0002::7", "2001:db8:1:2::/64"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("::1", "::/64"),
        ],
    )
    def test_spellings_of_one_address(self, settings, forwarded, counted):
        assert address_of(settings, 1, forwarded) == counted

    def test_sessions_show_the_whole_address(self, settings):
        assert address_of(settings, 1, "2001:DB8::7", counted=False) == "2001:db8::7"

    def test_a_unix_socket_has_none(self, settings):
        assert address_of(settings, 0, remote="") == ""

    @pytest.mark.django_db
    def test_a_household_does_not_multiply_its_limit(self):
        view = limited()
        statuses = [call(view, address=f"2001:db8::{n:x}").status_code for n in range(1, 5)]
        assert statuses == [200, 200, 429, 429]
        assert call(view, address="2001:db8:0:1::1").status_code == 200

    @pytest.mark.django_db
    @pytest.mark.parametrize("hops", [0, 1])
    def test_made_up_headers_do_not_multiply_it_either(self, settings, hops):
        settings.TRUSTED_PROXY_HOPS = hops
        view = limited()
        answers = [
            call(view, HTTP_X_FORWARDED_FOR=f"6.6.6.{n}, 1.2.3.4", HTTP_FORWARDED=f"for=7.7.7.{n}",
                 HTTP_X_REAL_IP=f"8.8.8.{n}", HTTP_CLIENT_IP=f"9.9.9.{n}").status_code
            for n in range(4)
        ]  # fmt: skip
        assert answers == [200, 200, 429, 429]


def test_a_very_long_field_is_cut():
    data = RequestFactory().post(
        "/", '{"email":"' + "a" * 9000 + '"}', content_type="application/json"
    )

    assert len(body_field("email")(Request(data, parsers=[StrictJSONParser()]))) == 320
