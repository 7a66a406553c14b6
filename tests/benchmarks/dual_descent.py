"""Speed of dual descent beside the same loop in C, on the same arrays; resolving; requests of types in constant memory.

    python tests/benchmarks/dual_descent.py [--quick]

One core, CPU time of the thread, best of repeats that take turns; the C is built with gcc -O3 -march=native, with and
without fused multiplications. Peak memory is that of a fresh process for each horizon, resident, and less what importing and compiling
took. Exit code 1 where a target is missed: .8 of the faster C on arrays whose budget is scarce; 100 programs a second; memory that does
not grow with the horizon.
"""

import ctypes
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import numpy as np

from budgetsim import engine
from budgetsim.policies.dual_descent import dual_descent
from budgetsim.policies.resolving_lp import replan, resolving_lp
from budgetsim.problems.online_allocation import online_allocation
from budgetsim.problems.typed_allocation import typed_allocation
from tests.benchmarks.bench import alternate, pointer

HERE = Path(__file__).resolve().parent
T, N, D = 100_000, 10, 10


def build(*flags: str) -> Any:
    folder = tempfile.mkdtemp()
    out = Path(folder) / "dual_descent.so"
    subprocess.run(["gcc", "-O3", "-march=native", *flags, "-shared", "-fPIC", "-o", str(out), str(HERE / "dual_descent.c"), "-lm"], check=True)
    library = ctypes.CDLL(str(out))
    shutil.rmtree(folder)
    library.plain.restype = library.skipping.restype = ctypes.c_double
    return library


def beside_c(share: float, repeats: int) -> float:
    """Prints ns a round; gives the share of the faster C's speed."""
    g = np.random.default_rng(0)
    reward, cost, budget = g.random((T, N)), g.random((T, N, D)), np.full(D, share * T)
    game = engine.prepare(online_allocation(reward, cost, budget), dual_descent(), "rows")
    sizes = [*map(ctypes.c_long, (T, N, D)), *map(pointer, (reward, cost, budget)), ctypes.c_double(1.0 / np.sqrt(D * T))]
    in_c = [getattr(library, name) for library in (build(), build("-ffp-contract=off")) for name in ("plain", "skipping")]
    log = engine.play_block(game, 1, 0, 1, [T])
    assert all(np.isclose(f(*sizes), log.reward[0, -1], rtol=1e-6) for f in in_c)
    seconds = alternate(repeats, lambda: engine.play_block(game, 1, 0, 1, [T]), *(lambda f=f: f(*sizes) for f in in_c))
    ns = [s / T * 1e9 for s in seconds]
    ratio = min(ns[1:]) / ns[0]
    print(f"T = {T:,}, n = {N}, d = {D}, budget {share:g} T: ours {ns[0]:.1f} ns a round; C {ns[1]:.1f}, skipping {ns[2]:.1f}, not fused {ns[3]:.1f}, "
          f"{ns[4]:.1f}: {ratio:.2f} of the fastest")  # fmt: skip
    return ratio


def programs(repeats: int) -> float:
    """Programs a second over samples of 1,000 requests that move on by 10, n = d = 5, from the prices before."""
    g = np.random.default_rng(0)
    reward, cost = g.random((1000 + 10 * repeats, 5)), g.random((1000 + 10 * repeats, 5, 5))
    memory, params = resolving_lp().init(online_allocation(reward, cost, np.full(5, 0.1 * len(reward))).spec)
    start = 0.0
    for k in range(repeats + 1):
        memory.reward[:], memory.cost[:] = reward[10 * k : 10 * k + 1000], cost[10 * k : 10 * k + 1000]
        replan(memory, params, None, 0.1 * (params.horizon - 1000.0) * np.ones(5), 1000)
        start = start or time.process_time()  # the first compiles
    rate = repeats / (time.process_time() - start)
    print(f"resolving_lp: {rate:,.0f} programs a second")
    return rate


def on_the_fly(horizon: int) -> None:
    """One process: rounds of types drawn on the fly; prints peak memory in MB and ns a round."""
    g = np.random.default_rng(0)
    problem = typed_allocation(g.random((20, N)), g.random((20, N, D)), None, np.full(D, 0.15 * horizon), horizon)
    game = engine.prepare(problem, dual_descent(), "rows")
    engine.play_block(game, 1, 0, 1, [1000])
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()
    log = engine.play_block(game, 1, 0, 1, [horizon])
    seconds, peak = time.thread_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert log.rounds[0, -1] == horizon
    print(peak / 1024, (peak - before) / 1024, seconds / horizon * 1e9)


def main() -> int:
    if "--horizon" in sys.argv:
        on_the_fly(int(sys.argv[-1]))
        return 0
    quick = "--quick" in sys.argv
    good = programs(30 if quick else 200) >= 100
    for horizon in (10**5, 10**6) if quick else (10**6, 10**7):
        done = subprocess.run([sys.executable, __file__, "--horizon", str(horizon)], check=True, capture_output=True, text=True)
        peak, more, ns = map(float, done.stdout.split())
        print(f"{horizon:,} rounds of 20 types on the fly: peak {peak:.0f} MB, {more:.1f} MB of it for playing; {ns:.0f} ns a round")
        good &= more < 8.0
    if shutil.which("gcc"):
        scarce, _ = (beside_c(share, 3 if quick else 15) for share in (0.15, 0.45))
        good &= scarce >= 0.8
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
