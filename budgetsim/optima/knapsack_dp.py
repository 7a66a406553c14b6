"""The best rule of all on a small bandit with knapsacks, by dynamic programming."""

from typing import Any

import numpy as np

from ..arguments import BadValue, array, flag, whole
from ..kernels import compiled
from ..model import TOLERANCE, Optimum

_EPS = float(np.finfo(float).eps)
_LARGEST = 5 * 10**7  # states, two bytes each


def knapsack_dp(mean_reward: Any, mean_cost: Any, budget: Any, horizon: int, idle: bool = True) -> Optimum:
    """The most that a rule which knows the means can earn when costs are independent Bernoulli variables, under law STOP.

    With V_0 = 0 and n rounds to go, b left of the integer budgets,

        V_n(b) = max{ V_{n-1}(b), max_k sum over c in {0, 1}^d with c <= b of P_k(c) (r_k + V_{n-1}(b - c)) },

    because a cost that does not fit ends the run before the round is counted. The first entry is the null arm's.
    Backward induction visits horizon x prod_j (floor(B_j) + 1) states; where B_j >= horizon one stands for all.

    Parameters
    ----------
    mean_reward : (K,) >= 0, reward; independent of the costs.
    mean_cost : (K, d) in [0, 1], chance that a pull costs one unit of each resource; d <= 2.
    budget : (d,) >= 0, units of each resource; only the whole part can be spent; infinite where there is no cap.
    horizon : rounds, at least 1.
    idle : whether the null arm -1 may be used.

    Returns
    -------
    Optimum; `lower` and `upper` differ from `value` by a bound on the rounding of sums of positive terms. `plan` is the
    optimal rule, an array (horizon, cap_1 + 1, ..., cap_d + 1) of actions, cap_j being floor(B_j), or 0 where
    B_j >= horizon: in round t with `left` units left it plays plan[t, min(left_1, cap_1), ..., min(left_d, cap_d)].

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges, more than two resources, more than 5e7 states.

    Examples
    --------
    One arm that costs a unit with chance 0.1 earns until the fourth cost, 4 / 0.1 - 1 rounds in expectation, and not
    3 / 0.1 as the fluid program has it:

    >>> round(knapsack_dp([1.0], [[0.1]], [3], 1000).value, 9)
    39.0
    """
    r = array("mean_reward", mean_reward, (None,), 0.0)
    c = array("mean_cost", mean_cost, (r.size, None), 0.0, 1.0)
    d = c.shape[1]
    if d > 2:
        raise BadValue(f"mean_cost: got {d} resources; allowed: 1 or 2")
    b = array("budget", budget, (d,), 0.0, finite=False)
    horizon, idle = whole("horizon", horizon, 1), flag("idle", idle)
    free = [x >= horizon for x in b] + [True] * (2 - d)  # cannot run out, so one state stands for all
    cap = [0 if f else int(x + TOLERANCE * x) for f, x in zip(free, [*b, 0.0], strict=False)]
    states = horizon * (cap[0] + 1) * (cap[1] + 1)
    if states > _LARGEST:
        raise BadValue(f"horizon, budget: got {states} states; allowed: at most {_LARGEST}")
    plan = np.zeros((horizon, cap[0] + 1, cap[1] + 1), np.int16)
    value = np.zeros((2, cap[0] + 1, cap[1] + 1))
    best = float(_induct(r, np.hstack([c, np.zeros((r.size, 2 - d))]), np.array(free), value, plan, idle))
    slack = 16 * horizon * _EPS * best
    return Optimum(
        "knapsack_dp", "certified", best, best - slack, best + slack, plan[:, :, 0] if d == 1 else plan, None, "best rule that knows the means, under STOP"
    )


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [
        {"mean_reward": [0.5], "mean_cost": [[0.25]], "budget": [2.0], "horizon": 6},
        {"mean_reward": [0.75, 0.5], "mean_cost": [[0.5, 0.25], [0.125, 0.25]], "budget": [2.0, 1.0], "horizon": 5},
        {"mean_reward": [0.75, 0.5], "mean_cost": [[0.5], [0.125]], "budget": [1.0], "horizon": 5, "idle": False},
    ]


@compiled
def _induct(r, c, free, value, plan, idle):
    """Fills the plan backwards; value[now] is V with t + 1 rounds played, value[1 - now] with t."""
    now = 0
    for t in range(plan.shape[0] - 1, -1, -1):
        for i in range(plan.shape[1]):
            for j in range(plan.shape[2]):
                best, arm = value[now, i, j] if idle else -1.0, -1
                for k in range(r.size):
                    total = 0.0
                    for x in range(2):
                        for y in range(2):
                            if (x <= i or free[0]) and (y <= j or free[1]):
                                chance = (c[k, 0] if x else 1.0 - c[k, 0]) * (c[k, 1] if y else 1.0 - c[k, 1])
                                total += chance * (r[k] + value[now, i if free[0] else i - x, j if free[1] else j - y])
                    if total > best:
                        best, arm = total, k
                value[1 - now, i, j] = best
                plan[t, i, j] = arm
        now = 1 - now
    return value[now, plan.shape[1] - 1, plan.shape[2] - 1]
