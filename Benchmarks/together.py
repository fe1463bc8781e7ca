"""What the peers take for the loss, its gradient and a Hessian-vector product of `hvp_mlp` at once.

    PYTHON together.py PEERS_DIR --json OUT.json [--engines jax,torch_compile] [--threads 2]

The peers' own runner (PEERS_DIR/peers.py) times their product alone, in which compilers leave out the gradient of the
weights. This asks for all three, by either order of modes, with that runner's data, protocol and environment, and adds
`hvp_mlp.value_grad_hvp`, the quicker of both, to OUT.json: the same name as this engine's.
"""
import argparse
import json
import os
import subprocess
import sys


def jax_cases(engine, common):
    import jax
    from jax import numpy as jnp
    ps, x, y, vs = common.hvp_data()
    ps, vs, x, y = [engine.J(p) for p in ps], [engine.J(v) for v in vs], engine.J(x), engine.J(y)
    loss = jax.value_and_grad(lambda p: engine.xent(engine.mlp(p, x, jax.nn.relu), y))

    def forward_over_reverse(p, v):
        (value, gradient), (_, product) = jax.jvp(loss, (p,), (v,))
        return value, gradient, product

    def reverse_over_reverse(p, v):
        (value, gradient), pullback = jax.vjp(loss, p)
        return value, gradient, pullback((jnp.zeros(()), v))[0]

    return [engine.sync(jax.jit(f), ps, vs) for f in (forward_over_reverse, reverse_over_reverse)]


def torch_compile_cases(engine, common):
    import torch
    from torch.nn import functional
    ps, x, y, vs = common.hvp_data()
    ps, vs = tuple(engine.T(p) for p in engine.tw(ps)), tuple(engine.T(v) for v in engine.tw(vs))
    x, y = engine.T(x), engine.T(y)
    both = torch.func.grad_and_value(
        lambda *p: functional.cross_entropy(engine.mlp(p, x, torch.relu), y), argnums=tuple(range(len(ps))))

    def forward_over_reverse(p, v):
        (gradient, value), (product, _) = torch.func.jvp(both, p, v)
        return value, gradient, product

    def reverse_over_reverse(p, v):
        gradient, pullback, value = torch.func.vjp(both, *p, has_aux=True)
        return value, gradient, pullback(v)

    compiled = [engine.comp(f) for f in (forward_over_reverse, reverse_over_reverse)]
    return [lambda f=f: f(ps, vs) for f in compiled]


NAME = "hvp_mlp.value_grad_hvp"
CASES = {"jax": jax_cases, "torch_compile": torch_compile_cases}


def work(peers_dir, name, threads):
    sys.path.insert(0, peers_dir)
    import importlib
    import common
    engine = importlib.import_module("eng_" + name)
    try:
        engine.init(threads, "hvp_mlp")
    except TypeError:
        engine.init(threads)

    def check(output):
        value, gradient, product = output
        norms = [common.norm([t.detach() if hasattr(t, "detach") else t for t in s]) for s in (gradient, product)]
        return {"loss": float(value), "gnorm": norms[0], "hnorm": norms[1]}

    for case in CASES[name](engine, common):
        try:
            result = common.measure(common.Case("value_grad_hvp", case, check))
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
        print("@@" + json.dumps(result), flush=True)


def run(peers, peers_dir, engine, threads, limit):
    """Both orders of modes, in a process of their own: the quicker one, or what went wrong with both."""
    command = [sys.executable, os.path.abspath(__file__), peers_dir, "--worker", engine, "--threads", str(threads)]
    try:
        done = subprocess.run(command, env=peers.env_for(engine, threads), cwd=peers_dir, capture_output=True,
                              text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {NAME: {"error": f"timeout {limit}s"}}
    results = [json.loads(line[2:]) for line in done.stdout.splitlines() if line.startswith("@@")]
    timed = [r for r in results if "median_us" in r]
    if timed:
        return {NAME: min(timed, key=lambda r: r["median_us"])}
    return {NAME: results[0] if results else {"error": f"exit {done.returncode}: {done.stderr.strip()[-300:]}"}}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("peers_dir", type=os.path.abspath)
    arguments.add_argument("--json", help="added to, if it is there already")
    arguments.add_argument("--engines", default=",".join(CASES), help="others than these are passed over")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--quiet", type=float, default=60, help="seconds to wait for an idle machine")
    arguments.add_argument("--retries", type=int, default=1, help="of a run that other programs disturbed")
    arguments.add_argument("--limit", type=int, default=240, help="seconds that an engine may take")
    arguments.add_argument("--only-noisy", action="store_true", help="run only what is missing or was disturbed")
    arguments.add_argument("--worker", choices=CASES, help=argparse.SUPPRESS)
    a = arguments.parse_args()
    if a.worker:
        return work(a.peers_dir, a.worker, a.threads)
    sys.path.insert(0, a.peers_dir)
    import peers
    # What its runner waits for, measures beside and repeats.
    peers.run_one = lambda engine, _, threads, limit: run(peers, a.peers_dir, engine, threads, limit)
    data = json.load(open(a.json)) if a.json and os.path.exists(a.json) else {}
    for engine in [e for e in a.engines.split(",") if e in CASES]:
        known = data.setdefault("results", {}).setdefault(engine, {})
        if a.only_noisy and (known.get(NAME) or {}).get("ext_cpu", 9) < 0.15:
            continue
        known.update(peers.run_quiet(engine, "hvp_mlp", a.threads, a.limit, a.quiet, a.retries))
        print(f"  {engine}  {NAME}  {known[NAME].get('median_us') or known[NAME]['error']}", flush=True)
        if a.json:
            with open(a.json + ".tmp", "w") as file:
                json.dump(data, file, indent=1)
            os.replace(a.json + ".tmp", a.json)


if __name__ == "__main__":
    main()
