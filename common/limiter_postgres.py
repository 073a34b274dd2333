"""Counting in PostgreSQL: one call of the function `common_spend` (migration 0002), one round trip.

It locks the keys, in one order for everybody, counts by the server's clock, and writes only if every limit lets the try
pass. Now and then it deletes what is over, so that the table stays small without a worker.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from common.limiter_stores import Verdict, Want
from common.models import RateCounter


def decide(wants: Sequence[Want], *, at: int | None = None) -> list[Verdict]:
    """Spend all or none. `at`: microseconds since 1970; the server's clock when None."""
    if not wants:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT used, wait, reset FROM common_spend(%s::text[], %s::bigint[], %s::bigint[], %s::bigint)",
            [
                [want.key for want in wants],
                [want.times for want in wants],
                [want.span for want in wants],
                at,
            ],
        )
        return [Verdict(*map(int, row)) for row in cursor.fetchall()]


def forget(keys: Sequence[str]) -> None:
    """Delete the counters of these keys."""
    RateCounter.objects.filter(key__in=keys).delete()
