#!/usr/bin/env bash
# Writes what our modules declare, from a release build: Scripts/extract-symbols.sh LEVEL DIRECTORY [OPTION...]
#
# LEVEL is the least access, public or package; DIRECTORY gets a folder for each module that declares something of it.
# OPTIONs are those of swift symbolgraph-extract.
set -euo pipefail
cd "$(dirname "$0")/.."

level=$1
directory=$2
shift 2
bin=$(swift build -c release --show-bin-path)
target=$(swift -print-target-info | python3 -c 'import json, sys; print(json.load(sys.stdin)["target"]["triple"])')
modules=$(swift package describe --type json | python3 -c '
import json, sys
for target in json.load(sys.stdin)["targets"]:
    if target["type"] == "library" and target["module_type"] == "SwiftTarget" and "Tests/" not in target["path"]:
        print(target["name"])')
# The C modules that ours import.
c=()
for map in Sources/*/module.modulemap "$bin"/*.build/module.modulemap; do c+=(-Xcc "-fmodule-map-file=$map"); done
for include in Sources/*/include; do c+=(-Xcc "-I$include"); done

for module in $modules; do
  mkdir -p "$directory/$module"
  swift symbolgraph-extract -module-name "$module" -target "$target" -I "$bin/Modules" "${c[@]}" \
    -minimum-access-level "$level" -output-dir "$directory/$module" "$@"
  if ! grep -q '"symbols":\[{' "$directory/$module"/*.json; then rm -r "${directory:?}/$module"; fi
done
