"""The linear program of a day of requests that is over: what could have been earned, fractions allowed."""

from typing import Any

import numpy as np

from ..arguments import BudgetsimError, choice
from ..model import TOLERANCE, Optimum
from ..shared.dual_pass import EPS, barring, checked, hopeless, rounding, small_days
from ..shared.highs import best_plan


def hindsight_lp(reward: Any, cost: Any, budget: Any, *, method: str = "scipy") -> Optimum:
    """The most that options of the realised requests could have earned within the budgets, if fractions could be taken.

    With rewards r_t (n,), costs c_t (n, d) of T requests and budgets B,

        max sum_t r_t.x_t   subject to   sum_t c_t'x_t <= B,  sum_i x_ti <= 1,  x >= 0,

    the null option taking what x leaves, so that x = 0 is always feasible and the value is never below 0. No rule that takes
    at most one option a request and pays for it earns more on these requests, whatever it knows. An option that costs more
    than a whole budget can never be paid, yet counts for its fraction here; `hindsight_milp` leaves it out. Above 1e12 budgets its
    fraction is in `upper` alone.

    `lower` is earned by `plan`, the solver's x pulled into the constraints. `upper` is the dual at the solver's prices mu
    clipped at 0, recomputed: ``mu.B + sum_t max(0, max_i r_ti - mu.c_ti)``, for budgets larger by the ledger's tolerance,
    plus an allowance for rounding. Where T is large `dual_bound` gives the same value sooner.

    Parameters
    ----------
    reward : (T, n), reward of each option; may be negative.
    cost : (T, n, d) >= 0, units of each resource; (T, n) for one resource.
    budget : (d,) >= 0, units of each resource, for all requests together; infinite where there is no cap.
    method : "scipy": HiGHS on sparse matrices; "cvxpy": the program as written above.

    Returns
    -------
    Optimum with `plan` = x (T, n), `dual` = price (d,).

    Raises
    ------
    BadType, BadValue : wrong shapes, negative costs or budgets, NaN.
    BudgetsimError : the solver found nothing; the line names the resources that bind.

    Examples
    --------
    >>> best = hindsight_lp([[3.0, 1.0], [2.0, 1.0]], [[2.0, 0.5], [2.0, 0.5]], budget=[1.75])
    >>> round(best.value, 9), best.plan.round(9).tolist(), best.dual.round(9).tolist()
    (3.0, [[0.5, 0.5], [0.0, 1.0]], [1.333333333])

    References
    ----------
    [Balseiro2023]_ for the benchmark and its dual.
    """
    r, c, b = checked(reward, cost, budget)
    choice("method", method, ("scipy", "cvxpy"))
    plan, price = _solve(r, c, b, _scipy if method == "scipy" else _cvxpy)
    plan = fitted(plan, r, c, b)
    value = float(np.sum(plan * r))
    lower = value - rounding(len(r), r.shape[1], float(np.sum(plan * np.abs(r))))
    return Optimum(
        "hindsight_lp", "certified", value, lower, max(dual_value(r, c, b, price), value), plan, price, "hindsight: the realised requests, fractions allowed"
    )


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return small_days()


def dual_value(r: np.ndarray, c: np.ndarray, b: np.ndarray, price: np.ndarray) -> float:
    """The dual at any prices, negative ones read as 0: an upper bound on every plan within b, rounding included."""
    capped = np.isfinite(b)
    p, whole = np.where(capped, np.maximum(price, 0.0), 0.0), np.where(capped, b, 0.0) * (1.0 + TOLERANCE)
    earned = np.maximum((r - c @ p).max(axis=1), 0.0)
    size = float(np.maximum(r.max(axis=1), 0.0).sum() + p @ whole)
    return float(p @ whole + earned.sum()) + rounding(len(r), b.size, size)


def fitted(x: np.ndarray, r: np.ndarray, c: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The nearest smaller plan that keeps every constraint, as far as floats can tell."""
    x = np.where((r > 0.0) & ~np.any((c > 0.0) & (b == 0.0), axis=2), np.clip(x, 0.0, 1.0) + 0.0, 0.0)  # + 0.0: no -0.0
    x /= np.maximum(x.sum(axis=1, keepdims=True), 1.0)
    used = np.einsum("ti,tij->j", x, c)
    over = used > b
    return x * min(1.0, float(np.min(b[over] / used[over], initial=1.0)) * (1.0 - 4 * EPS)) if over.any() else x


def rows(request: np.ndarray, paid: np.ndarray, horizon: int) -> tuple[Any, np.ndarray]:
    """Inequalities A x <= h of options, sparse: what they pay, in budgets, of each resource; then one row a request."""
    from scipy import sparse

    once = sparse.csr_array((np.ones(request.size), (request, np.arange(request.size))), shape=(horizon, request.size))
    return sparse.vstack([sparse.csr_array(paid.T), once], "csr"), np.ones(paid.shape[1] + horizon)


def _solve(r: np.ndarray, c: np.ndarray, b: np.ndarray, solver: Any) -> tuple[np.ndarray, np.ndarray]:
    """(x, prices): only a proposal. Options that cannot help and budgets that cannot bind are left out; the rest is scaled, so that dollars and units mix."""
    useful = (r > 0.0) & ~np.any(c > hopeless(b), axis=2)
    binding = (b > 0.0) & (np.where(useful[..., None], c, 0.0).max(axis=1).sum(axis=0) > b)
    x, price = np.zeros(r.shape), barring([(r, c)], b)
    if binding.any():
        unit = float(r.max())
        paid = c[useful][:, binding] / b[binding]
        try:
            x[useful], bought = solver(r[useful] / unit, np.nonzero(useful)[0], paid, len(r))
        except BudgetsimError as error:
            raise BudgetsimError(f"{error}; {crowded(paid, binding)}") from None
        price[binding] = np.maximum(bought * unit / b[binding], price[binding])
    else:
        x[np.arange(len(r)), np.argmax(np.where(useful, r, -np.inf), axis=1)] = 1.0
    return x, price


def _scipy(goal: np.ndarray, request: np.ndarray, paid: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    solved = best_plan("hindsight_lp", goal, *rows(request, paid, horizon))
    return solved.x, -solved.ineqlin.marginals[: paid.shape[1]]


def _cvxpy(goal: np.ndarray, request: np.ndarray, paid: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    import cvxpy as cp

    x = cp.Variable(request.size, nonneg=True)
    matrix, _ = rows(request, np.zeros((request.size, 0)), horizon)
    budgets = paid.T @ x <= 1.0
    program = cp.Problem(cp.Maximize(goal @ x), [budgets, matrix @ x <= 1.0])
    try:
        program.solve(solver=cp.HIGHS)
    except (cp.SolverError, ValueError) as error:
        raise BudgetsimError(f"hindsight_lp: HiGHS found no plan: {error}") from None
    if x.value is None:
        raise BudgetsimError(f"hindsight_lp: HiGHS found no plan: {program.status}")
    return x.value, np.atleast_1d(budgets.dual_value)


def crowded(paid: np.ndarray, binding: np.ndarray) -> str:
    """The rows that bind, in words: for each such resource how often its budget would be spent if everything were taken."""
    totals = zip(np.flatnonzero(binding), paid.sum(axis=0), strict=True)
    return "budgets that bind (everything / budget): " + ", ".join(f"resource {j}: {total:.3g}" for j, total in totals)
