"""actrun against llama.cpp: prefill, decode, first token and memory, by type of weights and number of threads. With
--shape: on a random model in the shape of a family, and what the family's own features cost."""

from harness import lineup, llama, machine
from harness.features import Features
from harness.interval import estimate
from harness.lineup import OURS, Lineup, both_threads
from harness.ours import Tools
from harness.report import number, publish, spread, table
from harness.series import Series
from harness.shapes import SHAPES
from harness.verdict import Comparison, Goal, times

PEER = "llama.cpp"
# Of decoding on all threads, by type of weights.
DECODE_GOALS = {"f32": 1.1, "bf16": 1.6, "q8": 1.3, "q4": 1.2}


def add_options(parser) -> None:
    parser.add_argument("--no-avx2", dest="avx2", action="store_false", help="leave out the builds for AVX2 only")
    parser.add_argument(
        "--shape",
        choices=SHAPES,
        help="a random model of this shape instead of SmolLM2-135M-Instruct; it has no tokenizer, and so no cold "
        "processes",
    )


def main(options) -> None:
    machine.install("llama")
    tools = Tools()
    model = tools.shape(options.shape) if options.shape else tools.fetch_model()
    threads = both_threads()
    entrants = Lineup()
    for weights in options.weights:
        file = llama.gguf(weights, model)
        plan = entrants.add(
            tools,
            weights,
            lambda group, count, file=file: [llama.bench(PEER, group, file, count)],
            None
            if options.shape
            else lambda group, tokens, file=file: [
                llama.generate(f"{PEER} -n {tokens}", group, file, threads[0], tokens)
            ],
            model,
        )
        if options.avx2:
            group = f"{weights}, AVX2"
            if plan:
                ours = tools.bench(OURS, group, plan, threads[0], environment={"ACT_ISA": "avx2"})
                entrants.contestants.append(ours)
            entrants.contestants.append(llama.bench(PEER, group, file, threads[0], build="avx2"))
    features = None
    if options.shape:
        features = Features(options.shape, "bf16" if "bf16" in options.weights else options.weights[0])
        entrants.contestants += features.contestants(tools)
    series = entrants.measure(options.turns)
    publish(
        f"vs-llama-{options.shape}" if options.shape else "vs-llama",
        f"actrun and llama.cpp, {options.shape}" if options.shape else "actrun and llama.cpp",
        sections(series, options, threads) + (features.sections(series) if features else []),
        series,
        [] if options.shape else goals(series, options, threads[0]),
        comparisons(series, options, threads),
        script="vs-llama",
    )


def goals(series: Series, options, threads: int) -> list[Goal]:
    found = []
    for weights in options.weights:
        group = f"{weights}, {threads} threads"
        found.append(Goal(f"decode {weights}", series.ratio(group, OURS, PEER, "decode"), DECODE_GOALS[weights]))
    found.append(Goal("prefill f32", series.ratio(f"f32, {threads} threads", OURS, PEER, "prefill"), 1.2))
    if "bf16" in options.weights:
        first = estimate(series.values("bf16, process", f"{OURS} -n 1", "seconds"))
        found.append(Goal("cold process to first token, bf16", first, 0.10, " s", higher=False))
    return found


def kinds(options, threads: list[int]) -> list[tuple[str, str]]:
    """How both run, with the same weights: the end of the group's name, and what people call it."""
    return [(f"{count} threads", f"{count}") for count in threads] + [("AVX2", "AVX2 only")] * options.avx2


def comparisons(series: Series, options, threads: list[int]) -> list[Comparison]:
    """Every figure of the tables in which both take part."""
    found = []
    for weights in options.weights:
        for suffix, label in kinds(options, threads):
            where = label if label == "AVX2 only" else suffix.replace("1 threads", "1 thread")
            found += [
                Comparison(f"{phase}, {weights}, {where}", series.ratio(f"{weights}, {suffix}", OURS, PEER, phase))
                for phase in ["prefill", "decode"]
            ]
        if not options.shape:
            found += lineup.processes(series, weights, PEER)
    return found


def sections(series: Series, options, threads: list[int]) -> list[str]:
    speed, processes = [], []
    for weights in options.weights:
        for suffix, label in kinds(options, threads):
            group = f"{weights}, {suffix}"
            row = [weights, label]
            row += [times(series.ratio(group, OURS, PEER, phase)) for phase in ["prefill", "decode"]]
            for phase in ["prefill", "decode"]:
                row += [spread(series.values(group, name, phase)) for name in [OURS, PEER]]
            speed.append(row)
        group = f"{weights}, process"
        for name in [OURS, PEER]:
            processes.append(
                [
                    weights,
                    name,
                    spread(series.values(group, f"{name} -n 1", "seconds"), 3),
                    number(megabytes(series.median(group, f"{name} -n 128", "peak_bytes"))),
                ]
            )
    heading = (
        "## Speed\n\nTokens a second; neither sampler nor tokenizer is in them, and decoding starts from an empty "
        "context."
    )
    columns = ["weights", "threads", "prefill", "decode"]
    columns += [f"{test} {name}" for test in ["pp512", "tg128"] for name in [OURS, PEER]]
    if options.shape:
        return [f"{heading}\n", table(columns, speed)]
    groups = [f"{weights}, {threads[0]} threads" for weights in options.weights]
    apart = [[series.median(group, OURS, name) for group in groups] for name in ["sampler", "tokenizer"]]
    # They do not depend on the weights; any row that was measured tells.
    micro = [next((value * 1e6 for value in values if value is not None), None) for values in apart]
    return [
        f"{heading} In actrun a token costs {number(micro[0], 1)} µs in the sampler, as `generate` has it, and "
        f"{number(micro[1], 2)} µs in the tokenizer.\n",
        table(columns, speed),
        f"## A cold process\n\nFrom start to exit with the first token written, files in the page cache, {threads[0]} "
        "threads; peak resident memory of 128 tokens, mapped weights included.\n",
        table(["weights", "engine", "first token, s", "peak memory, MB"], processes),
    ]


def megabytes(value: float | None) -> float | None:
    return None if value is None else value / 1e6
