"""python3 -m harness NAME [OPTIONS]: runs a benchmark; the scripts beside this folder call it."""

import argparse
import importlib
import sys

from harness import machine

WEIGHTS = ["f32", "bf16", "q8", "q4"]
# Every script beside this folder but the one that runs them all.
BENCHMARKS = sorted(script.stem for script in machine.BENCHMARKS.glob("*.sh") if script.stem != "all")


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in BENCHMARKS:
        sys.exit(f"usage: python3 -m harness {{{','.join(BENCHMARKS)}}} [--help]")
    name = sys.argv[1]
    module = importlib.import_module(f"harness.{name.replace('-', '_')}")
    parser = argparse.ArgumentParser(
        prog=f"Benchmarks/{name}.sh",
        description=module.__doc__,
        epilog="ACT_BENCH_BIN: a folder with actc and actrun, else they are built. ACT_BENCH_QUIET, ACT_BENCH_BUILD: "
        "commands to put before each turn and each build, such as a lock on a shared machine.",
    )
    parser.add_argument(
        "--turns",
        type=int,
        default=6,
        help="how often each contestant runs (default: 6, the fewest that give 95 %% confidence)",
    )
    parser.add_argument("--weights", default=",".join(WEIGHTS), help="of f32,bf16,q8,q4 (default: all)")
    if hasattr(module, "add_options"):
        module.add_options(parser)
    options = parser.parse_args(sys.argv[2:])
    options.weights = options.weights.split(",")
    if unknown := [weights for weights in options.weights if weights not in WEIGHTS]:
        parser.error(f"--weights: expected some of {','.join(WEIGHTS)}, found {unknown[0]}")
    if options.turns < 1:
        parser.error("--turns: expected 1 or more")
    try:
        module.main(options)
    except machine.Unavailable as error:
        sys.exit(f"bench: error: {error}")


if __name__ == "__main__":
    main()
