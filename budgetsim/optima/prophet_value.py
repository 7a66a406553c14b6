"""What a prophet earns in online Bayesian matching: the expected heaviest matching of those who come, by Monte Carlo."""

import warnings
from typing import Any

import numpy as np

from .. import intervals
from ..arguments import number, whole
from ..model import Optimum
from ..shared.matching import market


def prophet_value(weight: Any, probability: Any, samples: int = 2000, seed: int = 0, level: float = 0.99) -> Optimum:
    """E[max-weight matching of the arrivals], estimated from independent days; between `matching_dp` and `matching_lp(..., "offline")`.

    Parameters
    ----------
    weight : (I, T, J) >= 0, reward.
    probability : (T, J), each round sums to at most 1.
    samples : days, at least 2; each is solved exactly, in O(I^2 T).
    seed : of the days.
    level : of the interval [lower, upper].

    Returns
    -------
    Optimum of kind "statistical" with its `level`; `value` is the mean, `lower` and `upper` the ends of its interval. With one node E[max] is known
    exactly: `theory.stopping.expected_maximum`.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges.

    Examples
    --------
    >>> best = prophet_value([[[1.0], [4.0]]], [[1.0], [0.25]], samples=500)
    >>> best.lower < 1.75 < best.upper
    True

    References
    ----------
    [Braverman2024]_.
    """
    told = market(weight, probability)
    samples, level = whole("samples", samples, 2), number("level", level, 0.5, 1.0 - 1e-9)
    earned = heaviest(told.weight, arrivals(told.upto, samples, np.random.default_rng(whole("seed", seed))))
    with warnings.catch_warnings():  # its caveat goes into `of`
        warnings.simplefilter("ignore", intervals.IntervalWarning)
        one = intervals.mean(earned, level)
    of = "; ".join(part for part in ("expected heaviest matching in hindsight", one.caveat) if part)
    return Optimum("prophet_value", "statistical", float(one.estimate), float(one.low), float(one.high), None, None, of, level)


def arrivals(upto: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """(samples, T) types, J where nobody comes."""
    return np.sum(rng.random((samples, len(upto), 1)) >= upto, axis=2)


def heaviest(weight: np.ndarray, days: np.ndarray) -> np.ndarray:
    """The weight (samples,) of the heaviest matching of each day (samples, T) of types."""
    from scipy.optimize import linear_sum_assignment

    with_nobody = np.concatenate([weight, np.zeros((*weight.shape[:2], 1))], axis=2)
    offered = with_nobody[:, np.arange(days.shape[1]), days]  # (I, samples, T)
    if len(weight) == 1:
        return offered[0].max(axis=1)
    out = np.empty(len(days))
    for k in range(len(days)):
        rows, columns = linear_sum_assignment(offered[:, k], maximize=True)
        out[k] = offered[rows, k, columns].sum()
    return out
