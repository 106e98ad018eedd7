#!/usr/bin/env bash
# Everything that needs a GPU, in one run: builds with nvcc, checks the kernels against the CPU's bit for bit, times them in CUDA graphs, runs
# PyTorch with STATIC's step beside them, and the sanitizers. Each stage stands alone: one that fails is logged and the next one runs.
#   OUT             folder for the results (default benchmarks/results)
#   SIDR_CLANG_PTX  the image that clang made (default build/carry/sidr_sm90.ptx, then build/cpu/native/sidr_sm90.ptx); its stages are left out without it
#   SIDR_STAGES     stages to run (default all: info build test bench static clang sweep memcheck racecheck)
#   SIDR_BUILD      an existing build folder instead of the build stage
# Files: gpu.log (all output), summary.txt, step-nvcc.jsonl, step-clang.jsonl, step-shapes.jsonl, static.jsonl.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
out=${OUT:-$root/benchmarks/results}
mkdir -p "$out"
log=$out/gpu.log
: > "$log"
summary=$out/summary.txt
: > "$summary"
build=${SIDR_BUILD:-$root/build/gpu}
stages=${SIDR_STAGES:-info build test bench static clang sweep memcheck racecheck}
small=${SIDR_SMALL:+--small}
count=${SIDR_SMALL:+2}
count=${count:-80}
ptx=${SIDR_CLANG_PTX:-}
for candidate in "$root/build/carry/sidr_sm90.ptx" "$root/build/cpu/native/sidr_sm90.ptx"; do
    [ -z "$ptx" ] && [ -f "$candidate" ] && ptx=$candidate
done
export PATH=$PATH:/usr/local/cuda/bin
begun=$SECONDS

wants() { case " $stages " in *" $1 "*) return 0 ;; esac; return 1; }

# stage NAME SECONDS COMMAND...: runs it under a limit; its output goes to the log, its last lines to the summary.
stage() {
    local name=$1 limit=$2 from=$SECONDS status
    shift 2
    echo "=== $name: $*" >> "$log"
    timeout -k 5 "$limit" "$@" > "$out/.stage" 2>&1
    status=$?
    cat "$out/.stage" >> "$log"
    echo "=== $name: status $status, $((SECONDS - from)) s" | tee -a "$log" "$summary"
    tail -n "${LINES_OF_STAGE:-4}" "$out/.stage" | tee -a "$summary"
    rm -f "$out/.stage"
    return $status
}

info() {
    nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.sm,clocks.max.sm,compute_mode --format=csv
    nvcc --version | tail -n 2
    g++ --version | head -n 1
    cmake --version | head -n 1
    python3 -c 'import torch; print("torch", torch.__version__)'
}

configure_and_build() {
    local generator=()
    command -v ninja > /dev/null && generator=(-G Ninja)
    cmake -S "$root" -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DSIDR_GPU=nvcc -DSIDR_WERROR=OFF || return 1
    cmake --build "$build" --parallel --target sidr cuda_test gpu_bench
}

test_program=$build/tests/native/cuda_test
bench_program=$build/benchmarks/native/gpu_bench
export -f info configure_and_build
export root build
wants info && LINES_OF_STAGE=8 stage info 30 bash -c info
if wants build && [ -z "${SIDR_BUILD:-}" ]; then LINES_OF_STAGE=3 stage build 150 bash -c configure_and_build; fi
wants test && stage test-nvcc 60 "$test_program" $count 1 ${SIDR_SMALL:+60}
wants bench && LINES_OF_STAGE=40 stage bench-nvcc 60 "$bench_program" $small --json "$out/step-nvcc.jsonl"
wants static && LINES_OF_STAGE=60 stage static-pytorch 110 python3 "$root/benchmarks/native/static_step.py" --json "$out/static.jsonl" --seconds 75 ${SIDR_SMALL:+--cpu}
if wants clang && [ -n "$ptx" ]; then
    stage test-clang 60 "$test_program" $count 1000 200 "$ptx"
    LINES_OF_STAGE=40 stage bench-clang 60 "$bench_program" $small --image "$ptx" --json "$out/step-clang.jsonl"
fi
wants memcheck && stage memcheck 60 compute-sanitizer --tool memcheck --error-exitcode 9 "$test_program" 3 1 60
wants racecheck && stage racecheck 60 compute-sanitizer --tool racecheck --error-exitcode 9 "$test_program" 2 1 60
wants sweep && LINES_OF_STAGE=3 stage sweep 90 "$bench_program" $small --shapes all --json "$out/step-shapes.jsonl"
echo "=== all: $((SECONDS - begun)) s" | tee -a "$log" "$summary"
