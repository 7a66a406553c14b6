"""What a prophet earns in online Bayesian matching: the expected heaviest matching of those who come."""

import itertools
import warnings
from typing import Any

import numpy as np

from .. import intervals
from ..arguments import BadValue, number, whole
from ..model import Optimum
from ..shared.matching import market

_MOST_DAYS = 10**6


def prophet_value(weight: Any, probability: Any, samples: int | None = 2000, seed: int = 0, level: float = 0.99) -> Optimum:
    """E[max-weight matching of the arrivals], by Monte Carlo or over all days; between `matching_dp` and `matching_lp(..., "offline")`.

    Parameters
    ----------
    weight : (I, T, J) >= 0, reward.
    probability : (T, J), each round sums to at most 1.
    samples : independent days, at least 2; each is solved exactly, in O(I^2 T). None: all (J + 1)^T days, at most a million.
    seed : of the days.
    level : of the interval [lower, upper].

    Returns
    -------
    Optimum of kind "statistical" with its `level`, or "certified" over all days; `value` is the mean, `lower` and `upper` the ends of its
    interval. With one node E[max] is known exactly: `theory.stopping.expected_maximum`.

    Raises
    ------
    BadType, BadValue : wrong shapes or ranges, too many days.

    Examples
    --------
    >>> market = [[[1.0], [4.0]]], [[1.0], [0.25]]
    >>> best = prophet_value(*market, samples=500)
    >>> best.lower < prophet_value(*market, samples=None).value == 1.75 < best.upper
    True

    References
    ----------
    [Braverman2024]_.
    """
    told = market(weight, probability)
    if samples is None:
        return _all_days(told.weight, told.probability)
    samples, level = whole("samples", samples, 2), number("level", level, 0.5, 1.0 - 1e-9)
    earned = heaviest(told.weight, arrivals(told.upto, samples, np.random.default_rng(whole("seed", seed))))
    with warnings.catch_warnings():  # its caveat goes into `of`
        warnings.simplefilter("ignore", intervals.IntervalWarning)
        one = intervals.mean(earned, level)
    of = "; ".join(part for part in ("expected heaviest matching in hindsight", one.caveat) if part)
    return Optimum("prophet_value", "statistical", float(one.estimate), float(one.low), float(one.high), None, None, of, level)


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    market = {"weight": [[[1.0, 0.5], [5.0, 0.25]], [[2.0, 0.75], [0.0, 1.0]]], "probability": [[0.5, 0.25], [0.25, 0.5]]}
    return [{"weight": [[[1.0], [4.0]]], "probability": [[1.0], [0.25]], "samples": None}, {**market, "samples": None}, {**market, "samples": 50}]


def _all_days(weight: np.ndarray, probability: np.ndarray) -> Optimum:
    horizon, types = probability.shape
    if (types + 1) ** horizon > _MOST_DAYS:
        raise BadValue(f"samples: got None with {types + 1} ** {horizon} days; allowed: at most {_MOST_DAYS} days, or a number of samples")
    days = np.array(list(itertools.product(range(types + 1), repeat=horizon)))
    law = np.concatenate([probability, np.maximum(1.0 - probability.sum(axis=1, keepdims=True), 0.0)], axis=1)
    mean = float(np.prod(law[np.arange(horizon), days], axis=1) @ heaviest(weight, days))
    slack = 1e-14 * (horizon + 64) * mean
    return Optimum("prophet_value", "certified", mean, mean - slack, mean + slack, of="expected heaviest matching in hindsight, over all days")


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
