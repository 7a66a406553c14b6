"""Misspecified sparse linear bandits: nets of sparse vectors, the needle, and what is guaranteed."""

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, number, whole


class Net(NamedTuple):
    """m sparse vectors: theta[support[i, j]] = coefficient[i, j], the other entries 0."""

    support: np.ndarray  #: (m, s), whole numbers
    coefficient: np.ndarray  #: (m, s)


def sparse_net(dimension: int, sparsity: int, step: float) -> Net:
    """All vectors of the grid step Z^d with at most s non-zero entries and norm at most 1 + step sqrt(s) / 2, each once.

    So every s-sparse vector of the unit ball has one within step / 2 in each entry. A grid cut at norm 1 does not have this
    property: near the sphere the nearest point lies outside.

    Examples
    --------
    >>> sparse_net(3, 1, 0.5).coefficient.ravel().tolist()  # 0, and +-.5, +-1 on each axis
    [0.0, -1.0, -0.5, 0.5, 1.0, -1.0, -0.5, 0.5, 1.0, -1.0, -0.5, 0.5, 1.0]
    """
    d, s = whole("dimension", dimension, 1), whole("sparsity", sparsity, 0)
    if s > d:
        raise BadValue(f"sparsity: got {s}; allowed: 0 to the dimension, {d}")
    h = number("step", step, 1e-6)
    reach = 1.0 / h + math.sqrt(s) / 2.0  # greatest norm, in steps
    side = [i for i in range(-int(reach), int(reach) + 1) if i]
    support, coefficient = [np.zeros((1, s))], [np.zeros((1, s))]
    for active in range(1, s + 1):
        points = np.array([p for p in itertools.product(side, repeat=active) if sum(i * i for i in p) <= reach * reach * (1 + 1e-12)], float).reshape(-1, active)
        for where in itertools.combinations(range(d), active):
            rest = [i for i in range(d) if i not in where][: s - active]  # entries that stay 0
            support.append(np.tile(np.array(where + tuple(rest), float), (len(points), 1)))
            coefficient.append(np.hstack([points * h, np.zeros((len(points), s - active))]))
    return Net(np.concatenate(support), np.concatenate(coefficient))


def net_tolerance(misspecification: float, step: float, sparsity: int) -> float:
    """eps + step sqrt(s) / 2: how far a reading may be from what the net point next to theta predicts, |a| <= 1 [D].

    Examples
    --------
    >>> round(net_tolerance(0.05, 0.1, 2), 6)
    0.120711
    """
    return number("misspecification", misspecification, 0.0) + number("step", step, 0.0) * math.sqrt(whole("sparsity", sparsity, 0)) / 2.0


def needle(dimension: int, arms: int, rng: np.random.Generator, hidden: int | None = None) -> tuple[np.ndarray, np.ndarray, float]:
    """Features (n, d) of random signs / sqrt(d), f = 1 at one hidden arm and 0 elsewhere, and the misspecification of theta = its feature.

    The misspecification is the largest overlap of the hidden feature with another one, so a search without features is all
    that helps: (n + 1) / 2 readings on average.

    Examples
    --------
    >>> features, f, eps = needle(64, 100, np.random.default_rng(0))
    >>> features.shape, float(f.sum()), eps < 0.5
    ((100, 64), 1.0, True)
    """
    d, n = whole("dimension", dimension, 1), whole("arms", arms, 2)
    features = np.where(rng.random((n, d)) < 0.5, -1.0, 1.0) / math.sqrt(d)
    at = int(rng.integers(n)) if hidden is None else whole("hidden", hidden, 0, n - 1)
    f = np.zeros(n)
    f[at] = 1.0
    return features, f, float(np.abs(np.delete(features @ features[at], at)).max())


def coherence(features: Any) -> float:
    """The largest |<a, b>| of two different rows.

    Examples
    --------
    >>> coherence([[1.0, 0.0], [0.6, 0.8]])
    0.6
    """
    a = array("features", features, (None, None))
    overlap = np.abs(a @ a.T)
    np.fill_diagonal(overlap, 0.0)
    return float(overlap.max())
