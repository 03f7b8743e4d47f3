#!/usr/bin/env bash
# Checks the form of Swift, C, Python and shell, or with --fix mends what tools can mend.
#
# clang-format and ruff come from PyPI in the versions below, because other versions format differently; shellcheck
# is the system's. What cannot be had is skipped, except in CI, where that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

ruff_version=0.17.6
clang_format_version=23.1.5
fix=false
[ "${1:-}" != --fix ] || fix=true
failed=0

# A failure is kept for the end, so that one run tells all.
run() { "$@" || failed=1; }

skip() { # what cannot be had, what is not checked
  echo "$1 could not be had; $2 is not checked" >&2
  [ -z "${CI:-}" ] || failed=1
}

named() { # PATTERN...: our files of these names
  local patterns=(-false)
  for pattern in "$@"; do patterns+=(-o -name "$pattern"); done
  find Benchmarks Examples Scripts Sources Tests -type f '(' "${patterns[@]}" ')' | sort
}

tools=$PWD/.cache/lint-$ruff_version-$clang_format_version
if [ ! -d "$tools" ]; then
  rm -rf "$tools.part"
  if python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$tools.part" \
    "ruff==$ruff_version" "clang-format==$clang_format_version"; then
    mv "$tools.part" "$tools"
  fi
fi

swift=(Package.swift Sources passes graphs Tests Benchmarks Examples)
if $fix; then
  run swift format format --in-place --recursive "${swift[@]}"
else
  run swift format lint --strict --recursive "${swift[@]}"
fi

if [ -d "$tools" ]; then
  mapfile -t c < <(named '*.c' '*.h')
  clang_format=$tools/clang_format/data/bin/clang-format
  python=(Scripts Benchmarks Examples)
  if $fix; then
    run "$clang_format" -i "${c[@]}"
    run "$tools/bin/ruff" check --quiet --fix "${python[@]}"
    run "$tools/bin/ruff" format --quiet "${python[@]}"
  else
    run "$clang_format" --dry-run --Werror --ferror-limit=3 "${c[@]}"
    run "$tools/bin/ruff" check --quiet "${python[@]}"
    run "$tools/bin/ruff" format --quiet --diff "${python[@]}"
  fi
else
  skip "clang-format and ruff" "the form of C and Python"
fi

if command -v shellcheck >/dev/null; then
  mapfile -t shell < <(named '*.sh' '*.sbatch')
  run shellcheck .ci/run "${shell[@]}"
else
  skip shellcheck "the shell"
fi

exit "$failed"
