#!/usr/bin/env bash
# Checks document comments, from a release build: that every public declaration has one, and that every link in one
# names something that exists.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# Members that a protocol requires are explained by the protocol.
Scripts/extract-symbols.sh public "$work/public" \
  -skip-synthesized-members -skip-protocol-implementations -skip-inherited-docs
python3 - "$work/public" <<'PYTHON' || failed=1
import json
import os
import pathlib
import sys

missing = []
for file in pathlib.Path(sys.argv[1]).glob("*/*.symbols.json"):
    for symbol in json.loads(file.read_text())["symbols"]:
        if not symbol.get("docComment"):
            path = symbol["location"]["uri"].removeprefix("file://")
            line = symbol["location"]["position"]["line"] + 1
            missing.append((os.path.relpath(path), line, ".".join(symbol["pathComponents"])))
for path, line, name in sorted(missing):
    print(f"{path}:{line}: {name} is public and has no document comment", file=sys.stderr)
sys.exit(bool(missing))
PYTHON

Scripts/extract-symbols.sh package "$work/package"
for module in "$work"/package/*; do
  name=$(basename "$module")
  docc convert --warnings-as-errors --additional-symbol-graph-dir "$module" \
    --fallback-display-name "$name" --fallback-bundle-identifier "org.act.$name" \
    --output-path "$work/$name.doccarchive" >"$work/log" 2>&1 || { cat "$work/log" >&2; failed=1; }
done
[ $failed = 0 ] || exit 1
echo "document comments of $(find "$work/package" -mindepth 1 -maxdepth 1 | wc -l) modules checked"
