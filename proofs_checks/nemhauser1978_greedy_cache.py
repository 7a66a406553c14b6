"""Greedy on a submodular objective: at least 1 - (1 - 1/K)^K of the best set of K, which is 3/4 for K = 2, and that is attained.

**Statement.** For a monotone submodular F with F({}) = 0, K steps of greedy reach at least 1 - (1 - 1/K)^K > 1 - 1/e of the best set of K elements.

**Source.** [Nemhauser1978]_; the caches are those of `shared.adapter_rules`.

**Proved.** In whole numbers, by enumeration, for sum_t max over C of v[t, n]: all 0-1 matrices v with 4 requests and 3 adapters, K = 2 (4096; at scale below 0.3 those with as many ones in each of the adapters, which hold the worst), with `greedy_cache`; 3/4 is attained, so it is sharp. In addition 300 (60)
matrices with 6 requests, 6 adapters, entries 0 to 3, K = 3, drawn by the seed, against 19/27.

**Not proved by machine.** Other matrices and K.

**Control.** 3/4 becomes 4/5.
"""

import itertools
from fractions import Fraction

import numpy as np

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.shared.adapter_rules import greedy_cache

PERTURBED = {"least_share": Fraction(4, 5)}


def _share(v: np.ndarray, slots: int) -> Fraction:
    """Greedy's part of the best, exactly: entries are whole."""
    best = max(int(v[:, list(c)].max(axis=1).sum()) for c in itertools.combinations(range(v.shape[1]), slots))
    return Fraction(int(v[:, greedy_cache(v, slots)].max(axis=1).sum()), best) if best else Fraction(1)


def check(scale: float, seed: int, least_share: Fraction = Fraction(3, 4)) -> Verdict:
    columns = list(itertools.product((0.0, 1.0), repeat=4))
    worst, many = Fraction(1), 0
    for three in itertools.product(columns, repeat=3):
        if scale >= 0.3 or len({sum(c) for c in three}) == 1:
            worst, many = min(worst, _share(np.array(three).T, 2)), many + 1
    rng = np.random.default_rng(seed)
    drawn = [_share(v, 3) for v in rng.integers(0, 4, (300 if scale >= 0.3 else 60, 6, 6)).astype(float)]
    claim = f"greedy reaches at least {least_share} of the best cache of 2, {many} matrices; 19/27 of the best of 3, {len(drawn)} matrices"
    detail = f"enumeration in whole numbers; least shares {worst} and {min(drawn)}"
    return claims.proved(claim, worst >= least_share and min(drawn) >= Fraction(19, 27), float(worst - least_share), detail)


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, **PERTURBED)
