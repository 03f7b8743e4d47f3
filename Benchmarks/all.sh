#!/usr/bin/env bash
# Runs every benchmark, and writes Benchmarks/results: Benchmarks/all.sh [OPTIONS OF ALL OF THEM]
#
# One that cannot run here is named at the end; the others go on.
set -uo pipefail
cd "$(dirname "$0")" || exit

failed=()
for name in vs-llama vs-openvino vs-transformers overhead roofline perplexity fit; do
  echo "== $name" >&2
  "./$name.sh" "$@" || failed+=("$name")
done
if [ ${#failed[@]} -ne 0 ]; then
  echo "not measured: ${failed[*]}" >&2
  exit 1
fi
