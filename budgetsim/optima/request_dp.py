"""The best online rule for requests of known types, by dynamic programming over what is left of whole budgets."""

import itertools
import math
from typing import Any

import numpy as np

from ..arguments import BadValue, array, probabilities, whole
from ..model import TOLERANCE, Optimum

_EPS = float(np.finfo(float).eps)
_MOST_STATES, _MOST_WORK = 10**7, 2 * 10**9


def request_dp(type_reward: Any, type_cost: Any, type_probability: Any, budget: Any, horizon: int) -> Optimum:
    """The most that a rule earns which knows the types and their probabilities, but not who comes next, exactly; rounds are independent, law SKIP.

    With V_T = 0 and b left of the budgets,

        V_t(b) = sum_j p_tj max{V_(t+1)(b), max over options i with c_ji <= b of r_ji + V_(t+1)(b - c_ji)}.

    Costs are whole numbers, so that what is left takes prod_j (floor(B_j) + 1) values; divide costs and budgets by a unit where they are not. It is
    below the mean of `hindsight_milp` and of `hindsight_lp`, hence below `fluid_request_lp`, and above every rule.

    Parameters
    ----------
    type_reward : (J, n), reward of each option; may be negative.
    type_cost : (J, n, d) >= 0, whole units of each resource; (J, n) for one resource.
    type_probability : (J,) the same in each round, or (T, J) by round; each sums to 1.
    budget : (d,) >= 0, units of each resource; only the whole part can be spent; infinite where there is no cap.
    horizon : T, rounds, at least 1.

    Returns
    -------
    Optimum; `plan` is V_0 for every budget up to the given one, an array (cap_1 + 1, ..., cap_d + 1), cap_j being floor(B_j), or 0 where B_j cannot bind.
    `lower` and `upper` differ from `value` by a bound on rounding.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges, costs that are not whole, too many states.

    Examples
    --------
    >>> best = request_dp([[3.0], [2.0], [1.0]], [[1.0], [1.0], [1.0]], [1 / 3, 1 / 3, 1 / 3], budget=1.0, horizon=2)
    >>> round(best.value, 12), best.plan.round(3).tolist()  # the second round is worth 2 on average
    (2.333333333333, [0.0, 2.333])

    References
    ----------
    The recursion is the definition.
    """
    r = array("type_reward", type_reward, (None, None))
    b = array("budget", [budget] if np.ndim(budget) == 0 else budget, (np.size(budget),), 0.0, finite=False)
    c = array("type_cost", type_cost, r.shape if np.ndim(type_cost) == 2 else (*r.shape, b.size), 0.0).reshape(*r.shape, b.size)
    if b.size == 0:
        b, c = np.array([np.inf]), np.zeros((*r.shape, 1))
    horizon = whole("horizon", horizon, 1)
    p = probabilities("type_probability", type_probability, (horizon, len(r)) if np.ndim(type_probability) == 2 else (len(r),))
    if np.any(c != np.floor(c)):
        raise BadValue(f"type_cost: got {c[c != np.floor(c)][0]:.12g}; allowed: whole numbers, in a unit in which all costs are")
    loose = c.max(axis=(0, 1)) * horizon <= b
    cap = np.where(loose, 0.0, np.floor(np.where(loose, 0.0, b) * (1.0 + TOLERANCE)))
    shape = tuple((cap + 1.0).tolist())
    states, work = math.prod(shape), math.prod(shape) * horizon * r.size
    if states > _MOST_STATES or work > _MOST_WORK:
        raise BadValue(f"budget, horizon: got {states:.3g} states and {work:.3g} comparisons; allowed: {_MOST_STATES:g} and {_MOST_WORK:g}")
    value = np.zeros(tuple(int(s) for s in shape))
    offers = [[(r[j, i], _move(c[j, i], loose, value.shape)) for i in range(r.shape[1]) if r[j, i] > 0.0] for j in range(len(r))]
    for t in reversed(range(horizon)):
        value = _earlier(value, p[t] if p.ndim == 2 else p, offers)
    best = float(value.flat[-1])
    slack = 4 * (horizon + len(r) + 4) * _EPS * max(best, 0.0)
    return Optimum("request_dp", "certified", best, best - slack, best + slack, value, None, "best online rule told the probabilities")


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [
        {"type_reward": [[1.0]], "type_cost": [[[1.0]]], "type_probability": [1.0], "budget": [2.0], "horizon": 3},
        {
            "type_reward": [[3.0, 1.0], [2.0, 0.5]],
            "type_cost": [[[2.0], [1.0]], [[1.0], [0.0]]],
            "type_probability": [0.25, 0.75],
            "budget": [3.0],
            "horizon": 4,
        },
    ]


def _move(cost: np.ndarray, loose: np.ndarray, shape: tuple[int, ...]) -> tuple[Any, Any] | None:
    """Where a cost fits, and where it leads; None where it never fits."""
    step = [0 if free else int(x) for x, free in zip(np.minimum(cost, 2.0**62), loose, strict=True)]
    if any(s >= n for s, n in zip(step, shape, strict=True)):
        return None
    return tuple(slice(s, None) for s in step), tuple(slice(0, n - s) for s, n in zip(step, shape, strict=True))


def _earlier(later: np.ndarray, p: np.ndarray, offers: Any) -> np.ndarray:
    value = np.zeros(later.shape)
    for j in np.flatnonzero(p):
        best = later.copy()
        for reward, move in itertools.filterfalse(lambda offer: offer[1] is None, offers[j]):
            fits, leads = move
            np.maximum(best[fits], reward + later[leads], out=best[fits])
        value += p[j] * best
    return value
