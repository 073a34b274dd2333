"""Limits at the doors: which calls are counted, by what, and how the answer tells.

A view names its limits with `throttle_classes = [throttle(LIMIT, by), ...]`. All limits of a call are spent in one step, or
none, together with the general limit on writes that every view has (`DEFAULT_THROTTLE_CLASSES`). Whatever a door or a verb
must count beyond that goes through `charge`. docs/limits.md lists every limit; a test compares.

Answers of limited calls carry `RateLimit-Limit`, `-Remaining` and `-Reset` (seconds) of the limit that is closest to its
end and `RateLimit-Policy` with all of them, as in draft-ietf-httpapi-ratelimit-headers-06.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from common.addresses import counted_address
from common.idempotency import principal
from common.limiter import KNOWN, Limit, Spent, TooManyRequests, forgive, spend

__all__ = [
    "KNOWN",
    "GeneralThrottle",
    "Limit",
    "Spent",
    "TooManyRequests",
    "body_field",
    "charge",
    "counted_address",
    "forgive",
    "spend",
    "tell",
    "throttle",
]

By = Callable[[Request], str | None]

MINUTE = timedelta(minutes=1)
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

WRITES_OF_ADDRESS = Limit("write.address", 1200, MINUTE)
WRITES_OF_USER = Limit("write.user", 600, MINUTE)
WRITES_OF_STAFF = Limit("write.staff", 3000, MINUTE)

_SPENT = "nexus.limits"
_COUNTED = "nexus.limits.counted"


class GeneralThrottle(BaseThrottle):
    """What every view has: a limit on writes, per person, or per address of whoever is not signed in.

    Subclasses add limits of their own. The first throttle of a call spends the limits of all.
    """

    limits: ClassVar[tuple[tuple[Limit, By], ...]] = ()
    methods: ClassVar[frozenset[str]] = WRITES

    @classmethod
    def limits_method(cls, method: str) -> bool:
        """Whether calls with this HTTP method are counted at all."""
        return method in WRITES or (bool(cls.limits) and method in cls.methods)

    def allow_request(self, request: Request, view: Any) -> bool:
        if settings.RATE_LIMITS and not request.META.get(_COUNTED):
            request.META[_COUNTED] = True
            throttles = [one for one in view.get_throttles() if isinstance(one, GeneralThrottle)]
            spent = charge(request, *_tries(request, throttles))
            for one in throttles:
                one.spent(request, spent)
        return True

    def tries(self, request: Request) -> Iterable[tuple[Limit, str]]:
        """What a call costs beyond the general limit."""
        for limit, by in self.limits:
            if (value := by(request)) is not None:
                yield limit, value

    def spent(self, request: Request, spent: list[Spent]) -> None:
        """Called when the call passed, with where its limits stand."""


def _tries(request: Request, throttles: Iterable[GeneralThrottle]) -> Iterable[tuple[Limit, str]]:
    for one in throttles:
        if request.method in one.methods:
            yield from one.tries(request)
    if request.method in WRITES:
        yield _general(request)


def _general(request: Request) -> tuple[Limit, str]:
    user: Any = request.user
    if not user.is_authenticated:
        return WRITES_OF_ADDRESS, counted_address(request)
    return WRITES_OF_STAFF if user.is_staff else WRITES_OF_USER, principal(request)


def throttle(
    limit: Limit, by: By | None = None, *, methods: Iterable[str] = WRITES
) -> type[GeneralThrottle]:
    """A DRF throttle class that spends `limit`, by default per caller's address.

    Args:
        by: returns what is counted, or None for a request that is not limited.
        methods: the HTTP methods that are counted.
    """
    name = f"{limit.name}_throttle"
    spent_by: By = by or counted_address
    return type(
        name,
        (GeneralThrottle,),
        {
            "__doc__": f"Spends {limit.name}.",
            "limits": ((limit, spent_by),),
            "methods": frozenset(methods),
        },
    )


def charge(request: HttpRequest | Request, *tries: tuple[Limit, str]) -> list[Spent]:
    """Spend all of these limits or none, unless RATE_LIMITS is off, and let the answer tell.

    For what a throttle cannot know: a door calls it before the work, outside of a transaction.

    Returns:
        Where they stand; nothing when RATE_LIMITS is off.

    Raises:
        TooManyRequests
    """
    if not settings.RATE_LIMITS or not tries:
        return []
    told: list[Spent] = request.META.setdefault(_SPENT, [])
    try:
        spent = spend(*tries)
        told += spent
        return spent
    except TooManyRequests as refusal:
        told += [one for one in refusal.spent if one.refused]
        raise


def body_field(name: str) -> By:
    """Count per value of a body field (an e-mail address), whether or not it is known here."""

    def read(request: Request) -> str | None:
        data = request.data
        value = data.get(name) if isinstance(data, dict) else None
        return value.strip().casefold()[:320] if isinstance(value, str) and value.strip() else None

    return read


def tell(request: HttpRequest, response: HttpResponse) -> None:
    """Write the `RateLimit-*` headers of what was spent for this request."""
    shown = [one for one in request.META.get(_SPENT, ()) if one.limit.shown]
    if not shown:
        return
    nearest = min(shown, key=lambda one: (one.remaining, -one.reset))
    policies = dict.fromkeys(
        f"{one.limit.times};w={int(one.limit.per.total_seconds())}" for one in shown
    )
    response["RateLimit-Limit"] = str(nearest.limit.times)
    response["RateLimit-Remaining"] = str(nearest.remaining)
    response["RateLimit-Reset"] = str(nearest.reset)
    response["RateLimit-Policy"] = ", ".join(policies)
