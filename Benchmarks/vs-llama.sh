#!/usr/bin/env bash
# actrun against llama.cpp: Benchmarks/vs-llama.sh [--help]
set -euo pipefail
cd "$(dirname "$0")"
exec python3 -m harness vs-llama "$@"
