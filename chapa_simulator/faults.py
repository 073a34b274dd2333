"""Misbehaviour on demand: which faults exist, their parameters, and how often each has struck."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any


class BadFault(Exception):
    """The control plane was given a fault that does not exist or makes no sense."""


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _count(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    )


def _seconds(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and 0 <= value <= 600


def _one_of(*allowed: str) -> Callable[[Any], bool]:
    return lambda value: value in allowed


def _amount(value: Any) -> bool:
    # Deliberately wide: how the shop takes an odd amount is the point of the fault.
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def _fields(value: Any) -> bool:
    return isinstance(value, dict)


Check = Callable[[Any], bool]
# kind: parameter: (default, check). `times` is common to all: after so many uses the fault ends.
KINDS: dict[str, dict[str, tuple[Any, Check]]] = {
    "webhook.duplicate": {"n": (2, _count(2, 50)), "concurrent": (True, _flag)},
    "webhook.never": {},
    "callback.never": {},
    "webhook.forged.body": {
        "also_genuine": (False, _flag),
        "set": (None, _fields),
        "x_signature": ("stale", _one_of("stale", "garbage", "missing")),
    },
    "amount.mismatch": {"amount": (1, _amount)},
    "http.timeout": {
        "route": (None, _one_of("initialize", "verify", "cancel")),
        "when": ("before", _one_of("before", "after")),
        "seconds": (30, _seconds),
    },
}
_TIMES: Check = _count(1, 1_000_000)


@dataclass
class Fault:
    """One active fault. An empty `match` concerns every transaction."""

    id: int
    kind: str
    match: dict[str, str]
    params: dict[str, Any]
    times: int | None
    hits: int = 0
    hits_by_tx_ref: dict[str, int] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        """The fault and its counters as plain JSON values."""
        return {
            "id": self.id,
            "kind": self.kind,
            "match": self.match,
            "params": self.params,
            "times": self.times,
            "hits": self.hits,
            "hits_by_tx_ref": dict(self.hits_by_tx_ref),
            "exhausted": self.times is not None and self.hits >= self.times,
        }


class FaultBoard:
    """The faults in force, in the order in which they were set."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, *, kind: Any, match: Any = None, params: Any = None) -> dict[str, Any]:
        """Put a fault in force.

        Raises:
            BadFault: unknown kind, match or parameter, or a parameter out of range.
        """
        if not isinstance(kind, str) or kind not in KINDS:
            raise BadFault(f"unknown kind; known: {', '.join(sorted(KINDS))}")
        match = {} if match is None else match
        params = {} if params is None else params
        if not isinstance(match, dict) or not isinstance(params, dict):
            raise BadFault("match and params must be objects")
        if set(match) - {"tx_ref"}:
            raise BadFault("match knows only tx_ref")
        if not all(isinstance(value, str) and value for value in match.values()):
            raise BadFault("match.tx_ref must be a reference")
        times = params.get("times")
        if times is not None and not _TIMES(times):
            raise BadFault("params.times must be a positive whole number")
        given = {name: value for name, value in params.items() if name != "times"}
        fault = Fault(next(self._ids), kind, dict(match), _complete(kind, given), times)
        with self._lock:
            self._faults.append(fault)
            return fault.to_document()

    def clear(self) -> int:
        """End all faults; answers how many there were."""
        with self._lock:
            count = len(self._faults)
            self._faults = []
            return count

    def documents(self) -> list[dict[str, Any]]:
        """Every fault with its hit counters, exhausted ones included."""
        with self._lock:
            return [fault.to_document() for fault in self._faults]

    def strike(self, kind: str, tx_ref: str, **where: str) -> Mapping[str, Any] | None:
        """The parameters of the first fault that applies, counted as a hit; else None.

        `where` narrows the choice by parameters, such as `route`; a parameter that was left
        empty matches everything.
        """
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if fault.kind != kind or fault.match.get("tx_ref", tx_ref) != tx_ref:
                    continue
                if fault.times is not None and fault.hits >= fault.times:
                    continue
                if any(fault.params[name] not in (None, value) for name, value in where.items()):
                    continue
                fault.hits += 1
                fault.hits_by_tx_ref[tx_ref] = fault.hits_by_tx_ref.get(tx_ref, 0) + 1
                return fault.params
        return None


def _complete(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    known = KINDS[kind]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise BadFault(f"{kind} has no parameter {unknown[0]}")
    for name, value in given.items():
        if not known[name][1](value):
            raise BadFault(f"params.{name} is out of range or of the wrong type")
    return {name: given.get(name, default) for name, (default, _) in known.items()}
