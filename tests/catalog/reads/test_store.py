"""Where answers are kept: bounded, filled by one at a time, apart for each kind of caller."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from catalog.reads import freshness, pages, store
from catalog.reads.context import Context
from catalog.reads.store import Memory
from tests import factories


@pytest.mark.django_db(transaction=True)
def test_one_filler_per_key(monkeypatch):
    """Twenty who ask for the same page at once are answered by one search; the control has no lock."""
    import threading
    import time
    from concurrent.futures import ThreadPoolExecutor
    from contextlib import nullcontext

    from django.db import connections

    factories.variant()
    monkeypatch.setattr(store, "MEMORY", Memory())
    searches = []
    usual = pages.find

    def slow(wanted, context):
        searches.append(threading.get_ident())
        time.sleep(0.2)
        return usual(wanted, context)

    monkeypatch.setattr(pages, "find", slow)

    def read(url):
        try:
            return APIClient().get(url).content
        finally:
            connections.close_all()

    def crowd(url):
        searches.clear()
        with ThreadPoolExecutor(20) as pool:
            assert len(set(pool.map(read, [url] * 20))) == 1
        return len(searches)

    APIClient().get("/api/products/?page_size=3")
    assert crowd("/api/products/?page_size=7") == 1
    monkeypatch.setattr(store, "filler", lambda key, fresh: nullcontext(None))
    assert crowd("/api/products/?page_size=8") > 1


def entry_of(body: bytes, place: int = 0) -> store.Entry:
    return store.Entry(body, freshness.Freshness(0, place, None), (0,))


def test_memory_is_bounded():
    memory = Memory(limit=10_000)
    for place in range(100):
        memory.set(str(place), entry_of(b"x" * 300, place))
    assert memory._bytes <= 10_000
    assert len(memory._entries) == 10
    assert memory.get("99")
    assert memory.get("0") is None
    memory.set("huge", entry_of(b"x" * 6000))
    assert memory.get("huge") is None


def test_what_goes_with_an_answer_is_counted():
    """Empty lists under long keys, of which anybody can ask for as many as they like; measured, not believed."""
    import tracemalloc

    def grown(keys: int, length: int) -> int:
        memory = Memory(limit=1_000_000)
        tracemalloc.start()
        for place in range(keys):
            memory.set(f"{place:0{length}}", entry_of(bytes(bytearray(42)), place))
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size

    assert grown(20_000, 20) < 1_100_000
    assert grown(2_000, 4_000) < 1_100_000


def test_context_is_part_of_what_is_kept():
    assert len({Context(1, "ETB").key, Context(2, "ETB").key, Context(1, "USD").key,
                Context(1, "ETB", "am", "am").key}) == 4  # fmt: skip
