#!/usr/bin/env python3
"""Weakens the guards of the folds one at a time and sees that a test fails for each: Scripts/check-guards.py [--only N ...]

By hand, after a change to a fold or to its tests: each guard is a debug build and a run of tests, in all about half an
hour. The sources are as they were afterwards. Exits with 1 where a guard is missed by no test.
"""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUSION = "passes/fusion"
# The tests of passes alone, and those that run steered models.
SUITES = ["TextTests", "CheckpointTests.(MatrixMapTests|DifferentialTests|RandomTransportTests|MapPlacementTests)"]

# File, what stands there once, and what is put in its place.
GUARDS = [
    (f"{FUSION}/AffineMap.swift", "(scale.isOne || isVector(scale)) && ", ""),
    (f"{FUSION}/AffineMap.swift", "&& (shift.isZero || isVector(shift))\n", "\n"),
    (f"{FUSION}/AffineMap.swift", "max(scale.time, shift.time) == .compile", "true"),
    (
        f"{FUSION}/AffineMap.swift",
        "      default:\n        guard !self[id].inputs.isEmpty else { return false }\n",
        "      default:\n",
    ),
    (f"{FUSION}/FoldAffineIntoNorm.swift", "    guard map.ownsX else { return false }\n", ""),
    (
        f"{FUSION}/FoldAffineIntoNorm.swift",
        "return map.isVector(map.scale) && (map.shift.isZero || map.isVector(map.shift))",
        "return true",
    ),
    (
        f"{FUSION}/FoldAffineIntoNorm.swift",
        "|| map.isVector(map.shift) && (map.scale.isOne || map.isVector(map.scale))",
        "|| true",
    ),
    (
        f"{FUSION}/FoldAffineIntoLinear.swift",
        "linear.op.isPlainProduct, map.ownsX, map",
        "linear.op.isPlainProduct, map",
    ),
    (f"{FUSION}/FoldAffineIntoLinear.swift", "map.ownsX, map.isOfWeights", "map.ownsX"),
    (f"{FUSION}/FoldAffineIntoLinear.swift", "times[linear.inputs[1]] == .compile && ", ""),
    (f"{FUSION}/FoldAffineIntoLinear.swift", " && type(linear.inputs[1]).dtype.isFloat", ""),
    (f"{FUSION}/FoldAffineIntoReaders.swift", "!isResult(y) && ", ""),
    (f"{FUSION}/FoldAffineIntoReaders.swift", " && map.isOfWeights\n", "\n"),
    (f"{FUSION}/FoldAffineIntoReaders.swift", "readers(of: y).allSatisfy { takes(map, in: $0, y, times) }", "true"),
    (f"{FUSION}/FoldAffineIntoReaders.swift", "windows.pixelCount <= Self.mostPixels, ", ""),
    (f"{FUSION}/FoldAffineIntoReaders.swift", ", !windows.isPadded || map.shift.isZero", ""),
    (f"{FUSION}/FoldAffineIntoReaders.swift", "node.inputs[0] == value && ", ""),
    (f"{FUSION}/FoldAffineIntoReaders.swift", "!node.inputs.dropFirst().contains(value)", "true"),
    (f"{FUSION}/FoldAffineIntoReaders.swift", "times[node.inputs[1]] == .compile && ", ""),
    (f"{FUSION}/FoldAffineIntoReaders.swift", " && type(node.inputs[1]).dtype.isFloat", ""),
    (f"{FUSION}/FoldMapIntoLinear.swift", "graph.type(layer.inputs[1]).dtype.isFloat, ", ""),
    (f"{FUSION}/FoldMapIntoLinear.swift", "layer.inputs.dropFirst().allSatisfy({ times[$0] == .compile })", "true"),
    (f"{FUSION}/FoldMapIntoReaders.swift", "!graph.isResult(region.value)", "true"),
    (
        f"{FUSION}/FoldMapIntoReaders.swift",
        "graph.readers(of: region.value).allSatisfy({ graph.takesMap($0, of: region.value, times) })",
        "true",
    ),
    (f"{FUSION}/FoldMapIntoReaders.swift", "!node.inputs.dropFirst().contains(value)\n", "true\n"),
    (f"{FUSION}/FoldMapIntoReaders.swift", "node.inputs.dropFirst().allSatisfy({ times[$0] == .compile })", "true"),
    (f"{FUSION}/FoldMapIntoReaders.swift", "type(node.inputs[1]).dtype.isFloat && ", ""),
    (f"{FUSION}/FoldMapIntoReaders.swift", " && !isOfMaps(node.inputs[1])", ""),
    (f"{FUSION}/MapRegion.swift", "guard leaving == nodes.suffix(1), ", "guard "),
    (f"{FUSION}/MapRegion.swift", "!graph.isResult(x), ", ""),
    (f"{FUSION}/MapRegion.swift", "graph.readers(of: x).allSatisfy(inside.contains),\n", "true,\n"),
    (f"{FUSION}/MapRegion.swift", "graph.readers(of: last).allSatisfy(inside.contains) && ", ""),
    (f"{FUSION}/MapRegion.swift", " && !graph.isResult(last)", ""),
    (f"{FUSION}/MapRegion.swift", "graph.type(value) == graph.type(x) && ", ""),
    (f"{FUSION}/MapRegion.swift", "nodes.dropLast().allSatisfy { graph[$0].site == nil }", "true"),
    (
        f"{FUSION}/MapRegion.swift",
        "guard !operands.isEmpty, constants.allSatisfy({ times[$0] == .compile })",
        "guard !operands.isEmpty",
    ),
    (f"{FUSION}/MapRegion.swift", "guard constants.allSatisfy(isAlikeForRows)", "guard true"),
    (f"{FUSION}/MapRegion.swift", "case .binary(.mul): operands.count == 1", "case .binary(.mul): true"),
    (f"{FUSION}/MapRegion.swift", "operands == [inputs[0]] && isOfMaps(inputs[1])", "operands == [inputs[0]]"),
    (
        f"{FUSION}/MapRegion.swift",
        "case .binary(.div), .affine: operands == [inputs[0]]",
        "case .binary(.div), .affine: true",
    ),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", type=int, metavar="N", help="the guards of these numbers, from 1")
    parser.add_argument("--scratch-path", default=".build-guards", help="a folder for the builds")
    options = parser.parse_args()
    build = ["--scratch-path", options.scratch_path, "-Xcc", "-O2"]
    chosen = options.only or range(1, len(GUARDS) + 1)
    if run(["swift", "build", "--build-tests", *build]) or failing(build):
        sys.exit("check-guards: the tests must pass before a guard is weakened")
    missed = []
    for number in chosen:
        name, guard, weakened = GUARDS[number - 1]
        path = ROOT / name
        source = path.read_text()
        if source.count(guard) != 1:
            sys.exit(f"check-guards: {name}: expected `{guard.strip()}` once, found {source.count(guard)} times")
        path.write_text(source.replace(guard, weakened))
        try:
            if run(["swift", "build", "--build-tests", *build]):
                sys.exit(f"check-guards: {number}: {name} without `{guard.strip()}` does not compile")
            suite = failing(build)
        finally:
            path.write_text(source)
        print(f"{number:3} {name}: {guard.strip()}: {f'{suite} fails' if suite else 'NO TEST FAILS'}", flush=True)
        if not suite:
            missed.append(number)
    if missed:
        sys.exit(f"check-guards: no test fails without {', '.join(map(str, missed))}")
    print(f"a test fails without each of {len(chosen)} guards")


def run(arguments: list[str]) -> int:
    return subprocess.run(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def failing(build: list[str]) -> str | None:
    """The first of the suites that fails."""
    for suite in SUITES:
        if run(["swift", "test", "--skip-build", *build, "--filter", suite]):
            return suite.split(".")[0]
    return None


if __name__ == "__main__":
    main()
