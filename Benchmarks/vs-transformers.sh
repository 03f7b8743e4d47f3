#!/usr/bin/env bash
# actrun against transformers: Benchmarks/vs-transformers.sh [--help]
set -euo pipefail
cd "$(dirname "$0")"
exec python3 -m harness vs-transformers "$@"
