#!/usr/bin/env bash
# Checks that every link in a document comment names something that exists. Needs a release build.
set -euo pipefail
cd "$(dirname "$0")/.."

modules="ActIR ActFormats ActGraphs ActPasses ActLowering ActRuntime ActCompile ActFit ActEval ActTerminal"
bin=$(swift build -c release --show-bin-path)
target=$(swift -print-target-info | python3 -c 'import json, sys; print(json.load(sys.stdin)["target"]["triple"])')
work=$(mktemp -d)
failed=0
trap 'rm -rf "$work"' EXIT
for module in $modules; do
  mkdir "$work/$module"
  swift symbolgraph-extract -module-name "$module" -target "$target" -I "$bin/Modules" \
    -Xcc -fmodule-map-file=Sources/CPCRE2/module.modulemap -Xcc -fmodule-map-file=Sources/CCrypto/module.modulemap \
    -Xcc -fmodule-map-file="$bin/ActKernels.build/module.modulemap" -Xcc -ISources/ActKernels/include \
    -minimum-access-level public -output-dir "$work/$module"
  docc convert --warnings-as-errors --additional-symbol-graph-dir "$work/$module" \
    --fallback-display-name "$module" --fallback-bundle-identifier "org.act.$module" \
    --output-path "$work/$module.doccarchive" >"$work/log" 2>&1 || { cat "$work/log" >&2; failed=1; }
done
[ $failed = 0 ] || exit 1
echo "documents of $(wc -w <<<"$modules") modules checked"
