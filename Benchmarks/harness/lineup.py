"""Who runs beside actrun, type by type: on one and on all threads, and as cold processes."""

import pathlib
from collections.abc import Callable

from harness import machine
from harness.ours import Tools
from harness.series import Contestant, Series, measure
from harness.verdict import Comparison

OURS = "actrun"


def both_threads() -> list[int]:
    """All processors, then one."""
    return sorted({1, machine.processors()}, reverse=True)


def processes(series: Series, weights: str, peer: str) -> list[Comparison]:
    """The cold processes of a peer beside ours: time to the first token, and peak memory."""
    group = f"{weights}, process"
    return [
        Comparison(
            f"first token of a cold process, {weights}", series.ratio(group, f"{peer} -n 1", f"{OURS} -n 1", "seconds")
        ),
        Comparison(f"peak memory, {weights}", series.ratio(group, f"{peer} -n 128", f"{OURS} -n 128", "peak_bytes")),
    ]


class Lineup:
    """The contestants of a comparison, and the types that actrun cannot take part in."""

    def __init__(self) -> None:
        self.contestants: list[Contestant] = []
        self.refused: list[str] = []

    def add(
        self,
        tools: Tools,
        weights: str,
        speed: Callable[[str, int], list[Contestant]],
        process: Callable[[str, int], list[Contestant]] | None,
        model: pathlib.Path | None = None,
    ) -> pathlib.Path | None:
        """Adds actrun and its peers at a type of weights; returns actrun's plan.

        `speed` gives the peers' benchmarks for a group and a number of threads, `process` their cold processes for a
        group and a number of tokens; None: there are none, as of a model without a tokenizer.
        """
        threads = both_threads()
        try:
            plan = tools.plan(weights, model=model)
        except machine.Unavailable as error:
            self.refused.append(str(error))
            plan = None
        for count in threads:
            group = f"{weights}, {count} threads"
            if plan:
                self.contestants.append(tools.bench(OURS, group, plan, count))
            self.contestants += speed(group, count)
        group = f"{weights}, process"
        for tokens in [1, 128] if process else []:
            if plan:
                ours = tools.generate(f"{OURS} -n {tokens}", group, plan, threads[0], tokens)
                self.contestants.append(ours)
            self.contestants += process(group, tokens)
        return plan

    def measure(self, turns: int) -> Series:
        series = measure(self.contestants, turns)
        series.failures += self.refused
        return series
