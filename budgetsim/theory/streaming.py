"""Closed forms of single-pass streaming bandits: the accuracy to aim at, what exploration costs, the family that makes it hard.

K arms arrive once, T pulls are there. Every rule with memory for o(K) arms has regret Omega(K^(1/3) T^(2/3)), and O(K^(1/3) T^(2/3)) is
reached by finding an arm within eps = (K / T)^(1/3) of the best with O(K / eps^2) pulls and staying with it [Wang2023]_.
"""

import math
from typing import Any

import numpy as np

from ..arguments import BadValue, array, number, whole
from ..draws import exp, log


def stream_accuracy(arms: int, pulls: int) -> float:
    """eps = (K / T)^(1/3): how near to the best mean the arm must be with which a rule stays.

    >>> round(stream_accuracy(500, 500_000), 12)
    0.1
    """
    return exp(log(whole("arms", arms, 1) / whole("pulls", pulls, 1)) / 3.0)


def stream_batch(arms: int, pulls: int, factor: float = 1.0) -> int:
    """factor / eps^2 = factor (T / K)^(2/3) pulls, rounded up, at least 1.

    >>> stream_batch(500, 500_000), stream_batch(500, 500_000, 1.2), stream_batch(5, 2)
    (100, 120, 1)
    """
    eps = stream_accuracy(arms, pulls)
    return max(1, math.ceil(number("factor", factor, 0.0) / (eps * eps) * (1.0 - 1e-12)))  # 100.00000000000001 is 100


def stream_scale(arms: int, pulls: int) -> float:
    """K^(1/3) T^(2/3) = eps T, in which regret is measured.

    >>> round(stream_scale(500, 500_000), 6)
    50000.0
    """
    return stream_accuracy(arms, pulls) * pulls


def uniform_batch(arms: int, pulls: int) -> int:
    """(log T)^(1/3) / eps^2: what `uniform_exploration` pulls each arm.

    >>> uniform_batch(500, 500_000)
    236
    """
    return stream_batch(arms, pulls, exp(log(log(pulls)) / 3.0) if pulls > 1 else 1.0)


def naive_batch(arms: int, pulls: int) -> int:
    """log(K) / eps^2: what `naive_eps_best` pulls each arm, so that all K estimates are good at once.

    >>> naive_batch(500, 500_000)
    622
    """
    return stream_batch(arms, pulls, log(whole("arms", arms, 1)))


def exploration_cost(mean_reward: Any, each: int, pulls: int) -> float:
    """Pseudo-regret of pulling every arm `each` times, in the order given, while pulls last: a floor under every rule that does so.

    >>> round(exploration_cost([0.5, 0.8, 0.7], 10, 1000), 12), round(exploration_cost([0.5, 0.8, 0.7], 10, 25), 12)
    (4.0, 3.5)
    """
    mean = array("mean_reward", mean_reward, (None,), 0.0, 1.0)
    each, pulls = whole("each", each), whole("pulls", pulls, 1)
    made = np.clip(pulls - each * np.arange(mean.size, dtype=float), 0.0, each)
    return float(made @ (mean.max() - mean))


def commitment_regret(mean_reward: Any, each: int, pulls: int) -> float:
    """Exact expected regret of pulling every arm `each` times and then staying with the best sample mean, ties to the earlier arm.

    each sum_k gap_k + (T - K each) sum_k P(k is kept) gap_k, with P(k is kept) = sum_x P(X_k = x) prod_{j < k} P(X_j < x)
    prod_{j > k} P(X_j <= x) for independent binomial X. O(K each) numbers; needs K each <= T.

    >>> round(commitment_regret([0.5, 1.0], 1, 100), 12)  # a tie in half of the cases, then the earlier arm: 0.5 + 98 * 0.5 * 0.5
    25.0
    """
    from scipy import stats

    mean = array("mean_reward", mean_reward, (None,), 0.0, 1.0)
    each, pulls, n = whole("each", each, 1), whole("pulls", pulls, 1), mean.size
    if n * each > pulls:
        raise BadValue(f"each: got {each} pulls for each of {n} arms; allowed: at most {pulls // n}, so that {pulls} pulls are enough")
    x, chance = np.arange(each + 1), np.where(mean < 1e-290, 0.0, mean)[:, None]  # scipy overflows below
    point, upto = np.asarray(stats.binom.pmf(x, each, chance)), np.asarray(stats.binom.cdf(x, each, chance))
    below = np.hstack([np.zeros((n, 1)), upto[:, :-1]])
    before = np.vstack([np.ones((1, x.size)), np.cumprod(below, axis=0)[:-1]])
    after = np.vstack([np.cumprod(upto[::-1], axis=0)[::-1][1:], np.ones((1, x.size))])
    kept = (point * before * after).sum(axis=1)
    gaps = mean.max() - mean
    return float(each * gaps.sum() + (pulls - n * each) * (kept @ gaps))


def hidden_arm(arms: int, pulls: int, place: int = 0, lift: float = 1.0) -> np.ndarray:
    """The family behind the lower bound: all means 1/2 but one, which is higher by lift * eps; `place` counts from 0 in the order of arrival.

    >>> hidden_arm(3, 3000, place=1).round(12).tolist()
    [0.5, 0.6, 0.5]
    """
    arms = whole("arms", arms, 1)
    place = whole("place", place, 0, arms - 1)
    high = 0.5 + number("lift", lift, 0.0) * stream_accuracy(arms, pulls)
    if high > 1.0:
        raise BadValue(f"lift: got {lift!r}, which lifts a mean of 1/2 to {high:g}; allowed: means up to 1")
    mean = np.full(arms, 0.5)
    mean[place] = high
    return mean
