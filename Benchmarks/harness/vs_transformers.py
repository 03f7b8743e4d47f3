"""actrun against transformers: f32, bf16 and f32 under torch.compile."""

import os

from harness import machine
from harness.machine import BENCHMARKS, HOME, call
from harness.ours import Tools
from harness.python_peers import Variant, against_best, compare
from harness.report import publish
from harness.verdict import Goal


def main(options) -> None:
    machine.install("transformers")
    tools = Tools()
    model = str(tools.fetch_model())
    runner = [str(HOME / "transformers/bin/python"), str(BENCHMARKS / "peers/transformers_bench.py"), model]
    # What it compiles is kept between processes.
    kept = {"TORCHINDUCTOR_CACHE_DIR": str(HOME / "inductor"), "TORCHINDUCTOR_FX_GRAPH_CACHE": "1"}
    variants = [
        Variant("f32", "transformers f32", [*runner, "float32"]),
        Variant("f32", "torch.compile f32", [*runner, "float32"], ["compile"], kept),
        Variant("bf16", "transformers bf16", [*runner, "bfloat16"]),
    ]
    variants = [variant for variant in variants if variant.weights in options.weights]
    for variant in [variant for variant in variants if variant.options]:
        try:
            compile_beforehand(variant)
        except machine.Unavailable as error:
            machine.say(str(error))
            variants.remove(variant)
    series, sections, comparisons = compare(tools, variants, options)
    floats = [variant for variant in variants if variant.weights == "f32"]
    threads = machine.processors()
    goals = [
        Goal(f"{phase} f32 against the best of f32", against_best(series, "f32", phase, threads, floats), goal)
        for phase, goal in [("prefill", 1.2), ("decode", 1.1)]
    ]
    publish("vs-transformers", "actrun and transformers", sections, series, goals, comparisons)


def compile_beforehand(variant: Variant) -> None:
    """Fills the compiler's cache, which takes minutes, so that no turn has to."""
    os.environ |= variant.environment
    for threads in [machine.processors(), 1]:
        machine.say(f"{variant.label}: compiling for {threads} threads (minutes)")
        call([*variant.start, threads, 512, 128, *variant.options], quiet=True, build=True, what=variant.label)
