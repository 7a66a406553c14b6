"""The best resident set that never changes, in hindsight: K of N adapters for T requests."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BudgetsimError, array, choice, number, whole
from ..model import Optimum
from ..shared.adapter_rules import cache_value, greedy_cache, savings
from ..shared.highs import best_plan

_EPS = float(np.finfo(float).eps)
ENUMERATED = 20_000  #: caches that "auto" still looks at one by one
NODES = 50  #: linear programs that a proof may take; HiGHS's own nodes too


class Plan(NamedTuple):
    """The resident set, in increasing order."""

    cache: tuple[int, ...]


def static_cache_optimum(utility: Any, miss_cost: float, slots: int, *, method: str = "auto") -> Optimum:
    """max F(C) over |C| = K, F(C) = sum_t max_n (u[t, n] - c [n not in C]): what the best static cache earns, loads not counted.

    With the savings v[t, n] = max(u[t, n] - max_m u[t, m] + c, 0), which lie in [0, c], F(C) = F({}) + sum_t max_{n in C} v[t, n]: a facility
    location problem, monotone and submodular. As a mixed integer program, y_n binary: max sum v z subject to sum_n z[t, n] <= 1,
    z[t, n] <= y_n, sum y <= K. Any a >= 0 (T,) prices the requests and bounds it from above (the dual of its relaxation): with
    g_n = sum_t max(v[t, n] - a_t, 0), F(C) - F({}) <= sum a + the K largest g_n.

    Parameters
    ----------
    utility : (T, N), reward: the mean utility of each adapter for each request.
    miss_cost : c >= 0, reward.
    slots : K, 1 to N.
    method : "enumeration" of all caches.
        "milp": HiGHS, and a proof by branch and bound of our own (at most 50 nodes each; `upper` says what is left open), in which
        every bound is the formula above at HiGHS's prices, recomputed.
        "lp": `value` and `upper` are the relaxation's, `plan` and `lower` the greedy cache.
        "greedy": one adapter by one; `upper` is the least of F({}) + (F(C) - F({})) / (1 - 1/e), F(C) + the K largest gains, and F(all).
        "auto": enumeration of up to 20,000 caches, else milp.

    Returns
    -------
    Optimum with `plan` = Plan(cache). `lower` = F(cache), recomputed, less an allowance for rounding; lower <= max F <= upper.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges. BudgetsimError : HiGHS found nothing.

    Examples
    --------
    >>> best = static_cache_optimum([[1.0, 0.5, 0.0], [0.0, 0.3, 0.9], [0.8, 0.7, 0.0]], miss_cost=0.25, slots=2)
    >>> best.plan.cache, round(best.value, 12)
    ((0, 2), 2.7)

    References
    ----------
    [Nemhauser1978]_ for greedy's 1 - 1/e; the problem is a reconstruction from the abstract of [LiLi2026]_.
    """
    u = array("utility", utility, (None, None))
    cost, k = number("miss_cost", miss_cost, 0.0), whole("slots", slots, 1, u.shape[1])
    choice("method", method, ("auto", "enumeration", "milp", "lp", "greedy"))
    v = savings(u, cost)
    base, slack = cache_value(u, cost, ()), 8 * _EPS * u.shape[0] * (float(np.abs(u).max()) + cost)
    if method == "auto":
        method = "enumeration" if math.comb(u.shape[1], k) <= ENUMERATED else "milp"
    if method == "enumeration":
        cache = _enumerated(v, k)
        upper = cache_value(u, cost, cache)
    elif method == "milp":
        cache = _integer(v, k)
        cache, upper = _proved(v, k, cache)
        upper += base
    else:
        cache = greedy_cache(v, k)
        upper = base + (_relaxed(v, k)[0] if method == "lp" else _after_greedy(v, k, cache))
    plan = Plan(tuple(sorted(int(n) for n in cache)))
    earned = cache_value(u, cost, plan.cache)
    value = upper if method == "lp" else earned
    what = {"lp": "a bound on every static cache", "greedy": "the greedy cache"}.get(method, "the best static cache in hindsight")
    of = f"{what} of {k} adapters, loads not counted"
    return Optimum("static_cache_optimum", "certified", value, earned - slack, max(upper, earned) + slack, plan, None, of)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    day = {"utility": [[1.0, 0.5, 0.0], [0.0, 0.3, 0.9], [0.8, 0.7, 0.0], [0.1, 0.9, 0.3]], "miss_cost": 0.25, "slots": 2}
    return [{"utility": [[0.5]], "miss_cost": 0.25, "slots": 1}, day, {**day, "method": "milp"}]


def _enumerated(v: np.ndarray, k: int) -> list[int]:
    """The first of the best caches in lexicographic order, by depth-first search with running maxima."""
    n, best, found = v.shape[1], -1.0, list(range(k))
    columns = np.ascontiguousarray(v.T)

    def grow(cache: list[int], kept: np.ndarray) -> None:
        nonlocal best, found
        for m in range(cache[-1] + 1 if cache else 0, n - (k - len(cache)) + 1):
            more = np.maximum(kept, columns[m])
            if len(cache) + 1 < k:
                grow([*cache, m], more)
            elif (total := float(more.sum())) > best:
                best, found = total, [*cache, m]

    grow([], np.zeros(v.shape[0]))
    return found


def _after_greedy(v: np.ndarray, k: int, cache: list[int]) -> float:
    """Bounds that need no solver: all adapters resident, and two that use submodularity alone."""
    kept = v[:, cache].max(axis=1)
    earned = float(kept.sum())
    gains = np.sort(np.maximum(v - kept[:, None], 0.0).sum(axis=0))[::-1]
    return min(float(v.max(axis=1).sum()), earned + float(gains[:k].sum()), earned / (1.0 - math.exp(-1.0)))


# ------------------------------------------------------------------------------------------------ programs
def _merged(v: np.ndarray) -> np.ndarray:
    """Requests that save nothing left out, equal ones added up: scaling a row scales its saving."""
    rows, many = np.unique(v[v.any(axis=1)], axis=0, return_counts=True)
    return rows * many[:, None]


def _program(v: np.ndarray, k: int) -> tuple[Any, np.ndarray, np.ndarray]:
    """Matrix, right-hand side and objective of the least -v z. Columns, in [0, 1]: y (N,), z for the positive entries of v; rows: requests, z <= y, slots."""
    from scipy import sparse

    t, n = np.nonzero(v)
    m, rows = t.size, v.shape[0]
    z = np.arange(m)
    parts = (np.ones(m), (t, v.shape[1] + z)), (np.append(np.ones(m), -np.ones(m)), (np.append(z, z), np.append(v.shape[1] + z, n)))
    shape = (rows, v.shape[1] + m), (m, v.shape[1] + m)
    slots = sparse.csr_array(np.append(np.ones(v.shape[1]), np.zeros(m))[None])
    matrix = sparse.vstack([sparse.csr_array(p, shape=s) for p, s in zip(parts, shape, strict=True)] + [slots], format="csr")
    return matrix, np.concatenate([np.ones(rows), np.zeros(m), [k]]), np.append(np.zeros(v.shape[1]), -v[t, n])


def _relaxed(v: np.ndarray, k: int) -> tuple[float, np.ndarray]:
    """The verified bound at the relaxation's prices, and its y (N,)."""
    rows = _merged(v)
    if k == 0 or not rows.size:
        return 0.0, np.zeros(v.shape[1])
    matrix, caps, objective = _program(rows, k)
    solved = best_plan("static_cache_optimum", -objective, matrix, caps, bounds=(0.0, 1.0))
    return price_bound(rows, k, -solved.ineqlin.marginals[: len(rows)]), solved.x[: v.shape[1]]


def price_bound(v: np.ndarray, k: int, price: np.ndarray) -> float:
    """sum a + the k largest g_n, at a = max(price, 0), rounding included: above every cache of k adapters whatever the prices (T,)."""
    a = np.maximum(price, 0.0)
    gains = np.sort(np.maximum(v - a[:, None], 0.0).sum(axis=0))[::-1]
    total = float(a.sum() + gains[:k].sum())
    return total + 8 * _EPS * v.shape[0] * total


def _integer(v: np.ndarray, k: int) -> list[int]:
    from scipy.optimize import Bounds, LinearConstraint, milp

    rows = _merged(v)
    if not rows.size:
        return list(range(k))
    matrix, caps, objective = _program(rows, k)
    whole_y = np.append(np.ones(v.shape[1]), np.zeros(objective.size - v.shape[1]))
    options: Any = {"mip_rel_gap": 0.0, "node_limit": NODES}
    solved = milp(objective, integrality=whole_y, bounds=Bounds(0.0, 1.0), constraints=LinearConstraint(matrix, -np.inf, caps), options=options)
    if solved.x is None:
        raise BudgetsimError(f"static_cache_optimum: HiGHS found no cache: {solved.message}")
    return sorted(np.argsort(-solved.x[: v.shape[1]], kind="stable")[:k].tolist())


def _proved(v: np.ndarray, k: int, cache: list[int]) -> tuple[list[int], float]:
    """Branch and bound from a first cache: the best cache met, and an upper bound on all; open nodes count with their bound."""
    best, found, proved, solved = float(v[:, cache].max(axis=1).sum()), cache, 0.0, 0
    nodes: list[tuple[list[int], list[int]]] = [([], list(range(v.shape[1])))]  # taken, still free
    while nodes:
        taken, free = nodes.pop()
        kept = v[:, taken].max(axis=1) if taken else np.zeros(v.shape[0])
        left, earned = min(k - len(taken), len(free)), float(kept.sum())
        more = np.maximum(v[:, free] - kept[:, None], 0.0)
        bound, y = _relaxed(more, left) if solved < NODES else (float(np.sort(more.sum(axis=0))[::-1][:left].sum()), np.zeros(0))
        solved += 1
        trial = taken + [free[i] for i in greedy_cache(more, left)]
        total = float(v[:, trial].max(axis=1).sum())
        if total > best:
            best, found = total, trial
        fractional = np.flatnonzero((y > 1e-7) & (y < 1.0 - 1e-7))
        if earned + bound <= best * (1.0 + 1e-13) or solved > NODES or left == 0:
            proved = max(proved, earned + bound)
            continue
        rank = np.abs(y - 0.5)
        i = int(fractional[np.argmin(rank[fractional])]) if fractional.size else int(np.argmax(more.sum(axis=0)))
        rest = free[:i] + free[i + 1 :]
        nodes.append(([*taken], rest))
        nodes.append(([*taken, free[i]], rest))
    return found, max(proved, best)
