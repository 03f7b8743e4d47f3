#!/usr/bin/env bash
# What steering costs: Benchmarks/overhead.sh [--help]
set -euo pipefail
cd "$(dirname "$0")"
exec python3 -m harness overhead "$@"
