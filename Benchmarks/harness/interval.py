"""How well a median is known: confidence intervals by order statistics, which assume nothing about the distribution."""

import dataclasses
import math
import statistics
from collections.abc import Sequence

# What a verdict needs. Below six values no pair of order statistics reaches it.
CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A median and the interval that holds the true one with this confidence."""

    median: float
    low: float
    high: float
    confidence: float

    @property
    def is_confident(self) -> bool:
        return self.confidence >= CONFIDENCE

    def scaled(self, factor: float, offset: float = 0) -> "Estimate":
        """The estimate of `factor · x + offset`, for a positive factor."""
        low, median, high = (factor * value + offset for value in (self.low, self.median, self.high))
        return dataclasses.replace(self, low=low, median=median, high=high)


def estimate(values: Sequence[float]) -> Estimate | None:
    """The median of some values, between the innermost order statistics that reach `CONFIDENCE`, else the outermost."""
    if not values:
        return None
    ordered, count = sorted(values), len(values)
    rank = innermost(count)
    return Estimate(statistics.median(ordered), ordered[rank - 1], ordered[count - rank], coverage(count, rank))


def innermost(count: int) -> int:
    """The highest rank whose interval reaches `CONFIDENCE`, of so many values; 1 where none does."""
    return max((rank for rank in range(1, count // 2 + 1) if coverage(count, rank) >= CONFIDENCE), default=1)


def coverage(count: int, rank: int) -> float:
    """The probability that the median lies between the values of this rank from below and from above.

    The rank-th smallest value is above the median where fewer than `rank` values are below it, and how many are is
    binomial with probability ½; the same holds from above.
    """
    return 1 - 2 * sum(math.comb(count, below) for below in range(rank)) / 2**count
