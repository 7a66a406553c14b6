"""The Lagrangian bound of volunteers under a budget: one price of a notification, and each volunteer for himself."""

from typing import Any

import numpy as np

from ..model import Optimum
from .occupancy_lp import Prices, alone, checked, dual_value, earned, one_number, repaired
from .volunteer_optimum import lowest_price

_EPS = float(np.finfo(float).eps)


def volunteer_lagrangian(context_probability: Any, acceptance: Any, reactivation: Any, budget: Any, reward: Any = None) -> Optimum:
    """The occupancy linear program with free real B_k, solved through its one price.

    D(l) = l B + sum_i max over sets S of contexts of q_i sum_S f_k (p_ik w_k - l) / (q_i + sum_S f_k p_ik) is convex and
    piecewise linear, and its minimum over l >= 0 is the value of `occupancy_lp`. The lines that touch it nearest to the minimum
    from both sides are plans that use less and more than B; their mixture uses B, and is the plan.

    Parameters
    ----------
    context_probability : (K,) f_k, sums to 1.
    acceptance : (N, K) p_ik in [0, 1].
    reactivation : (N,) q_i in [0, 1], or one number for all.
    budget : B >= 0, average notifications in a round; may be infinite.
    reward : (K,) w_k >= 0, reward of an acceptance; None stands for 1.

    Returns
    -------
    Optimum with `plan` and `dual` as of `occupancy_lp`.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges.

    Examples
    --------
    >>> best = volunteer_lagrangian([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], 0.25, budget=0.4)
    >>> round(best.value, 6), round(best.dual.budget, 6)
    (0.317208, 0.090909)

    References
    ----------
    [Tang2025]_ for the model; the bound in this form is ours.
    """
    crowd = checked(context_probability, acceptance, reactivation, reward)
    n, k = crowd.p.shape
    purse = min(one_number("budget", budget), float(n))

    def at(price: float) -> tuple[float, float, np.ndarray]:
        worth, takes = alone(crowd, crowd.p * crowd.w - price)
        a = takes * crowd.f
        leaving = np.sum(a * crowd.p, axis=1)
        a *= np.divide(crowd.q, crowd.q + leaving, out=np.zeros(n), where=crowd.q > 0.0)[:, None]
        slope = purse - float(a.sum())
        return float(worth.sum()) + price * purse, slope, a

    _, price, (down, first), (up, second) = lowest_price(at, float(np.max(crowd.p * crowd.w)))
    share = up / (up - down) if down < 0.0 < up else 0.0
    raw = share * first + (1.0 - share) * second
    spread = np.divide(raw.sum(axis=0), crowd.f, out=np.zeros(k), where=crowd.f > 0.0)
    low, high = np.zeros(k), np.full(k, float(n))
    plan = repaired(crowd, raw, spread, purse, low, high)
    prices = Prices(np.full(k, price), price, np.zeros(k))
    value = earned(crowd, plan)
    lower = value - 8 * (crowd.p.size + 4) * _EPS * value
    upper = max(dual_value(crowd, purse, low, high, 0.0, prices), lower)
    return Optimum("volunteer_lagrangian", "certified", value, lower, upper, plan, prices, "average reward in a round of every rule within the budget")


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    crowd = {"context_probability": [0.5, 0.5], "acceptance": [[0.9, 0.1], [0.2, 0.8]], "reactivation": [0.25, 0.5], "budget": 0.4}
    return [{"context_probability": [1.0], "acceptance": [[0.5]], "reactivation": 0.25, "budget": 0.5}, {**crowd, "reward": [1.0, 0.5]}]
