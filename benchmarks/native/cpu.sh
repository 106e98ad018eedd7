#!/usr/bin/env bash
# The CPU kernels' figures in one run: builds, measures beside the rivals, and writes the tables with the goals beside them. Well under a minute after the build; run nothing else.
#   benchmarks/native/cpu.sh [folder] [items of the large catalogue in millions] [rounds]
#   default: benchmarks/results/<date>-cpu-kernels 20 15
# Files: cpu.jsonl, ladder.jsonl (raw), summary.txt (what the programs print), README.md (made from them by cpu_report.awk; edit that, not the README).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=${1:-benchmarks/results/$(date +%F)-cpu-kernels}
millions=${2:-20}
rounds=${3:-15}
build=${SIDR_BUILD:-build/cpu}
load=$(cut -d ' ' -f 1 /proc/loadavg)
if [ -z "${SIDR_BUILD:-}" ]; then
    cmake --preset cpu > /dev/null
    cmake --build build/cpu --parallel --target cpu_bench cpu_ladder > /dev/null
fi
mkdir -p "$out"
"$build/benchmarks/native/cpu_bench" "$millions" "$rounds" > "$out/cpu.jsonl" 2> >(tee "$out/summary.txt" >&2)
"$build/benchmarks/native/cpu_ladder" $((rounds + 2)) | tee "$out/ladder.jsonl"
commit=$(git rev-parse --short HEAD 2> /dev/null || echo unknown)
git diff --quiet HEAD -- native benchmarks/native 2> /dev/null || commit="$commit and changes"
awk -f benchmarks/native/cpu_report.awk -v date="$(date +%F)" -v commit="$commit" -v load="$load" -v rounds="$rounds" -v millions="$millions" \
    -v compiler="$(c++ --version | head -n 1)" "$out/summary.txt" "$out/cpu.jsonl" "$out/ladder.jsonl" > "$out/README.md"
echo "$out/README.md"
