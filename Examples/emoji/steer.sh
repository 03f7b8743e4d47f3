#!/usr/bin/env bash
# Steers the emoji model to line drawings and to colour, by several methods, and measures both on 200 captions that it was
# not trained on: Examples/emoji/steer.sh MODEL [METHOD...], MODEL as README.md makes it. Needs actc and actrun on the PATH,
# and Python with numpy and safetensors; works in .cache/emoji-steering, and prints a table.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
model=$1
shift
methods=("$@")
[ ${#methods[@]} -gt 0 ] || methods=(linear-act mean-act gaussian-act caa)
work=.cache/emoji-steering
mkdir -p "$work"
python3 "$here/measure.py" --prepare "$work"
image=(--steps 12 --latents "$work/noise.safetensors")
actc compile "$model" --size 32x32 --entries 16 -o "$work/bare.plan"
actrun image "$work/bare.plan" --prompts "$here/captions-held-out.txt" "${image[@]}" -o "$work/bare.safetensors"
rows=()
for style in line colour; do
  actrun image "$work/bare.plan" --prompts "$work/$style.txt" "${image[@]}" -o "$work/$style-prompt.safetensors"
  rows+=("$style, by the prompt alone=$work/$style-prompt.safetensors")
  for method in "${methods[@]}"; do
    map=$work/$style-$method.maps.safetensors
    actc fit "$model" --size 32x32 --source "$here/captions.txt" --target "$here/captions.txt" \
      --append-target "$here/tags-$style.txt" --append-drawn 2 --method "$method" --sites 'unet.*attn2.to_out*' \
      --of-steps 12 --seed 1 -o "$map"
    actc compile "$model" --size 32x32 --entries 16 --maps "$style=$map" -o "$work/$method.plan"
    for strength in 0.25 0.5 0.75 1; do
      out=$work/$style-$method-$strength.safetensors
      actrun image "$work/$method.plan" --prompts "$here/captions-held-out.txt" "${image[@]}" \
        --steer "$style=$strength" -o "$out"
      rows+=("$style, $method at $strength=$out")
    done
  done
done
python3 "$here/measure.py" "$work/bare.safetensors" "${rows[@]}"
