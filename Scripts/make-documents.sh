#!/usr/bin/env bash
# Builds one site of the guides and of what the public modules declare, in .build/docs, without a network.
set -euo pipefail
cd "$(dirname "$0")/.."

swift build -c release >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

convert() { # NAME OPTION...
  local name=$1
  shift
  docc convert "$@" --transform-for-static-hosting --fallback-display-name "$name" \
    --fallback-bundle-identifier "org.act.$name" --output-path "$work/$name.doccarchive" >&2
}

Scripts/make-docc-catalog.py "$work/Guides.docc"
convert Guides "$work/Guides.docc"
Scripts/extract-symbols.sh public "$work/symbols" -skip-synthesized-members
for module in "$work"/symbols/*; do
  convert "$(basename "$module")" --additional-symbol-graph-dir "$module"
done

site=.build/docs
rm -rf "$site"
docc merge "$work"/*.doccarchive --output-path "$site" --synthesized-landing-page-name "actc and actrun" >&2
echo "wrote $site; to read it: python3 -m http.server -d $site 8000, then open http://localhost:8000/documentation/"
