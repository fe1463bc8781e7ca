#!/bin/sh
# Runs the peers' runner and ours in turn, workload by workload, into one file, and prints the table; and further.py, for
# what that runner does not ask: all of per_example, which it does not know.
#
#   Benchmarks/compare.sh PYTHON PEERS_DIR [OUT.json]
#
# PYTHON has the peers' packages installed; PEERS_DIR holds peers.py. Both, and the rest, may also come
# from the environment: PEERS_PYTHON, PEERS_DIR, and
#   ENGINES    of the peers    (torch,torch_compile,jax,mlx,autograd)
#   WORKLOADS  by their names  (all of ours)
#   THREADS    (2)
#   QUIET      seconds to wait for an idle machine before each run (60)
#   RETRIES    of a run that other programs disturbed (1)
# An OUT.json that is there already is added to. ONLY_NOISY=1 repeats only what is missing or was disturbed.
set -eu

python=${1:-${PEERS_PYTHON:-}}
peers=${2:-${PEERS_DIR:-}}
out=${3:-compare.json}
engines=${ENGINES:-torch,torch_compile,jax,mlx,autograd}
threads=${THREADS:-2}
quiet=${QUIET:-60}
retries=${RETRIES:-1}
noisy=${ONLY_NOISY:+--only-noisy}

if [ -z "$python" ] || [ ! -f "$peers/peers.py" ]; then
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0" >&2
  exit 64
fi

package=$(cd "$(dirname "$0")" && pwd)
scratch=${SCRATCH_PATH:-$package/.build}
swift build -c release --package-path "$package" --scratch-path "$scratch"
ours=$(swift build -c release --package-path "$package" --scratch-path "$scratch" --show-bin-path)/workloads

for workload in $(if [ -n "${WORKLOADS:-}" ]; then echo "$WORKLOADS" | tr , ' '; else "$ours" --list; fi); do
  "$ours" --json "$out" --merge --only "$workload" --threads "$threads" --quiet "$quiet" --retries "$retries" \
    $noisy --no-table
  if [ "$workload" != per_example ]; then
    PEERS_PYTHON="$python" "$python" "$peers/peers.py" --json "$out" --merge --workloads "$workload" \
      --engines "$engines" --threads "$threads" --quiet "$quiet" --retries "$retries" $noisy
  fi
  "$python" "$package/further.py" "$peers" --json "$out" --workloads "$workload" --engines "$engines" \
    --threads "$threads" --quiet "$quiet" --retries "$retries" $noisy
done
"$ours" --table "$out"
