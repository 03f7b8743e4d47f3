#!/usr/bin/env bash
# Fitting maps against hooks in transformers: Benchmarks/fit.sh [--help]
set -euo pipefail
cd "$(dirname "$0")"
exec python3 -m harness fit "$@"
