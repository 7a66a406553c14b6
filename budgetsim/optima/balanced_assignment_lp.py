"""The best assignment of tokens to experts with equal loads, with its prices."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BudgetsimError, array, choice, whole
from ..kernels import compiled
from ..model import Optimum
from ..shared.expert_choice import next_choice, overload, routed
from ..shared.highs import best_plan

_EPS = float(np.finfo(float).eps)


class Plan(NamedTuple):
    """`share` (n, E) in [0, 1]: rows sum to K, columns to L."""

    share: np.ndarray


class Prices(NamedTuple):
    """`price` (E,): the biases of the optimal routing; any sign, all may be shifted together. Over-popular experts have low ones."""

    price: np.ndarray


def balanced_assignment_lp(affinity: Any, choices: int, *, method: str = "auto") -> Optimum:
    """The most that n tokens score when each takes K of E experts and every expert takes L = n K / E of them.

    ``max sum a_ik x_ik`` subject to ``sum_k x_ik = K``, ``sum_i x_ik = L``, ``0 <= x <= 1``. Its dual is D(p) of `theory.load_balance`; the optimal p are the biases
    with which top-K routing, ties split, is balanced. `lower` is the score of the plan, `upper` is D at the prices, each with an
    allowance for rounding: nobody's word is taken.

    Parameters
    ----------
    affinity : (n, E), affinity.
    choices : K, 1 to E.
    method : "auto": biases by 200 steps of subgradient descent, then successive shortest paths over experts, with whole units of 1 / q where L is a multiple of
        1 / q; exact up to rounding, E^3 + n E a path. "scipy": HiGHS.

    Returns
    -------
    Optimum in units of affinity, of the batch, with `plan` = Plan(share), `dual` = Prices(price).

    Raises
    ------
    BadType, BadValue : wrong shapes or numbers.

    Departures from the paper
    -------------------------
    The rounds of `expert_routing` earn score / n: divide by n, multiply by the batches. A routing that is not balanced may score more, by at most
    (max p - min p) x overload.

    Examples
    --------
    >>> best = balanced_assignment_lp([[1.0, 0.0], [1.0, 0.5]], 1)
    >>> best.value, best.plan.share.tolist()
    (1.5, [[1.0, 0.0], [0.0, 1.0]])

    References
    ----------
    [Han2025]_ for the program and its dual.
    """
    a = array("affinity", affinity, (None, None), -1e150, 1e150)
    n, e = a.shape
    choices = whole("choices", choices, 1, e)
    solver = _paths if choice("method", method, ("auto", "scipy")) == "auto" else _scipy
    share, price = solver(a, choices)
    share = _checked(share, choices)
    value = math.fsum((a * share).ravel())
    price = price - price.mean()
    top = np.partition(a + price, e - choices, axis=1)[:, e - choices :]
    slack = 8 * _EPS * (n + e) * (float(np.abs(a).max()) + float(np.abs(price).max()) + 1.0) * choices
    return Optimum("balanced_assignment_lp", "certified", value, value - slack, math.fsum(top.ravel()) + slack, Plan(share), Prices(price),
                   "balanced assignments of one batch")  # fmt: skip


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [{"affinity": [[0.75]], "choices": 1}, {"affinity": [[1.0, 0.0, 0.25], [1.0, 0.5, 0.75], [0.5, 0.75, 0.0]], "choices": 2}]


def _checked(share: np.ndarray, choices: int) -> np.ndarray:
    """A plan with exact column sums, as far as floats can tell; a solver's plan that misses by more than 1e-7 is refused."""
    n, e = share.shape
    off = max(
        float(np.abs(share.sum(axis=0) - n * choices / e).max()),
        float(np.abs(share.sum(axis=1) - choices).max()),
        float(-share.min()),
        float(share.max()) - 1.0,
    )
    if off > 1e-7 * max(1.0, n / e):
        raise BudgetsimError(f"balanced_assignment_lp: the solver's plan misses a constraint by {off:.3g}")
    return np.clip(share, 0.0, 1.0)


# ------------------------------------------------------------------------------------------------ shortest paths
def _cheapest(affinity: Any, units: Any, whole_unit: Any, k: Any, j: Any, cost: Any, who: Any) -> None:
    """The token that gives least for moving a unit from expert k to j."""
    cost[k, j], who[k, j] = math.inf, -1
    for i in range(affinity.shape[0]):
        if units[i, k] > 0 and units[i, j] < whole_unit:
            c = affinity[i, k] - affinity[i, j]
            if c < cost[k, j]:
                cost[k, j], who[k, j] = c, i


def _descend(affinity: Any, choices: Any, rounds: Any, u: Any, bias: Any, load: Any, best: Any) -> Any:
    """Biases `best` (E,) whose top K is near balance, by steps u / t in proportion to what is missing; returns the overload."""
    target, least = affinity.shape[0] * choices / affinity.shape[1], math.inf
    for t in range(rounds):
        routed(affinity, bias, choices, math.inf, load)
        over = overload(load, target)
        if over < least:
            least = over
            for k in range(bias.size):
                best[k] = bias[k]
        if over == 0.0:
            break
        for k in range(bias.size):
            bias[k] += u / (t + 1.0) * (target - load[k]) / target
    return least


def _balance(affinity: Any, choices: Any, whole_unit: Any, target: Any, bias: Any, units: Any, load: Any, cost: Any, who: Any, distance: Any, before: Any) -> Any:
    """Successive shortest paths from the top K of affinity + bias, which is the best choice with its loads: moves units along the cheapest path
    from an expert above the target to one below."""
    n, e = affinity.shape
    for i in range(n):
        k = -1
        for _ in range(choices):
            k = next_choice(affinity[i], bias, k)
            units[i, k] = whole_unit
            load[k] += whole_unit
    for k in range(e):
        for j in range(e):
            if k != j:
                _cheapest(affinity, units, whole_unit, k, j, cost, who)
    paths = 0
    while True:
        for k in range(e):
            distance[k] = 0.0 if load[k] > target else math.inf
            before[k] = -1
        for _ in range(e):  # Bellman and Ford: costs may be negative, cycles are not
            moved = False
            for k in range(e):
                for j in range(e):
                    if k != j and distance[k] + cost[k, j] < distance[j] - 1e-15:
                        distance[j], before[j] = distance[k] + cost[k, j], k
                        moved = True
            if not moved:
                break
        sink = -1
        for k in range(e):
            if load[k] < target and distance[k] < math.inf and (sink < 0 or distance[k] < distance[sink]):
                sink = k
        if sink < 0:
            return paths
        source, amount, steps = sink, target - load[sink], 0
        while before[source] >= 0 and steps <= e:
            k = before[source]
            i = who[k, source]
            amount = min(amount, min(units[i, k], whole_unit - units[i, source]))
            source = k
            steps += 1
        if steps > e:
            return -1
        amount = min(amount, load[source] - target)
        j = sink
        while before[j] >= 0:
            k = before[j]
            i = who[k, j]
            units[i, k] -= amount
            units[i, j] += amount
            j = k
        load[source] -= amount
        load[sink] += amount
        j = sink
        while True:  # only the experts on the path have other cheapest tokens now
            for k in range(e):
                if k != j:
                    _cheapest(affinity, units, whole_unit, k, j, cost, who)
                    _cheapest(affinity, units, whole_unit, j, k, cost, who)
            if before[j] < 0:
                break
            j = before[j]
        paths += 1


_balanced, _descended = compiled(_balance), compiled(_descend)


def _paths(a: np.ndarray, choices: int) -> tuple[np.ndarray, np.ndarray]:
    n, e = a.shape
    q = e // math.gcd(n * choices, e)
    units, load, cost = np.zeros((n, e), np.int64), np.zeros(e, np.int64), np.full((e, e), math.inf)
    bias = np.zeros(e)
    _descended(a, choices, 200, 2.5 * float(a.std()), np.zeros(e), np.zeros(e), bias)
    if _balanced(a, choices, q, n * choices * q // e, bias, units, load, cost, np.zeros((e, e), np.int64), np.zeros(e), np.zeros(e, np.int64)) < 0:
        raise BudgetsimError("balanced_assignment_lp: rounding made a cycle of shortest paths; allowed: method='scipy'")
    return units / q, _potentials(cost)


def _potentials(cost: np.ndarray) -> np.ndarray:
    """Prices p with p_j - p_k <= cost of moving a unit from k to j, from shortest distances over all experts."""
    p = np.zeros(len(cost))
    for _ in range(len(p) + 1):
        p = np.minimum(p, (p[:, None] + np.where(np.isfinite(cost), cost, np.inf)).min(axis=0))
    return p


# ------------------------------------------------------------------------------------------------ HiGHS
def _scipy(a: np.ndarray, choices: int) -> tuple[np.ndarray, np.ndarray]:
    from scipy import sparse

    n, e = a.shape
    rows: Any = sparse.vstack([sparse.kron(sparse.eye(n), np.ones((1, e))), sparse.kron(np.ones((1, n)), sparse.eye(e))]).tocsr()
    right = np.append(np.full(n, choices), np.full(e, n * choices / e))
    solved = best_plan("balanced_assignment_lp", a.ravel(), None, None, rows, right, (0.0, 1.0))
    return solved.x.reshape(n, e), solved.eqlin.marginals[n:]
