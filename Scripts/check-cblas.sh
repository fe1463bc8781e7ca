#!/usr/bin/env bash
# Builds and runs Tests/CBLASChecks with OpenBLAS and with the reference BLAS: products and solutions are
# right; kernels that are too old for the processor are replaced, and only those, and only if nobody chose
# them; any other CBLAS links and is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."
CC=${CC:-$(Scripts/clang.sh)}
out=.build/checks
mkdir -p "$out"

# build NAME FLAG...: unless it is newer than its sources.
build() {
  local name=$1
  shift
  if [ -z "$(find Sources/CBLAS Tests/CBLASChecks -newer "$out/$name" 2>/dev/null)" ] && [ -x "$out/$name" ]; then
    return
  fi
  "$CC" -std=gnu11 -O2 -Wall -Wextra -Werror -ISources/CBLAS/include \
    Tests/CBLASChecks/check.c Sources/CBLAS/adj_blas.c -o "$out/$name" "$@" -lm
}

# run WHAT BINARY [ARGUMENT...]
run() {
  echo "-- CBLAS: $1"
  shift
  "$@"
}

if [ "$(uname -s)" = Darwin ]; then
  build cblas-check -framework Accelerate
  run Accelerate "$out/cblas-check"
  exit 0
fi

build cblas-check -lopenblas -llapacke -lpthread
check=$out/cblas-check
run "OpenBLAS as it is" "$check"
run "OpenBLAS, one thread" env ADJOINT_NUM_THREADS=1 "$check"

if [ "$(uname -m)" = x86_64 ]; then
  run "OPENBLAS_CORETYPE is respected" env OPENBLAS_CORETYPE=Prescott "$check" --expect-untouched
  # ADJ_CHECK_LARGE=1 adds products of up to 4000x3999x4000.
  run "OpenBLAS that chose Prescott by itself" \
    env OPENBLAS_CORETYPE=Prescott ADJ_CHECK_FORGET=1 "$check" --expect-repaired
fi

# Debian keeps the reference library beside the others, with CBLAS in it. LAPACKE is left out: it would load
# the system's BLAS too.
if command -v dpkg-query >/dev/null; then
  Scripts/setup.sh libblas-dev
  folder=/usr/lib/$("$CC" -print-multiarch 2>/dev/null || gcc -print-multiarch)/blas
  [ -d "$folder" ] || folder=$(dirname "$(find /usr/lib -path '*/blas/libblas.so' | head -n 1)")
  build cblas-check-reference -DADJ_CHECK_NO_LAPACK "$folder/libblas.so" "-Wl,-rpath,$folder" -lpthread
  run "reference BLAS" "$out/cblas-check-reference" --expect-untouched
fi
