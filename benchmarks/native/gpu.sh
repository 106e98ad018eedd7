#!/usr/bin/env bash
# Everything that needs a GPU, in one run: builds with nvcc, checks the kernels against the CPU's bit for bit, times them in CUDA graphs, runs
# PyTorch with STATIC's step beside them, and the sanitizers. Each stage stands alone: one that fails is logged and the next one runs.
#   OUT             folder for the results (default benchmarks/results)
#   SIDR_CLANG_PTX  the image that clang made (default build/carry/sidr_sm90.ptx, then build/cpu/native/sidr_sm90.ptx); its stages are left out without it
#   SIDR_STAGES     stages to run (default all: info build test early bench sweep clang memcheck initcheck synccheck racecheck static)
#   SIDR_BUILD      an existing build folder instead of the build stage
# Files: gpu.log (all output), summary.txt, step-nvcc.jsonl, step-clang.jsonl, step-variants.jsonl, static.jsonl.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
out=${OUT:-$root/benchmarks/results}
mkdir -p "$out"
log=$out/gpu.log
: > "$log"
summary=$out/summary.txt
: > "$summary"
build=${SIDR_BUILD:-$root/build/gpu}
stages=${SIDR_STAGES:-info build test early bench sweep clang memcheck initcheck synccheck racecheck static}
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
    [ -n "$small" ] && limit=$((limit * 6))  # an emulated device, and a busy machine
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
if wants build && [ -z "${SIDR_BUILD:-}" ]; then LINES_OF_STAGE=3 stage build 90 bash -c configure_and_build; fi
wants test && stage test-nvcc 30 "$test_program" $count 1 ${SIDR_SMALL:+60}
# With programmatic dependent launch: the same checks bit for bit; the bench times both settings of every case.
wants early && SIDR_CUDA_EARLY=1 stage test-early 30 "$test_program" $count 2000 ${SIDR_SMALL:+60}
wants bench && LINES_OF_STAGE=32 stage bench-nvcc 30 "$bench_program" $small --json "$out/step-nvcc.jsonl"
# Small cases: a checker slows a kernel down a hundredfold.
check() { wants "$1" && stage "$1" "$2" compute-sanitizer --tool "$1" --error-exitcode 9 "$test_program" "${@:3}"; }
wants sweep && LINES_OF_STAGE=64 stage sweep 75 "$bench_program" $small --variants all --json "$out/step-variants.jsonl"
if wants clang && [ -n "$ptx" ]; then
    stage test-clang 30 "$test_program" $count 1000 200 "$ptx"
    LINES_OF_STAGE=32 stage bench-clang 30 "$bench_program" $small --image "$ptx" --json "$out/step-clang.jsonl"
fi
check memcheck 20 3 1 60
check initcheck 20 2 1 40
check synccheck 20 2 1 40
SIDR_TEST_BRIEF=1 check racecheck 40 1 1 20
wants static && LINES_OF_STAGE=32 stage static-pytorch 60 python3 "$root/benchmarks/native/static_step.py" --json "$out/static.jsonl" --seconds 30 ${SIDR_SMALL:+--cpu}
sed -i "s|$root/||g; s|$root||g; s|$out/||g" "$log" "$summary"
echo "=== all: $((SECONDS - begun)) s" | tee -a "$log" "$summary"
