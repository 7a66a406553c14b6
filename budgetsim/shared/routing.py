"""What routing rules share beside `requests`: the choice at given prices with or without the null option, and programs over a few requests."""

from typing import Any

import numpy as np

from ..arguments import BadValue
from ..kernels import available
from .highs import best_plan
from .requests import purse


def own_budgets(rule: str, spec: Any) -> None:
    """Declines what `purse` declines, and a problem whose options do not have a budget each."""
    purse(rule, spec)
    if spec.budget.size != spec.n_actions:
        raise BadValue(f"{rule}: {spec.n_actions} options pay from {spec.budget.size} budgets; allowed: a budget for each option")


def priced(view, price, scale, floor):
    """The option of greatest scale * reward - price.cost, or -1 where all of them are below the floor."""
    choice, best = -1, floor
    for i in range(view.reward.size):
        if available(view, i):
            score = scale * view.reward[i]
            for j in range(price.size):
                score -= view.cost[i, j] * price[j]
            if score > best or (choice < 0 and score >= best):
                choice, best = i, score
    return choice


def packing_rows(reward: Any, cost: Any, cap: Any) -> Any:
    """Sparse A x <= h of: sum_i x_ji <= 1 for each request j, sum_ji cost_ji x_ji <= cap, in units of each budget's largest cost; which budgets these are."""
    from scipy import sparse

    m, n = reward.shape
    unit = cost.max(axis=(0, 1))
    capped = np.flatnonzero(np.isfinite(cap) & (unit > 0.0))
    once = sparse.csr_array((np.ones(m * n), (np.arange(m * n) // n, np.arange(m * n))))
    paid = sparse.csr_array((cost[:, :, capped] / unit[capped]).reshape(m * n, capped.size).T)
    return sparse.vstack([once, paid], "csr"), np.concatenate([np.ones(m), np.asarray(cap)[capped] / unit[capped]]), capped, unit


def sample_program(reward: Any, cost: Any, cap: Any) -> tuple[np.ndarray, np.ndarray]:
    """max sum reward x, each request at most once, cost within cap: (x (m, n), prices (d,)) of the linear program, by HiGHS."""
    matrix, bound, capped, unit = packing_rows(reward, cost, cap)
    solved = best_plan("sample_program", reward.ravel(), matrix, bound)
    price = np.zeros(cost.shape[2])
    price[capped] = np.maximum(-solved.ineqlin.marginals[len(reward) :], 0.0) / unit[capped]
    return solved.x.reshape(reward.shape), price


def whole_program(reward: Any, cost: Any, cap: Any, gap: float) -> np.ndarray:
    """The same with x 0 or 1, to the relative gap: x (m, n), by HiGHS."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    matrix, bound, _, _ = packing_rows(reward, cost, cap)
    solved = milp(-reward.ravel(), integrality=np.ones(reward.size), bounds=Bounds(0.0, 1.0), constraints=LinearConstraint(matrix, -np.inf, bound), options={"mip_rel_gap": gap})
    if solved.x is None:
        raise BadValue(f"whole_program: HiGHS found no plan: {solved.message}")
    return np.round(solved.x).reshape(reward.shape)
