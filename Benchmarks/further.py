"""What the peers take for questions that their own runner does not ask.

    PYTHON further.py PEERS_DIR --json OUT.json [--workloads hvp_mlp,per_example] [--engines jax,torch_compile,torch]

With that runner's (PEERS_DIR/peers.py) data, protocol and environment, under this engine's names:

hvp_mlp.value_grad_hvp   the loss, its gradient and a Hessian-vector product at once, by either order of modes, the
                         quicker of both. The runner times their product alone, in which compilers leave out the
                         gradient of the weights.
per_example              the gradient of each of 128 examples' losses: vmap of grad, compiled (torch: not compiled).
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


def each_data(common):
    return common.mlp_params([2, 64, 64, 1]), common.fill(1, (128, 2)), common.fill(2, (128, 1))


def jax_each(engine, common):
    import jax
    from jax import numpy as jnp
    ps, x, y = each_data(common)
    ps, x, y = [engine.J(p) for p in ps], engine.J(x), engine.J(y)
    one = jax.value_and_grad(lambda p, x, y: jnp.mean((engine.mlp(p, x, jnp.tanh) - y) ** 2))
    return [engine.sync(jax.jit(jax.vmap(one, (None, 0, 0))), ps, x, y)]


def torch_each(engine, common, compiles=False):
    import torch
    # Weights as they are stored here, [inputs, outputs]; vmap knows no such layer of one vector.
    ps, x, y = each_data(common)
    ps, x, y = [torch.tensor(p) for p in ps], torch.tensor(x), torch.tensor(y)

    def one(p, x, y):
        for layer in range(0, len(p), 2):
            x = x @ p[layer] + p[layer + 1]
            x = torch.tanh(x) if layer + 2 < len(p) else x
        return ((x - y) ** 2).mean()

    both = torch.func.vmap(torch.func.grad_and_value(one), (None, 0, 0))
    both = engine.comp(both) if compiles else both
    return [lambda: both(ps, x, y)[::-1]]


NAMES = {"hvp_mlp": "hvp_mlp.value_grad_hvp", "per_example": "per_example"}
CASES = {
    "hvp_mlp": {"jax": jax_cases, "torch_compile": torch_compile_cases},
    "per_example": {"jax": jax_each, "torch": torch_each,
                    "torch_compile": lambda engine, common: torch_each(engine, common, True)},
}
ENGINES = sorted({engine for cases in CASES.values() for engine in cases})


def work(peers_dir, workload, name, threads):
    sys.path.insert(0, peers_dir)
    import importlib
    import common
    engine = importlib.import_module("eng_" + name)
    try:
        engine.init(threads, workload)
    except TypeError:
        engine.init(threads)

    def check(output):
        value, *lists = output
        norms = [common.norm([t.detach() if hasattr(t, "detach") else t for t in s]) for s in lists]
        return {"loss": float(value.mean()), **dict(zip(("gnorm", "hnorm"), norms))}

    for case in CASES[workload][name](engine, common):
        try:
            result = common.measure(common.Case(workload, case, check))
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
        print("@@" + json.dumps(result), flush=True)


def run(peers, peers_dir, engine, workload, threads, limit):
    """All ways, in a process of their own: the quickest one, or what went wrong with them."""
    name = NAMES[workload]
    command = [sys.executable, os.path.abspath(__file__), peers_dir, "--workloads", workload, "--worker", engine,
               "--threads", str(threads)]
    try:
        done = subprocess.run(command, env=peers.env_for(engine, threads), cwd=peers_dir, capture_output=True,
                              text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {name: {"error": f"timeout {limit}s"}}
    results = [json.loads(line[2:]) for line in done.stdout.splitlines() if line.startswith("@@")]
    timed = [r for r in results if "median_us" in r]
    if timed:
        return {name: min(timed, key=lambda r: r["median_us"])}
    return {name: results[0] if results else {"error": f"exit {done.returncode}: {done.stderr.strip()[-300:]}"}}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("peers_dir", type=os.path.abspath)
    arguments.add_argument("--json", help="added to, if it is there already")
    arguments.add_argument("--workloads", default=",".join(CASES), help="only these")
    arguments.add_argument("--engines", default=",".join(ENGINES), help="only these")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--quiet", type=float, default=60, help="seconds to wait for an idle machine")
    arguments.add_argument("--retries", type=int, default=1, help="of a run that other programs disturbed")
    arguments.add_argument("--limit", type=int, default=240, help="seconds that an engine may take")
    arguments.add_argument("--only-noisy", action="store_true", help="run only what is missing or was disturbed")
    arguments.add_argument("--worker", choices=ENGINES, help=argparse.SUPPRESS)
    a = arguments.parse_args()
    if a.worker:
        return work(a.peers_dir, a.workloads, a.worker, a.threads)
    sys.path.insert(0, a.peers_dir)
    import peers
    # What its runner waits for, measures beside and repeats.
    peers.run_one = lambda *question: run(peers, a.peers_dir, *question)
    data = json.load(open(a.json)) if a.json and os.path.exists(a.json) else {}
    for workload in [w for w in a.workloads.split(",") if w in CASES]:
        name = NAMES[workload]
        for engine in [e for e in a.engines.split(",") if e in CASES[workload]]:
            known = data.setdefault("results", {}).setdefault(engine, {})
            if a.only_noisy and (known.get(name) or {}).get("ext_cpu", 9) < 0.15:
                continue
            known.update(peers.run_quiet(engine, workload, a.threads, a.limit, a.quiet, a.retries))
            print(f"  {engine}  {name}  {known[name].get('median_us') or known[name]['error']}", flush=True)
            if a.json:
                with open(a.json + ".tmp", "w") as file:
                    json.dump(data, file, indent=1)
                os.replace(a.json + ".tmp", a.json)


if __name__ == "__main__":
    main()
