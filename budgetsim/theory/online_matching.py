"""Adversarial online matching in closed form: RANKING by enumeration, fractional Balance, and the guarantee for AdWords."""

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np

from ..arguments import array, number, whole


def triangular(nodes: int) -> np.ndarray:
    """Adjacency (n, n) of the upper-triangular graph: the k-th arrival knows the nodes k, k + 1, ...

    >>> triangular(2).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    return np.triu(np.ones((whole("nodes", nodes, 1),) * 2))


def ranking_matches(adjacency: Any) -> Fraction:
    """The expected number of matches of RANKING: the mean over all n! orders of the nodes, exactly.

    Parameters
    ----------
    adjacency : (arrivals, n), 1 where there is an edge; n at most 9.

    >>> [str(ranking_matches(triangular(n))) for n in (2, 3, 4)]
    ['3/2', '13/6', '67/24']
    """
    edges = array("adjacency", adjacency, (None, None), 0.0, 1.0)
    n = whole("nodes", edges.shape[1], 1, 9)
    total = 0
    for order in itertools.permutations(range(n)):
        free = list(order)
        for row in edges:
            taken = next((i for i in free if row[i]), None)
            if taken is not None:
                free.remove(taken)
        total += n - len(free)
    return Fraction(total, math.factorial(n))


def fractional_balance(adjacency: Any) -> np.ndarray:
    """How full the nodes (n,) end when every arrival pours one unit over its neighbours, always into the emptiest.

    >>> fractional_balance(triangular(3)).round(6).tolist()
    [0.333333, 0.833333, 1.0]
    """
    edges = array("adjacency", adjacency, (None, None), 0.0, 1.0)
    level = np.zeros(edges.shape[1])
    for row in edges:
        near = np.flatnonzero(row)
        if not near.size:
            continue
        low = np.sort(level[near])
        many = np.arange(1, low.size + 1)
        height = min(1.0, float(np.min(np.append((1.0 + np.cumsum(low)) / many, 1.0))))  # the water line: the least over the k lowest
        level[near] = np.maximum(level[near], height)
    return level


def adwords_guarantee(ratio: float) -> float:
    """(1 - 1/b) (1 - R), b = (1 + R)^(1/R): the least fraction of the optimum that `water_filling(R)` earns; 1 - 1/e at R = 0.

    >>> [round(adwords_guarantee(r), 4) for r in (0.0, 0.01, 0.1, 1.0)]
    [0.6321, 0.624, 0.553, 0.0]
    """
    r = number("ratio", ratio, 0.0, 1.0)
    base = math.exp(math.log1p(r) / r) if r > 1e-9 else math.e
    return (1.0 - 1.0 / base) * (1.0 - r)
