#!/usr/bin/env bash
# Denoisers of the size of SDXL and FLUX: Benchmarks/large.sh [--help]
set -euo pipefail
cd "$(dirname "$0")"
exec python3 -m harness large "$@"
