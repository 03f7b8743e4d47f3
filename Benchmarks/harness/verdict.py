"""What figures say: who is faster, and whether a goal is met, as far as the intervals tell."""

import dataclasses

from harness.interval import CONFIDENCE, Estimate


@dataclasses.dataclass
class Comparison:
    """A figure of ours by a peer's, the way round in which more than 1 is good for us; None where it is not known."""

    what: str
    ratio: Estimate | None

    @property
    def verdict(self) -> str:
        if self.ratio is None:
            return "not measured"
        if self.ratio.is_confident and self.ratio.high < 1:
            return "worse"
        if self.ratio.is_confident and self.ratio.low > 1:
            return "better"
        return "unresolved"


@dataclasses.dataclass
class Goal:
    """A figure that was to be reached; `higher` says on which side of the goal is good.

    A number that is the same in every run has no interval.
    """

    what: str
    reached: Estimate | float | None
    goal: float
    unit: str = "×"
    higher: bool = True

    @property
    def verdict(self) -> str:
        """Met or missed where the whole interval is on one side of the goal."""
        if self.reached is None:
            return "not measured"
        if isinstance(self.reached, Estimate):
            if not self.reached.is_confident:
                return "unresolved"
            low, high = self.reached.low, self.reached.high
        else:
            low = high = self.reached
        if low >= self.goal if self.higher else high <= self.goal:
            return "met"
        if high < self.goal if self.higher else low > self.goal:
            return "missed"
        return "unresolved"


def lost(comparisons: list[Comparison]) -> str:
    """The paragraph that says where peers are better: what is resolved, and what is not."""
    if not comparisons:
        return ""
    worse = [comparison for comparison in comparisons if comparison.verdict == "worse"]
    open_ones = [comparison for comparison in comparisons if comparison.verdict == "unresolved"]
    lines = ["## Where we lose\n"]
    if worse:
        lines += [f"- {comparison.what}: {times(comparison.ratio)}" for comparison in worse]
    else:
        lines.append("Nowhere that was resolved.")
    if open_ones:
        lines.append(f"\nUnresolved, since the interval holds 1 or its confidence is below {CONFIDENCE * 100:.0f} %:\n")
        lines += [f"- {comparison.what}: {times(comparison.ratio)}" for comparison in open_ones]
    return "\n".join(lines) + "\n"


def times(value: Estimate | float | None) -> str:
    return figure(value, 2, "×")


def figure(value: Estimate | float | None, decimals: int, unit: str = "") -> str:
    """A number, with its interval where it has one: `1.26× [1.21, 1.32]`."""
    if value is None:
        return "–"
    if not isinstance(value, Estimate):
        return f"{value:.{decimals}f}{unit}"
    return f"{value.median:.{decimals}f}{unit} [{value.low:.{decimals}f}, {value.high:.{decimals}f}]"
