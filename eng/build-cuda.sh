#!/usr/bin/env bash
# Restores and builds with Accelerator=cuda. Where the registry lacks one of the two CUDA add-ons, the restore is tried again
# without it and the loss is said; nothing is imitated.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
log="$PWD/artifacts/logs/build-cuda.log"
mkdir -p "$(dirname "$log")"
properties=(-p:Accelerator=cuda)
lost=()
for attempt in 1 2 3; do
  if dotnet restore SIDReasoner.sln "${properties[@]}" >"$log" 2>&1; then break; fi
  if grep -q 'Microsoft.ML.OnnxRuntimeGenAI.Cuda' "$log" && [[ ! " ${properties[*]} " == *" -p:GenAiCudaAddOn=false "* ]]; then
    properties+=(-p:GenAiCudaAddOn=false)
    lost+=("Microsoft.ML.OnnxRuntimeGenAI.Cuda is not served by this registry: the GenAI engine runs on the CPU; ONNX Runtime's CUDA provider works without it.")
  elif grep -q 'TorchSharp-cuda-linux' "$log" && [[ ! " ${properties[*]} " == *" -p:TorchCuda=false "* ]]; then
    properties+=(-p:TorchCuda=false)
    lost+=("TorchSharp-cuda-linux is not served by this registry: training runs on the CPU (libtorch-cpu).")
  else
    grep -E 'error' "$log" | sort -u | head -20
    echo "The restore for Accelerator=cuda failed (artifacts/logs/build-cuda.log)."
    exit 1
  fi
done
if ! dotnet build SIDReasoner.sln -c Release --no-restore "${properties[@]}" -v minimal -clp:NoSummary >>"$log" 2>&1; then
  grep -E 'error' "$log" | sort -u | head -20
  echo "The build for Accelerator=cuda failed (artifacts/logs/build-cuda.log)."
  exit 1
fi
for line in ${lost[@]+"${lost[@]}"}; do echo "$line"; done
echo "Built with Accelerator=cuda."
