#!/usr/bin/env bash
# Installs actc and actrun with completions and manual pages, or removes them:
#
#   Scripts/install.sh [--from DIRECTORY] PREFIX
#   Scripts/install.sh --remove PREFIX
#
# Below $DESTDIR where that is set. The tools are built apart from those of the gate, with Swift's runtime linked in, so
# that they run where there is no Swift; --from takes tools that are built already.
set -euo pipefail

usage() {
  sed -n '4,5s/^# *//p' "$0" >&2
  exit 2
}

from=
remove=false
case ${1:-} in
--from)
  [ $# -eq 3 ] || usage
  from=$(cd "$2" && pwd)
  shift 2
  ;;
--remove)
  remove=true
  shift
  ;;
esac
[ $# -eq 1 ] || usage
case $1 in
/*) root=${DESTDIR:-}$1 ;;
*)
  echo "$0: PREFIX: expected an absolute path, found $1" >&2
  exit 2
  ;;
esac
cd "$(dirname "$0")/.."

tools=(actc actrun)
# The files of a tool: what they are, and where below the prefix they go.
files() { # TOOL
  echo "tool bin/$1"
  echo "manual share/man/man1/$1.1"
  echo "bash share/bash-completion/completions/$1"
  echo "zsh share/zsh/site-functions/_$1"
  echo "fish share/fish/vendor_completions.d/$1.fish"
}

if $remove; then
  for tool in "${tools[@]}"; do
    while read -r _ path; do rm -f "$root/$path"; done < <(files "$tool")
  done
  echo "removed ${tools[*]} from $root"
  exit
fi

if [ -z "$from" ]; then
  build=(swift build -c release --static-swift-stdlib --scratch-path .build-install)
  # Where `sudo` hides Swift, what was built before is installed.
  if command -v swift >/dev/null || [ ! -x .build-install/release/actrun ]; then
    Scripts/install-dependencies.sh
    for tool in "${tools[@]}"; do "${build[@]}" --product "$tool" >&2; done
  fi
  from=$PWD/.build-install/release
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in "${tools[@]}"; do
  "$from/$tool" --generate-manual >"$work/$tool.manual"
  for shell in bash zsh fish; do
    "$from/$tool" --generate-completion-script "$shell" >"$work/$tool.$shell"
  done
done
# Nothing is installed unless all of it could be made.
for tool in "${tools[@]}"; do
  while read -r kind path; do
    if [ "$kind" = tool ]; then
      install -D -s -m 755 "$from/$tool" "$root/$path"
    else
      install -D -m 644 "$work/$tool.$kind" "$root/$path"
    fi
  done < <(files "$tool")
done
echo "installed ${tools[*]} in $root/bin"
