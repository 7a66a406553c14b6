"""What is proved of rules that stay on a point of a Gaussian process: grouped posterior, information, number of batches."""

import math
from typing import Any

import numpy as np

from ..arguments import array, number


def grouped_posterior(covariance: Any, points: Any, pulls: Any, means: Any, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean (n,) and variance (n,) from means of repeated readings, prior mean 0.

    ``mu = k_q (K_qq + v diag(1/m))^-1 ybar``, ``var = k(x, x) - k_q (K_qq + v diag(1/m))^-1 k_q'`` over the q unique points.

    Parameters
    ----------
    covariance : (n, n), reward squared.  points : (q,) which points were read.  pulls : (q,) how often, >= 1.
    means : (q,) mean reading of each, reward.  noise : variance v of a reading, > 0.

    Examples
    --------
    >>> mean, variance = grouped_posterior([[1.0, 0.5], [0.5, 1.0]], [0], [1], [2.0], 1.0)
    >>> mean.tolist(), variance.tolist()
    ([1.0, 0.5], [0.5, 0.875])
    """
    k, noise = array("covariance", covariance, (None, None)), number("noise", noise, 1e-300)
    points = np.asarray(points, int)
    m, y = array("pulls", pulls, (points.size,), 1.0), array("means", means, (points.size,))
    across = k[:, points]
    solved = np.linalg.solve(across[points] + noise * np.diag(1.0 / m), np.column_stack([y, across.T]))
    return across @ solved[:, 0], np.diag(k) - (across * solved[:, 1:].T).sum(axis=1)


def information_gain(covariance: Any, pulls: Any, noise: float) -> float:
    """I = 1/2 log det(1 + K / v) in nats of the readings taken, from how often each point was read: ``1/2 log det(1 + D^1/2 K D^1/2 / v)``.

    Examples
    --------
    >>> round(information_gain([[1.0]], [3], 1.0), 6)  # 1/2 log 4
    0.693147
    """
    k = array("covariance", covariance, (None, None))
    root = np.sqrt(array("pulls", pulls, (k.shape[0],), 0.0))
    return 0.5 * float(np.linalg.slogdet(np.eye(root.size) + root[:, None] * k * root / number("noise", noise, 1e-300))[1])


def batch_bound(information: float, factor: float) -> float:
    """At most ``2 I / log((C^2 + 1) / 2)`` complete batches, for C > 1 [D].

    A batch of m readings at x brings 1/2 log(1 + m var / v). Where the floor is at least 1 it is at least half of what is under it, so
    m var / v >= (C^2 - 1) / 2; where it is 0, one reading brings more than that.

    Examples
    --------
    >>> round(batch_bound(10.0, 2.0), 3)
    21.827
    """
    factor = number("factor", factor, 1.0 + 1e-12)
    return 2.0 * number("information", information, 0.0) / math.log((factor * factor + 1.0) / 2.0)


def deviation_ratio(variance: Any, factor: float, noise: float) -> np.ndarray:
    """By what the standard deviation at a point shrinks in its own batch: sqrt(1 + m var / v), m = max(1, floor((C^2 - 1) v / var)).

    At most C where the floor is at least 1; with one forced reading, sqrt(1 + var / v).

    Examples
    --------
    >>> deviation_ratio([0.5, 100.0], 2.0, 1.0).round(3).tolist()
    [2.0, 10.05]
    """
    variance, noise = array("variance", variance, (None,), 0.0), number("noise", noise, 1e-300)
    m = np.maximum(1.0, np.floor((number("factor", factor, 1.0) ** 2 - 1.0) * noise / np.maximum(variance, 1e-300)))
    return np.sqrt(1.0 + m * variance / noise)
