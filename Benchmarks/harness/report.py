"""Series as Markdown for people and JSON for programs."""

import dataclasses
import json
import shlex
import statistics
import sys

from harness import machine
from harness.interval import coverage, innermost
from harness.series import Series
from harness.verdict import Comparison, Goal, figure, lost


def table(header: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(header), rule, *map(line, rows)]) + "\n"


def number(value: float | None, decimals: int = 0, unit: str = "") -> str:
    return "–" if value is None else f"{value:.{decimals}f}{unit}"


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


def goal_table(goals: list[Goal]) -> str:
    """The goals of this project, which are no comparisons: what was to be reached, and what was."""
    rows = []
    for goal in goals:
        decimals = 1 if goal.unit == " %" else 2
        sign = "≥" if goal.higher else "≤"
        wanted = f"{sign} {goal.goal:.{decimals}f}{goal.unit}"
        rows.append([goal.what, wanted, figure(goal.reached, decimals, goal.unit), goal.verdict])
    return "## Goals\n\n" + table(["figure", "goal", "reached", ""], rows)


def heading(title: str, command: str, series: Series | None) -> str:
    """What was run, when, where and how often, and what the intervals of the page mean."""
    text = f"# {title}\n\n`{command}` on {machine.today()}: {machine.describe()}.\n"
    if series and (turns := series.turns()):
        plural = "" if turns == 1 else "s"
        text += f"Medians of {turns} interleaved turn{plural}, with (range) or [interval]. " + confidence(turns)
        text += f" {probes(series)}\n"
    return text


def confidence(turns: int) -> str:
    """How sure the intervals are that are made of so many turns."""
    share = coverage(turns, innermost(turns)) * 100
    return f"An interval holds the true median with {share:.1f} % confidence, by order statistics of the turns."


def publish(
    name: str,
    title: str,
    sections: list[str],
    series: Series | None,
    goals: list[Goal],
    comparisons: list[Comparison],
    script: str | None = None,
    **more,
) -> None:
    """Writes `results/NAME.md` and a record of every run, and prints the Markdown; `script`: of another name."""
    command = shlex.join([f"Benchmarks/{script or name}.sh", *sys.argv[2:]])
    parts = [heading(title, command, series)]
    if comparisons:
        parts.append(lost(comparisons))
    parts += sections
    if goals:
        parts.append(goal_table(goals))
    if series and series.failures:
        parts.append("## Not measured\n\n" + "\n".join(f"- {failure}" for failure in series.failures) + "\n")
    text = "\n".join(parts)
    machine.RECORDS.mkdir(parents=True, exist_ok=True)
    results = machine.BENCHMARKS / "results"
    results.mkdir(exist_ok=True)
    (results / f"{name}.md").write_text(text)
    record = {
        "command": command,
        "date": machine.today(),
        "machine": machine.describe(),
        "goals": [dataclasses.asdict(goal) | {"verdict": goal.verdict} for goal in goals],
        "comparisons": [dataclasses.asdict(each) | {"verdict": each.verdict} for each in comparisons],
        **more,
    }
    if series:
        record |= dataclasses.asdict(series)
    (machine.RECORDS / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    machine.say(f"wrote Benchmarks/results/{name}.md and .cache/benchmarks/{name}.json")
    print(text, end="")
