"""OPT_FD: the best fixed distribution over the arms of a given sequence, stopped when it is best to stop."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import array, choice, number
from ..model import Optimum
from .fluid_lp import fluid_lp

_EPS = float(np.finfo(float).eps)


class Plan(NamedTuple):
    """`mixture` (K,): the probability of each arm, the null arm taking the rest; `rounds`: when it stops."""

    mixture: np.ndarray
    rounds: int


class Prices(NamedTuple):
    """`price` (d,): reward per unit of each resource, at the round where the plan stops."""

    price: np.ndarray


def best_fixed_distribution(reward: Any, cost: Any, budget: Any, tolerance: float = 1e-9, *, method: str = "auto") -> Optimum:
    """The most that one distribution over the arms and the null arm can earn, in expectation, before a budget is used up.

    For rewards r_t (K,) and costs c_t (K, d) of T rounds and budgets B,

        OPT_FD = max over tau <= T of LP(tau),  LP(tau) = max_x sum_{t <= tau} r_t.x  subject to  sum_{t <= tau} c_t.x <= B, sum x <= 1, x >= 0.

    Costs and rewards are those expected of x; it bounds no run under law STOP, which may be lucky.

    Not every LP is solved. At any prices p >= 0, LP(tau) <= p.B + max(max_k sum_{t <= tau} (r_tk - p.c_tk), 0), which takes one pass for all
    tau. The LP of the round with the greatest bound is solved, its plan may be the best so far, its prices lower the bounds of other
    rounds; until no bound is above the best plan by more than `tolerance`. `lower` comes from the plan scaled until it is feasible,
    `upper` is the greatest bound left, each with an allowance for rounding.

    Parameters
    ----------
    reward : (T, K) >= 0, reward.
    cost : (T, K, d) or, for one resource, (T, K), >= 0, units of each resource.
    budget : (d,) or one number for one resource, >= 0, units of each resource; infinite where there is no cap. With d = 0 the optimum is
        the best arm.
    tolerance : of upper over lower, relative.
    method : "auto": sorting for one resource, HiGHS through scipy otherwise; "scipy"; "cvxpy". As in `fluid_lp`, which solves the LPs.

    Returns
    -------
    Optimum with `plan` = Plan(mixture, rounds) and `dual` = Prices(price) of the LP at which it stops.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges.

    Examples
    --------
    >>> best = best_fixed_distribution([[0.5, 0.0]] * 4 + [[1.0, 0.2]] * 4, [[1.0, 0.0]] * 8, budget=4.0)
    >>> best.plan.rounds, best.plan.mixture.tolist(), round(best.value, 9), round(float(best.dual.price[0]), 9)
    (8, [0.5, 0.5], 3.4, 0.65)

    References
    ----------
    [Immorlica2019]_ for the benchmark; the pruning is ours.
    """
    r, c, b = _checked(reward, cost, budget)
    tolerance = number("tolerance", tolerance, 0.0, 1.0)
    choice("method", method, ("auto", "scipy", "cvxpy"))
    horizon, k = r.shape
    earned, used = np.cumsum(r, axis=0), np.cumsum(c, axis=0)
    if b.size == 0:
        arm = int(np.argmax(earned[-1]))
        value = float(earned[-1, arm])
        return _optimum(value, value, value, r, Plan((np.arange(k) == arm).astype(float), horizon), Prices(np.zeros(0)))
    capped = np.isfinite(b)
    value, plan, price = -1.0, Plan(np.zeros(k), horizon), np.zeros(b.size)
    bound, size, solved = earned.max(axis=1), earned.max(axis=1), np.zeros(horizon, bool)
    while True:
        tau = int(np.argmax(np.where(solved, -1.0, bound)))
        if solved[tau] or bound[tau] <= value * (1.0 + tolerance):
            break
        solved[tau] = True
        best = fluid_lp(earned[tau], used[tau], b, 1, used[tau].max(axis=0), method=method)
        x, p = best.plan.mixture, np.where(capped, np.maximum(best.dual.price, 0.0), 0.0)
        spent = x @ used[tau]
        over = spent > b
        x = x * min(1.0, float(np.min(b[over] / spent[over], initial=1.0)))
        if (found := float(x @ earned[tau])) > value:
            value, plan, price = found, Plan(x, tau + 1), p
        paid, whole = used @ p, float(p[capped] @ b[capped])
        new = whole + np.maximum((earned - paid).max(axis=1), 0.0)
        size = np.where(new < bound, whole + (earned + paid).max(axis=1), size)  # of what was added up: rounding is a part of it
        bound = np.minimum(bound, new)
    worst = int(np.argmax(bound))
    return _optimum(value, max(value, float(bound[worst])), float(size[worst]), r, plan, Prices(price))


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [
        {"reward": [[0.5], [0.25]], "cost": [[1.0], [0.5]], "budget": [1.0]},
        {"reward": [[0.5, 0.0]] * 4 + [[1.0, 0.25]] * 4, "cost": [[[1.0, 0.5], [0.0, 0.25]]] * 8, "budget": [4.0, 2.5]},
    ]


def _optimum(value: float, upper: float, size: float, r: np.ndarray, plan: Plan, price: Prices) -> Optimum:
    rounding = 8.0 * (sum(r.shape) + price.price.size + 4.0) * _EPS
    of = "best fixed distribution with stopping time of the sequence, in expectation: no bound on a lucky run under STOP"
    return Optimum("best_fixed_distribution", "certified", value, value * (1.0 - rounding), upper + rounding * size, plan, price, of)


def _checked(reward: Any, cost: Any, budget: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """r (T, K), c (T, K, d), b (d,)."""
    r = array("reward", reward, (None, None), 0.0)
    b = array("budget", [budget] if np.ndim(budget) == 0 else budget, (np.size(budget),), 0.0, finite=False)
    if b.size == 0:
        return r, np.zeros((*r.shape, 0)), b
    c = array("cost", cost, r.shape if b.size == 1 and np.ndim(cost) == 2 else (*r.shape, b.size), 0.0)
    return r, c.reshape(*r.shape, b.size), b
