"""The best single arm: what the simplest competitor earns."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, whole
from ..model import Optimum

_EPS = float(np.finfo(float).eps)


class Plan(NamedTuple):
    """The arm, and how many rounds it is pulled."""

    arm: int
    pulls: float


def best_fixed_arm(mean_reward: Any, horizon: int, mean_cost: Any = None, budget: Any = None) -> Optimum:
    """The best of the rules that pull one arm only.

    Without budgets max_k T r_k, which no rule exceeds in expectation. With budgets the fluid value
    max_k r_k min(T, min_j B_j / c_kj), at which the arm's mean costs have used up a budget: what `fluid_lp` would be were
    mixtures forbidden. It bounds no run under law STOP.

    Parameters
    ----------
    mean_reward : (K,), reward; >= 0 where there are budgets.
    horizon : rounds, at least 1.
    mean_cost : (K, d) >= 0, units of each resource; None without budgets.
    budget : (d,) >= 0, units of each resource, infinite where there is no cap; None without budgets.

    Returns
    -------
    Optimum with `plan` = Plan(arm, pulls).

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges; one of `mean_cost` and `budget` without the other.

    Examples
    --------
    >>> best_fixed_arm([0.9, 0.5], 1000).value
    900.0
    >>> best_fixed_arm([0.9, 0.5], 1000, [[0.8], [0.1]], [400.0]).plan
    Plan(arm=1, pulls=1000.0)
    """
    horizon = whole("horizon", horizon, 1)
    if (mean_cost is None) != (budget is None):
        raise BadValue("mean_cost, budget: got one of them; allowed: both or neither")
    r = array("mean_reward", mean_reward, (None,), -np.inf if budget is None else 0.0)
    pulls = np.full(r.size, float(horizon))
    if budget is not None:
        c = array("mean_cost", mean_cost, (r.size, None), 0.0)
        b = array("budget", budget, (c.shape[1],), 0.0, finite=False)
        lasts = np.full(c.shape, np.inf)
        np.divide(np.broadcast_to(b, c.shape), c, out=lasts, where=c > 0.0)
        pulls = np.minimum(pulls, lasts.min(axis=1))
    arm = int(np.argmax(r * pulls))
    value = float(r[arm] * pulls[arm])
    of = "best fixed arm, which no rule exceeds in expectation" if budget is None else "fluid best fixed arm: budgets over mean costs; no bound under STOP"
    return Optimum("best_fixed_arm", "certified", value, value - 4 * _EPS * abs(value), value + 4 * _EPS * abs(value), Plan(arm, float(pulls[arm])), None, of)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [
        {"mean_reward": [0.5], "horizon": 100},
        {"mean_reward": [0.9, 0.5], "horizon": 1000, "mean_cost": [[0.8, 0.1], [0.1, 0.2]], "budget": [400.0, 90.0]},
    ]
