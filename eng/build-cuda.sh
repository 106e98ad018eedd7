#!/usr/bin/env bash
# Restores and builds with Accelerator=cuda, and looks at what landed in the output. Where the registry lacks one of the two CUDA
# add-ons, the restore is tried again without it and the loss is said; nothing is imitated.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export ORT_DISABLE_TELEMETRY=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
log="$PWD/artifacts/logs/build-cuda.log"
mkdir -p "$(dirname "$log")"
properties=(-p:Accelerator=cuda)
lost=()

# lacks PACKAGE: whether the last restore named it as not to be found.
lacks() { grep -qE "error NU1101: .*Unable to find package $1\." "$log"; }

for attempt in 1 2; do
  if dotnet restore SIDReasoner.sln "${properties[@]}" >"$log" 2>&1; then break; fi
  before=${#lost[@]}
  if lacks Microsoft.ML.OnnxRuntimeGenAI.Cuda; then
    properties+=(-p:GenAiCudaAddOn=false)
    lost+=("Microsoft.ML.OnnxRuntimeGenAI.Cuda is not served by this registry: the genai engine runs on the CPU; the onnxruntime engine's CUDA provider works without it.")
  fi
  if lacks TorchSharp-cuda-linux; then
    properties+=(-p:TorchCuda=false)
    lost+=("TorchSharp-cuda-linux is not served by this registry: training runs on the CPU (libtorch-cpu-linux-x64).")
  fi
  if [ "$attempt" -eq 2 ] || [ "${#lost[@]}" -eq "$before" ]; then
    grep -E 'error' "$log" | sed 's/ \[.*//' | sort -u | head -20
    echo "The restore for Accelerator=cuda failed (artifacts/logs/build-cuda.log)."
    exit 1
  fi
done
if ! dotnet build SIDReasoner.sln -c Release --no-restore "${properties[@]}" -v minimal -clp:NoSummary >>"$log" 2>&1; then
  grep -E 'error' "$log" | sort -u | head -20
  echo "The build for Accelerator=cuda failed (artifacts/logs/build-cuda.log)."
  exit 1
fi
if ! dotnet test tests/SIDReasoner.Runtime.GenAI.Tests -c Release --no-build "${properties[@]}" --nologo -v quiet \
  --filter "FullyQualifiedName~OutputTests" >>"$log" 2>&1; then
  tail -30 "$log"
  echo "The output for Accelerator=cuda is not as it should be (artifacts/logs/build-cuda.log)."
  exit 1
fi
for line in ${lost[@]+"${lost[@]}"}; do echo "$line"; done
echo "Built with ${properties[*]#-p:}; the GPU core of ONNX Runtime is in place and lists CUDAExecutionProvider."
