#!/usr/bin/env bash
# Prints the C compiler that belongs to the Swift toolchain: the one that the package's C is built with.
set -euo pipefail
if [ "$(uname -s)" = Darwin ]; then exec xcrun --find clang; fi
beside=$(dirname "$(readlink -f "$(command -v swift)")")/clang
if [ -x "$beside" ]; then echo "$beside"; else command -v clang || command -v cc; fi
