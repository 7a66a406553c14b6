"""Over a long time only survival counts: V_T(b) = mu* T S(b) up to a logarithm, S(b) the best chance never to be ruined.

Statement: mu* > 0, V_T(b) the largest expected final stock: V_T(b) / T -> mu* S(b), S(b) = max over rules of P(never ruined from b). On three coins,
+1 / -1 (.6), +3 / -3 (.55), +10 / -8 (.3): |V_T(b) - mu* T S(b)| <= b + 2 ln T for b <= 20, T >= 100. Source: [JarneOrnia2025]_, Theorems 1 and 2, as
a public note quotes them, in a form of ours.

Certified: by `ruin_dp`, whose V is exact to rounding and whose S has verified bounds, for T = 100, 200, .. 4000 (1000 below scale 1). The limit
itself is not proved.
Control: S(b) of the arm of greatest mean alone.
"""

import math

from budgetsim import claims
from budgetsim.model import Verdict

PERTURBED = {"logs": 0.0}

COINS = [[1, -1], [3, -3], [10, -8]], [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]


def run(scale: float, arms: slice, logs: float) -> Verdict:
    import numpy as np

    from budgetsim.optima.ruin_dp import ruin_dp

    steps = 4000 if scale >= 1.0 else 1000
    value = ruin_dp(*COINS, budget=1, horizon=steps, stocks=20).plan.value
    forever = ruin_dp(COINS[0][arms], COINS[1][arms], 20, None, "survival")
    survival, b = forever.plan.value[-1, 1:21], np.arange(1, 21)
    slack = 0.3 * steps * (forever.upper - forever.lower)
    room, used = math.inf, 0.0
    for t in range(100, steps + 1, 100):
        off, bound = np.abs(value[t, 1:21] - 0.3 * t * survival) + slack, b + logs * math.log(t)
        room, used = min(room, float((bound - off).min())), max(used, float((off / bound).max()))
    trivial = float(np.max(b + logs * math.log(steps)) / (0.3 * steps))
    assert trivial < 0.5, "a bound of the order of mu* T would say nothing"
    who = "the best rule" if arms == slice(None) else "the arm of greatest mean"
    return claims.at_least(
        f"|V_T(b) - mu* T S(b)| <= b + {logs:g} ln T, S of {who}, b <= 20, T <= {steps}",
        room,
        0.0,
        detail=f"measured at most {100 * used:.0f} % of the bound; the bound is at most {100 * trivial:.0f} % of mu* T at T = {steps}",
    )


def check(scale: float, seed: int, logs: float = 2.0) -> Verdict:
    return run(scale, slice(None), logs)


def control(scale: float, seed: int) -> Verdict:
    return run(scale, slice(1, 2), 2.0)
