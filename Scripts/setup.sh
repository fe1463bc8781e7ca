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

# Elsewhere than on Debian and Ubuntu only look, since names differ.
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  if printf '#include <cblas.h>\n#include <lapacke.h>\n' | "${CC:-cc}" -E -x c - >/dev/null 2>&1 ||
    printf '#include <openblas/cblas.h>\n#include <openblas/lapacke.h>\n' |
    "${CC:-cc}" -E -x c - >/dev/null 2>&1; then
    exit 0
  fi
  say "install OpenBLAS and LAPACKE with their headers, for example" >&2
  say "  dnf install openblas-devel lapack-devel    pacman -S openblas lapacke    apk add openblas-dev lapack-dev" >&2
  exit 1
fi

# Sets `missing` to those of the packages that are not completely installed: removed ones whose configuration is
# left, and ones whose installation was interrupted, count as missing.
find_missing() {
  missing=()
  local package status
  for package in "$@"; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
  done
}

# apt-get as root, asking nothing; waits while another program (a fresh machine's own update) installs.
# sudo forgets the environment, so that the variable is set after it.
apt_get() {
  local command=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@")
  if [ "$(id -u)" -ne 0 ]; then command=(sudo "${command[@]}"); fi
  "${command[@]}" </dev/null >/dev/null
}

find_missing libopenblas-dev liblapacke-dev "$@"
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
  say "as root: apt-get update && apt-get install ${missing[*]}" >&2
  exit 1
fi
say "installing ${missing[*]}"
# A fresh image has no lists. Where they cannot be had (one of many sources is away), those that are there may do.
apt_get update || say "apt-get update failed; trying with the lists that are there" >&2
wanted=("${missing[@]}")
if ! apt_get install -y --no-install-recommends "${wanted[@]}"; then
  say "apt-get could not install ${wanted[*]}; its words are above" >&2
  say "after an interrupted installation, as root: dpkg --configure -a" >&2
  exit 1
fi
find_missing "${wanted[@]}"
if [ ${#missing[@]} -ne 0 ]; then
  say "apt-get says that it is done, but these are not installed: ${missing[*]}" >&2
  exit 1
fi
