"""The linear programs of online Bayesian matching: above the best online policy, or above the prophet."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BudgetsimError, choice
from ..model import Optimum
from ..shared.matching import feasible, feasible_offline, market, offline_plan, online_plan

_EPS = float(np.finfo(float).eps)


class Plan(NamedTuple):
    """`matched` (I, T, J): the chance that t is of type j and matched to i."""

    matched: np.ndarray


class Prices(NamedTuple):
    """`price`: of "online", (I, T, J), of x_itj <= p_tj (1 - y_it); of "offline", (I,), of the nodes."""

    price: np.ndarray


def matching_lp(weight: Any, probability: Any, benchmark: str = "online", *, method: str = "scipy") -> Optimum:
    """A bound on every online policy ("online"), or on the expected heaviest matching in hindsight ("offline").

    max sum w x subject to sum_i x_itj <= p_tj, x >= 0 and

        online:   x_itj <= p_tj (1 - y_it),  y_it = sum over t' < t, j' of x_it'j'
        offline:  sum over t, j of x_itj <= 1.

    Parameters
    ----------
    weight : (I, T, J) >= 0, reward.
    probability : (T, J), each round sums to at most 1.
    benchmark : "online" or "offline".
    method : "scipy": HiGHS; "cvxpy": the program as written above.

    Returns
    -------
    Optimum with `plan` = Plan(matched), `dual` = Prices(price). `lower` is what a repaired plan earns; `upper` is the dual at prices
    b clipped at 0: sum_tj p_tj (max_i [w_itj - b_itj - sum over t' > t, j' of p_t'j' b_it'j']_+ + sum_i b_itj), or sum_i u_i + sum_tj p_tj max_i [w_itj - u_i]_+.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges.

    Examples
    --------
    >>> pair = [[[1.0], [100.0]]], [[1.0], [0.01]]
    >>> [round(matching_lp(*pair, benchmark).value, 9) for benchmark in ("online", "offline")]
    [1.0, 1.99]

    References
    ----------
    [Braverman2024]_; the online program is that of [Papadimitriou2021]_.
    """
    told = market(weight, probability)
    online = choice("benchmark", benchmark, ("online", "offline")) == "online"
    if choice("method", method, ("scipy", "cvxpy")) == "cvxpy":
        plan, price = _cvxpy(told.weight, told.probability, online)
    else:
        plan, price = (online_plan if online else offline_plan)(told.weight, told.probability)
    value = float(np.sum(told.weight * plan))
    upper = _online_dual(told.weight, told.probability, price) if online else _offline_dual(told.weight, told.probability, price)
    slack = 16 * (told.weight.size + 8) * _EPS
    of = "best online policy" if online else "expected heaviest matching in hindsight"
    return Optimum("matching_lp", "certified", value, value * (1.0 - slack), upper * (1.0 + slack), Plan(plan), Prices(price), f"linear program above the {of}")


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    market = {"weight": [[[1.0, 0.5], [5.0, 0.25]], [[2.0, 0.75], [0.0, 1.0]]], "probability": [[0.5, 0.25], [0.25, 0.5]]}
    return [{"weight": [[[1.0], [4.0]]], "probability": [[1.0], [0.25]]}, market, {**market, "benchmark": "offline"}]


def _online_dual(w: np.ndarray, p: np.ndarray, price: np.ndarray) -> float:
    b = np.maximum(price, 0.0) * (p > 0.0)
    later = np.sum(p * b, axis=2)
    later = np.cumsum(later[:, ::-1], axis=1)[:, ::-1] - later
    rest = np.maximum(np.max(w - b - np.maximum(later, 0.0)[:, :, None], axis=0), 0.0)
    return float(np.sum(p * (rest + b.sum(axis=0))))


def _offline_dual(w: np.ndarray, p: np.ndarray, price: np.ndarray) -> float:
    u = np.maximum(price, 0.0)
    return float(u.sum() + np.sum(p * np.maximum(np.max(w - u[:, None, None], axis=0), 0.0)))


def _cvxpy(w: np.ndarray, p: np.ndarray, online: bool) -> tuple[np.ndarray, np.ndarray]:
    import cvxpy as cp

    n, horizon, types = w.shape
    x = [cp.Variable((n, types), nonneg=True) for _ in range(horizon)]
    unit = float(w.max()) or 1.0
    gain = sum(cp.sum(cp.multiply(w[:, t] / unit, x[t])) for t in range(horizon))
    once = [cp.sum(x[t], axis=0) <= p[t] for t in range(horizon)]
    gone = [sum((cp.sum(x[s], axis=1) for s in range(t)), np.zeros(n)) for t in range(horizon + 1)]
    if online:
        free = [x[t] <= cp.reshape(1 - gone[t], (n, 1), order="C") @ p[t][None] for t in range(horizon)]
    else:
        free = [gone[horizon] <= 1]
    try:
        cp.Problem(cp.Maximize(gain), once + free).solve(solver=cp.HIGHS)
    except (cp.SolverError, ValueError) as error:
        raise BudgetsimError(f"matching_lp: HiGHS found no plan: {error}") from None
    plan = np.stack([v.value for v in x], axis=1)
    price = np.stack([c.dual_value for c in free], axis=1) if online else np.atleast_1d(free[0].dual_value)
    return (feasible if online else feasible_offline)(plan, w, p), np.maximum(unit * price, 0.0)
