"""The best communication graph within an edge budget, for few agents, by branch and bound."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import whole
from ..kernels import compiled
from ..model import Optimum
from ..shared.communication_edges import Team, greedy_edges, kept, reached, risk_of, team

_EPS = float(np.finfo(float).eps)


class Graph(NamedTuple):
    """Edges (sender, receiver), and how many partial graphs were looked at."""

    edges: list[tuple[int, int]]
    nodes: int


def edge_budget(precision: Any, budget: int, *, rounds: int = 2, fidelity: float = 1.0, limit: int = 200_000_000) -> Optimum:
    """min over directed graphs of at most `budget` edges of the risk R = mean_i 1 / P_i, P_i = sum_{j: d(j, i) <= r} tau_j gamma^d(j, i).

    Agents choose whom they hear one after the other. Below a partial choice no graph has less risk than the sum of
    (a) for agents that have chosen: 1 / P_i in the graph in which all others hear everybody (nobody, when no edge is left);
    (b) for the others: the least sum of 1 / P that the edges left can buy when an agent with k >= 1 edges hears its k most precise fellows directly
    and, for r >= 2, all others at second hand. More edges never hurt, so both are bounds. The search starts from greedy with exchanges.

    Parameters
    ----------
    precision : tau (n,) > 0, in 1 / (unit of the error)^2, n <= 12. Up to six agents take seconds.
    budget : edges at most, 0 to n (n - 1). rounds : r >= 1. fidelity : gamma in [0, 1].
    limit : partial graphs at most; a search that is cut short says so by a gap.

    Returns
    -------
    Optimum of a risk that is to be minimised: `value` = `upper` is attained by `plan` = Graph(edges, nodes), `lower` is proved.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges.

    Examples
    --------
    >>> best = edge_budget([1.0, 1.0, 1.0, 1.0], 4, rounds=3)
    >>> best.value, len(best.plan.edges)  # a ring
    (0.25, 4)
    >>> edge_budget([1.0, 1.0, 1.0, 1.0], 4, rounds=2).value > 0.25
    True

    References
    ----------
    [Hu2024]_ for the edge budget; objective and search are ours.
    """
    told, limit = team(precision, rounds, fidelity), whole("limit", limit, 1)
    n = told.precision.size
    budget = whole("budget", budget, 0, n * (n - 1))
    first = greedy_edges(precision, budget, rounds=rounds, fidelity=fidelity, exchanges=True)
    relaxed, heard, looked = relaxation(told, budget), first.heard.copy(), np.zeros(1, np.int64)
    _search(told.total, told.keep, relaxed, budget, limit, heard, looked)
    found = kept(told, heard)
    finished = looked[0] < limit
    allowance = 8 * n * _EPS * found.risk
    lower = found.risk if finished else min(found.risk, float(relaxed[0, budget]) / n)
    of = f"least mean squared error of {n} agents' averages after {len(told.keep) - 1} rounds on at most {budget} edges (to be minimised)"
    return Optimum("edge_budget", "certified", found.risk, lower - allowance, found.risk + allowance, Graph(found.edges, int(looked[0])), None, of)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [
        {"precision": [2.0], "budget": 0},
        {"precision": [1.0, 2.0, 4.0], "budget": 3},
        {"precision": [1.0, 1.0, 2.0], "budget": 2, "rounds": 1, "fidelity": 0.5},
    ]


def relaxation(told: Team, budget: int) -> np.ndarray:
    """(n + 1, budget + 1): the least sum over agents i, i + 1, ... of 1 / P that m edges can buy in the bound (b)."""
    n, keep = told.precision.size, told.keep
    out = np.zeros((n + 1, budget + 1))
    for i in range(n - 1, -1, -1):
        others = np.sort(np.delete(told.precision, i))[::-1]
        later = keep[2] if keep.size > 2 else 0.0
        bound = [told.precision[i]] + [told.precision[i] + keep[1] * others[:k].sum() + later * others[k:].sum() for k in range(1, n)]
        for m in range(budget + 1):
            out[i, m] = min(1.0 / bound[k] + out[i + 1, m - k] for k in range(min(m, n - 1) + 1))
    return out


def search(total: Any, keep: Any, relaxed: Any, budget: Any, limit: Any, best: Any, looked: Any) -> None:
    """Depth-first over agents; `best` (n,) comes with a graph and leaves with the best one; looked (1,) counts partial graphs up to `limit`."""
    n = best.size
    everybody = (1 << n) - 1
    least = risk_of(total, keep, best) * n
    heard, left = np.zeros(n, np.int64), np.zeros(n + 1, np.int64)
    word = np.full(n, -1, np.int64)
    left[0] = budget
    i = 0
    while i >= 0:
        word[i] += 1
        if word[i] > everybody:
            word[i] = -1
            i -= 1
            continue
        edges = 0
        for j in range(n):
            edges += (word[i] >> j) & 1
        if (word[i] >> i) & 1 or edges > left[i]:
            continue
        looked[0] += 1
        if looked[0] >= limit:
            return
        heard[i] = word[i]
        left[i + 1] = left[i] - edges
        for k in range(i + 1, n):
            heard[k] = everybody if left[i + 1] > 0 else 0
        bound = relaxed[i + 1, left[i + 1]]
        for k in range(i + 1):
            bound += 1.0 / reached(total, keep, heard, k)
        if bound >= least * (1.0 - 1e-13):
            continue
        if i == n - 1:
            least = bound
            for k in range(n):
                best[k] = heard[k]
        else:
            i += 1


_search = compiled(search)
