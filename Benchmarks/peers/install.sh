#!/usr/bin/env bash
# Installs a peer into the throw-away environment: Benchmarks/peers/install.sh llama|transformers|openvino
#
# What is there already is kept; `rm -rf .cache/bench-venv` starts over. Long compilations run under the command
# in ACT_BENCH_BUILD, if set: a lock on a machine that is shared.
set -euo pipefail
cd "$(dirname "$0")/../.."

home=$PWD/.cache/bench-venv
read -ra build <<<"${ACT_BENCH_BUILD:-}"
log=$home/install.log
mkdir -p "$home"

say() { echo "install: $*" >&2; }

fail() {
  say "$1; the end of $log:"
  tail -n 15 "$log" >&2
  exit 1
}

# need PACKAGE COMMAND: installs a Debian package where the command is missing.
need() {
  if command -v "$2" >/dev/null; then return; fi
  local root=()
  if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
  if ! command -v apt-get >/dev/null; then
    say "$2 is missing; install it with this system's package manager"
    exit 1
  fi
  say "installing $1"
  "${root[@]}" apt-get update -qq >>"$log" 2>&1 || fail "apt-get update failed"
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "$1" >>"$log" 2>&1 ||
    fail "$1 could not be installed"
}

# environment NAME: a virtual environment of its own for each peer, as their requirements exclude each other.
environment() {
  need python3 python3
  if "$home/$1/bin/python" -m pip --version >/dev/null 2>&1; then return; fi
  python3 -m venv "$home/$1" >>"$log" 2>&1 || {
    need python3-venv pyvenv-is-never-on-the-path
    python3 -m venv "$home/$1" >>"$log" 2>&1 || fail "no virtual environment could be made"
  }
}

pip() {
  local name=$1
  shift
  "$home/$name/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >>"$log" 2>&1 || fail "pip install $*"
}

# torch NAME: for the CPU where such a wheel can be had, else PyPI's with everything that it requires.
torch() {
  local python=$home/$1/bin/python
  if "$python" -c 'import torch' 2>/dev/null; then return; fi
  pip "$1" --no-deps torch==2.13.0
  pip "$1" filelock typing-extensions sympy networkx jinja2 fsspec mpmath numpy setuptools
  if ! "$python" -c 'import torch' 2>/dev/null; then pip "$1" torch==2.13.0; fi
}

install_transformers() {
  environment transformers
  torch transformers
  pip transformers transformers==5.23.0 safetensors==0.8.0 sentencepiece==0.2.3 protobuf==7.36.2 accelerate==1.15.0
}

install_openvino() {
  environment openvino
  torch openvino
  pip openvino openvino==2026.4.1 openvino-genai==2026.4.1.0 nncf==3.4.0 transformers==5.5.4 requests accelerate==1.15.0
  # Its wish for torchvision would pull in another torch.
  pip openvino --no-deps optimum-intel==2.2.0 optimum==2.3.0
  # Networks of diffusion pipelines: OpenVINO's are converted from them, and they take part themselves.
  pip openvino diffusers==0.42.1
}

# llama.cpp, from the sources inside the sdist of its Python binding, by clang: gcc 12 drops most of the stores of
# an AMX tile configuration, and its build then runs on garbage. Its conversion of checkpoints needs transformers too.
install_llama() {
  environment tools
  pip tools cmake==4.4.4 ninja==1.13.2 gguf==0.19.0
  local source=$home/llama.cpp cc cxx
  if [ ! -f "$source/CMakeLists.txt" ]; then
    say "getting llama.cpp"
    rm -rf "$home/sdist" "$source"
    "$home/tools/bin/python" -m pip download --quiet --no-deps --no-binary llama-cpp-python --dest "$home/sdist" \
      llama-cpp-python==0.3.36 >>"$log" 2>&1 || fail "llama-cpp-python could not be downloaded"
    mkdir "$source.part"
    tar xzf "$home"/sdist/llama_cpp_python-*.tar.gz -C "$source.part" --strip-components=3 \
      --wildcards 'llama_cpp_python-*/vendor/llama.cpp/*'
    mv "$source.part" "$source"
  fi
  need clang clang
  need clang clang++
  cc=$(command -v clang) cxx=$(command -v clang++)
  local common=(-G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx"
    -DCMAKE_MAKE_PROGRAM="$home/tools/bin/ninja" -DBUILD_SHARED_LIBS=OFF -DGGML_OPENMP=OFF -DGGML_CCACHE=OFF
    -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF
    -DLLAMA_BUILD_UI=OFF)
  build_llama native "${common[@]}" -DGGML_NATIVE=ON
  build_llama avx2 "${common[@]}" -DGGML_NATIVE=OFF -DGGML_SSE42=ON -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON \
    -DGGML_F16C=ON -DGGML_BMI2=ON
}

build_llama() {
  local folder=$home/llama-$1
  shift
  if [ -x "$folder/bin/llama-bench" ] && [ -x "$folder/bin/llama-completion" ]; then return; fi
  say "building llama.cpp in $folder (minutes)"
  "$home/tools/bin/cmake" -S "$home/llama.cpp" -B "$folder" "$@" >>"$log" 2>&1 || fail "cmake failed"
  "${build[@]}" "$home/tools/bin/cmake" --build "$folder" --target llama-bench llama-quantize llama-completion \
    >>"$log" 2>&1 || fail "llama.cpp did not build"
}

case ${1:-} in
  llama | transformers | openvino) "install_$1" ;;
  *)
    sed -n '2,5s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
