"""Whole options of requests: a tree whose every node is bounded by prices, so that nothing in its proof is a solver's word.

Nodes fix the options of some requests. At prices mu the others earn at most mu.left + sum_t max(0, max_i r_ti - mu.c_ti); a
node at which that is no more than the best plan so far is closed. Prices come from cutting planes, as in `dual_pass.descend`,
whose columns (greedy plans) stay good all over the tree once the requests that a node has fixed are taken out of them.
"""

from typing import Any, NamedTuple

import numpy as np

from ..kernels import compiled
from ..model import TOLERANCE
from .dual_pass import climb


class Grown(NamedTuple):
    """`choice` (T,) of the best plan; no plan earns more than `upper`; `nodes` opened, and whether the tree is `done`."""

    choice: np.ndarray
    upper: float
    nodes: int
    done: bool


def greedy(reward: Any, cost: Any, price: Any, choice: Any, fixed: Any, used: Any) -> float:
    """As `pass_over`, for the requests that are not fixed; `choice` (T,) is filled for all."""
    n, d = reward.shape[1], price.size
    total = 0.0
    for j in range(d + 1):
        used[j] = 0.0
    for t in range(reward.shape[0]):
        best, option = 0.0, -1
        for i in range(n):
            gain = reward[t, i]
            if gain > best:
                for j in range(d):
                    gain -= price[j] * cost[t, i, j]
                if gain > best:
                    best, option = gain, i
        choice[t] = option
        if fixed[t] == 0.0:
            total += best
            if option >= 0:
                used[d] += reward[t, option]
                for j in range(d):
                    used[j] += cost[t, option, j]
    return total


def take_out(reward: Any, cost: Any, t: int, sign: float, known: int, choice: Any, earned: Any, used: Any) -> None:
    """Request t leaves the columns (sign -1) or comes back (1)."""
    for k in range(known):
        i = choice[k, t]
        if i >= 0:
            earned[k] += sign * reward[t, i]
            for j in range(used.shape[1]):
                used[k, j] += sign * cost[t, i, j]


def compact(known: int, basis: Any, recent: int, choice: Any, earned: Any, used: Any) -> int:
    """Keeps the columns of the basis and the most recent ones; their number."""
    kept = 0
    for k in range(known):
        basic = k >= known - recent
        for i in range(basis.size):
            basic = basic or basis[i] == k
        if basic:
            for i in range(basis.size):
                if basis[i] == k:
                    basis[i] = kept
            earned[kept] = earned[k]
            for j in range(used.shape[1]):
                used[kept, j] = used[k, j]
            for t in range(choice.shape[1]):
                choice[kept, t] = choice[k, t]
            kept += 1
    return kept


def place(reward: Any, cost: Any, taken: Any, slack: float, left: Any) -> float:
    """What the options taken so far earn; what they leave of each budget. Summed anew, so that nothing drifts."""
    base = 0.0
    for j in range(left.size):
        left[j] = 1.0 + slack
    for t in range(taken.size):
        if taken[t] >= 0:
            base += reward[t, taken[t]]
            for j in range(left.size):
                left[j] -= cost[t, taken[t], j]
    return base


def grow(reward: Any, cost: Any, margin: float, slack: float, limit: int, start: Any, best_choice: Any, best_value: float, out: Any) -> None:
    """Depth first from no request fixed; costs are in budgets, rewards of order 1. out: upper bound, best value, nodes, done.

    A node is closed when its bound is at most the best value + margin. `best_choice` (T,) becomes the best plan.
    """
    horizon, n, d = cost.shape
    m, room = d + 1, 3 * d + 60
    choice, earned, used, known = np.zeros((room, horizon), np.int64), np.zeros(room), np.zeros((room, d)), 0
    basis, inverse, right, weight, price = np.zeros(m, np.int64), np.zeros((m, m)), np.zeros(m), np.zeros(m), np.zeros(m)
    fixed, taken, use = np.zeros(horizon), np.full(horizon, -1), np.zeros(m)
    at, child, option, hope = np.zeros(horizon, np.int64), np.zeros(horizon, np.int64), np.zeros((horizon, n + 1), np.int64), np.zeros((horizon, n + 1))
    centre, y, left, share = np.zeros((horizon + 1, d)), np.zeros(d), np.zeros(d), np.zeros(n + 1)
    depth, nodes, forward = 0, 0, True
    for j in range(d):
        centre[0, j] = start[j]
    while True:
        if forward:  # open the node at this depth
            nodes += 1
            base = place(reward, cost, taken, slack, left)
            for i in range(m):
                basis[i] = -1 - i
                right[i] = max(left[i], 0.0) if i < d else 1.0
            bound, step, passes = np.inf, 1.0, 0
            for j in range(d):
                y[j] = centre[depth, j]
            while True:
                if known == room:
                    known = compact(known, basis, 8, choice, earned, used)
                value = greedy(reward, cost, y, choice[known], fixed, use)
                dual = base + value
                for j in range(d):
                    dual += y[j] * right[j]
                earned[known] = use[d]
                for j in range(d):
                    used[known, j] = use[j]
                known += 1
                passes += 1
                if dual < bound:
                    bound = dual
                    for j in range(d):
                        centre[depth, j] = y[j]
                if bound <= best_value + margin:
                    break
                lower = base + climb(earned, used, known, right, basis, inverse, weight, price)
                if bound - lower <= 1e-9 or passes >= 40 + 4 * d or lower > best_value + margin + 1e-9:
                    break
                step = 0.3 if passes % 4 else 1.0
                for j in range(d):
                    y[j] = centre[depth, j] + step * (price[j] - centre[depth, j])
            forward = False
            if bound <= best_value + margin:
                depth -= 1
            elif depth == horizon:  # everything is fixed, and better
                best_value = base
                for t in range(horizon):
                    best_choice[t] = taken[t]
                depth -= 1
            else:  # branch on the request of which least is certain
                pick, surest = -1, 2.0
                for t in range(horizon):
                    if fixed[t] == 0.0:
                        for i in range(n + 1):
                            share[i] = 0.0
                        for i in range(m):
                            if basis[i] >= 0:
                                share[choice[basis[i], t] + 1] += weight[i]
                        if share.max() < surest:
                            pick, surest = t, share.max()
                for i in range(n + 1):
                    share[i] = 0.0
                for i in range(m):
                    if basis[i] >= 0:
                        share[choice[basis[i], pick] + 1] += weight[i]
                top = 0.0
                for i in range(n):
                    gain = reward[pick, i]
                    for j in range(d):
                        gain -= centre[depth, j] * cost[pick, i, j]
                    top = max(top, gain)
                for rank in range(n + 1):
                    first = 0
                    for i in range(1, n + 1):
                        if share[i] > share[first]:
                            first = i
                    share[first] = -1.0
                    gain = 0.0
                    if first > 0:
                        gain = reward[pick, first - 1]
                        for j in range(d):
                            gain -= centre[depth, j] * cost[pick, first - 1, j]
                    option[depth, rank] = first - 1
                    hope[depth, rank] = bound - (top - gain)
                at[depth], child[depth] = pick, -1
                fixed[pick] = 1.0
                take_out(reward, cost, pick, -1.0, known, choice, earned, used)
        else:  # back at a node that has branched: undo its child, take the next one
            if depth < 0:
                break
            t = at[depth]
            taken[t] = -1
            place(reward, cost, taken, slack, left)
            child[depth] += 1
            if child[depth] > n or nodes >= limit:
                if nodes >= limit:
                    for rank in range(child[depth], n + 1):
                        out[0] = max(out[0], hope[depth, rank])
                    out[3] = 0.0
                fixed[t] = 0.0
                take_out(reward, cost, t, 1.0, known, choice, earned, used)
                depth -= 1
                continue
            i = option[depth, child[depth]]
            fits = hope[depth, child[depth]] > best_value + margin
            if i >= 0 and fits:
                for j in range(d):
                    fits = fits and cost[t, i, j] <= left[j]
            if not fits:
                continue
            taken[t] = i
            for j in range(d):
                centre[depth + 1, j] = centre[depth, j]
            depth += 1
            forward = True
    out[1], out[2] = best_value, nodes


_grow = compiled(grow)


def dual_tree(
    reward: np.ndarray, cost: np.ndarray, budget: np.ndarray, choice: np.ndarray, start: np.ndarray, grain: float = 0.0, nodes: int = 100_000
) -> Grown:
    """The best whole options, from a plan and prices to start with; where `nodes` end first, bounds all the same.

    Parameters
    ----------
    reward : (T, n); options <= 0 are never taken. cost : (T, n, d). budget : (d,) > 0 and finite. choice : (T,), -1 for none, feasible. start : (d,).
    grain : all rewards are whole multiples of it; 0 if of none. Better plans by less than 1e-9 are then not looked for.

    >>> r, c, b = np.array([[3.0, 1.0], [2.0, 1.0]]), np.array([[[2.0], [0.5]], [[2.0], [0.5]]]), np.array([2.5])
    >>> grown = dual_tree(r, c, b, np.array([-1, -1]), np.zeros(1), grain=1.0)
    >>> grown.choice.tolist(), round(grown.upper, 9), grown.done
    ([0, 1], 4.0, True)
    """
    unit, t = float(np.maximum(reward.max(axis=1), 0.0).sum()), np.arange(len(reward))
    if unit == 0.0:
        return Grown(choice, 0.0, 0, True)
    best = choice.astype(np.int64)
    found = float(np.where(best >= 0, reward[t, best], 0.0).sum()) / unit
    margin, out = (grain * (1.0 - 1e-6) / unit if grain else 1e-9), np.array([0.0, 0.0, 0.0, 1.0])
    _grow(reward / unit, np.ascontiguousarray(cost / budget), margin - 1e-12, 2 * TOLERANCE, nodes, start * budget / unit, best, found, out)
    closed = out[1] * unit if grain else (out[1] + margin) * unit
    return Grown(best, float(max(closed, out[0] * unit) * (1.0 + 1e-12)), int(out[2]), bool(out[3]))
