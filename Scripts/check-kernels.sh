#!/usr/bin/env bash
# Builds every Tests/KernelChecks/*_check.c together with the C kernels, and runs it.
set -euo pipefail
cd "$(dirname "$0")/.."
shopt -s nullglob
checks=(Tests/KernelChecks/*_check.c)
[ ${#checks[@]} -gt 0 ] || exit 0
CC=${CC:-$(Scripts/clang.sh)}
export CC out=.build/checks/kernels
export flags="-std=gnu11 -O2 -Wall -Wextra -ISources/CKernels/include -ISources/CKernels"
jobs=$(getconf _NPROCESSORS_ONLN)
mkdir -p "$out"

# Objects once for all checks, and again only if any source changed.
if [ ! -f "$out/stamp" ] || [ -n "$(find Sources/CKernels -newer "$out/stamp")" ]; then
  rm -f "$out"/*.o "$out/stamp"
  find Sources/CKernels -name '*.c' -print0 |
    xargs -0 -P "$jobs" -I{} sh -c '"$CC" $flags -c "$1" -o "$out/$(echo "$1" | tr / _).o"' sh {}
  touch "$out/stamp"
fi

for check in "${checks[@]}"; do
  binary=$out/$(basename "$check" .c)
  if [ ! -x "$binary" ] || [ "$out/stamp" -nt "$binary" ] || [ "$check" -nt "$binary" ]; then
    # shellcheck disable=SC2086
    "$CC" $flags "$check" "$out"/*.o -o "$binary" -lm -lpthread
  fi
  echo "-- $(basename "$check" .c)"
  "$binary"
done
