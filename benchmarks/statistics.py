"""Whether two sets of times differ. Plain Python: nothing here is worth a dependency."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides of one question; times in milliseconds.

    Attributes:
        interval: of the difference of medians, by bootstrap, at the level that was asked for.
        rank_p: two-sided p of Mann and Whitney's rank test, by its normal approximation.
    """

    samples: int
    median_known: float
    median_unknown: float
    mad_known: float
    mad_unknown: float
    difference: float
    ratio: float
    interval: tuple[float, float]
    rank_p: float

    @property
    def inside_the_noise(self) -> bool:
        """The stated rule: the interval of the difference of medians holds zero."""
        return self.interval[0] <= 0 <= self.interval[1]

    def as_dict(self) -> dict[str, Any]:
        """For JSON, rounded to microseconds."""
        numbers = {
            key: [round(part, 4) for part in value] if isinstance(value, tuple) else round(value, 4)
            for key, value in asdict(self).items()
        }
        return {**numbers, "inside_the_noise": self.inside_the_noise}


def compare(known: Sequence[float], unknown: Sequence[float], *, level: float) -> Comparison:
    """Compare two sets of milliseconds. `level` is the chance (0..1) that the interval misses where nothing differs."""
    one, other = median(known), median(unknown)
    return Comparison(
        samples=len(known),
        median_known=one,
        median_unknown=other,
        mad_known=_mad(known),
        mad_unknown=_mad(unknown),
        difference=one - other,
        ratio=one / other,
        interval=_bootstrap(known, unknown, level),
        rank_p=rank_test(known, unknown),
    )


def rank_test(one: Sequence[float], other: Sequence[float]) -> float:
    """The two-sided p of Mann and Whitney: how often equal sides look as different as these. Ties share their rank."""
    ordered = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks, at = 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        shared = (at + end + 1) / 2
        ranks += shared * sum(1 for _, side in ordered[at:end] if side == 0)
        at = end
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def _mad(times: Sequence[float]) -> float:
    middle = median(times)
    return median(abs(time - middle) for time in times)


def _bootstrap(one: Sequence[float], other: Sequence[float], level: float) -> tuple[float, float]:
    dice = random.Random(2026)
    differences = sorted(
        median(dice.choices(one, k=len(one))) - median(dice.choices(other, k=len(other)))
        for _ in range(RESAMPLES)
    )
    edge = max(int(RESAMPLES * level / 2), 0)
    return differences[edge], differences[-1 - edge]
