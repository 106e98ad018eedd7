#!/usr/bin/env bash
# Makes sure that what the build needs beside NuGet is there: the .NET SDK (asked for, not installed), g++, cmake, clang-14.
# As root on a Debian-like system it installs what is missing; elsewhere it prints the one line that does. Run by quickstart.sh and build.sh.
set -euo pipefail

if ! command -v dotnet >/dev/null || ! dotnet --list-sdks | grep -qE '^(1[0-9]|[2-9][0-9])\.'; then
  echo "The .NET SDK 10 or newer is missing (found: $(command -v dotnet >/dev/null && dotnet --list-sdks | tr '\n' ' ' || echo none))." >&2
  echo "  Install it (https://dotnet.microsoft.com/download), then run this again." >&2
  exit 2
fi

missing=()
command -v g++ >/dev/null || missing+=(g++)
command -v cmake >/dev/null || missing+=(cmake)
command -v make >/dev/null || command -v ninja >/dev/null || missing+=(make)
command -v clang++-14 >/dev/null || command -v clang++ >/dev/null || missing+=(clang-14)
# ./build.sh full also runs the native tests as an Arm server would.
if [ "${1:-}" = full ]; then
  command -v aarch64-linux-gnu-g++ >/dev/null || missing+=(g++-aarch64-linux-gnu)
  command -v qemu-aarch64 >/dev/null || command -v qemu-aarch64-static >/dev/null || missing+=(qemu-user)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing ${missing[*]} ..."
  export DEBIAN_FRONTEND=noninteractive
  if apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
    exit 0
  fi
  echo "Could not install ${missing[*]}." >&2
fi

for tool in "${missing[@]}"; do
  case "$tool" in
    clang-14) echo "clang is missing: the CUDA kernels cannot be compiled to PTX here (the CPU build works)." >&2 ;;
    g++-aarch64-linux-gnu|qemu-user) echo "$tool is missing: the Arm build is left out." >&2 ;;
    *) echo "$tool is missing: the native kernels cannot be built; the managed kernel is used instead." >&2 ;;
  esac
done
echo "  To install: sudo sh -c '$line'" >&2
# Nothing of this stops the managed build, which says itself what it goes without.
exit 0
