"""Arms that lose at most 1 offer nothing for free: V_k(b) <= b + k max(mu*, 0), at every stock.

Statement: whole gains >= -1. A stock of whole units then never falls short of a loss, so nothing is clipped, and ruin never helps: no limited
liability, only aversion to ruin. Source: derived here for the model of [JarneOrnia2025]_.

Proved by enumeration, in whole numbers: every pair of arms with two outcomes in {-1, 0, 1, 2} and chances in quarters (153 pairs), k <= 5, b <= 6.
(For all such arms: b_t - t max(mu*, 0) is a supermartingale under any rule.) Compared: `ruin_dp` on 10 random skip-free instances with three
outcomes.
Control: outcomes in {-2, 0, 1, 2}.
"""

from itertools import combinations, product
from random import Random
from typing import Any

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"least": -2}


def arms(least: int) -> list[Any]:
    return [((x, w), (y, 4 - w)) for (x, y), w in product(combinations((least, 0, 1, 2), 2), (1, 2, 3))]


def house(luck: Random, least: int) -> float:
    """How far the house's values exceed the bound at most."""
    import numpy as np

    from budgetsim.optima.ruin_dp import ruin_dp

    over = -np.inf
    for _ in range(10):
        x, w = [[least, 1, 3]] * 3, [[luck.randrange(1, 8) for _ in range(3)] for _ in range(3)]
        p = [[v / sum(row) for v in row] for row in w]
        drift = max(0.0, *(float(np.dot(a, b)) for a, b in zip(x, p)))
        value = ruin_dp(x, p, 8, 15).plan.value
        k, b = np.arange(16)[:, None], np.arange(value.shape[1])
        over = max(over, float((value - b - k * drift)[:, 1:].max()))
    return over


def check(scale: float, seed: int, least: int = -1) -> Verdict:
    seen, wrong, witness = 0, 0, ""
    for pair in combinations(arms(least), 2):
        drift = max(0, *(sum(x * w for x, w in arm) for arm in pair))
        old = list(range(17))
        for k in range(1, 6):
            old = [0] + [max(sum(w * old[max(b + x, 0)] for x, w in arm) for arm in pair) for b in range(1, len(old) - 2)]
            for b in range(1, 7):
                fits = old[b] <= 4**k * b + k * 4 ** (k - 1) * drift
                seen += 1
                wrong += not fits
                if not fits and not witness:
                    witness = f"; e.g. gains and quarters {pair}, k = {k}, b = {b}: V = {old[b]}/{4**k}"
    over = house(Random(seed), least)
    return claims.proved(
        f"V_k(b) <= b + k max(mu*, 0) for gains >= {least}: 153 pairs of arms, k <= 5, b <= 6",
        wrong == 0 and over < 1e-9,
        detail=f"whole numbers, {seen} states, {wrong} above; ruin_dp exceeds the bound by {over:.2g} at most{witness}",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
