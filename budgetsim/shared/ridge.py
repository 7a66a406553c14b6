"""Ridge regression by rank-one updates, one model an action or a class: what the linear rules share.

Model i has seen pairs (x, y) and keeps A^-1 with A = penalty I + sum x x', b = sum y x and theta = A^-1 b. The models lie innermost, so
that the scores of many are computed side by side. Plain loops: the same bits everywhere.
"""

import math
from typing import Any, NamedTuple

import numpy as np


class Ridge(NamedTuple):
    """n models in d dimensions, scored m at a time."""

    inverse: np.ndarray  #: (d, d, n) A^-1
    total: np.ndarray  #: (d, n) b
    theta: np.ndarray  #: (d, n) A^-1 b
    scratch: np.ndarray  #: (d,)
    width: np.ndarray  #: (m,)
    score: np.ndarray  #: (m,)


def ridge(n: int, d: int, penalty: float = 1.0, together: int | None = None) -> Ridge:
    """Nothing seen yet; `together` models are scored at a time, by default all.

    >>> ridge(1, 2, 4.0).inverse[:, :, 0].tolist()
    [[0.25, 0.0], [0.0, 0.25]]
    """
    m = n if together is None else together
    return Ridge(np.repeat((np.eye(d) / penalty)[:, :, None], n, axis=2), np.zeros((d, n)), np.zeros((d, n)), np.zeros(d), np.zeros(m), np.zeros(m))


def ridge_add(model: Any, i: Any, x: Any, y: Any) -> Any:
    """One more pair for model i, x (d,): Sherman and Morrison's formula. Leaves A^-1 x as it was in `scratch`, and returns 1 + x' A^-1 x.

    >>> m = ridge(1, 2)
    >>> float(ridge_add(m, 0, np.array([1.0, 0.0]), 3.0)), m.theta[:, 0].tolist()
    (2.0, [1.5, 0.0])
    """
    d = model.scratch.size
    along = 1.0
    for a in range(d):
        row = 0.0
        for b in range(d):
            row += model.inverse[a, b, i] * x[b]
        model.scratch[a] = row
        along += row * x[a]
    for a in range(d):
        model.total[a, i] += y * x[a]
        for b in range(a + 1):  # symmetric to the last bit
            entry = model.inverse[a, b, i] - model.scratch[a] * model.scratch[b] / along
            model.inverse[a, b, i] = entry
            model.inverse[b, a, i] = entry
    for a in range(d):
        row = 0.0
        for b in range(d):
            row += model.inverse[a, b, i] * model.total[b, i]
        model.theta[a, i] = row
    return along


def ridge_scores(model: Any, first: Any, x: Any, alpha: Any) -> Any:
    """theta_i . x + alpha sqrt(x' A_i^-1 x), LinUCB's optimistic predictions, of models first, first + 1, ...: fills and returns `score`.

    >>> ridge_scores(ridge(2, 2, 4.0), 0, np.array([2.0, 0.0]), 3.0).tolist()
    [3.0, 3.0]
    """
    width, score = model.width, model.score
    last = first + score.size
    for k in range(score.size):
        width[k] = 0.0
        score[k] = 0.0
    for a in range(model.scratch.size):
        for b in range(a):
            add_multiple(width, 2.0 * x[a] * x[b], model.inverse[a, b, first:last])
        add_multiple(width, x[a] * x[a], model.inverse[a, a, first:last])
        add_multiple(score, x[a], model.theta[a, first:last])
    for k in range(score.size):
        score[k] += alpha * math.sqrt(max(width[k], 0.0))
    return score


def add_multiple(total: Any, factor: Any, values: Any) -> None:
    """total (m,) += factor values."""
    for k in range(total.size):
        total[k] += factor * values[k]
