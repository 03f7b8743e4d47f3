#!/usr/bin/env bash
# Builds and tests the packages that hold a method of their own: the example, and what `actc new-method` writes.
#
#     Scripts/check-method-packages.sh [CONFIGURATION]        release by default, which must have been built
#
# They are built in this package's own build folder, so that only their own sources are compiled.
set -euo pipefail
cd "$(dirname "$0")/.."

configuration=${1:-release}
bin=$(swift build -c "$configuration" --show-bin-path)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() { # DIRECTORY METHOD
  local options=(--package-path "$1" --scratch-path "$PWD/.build" -c "$configuration")
  swift build "${options[@]}" --build-tests
  swift test "${options[@]}" --skip-build
  "$bin/actc-$2" methods | grep "^$2: "
}

check Examples/method-package affine-edit
"$bin/actc" new-method check-method -o "$work/check-method"
check "$work/check-method" check-method
