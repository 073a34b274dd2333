"""A walk along `next` shows every row that was there all the time, once, in order: whatever comes and goes meanwhile."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import signing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.models import RateCounter
from common.pagination import MAX_PAGE, SALT

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
slow = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

_slot = iter(range(1, 10**9))


def insert(count: int) -> RateCounter:
    return RateCounter.objects.create(
        key="row",
        slot=next(_slot),
        count=count,
        expires_at=START + dt.timedelta(microseconds=count),
    )


def fetch(client, url: str) -> dict:
    response = client.get(url)
    assert response.status_code == 200, response.content
    return response.json()


def walk(client, url: str, *, link: str = "next", meanwhile=lambda: None) -> list[list[dict]]:
    pages = []
    while url:
        page = fetch(client, url)
        pages.append(page["results"])
        url = page[link]
        meanwhile()
        assert len(pages) < 200
    return pages


def flat(pages: list[list[dict]]) -> list[int]:
    return [row["id"] for page in pages for row in page]


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


# --- Refusals -----------------------------------------------------------------------------------


def refused(client, url: str) -> dict:
    response = client.get(url)
    assert response.status_code == 400, response.content
    return response.json()


def cursor_of(client, url: str = "/api/counters/?page_size=1") -> str:
    insert(1), insert(2)
    return parse_qs(urlsplit(fetch(client, url)["next"]).query)["cursor"][0]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[:-1],
        lambda c: c[1:],
        lambda c: c.swapcase(),
        lambda c: "",
        lambda c: "cD0lMDA=",
        lambda c: "%00",
        lambda c: "a:b:c",
        lambda c: ":" * 5000,
        lambda c: signing.dumps([1, 2, 3], salt="another"),
        lambda c: signing.dumps("text", salt=SALT),
        lambda c: signing.dumps(None, salt=SALT),
        lambda c: signing.dumps([1, 2, 3, 4, 5], salt=SALT),
    ],
)  # fmt: skip
def test_a_tampered_cursor(client, change):
    cursor = change(cursor_of(client))

    assert (
        refused(client, f"/api/counters/?page_size=1&cursor={cursor}")["code"] == "invalid_cursor"
    )


@pytest.mark.parametrize(
    "url", ["/api/others/?page_size=1", "/api/counters/?ordering=-count", "/api/counters/?key=row"]
)
def test_the_cursor_of_another_list(client, url):
    cursor = cursor_of(client)

    assert refused(client, f"{url}&cursor={cursor}")["code"] == "invalid_cursor"


def test_a_cursor_keeps_its_place_at_another_page_size(client):
    cursor = cursor_of(client)

    assert fetch(client, f"/api/counters/?page_size=50&cursor={cursor}")["results"]


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("page=0", "invalid", "page"),
        ("page=-1", "invalid", "page"),
        ("page=x", "invalid", "page"),
        ("page=", "invalid", "page"),
        ("page=١", "invalid", "page"),
        (f"page={MAX_PAGE + 1}", "page_too_deep", None),
        ("page=99999999999999999999", "page_too_deep", None),
        ("page_size=0", "invalid", "page_size"),
        ("page_size=ten", "invalid", "page_size"),
        ("page=1&cursor=x", "invalid", "page"),
        ("ordering=id", "invalid", "ordering"),
        ("ordering=--count", "invalid", "ordering"),
    ],
)
def test_refused_parameters(client, query, code, field):
    body = refused(client, f"/api/counters/?{query}")

    assert body["code"] == code
    if field:
        assert body["errors"][0]["field"] == field


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
