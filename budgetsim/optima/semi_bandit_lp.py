"""The fluid linear program of semi-bandits: how often each arm should be among the m that are pulled."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import array, choice, whole
from ..model import TOLERANCE, Optimum
from ..shared.highs import best_plan

_EPS = float(np.finfo(float).eps)


class Plan(NamedTuple):
    """`share` (K,): the fraction of the rounds in which each arm is pulled; systematic sampling makes sets of them."""

    share: np.ndarray


class Prices(NamedTuple):
    """`price` (d,): reward per unit of each resource."""

    price: np.ndarray


def semi_bandit_lp(arm_reward: Any, arm_cost: Any, budget: Any, horizon: int, most: int, *, method: str = "scipy") -> Optimum:
    """The best marginals of sets of at most m arms in expectation, and a bound on what any rule can earn.

    With mean rewards r, mean costs C, budgets B and horizon T,

        LP(B) = max T r.x   subject to   T C'x <= B,  sum x <= m,  0 <= x <= 1.

    Every such x is the marginal of a random set of at most m arms, so LP(B) is the value of the best mixture of sets. Its
    dual at prices p is ``p.B + T (sum of the m greatest [r_k - p.c_k]_+)``. Under law STOP the last cost, which did not fit,
    is not paid: every rule has E[reward] <= LP(B + m), m being the most that a round can cost; that is `upper`.

    Parameters
    ----------
    arm_reward : (K,) in [0, 1], reward.
    arm_cost : (K, d) in [0, 1], units of each resource.
    budget : (d,) >= 0, units of each resource; infinite where there is no cap.
    horizon : rounds, at least 1.
    most : m, 1 to K.
    method : "scipy": HiGHS; "cvxpy": the program as written above.

    Returns
    -------
    Optimum with `plan` = Plan(share) and `dual` = Prices(price) of LP(B); `value` and `lower` are LP(B), `upper` is
    LP(B + m). Both are verified after the solver: a plan scaled until it is feasible, and the dual at prices clipped at 0.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges.

    Examples
    --------
    >>> best = semi_bandit_lp([0.9, 0.5, 0.3], [[0.8], [0.1], [0.1]], [450.0], 1000, most=2)
    >>> round(best.value, 9), best.plan.share.round(9).tolist()  # with m = 1: 700
    (1014.285714286, [0.357142857, 1.0, 0.642857143])

    References
    ----------
    [Sankararaman2018]_ for the program; the bound at B + m is a reconstruction for our stopping rule, as in `fluid_lp`.
    """
    r = array("arm_reward", arm_reward, (None,), 0.0, 1.0)
    c = array("arm_cost", arm_cost, (r.size, None), 0.0, 1.0)
    d = c.shape[1]
    b = array("budget", budget, (d,), 0.0, finite=False)
    horizon, most = whole("horizon", horizon, 1), whole("most", most, 1, r.size)
    solver = _scipy if choice("method", method, ("scipy", "cvxpy")) == "scipy" else _cvxpy
    share, price = _solve(solver, r, c, b / horizon, most)
    share = _within(share, c, b / horizon, most)
    value = horizon * math.fsum(r * share)
    wider = b + TOLERANCE * b + most
    _, wide_price = _solve(solver, r, c, wider / horizon, most)
    return Optimum(
        "semi_bandit_lp",
        "certified",
        value,
        value * (1.0 - 8 * (r.size + d + 4) * _EPS),
        min(semi_bandit_dual(r, c, wider, horizon, most, p) for p in (wide_price, price)),
        Plan(share),
        Prices(price),
        f"fluid: value and lower are LP(B); upper is LP(B + {most}), above every rule under STOP",
    )


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [
        {"arm_reward": [0.5], "arm_cost": [[0.25]], "budget": [10.0], "horizon": 100, "most": 1},
        {"arm_reward": [0.9, 0.5, 0.3], "arm_cost": [[0.8, 0.1], [0.1, 0.4], [0.1, 0.0]], "budget": [45.0, 20.0], "horizon": 100, "most": 2},
    ]


def semi_bandit_dual(r: np.ndarray, c: np.ndarray, b: np.ndarray, horizon: int, most: int, price: np.ndarray) -> float:
    """The dual at any prices: an upper bound on LP(b), rounding included."""
    capped = np.isfinite(b)
    p = np.maximum(price[capped], 0.0)
    paid = c[:, capped] @ p
    gain = np.sort(np.maximum(r - paid, 0.0))[::-1][:most]
    size = float(p @ b[capped]) + horizon * most * float(np.max(r + paid))
    return float(p @ b[capped]) + horizon * math.fsum(gain) + 8 * (r.size + 4) * _EPS * size


def _solve(solver: Any, r: np.ndarray, c: np.ndarray, rho: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """(x, prices); rows that cannot bind are left out."""
    binding = np.sort(c, axis=0)[-most:].sum(axis=0) > rho
    price = np.zeros(rho.size)
    if not binding.any():
        x = np.zeros(r.size)
        x[np.argsort(-r, kind="stable")[:most]] = 1.0
        return x, price
    x, price[binding] = solver(r, c[:, binding], rho[binding], most)
    return x, price


def _scipy(r: np.ndarray, c: np.ndarray, rho: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    solved = best_plan("semi_bandit_lp", r, np.vstack([c.T, np.ones(r.size)]), np.append(rho, most), bounds=(0.0, 1.0))
    return solved.x, np.maximum(-solved.ineqlin.marginals[:-1], 0.0)


def _cvxpy(r: np.ndarray, c: np.ndarray, rho: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    import cvxpy as cp

    x = cp.Variable(r.size, nonneg=True)
    budgets = c.T @ x <= rho
    cp.Problem(cp.Maximize(r @ x), [budgets, cp.sum(x) <= most, x <= 1]).solve(solver=cp.HIGHS)
    return x.value, np.maximum(np.atleast_1d(budgets.dual_value), 0.0)


def _within(x: np.ndarray, c: np.ndarray, rho: np.ndarray, most: int) -> np.ndarray:
    """The nearest smaller plan that keeps every constraint, as far as floats can tell."""
    x = np.clip(x, 0.0, 1.0)
    x[np.any((c > 0.0) & (rho == 0.0), axis=1)] = 0.0
    used, cap = np.append(x @ c, math.fsum(x)), np.append(rho, float(most))
    over = used > cap
    return x * min(1.0, float(np.min(cap[over] / used[over]))) if over.any() else x
