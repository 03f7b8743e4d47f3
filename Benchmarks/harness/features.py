"""What a family's own features cost actrun: a random model of a shape beside the same with one of them switched off."""

import pathlib

from harness import machine
from harness.interval import Estimate
from harness.ours import Tools
from harness.report import table
from harness.series import Contestant, Series
from harness.shapes import SHAPES, Shape, operations
from harness.verdict import Goal, figure

WITH = "with all"
PHASES = ["prefill", "decode"]
PROMPT, TOKENS = 512, 128


class Features:
    """The contestants that tell what the features of a shape cost, at one type of weights."""

    def __init__(self, name: str, weights: str) -> None:
        self.shape: Shape = SHAPES[name]
        self.name, self.weights = name, weights
        self.group = f"{weights}, features"
        self.names = list(self.shape.without_features())

    def contestants(self, tools: Tools) -> list[Contestant]:
        """One with all features, and one without each; none where the family has no features of its own."""
        if not self.names:
            return []
        models: dict[str, pathlib.Path] = {WITH: tools.shape(self.name)}
        models |= {name: tools.shape(self.name, without=name) for name in self.names}
        threads = machine.processors()
        return [
            tools.bench(name, self.group, tools.plan(self.weights, model=model), threads, prompt=PROMPT, tokens=TOKENS)
            for name, model in models.items()
        ]

    def cost(self, series: Series, name: str, phase: str) -> Estimate | None:
        """How much longer a turn took than the same turn without the feature, in per cent."""
        ratio = series.ratio(self.group, name, WITH, phase)
        return None if ratio is None else ratio.scaled(100, -100)

    def arithmetic(self, name: str, phase: str) -> float:
        """How much more is computed than without the feature, in per cent."""
        rows, logits = (PROMPT, 1) if phase == "prefill" else (TOKENS, TOKENS)
        without = self.shape.without_features()[name]
        return (operations(self.shape, rows, logits) / operations(without, rows, logits) - 1) * 100

    def verdict(self, series: Series, name: str, phase: str) -> str:
        """Whether the feature costs more than its arithmetic, as far as the interval tells."""
        cost = self.cost(series, name, phase)
        words = {"missed": "more", "met": "no more"}
        verdict = Goal(name, cost, self.arithmetic(name, phase), " %", higher=False).verdict
        return words.get(verdict, verdict)

    def sections(self, series: Series) -> list[str]:
        rows = [
            [
                name,
                phase,
                figure(self.cost(series, name, phase), 1, " %"),
                f"{self.arithmetic(name, phase):.1f} %",
                self.verdict(series, name, phase),
            ]
            for name in self.names
            for phase in PHASES
        ]
        if not rows:
            return []
        return [
            f"## What the family's features cost\n\nIn actrun, {self.weights}, {machine.processors()} threads: the "
            "same shape with one feature switched off, in the same turns. *Arithmetic*: how many more operations are "
            f"computed for pp{PROMPT} and tg{TOKENS}, counted, not measured; of a window, how many fewer. *More*: the "
            "whole interval is above it, and the feature costs time that its operations do not explain.\n",
            table(["feature", "phase", "cost", "arithmetic", "costs more?"], rows),
        ]
