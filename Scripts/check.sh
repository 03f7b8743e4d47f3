#!/usr/bin/env bash
# The gate, for hand and CI alike: lint, warnings, all tests, documents.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$1"; }

step "lint"
Scripts/lint.sh

step "build"
# One configuration for everything: tests, demo and benchmarks share what is built.
swift build -c release --build-tests
bin=$(swift build -c release --show-bin-path)

step "the models"
export ACT_SMOLLM2=$PWD/.cache/SmolLM2-135M-Instruct
if ! Scripts/get-model.sh "$bin/actc" "$ACT_SMOLLM2"; then
  if [ -n "${CI:-}" ]; then
    echo "the real model could not be had" >&2
    exit 1
  fi
  echo "the real model could not be had; its tests skip" >&2
  unset ACT_SMOLLM2
fi
export ACT_SMOLLM2_GGUF=${XDG_CACHE_HOME:-$HOME/.cache}/act/SmolLM2-135M-Instruct.Q4_1.gguf
export ACT_MINILM=$PWD/.cache/all-MiniLM-L6-v2
if ! Scripts/get-minilm.sh "$ACT_MINILM"; then
  if [ -n "${CI:-}" ]; then
    echo "the real encoder could not be had" >&2
    exit 1
  fi
  echo "the real encoder could not be had; its tests skip" >&2
  unset ACT_MINILM
fi

step "Ray"
# For the test of the example; without it that test skips.
ray=$PWD/.cache/ray
if [ -d "$ray/ray" ] || { python3 -m pip install --quiet --disable-pip-version-check --target "$ray.part" ray==2.60.0 &&
  mv "$ray.part" "$ray"; }; then
  export ACT_RAY=$ray
else
  echo "Ray could not be had; the test of its example skips" >&2
fi

step "tests"
swift test -c release --skip-build --skip MutationTests
# Apart: a process's peak memory, which these bound, begins with that of the one that started it.
swift test -c release --skip-build --filter MutationTests

if [ "$(uname -m)" = x86_64 ]; then
  step "tests at AVX2"
  # Without the comparisons of whole fits, which are long and the same at every level.
  ACT_ISA=avx2 swift test -c release --skip-build --filter 'CheckpointTests|RealModelTests' \
    --skip 'RealModelTests.SegmentedFitTests'
fi

step "methods in packages of their own"
Scripts/check-method-packages.sh

step "documents"
Scripts/check-documents.sh
# The commands of the README, make demo among them, and of the examples print what they show. What the Python example
# imports is not the system's.
python=$PWD/.cache/python
[ -d "$python/safetensors" ] || python3 -m pip install --quiet --disable-pip-version-check --target "$python" \
  numpy safetensors || echo "numpy and safetensors could not be had; their example is not run" >&2
if [ -n "${ACT_SMOLLM2:-}" ]; then PYTHONPATH=$python Scripts/check-readme.py; fi

step "the harness of the benchmarks"
python3 -m unittest discover --start-directory Benchmarks
