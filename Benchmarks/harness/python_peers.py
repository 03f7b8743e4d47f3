"""Comparing actrun with peers that are Python packages; `vs_openvino` and `vs_transformers` say which."""

import dataclasses
import json

from harness import lineup
from harness.interval import Estimate
from harness.lineup import OURS, Lineup, both_threads
from harness.ours import Tools, parse_process
from harness.report import number, spread, table
from harness.series import Contestant, Series
from harness.verdict import Comparison, times


@dataclasses.dataclass
class Variant:
    """A peer at one type: the script that runs it, up to the number of threads."""

    weights: str
    # As the peer calls it.
    label: str
    start: list[str]
    options: list[str] = dataclasses.field(default_factory=list)
    environment: dict[str, str] = dataclasses.field(default_factory=dict)

    def contestant(self, group: str, threads: int, prompt: int, tokens: int, parse, suffix: str = "") -> Contestant:
        argv = [*self.start, str(threads), str(prompt), str(tokens), *self.options]
        return Contestant(self.label + suffix, group, argv, parse, self.environment)


def compare(tools: Tools, variants: list[Variant], options) -> tuple[Series, list[str], list[Comparison]]:
    """Measures each variant beside actrun at the same type, and the cold processes.

    Returns the series, the sections of its page and the comparisons in them.
    """
    threads = both_threads()
    entrants = Lineup()
    for weights in dict.fromkeys(variant.weights for variant in variants):
        peers = [variant for variant in variants if variant.weights == weights]
        entrants.add(
            tools,
            weights,
            lambda group, count, peers=peers: [peer.contestant(group, count, 512, 128, parse_speed) for peer in peers],
            lambda group, tokens, peers=peers: [
                peer.contestant(group, threads[0], 0, tokens, parse_process, f" -n {tokens}")
                for peer in peers
                if not peer.options
            ],
        )
    series = entrants.measure(options.turns)
    return series, sections(series, variants, threads), comparisons(series, variants, threads)


def comparisons(series: Series, variants: list[Variant], threads: list[int]) -> list[Comparison]:
    """Every figure of the tables in which both take part."""
    found = []
    for variant in variants:
        for count in threads:
            found += [
                Comparison(
                    f"{phase}, {variant.label}, {count} thread{'s' * (count > 1)}",
                    series.ratio(f"{variant.weights}, {count} threads", OURS, variant.label, phase),
                )
                for phase in ["prefill", "decode"]
            ]
        if not variant.options:
            found += [
                dataclasses.replace(each, what=f"{each.what}, {variant.label}")
                for each in lineup.processes(series, variant.weights, variant.label)
            ]
    return found


def against_best(series: Series, weights: str, phase: str, threads: int, peers: list[Variant]) -> Estimate | None:
    """How many times faster actrun is at a type than the peer that is fastest, in the median, at any type."""
    speeds = {(f"{peer.weights}, {threads} threads", peer.label): 0.0 for peer in peers}
    for group, label in speeds:
        speeds[group, label] = series.median(group, label, phase) or 0
    if not any(speeds.values()):
        return None
    group, label = max(speeds, key=speeds.__getitem__)
    return series.ratio(f"{weights}, {threads} threads", OURS, label, phase, group)


def sections(series: Series, variants: list[Variant], threads: list[int]) -> list[str]:
    speed, processes = [], []
    for variant in variants:
        for count in threads:
            group = f"{variant.weights}, {count} threads"
            row = [variant.weights, variant.label, str(count)]
            row += [times(series.ratio(group, OURS, variant.label, phase)) for phase in ["prefill", "decode"]]
            for phase in ["prefill", "decode"]:
                row += [spread(series.values(group, name, phase)) for name in [OURS, variant.label]]
            speed.append(row)
        group = f"{variant.weights}, process"
        for name in [OURS, variant.label] if not variant.options else []:
            peak = series.median(group, f"{name} -n 128", "peak_bytes")
            processes.append(
                [
                    variant.weights,
                    name,
                    spread(series.values(group, f"{name} -n 1", "seconds"), 3),
                    number(None if peak is None else peak / 1e6),
                ]
            )
    return [
        "## Speed\n\nTokens a second; decoding starts from an empty context.\n",
        table(
            [
                "weights",
                "peer",
                "threads",
                "prefill",
                "decode",
                "pp512 actrun",
                "pp512 peer",
                "tg128 actrun",
                "tg128 peer",
            ],
            speed,
        ),
        f"## A cold process\n\nFrom start to exit with the first token written, files in the page cache, {threads[0]} "
        "threads; peak resident memory of 128 tokens.\n",
        table(["weights", "engine", "first token, s", "peak memory, MB"], processes),
    ]


def parse_speed(run: dict) -> dict[str, float]:
    return json.loads(run["output"].strip().splitlines()[-1])
