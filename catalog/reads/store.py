"""Where whole answers are kept: in this process, and in Redis or Valkey as well where there is one.

What is kept here is never believed: whoever takes it out compares its versions first (`freshness`). A time to live and a
bound on the bytes only keep the memory small.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from catalog.reads.freshness import Freshness

SECONDS = 300  # that an answer is kept
BYTES = 6 * 1024 * 1024  # that one process keeps: answers, their keys and what goes with them
OVERHEAD = 600  # bytes of memory that go with an answer beside its body and key
LEASE_SECONDS = 5  # that other processes wait for one that fills Redis
PREFIX = "catalog:page:"


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer: its bytes, and what they were true of.

    Attributes:
        scopes: whose versions it depends on.
    """

    body: bytes
    freshness: Freshness
    scopes: tuple[int, ...]


class Memory:
    """The answers of this process, the least used of which go first. Safe between threads."""

    def __init__(self, limit: int = BYTES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, tuple[float, Entry]] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> Entry | None:
        """What is kept under that key, if it is not too old."""
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                return None
            if found[0] < time.monotonic():
                self._drop(key)
                return None
            self._entries.move_to_end(key)
            return found[1]

    def set(self, key: str, entry: Entry) -> None:
        """Keep an answer, at the expense of those that nobody asked for lately."""
        if _weight(key, entry) > self._limit // 4:
            return
        with self._lock:
            self._drop(key)
            self._entries[key] = (time.monotonic() + SECONDS, entry)
            self._bytes += _weight(key, entry)
            while self._bytes > self._limit:
                self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def _drop(self, key: str) -> None:
        found = self._entries.pop(key, None)
        if found is not None:
            self._bytes -= _weight(key, found[1])


def _weight(key: str, entry: Entry) -> int:
    """Bytes of memory. An empty list has forty, but its key may have thousands, and anybody can ask for many."""
    return len(entry.body) + len(key) + 8 * len(entry.scopes) + OVERHEAD


MEMORY = Memory()


def get(key: str) -> Entry | None:
    """What this process keeps, else what all processes keep."""
    found = MEMORY.get(key)
    if found is None and settings.REDIS_URL:
        found = cache.get(PREFIX + key)
        if found is not None:
            MEMORY.set(key, found)
    return found


def put(key: str, entry: Entry) -> None:
    """Keep an answer for this process and, where there is Redis, for the others."""
    MEMORY.set(key, entry)
    if settings.REDIS_URL:
        cache.set(PREFIX + key, entry, SECONDS)


# --- one filler per key -------------------------------------------------------------------------

_filling: dict[str, tuple[threading.Lock, int]] = {}
_guard = threading.Lock()


@contextmanager
def filler(key: str, *, fresh: Callable[[], Entry | None]) -> Iterator[Entry | None]:
    """The only one who fills that key; whoever waited for another filler gets what that one has found.

    Among the threads of a process it is a lock. Among processes that share Redis it is a lease, for which nobody waits
    longer than it takes to do the work oneself.

    Args:
        fresh: what is kept by now and still true, if anything.
    """
    with _guard:
        lock, waiting = _filling.get(key, (threading.Lock(), 0))
        _filling[key] = (lock, waiting + 1)
    waited = not lock.acquire(blocking=False)
    if waited:
        lock.acquire()
    leased = False
    try:
        found = fresh() if waited else None
        if found is None and settings.REDIS_URL:
            leased = cache.add(f"{PREFIX}{key}:lease", 1, LEASE_SECONDS)
            if not leased:
                found = _await_other(key, fresh)
        yield found
    finally:
        lock.release()
        if leased:
            cache.delete(f"{PREFIX}{key}:lease")
        with _guard:
            lock, waiting = _filling[key]
            if waiting == 1:
                del _filling[key]
            else:
                _filling[key] = (lock, waiting - 1)


def _await_other(key: str, fresh: Callable[[], Entry | None]) -> Entry | None:
    """What another process fills meanwhile; None when it takes longer than a page ever should."""
    for pause in (0.005, 0.01, 0.02, 0.04, 0.08):
        time.sleep(pause)
        kept = cache.get(PREFIX + key)
        if kept is not None:
            MEMORY.set(key, kept)
            if (found := fresh()) is not None:
                return found
        elif not cache.has_key(f"{PREFIX}{key}:lease"):
            return None
    return None
