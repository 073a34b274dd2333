"""What the limiter asks of a place that counts, and what it is told."""

from __future__ import annotations

from typing import NamedTuple


class Want(NamedTuple):
    """One try: at most `times` in any window of `span` microseconds under this key."""

    key: str
    times: int
    span: int


class Verdict(NamedTuple):
    """What became of it.

    Attributes:
        used: tries within the window, this one included if it passed.
        wait: microseconds until this limit lets a try pass; 0 when it does now.
        reset: microseconds until the oldest try is forgotten.
    """

    used: int
    wait: int
    reset: int
