"""Small linear programs over mixtures, by the simplex method on a table: what rules solve over and over while they play.

The set is {x >= 0, sum x <= 1, C'x <= b} with b >= 0, so that x = 0 is a vertex to start from. Plain loops, compiled: a program
with a hundred arms and three resources takes microseconds, and every machine finds the same vertex.
"""

from typing import Any

import numpy as np

from ..kernels import compiled

TINY = 1e-11  # a reduced reward or a pivot below this is 0; costs and rewards are of order 1
TIE = 1e-6  # what reward.x weighs beside x_k: it chooses among the x that have as much of an arm


def lay_out(table: Any, basis: Any, cost: Any, cap: Any) -> None:
    """The table (m + 1, n + m + 1) at x = 0: d budgets, the sum, slacks, right-hand sides; the last row is the objective's."""
    n, d = cost.shape
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            table[i, j] = 0.0
    for i in range(d + 1):
        for j in range(n):
            table[i, j] = cost[j, i] if i < d else 1.0
        table[i, n + i] = 1.0
        table[i, table.shape[1] - 1] = cap[i] if i < d else 1.0
        basis[i] = n + i


def climb(table: Any, basis: Any, bounded: Any) -> None:
    """Pivots until no column improves the last row; only the first `bounded` rows limit a step.

    The steepest column enters, or, should that ever take long, the first (Bland's rule, which cannot cycle).
    """
    m, last = basis.size, table.shape[1] - 1
    patience, pivots = 10 * last, 0
    while pivots < 20 * patience:
        enter, steepest = -1, TINY
        for j in range(last):
            if table[m, j] > steepest and (pivots < patience or enter < 0):
                enter, steepest = j, table[m, j]
        if enter < 0:
            break
        leave, least = -1, 0.0
        for i in range(bounded):
            if table[i, enter] > TINY:
                step = table[i, last] / table[i, enter]
                if leave < 0 or step < least or (step == least and basis[i] < basis[leave]):
                    leave, least = i, step
        if leave < 0:  # cannot be: the sum is bounded
            break
        pivot(table, leave, enter)
        basis[leave] = enter
        pivots += 1


def pivot(table: Any, row: Any, column: Any) -> None:
    width, unit = table.shape[1], table[row, column]
    for j in range(width):
        table[row, j] /= unit
    for i in range(table.shape[0]):
        factor = table[i, column]
        if i != row and factor != 0.0:
            for j in range(width):
                table[i, j] -= factor * table[row, j]
            table[i, column] = 0.0
            if i < table.shape[0] - 1 and -1e-13 < table[i, width - 1] < 0.0:
                table[i, width - 1] = 0.0


def read_off(table: Any, basis: Any, x: Any) -> None:
    """The vertex: x >= 0 with sum at most 1, whatever rounding did."""
    total = 0.0
    for k in range(x.size):
        x[k] = 0.0
    for i in range(basis.size):
        if basis[i] < x.size:
            x[basis[i]] = max(table[i, table.shape[1] - 1], 0.0)
            total += x[basis[i]]
    if total > 1.0:
        for k in range(x.size):
            x[k] /= total


def solve_best(reward: Any, cost: Any, cap: Any, table: Any, basis: Any, x: Any) -> None:
    lay_out(table, basis, cost, cap)
    for j in range(reward.size):
        table[basis.size, j] = reward[j]
    climb(table, basis, basis.size)
    read_off(table, basis, x)


def solve_extremes(reward: Any, cost: Any, cap: Any, floor: Any, table: Any, basis: Any, saved: Any, home: Any, out: Any) -> None:
    n, m = reward.size, basis.size
    last = n + m
    lay_out(table, basis, cost, cap)
    for j in range(n):
        table[m - 1, j] = -reward[j]
        table[m, j] = reward[j]
    table[m - 1, n + m - 1], table[m - 1, last], basis[m - 1] = 1.0, -floor, n + m - 1
    climb(table, basis, m - 1)  # the slack of the last row grows with reward.x; at the greatest it is >= 0
    table[m - 1, last] = max(table[m - 1, last], 0.0)
    for i in range(m):
        home[i] = basis[i]
        for j in range(last + 1):
            saved[i, j] = table[i, j]
    for k in range(n):
        for i in range(m):
            basis[i] = home[i]
            for j in range(last + 1):
                table[i, j] = saved[i, j]
        for j in range(last + 1):
            table[m, j] = TIE * reward[j] if j < n else 0.0
        table[m, k] += 1.0
        for i in range(m):
            if home[i] < n:
                gain = TIE * reward[home[i]] + (1.0 if home[i] == k else 0.0)
                for j in range(last + 1):
                    table[m, j] -= gain * saved[i, j]
        climb(table, basis, m)
        read_off(table, basis, out[k])


_best, _extremes = compiled(solve_best), compiled(solve_extremes)


def best_mixture(reward: Any, cost: Any, cap: Any) -> np.ndarray:
    """The x (n,) of greatest reward.x with C'x <= cap, sum x <= 1, x >= 0.

    Parameters
    ----------
    reward : (n,). cost : (n, d), of order 1. cap : (d,) >= 0, infinite where there is none.

    >>> best_mixture(np.array([0.9, 0.5]), np.array([[0.8], [0.1]]), np.array([0.45])).round(12).tolist()
    [0.5, 0.5]
    """
    cost, cap = _finite(cost, cap)
    n, d = cost.shape
    x = np.zeros(n)
    _best(reward, cost, cap, np.zeros((d + 2, n + d + 2)), np.zeros(d + 1, np.int64), x)
    return x


def extreme_mixtures(reward: Any, cost: Any, cap: Any, floor: float) -> np.ndarray:
    """Row k (n,) is the x of greatest x_k with C'x <= cap, sum x <= 1, x >= 0 and reward.x >= floor, which some x must reach.

    Of several the one with the greatest reward.x: the objective is x_k + 1e-6 reward.x.

    >>> extreme_mixtures(np.array([0.9, 0.5]), np.array([[0.8], [0.1]]), np.array([0.45]), 0.6).round(3).tolist()
    [[0.532, 0.242], [0.25, 0.75]]
    """
    cost, cap = _finite(cost, cap)
    n, d = cost.shape
    shape, out = (d + 3, n + d + 3), np.zeros((n, n))
    _extremes(reward, cost, cap, float(floor), np.zeros(shape), np.zeros(d + 2, np.int64), np.zeros(shape), np.zeros(d + 2, np.int64), out)
    return out


def _finite(cost: Any, cap: Any) -> tuple[np.ndarray, np.ndarray]:
    """Costs of a resource without a cap do not matter."""
    free = np.isinf(cap)
    return np.where(free, 0.0, cost), np.where(free, 1.0, cap)
