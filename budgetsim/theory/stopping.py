"""One choice, made once: secretaries, prophets, and how many seats to keep for those who pay more."""

from typing import Any

import numpy as np

from ..arguments import array, number, whole


def secretary_chance(candidates: int, rejected: int) -> float:
    """The chance of hiring the best of n when r are let pass: 1/n at r = 0, else (r/n) sum over k = r..n-1 of 1/k.

    >>> secretary_chance(4, 1), secretary_chance(3, 0)
    (0.4583333333333333, 0.3333333333333333)
    """
    n, r = whole("candidates", candidates, 1), whole("rejected", rejected)
    if r >= n:
        return 0.0
    return 1.0 / n if r == 0 else r / n * float(np.sum(1.0 / np.arange(r, n)))


def secretary_best(candidates: int) -> tuple[float, int]:
    """The best chance, and the fewest rejections that attain it: the least r with sum over k = r+1..n-1 of 1/k at most 1.

    >>> secretary_best(100)
    (0.371042..., 37)
    """
    n = whole("candidates", candidates, 1)
    r, tail = n - 1, 0.0
    while r > 0 and tail + 1.0 / r <= 1.0:
        tail += 1.0 / r
        r -= 1
    return secretary_chance(n, r), r


# ------------------------------------------------------------------------------------------------ prophets
def _law_of_maximum(value: Any, probability: Any) -> tuple[np.ndarray, np.ndarray]:
    """Values in rising order and P(max <= v); what a round's probabilities lack of 1 is a value of 0."""
    v, p = np.asarray(value, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    points = np.unique(np.append(v, 0.0))
    at_most = np.sum(p[None] * (v[None] <= points[:, None, None]), axis=2) + (1.0 - p.sum(axis=1))
    return points, np.prod(np.clip(at_most, 0.0, 1.0), axis=1)


def expected_maximum(value: Any, probability: Any) -> float:
    """E[max] of independent offers with values (T, m) >= 0 of probabilities (T, m): what a prophet takes.

    >>> round(expected_maximum([[1.0, 1.0], [100.0, 0.0]], [[1.0, 0.0], [0.01, 0.99]]), 9)
    1.99
    """
    points, upto = _law_of_maximum(value, probability)
    return float(points @ np.diff(upto, prepend=0.0))


def median_of_maximum(value: Any, probability: Any) -> tuple[float, float]:
    """(price, tie): taking the first value above the price, and one equal to it with chance `tie`, takes something with probability 1/2.

    Where nothing is offered with probability above 1/2 everything is taken.

    >>> median_of_maximum([[1.0, 3.0]], [[0.75, 0.25]])
    (1.0, 0.333...)
    """
    v, p = np.asarray(value, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    points, upto = _law_of_maximum(v, p)
    price = float(points[np.argmax(upto >= 0.5)])
    above, equal = np.sum(p * (v > price), axis=1), np.sum(p * (v == price), axis=1)
    low, high = 0.0, 1.0
    for _ in range(60):  # P(nothing is taken) falls in the chance of taking ties
        tie = 0.5 * (low + high)
        low, high = (tie, high) if np.prod(1.0 - above - tie * equal) > 0.5 else (low, tie)
    return price, high


def best_threshold_stopping(value: Any, probability: Any) -> float:
    """What the best rule that knows the laws, but not the future, earns: V_t = E max(v_t, V_(t+1)).

    >>> best_threshold_stopping([[1.0, 1.0], [100.0, 0.0]], [[1.0, 0.0], [0.01, 0.99]])
    1.0
    """
    ahead = 0.0
    for v, p in zip(np.asarray(value, float)[::-1], np.asarray(probability, float)[::-1], strict=True):
        ahead = float(p @ np.maximum(v, ahead) + (1.0 - p.sum()) * ahead)
    return ahead


def pair_ratio(eps: float) -> float:
    """Best online over prophet where 1 comes surely and then 1/eps with probability eps: 1 / (2 - eps).

    >>> round(pair_ratio(0.01), 4)
    0.5025
    """
    return 1.0 / (2.0 - number("eps", eps, 1e-300, 1.0))


def identical_prophet_constant() -> float:
    """beta, the root of int_0^1 dy / (y (1 - ln y) + beta - 1) = 1: with identical offers 1/beta of the prophet is attained, and no more.

    >>> beta = identical_prophet_constant()
    >>> round(beta, 6), round(1.0 / beta, 6)
    (1.341489, 0.74544)
    """
    from scipy.integrate import quad
    from scipy.optimize import brentq

    def excess(beta: float) -> float:
        return quad(lambda y: 1.0 / (y * (1.0 - np.log(y)) + beta - 1.0), 0.0, 1.0, epsabs=1e-13, epsrel=1e-13)[0] - 1.0

    return float(brentq(excess, 1.2, 1.6, xtol=1e-13))


# ------------------------------------------------------------------------------------------------ seats
def littlewood(full: float, discount: float, mean: float, deviation: float) -> float:
    """How many seats to keep for the full fare when its demand is N(mean, deviation^2): P(demand > y) = discount / full.

    >>> round(littlewood(1000.0, 400.0, 50.0, 18.0), 4)
    54.5602
    """
    from ..draws import normal_quantile

    full = number("full", full, 0.0)
    share = number("discount", discount, 0.0, full) / full
    return number("mean", mean) + number("deviation", deviation, 0.0) * normal_quantile(1.0 - share)


def emsr(fares: Any, mean: Any, deviation: Any) -> np.ndarray:
    """EMSR-b protection levels (n - 1,) of n falling fares: Littlewood's rule for the classes above, their fares averaged by mean demand.

    >>> emsr([1000.0, 400.0], [50.0, 30.0], [18.0, 5.0]).round(4).tolist()
    [54.5602]
    """
    f = array("fares", fares, (None,), 0.0)
    m, s = array("mean", mean, f.shape, 0.0), array("deviation", deviation, f.shape, 0.0)
    total, spread = np.cumsum(m), np.sqrt(np.cumsum(s * s))
    average = np.cumsum(f * m) / total
    return np.array([littlewood(float(average[k]), float(f[k + 1]), float(total[k]), float(spread[k])) for k in range(f.size - 1)])
