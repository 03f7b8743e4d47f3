#!/usr/bin/env bash
# The main job, end to end: import a small real model, fit a map, compile, and turn the dial.
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/install-dependencies.sh
echo "== building" >&2
swift build -c release --product actc
swift build -c release --product actrun
bin=$(swift build -c release --show-bin-path)
actc=$bin/actc
actrun=$bin/actrun

work=.cache/demo
model=.cache/SmolLM2-135M-Instruct
data=Examples/football
maps=$work/football.maps.safetensors
plan=$work/football.plan
mkdir -p "$work"

echo "== the model" >&2
Scripts/get-model.sh "$actc" "$model"

echo "== the map: ordinary sentences -> sentences about football" >&2
# A map depends on the data and the model; it is fitted again when either is newer.
if [ ! -f "$maps" ] || [ -n "$(find "$data/source.txt" "$data/target.txt" "$model/config.json" -newer "$maps")" ]; then
  "$actc" fit "$model" --source "$data/source.txt" --target "$data/target.txt" --method linear-act \
    --sites '*.self_attn.o_proj' -o "$maps"
fi

echo "== the plan" >&2
"$actc" compile "$model" --maps football="$maps" -o "$plan"

echo "== one prompt at three strengths" >&2
"$actrun" generate "$plan" -p "Once upon a time there was a boy who" -n 60 --seed 4 \
  --steer football=0:1:0.5

printf '\n50 continuations at each strength; the concept is a word of %s/concept.txt:\n\n' "$data"
"$actrun" eval "$plan" --prompts "$data/prompts.txt" --concept "$data/concept.txt" \
  --held-out "$data/neutral.txt" --steer football=0:1:0.5 -n 40 --seed 1 --report "$work/eval.jsonl"
python3 Scripts/check-steering.py "$work/eval.jsonl"

echo "== pictures: a small text-to-image model, from any drawing to line drawings" >&2
emoji=$work/emoji
captions=Examples/emoji/captions.txt
Examples/emoji/get-model.sh "$emoji"
"$actc" fit "$emoji" --size 32x32 --source "$captions" --target "$captions" \
  --append-target Examples/emoji/tags-line.txt --append-drawn 2 --sites 'unet.*attn2.to_out*' --of-steps 12 --seed 1 \
  -o "$work/line.maps.safetensors"
"$actc" compile "$emoji" --size 32x32 --maps line="$work/line.maps.safetensors" -o "$work/emoji.plan"
"$actrun" image "$work/emoji.plan" --prompts Examples/emoji/captions-held-out.txt --shuffle 1 --limit 10 \
  --steps 12 --steer line=0:1:0.25 -o "$work/emoji.png"
