"""The stocks at which safety is chosen grow with the logarithm of the steps left.

Statement: three coins, S = +1 / -1 (.6), N = +3 / -3 (.55), W = +10 / -8 (.3): z(k), the largest stock at which S is optimal with k steps left, has 2
ln k - 1 <= z(k) <= 3 ln k - 2. Source: [JarneOrnia2025]_, Theorems 1 and 2, as a public note quotes them, say O(ln T); constants and instance are
ours.

Certified: by `ruin_dp` (its values are exact to rounding), for every k from 20 to T = 4000 (1000 below scale 1). Nothing is proved for larger k.
Control: 3 ln k replaced by 2.8 ln k.
"""

import math

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"below": 2.5, "above": 2.8}


def check(scale: float, seed: int, below: float = 2.0, above: float = 3.0) -> Verdict:
    import numpy as np

    from budgetsim.optima.ruin_dp import ruin_dp

    steps = 4000 if scale >= 1.0 else 1000
    action = ruin_dp([[1, -1], [3, -3], [10, -8]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]], 1, steps, stocks=60).plan.action
    k = np.arange(20, steps + 1)
    zone = np.array([int(np.flatnonzero(action[i] == 0).max()) for i in k])
    room = min(float((above * np.log(k) - 2.0 - zone).min()), float((zone - below * np.log(k) + 1.0).min()))
    return claims.at_least(
        f"{below:g} ln k - 1 <= largest stock that plays safe <= {above:g} ln k - 2, k = 20 .. {steps}",
        room,
        0.0,
        detail=f"z(20) = {zone[0]}, z({steps}) = {zone[-1]}, a square root would come to {zone[0] * math.sqrt(steps / 20):.0f}; least room in stocks",
    )


def control(scale: float, seed: int) -> Verdict:
    return check(scale, seed, above=PERTURBED["above"])
