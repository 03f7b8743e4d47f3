#!/usr/bin/env bash
# What each steering method is, costs and does: Benchmarks/methods.sh [--help]
set -euo pipefail
cd "$(dirname "$0")"
exec python3 -m harness methods "$@"
