#!/usr/bin/env bash
# Builds and tests the packages that hold a method of their own: the example, and what `actc new-method` writes.
#
#     Scripts/check-method-packages.sh [OPTION...]        OPTIONs of swift build, by default -c release
#
# They are built in this package's own build folder, with the options of its last build, so that only their own sources
# are compiled.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- -c release
bin=$(swift build "$@" --show-bin-path)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() { # DIRECTORY METHOD OPTION...
  local directory=$1 method=$2
  shift 2
  swift build --package-path "$directory" --scratch-path "$PWD/.build" --build-tests "$@"
  swift test --package-path "$directory" --scratch-path "$PWD/.build" --skip-build "$@"
  "$bin/actc-$method" methods | grep "^$method: "
}

check Examples/method-package affine-edit "$@"
"$bin/actc" new-method check-method -o "$work/check-method"
check "$work/check-method" check-method "$@"
