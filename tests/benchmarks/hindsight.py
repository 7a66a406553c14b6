"""Speed of the offline optima of requests: prices beside HiGHS, and days too long for a linear program.

    python -m tests.benchmarks.hindsight

One core. Exit code 1 where `dual_bound` is not within 1e-6 of `hindsight_lp` at T = 20000, n = 5, d = 5, not 5 times faster there,
or takes more than 30 s at T = 1e6, d = 3.
"""

import functools
import sys
import time

import numpy as np

from budgetsim.optima.dual_bound import dual_bound, streamed_dual_bound
from budgetsim.optima.hindsight_lp import hindsight_lp


def day(horizon, n, d, seed=1):
    g = np.random.default_rng(seed)
    return g.random((horizon, n)), g.random((horizon, n, d)), horizon * np.linspace(0.1, 0.2, d)


def timed(f):
    start = time.perf_counter()
    out = f()
    return out, time.perf_counter() - start


def main() -> int:
    dual_bound(*day(100, 5, 5))  # compiled
    failed = 0
    requests = day(20_000, 5, 5)
    (best, ours), (lp, theirs) = timed(lambda: dual_bound(*requests)), timed(lambda: hindsight_lp(*requests))
    off = abs(best.value - lp.value) / lp.value
    print(
        f"T=20000 n=5 d=5: dual_bound {ours:.3f} s ({best.of.split('; ')[1]}), HiGHS {theirs:.2f} s, {theirs / ours:.0f} times faster, relative difference {off:.1e}"
    )
    failed += off > 1e-6 or theirs < 5 * ours
    for horizon, n, d in ((1_000_000, 5, 3), (100_000, 10, 10), (100_000, 5, 30)):
        requests = day(horizon, n, d)
        best, ours = timed(functools.partial(dual_bound, *requests))
        print(f"T={horizon} n={n} d={d}: {ours:.2f} s ({best.of.split('; ')[1]}), gap {best.upper / best.lower - 1:.1e}")
        failed += (horizon, d) == (1_000_000, 3) and ours > 30.0
    budget = 3_000_000 * np.linspace(0.1, 0.2, 3)
    best, ours = timed(lambda: streamed_dual_bound(lambda: (day(100_000, 5, 3, s)[:2] for s in range(30)), budget))
    print(f"T=3000000 n=5 d=3, drawn anew at each pass, 100000 at a time: {ours:.1f} s ({best.of.split('; ')[1]}), gap {best.upper / best.lower - 1:.1e}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
