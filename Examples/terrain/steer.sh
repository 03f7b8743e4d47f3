#!/usr/bin/env bash
# Steers the terrain model from easy to hard: Examples/terrain/steer.sh MODEL [METHOD], MODEL as convert-terrain-model.py
# writes it. Needs actc and actrun on the PATH, and Python with numpy, safetensors and Pillow; works in .cache/terrain.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
model=$1
method=${2:-mean-act}
work=.cache/terrain/$method
mkdir -p "$work/results"

python3 "$here/terrain.py" calls "$work"
actc fit "$model" --method "$method" --source "$work/easy.safetensors" --target "$work/hard.safetensors" \
  --sites '*.in_layers.0' '*.out_layers.0' '*.norm' 'out.0' -o "$work/hard.maps.safetensors"
actc compile "$model" --maps hard="$work/hard.maps.safetensors" -o "$work/terrain.plan"
for strength in 0 0.25 0.5 0.75 1; do
  actrun run "$work/terrain.plan" --input "$work/test.safetensors" --steer "hard=$strength" \
    -o "$work/results/$strength.safetensors"
done
actrun run "$work/terrain.plan" --input "$work/test.safetensors" -o "$work/results/easy.safetensors"
actrun run "$work/terrain.plan" --input "$work/test-hard.safetensors" -o "$work/results/hard.safetensors"
python3 "$here/terrain.py" measure "$work" -o "$work/terrain.png"
