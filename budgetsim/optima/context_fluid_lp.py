"""What any rule can earn that sees each user before it spends one of its recommendations."""

from typing import Any, NamedTuple

import numpy as np

from .. import intervals
from ..arguments import BadValue, array, number, probabilities, whole
from ..model import TOLERANCE, Optimum

_EPS = float(np.finfo(float).eps)


class Threshold(NamedTuple):
    """Serve where the best mean reward is above `above`, and at it with probability `at`, while the budget lasts."""

    above: float
    at: float


class Price(NamedTuple):
    """`price`: reward for one more recommendation."""

    price: float


def context_fluid_lp(best_mean: Any, budget: Any, horizon: int, probability: Any = None, level: float = 0.999) -> Optimum:
    """The fluid linear program over contexts: an upper bound for every rule, and the threshold rule that nearly attains it.

    A round shows a user whose best arm has mean reward m, independent over rounds; a recommendation costs 1, T rounds, budget
    B. For any price >= 0 every rule, told all means or not, has

        E[reward] <= B price + T E max(m - price, 0),

    as each recommendation earns at most m - price above its price and at most B of them are paid; the least such bound is the
    value of max T E[m p(m)] subject to T E[p(m)] <= B. Serving users above the price while the budget lasts earns
    ``E[m | served] E min(N, floor B)``, N binomial: that is `lower`.

    Parameters
    ----------
    best_mean : (n,) in [0, 1], reward: the values of m where `probability` is given, else independent samples of m.
    budget : number of recommendations, >= 0, one number or (1,); may be infinite.
    horizon : rounds, at least 1.
    probability : (n,), sums to 1; None for samples.
    level : confidence of `lower` and `upper` together, for samples.

    Returns
    -------
    Optimum with `plan` = Threshold(above, at) and `dual` = Price(price). Certified where the law of m is given. From samples
    it is statistical: the first half chooses the price, the second estimates what it leaves, since any price gives a bound.

    Raises
    ------
    BadType, BadValue : wrong shapes, numbers out of range.

    Examples
    --------
    >>> best = context_fluid_lp([1.0, 0.0], budget=50, horizon=100, probability=[0.5, 0.5])
    >>> best.value, round(best.lower, 3), best.plan
    (50.0, 48.01, Threshold(above=1.0, at=1.0))

    References
    ----------
    Derived here; [Wu2015]_ has the program for finitely many contexts.
    """
    m = array("best_mean", best_mean, (None,), 0.0, 1.0)
    horizon = whole("horizon", horizon, 1)
    budget = float(array("budget", [budget] if np.ndim(budget) == 0 else budget, (1,), 0.0, finite=False)[0])
    level = number("level", level, 0.5, 1.0 - 1e-12)
    b = min(budget, float(horizon))
    sampled, half = probability is None, m.size // 2
    if sampled and half < 2:
        raise BadValue(f"best_mean: got {m.size} samples; allowed: at least 4, or the probability of each value")
    weight = np.full(half, 1.0 / half) if sampled else probabilities("probability", probability, (m.size,))
    price, at = _threshold(m[:half] if sampled else m, weight, b / horizon)
    law = m[half:] if sampled else m
    surplus, serve = np.maximum(law - price, 0.0), np.where(law > price, 1.0, np.where(law == price, at, 0.0))
    if sampled:
        each = intervals.simultaneous(level, 3)
        left, earned_, served_ = (intervals.mean(v, each) for v in (surplus, serve * law, serve))
        middle, high, earned, served = left.estimate, min(left.high, 1.0), max(earned_.low, 0.0), min(served_.high, 1.0)
    else:
        middle = high = float(weight @ surplus)
        earned, served = float(weight @ (serve * law)), float(weight @ serve)
    slack = 8 * (m.size + 4) * _EPS
    return Optimum(
        "context_fluid_lp",
        "statistical" if sampled else "certified",
        b * price + horizon * middle,
        _earned(earned, served, budget, horizon) * (1.0 - slack),
        (b * (1.0 + TOLERANCE) * price + horizon * high) * (1.0 + slack),
        Threshold(price, at),
        Price(price),
        "every rule, told the means or not",
        level if sampled else 0.0,
    )


def examples() -> list[dict[str, Any]]:
    """Arguments of a few small instances."""
    return [
        {"best_mean": [0.5], "probability": [1.0], "budget": 5.0, "horizon": 10},
        {"best_mean": [0.9, 0.5, 0.1], "probability": [0.25, 0.25, 0.5], "budget": 40.0, "horizon": 100},
        {"best_mean": [(i * 7 % 20) / 20 for i in range(400)], "budget": 40.0, "horizon": 100},
    ]


def _threshold(m: np.ndarray, weight: np.ndarray, rate: float) -> tuple[float, float]:
    """The price above which less than `rate` of the users lie, and the share to serve at it; price 0 where all can be served."""
    order = np.argsort(-m, kind="stable")
    upto = np.cumsum(weight[order])
    if rate >= upto[-1] * (1.0 - 1e-12):
        return 0.0, 1.0
    price = float(m[order][np.searchsorted(upto, rate * (1.0 - 1e-12))])
    over, equal = float(weight[m > price].sum()), float(weight[m == price].sum())
    return price, min(max((rate - over) / equal, 0.0), 1.0)


def _earned(earned: float, served: float, budget: float, horizon: int) -> float:
    """Mean reward of a rule that serves with probability `served`, earning `earned` a round, until the budget is spent."""
    from scipy.stats import binom

    if served <= 0.0:
        return 0.0
    served = min(served, 1.0)
    most = int(min(np.floor(budget * (1.0 + TOLERANCE)), horizon))
    sent = horizon * served * binom.cdf(most - 2, horizon - 1, served) + most * binom.sf(most - 1, horizon, served)
    return earned / served * min(float(sent), most)
