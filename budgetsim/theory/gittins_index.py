"""Gittins's index: of any finite rested arm exactly, and of a Bernoulli arm with a beta prior between two bounds."""

from typing import Any, NamedTuple

import numpy as np

from ..arguments import BadValue, array, number, probabilities


class Between(NamedTuple):
    """lower <= the index <= upper; `value` is halfway."""

    value: float
    lower: float
    upper: float


def gittins_index(transition: Any, reward: Any, discount: float) -> np.ndarray:
    """The best ratio of discounted reward to discounted time that an arm offers from each state.

    ``G_s = max over stopping times tau >= 1 of E sum_{t<tau} discount^t r(X_t) / E sum_{t<tau} discount^t``, X_0 = s; an arm
    that is not pulled does not move. The state of greatest reward has index reward. It is then eliminated: the others pass
    through it, collecting its reward and its time on the way, and the greatest ratio that is left is the next index.

    Parameters
    ----------
    transition : (S, S), [from, to], of a pull; rows sum to 1.
    reward : (S,), reward of a pull.
    discount : in (0, 1).

    Returns
    -------
    (S,) indices, in reward per round, up to rounding.

    Raises
    ------
    BadType, BadValue : wrong shapes, rows that do not sum to 1, a discount outside (0, 1).

    Examples
    --------
    >>> gittins_index([[0.0, 1.0], [0.0, 1.0]], [0.0, 1.0], 0.5).tolist()  # one round of nothing, then 1 for ever
    [0.5, 1.0]

    References
    ----------
    [Gittins1979]_; elimination as in [Sonin2008]_.
    """
    p = array("transition", transition, (None, None), 0.0, 1.0)
    n = len(p)
    p = _discount(discount) * probabilities("transition", p, (n, n))
    earned, time = array("reward", reward, (n,)), np.ones(n)
    found, alive = np.zeros(n), np.ones(n, bool)
    for _ in range(n):
        ratio = np.where(alive, earned / time, -np.inf)
        s = int(np.argmax(ratio))
        found[s], alive[s] = ratio[s], False
        through = p[:, s] / (1.0 - p[s, s])
        earned, time, p = earned + through * earned[s], time + through * time[s], p + np.outer(through, p[s])
        p[:, s] = 0.0
    return found


def bernoulli_gittins_index(a: float, b: float, discount: float, tolerance: float = 1e-8) -> Between:
    """Gittins's index of an arm that pays 1 with a probability drawn from Beta(a, b), else 0.

    The index is the rate g at which pulling at least once more and retiring on g a round are worth the same,

        V(a, b) = max( g / (1 - discount), m + discount (m V(a+1, b) + (1 - m) V(a, b+1)) ),  m = a / (a + b).

    After H pulls V is at least max(g, m) / (1 - discount) and at most max(g, 1) / (1 - discount); with H such that
    the two indices that follow differ by less than the tolerance, each is found by bisection.

    Parameters
    ----------
    a, b : parameters of the prior, > 0.
    discount : in (0, 1); the work grows as the square of log(1 / tolerance) / (1 - discount).
    tolerance : the width of the answer but for rounding, reward a round, at least 1e-12.

    Returns
    -------
    Between(value, lower, upper)

    Raises
    ------
    BadType, BadValue : a, b or tolerance not positive, a discount outside (0, 1).

    Examples
    --------
    >>> round(bernoulli_gittins_index(1, 1, 0.9).value, 6)
    0.702889

    References
    ----------
    [Gittins1979]_
    """
    beta, tolerance = _discount(discount), number("tolerance", tolerance, 1e-12)
    a, b = number("a", a, 1e-9), number("b", b, 1e-9)
    # Pulling on less retiring falls at least as fast as g rises, since one pull at least is made. So values that are off by
    # x / (1 - beta) after H pulls put the index off by at most beta^H x / (1 - beta), and rounding by eps / (1 - beta)^2.
    depth = int(np.ceil(np.log(tolerance / 4.0 * (1.0 - beta)) / np.log(beta)))
    rounding = 8.0 * float(np.finfo(float).eps) / (1.0 - beta) ** 2
    lower = max(_root(a, b, beta, depth, False, tolerance)[0] - rounding, 0.0)
    upper = min(_root(a, b, beta, depth, True, tolerance)[1] + rounding, 1.0)
    return Between((lower + upper) / 2.0, lower, upper)


def _root(a: float, b: float, beta: float, depth: int, optimistic: bool, tolerance: float) -> tuple[float, float]:
    """An interval that holds the rate at which pulling on and retiring tie, the values after `depth` pulls being bounds."""
    low, high = a / (a + b), 1.0
    while high - low > tolerance / 4.0:
        g = (low + high) / 2.0
        won = np.arange(depth + 1.0)
        value = np.full(depth + 1, 1.0) if optimistic else np.maximum(g, (a + won) / (a + b + depth))
        value /= 1.0 - beta
        for pulls in range(depth - 1, -1, -1):
            m = (a + np.arange(pulls + 1.0)) / (a + b + pulls)
            value = m + beta * (m * value[1:] + (1.0 - m) * value[:-1])
            if pulls:
                np.maximum(value, g / (1.0 - beta), out=value)
        low, high = (g, high) if value[0] > g / (1.0 - beta) else (low, g)
    return low, high


def _discount(discount: Any) -> float:
    beta = number("discount", discount)
    if not 0.0 < beta < 1.0:
        raise BadValue(f"discount: got {beta:g}; allowed: a number in (0, 1)")
    return beta
