"""Contestants, measured in turn: A B C A B C …, with the machine probed around every turn."""

import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable

from harness import machine
from harness.interval import Estimate, estimate

Figures = dict[str, float]
# A turn in which pinned threads computed less than this share of their best was not alone on the machine.
UNDISTURBED = 0.85


@dataclasses.dataclass
class Contestant:
    """A command whose output tells how fast something is."""

    name: str
    # What it stands beside: contestants of a group are measured in one turn.
    group: str
    arguments: list[str]
    # Figures by name from an outcome of `harness.turn.run`.
    parse: Callable[[dict], Figures]
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    # Seconds after which it has failed.
    limit: int = 120


@dataclasses.dataclass
class Series:
    """The figures of all turns: `runs[group][contestant]` has a dictionary a turn, `probes[group]` two."""

    runs: dict[str, dict[str, list[Figures]]]
    probes: dict[str, list[dict]]
    failures: list[str]

    def disturbed(self) -> tuple[int, int]:
        """How many turns something else on the machine shared, and of how many: by what was computed in the best."""
        turns = [
            list(map(computed, pair)) for probes in self.probes.values() for pair in zip(probes[::2], probes[1::2])
        ]
        best = max((value for turn in turns for value in turn), default=0)
        return sum(min(turn) < UNDISTURBED * best for turn in turns), len(turns)

    def turns(self) -> int:
        """How many turns were taken."""
        return max((len(probes) // 2 for probes in self.probes.values()), default=0)

    def median(self, group: str, name: str, figure: str) -> float | None:
        values = self.values(group, name, figure)
        return statistics.median(values) if values else None

    def values(self, group: str, name: str, figure: str) -> list[float]:
        return [run[figure] for run in self.runs.get(group, {}).get(name, []) if figure in run]

    def ratio(self, group: str, name: str, other: str, figure: str, other_group: str | None = None) -> Estimate | None:
        """One contestant's figure by another's of the same turn: the median over turns and its interval."""
        pairs = zip(self.values(group, name, figure), self.values(other_group or group, other, figure))
        return estimate([a / b for a, b in pairs])

    def probed(self, group: str, figure: str, threads: int) -> float | None:
        values = [probe[figure].get(str(threads)) for probe in self.probes.get(group, [])]
        values = [value for value in values if value is not None]
        return statistics.median(values) if values else None


def measure(
    contestants: list[Contestant], turns: int, most: int | None = None, resolved: Callable[[Series], bool] | None = None
) -> Series:
    """Measures all contestants `turns` times, or more, up to `most`, until the series is `resolved`.

    One that fails is left out from then on, and named in `failures`.
    """
    probe = machine.probe()
    series = Series({}, {}, [])
    failed: set[tuple[str, str]] = set()
    groups = list(dict.fromkeys(contestant.group for contestant in contestants))
    last = max(turns, most or turns)
    for turn in range(last):
        if turn >= turns and (resolved is None or resolved(series)):
            break
        for group in groups:
            entrants = [c for c in contestants if c.group == group and (group, c.name) not in failed]
            if not entrants:
                continue
            machine.say(f"turn {turn + 1} of {last}: {group}: {', '.join(c.name for c in entrants)}")
            outcome = undisturbed_turn(probe, entrants, series)
            series.probes.setdefault(group, []).extend(outcome["probes"])
            for contestant, run in zip(entrants, outcome["runs"]):
                try:
                    figures = read(contestant, run)
                except machine.Unavailable as error:
                    machine.say(str(error))
                    series.failures.append(str(error))
                    failed.add((group, contestant.name))
                    continue
                series.runs.setdefault(group, {}).setdefault(contestant.name, []).append(figures)
    return series


ATTEMPTS = 3
# Seconds; a longer turn is not worth repeating, its ratios are paired anyway.
LONG = 60


def undisturbed_turn(probe: list[str], entrants: list[Contestant], series: Series) -> dict:
    """A turn that had the machine for itself, as far as is known by now, or else the last of a few attempts."""
    for attempt in range(1, ATTEMPTS + 1):
        outcome = take_turn(probe, entrants)
        now = list(map(computed, outcome["probes"]))
        best = max(now + [computed(probe) for probes in series.probes.values() for probe in probes])
        if min(now) >= UNDISTURBED * best:
            break
        if sum(run["seconds"] for run in outcome["runs"]) > LONG:
            break
        machine.say(f"disturbed: {min(now):.0f} of {best:.0f} GFLOP/s; attempt {attempt}")
    return outcome


def computed(probe: dict) -> float:
    """Multiply-adds of all threads together, GFLOP/s."""
    return max(probe["fma_gflop_per_s"].values())


def take_turn(probe: list[str], entrants: list[Contestant]) -> dict:
    commands = [{"arguments": c.arguments, "environment": c.environment, "limit": c.limit} for c in entrants]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"probe": probe, "commands": commands}, file)
        file.flush()
        result = subprocess.run(
            [*machine.wrapper("ACT_BENCH_QUIET"), sys.executable, "-m", "harness.turn", file.name],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            cwd=machine.BENCHMARKS,
        )
    return json.loads(result.stdout)


def read(contestant: Contestant, run: dict) -> Figures:
    where = f"{contestant.name}, {contestant.group}"
    if run["code"]:
        lines = run["errors"].strip().splitlines()
        raise machine.Unavailable(f"{where}: exit code {run['code']}: {lines[-1] if lines else 'no message'}")
    try:
        return contestant.parse(run)
    except (ValueError, KeyError, IndexError, StopIteration) as error:
        raise machine.Unavailable(f"{where}: its output has another form than expected: {error!r}") from error
