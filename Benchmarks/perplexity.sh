#!/usr/bin/env bash
# What the types of weights cost in perplexity: Benchmarks/perplexity.sh [--help]
set -euo pipefail
cd "$(dirname "$0")"
exec python3 -m harness perplexity "$@"
