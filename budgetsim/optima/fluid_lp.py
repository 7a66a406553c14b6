"""The fluid linear program: what a rule could earn if costs and rewards were their means."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, choice, whole
from ..model import TOLERANCE, Optimum
from ..shared.highs import best_plan

_EPS = float(np.finfo(float).eps)


class Plan(NamedTuple):
    """Fractions of the rounds: `mixture` (K,) over the arms, `idle` for the null arm."""

    mixture: np.ndarray
    idle: float


class Prices(NamedTuple):
    """`price` (d,): reward per unit of each resource; `time`: reward per round."""

    price: np.ndarray
    time: float


def fluid_lp(mean_reward: Any, mean_cost: Any, budget: Any, horizon: int, largest_cost: Any = None, *, method: str = "auto") -> Optimum:
    """The best mixture of arms in expectation, and a bound on what any rule can earn before a budget runs out.

    With mean rewards r, mean costs C, budgets B and horizon T,

        LP(B) = max T r.x   subject to   T C'x <= B,  sum x <= 1,  x >= 0,

    the null arm taking the rounds that x leaves. Its dual is min p.B + T s subject to s >= r_k - p.c_k for every k, and
    p, s >= 0: prices p of the resources and s of a round. `value` and `lower` are LP(B), of the plan. **LP(B) does not
    bound a run under law STOP**: the last cost, which did not fit, is not paid. Up to and with that round every budget is
    exceeded by at most one cost, so by Wald's identity every rule has E[reward] <= LP(B + largest single cost) when
    rounds are independent and no reward is negative; that is `upper`.

    Both are verified after the solver: `lower` from a plan scaled until it is feasible, `upper` from the dual at the
    solver's prices clipped at 0, where s is recomputed, each with an allowance for rounding.

    Parameters
    ----------
    mean_reward : (K,) >= 0, reward.
    mean_cost : (K, d) >= 0, units of each resource.
    budget : (d,) >= 0, units of each resource; infinite where there is no cap.
    horizon : rounds, at least 1.
    largest_cost : (d,) or one number: what a single cost never exceeds, units of each resource. None stands for 1, which
        is right for Bernoulli costs and refused where a mean is above 1.
    method : "auto": sorting for one resource, HiGHS through scipy otherwise; "scipy"; "cvxpy": the program as written above.

    Returns
    -------
    Optimum with `plan` = Plan(mixture, idle) in fractions of the rounds and `dual` = Prices(price, time) of LP(B).

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges; a largest cost below a mean or missing.

    Examples
    --------
    >>> best = fluid_lp([0.9, 0.5], [[0.8], [0.1]], budget=[450.0], horizon=1000)
    >>> round(best.value, 9), best.plan.mixture.round(9).tolist(), round(float(best.dual.price[0]), 9)
    (700.0, [0.5, 0.5], 0.571428571)

    References
    ----------
    [Badanidiyuru2018]_ for LP(B); the bound at B + largest cost is a reconstruction for our stopping rule.
    """
    r = array("mean_reward", mean_reward, (None,), 0.0)
    c = array("mean_cost", mean_cost, (r.size, None), 0.0)
    d = c.shape[1]
    b = array("budget", budget, (d,), 0.0, finite=False)
    horizon = whole("horizon", horizon, 1)
    choice("method", method, ("auto", "scipy", "cvxpy"))
    top = c.max(axis=0)
    if largest_cost is None:
        if np.any(top > 1.0):
            raise BadValue(f"largest_cost: got None with a mean cost of {top.max():g}; allowed: the largest single cost of each resource")
        largest = np.ones(d)
    else:
        largest = array("largest_cost", np.full(d, largest_cost) if np.ndim(largest_cost) == 0 else largest_cost, (d,), 0.0)
        if np.any(largest < top):
            j = int(np.argmax(largest < top))
            raise BadValue(f"largest_cost: got {largest[j]} for resource {j}; allowed: at least the largest mean cost, {top[j]}")

    mixture, price = _solve(r, c, b / horizon, method)
    mixture = _feasible(mixture, c, b / horizon)
    value = horizon * float(r @ mixture)
    wider = b + TOLERANCE * b + largest
    _, wide_price = _solve(r, c, wider / horizon, method)
    return Optimum(
        "fluid_lp",
        "certified",
        value,
        value * (1.0 - 8 * (r.size + d + 4) * _EPS),
        min(dual_value(r, c, wider, horizon, p) for p in (wide_price, price)),
        Plan(mixture, max(1.0 - math.fsum(mixture), 0.0)),
        Prices(price, float(max(np.max(r - c @ price), 0.0))),
        f"fluid: value and lower are LP(B); upper is LP(B + {_text(largest)}), above every rule under STOP if no single cost exceeds {_text(largest)}",
    )


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [
        {"mean_reward": [0.5], "mean_cost": [[0.25]], "budget": [10.0], "horizon": 100},
        {"mean_reward": [0.9, 0.5], "mean_cost": [[0.8], [0.1]], "budget": [450.0], "horizon": 1000},
        {"mean_reward": [0.9, 0.5, 0.3], "mean_cost": [[0.8, 0.1], [0.1, 0.4], [0.1, 0.0]], "budget": [45.0, 20.0], "horizon": 100},
    ]


def dual_value(r: np.ndarray, c: np.ndarray, b: np.ndarray, horizon: int, price: np.ndarray) -> float:
    """The dual at any prices >= 0: an upper bound on LP(b), rounding included."""
    capped = np.isfinite(b)
    p, c, b = np.where(capped, np.maximum(price, 0.0), 0.0)[capped], c[:, capped], b[capped]
    paid = c @ p
    time = max(float(np.max(r - paid)), 0.0)
    size = float(p @ b) + horizon * float(np.max(r + paid))
    return float(p @ b) + horizon * time + 8 * (p.size + 4) * _EPS * size


def _text(largest: np.ndarray) -> str:
    return ", ".join(f"{x:g}" for x in (largest[:1] if np.all(largest == largest[0]) else largest))


def _solve(r: np.ndarray, c: np.ndarray, rho: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray]:
    """max r.x subject to C'x <= rho, sum x <= 1, x >= 0: (x, prices); whatever it returns is only a proposal.

    Rows that cannot bind are left out; the others and r are scaled to largest entry 1, so that dollars and units mix.
    """
    k, d = c.shape
    top = c.max(axis=0, initial=0.0)
    binding = top > rho
    price = np.zeros(d)
    unit = float(r.max())
    if unit == 0.0:
        return np.zeros(k), price
    if not binding.any():
        return (np.arange(k) == np.argmax(r)).astype(float), price
    scale = top[binding]
    solver = _hull if method == "auto" and scale.size == 1 else _cvxpy if method == "cvxpy" else _scipy
    x, p = solver(r / unit, c[:, binding] / scale, rho[binding] / scale)
    price[binding] = np.maximum(p, 0.0) * unit / scale
    return x, price


def _hull(r: np.ndarray, c: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One resource: the upper concave hull of the points (cost, reward) and the null arm (0, 0), at cost b."""
    cost, rho = c[:, 0], float(b[0])
    hull = [(-1, 0.0, 0.0)]  # arm, cost, reward, with falling slopes
    for k in np.lexsort((-r, cost)):
        point = (int(k), float(cost[k]), float(r[k]))
        if point[2] <= hull[-1][2]:
            continue
        while hull and (point[1] == hull[-1][1] or (len(hull) > 1 and _slope(hull[-1], point) >= _slope(hull[-2], hull[-1]))):
            hull.pop()
        hull.append(point)
    x, share, price = np.zeros(r.size), 0.0, 0.0
    i = next((i for i, p in enumerate(hull) if p[1] > rho), len(hull))
    left = hull[i - 1]
    if i < len(hull):
        share, price = (rho - left[1]) / (hull[i][1] - left[1]), _slope(left, hull[i])
        x[hull[i][0]] = share
    if left[0] >= 0:
        x[left[0]] = 1.0 - share
    return x, np.array([price])


def _slope(p: tuple[int, float, float], q: tuple[int, float, float]) -> float:
    return (q[2] - p[2]) / (q[1] - p[1])


def _scipy(r: np.ndarray, c: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    solved = best_plan("fluid_lp", r, np.vstack([c.T, np.ones(r.size)]), np.append(b, 1.0))
    return solved.x, -solved.ineqlin.marginals[:-1]


def _cvxpy(r: np.ndarray, c: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import cvxpy as cp

    x = cp.Variable(r.size, nonneg=True)
    budgets = c.T @ x <= b
    cp.Problem(cp.Maximize(r @ x), [budgets, cp.sum(x) <= 1]).solve(solver=cp.HIGHS)
    return x.value, np.atleast_1d(budgets.dual_value)


def _feasible(x: np.ndarray, c: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """The nearest smaller plan that keeps every constraint, as far as floats can tell."""
    x = np.maximum(x, 0.0)
    x[np.any((c > 0.0) & (rho == 0.0), axis=1)] = 0.0
    used, cap = np.append(x @ c, math.fsum(x)), np.append(rho, 1.0)
    over = used > cap
    return x * min(1.0, float(np.min(cap[over] / used[over]))) if over.any() else x
