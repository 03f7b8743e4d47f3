#!/usr/bin/env bash
# Networks of diffusion pipelines in actrun, OpenVINO and diffusers: Benchmarks/diffusion.sh [--help]
set -euo pipefail
cd "$(dirname "$0")"
exec python3 -m harness diffusion "$@"
