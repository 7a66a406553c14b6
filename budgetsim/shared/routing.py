"""What rules for requests with estimates share: what they must be shown, the choice at given prices, and the prices of a sample."""

from typing import Any

import numpy as np

from ..arguments import BadValue
from ..kernels import available
from ..model import REQUEST


def shown_estimates(name: str, spec: Any) -> None:
    """Declines a problem that does not show what each option is thought to earn, `view.reward` (n,), and to cost, `view.cost` (n, d)."""
    n, d = spec.n_actions, spec.budget.size
    shapes = [getattr(getattr(spec.view, field, None), "shape", None) for field in ("reward", "cost")]
    if spec.kind != REQUEST or d == 0 or shapes != [(n,), (n, d)]:
        raise BadValue(f"{name}: the problem shows {', '.join(getattr(spec.view, '_fields', ())) or 'nothing'}; allowed: requests with reward (n,) and cost (n, d) in the view, and a budget")


def own_budgets(name: str, spec: Any) -> None:
    """Declines a problem whose options do not have a budget each."""
    shown_estimates(name, spec)
    if spec.budget.size != spec.n_actions:
        raise BadValue(f"{name}: {spec.n_actions} options share {spec.budget.size} budgets; allowed: a budget for each option")


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


def packing_columns(reward: Any, cost: Any, cap: Any) -> Any:
    """Sparse rows and right-hand sides of: sum_i x_ji <= 1 for each request j, sum_ji cost_ji x_ji <= cap, each budget's row scaled by its largest cost."""
    from scipy.sparse import csr_matrix, kron, vstack

    m, n, d = cost.shape
    unit = cost.max(axis=(0, 1))
    rows = np.flatnonzero(np.isfinite(cap) & (unit > 0.0))
    one = kron(csr_matrix(np.eye(m)), np.ones((1, n)))
    paid = csr_matrix((cost[:, :, rows] / unit[rows]).reshape(m * n, rows.size).T)
    return vstack([one, paid]).tocsr(), np.concatenate([np.ones(m), np.asarray(cap)[rows] / unit[rows]]), rows, unit


def sample_program(reward: Any, cost: Any, cap: Any) -> tuple[np.ndarray, np.ndarray]:
    """max sum reward x, each request at most once, cost within cap: (x (m, n), prices (d,)) of the linear program, by HiGHS."""
    from scipy.optimize import linprog

    matrix, bound, rows, unit = packing_columns(reward, cost, cap)
    solved = linprog(-reward.ravel(), matrix, bound, method="highs", options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10})
    if solved.x is None:
        raise BadValue(f"sample_program: HiGHS found no plan: {solved.message}")
    price = np.zeros(cost.shape[2])
    price[rows] = np.maximum(-solved.ineqlin.marginals[len(reward) :], 0.0) / unit[rows]
    return solved.x.reshape(reward.shape), price


def whole_program(reward: Any, cost: Any, cap: Any, gap: float) -> np.ndarray:
    """The same with x 0 or 1, to the relative gap: x (m, n), by HiGHS."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    matrix, bound, _, _ = packing_columns(reward, cost, cap)
    solved = milp(-reward.ravel(), integrality=np.ones(reward.size), bounds=Bounds(0.0, 1.0), constraints=LinearConstraint(matrix, -np.inf, bound), options={"mip_rel_gap": gap})
    if solved.x is None:
        raise BadValue(f"whole_program: HiGHS found no plan: {solved.message}")
    return np.round(solved.x).reshape(reward.shape)
