"""Sample means, radii, KL inversions and choices that several rules share: plain functions, portable to the last bit."""

import math
from typing import Any, NamedTuple

import numpy as np

from .arguments import BadValue
from .draws import exp, integer, log
from .kernels import available
from .model import Spec


# ------------------------------------------------------------------------------------------------ sample means
class Means(NamedTuple):
    """What was earned by each of n arms. An arm never pulled has mean inf, so that every index tries it first."""

    pulls: np.ndarray
    total: np.ndarray  #: sum of rewards: whole numbers add up exactly, so arms with equal records tie
    mean: np.ndarray


def means(n: int) -> Means:
    """Nothing seen yet.

    >>> means(2).mean.tolist()
    [inf, inf]
    """
    return Means(np.zeros(n), np.zeros(n), np.full(n, math.inf))


def record(seen: Any, arm: Any, reward: Any) -> Any:
    """Adds one reward of an arm to its mean; returns its pulls.

    >>> m = means(2)
    >>> pulls = record(m, 1, 0.5), record(m, 1, 1.0)
    >>> m.pulls.tolist(), m.mean.tolist()
    ([0.0, 2.0], [inf, 0.75])
    """
    n = seen.pulls[arm] + 1.0
    seen.pulls[arm] = n
    total = seen.total[arm] + reward
    seen.total[arm] = total
    seen.mean[arm] = total / n
    return n


# ------------------------------------------------------------------------------------------------ choices
def best(view: Any, value: Any) -> Any:
    """The first available arm of greatest value (n,); -1 where none is above -inf.

    Eight arms at a time: most eights hold nothing above the greatest so far, which a few comparisons side by side tell.

    >>> best((), np.array([1.0, 3.0, 3.0])), best((), np.array([0.0, 1.0, 2.0, 3.0, 9.0, 9.0, 4.0, 0.0, 5.0]))
    (1, 4)
    """
    arm, greatest, k, n = -1, -math.inf, 0, value.size
    while k + 8 <= n:
        if ((value[k] > greatest) | (value[k + 1] > greatest) | (value[k + 2] > greatest) | (value[k + 3] > greatest)
                | (value[k + 4] > greatest) | (value[k + 5] > greatest) | (value[k + 6] > greatest) | (value[k + 7] > greatest)):  # fmt: skip
            for j in range(k, k + 8):
                if value[j] > greatest and available(view, j):
                    arm, greatest = j, value[j]
        k += 8
    while k < n:
        if value[k] > greatest and available(view, k):
            arm, greatest = k, value[k]
        k += 1
    return arm


def best_mean(seen: Any) -> Any:
    """The arm of greatest mean among those pulled; 0 where none was: what to recommend."""
    arm, greatest = 0, -math.inf
    for k in range(seen.mean.size):
        if seen.pulls[k] > 0.0 and seen.mean[k] > greatest:
            arm, greatest = k, seen.mean[k]
    return arm


def any_arm(view: Any, n: Any, key: Any, slot: Any) -> Any:
    """One of the available arms, each with the same probability."""
    count = 0
    for k in range(n):
        if available(view, k):
            count += 1
    skip, arm = integer(key, slot, count), 0
    if count == n:
        return skip
    while skip > 0 or not available(view, arm):
        if available(view, arm):
            skip -= 1
        arm += 1
    return arm


# ------------------------------------------------------------------------------------------------ budgets
def spending_rate(rule: str, spec: Spec) -> np.ndarray:
    """budget / horizon (d,): what a round may cost on average; inf where there is no cap, 1e-100 where nothing may be spent.

    >>> from .model import ARM, Spec
    >>> spending_rate("a rule", Spec(ARM, 2, 10, budget=np.array([5.0, np.inf]))).tolist()
    [0.5, inf]
    """
    if spec.renew:
        raise BadValue(f"{rule}: got a budget that is renewed every round; allowed: one budget for the whole run")
    return np.maximum(spec.budget / spec.horizon, 1e-100)


def scarce_rate(rule: str, spec: Spec, largest: np.ndarray) -> np.ndarray:
    """`spending_rate` for rules that scale costs by the largest, (1,) or (d,); declines where nothing is scarce, or a budget is 0.

    >>> from .model import ARM, Spec
    >>> scarce_rate("a rule", Spec(ARM, 2, 10, budget=np.array([5.0])), np.ones(1)).tolist()
    [0.5]
    """
    d = spec.budget.size
    if largest.size not in (1, d):
        raise BadValue(f"largest_cost: got {largest.size} numbers; allowed: one, or one for each of the problem's {d} resources")
    if not np.isfinite(spec.budget).any() or (spec.budget <= 0.0).any():
        raise BadValue(f"{rule}: got budget {spec.budget.tolist()}; allowed: at least one that is finite, and none that is 0")
    return spending_rate(rule, spec)


# ------------------------------------------------------------------------------------------------ radii
def hoeffding(n: Any, level: Any) -> Any:
    """sqrt(level / n): of a mean of n values in an interval of length 1, with error exp(-2 level) on either side.

    >>> hoeffding(8.0, 2.0)
    0.5
    """
    return math.sqrt(level / n)


def relative(mean: Any, n: Any, level: Any) -> Any:
    """sqrt(level mean / n) + level / n: narrower than Hoeffding's where the mean of n values in [0, 1] is small.

    >>> relative(0.25, 4.0, 1.0)
    0.5
    """
    return math.sqrt(level * mean / n) + level / n


# ------------------------------------------------------------------------------------------------ Bernoulli KL
def negative_entropy(p: Any) -> Any:
    """p log p + (1 - p) log(1 - p), 0 at both ends."""
    return (p * log(p) if p > 0.0 else 0.0) + ((1.0 - p) * log(1.0 - p) if p < 1.0 else 0.0)


def bernoulli_kl(p: Any, q: Any) -> Any:
    """kl(p, q) = p log(p/q) + (1 - p) log((1 - p)/(1 - q)) in nats, of probabilities.

    >>> round(bernoulli_kl(0.1, 0.9), 6), bernoulli_kl(0.0, 0.0), bernoulli_kl(0.5, 1.0)
    (1.75778, 0.0, inf)
    """
    if p == q:
        return 0.0
    if (q <= 0.0 and p > 0.0) or (q >= 1.0 and p < 1.0):
        return math.inf
    cross = (p * log(q) if p > 0.0 else 0.0) + ((1.0 - p) * log(1.0 - q) if p < 1.0 else 0.0)
    return max(negative_entropy(p) - cross, 0.0)


def kl_upper(mean: Any, level: Any) -> Any:
    """The greatest q in [mean, 1] with kl(mean, q) <= level. A mean outside [0, 1] counts as the nearer end.

    >>> round(kl_upper(0.5, 0.4), 6), kl_upper(0.3, 0.0), kl_upper(1.0, 0.4)
    (0.871036, 0.3, 1.0)
    """
    p = min(max(mean, 0.0), 1.0)
    return kl_root(p, negative_entropy(p), level)


def kl_root(p: Any, entropy: Any, level: Any) -> Any:
    """`kl_upper` of p in [0, 1], its negative entropy being known.

    Newton on [p, 1), where kl(p, .) is convex and increasing: from the right of the root it descends to it. It starts
    from the least of three upper bounds: Pinsker's, that of the Poisson divergence (which is smaller), and what the
    term with log(1 - q) alone allows.
    """
    rest = 1.0 - p
    if level <= 0.0 or rest <= 0.0:
        return p
    q = 1.0 - exp((entropy - level) / rest)
    if p <= 0.0:
        return q
    q = min(q, p + min(math.sqrt(0.5 * level), level + math.sqrt(level * (level + 2.0 * p))))
    step, i = 1.0, 0
    while i < 60 and p < q < 1.0 and step > 1e-8 * min(q - p, 1.0 - q):
        step = (entropy - p * log(q) - rest * log(1.0 - q) - level) * q * (1.0 - q) / (q - p)
        q -= step
        i += 1
    return min(max(q, p), 1.0)


def kl_lower(mean: Any, level: Any) -> Any:
    """The least q in [0, mean] with kl(mean, q) <= level.

    >>> round(kl_lower(0.5, 0.4), 6)
    0.128964
    """
    return 1.0 - kl_upper(1.0 - mean, level)


# ------------------------------------------------------------------------------------------------ other KL
def poisson_kl(p: Any, q: Any) -> Any:
    """kl(p, q) = q - p + p log(p/q) in nats, of Poisson laws with means p, q >= 0.

    >>> round(poisson_kl(3.0, 6.0), 6), poisson_kl(0.0, 2.0), poisson_kl(1.0, 0.0)
    (0.920558, 2.0, inf)
    """
    if p == q:
        return 0.0
    if q <= 0.0:
        return math.inf
    return max(q - p + (p * log(p / q) if p > 0.0 else 0.0), 0.0)


def exponential_kl(p: Any, q: Any) -> Any:
    """kl(p, q) = p/q - 1 - log(p/q) in nats, of exponential laws with means p, q >= 0.

    >>> round(exponential_kl(3.0, 6.0), 6), exponential_kl(0.0, 1.0), exponential_kl(1.0, 0.0)
    (0.193147, inf, inf)
    """
    if p == q:
        return 0.0
    if p <= 0.0 or q <= 0.0:
        return math.inf
    return max(p / q - 1.0 - log(p / q), 0.0)
