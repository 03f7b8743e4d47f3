#!/usr/bin/env bash
# Installs the C libraries that the build needs, from Debian or Ubuntu, where they are missing.
set -euo pipefail

if ! command -v swift >/dev/null; then
  echo "Swift is missing; install 6.1 or newer from https://www.swift.org/install/linux/" >&2
  exit 2
fi

missing=()
need() { # package, test that it is there
  if ! eval "$2" >/dev/null 2>&1; then missing+=("$1"); fi
}
need pkg-config 'command -v pkg-config'
need libpcre2-dev 'pkg-config --exists libpcre2-8'
need libssl-dev 'pkg-config --exists libcrypto'
need python3 'command -v python3'
need python3-pip 'python3 -m pip --version'

if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
if ! command -v apt-get >/dev/null; then
  echo "Missing: ${missing[*]}; install them with this system's package manager." >&2
  exit 2
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "Missing: ${missing[*]}; run as root: apt-get install ${missing[*]}" >&2
    exit 2
  fi
  root=(sudo)
fi
echo "installing ${missing[*]}" >&2
"${root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
