"""The fluid program of request types: what a day of requests is worth before it is known which will come."""

from typing import Any

import numpy as np

from ..arguments import BadValue, array, choice, probabilities, whole
from ..model import Optimum
from .hindsight_lp import hindsight_lp


def fluid_request_lp(type_reward: Any, type_cost: Any, type_probability: Any, budget: Any, horizon: int, *, method: str = "scipy") -> Optimum:
    """The most that requests could earn if each type came exactly as often as expected.

    Type j shows rewards r_j (n,) and costs c_j (n, d), and m_j = sum_t P(request t is of type j) requests of it are expected:

        max sum_j m_j r_j.x_j   subject to   sum_j m_j c_j'x_j <= B,  sum_i x_ji <= 1,  x >= 0.

    The value V(m) of the hindsight program is concave in how often each type comes, so E[V(N)] <= V(E N):

        fluid  >=  E[hindsight LP]  >=  E[hindsight 0-1]  >=  best online rule  >=  any rule,

    for every law of arrivals with these expected numbers (independent or not), where costs are seen before acting and what does
    not fit is not taken (law SKIP). `upper` is therefore a bound on the mean reward of every rule, not on a lucky run.

    Parameters
    ----------
    type_reward : (J, n), reward of each option.
    type_cost : (J, n, d) >= 0, units of each resource.
    type_probability : (J,) the same in each round, or (T, J) by round; each sums to 1.
    budget : (d,) >= 0, units of each resource, for the whole horizon; infinite where there is no cap.
    horizon : T, rounds, at least 1; with probabilities by round their number.
    method : "scipy" or "cvxpy", as in `hindsight_lp`, which solves and verifies it.

    Returns
    -------
    Optimum with `plan` = x (J, n), chances of taking option i of type j, `dual` = price (d,); `value` is for the horizon.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges.

    Examples
    --------
    >>> best = fluid_request_lp([[1.0], [0.5]], [[[1.0]], [[1.0]]], [0.3, 0.7], budget=[0.5 * 100], horizon=100)
    >>> round(best.value, 9), best.plan.ravel().round(9).tolist(), best.dual.tolist()
    (40.0, [1.0, 0.285714286], [0.5])

    References
    ----------
    [Balseiro2023]_ for the benchmark; the inequality by concavity is classical.
    """
    r = array("type_reward", type_reward, (None, None))
    b = array("budget", [budget] if np.ndim(budget) == 0 else budget, (np.size(budget),), 0.0, finite=False)
    c = array("type_cost", type_cost, (*r.shape, b.size), 0.0)
    horizon = whole("horizon", horizon, 1)
    choice("method", method, ("scipy", "cvxpy"))
    if np.ndim(type_probability) == 2:
        by_round = probabilities("type_probability", type_probability, (None, len(r)))
        if len(by_round) != horizon:
            raise BadValue(f"type_probability: got {len(by_round)} rounds; allowed: horizon = {horizon} of them")
        often = by_round.sum(axis=0)
    else:
        often = horizon * probabilities("type_probability", type_probability, (len(r),))
    best = hindsight_lp(often[:, None] * r, often[:, None, None] * c, b, method=method)
    return best._replace(name="fluid_request_lp", of="fluid: upper bounds the mean reward of every rule under SKIP, costs seen")


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    one = {"type_reward": [[1.0]], "type_cost": [[[1.0]]], "type_probability": [1.0], "budget": [4.0], "horizon": 10}
    two = {"type_reward": [[1.0, 0.25], [0.5, 0.25]], "type_cost": [[[1.0], [0.5]], [[1.0], [0.75]]], "budget": [4.0], "horizon": 10}
    return [one, {**two, "type_probability": [0.25, 0.75]}, {**two, "type_probability": [[0.25, 0.75]] * 5 + [[0.5, 0.5]] * 5}]
