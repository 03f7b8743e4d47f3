#!/usr/bin/env python3
"""Weakens the guards of the folds one at a time and sees that a test fails for each: Scripts/check-guards.py [--help]

By hand, after a change to a fold or to its tests: each guard is a debug build and a run of tests, in all about half an
hour. The sources are as they were afterwards. Exits with 1 where a guard is missed by no test.
"""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUSION = ROOT / "passes" / "fusion"
# The tests of passes alone, and those that run steered models.
SUITES = ["TextTests", "CheckpointTests.(MatrixMapTests|DifferentialTests|RandomTransportTests|MapPlacementTests)"]

# File of passes/fusion, what stands there once, and what is put in its place.
GUARDS = [
    ("AffineMap", "(scale.isOne || isVector(scale)) && ", ""),
    ("AffineMap", "&& (shift.isZero || isVector(shift))\n", "\n"),
    ("AffineMap", "max(scale.time, shift.time) == .compile", "true"),
    (
        "AffineMap",
        "      default:\n        guard !self[id].inputs.isEmpty else { return false }\n",
        "      default:\n",
    ),
    ("FoldAffineIntoNorm", "    guard map.ownsX else { return false }\n", ""),
    (
        "FoldAffineIntoNorm",
        "return map.isVector(map.scale) && (map.shift.isZero || map.isVector(map.shift))",
        "return true",
    ),
    (
        "FoldAffineIntoNorm",
        "|| map.isVector(map.shift) && (map.scale.isOne || map.isVector(map.scale))",
        "|| true",
    ),
    (
        "FoldAffineIntoLinear",
        "linear.op.isPlainProduct, map.ownsX, map",
        "linear.op.isPlainProduct, map",
    ),
    ("FoldAffineIntoLinear", "map.ownsX, map.isOfWeights", "map.ownsX"),
    ("FoldAffineIntoLinear", "times[linear.inputs[1]] == .compile && ", ""),
    ("FoldAffineIntoLinear", " && type(linear.inputs[1]).dtype.isFloat", ""),
    ("FoldAffineIntoReaders", "!isResult(y) && ", ""),
    ("FoldAffineIntoReaders", " && map.isOfWeights\n", "\n"),
    ("FoldAffineIntoReaders", "readers(of: y).allSatisfy { takes(map, in: $0, y, times) }", "true"),
    ("FoldAffineIntoReaders", "windows.pixelCount <= Self.mostPixels, ", ""),
    ("FoldAffineIntoReaders", ", !windows.isPadded || map.shift.isZero", ""),
    ("FoldAffineIntoReaders", "!node.inputs.dropFirst().contains(value)", "true"),
    ("FoldAffineIntoReaders", "times[node.inputs[1]] == .compile && ", ""),
    ("FoldAffineIntoReaders", " && type(node.inputs[1]).dtype.isFloat", ""),
    ("FoldMapIntoLinear", "graph.type(layer.inputs[1]).dtype.isFloat, ", ""),
    ("FoldMapIntoLinear", "layer.inputs.dropFirst().allSatisfy({ times[$0] == .compile })", "true"),
    ("FoldMapIntoReaders", "!graph.isResult(region.value)", "true"),
    (
        "FoldMapIntoReaders",
        "graph.readers(of: region.value).allSatisfy({ graph.takesMap($0, of: region.value, times) })",
        "true",
    ),
    ("FoldMapIntoReaders", "node.inputs.dropFirst().allSatisfy({ times[$0] == .compile })", "true"),
    ("FoldMapIntoReaders", "type(node.inputs[1]).dtype.isFloat && ", ""),
    ("FoldMapIntoReaders", " && !isOfMaps(node.inputs[1])", ""),
    ("MapRegion", "guard leaving == nodes.suffix(1), ", "guard "),
    ("MapRegion", "!graph.isResult(x), ", ""),
    ("MapRegion", "graph.readers(of: x).allSatisfy(inside.contains),\n", "true,\n"),
    ("MapRegion", "graph.readers(of: last).allSatisfy(inside.contains)\n          && ", ""),
    ("MapRegion", "\n          && !graph.isResult(last)", ""),
    ("MapRegion", "if graph[id].site == nil { open.insert(id) }", "open.insert(id)"),
    ("MapRegion", "graph[last].site == nil && ", ""),
    ("MapRegion", "inside.contains),\n      graph.type(value) == graph.type(x)\n", "inside.contains)\n"),
    ("MapRegion", "    guard graph.type(value) == graph.type(x) else { return nil }\n", ""),
    (
        "MapRegion",
        "guard !operands.isEmpty, constants.allSatisfy({ times[$0] == .compile })",
        "guard !operands.isEmpty",
    ),
    ("MapRegion", "guard constants.allSatisfy(isAlikeForRows)", "guard true"),
    ("MapRegion", "case .binary(.mul): operands.count == 1", "case .binary(.mul): true"),
    ("MapRegion", "operands == [inputs[0]] && isOfMaps(inputs[1])", "operands == [inputs[0]]"),
    (
        "MapRegion",
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
        path = FUSION / f"{name}.swift"
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
