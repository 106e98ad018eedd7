#!/usr/bin/env bash
# Brings libsidr up to date for `dotnet build`: configures build/cpu (preset cpu) once, then builds the one target. Debug and Release share it.
# Where cmake or a C++ compiler is missing it says so in one line and succeeds: the managed kernel ranks instead.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=()
command -v cmake >/dev/null || missing+=(cmake)
command -v "${CXX:-c++}" >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || missing+=("a C++ compiler")
command -v ninja >/dev/null || command -v make >/dev/null || missing+=(make)
if [ ${#missing[@]} -gt 0 ]; then
  names=$(printf ', %s' "${missing[@]}")
  echo "libsidr: not found: ${names:2}; this build falls back to the managed kernel. Run eng/prerequisites.sh and build again for the native one."
  exit 0
fi

# Two builds at once take turns.
mkdir -p build/cpu/native
exec 9>build/cpu/lock
command -v flock >/dev/null && flock 9
log=build/cpu/dotnet.log
touch build/cpu/began # a source saved while the compiler runs must count as newer
generator=()
[ ! -f build/cpu/CMakeCache.txt ] && command -v ninja >/dev/null && generator=(-G Ninja)
if { [ -f build/cpu/CMakeCache.txt ] || cmake --preset cpu "${generator[@]}"; } >"$log" 2>&1 && cmake --build build/cpu --target sidr --parallel 2 >>"$log" 2>&1; then
  mv build/cpu/began build/cpu/native/libsidr.stamp
  exit 0
fi
tail -25 "$log"
echo "libsidr: the native build failed (build/cpu/dotnet.log). Correct it, or build with -p:SidrNative=false to go without the native kernels."
exit 1
