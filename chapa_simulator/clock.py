"""The virtual clock: it runs with real time and can be moved forward, never back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock


class VirtualClock:
    """Seconds since the epoch as the simulator sees them: real time plus what it was advanced."""

    def __init__(self, *, offset: float = 0.0, real_time: Callable[[], float] = time.time) -> None:
        self._real_time = real_time
        self._offset = offset
        self._lock = Lock()

    @property
    def offset(self) -> float:
        """How many seconds the clock is ahead of real time."""
        with self._lock:
            return self._offset

    def now(self) -> float:
        """The virtual time, in seconds since the epoch."""
        with self._lock:
            return self._real_time() + self._offset

    def move_to(self, moment: float) -> None:
        """Jump forward to `moment` (virtual epoch seconds); the past changes nothing."""
        with self._lock:
            self._offset += max(0.0, moment - self._real_time() - self._offset)


def timestamp(moment: float) -> str:
    """Epoch seconds as Chapa writes a time: ISO 8601, microseconds, `Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
