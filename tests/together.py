"""Many callers at one moment, each on a connection of its own: what every race in this suite starts with."""

from __future__ import annotations

import fcntl
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, connections

CROWD = 20
READY, DONE = 60, 120  # seconds


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    """The results of `call(0..count-1)`, in that order, started together; the first failure is raised.

    A caller that cannot even connect breaks the barrier, so that the others do not wait for it for ever."""
    barrier = threading.Barrier(count, timeout=READY)

    def one(place: int) -> Any:
        try:
            try:
                connection.ensure_connection()
                barrier.wait()
            except BaseException:
                barrier.abort()
                raise
            return call(place)
        finally:
            connections.close_all()

    with _room_for(count), ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(one, place) for place in range(count)]
        failures = [failure for future in futures if (failure := future.exception(DONE))]
        if failures:
            raise next(
                (f for f in failures if not isinstance(f, threading.BrokenBarrierError)),
                failures[0],
            )
        return [future.result() for future in futures]


@contextmanager
def _room_for(count: int) -> Iterator[None]:
    """One crowd at a time on this machine: the databases of all test processes share one server, which lets a
    hundred connections in."""
    if count < CROWD:
        yield
        return
    with (Path(tempfile.gettempdir()) / "nexus-tests-crowd.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
