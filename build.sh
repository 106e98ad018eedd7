#!/usr/bin/env bash
# The test command: prerequisites, native and managed build, format check, every test. Ends with one line `N passed, N failed`.
#   ./build.sh          everything that fits into 25 minutes on 2 cores (what the build server runs)
#   ./build.sh fast     without what is slow (format check, end-to-end runs)
#   ./build.sh full     adds soak, ahead-of-time publishing, mutation and million-case runs
#   ./build.sh golden   the golden tests alone (SIDR_GOLDEN and SIDR_DATA say where their files are)
#   ./build.sh bench    the benchmarks
#   ./build.sh cuda     restores and builds with Accelerator=cuda and says what this machine's registry does not serve
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mode="${1:-all}"
case "$mode" in all|fast|full|golden|bench|cuda) ;; *) sed -n '2,9p' "$0" | sed 's/^# \{0,1\}//' >&2; exit 2 ;; esac

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 ORT_DISABLE_TELEMETRY=1 OMP_WAIT_POLICY=PASSIVE
export SIDR_TEST_LEVEL="$mode"
root="$PWD"
configuration=Release
logs="$root/artifacts/logs"
results="$root/artifacts/test-results"
rm -rf "$logs" "$results"
mkdir -p "$logs" "$results"
passed=0 failed=0 skipped=0

step() { printf '\n== %s\n' "$*"; }
note_failure() { failed=$((failed + 1)); printf 'FAILED: %s\n' "$*"; }
finish() {
  [ "$skipped" -gt 0 ] && printf '%d skipped (each says why above)\n' "$skipped"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit $?
}

step "Prerequisites"
bash eng/prerequisites.sh "$mode" || { note_failure "prerequisites"; finish; }

if [ "$mode" = cuda ]; then
  exec bash eng/build-cuda.sh
fi

if [ "$mode" != golden ] && [ -f CMakeLists.txt ] && command -v cmake >/dev/null && command -v g++ >/dev/null; then
  step "Native build and CTest"
  if cmake --preset cpu >"$logs/cmake.log" 2>&1 && cmake --build --preset cpu --parallel 2 >>"$logs/cmake.log" 2>&1; then
    ctest --preset cpu --output-on-failure 2>&1 | tee "$logs/ctest.log" | grep -vE '^ *(Start|Test project)' || true
    total=$(sed -nE 's/.*tests passed, ([0-9]+) tests failed out of ([0-9]+).*/\2/p' "$logs/ctest.log" | tail -1)
    bad=$(sed -nE 's/.*tests passed, ([0-9]+) tests failed out of ([0-9]+).*/\1/p' "$logs/ctest.log" | tail -1)
    if [ -z "${total:-}" ]; then
      note_failure "CTest ran no test (see artifacts/logs/ctest.log)"
    else
      passed=$((passed + total - bad)); failed=$((failed + bad))
    fi
    if [ -x eng/native-extra.sh ] && { [ "$mode" = all ] || [ "$mode" = full ]; }; then
      step "Sanitizers and device code"
      if bash eng/native-extra.sh "$mode" >"$logs/native-extra.log" 2>&1; then passed=$((passed + 1)); tail -3 "$logs/native-extra.log"
      else note_failure "sanitizers and device code"; tail -40 "$logs/native-extra.log"; fi
    fi
  else
    note_failure "native build"; tail -40 "$logs/cmake.log"
  fi
fi

step "Restore and build"
if ! dotnet build SIDReasoner.sln -c "$configuration" -v minimal -clp:NoSummary >"$logs/build.log" 2>&1; then
  grep -E 'error|warn' "$logs/build.log" | sort -u | head -40
  note_failure "dotnet build (artifacts/logs/build.log)"
  finish
fi
grep -E 'sidr|native' "$logs/build.log" | grep -iE 'falls back|without|not found' | sort -u || true
echo "built"

if [ "$mode" = bench ]; then
  step "Benchmarks"
  exec dotnet run --project benchmarks/SIDReasoner.Benchmarks -c "$configuration" --no-build -- "${@:2}"
fi

if [ "$mode" = all ] || [ "$mode" = full ]; then
  # Style rules are errors of the build already; this adds the white space.
  step "Format check"
  if dotnet format whitespace SIDReasoner.sln --verify-no-changes --no-restore >"$logs/format.log" 2>&1; then
    passed=$((passed + 1)); echo "formatted"
  else
    note_failure "dotnet format (run: dotnet format SIDReasoner.sln)"; head -20 "$logs/format.log"
  fi
fi

filter=()
case "$mode" in
  golden) filter=(--filter "FullyQualifiedName~GoldenTests") ;;
  fast) filter=(--filter "Category!=Slow&Category!=Full") ;;
  all) filter=(--filter "Category!=Full") ;;
esac

step "Tests"
for project in tests/*.Tests/*.csproj; do
  name="$(basename "$project" .csproj)"
  began=$SECONDS
  dotnet test "$project" -c "$configuration" --no-build --nologo -v quiet ${filter[@]+"${filter[@]}"} \
    --logger "trx;LogFileName=$name.trx" --results-directory "$results" >"$logs/$name.log" 2>&1
  code=$?
  counters=$(sed -nE 's/.*<Counters total="([0-9]+)" executed="([0-9]+)" passed="([0-9]+)" failed="([0-9]+)" error="([0-9]+)".*/\1 \2 \3 \4 \5/p' "$results/$name.trx" 2>/dev/null | head -1)
  if [ -z "$counters" ]; then
    if [ "$code" -eq 0 ]; then printf '%-36s no test in this selection\n' "$name"; continue; fi
    note_failure "$name did not finish (artifacts/logs/$name.log)"; tail -30 "$logs/$name.log"; continue
  fi
  read -r total executed ok bad errors <<<"$counters"
  printf '%-36s %5d passed, %d failed, %d skipped, %d s\n' "$name" "$ok" "$((bad + errors))" "$((total - executed))" "$((SECONDS - began))"
  passed=$((passed + ok)); failed=$((failed + bad + errors)); skipped=$((skipped + total - executed))
  if [ "$((bad + errors))" -gt 0 ]; then
    grep -vE '^\s*$' "$logs/$name.log" | head -80
  elif [ "$code" -ne 0 ]; then
    note_failure "$name ended with code $code"; tail -30 "$logs/$name.log"
  fi
done
finish
