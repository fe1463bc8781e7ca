#!/usr/bin/env bash
# Installs what the package needs beside a Swift toolchain, and nothing that is there already.
#
#   Scripts/setup.sh                  BLAS and LAPACK
#   Scripts/setup.sh PACKAGE...       these Debian packages as well
set -euo pipefail

say() { printf '%s\n' "setup: $*"; }

if ! command -v swift >/dev/null; then
  say "no 'swift' on the PATH; install Swift 6.2 or newer: https://www.swift.org/install" >&2
  exit 1
fi

if [ "$(uname -s)" = Darwin ]; then
  say "macOS brings BLAS and LAPACK with Accelerate: nothing to install"
  exit 0
fi

if ! command -v dpkg-query >/dev/null; then
  # Not Debian or Ubuntu: only look, since names differ.
  if printf '#include <cblas.h>\n#include <lapacke.h>\n' | "${CC:-cc}" -E -x c - >/dev/null 2>&1 ||
    printf '#include <openblas/cblas.h>\n#include <openblas/lapacke.h>\n' |
    "${CC:-cc}" -E -x c - >/dev/null 2>&1; then
    exit 0
  fi
  say "install OpenBLAS and LAPACKE with their headers, for example" >&2
  say "  dnf install openblas-devel lapack-devel    pacman -S openblas lapacke    apk add openblas-dev lapack-dev" >&2
  exit 1
fi

missing=()
for package in libopenblas-dev liblapacke-dev "$@"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    say "as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
say "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
