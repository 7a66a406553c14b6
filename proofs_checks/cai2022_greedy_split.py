"""Equitable sampling in whole samples: where all cost the same, greedy by marginal gain is optimal.

**Statement.** min sum_g w_g b_g / n_g over whole n_g >= s_g with sum c (n_g - s_g) <= B: with equal costs, buying one sample after another where it takes most off the objective is optimal for every budget.

**Source.** Greedy on separable convex functions is a classic; here for `optima.concave_split` (whole=True), whose problem is [Cai2022]_.

**Proved.** By enumeration of all splits, in rationals: 3 groups, s = 1, w b in {1, 3, 8}^3, B = 0 to 9 (0 to 6 at scale below 0.3), curves b / n. `concave_split` earns the same to 1e-12 at the largest budget.

**Control.** The hypothesis "equal costs" is dropped: costs 1, 2 and 3, gains are ranked per cost.
"""

import itertools
from fractions import Fraction

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.optima.concave_split import concave_split

PERTURBED = "no constant: a rule is optimal"


def _greedy(weight: tuple[int, ...], cost: tuple[int, ...], budget: int) -> Fraction:
    """Loss after greedy; what cannot be paid leaves the race."""
    n, left, racing = [1] * len(weight), budget, set(range(len(weight)))
    while racing:
        k = min(racing, key=lambda g: (-Fraction(weight[g], n[g] * (n[g] + 1) * cost[g]), g))
        if cost[k] > left:
            racing.discard(k)
        else:
            n[k], left = n[k] + 1, left - cost[k]
    return sum((Fraction(w, m) for w, m in zip(weight, n)), Fraction(0))


def _best(weight: tuple[int, ...], cost: tuple[int, ...], budget: int) -> Fraction:
    plans = itertools.product(*(range(1, budget // c + 2) for c in cost))
    return min(sum((Fraction(w, m) for w, m in zip(weight, n)), Fraction(0)) for n in plans if sum(c * (m - 1) for c, m in zip(cost, n)) <= budget)


def _verdict(scale: float, cost: tuple[int, ...]) -> Verdict:
    ok, worst, many, last = True, Fraction(0), 0, 9 if scale >= 0.3 else 6
    for weight in itertools.product((1, 3, 8), repeat=3):
        for budget in range(last + 1):
            greedy = _greedy(weight, cost, budget)
            worst, many = max(worst, greedy - _best(weight, cost, budget)), many + 1
        if len(set(cost)) == 1:
            house = concave_split(np.zeros(3), 3.0 * np.array(weight), np.ones(3), np.ones(3), np.full(3, 1 / 3), float(last), 1, whole=True)
            ok = ok and abs(-house.value - float(greedy)) < 1e-12 * float(greedy) + 1e-13
    claim = f"greedy buys an optimal whole split at costs {cost}, {many} instances with curves b / n"
    return claims.proved(claim, ok and worst == 0, float(-worst), "all splits enumerated, in rationals")


def check(scale: float, seed: int) -> Verdict:
    return _verdict(scale, (1, 1, 1))


def control(scale: float, seed: int) -> Verdict:
    return _verdict(scale, (1, 2, 3))
