"""The 0-1 program of a day of requests that is over: what could have been earned, each option taken whole or not at all."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import number, whole
from ..model import TOLERANCE, Optimum
from ..shared.dual_pass import EPS, checked, small_days
from ..shared.dual_tree import dual_tree
from .dual_bound import dual_bound
from .hindsight_lp import rows


class Plan(NamedTuple):
    """`choice` (T,): the option taken, -1 for none. `nodes` of our tree, and whether it was `done`: then `value` is the optimum.

    `solver_bound`: what HiGHS says that no plan exceeds, its word alone; infinite where it was not asked.
    """

    choice: np.ndarray
    nodes: int
    done: bool
    solver_bound: float


def hindsight_milp(reward: Any, cost: Any, budget: Any, *, time_limit: float = 60.0, node_limit: int = 300_000) -> Optimum:
    """The most that whole options of the realised requests could have earned within the budgets.

    With rewards r_t (n,), costs c_t (n, d) of T requests and budgets B,

        max sum_t r_t.x_t   subject to   sum_t c_t'x_t <= B,  sum_i x_ti <= 1,  x in {0, 1},

    which no rule can exceed on these requests: what fits is what the ledger lets pass, B (1 + 1e-12). Taking nothing is always
    feasible. Options that cost more than a whole budget are left out.

    Three searches in turn: a short tree of our own (`shared.dual_tree`, nodes bounded by prices); HiGHS, which finds good plans;
    our tree again, from the best plan. `lower` is the plan, added up anew. `upper` is the least of the linear program's dual and
    what our tree leaves open, both rounded down to what multiples of a common unit (1, .1 or .01) can earn if all rewards are such.
    What HiGHS says of its own bound is in the plan and not in `upper`.

    Parameters
    ----------
    reward : (T, n), reward of each option; may be negative.
    cost : (T, n, d) >= 0, units of each resource; (T, n) for one resource.
    budget : (d,) >= 0, units of each resource, for all requests together; infinite where there is no cap.
    time_limit : seconds of HiGHS; 0 for not asking it.
    node_limit : nodes of our tree where T n d <= 500, in proportion fewer where there is more to add up at each: seconds, not minutes.

    Returns
    -------
    Optimum with `plan` = Plan(choice, nodes, done, solver_bound) and `dual` = price (d,) of the linear program.

    Raises
    ------
    BadType, BadValue : wrong shapes, negative costs or budgets, NaN, a negative time limit, no nodes.

    Examples
    --------
    >>> best = hindsight_milp([[3.0, 1.0], [2.0, 1.0]], [[2.0, 0.5], [2.0, 0.5]], budget=[1.75])
    >>> best.value, best.plan.choice.tolist(), best.upper, best.plan.done
    (2.0, [1, 1], 2.0, True)

    References
    ----------
    [Balseiro2023]_ for the benchmark; the tree is ours.
    """
    r, c, b = checked(reward, cost, budget)
    seconds, limit = number("time_limit", time_limit, 0.0), whole("node_limit", node_limit, 1)
    grain = next((g for g in (1.0, 0.1, 0.01) if np.all(np.abs(r / g - np.rint(r / g)) <= 1e-12 * np.abs(r / g))), 0.0)
    r = np.where(np.any(c > b * (1.0 + TOLERANCE), axis=2), 0.0, np.maximum(r, 0.0))
    capped = np.isfinite(b) & (b > 0.0)
    c, whole_budget = np.ascontiguousarray(np.where(r[..., None] > 0.0, c, 0.0)[:, :, capped]), b[capped]
    relaxed = dual_bound(r, c, whole_budget)
    price = np.zeros(b.size)
    price[capped] = relaxed.dual
    limit = max(1, int(limit * min(1.0, 500.0 / max(c.size, 1))))
    choice = _filled(np.full(len(r), -1), r, c, whole_budget, relaxed.dual)
    tree = dual_tree(r, c, whole_budget, choice, relaxed.dual, grain, max(1, limit // 10))
    choice, bound = _better(tree.choice, choice, r, c, whole_budget), math.inf
    if not tree.done and seconds > 0.0:
        found, bound = _highs(r, c, whole_budget, seconds)
        choice = _better(_filled(_fitting(found, r, c, whole_budget), r, c, whole_budget, relaxed.dual), choice, r, c, whole_budget)
    if not tree.done:
        tree = dual_tree(r, c, whole_budget, choice, relaxed.dual, grain, limit)
        choice = _better(tree.choice, choice, r, c, whole_budget)
    value, upper = _earned(choice, r), min(tree.upper, relaxed.upper)
    upper = grain * math.floor(upper / grain + 1e-6) if grain else upper
    lower = value if grain else value * (1.0 - 2 * EPS)
    of = "hindsight: the realised requests, whole options"
    return Optimum("hindsight_milp", "certified", value, lower, max(upper, value), Plan(choice, tree.nodes, tree.done, bound), price, of)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return small_days()


def _earned(choice: np.ndarray, r: np.ndarray) -> float:
    t = np.flatnonzero(choice >= 0)
    return math.fsum(r[t, choice[t]])


def _fits(choice: np.ndarray, c: np.ndarray, b: np.ndarray) -> bool:
    t = np.flatnonzero(choice >= 0)
    return all(math.fsum(c[t, choice[t], j]) <= b[j] * (1.0 + TOLERANCE) for j in range(b.size))


def _better(new: np.ndarray, old: np.ndarray, r: np.ndarray, c: np.ndarray, b: np.ndarray) -> np.ndarray:
    return new if _earned(new, r) > _earned(old, r) and _fits(new, c, b) else old


def _fitting(choice: np.ndarray, r: np.ndarray, c: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What the solver's tolerance let pass is given up, the least reward first."""
    choice = choice.copy()
    for t in sorted(np.flatnonzero(choice >= 0), key=lambda t: r[t, choice[t]]):
        if _fits(choice, c, b):
            break
        choice[t] = -1
    return choice


def _filled(choice: np.ndarray, r: np.ndarray, c: np.ndarray, b: np.ndarray, price: np.ndarray) -> np.ndarray:
    """Options of idle requests, the most worth having at the prices first, while they fit."""
    choice, t = choice.copy(), np.flatnonzero(choice >= 0)
    left = b - c[t, choice[t]].sum(axis=0)
    gain = np.where(r > 0.0, r - c @ price, -np.inf)
    for k in np.argsort(-gain, axis=None, kind="stable"):
        t, i = divmod(int(k), r.shape[1])
        if gain[t, i] > -np.inf and choice[t] < 0 and np.all(c[t, i] <= left):
            choice[t] = i
            left -= c[t, i]
    return choice


def _highs(r: np.ndarray, c: np.ndarray, b: np.ndarray, seconds: float) -> tuple[np.ndarray, float]:
    """(choice, what the solver says no plan exceeds): only a proposal, which may use its tolerances."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    useful, unit = r > 0.0, float(r.max())
    paid = c[useful] / b
    matrix, top = rows(np.nonzero(useful)[0], paid, len(r))
    solved = milp(
        -r[useful] / unit,
        integrality=np.ones(len(paid), np.int64),
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(matrix, -np.inf, top),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    x = np.zeros(r.shape)
    x[useful] = 0.0 if solved.x is None else solved.x  # then our own plan stands
    bound = math.inf if solved.mip_dual_bound is None else -unit * solved.mip_dual_bound
    return np.where(x.max(axis=1) > 0.5, np.argmax(x, axis=1), -1), float(bound)
