"""Limits on everything that guesses: counted in PostgreSQL, by one atomic statement.

Each limit is a fixed window. The count is committed by itself, before the work, so that concurrent calls cannot slip
through together.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from common.errors import Kind, Refusal
from common.http import client_address


class TooManyRequests(Refusal):
    """A limit is used up for now."""

    kind = Kind.TOO_MANY
    code = "too_many_requests"
    title = "Too many requests"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in any window of `per`, for each value of `by`."""

    name: str
    times: int
    per: timedelta

    def spend(self, by: str) -> None:
        """Count one try.

        Raises:
            TooManyRequests: with the seconds until the window ends.
        """
        seconds = int(self.per.total_seconds())
        now = time.time()
        slot = int(now // seconds)
        key = hashlib.sha256(f"{self.name}|{by}".encode()).hexdigest()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO common_ratecounter (key, slot, count, expires_at)"
                " VALUES (%s, %s, 1, now() + make_interval(secs => %s))"
                " ON CONFLICT (key, slot) DO UPDATE SET count = common_ratecounter.count + 1"
                " RETURNING count",
                [key, slot, seconds],
            )
            (count,) = cursor.fetchone()
        if count > self.times:
            wait = int((slot + 1) * seconds - now) + 1
            raise TooManyRequests("Try again later.", retry_after=wait)


def throttle(limit: Limit, by: Callable[[Request], str | None] | None = None) -> type[BaseThrottle]:
    """A DRF throttle class that spends `limit`, by default per caller's address.

    `by` returns what is counted, or None for a request that is not limited.
    """

    class _Throttle(BaseThrottle):
        def allow_request(self, request: Request, view: Any) -> bool:
            if settings.RATE_LIMITS:
                value = by(request) if by else client_address(request)
                if value is not None:
                    limit.spend(value)
            return True

    _Throttle.__name__ = f"{limit.name}_throttle"
    return _Throttle


def body_field(name: str) -> Callable[[Request], str | None]:
    """Count per value of a body field (an e-mail address), whether or not it is known here."""

    def read(request: Request) -> str | None:
        data = request.data
        value = data.get(name) if isinstance(data, dict) else None
        return value.strip().casefold()[:320] if isinstance(value, str) and value.strip() else None

    return read
