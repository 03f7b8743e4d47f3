#!/usr/bin/env bash
# Installs from Debian or Ubuntu what the build needs and this machine lacks; with --gate, what the gate uses besides.
set -euo pipefail

if ! command -v swift >/dev/null; then
  echo "Swift is missing; install 6.3 from https://www.swift.org/install/linux/" >&2
  exit 2
fi

missing=()
optional=()
need() { # package, test that it is there
  if ! eval "$2" >/dev/null 2>&1; then missing+=("$1"); fi
}
need git 'command -v git'
need pkg-config 'command -v pkg-config'
need libpcre2-dev 'pkg-config --exists libpcre2-8'
need libssl-dev 'pkg-config --exists libcrypto'
need libpng-dev 'pkg-config --exists libpng'
need libopenblas-dev 'pkg-config --exists openblas'
need python3 'command -v python3'
need python3-pip 'python3 -m pip --version'
if [ "${1:-}" = --gate ] && ! command -v shellcheck >/dev/null; then optional+=(shellcheck); fi

if [ ${#missing[@]} -eq 0 ] && [ ${#optional[@]} -eq 0 ]; then exit 0; fi
cannot() { # what to do instead; without what is optional, things go on
  if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
  echo "Missing: ${missing[*]}; $1" >&2
  exit 2
}
if ! command -v apt-get >/dev/null; then
  cannot "install them with this system's package manager."
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    cannot "run as root: apt-get install ${missing[*]}"
  fi
  root=(sudo)
fi
missing+=("${optional[@]}")
echo "installing ${missing[*]}" >&2
"${root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
