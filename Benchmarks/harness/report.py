"""Series as Markdown for people and JSON for programs."""

import dataclasses
import json
import shlex
import statistics
import sys

from harness import machine
from harness.series import Series


def table(header: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(header), rule, *map(line, rows)]) + "\n"


def number(value: float | None, decimals: int = 0, unit: str = "") -> str:
    return "–" if value is None else f"{value:.{decimals}f}{unit}"


def times(value: float | None) -> str:
    return number(value, 2, "×")


def spread(values: list[float], decimals: int = 0) -> str:
    """The median and the range: `97 (95–99)`."""
    if not values:
        return "–"
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:.{decimals}f} ({low:.{decimals}f}–{high:.{decimals}f})"


def probes(series: Series) -> str:
    """What the machine gave during the series, by number of threads."""
    everything = [probe for group in series.probes.values() for probe in group]
    if not everything:
        return ""
    parts = []
    for threads in everything[0]["read_gb_per_s"]:
        read = [probe["read_gb_per_s"][threads] for probe in everything]
        fma = [probe["fma_gflop_per_s"][threads] for probe in everything]
        parts.append(
            f"{threads} thread{'s' if threads != '1' else ''} {spread(read, 1)} GB/s and {spread(fma)} GFLOP/s (f32)"
        )
    text = "Probed before and after each turn, median (range): " + "; ".join(parts) + "."
    disturbed, turns = series.disturbed()
    if disturbed:
        text += f" **{disturbed} of {turns} turns shared the machine with something else.**"
    return text


@dataclasses.dataclass
class Goal:
    """A ratio or share that was to be reached; `higher` says on which side of the goal is good."""

    what: str
    reached: float | None
    goal: float
    unit: str = "×"
    higher: bool = True

    @property
    def met(self) -> bool | None:
        if self.reached is None:
            return None
        return self.reached >= self.goal if self.higher else self.reached <= self.goal

    def cells(self) -> list[str]:
        sign = "≥" if self.higher else "≤"
        decimals = 1 if self.unit == " %" else 2
        verdict = {True: "met", False: "missed", None: "not measured"}[self.met]
        return [
            self.what, f"{sign} {self.goal:.{decimals}f}{self.unit}",
            number(self.reached, decimals, self.unit), verdict,
        ]


def verdict(goals: list[Goal]) -> str:
    missed = [f"{goal.what} ({number(goal.reached, 2, goal.unit)})" for goal in goals if goal.met is False]
    return "Where we lose: " + ("; ".join(missed) if missed else "nowhere that was measured") + ".\n"


def publish(name: str, title: str, sections: list[str], series: Series | None, turns: int, goals: list[Goal],
            **more) -> None:
    """Writes `results/NAME.md` and a record of every run, and prints the Markdown."""
    command = shlex.join([f"Benchmarks/{name}.sh", *sys.argv[2:]])
    heading = f"# {title}\n\n`{command}` on {machine.today()}: {machine.describe()}.\n"
    if series:
        plural = "" if turns == 1 else "s"
        heading += f"Medians and ranges of {turns} interleaved turn{plural}. {probes(series)}\n"
    parts = [heading]
    if goals:
        parts.append(table(["ratio", "goal", "reached", ""], [goal.cells() for goal in goals]))
        parts.append(verdict(goals))
    parts += sections
    if series and series.failures:
        parts.append("Not measured:\n" + "\n".join(f"- {failure}" for failure in series.failures) + "\n")
    text = "\n".join(parts)
    machine.RECORDS.mkdir(parents=True, exist_ok=True)
    results = machine.BENCHMARKS / "results"
    results.mkdir(exist_ok=True)
    (results / f"{name}.md").write_text(text)
    record = {"command": command, "date": machine.today(), "machine": machine.describe(), "turns": turns,
              "goals": [dataclasses.asdict(goal) | {"met": goal.met} for goal in goals], **more}
    if series:
        record |= dataclasses.asdict(series)
    (machine.RECORDS / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    machine.say(f"wrote Benchmarks/results/{name}.md and .cache/benchmarks/{name}.json")
    print(text, end="")
