#!/usr/bin/env bash
# The main job, from nothing: generate a shop, train a recommender on it, export it, and ask it what comes next.
#   ./quickstart.sh [DIR]    everything goes into DIR (default: out); run again, it goes on where it stopped
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 ORT_DISABLE_TELEMETRY=1
out="${1:-out}"

bash eng/prerequisites.sh
echo "Building (the first time this downloads the packages) ..."
mkdir -p "$out"
for project in train/SIDReasoner.Train export/SIDReasoner.Export runtime/SIDReasoner.Cli; do
  if ! dotnet build "$project" -c Release -v quiet -clp:NoSummary >"$out/build.log" 2>&1; then
    grep -E 'error' "$out/build.log" | sort -u | head -20 >&2
    echo "The build of $project failed ($out/build.log)." >&2
    exit 1
  fi
done
train() { dotnet run --project train/SIDReasoner.Train -c Release --no-build -- "$@"; }
export_() { dotnet run --project export/SIDReasoner.Export -c Release --no-build -- "$@"; }
sidr() { dotnet run --project runtime/SIDReasoner.Cli -c Release --no-build -- "$@"; }

echo; echo "== A shop of 1,000 items with histories"
train shop --out "$out/shop" --seed 0
echo; echo "== Train on its histories, and compare with three baselines"
train fit --data "$out/shop/plain" --out "$out/checkpoint" --seed 1 --layers 3 --epochs 12 --resume --json "$out/fit.json"
echo; echo "== Export"
export_ --checkpoint "$out/checkpoint" --catalog "$out/shop" --out "$out/bundle"
echo; echo "== What does the first test user buy next?"
history="$(sed -n 2p "$out/shop/plain/test.csv" | grep -o '"\[[0-9, ]*\]"' | tr -d '"[] ')"
bought="$(sed -n 2p "$out/shop/plain/test.csv" | sed -E 's/^[^"]*"\[[^]]*\]",([^,"]*),.*/\1/')"
echo "\$ dotnet run --project runtime/SIDReasoner.Cli -c Release -- recommend --bundle $out/bundle --history $history --beams 50"
sidr recommend --bundle "$out/bundle" --history "$history" --beams 50
echo "The user bought: $bought"
