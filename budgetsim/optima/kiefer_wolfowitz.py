"""The G-optimal design: where to read a linear function so that no prediction is bad."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, number
from ..model import Optimum


class Plan(NamedTuple):
    """The design: weights (n,), and its points."""

    weights: np.ndarray
    support: np.ndarray


def kiefer_wolfowitz(features: Any, tolerance: float = 0.01) -> Optimum:
    """min over designs w of max_a a' V(w)^-1 a, V(w) = sum_a w_a a a'; by Kiefer and Wolfowitz it is the rank d of the features.

    Frank and Wolfe's steps and steps away, with exact line search, from a few points that lie far apart [Kumar2005]_, until the greatest
    variance is at most (1 + tolerance) d; so the support stays small. `upper` is the greatest variance of the design returned, recomputed; `lower` is d,
    since sum_a w_a a' V^-1 a = d for every design.

    Parameters
    ----------
    features : (n, d), not all 0. Where their rank is below d, everything is meant within their span.
    tolerance : relative, > 0.

    Returns
    -------
    Optimum with `plan` = Plan(weights, support); to be minimised, so `upper` is attained.

    Raises
    ------
    BadType, BadValue : wrong shapes; features that are all 0.

    Examples
    --------
    >>> design = kiefer_wolfowitz([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    >>> design.lower, design.upper < 2.03, design.plan.support.tolist()
    (2.0, True, [0, 1])

    References
    ----------
    [Kiefer1960]_; [Kumar2005]_ for where to start
    """
    a = array("features", features, (None, None))
    tolerance = number("tolerance", tolerance, 1e-9)
    _, singular, axes = np.linalg.svd(a, full_matrices=False)
    rank = int((singular > 1e-10 * max(float(singular.max(initial=0.0)), 1e-300)).sum())
    if rank == 0 or not singular.any():
        raise BadValue("features: got rows that are all 0; allowed: at least one that is not")
    x = a @ axes[:rank].T  # coordinates within the span
    w = _spread_out(x)
    for turn in range(1_000_000):
        if turn % 50 == 0:  # afresh, before rounding adds up
            inverse, spread = _variances(x, w)
            if spread.max() <= (1.0 + tolerance) * rank:
                break
        most, least = int(np.argmax(spread)), int(np.argmin(np.where(w > 0.0, spread, np.inf)))
        # towards the point that is predicted worst, or away from the one in the design that is predicted best
        at = most if spread[most] - rank >= rank - spread[least] else least
        out = -w[at] / (1.0 - w[at])  # the step that takes a point out of the design; the best one where its variance is at most 1
        pace = max((spread[at] - rank) / (rank * (spread[at] - 1.0)), out) if spread[at] > 1.0 else out
        w *= 1.0 - pace
        w[at] = max(w[at] + pace, 0.0)
        direction = inverse @ x[at]
        share = pace / (1.0 - pace + pace * spread[at])
        spread = (spread - share * (x @ direction) ** 2) / (1.0 - pace)
        inverse = (inverse - share * np.outer(direction, direction)) / (1.0 - pace)
    w /= w.sum()
    worst = float(_variances(x, w)[1].max()) * (1.0 + 1e-12)
    return Optimum(
        "kiefer_wolfowitz",
        "certified",
        float(rank),
        float(rank),
        worst,
        Plan(w, np.flatnonzero(w > 0.0)),
        None,
        "the greatest variance of a prediction, minimised over designs",
    )


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [{"features": [[2.0]]}, {"features": [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [1.0, 1.0]]}]


def _variances(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """V(w)^-1, and x' V^-1 x of every row."""
    inverse = np.linalg.inv(x.T @ (x * w[:, None]))
    return inverse, ((x @ inverse) * x).sum(axis=1)


def _spread_out(x: np.ndarray) -> np.ndarray:
    """Equal weights on at most 2 d points: the two ends of the rows in one direction after another, each orthogonal to what was found."""
    n, d = x.shape
    basis, w = np.zeros((0, d)), np.zeros(n)
    if d == 1:  # solved: all weight on a longest row
        w[np.argmax(np.abs(x))] = 1.0
        return w
    for _ in range(d):
        rest = x - (x @ basis.T) @ basis
        far = rest[int(np.argmax((rest * rest).sum(axis=1)))]
        far = far / np.linalg.norm(far)
        along = x @ far
        w[[int(np.argmax(along)), int(np.argmin(along))]] = 1.0
        basis = np.vstack([basis, far])
    return w / w.sum()
