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
    numbers = lambda tensors: [t.detach() if hasattr(t, "detach") else t for t in tensors]
    check = lambda o: {
        "loss": float(o[0]), "gnorm": common.norm(numbers(o[1])), "hnorm": common.norm(numbers(o[2]))}
    cases = CASES[name](engine, common)
    results = [common.measure(common.Case("value_grad_hvp", case, check)) for case in cases]
    print("@@" + json.dumps(min(results, key=lambda r: r["median_us"])))


def run(peers, peers_dir, engine, threads):
    command = [sys.executable, os.path.abspath(__file__), peers_dir, "--worker", engine, "--threads", str(threads)]
    done = subprocess.run(command, env=peers.env_for(engine, threads), cwd=peers_dir, capture_output=True, text=True)
    found = [line[2:] for line in done.stdout.splitlines() if line.startswith("@@")]
    if done.returncode or not found:
        sys.exit(f"{engine}: {done.stderr.strip()[-500:]}")
    return json.loads(found[-1])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("peers_dir", type=os.path.abspath)
    arguments.add_argument("--json", help="added to, if it is there already")
    arguments.add_argument("--engines", default="jax,torch_compile")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--worker", choices=CASES, help=argparse.SUPPRESS)
    a = arguments.parse_args()
    if a.worker:
        return work(a.peers_dir, a.worker, a.threads)
    sys.path.insert(0, a.peers_dir)
    import peers
    for engine in a.engines.split(","):
        if engine not in CASES:
            continue
        result = run(peers, a.peers_dir, engine, a.threads)
        print(f"  {engine}  hvp_mlp.value_grad_hvp {result['median_us']:.0f} us, {result['check']}", flush=True)
        if not a.json:
            continue
        data = json.load(open(a.json)) if os.path.exists(a.json) else {}
        data.setdefault("results", {}).setdefault(engine, {})["hvp_mlp.value_grad_hvp"] = result
        with open(a.json, "w") as file:
            json.dump(data, file, indent=1)


main()
