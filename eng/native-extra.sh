#!/usr/bin/env bash
# What CTest under the plain build cannot see, run by build.sh:
#   all    AddressSanitizer and UBSan over trie, step and golden tests and the emulated CUDA kernel; ThreadSanitizer over the emulated kernel at small size
#          also NVIDIA's NVRTC over the device source where it can be had, benchmarks/native/gpu.sh on the emulated driver, and cpu.sh
#   full   adds larger runs, a mutation test that removes each barrier of the CUDA kernel, and the aarch64 build under qemu-user
# Ends with one line that says what ran; exit code 1 if any of it failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mode="${1:-all}"
jobs=2
failed=()
done_parts=()

note() { printf '%s\n' "$*"; }

# build PRESET TARGET...: configures and builds.
build() {
  local preset=$1 generator=()
  shift
  [ ! -f "build/$preset/CMakeCache.txt" ] && command -v ninja >/dev/null && generator=(-G Ninja)
  cmake --preset "$preset" ${generator[@]+"${generator[@]}"} >"build/$preset.log" 2>&1 &&
    cmake --build "build/$preset" --parallel $jobs --target "$@" >>"build/$preset.log" 2>&1 && return 0
  tail -25 "build/$preset.log"
  return 1
}

# check NAME COMMAND...: runs it within half an hour.
check() {
  local name=$1 began=$SECONDS
  shift
  if timeout 1800 "$@" >"build/extra-${name// /-}.log" 2>&1; then
    done_parts+=("$name $((SECONDS - began)) s")
    note "$name: passed, $((SECONDS - began)) s"
  else
    failed+=("$name")
    note "$name: FAILED (build/extra-${name// /-}.log)"
    tail -30 "build/extra-${name// /-}.log"
  fi
}

# emulated NAME PRESET SETTING PROGRAM ARGUMENT...: checks a program on the emulated driver.
emulated() {
  local name=$1 preset=$2 setting=$3 program=$4
  shift 4
  check "$name" env LD_LIBRARY_PATH="$PWD/build/$preset/tests/native/fake" $setting "build/$preset/tests/native/$program" "$@"
}

mkdir -p build
export ASAN_OPTIONS=detect_stack_use_after_return=0 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
steps=60 searches=6
[ "$mode" = full ] && steps=400 searches=40

targets=(step_test trie_test static_golden_test race_test fake_cuda)
[ "$mode" = full ] && targets+=(cuda_test)

if build cpu-sanitize "${targets[@]}"; then
  check "asan trie" build/cpu-sanitize/tests/native/trie_test
  check "asan step" build/cpu-sanitize/tests/native/step_test $steps
  check "asan golden" bash -c 'build/cpu-sanitize/tests/native/static_golden_test; code=$?; [ $code -eq 77 ] || exit $code'
  emulated "asan cuda" cpu-sanitize SIDR_CUDA_PATH=fast race_test 2
  emulated "asan cuda cluster" cpu-sanitize "SIDR_FAKE_SHARED=60000 SIDR_CUDA_SHAPE=64,2" race_test 2
  emulated "asan cuda general" cpu-sanitize "SIDR_CUDA_PATH=general SIDR_CUDA_SHAPE=64,4" race_test 2
  emulated "asan cuda two passes" cpu-sanitize "SIDR_FAKE_CAPABILITY=80 SIDR_CUDA_SHAPE=64,4" race_test 2
  [ "$mode" = full ] && emulated "asan cuda long" cpu-sanitize SIDR_CUDA_SHAPE=128,1,4 cuda_test $searches 1 60
else
  failed+=("build with address and undefined")
fi

if build thread-sanitize race_test trie_test fake_cuda; then
  # What runs on one thread has no race to find.
  [ "$mode" = full ] && alone=() || alone=(threads)
  check "tsan trie" build/thread-sanitize/tests/native/trie_test ${alone[@]+"${alone[@]}"}
  emulated "tsan cuda" thread-sanitize SIDR_CUDA_PATH=fast race_test 1
  emulated "tsan cuda cluster" thread-sanitize SIDR_CUDA_SHAPE=64,4 race_test 1
  emulated "tsan cuda turns" thread-sanitize "SIDR_FAKE_SHARED=60000 SIDR_CUDA_SHAPE=64,2" race_test 1
  emulated "tsan cuda general" thread-sanitize "SIDR_CUDA_PATH=general SIDR_CUDA_SHAPE=64,1" race_test 1
  emulated "tsan cuda two passes" thread-sanitize "SIDR_FAKE_CAPABILITY=80 SIDR_CUDA_SHAPE=64,4" race_test 1
  emulated "tsan cuda general cluster" thread-sanitize "SIDR_CUDA_PATH=general SIDR_CUDA_SHAPE=64,4" race_test 1
else
  failed+=("build with thread")
fi

# NVIDIA's own compiler: Debian's libnvrtc (non-free, 16 MB), unpacked beside the build without touching the system; left out where it cannot be had.
fetch_nvrtc() {
  local uri suite options sources=/etc/apt/sources.list.d/debian.sources
  command -v apt-get >/dev/null && command -v dpkg >/dev/null && [ -f "$sources" ] || return 1
  uri=$(sed -n 's/^URIs: *//p' "$sources" | head -1)
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mkdir -p build/nvrtc/lists build/nvrtc/cache && cd build/nvrtc || return 1
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite non-free" >sources.list
  options=(-o Dir::Etc::SourceList="$PWD/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD/cache" -o APT::Sandbox::User=root)
  timeout 60 apt-get "${options[@]}" -qq update && timeout 120 apt-get "${options[@]}" -qq download libnvrtc11.2 libnvrtc-builtins11.8 || return 1
  for package in *.deb; do dpkg -x "$package" root || return 1; done
}
nvrtc=$(find build/nvrtc/root -name 'libnvrtc.so.11.2' 2>/dev/null | head -1)
if [ -z "$nvrtc" ]; then
  (fetch_nvrtc) >build/nvrtc.log 2>&1
  nvrtc=$(find build/nvrtc/root -name 'libnvrtc.so.11.2' 2>/dev/null | head -1)
fi
if [ -n "$nvrtc" ] && [ -x build/cpu/tests/native/nvrtc_check ]; then
  for architecture in sm_80 sm_90; do
    check "nvrtc $architecture" env LD_LIBRARY_PATH="$PWD/$(dirname "$nvrtc")" build/cpu/tests/native/nvrtc_check native/src "$architecture"
  done
else
  note "nvrtc: libnvrtc is not at hand and could not be fetched (build/nvrtc.log), so this part did not run"
fi

# The script for a GPU, on the emulated driver: every stage that needs no NVIDIA tool must end with status 0.
gpu_script() {
  rm -rf build/gpu-script && mkdir -p build/gpu-script
  LD_LIBRARY_PATH="$PWD/build/cpu/tests/native/fake" SIDR_SMALL=1 SIDR_BUILD="$PWD/build/cpu" OUT="$PWD/build/gpu-script" SIDR_STAGES="test early bench" bash benchmarks/native/gpu.sh
  [ "$(grep -c 'status 0,' build/gpu-script/summary.txt)" -eq 3 ] && ! grep -qE 'status [1-9]' build/gpu-script/summary.txt && grep -q '"variant":"early"' build/gpu-script/step-nvcc.jsonl
}
if [ -x build/cpu/benchmarks/native/gpu_bench ] && [ -d build/cpu/tests/native/fake ]; then
  check "gpu script" bash -c "$(declare -f gpu_script); gpu_script"
fi

# The script behind the CPU figures, small: it measures, and writes every row of its tables.
cpu_script() {
  rm -rf build/cpu-script
  SIDR_BUILD="$PWD/build/cpu" bash benchmarks/native/cpu.sh build/cpu-script 1 1 && [ "$(grep -c '^|' build/cpu-script/README.md)" -ge 18 ] && ! grep -qiE 'nan|inf' build/cpu-script/README.md
}
if [ -x build/cpu/benchmarks/native/cpu_bench ] && [ -x build/cpu/benchmarks/native/cpu_ladder ]; then
  check "cpu script" bash -c "$(declare -f cpu_script); cpu_script"
fi

if [ "$mode" = full ]; then
  check "barrier mutants" bash eng/native-mutants.sh
  qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static)
  if command -v aarch64-linux-gnu-g++ >/dev/null && [ -n "$qemu" ]; then
    aarch64() {
      cmake -S . -B build/aarch64 -DCMAKE_BUILD_TYPE=Release -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DSIDR_GPU=off -DSIDR_BENCHMARKS=OFF \
        -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ "-DCMAKE_CROSSCOMPILING_EMULATOR=$qemu;-L;/usr/aarch64-linux-gnu" &&
        cmake --build build/aarch64 --parallel $jobs && ctest --test-dir build/aarch64 --output-on-failure
    }
    check "aarch64 under qemu" bash -c "$(declare -f aarch64); jobs=$jobs qemu=$qemu; aarch64"
  else
    note "aarch64: g++-aarch64-linux-gnu or qemu-user is missing, so this part did not run (eng/prerequisites.sh full installs them)"
  fi
fi

printf 'native extra: %s\n' "$(IFS=,; echo "${done_parts[*]}" | sed 's/,/, /g')"
if [ ${#failed[@]} -gt 0 ]; then
  printf 'native extra FAILED: %s\n' "$(IFS=,; echo "${failed[*]}" | sed 's/,/, /g')"
  exit 1
fi
