"""Ridge regression by rank-one updates, one model an action or a class: what the linear rules share.

Model i has seen pairs (x, y) and keeps A^-1 with A = penalty I + sum x x', b = sum y x and theta = A^-1 b. Plain loops, so the
same bits everywhere; one update costs d^2, one width d^2, one mean d.
"""

import math
from typing import Any, NamedTuple

import numpy as np


class Ridge(NamedTuple):
    """n models in d dimensions."""

    inverse: np.ndarray  #: (n, d, d) A^-1
    total: np.ndarray  #: (n, d) b
    theta: np.ndarray  #: (n, d) A^-1 b
    scratch: np.ndarray  #: (d,)


def ridge(n: int, d: int, penalty: float = 1.0) -> Ridge:
    """Nothing seen yet.

    >>> ridge(1, 2, 4.0).inverse.tolist()
    [[[0.25, 0.0], [0.0, 0.25]]]
    """
    return Ridge(np.repeat((np.eye(d) / penalty)[None], n, axis=0), np.zeros((n, d)), np.zeros((n, d)), np.zeros(d))


def ridge_add(model: Any, i: Any, x: Any, y: Any) -> None:
    """One more pair for model i, x (d,): Sherman and Morrison's formula.

    >>> m = ridge(1, 2)
    >>> ridge_add(m, 0, np.array([1.0, 0.0]), 3.0)
    >>> m.theta.tolist(), float(ridge_variance(m, 0, np.array([1.0, 0.0])))
    ([[1.5, 0.0]], 0.5)
    """
    d = model.scratch.size
    along = 1.0
    for a in range(d):
        row = 0.0
        for b in range(d):
            row += model.inverse[i, a, b] * x[b]
        model.scratch[a] = row
        along += row * x[a]
    for a in range(d):
        model.total[i, a] += y * x[a]
        for b in range(a + 1):  # symmetric to the last bit
            entry = model.inverse[i, a, b] - model.scratch[a] * model.scratch[b] / along
            model.inverse[i, a, b] = entry
            model.inverse[i, b, a] = entry
    for a in range(d):
        row = 0.0
        for b in range(d):
            row += model.inverse[i, a, b] * model.total[i, b]
        model.theta[i, a] = row


def ridge_mean(model: Any, i: Any, x: Any) -> Any:
    """theta_i . x"""
    mean = 0.0
    for a in range(model.scratch.size):
        mean += model.theta[i, a] * x[a]
    return mean


def ridge_variance(model: Any, i: Any, x: Any) -> Any:
    """x' A_i^-1 x >= 0, the square of the width at x.

    >>> float(ridge_variance(ridge(2, 2, 4.0), 1, np.array([2.0, 0.0])))
    1.0
    """
    total = 0.0
    for a in range(model.scratch.size):
        row = 0.0
        for b in range(model.scratch.size):
            row += model.inverse[i, a, b] * x[b]
        total += row * x[a]
    return max(total, 0.0)


def ridge_index(model: Any, i: Any, x: Any, alpha: Any) -> Any:
    """theta_i . x + alpha sqrt(x' A_i^-1 x): the optimistic prediction of LinUCB.

    >>> float(ridge_index(ridge(1, 2, 4.0), 0, np.array([2.0, 0.0]), 3.0))
    3.0
    """
    return ridge_mean(model, i, x) + alpha * math.sqrt(ridge_variance(model, i, x))
