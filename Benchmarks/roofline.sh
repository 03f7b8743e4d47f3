#!/usr/bin/env bash
# The share of the machine's limits that is reached: Benchmarks/roofline.sh [--help]
set -euo pipefail
cd "$(dirname "$0")"
exec python3 -m harness roofline "$@"
