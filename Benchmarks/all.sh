#!/usr/bin/env bash
# Runs every benchmark, and writes Benchmarks/results: Benchmarks/all.sh [OPTIONS OF ALL OF THEM]
#
# One that cannot run here is named at the end; the others go on.
set -uo pipefail
cd "$(dirname "$0")" || exit

failed=()
for name in vs-llama "vs-llama --shape gemma2-0.5b" "vs-llama --shape qwen3-0.5b" vs-openvino vs-transformers overhead \
  roofline perplexity fit methods diffusion large; do
  echo "== $name" >&2
  read -ra command <<<"$name"
  "./${command[0]}.sh" "${command[@]:1}" "$@" || failed+=("$name")
done
if [ ${#failed[@]} -ne 0 ]; then
  echo "not measured: ${failed[*]}" >&2
  exit 1
fi
