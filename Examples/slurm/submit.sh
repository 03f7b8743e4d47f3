#!/usr/bin/env bash
# Fits a map on a Slurm cluster:
#
#   submit.sh SHARDS FOLDER MODEL OPTIONS OF actc collect [-- OPTIONS OF actc solve]
#
# FOLDER, empty or new, lies on a file system that all nodes share; the map is FOLDER/ROUNDS.maps.safetensors. What
# sbatch should know besides (partition, cores, time) it takes from SBATCH_… variables.
set -euo pipefail

if [ $# -lt 3 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
shards=$1 folder=$2
shift 2
collect=() solve=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  collect+=("$1")
  shift
done
if [ $# -gt 0 ]; then
  shift
  solve=("$@")
fi

here=$(cd "$(dirname "$0")" && pwd)
rounds=$(actc collect "${collect[@]}" --rounds)
mkdir -p "$folder"
after=()
for ((round = 1; round <= rounds; round++)); do
  job=$(sbatch --parsable "${after[@]}" --array="1-$shards" "$here/collect.sbatch" "$folder" "$round" "${collect[@]}")
  job=$(sbatch --parsable --dependency="afterok:${job%%;*}" --kill-on-invalid-dep=yes "$here/solve.sbatch" \
    "$folder" "$round" "${solve[@]}")
  after=(--dependency="afterok:${job%%;*}" --kill-on-invalid-dep=yes)
done
echo "submitted $rounds rounds of $shards shards; the map will be $folder/$rounds.maps.safetensors"
