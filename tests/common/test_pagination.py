"""A walk along `next` shows every row that was there all the time, once, in order: whatever comes and goes meanwhile."""

from __future__ import annotations

import random
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import pagination
from common.models import RateCounter
from common.pagination import MAX_PAGE
from tests.common.counters import SLOTS, START, fetch, flat, insert, walk

pytestmark = pytest.mark.django_db
slow = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

orderings = st.sampled_from(["count", "-count", "made", "-made"])
counts = st.lists(st.integers(0, 4), max_size=14)


@slow
@given(counts, orderings, st.integers(1, 5), st.data())
def test_a_walk_is_complete_under_inserts_and_deletes(client, initial, ordering, size, data):
    RateCounter.objects.all().delete()
    stayed = {insert(count).pk for count in initial}
    removed: set[int] = set()

    def meanwhile() -> None:
        for count in data.draw(st.lists(st.integers(0, 4), max_size=1)):
            insert(count)
        for victim in data.draw(
            st.lists(st.sampled_from(sorted(stayed)), max_size=1) if stayed else st.just([])
        ):
            RateCounter.objects.filter(pk=victim).delete()
            stayed.discard(victim)
            removed.add(victim)
        if RateCounter.objects.count() > 30:
            RateCounter.objects.exclude(pk__in=stayed).delete()

    pages = []
    url = f"/api/counters/?ordering={ordering}&page_size={size}"
    while url and len(pages) < 60:
        page = fetch(client, url)
        pages.append(page["results"])
        url = page["next"]
        if len(pages) < 20:
            meanwhile()

    seen = flat(pages)
    assert len(seen) == len(set(seen)), "nothing twice"
    assert stayed <= set(seen), "nothing skipped"
    keys = [(row["count"], row["id"]) for page in pages for row in page]
    assert keys == sorted(keys, reverse=ordering.startswith("-"))
    assert all(len(page) <= size for page in pages)


@slow
@given(counts, orderings, st.integers(1, 5))
def test_the_way_back_is_the_way(client, initial, ordering, size):
    RateCounter.objects.all().delete()
    for count in initial:
        insert(count)

    url = f"/api/counters/?ordering={ordering}&page_size={size}"
    there, last = [], url
    while url:
        page, last = fetch(client, url), url
        there.append(page["results"])
        url = page["next"]
    back = walk(client, last, link="previous")

    assert list(reversed(back)) == there
    assert len(flat(there)) == len(initial)


def test_ties_longer_than_a_page(client):
    expected = [insert(1).pk for _ in range(45)]

    assert flat(walk(client, "/api/counters/?page_size=10")) == expected
    assert flat(walk(client, "/api/counters/?page_size=10&ordering=-count")) == expected[::-1]


def test_one_statement_however_many_rows(client, django_assert_num_queries):
    insert(1)
    with django_assert_num_queries(1):
        fetch(client, "/api/counters/")
    for count in range(60):
        insert(count)
    url = fetch(client, "/api/counters/")["next"]
    with django_assert_num_queries(1):
        fetch(client, url)
    with django_assert_num_queries(2):
        assert fetch(client, "/api/counters/?count=true")["count"] == 61


def test_the_second_page_is_a_range_of_the_index_not_an_offset(client, django_assert_num_queries):
    for count in range(5):
        insert(count)
    url = fetch(client, "/api/counters/?page_size=2")["next"]

    with django_assert_num_queries(1) as statements:
        fetch(client, url)

    assert "OFFSET" not in statements[0]["sql"]
    assert '"count" >= 1' in statements[0]["sql"]


def test_filters_and_sizes_stay_in_the_links(client):
    RateCounter.objects.bulk_create(
        RateCounter(key=key, slot=slot, count=1, expires_at=START)
        for key in ("a", "b", "c")
        for slot in range(4)
    )
    first = fetch(client, "/api/counters/?key=a&key=b&page_size=3&count=true")

    query = parse_qs(urlsplit(first["next"]).query)
    assert query["key"] == ["a", "b"]
    assert query["page_size"] == ["3"]
    keys = [row["key"] for page in walk(client, first["next"]) for row in page]
    assert "c" not in keys
    assert first["count"] == 8


# --- Counts -------------------------------------------------------------------------------------


def test_a_count_is_exact_up_to_a_bound_and_then_says_that_it_is_not(client, monkeypatch):
    for count in range(12):
        insert(count)
    exact = fetch(client, "/api/counters/?count=true")
    assert exact["count"] == 12
    assert "count_is_estimate" not in exact
    monkeypatch.setattr(pagination, "MAX_COUNT", 12)
    assert "count_is_estimate" not in fetch(client, "/api/counters/?count=true")
    monkeypatch.setattr(pagination, "MAX_COUNT", 11)
    estimate = fetch(client, "/api/counters/?count=true")
    assert estimate["count_is_estimate"] is True
    assert estimate["count"] >= 12, "never less than what was counted"
    assert "count_is_estimate" not in fetch(client, "/api/counters/")


def test_an_estimate_is_near_the_truth_and_reads_no_row(django_assert_num_queries):
    RateCounter.objects.bulk_create(
        RateCounter(key="r", slot=slot, count=slot % 2, expires_at=START) for slot in range(12_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE common_ratecounter")
    rows = "SELECT id FROM common_ratecounter"
    with django_assert_num_queries(2):
        count, is_estimate = pagination.bounded_count(rows, [])
    assert is_estimate
    assert 11_000 < count < 13_000
    where = f"{rows} WHERE count = %s"
    assert pagination.bounded_count(where, [1]) == (6_000, False)
    assert pagination.bounded_count(f"{rows} WHERE count = %(it)s", {"it": 7}) == (0, False)


def test_a_page_size_beyond_the_largest_is_the_largest(client):
    RateCounter.objects.bulk_create(
        RateCounter(key="r", slot=slot, count=1, expires_at=START) for slot in range(120)
    )

    assert len(fetch(client, "/api/counters/?page_size=1000")["results"]) == 100
    assert len(fetch(client, "/api/counters/")["results"]) == 20


def test_numbered_pages_lead_on_by_cursor_after_the_last(client):
    RateCounter.objects.bulk_create(
        RateCounter(key="r", slot=slot, count=slot, expires_at=START)
        for slot in range(MAX_PAGE + 5)
    )
    url = "/api/counters/?page_size=1&page=1"

    pages = walk(client, url)

    assert [row["count"] for page in pages for row in page] == list(range(MAX_PAGE + 5))
    assert fetch(client, "/api/counters/?page_size=1&page=3")["previous"].endswith("page=2")


# --- Others write meanwhile ---------------------------------------------------------------------


def _disturb(stop: threading.Event, seed: int) -> None:
    """Insert, delete and change rows that are not among those that stay, until told to stop."""
    dice = random.Random(seed)
    try:
        while not stop.is_set():
            key = f"passing-{seed}-{dice.randrange(40)}"
            row = RateCounter.objects.filter(key=key)
            if not row.update(count=dice.randrange(30)):
                RateCounter.objects.create(
                    key=key, slot=next(SLOTS), count=dice.randrange(30), expires_at=START
                )
            elif dice.random() < 0.5:
                row.delete()
    finally:
        connection.close()


def _walk_disturbed(client, url: str) -> list[int]:
    """The counts and ids of the staying rows as a walk sees them while two threads write."""
    stop = threading.Event()
    threads = [threading.Thread(target=_disturb, args=(stop, seed)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    try:
        pages = []
        while url and len(pages) < 90:
            page = fetch(client, url)
            pages.append(page["results"])
            url = page["next"]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return flat(pages)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ordering", ["count", "-count"])
def test_a_walk_among_writers_shows_every_row_that_stayed_once(client, ordering):
    stayed = {
        RateCounter.objects.create(
            key="stays", slot=next(SLOTS), count=number % 30, expires_at=START
        ).pk
        for number in range(120)
    }
    for _ in range(3):
        seen = _walk_disturbed(client, f"/api/counters/?ordering={ordering}&page_size=3")
        assert sorted(pk for pk in seen if pk in stayed) == sorted(stayed)


@pytest.mark.django_db(transaction=True)
def test_control_numbered_pages_skip_or_repeat_among_writers(client):
    """The writers of the test above do disturb: what counts rows from the start misses some or shows some twice."""
    stayed = {
        RateCounter.objects.create(
            key="stays", slot=next(SLOTS), count=number % 30, expires_at=START
        ).pk
        for number in range(120)
    }
    for _ in range(20):
        seen = _walk_disturbed(client, "/api/counters/?ordering=count&page_size=3&page=1")
        if sorted(pk for pk in seen if pk in stayed) != sorted(stayed):
            return
    raise AssertionError("twenty walks by numbers were undisturbed")
