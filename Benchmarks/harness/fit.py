"""Fitting at every norm: actc, simultaneous and causal, against transformers with hooks in one simultaneous pass, and
against the published causal way, a pass a site."""

import json

from harness import machine
from harness.machine import BENCHMARKS, HOME, MODELS, ROOT, call
from harness.ours import NORMS, Tools
from harness.report import number, publish, spread, table
from harness.series import Contestant, measure
from harness.verdict import Comparison, Goal

GROUP = "fit"
# In the checkpoint's own type, f32, where no other is named.
OURS, OURS_CAUSAL = "actc, simultaneous", "actc, causal"
PEER, PEER_CAUSAL = "transformers with hooks, simultaneous", "transformers with hooks, a pass a site"
TYPES = ["bf16", "q8"]
KINDS = ["target means", "slopes"]


def add_options(parser) -> None:
    parser.add_argument("--sentences", type=int, default=1000, help="of 32 tokens, both sides together (default: 1000)")
    parser.add_argument(
        "--sites",
        type=int,
        default=12,
        metavar="N",
        help="the published way is timed at every N-th site and extrapolated (default: 12)",
    )
    parser.add_argument("--sample", type=int, default=128, help="and with so many sentences (default: 128)")


def main(options) -> None:
    machine.install("transformers")
    tools = Tools()
    model, threads = tools.fetch_model(), machine.processors()
    folder = MODELS / f"sentences-{options.sentences}"
    peer = [str(HOME / "transformers/bin/python"), str(BENCHMARKS / "peers/transformers_fit.py")]
    if not (folder / "target.txt").exists():
        data = ROOT / "Examples" / "football"
        call(
            [*peer, "sentences", model, data / "source.txt", data / "target.txt", options.sentences, folder],
            quiet=True,
            what="the sentences",
        )
    maps = {weights: MODELS / f"fit-{weights}.maps.safetensors" for weights in ["f32", *TYPES]}

    def ours(name: str, output, *arguments: str) -> Contestant:
        argv = [
            tools.actc,
            "fit",
            model,
            "--source",
            folder / "source.txt",
            "--target",
            folder / "target.txt",
            "--sites",
            *NORMS,
            "-t",
            threads,
            "-o",
            output,
            *arguments,
        ]
        return Contestant(
            name,
            GROUP,
            list(map(str, argv)),
            lambda run: {"sentences_per_second": options.sentences / run["seconds"], "peak_bytes": run["peak_bytes"]},
            limit=3600,
        )

    def theirs(name: str, *arguments) -> Contestant:
        return Contestant(name, GROUP, [*peer, *map(str, arguments)], parse, limit=3600)

    contestants = [
        ours(OURS, maps["f32"], "--simultaneous"),
        *(ours(f"{OURS}, {weights}", maps[weights], "--simultaneous", "--weights", weights) for weights in TYPES),
        theirs(PEER, "simultaneous", model, folder, threads, "float32", *maps.values()),
        theirs(f"{PEER}, bf16", "simultaneous", model, folder, threads, "bfloat16"),
        ours(OURS_CAUSAL, MODELS / "fit-causal.maps.safetensors"),
        ours(f"{OURS_CAUSAL}, q8", MODELS / "fit-causal-q8.maps.safetensors", "--weights", "q8"),
        theirs(PEER_CAUSAL, "causal", model, folder, threads, options.sites, options.sample),
    ]
    series = measure(contestants, options.turns)
    figure = "sentences_per_second"
    goals = [
        Goal("simultaneous against one pass with hooks", series.ratio(GROUP, OURS, PEER, figure), 8),
        *(
            Goal(
                f"simultaneous, {weights}, against one pass with hooks",
                series.ratio(GROUP, f"{OURS}, {weights}", PEER, figure),
                8,
            )
            for weights in TYPES
        ),
        Goal("causal against our simultaneous", series.ratio(GROUP, OURS_CAUSAL, OURS, figure), 0.7),
        Goal("causal against a pass a site", series.ratio(GROUP, OURS_CAUSAL, PEER_CAUSAL, figure), 150),
        Goal("causal, q8, against a pass a site", series.ratio(GROUP, f"{OURS_CAUSAL}, q8", PEER_CAUSAL, figure), 150),
    ]
    pairs = [
        (OURS, PEER),
        (f"{OURS}, bf16", f"{PEER}, bf16"),
        (f"{OURS}, q8", PEER),
        (OURS_CAUSAL, PEER_CAUSAL),
        (f"{OURS_CAUSAL}, q8", PEER_CAUSAL),
    ]
    comparisons = []
    for our, their in pairs:
        comparisons += [
            Comparison(f"sentences a second, {our}, against {their}", series.ratio(GROUP, our, their, figure)),
            Comparison(f"peak memory, {our}, against {their}", series.ratio(GROUP, their, our, "peak_bytes")),
        ]
    rows = []
    for contestant in contestants:
        peak = series.median(GROUP, contestant.name, "peak_bytes")
        rows.append(
            [
                contestant.name,
                spread(series.values(GROUP, contestant.name, figure), 2),
                number(None if peak is None else peak / 1e6),
            ]
        )

    def difference(kind: str, weights: str) -> str:
        value = series.median(GROUP, PEER, f"{kind}, {weights}")
        return "" if value is None else f"{value:.1e}"

    agreement = [[weights, *(difference(kind, weights) for kind in KINDS)] for weights in maps]
    publish(
        "fit",
        "Fitting maps",
        [
            f"## {options.sentences} sentences of 32 tokens, 61 norms, Linear-AcT, {threads} threads\n\nOurs is the "
            "whole process, the checkpoint's loading and the file's writing included; for transformers, loading is not "
            f"counted. The published way is timed with {options.sample} sentences at every {options.sites}th site and "
            "at the last, each pass cut short at its site, and extrapolated to all.\n",
            table(["", "sentences/s", "peak memory, MB"], rows),
            "The largest relative difference of a site's parameters from those of transformers in f32, whose slopes "
            "are solved in f32 too, without a floor on the variance:\n",
            table(["actc", "target means", "slopes"], agreement),
        ],
        series,
        goals,
        comparisons,
    )


def parse(run: dict) -> dict[str, float]:
    report = json.loads(run["output"].strip().splitlines()[-1])
    figures = {"sentences_per_second": report["sentences"] / report["seconds"], "peak_bytes": run["peak_bytes"]}
    for weights, differences in zip(["f32", *TYPES], report.get("differences", [])):
        figures |= {f"{kind}, {weights}": value for kind, value in zip(KINDS, differences)}
    return figures
