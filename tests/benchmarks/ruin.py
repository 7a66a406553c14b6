"""Speed of ruin_dp beside the same recursion in numpy, and of a rare ruin.

    python tests/benchmarks/ruin.py

One core, CPU time, best of repeats that take turns. Exit code 1 where a target of the issue is missed.
"""

import math
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from budgetsim.optima.ruin_dp import ruin_dp

WHOLE = np.array([[1.0, 0.0, -1.0], [3.0, 0.0, -3.0], [10.0, 1.0, -8.0]])
CHANCE = np.array([[0.5, 0.2, 0.3], [0.45, 0.2, 0.35], [0.2, 0.1, 0.7]])


def in_numpy(outcomes, probabilities, stocks, horizon, objective="wealth", only_what_matters=False):
    """V_horizon at the stocks 0 .. `stocks`: slices of one line, on all stocks that can be reached or as far as k times the largest loss."""
    survival = objective == "survival"
    loss, gain = int(max(0, -outcomes.min())), int(max(0, outcomes.max()))
    reach = stocks + horizon * gain if not only_what_matters else min(stocks + horizon * gain, max(stocks, horizon * loss))
    b = np.arange(reach + gain + 1.0)
    mean = 0.0 if survival else (outcomes * probabilities).sum(axis=1).max()
    line = np.concatenate([np.zeros(loss), np.minimum(b, 1.0) if survival else b])
    for k in range(1, horizon + 1):
        last = min(k * loss, reach) if only_what_matters else min(reach, stocks + (horizon - k) * gain)
        best = np.full(last, -np.inf)
        for moves, chances in zip(outcomes.astype(int), probabilities, strict=True):
            total = 0.0
            for move, chance in zip(moves, chances, strict=True):
                total = total + chance * line[loss + 1 + move : loss + 1 + move + last]
            best = np.maximum(best, total)
        line[loss + 1 : loss + 1 + last] = best
        if only_what_matters:
            ahead = slice(last + 1, last + 1 + loss + gain)  # as far as the next line can jump
            line[loss:][ahead] = 1.0 if survival else b[ahead] + k * mean
    if only_what_matters:
        line[loss + last + 1 :] = 1.0 if survival else b[last + 1 :] + horizon * mean
    return line[loss : loss + stocks + 1]


def forty_thousand(horizon=4_000, stocks=40_000):
    """The line as long as the stocks asked for, above which the closed form is known: what a careful numpy user would write."""
    loss, gain = int(-WHOLE.min()), int(WHOLE.max())
    mean, above = (WHOLE * CHANCE).sum(axis=1).max(), np.arange(stocks + 1.0, stocks + gain + 1.0)
    line = np.concatenate([np.zeros(loss), np.arange(stocks + gain + 1.0)])
    for k in range(1, horizon + 1):
        best = np.full(stocks, -np.inf)
        for moves, chances in zip(WHOLE.astype(int), CHANCE, strict=True):
            total = 0.0
            for move, chance in zip(moves, chances, strict=True):
                total = total + chance * line[loss + 1 + move : loss + 1 + move + stocks]
            best = np.maximum(best, total)
        line[loss + 1 : loss + 1 + stocks] = best
        line[loss + 1 + stocks :] = above + k * mean
    return line[loss : loss + stocks + 1]


def best_of(repeats, *tasks):
    """CPU seconds of each task, best of repeats that take turns."""
    best = [math.inf] * len(tasks)
    for _ in range(repeats):
        for i, task in enumerate(tasks):
            start = time.process_time()
            task()
            best[i] = min(best[i], time.process_time() - start)
    return best


def rare(p=(0.8, 0.75), seed=1):
    """(CPU seconds, interval, exact probability) of a ruin near 1e-9 when the arms take turns, which is no share rule."""
    from tests.strategies import planned
    from tests.theory.test_ruin import alternating, by_mirror, coins

    law = coins(*p)
    by_mirror(law, 16, planned(0, 1), 600, 10, 1)
    start = time.process_time()
    found = by_mirror(law, 16, planned(0, 1), 600, 20_000, seed)[3]
    return time.process_time() - start, found, alternating(law, 16, 600)


def main() -> bool:
    ours = lambda: ruin_dp(WHOLE, CHANCE, 40_000, 4_000, tables=False).plan.value[0]  # noqa: E731
    trimmed = lambda: in_numpy(WHOLE, CHANCE, 40_000, 4_000, only_what_matters=True)  # noqa: E731
    assert np.allclose(ours(), forty_thousand(), rtol=1e-10) and np.allclose(ours(), trimmed(), rtol=1e-10)
    mine, full, careful = best_of(5, ours, forty_thousand, trimmed)
    print(f"ruin_dp, 4,000 steps, stocks to 40,000, 3 arms x 3 outcomes: {mine:.3f} s; numpy on all stocks {full:.3f} s ({full / mine:.1f} times), "
          f"numpy below k times the largest loss {careful:.3f} s ({careful / mine:.1f} times)")  # fmt: skip
    (tables,) = best_of(3, lambda: ruin_dp(WHOLE, CHANCE, 100, 4_000, stocks=1_000))
    print(f"with tables of 1,000 stocks: {tables:.3f} s")
    seconds, found, exact = rare()
    half = (found.high - found.low) / 2 / found.estimate
    print(f"arms in turns, p = (.8, .75), stock 16: ruin {found.estimate:.4g} +- {half:.1%} (95 %), exactly {exact:.4g}, in {seconds:.2f} CPU s")
    for seed in range(1, 6):  # arms that differ much: the weights have a heavy tail
        _, tail, truth = rare((0.85, 0.7), seed)
        print(
            f"the same, p = (.85, .7), seed {seed}: {tail.estimate / truth:.3f} times the truth, +- {(tail.high - tail.low) / 2 / tail.estimate:.0%}, {tail.method}"
        )
    return mine < 2.0 and full >= 4.0 * mine and seconds < 10.0 and half <= 0.05


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
