#!/usr/bin/env bash
# Removes each barrier of the CUDA kernels in turn, rebuilds the emulated driver with ThreadSanitizer and expects race_test to notice: a race, a divergent
# barrier, a hang or another result. A barrier that nobody misses is redundant or untested; more of them than the allowance below fail the run.
# Needs build/thread-sanitize (eng/native-extra.sh builds it).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
allowed_survivors=${SIDR_ALLOWED_SURVIVORS:-0}
export base=build/thread-sanitize/tests/native work=build/mutants
rm -rf "$work"
mkdir -p "$work"

# mutant FILE:LINE: one line about it.
mutant() {
  local file=${1%:*} line=${1#*:} folder="$work/${1//[\/:]/-}" settings noticed=
  mkdir -p "$folder/native" "$folder/tests/native" "$folder/fake"
  cp -r native/src native/include "$folder/native/"
  cp tests/native/fake_driver.cpp tests/native/*.h "$folder/tests/native/"
  [ "$line" -gt 0 ] && sed -i -E "${line}s/sidr_(sync|sync_request|cluster_arrive)\((s)?\);/;/" "$folder/$file"
  [ "$line" -gt 0 ] && grep -qE '^\s*sidr_cluster_arrive' <(sed -n "${line}p" "$file") && sed -i -E "$((line + 1))s/sidr_cluster_wait\(\);/;/" "$folder/$file"
  if ! g++ -std=c++20 -O2 -g1 -fPIC -shared -fsanitize=thread -ffp-contract=off -fno-math-errno -w -I "$folder/tests/native" -o "$folder/fake/libcuda.so.1" "$folder/tests/native/fake_driver.cpp" 2>"$folder/compile.log"; then
    echo "$1: does not compile ($folder/compile.log)"
    return
  fi
  while read -r settings; do
    if ! env TSAN_OPTIONS=halt_on_error=1 LD_LIBRARY_PATH="$PWD/$folder/fake" $settings timeout 90 "$base/race_test" 1 >"$folder/run.log" 2>&1; then
      noticed="$settings: $(grep -m1 -oiE 'data race|diverge[a-z]*|deadlock|FAILED.*' "$folder/run.log" || echo 'another result or a hang')"
      break
    fi
  done <<'SETTINGS'
SIDR_CUDA_SHAPE=64,1
SIDR_CUDA_SHAPE=64,4
SIDR_FAKE_SHARED=60000 SIDR_CUDA_SHAPE=64,1
SIDR_FAKE_SHARED=60000 SIDR_CUDA_SHAPE=64,2
SIDR_CUDA_PATH=general SIDR_CUDA_SHAPE=64,1
SIDR_CUDA_PATH=general SIDR_CUDA_SHAPE=128,1,4
SIDR_CUDA_PATH=general SIDR_CUDA_SHAPE=64,4
SETTINGS
  rm -rf "$folder/native" "$folder/tests" "$folder/fake"
  if [ -n "$noticed" ]; then
    echo "$1: noticed ($noticed)"
  else
    echo "$1: NOT NOTICED: $([ "$line" -gt 0 ] && sed -n "${line}p" "$file" | xargs)"
  fi
}
export -f mutant

# The kernel as it is must pass: line 0 is no line.
whole=$(mutant native/src/beam_cuda.cu:0)
case "$whole" in *"NOT NOTICED"*) ;; *) echo "the unchanged kernel fails: $whole"; exit 1 ;; esac

# A single barrier, or an arrival with its wait on the next line; definitions are none.
grep -nE '^\s*(if \([^)]*\) )?sidr_(sync|sync_request)\((s)?\);|^\s*sidr_cluster_arrive\(\);' native/src/beam_cuda.cu native/src/cuda_fast.h | cut -d: -f1,2 |
  xargs -P 2 -I{} bash -c 'mutant {}' | tee "$work/summary.txt"

total=$(wc -l <"$work/summary.txt")
survivors=$(grep -c 'NOT NOTICED' "$work/summary.txt")
broken=$(grep -c 'does not compile' "$work/summary.txt")
echo "$((total - survivors - broken)) of $total barriers are missed when removed; $survivors are not (at most $allowed_survivors allowed), $broken do not compile"
[ "$total" -gt 0 ] && [ "$broken" -eq 0 ] && [ "$survivors" -le "$allowed_survivors" ]
