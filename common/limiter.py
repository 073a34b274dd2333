"""The limiter: how often something may be tried, decided by one atomic step for all limits of a call.

A *sliding* window, counted in sixtieths: in no window of a limit's length do more than its number of tries pass, wherever
the window begins. A try is forgotten after the window's length and at the latest one sixtieth later. Refused tries are not
counted, so that whoever waits as long as the answer said gets in.

All limits of a call are spent, or none. The count stands before the work is begun, and is taken in Valkey or Redis
(`REDIS_URL`) or in PostgreSQL, by the same rules and by the server's clock; see `docs/limits.md`.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from common import limiter_postgres, limiter_redis
from common.errors import Kind, Refusal
from common.limiter_stores import Verdict, Want

# What a stranger can fill: at most this many keys for each limit, whatever is sent. Two values share a key by accident once
# in a million; which ones depends on SECRET_KEY, so that nobody can aim.
SLOTS = 1 << 20

KNOWN: dict[str, Limit] = {}


class TooManyRequests(Refusal):
    """A limit is used up for now."""

    kind = Kind.TOO_MANY
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(
        self,
        detail: str = "Try again later.",
        *,
        retry_after: int | None = None,
        spent: Sequence[Spent] = (),
    ) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.spent = list(spent)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in any window of `per`, for each value of `by`.

    Args:
        name: unique; docs/limits.md has one row for each name.
        shown: whether `RateLimit-*` may tell of it. False where that would tell about somebody's account.
    """

    name: str
    times: int
    per: timedelta
    shown: bool = True

    def __post_init__(self) -> None:
        if self.times < 1 or self.per < timedelta(seconds=1) or len(self.name) > 50:
            raise ValueError(f"a limit that cannot be counted: {self}")
        KNOWN[self.name] = self

    def spend(self, by: str) -> Spent:
        """Count one try, whatever RATE_LIMITS says. Call it outside of a transaction: a rollback would undo the count.

        Raises:
            TooManyRequests: with the seconds after which a try will pass.
        """
        return spend((self, by))[0]

    def forgive(self, by: str) -> None:
        """Forget every try that was counted for `by`."""
        forgive((self, by))

    def key(self, by: str) -> str:
        """The name of the counter: no personal data, and none can be computed from it without SECRET_KEY."""
        told = f"{self.name}|{by}".encode(errors="surrogatepass")
        digest = hmac.digest(settings.SECRET_KEY.encode(), told, "sha256")
        return f"{self.name}:{int.from_bytes(digest[:4], 'big') % SLOTS:05x}"


@dataclass(frozen=True, slots=True)
class Spent:
    """Where a limit stands after a try.

    Attributes:
        remaining: how many more tries would pass now.
        reset: seconds until `remaining` grows; for a limit that is used up, until a try will pass.
        refused: this limit was in the way.
    """

    limit: Limit
    remaining: int
    reset: int
    refused: bool = False


def spend(*tries: tuple[Limit, str], at: int | None = None) -> list[Spent]:
    """Count one try against each limit, or against none if one of them is used up.

    Args:
        tries: pairs of a limit and the value it is counted by (an address, an account).
        at: microseconds since 1970, for tests; the server's clock otherwise.

    Raises:
        TooManyRequests: with the longest wait of the limits that are used up.
    """
    found = {limit.key(by): limit for limit, by in tries}
    wants = [Want(key, limit.times, _microseconds(limit)) for key, limit in found.items()]
    verdicts = limiter_redis.decide(wants, at=at) if settings.REDIS_URL else None
    if verdicts is None:
        verdicts = limiter_postgres.decide(wants, at=at)
    spent = [
        _spent(limit, verdict) for limit, verdict in zip(found.values(), verdicts, strict=True)
    ]
    if waits := [one.reset for one in spent if one.refused]:
        raise TooManyRequests(retry_after=max(waits), spent=spent)
    return spent


def forgive(*tries: tuple[Limit, str]) -> None:
    """Forget every try that was counted for these values, wherever it was counted."""
    keys = [limit.key(by) for limit, by in tries]
    if settings.REDIS_URL:
        limiter_redis.forget(keys)
    limiter_postgres.forget(keys)


def _microseconds(limit: Limit) -> int:
    return limit.per // timedelta(microseconds=1)


def _spent(limit: Limit, verdict: Verdict) -> Spent:
    seconds = -(-(verdict.wait or verdict.reset) // 1_000_000)
    return Spent(
        limit,
        remaining=max(0, limit.times - verdict.used),
        reset=max(1, seconds),
        refused=verdict.wait > 0,
    )
