#!/usr/bin/env bash
# actrun against OpenVINO GenAI: Benchmarks/vs-openvino.sh [--help]
set -euo pipefail
cd "$(dirname "$0")"
exec python3 -m harness vs-openvino "$@"
