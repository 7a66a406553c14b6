"""Ruin: gambler's ruin, Lundberg's exponent, what no rule can avoid, what shares attain, and mirrored laws that make it certain."""

import math
from typing import Any

import numpy as np

from .. import arguments, intervals
from ..arguments import BadValue, array, number, whole
from ..intervals import Interval

_EPS = float(np.finfo(float).eps)


def _law(outcomes: Any, probabilities: Any) -> tuple[np.ndarray, np.ndarray]:
    """One arm's outcomes of positive probability."""
    x = array("outcomes", outcomes, (None,))
    p = arguments.probabilities("probabilities", probabilities, x.shape)
    return x[p > 0.0], p[p > 0.0]


def _arms(outcomes: Any, probabilities: Any) -> tuple[np.ndarray, np.ndarray]:
    x = array("outcomes", outcomes, (None, None))
    return x, arguments.probabilities("probabilities", probabilities, x.shape)


# ------------------------------------------------------------------------------------------------ one arm
def lundberg_exponent(outcomes: Any, probabilities: Any) -> float:
    """The g > 0 with E e^(-g X) = 1: ruin from a stock of b has probability near e^(-g b).

    Parameters
    ----------
    outcomes, probabilities : (S,), the law of one arm's gain X.

    Returns
    -------
    g, per unit of stock; 0 where E X <= 0 (ruin is certain, unless X is always 0), infinite where X cannot be negative.

    Examples
    --------
    >>> round(math.exp(-lundberg_exponent([1, -1], [0.6, 0.4])), 12)  # 2/3, the odds of a loss
    0.666666666667
    >>> lundberg_exponent([1, -1], [0.5, 0.5]), lundberg_exponent([1, 0], [0.5, 0.5])
    (0.0, inf)
    """
    x, p = _law(outcomes, probabilities)
    if x.min() >= 0.0:
        return math.inf
    if float(p @ x) <= 4 * _EPS * float(p @ np.abs(x)):
        return 0.0
    wins, losses = float(p[x > 0.0].sum()), float(p[x < 0.0].sum())
    if np.unique(np.abs(x[x != 0.0])).size == 1:  # -c, 0, c: E e^(-g X) = 1 is solved by the odds
        return math.log(wins / losses) / float(np.abs(x).max())
    # h(g) = (E e^(-gX) - 1) / g rises from -E X; expm1 keeps its sign right for small g
    excess = lambda g: float(p @ np.expm1(-g * x))  # noqa: E731
    low, high = 0.0, math.log(1.0 / losses) / float(-x.min()) if losses < 1.0 else 1.0
    high = max(high, 1e-300)
    while excess(high) <= 0.0:
        low, high = high, 2.0 * high
    while True:
        middle = 0.5 * (low + high)
        if not low < middle < high:
            return middle
        low, high = (middle, high) if excess(middle) <= 0.0 else (low, middle)


def gambler_ruin(outcomes: Any, probabilities: Any, budget: float) -> float:
    """Probability that one arm, played for ever from `budget`, ever brings the stock to 0: exact for arms that lose at most 1.

    For gains -1, 0, 1, 2, ... a stock cannot jump over a level, so ruin from b is b times ruin from 1: r^b, where r < 1
    solves E r^X = 1 if E X > 0. With gains -1, 0, 1 alone, r = P(-1) / P(+1).

    Parameters
    ----------
    outcomes, probabilities : (S,), whole gains >= -1. budget : a whole number >= 0.

    Raises
    ------
    BadValue : outcomes that are not whole or below -1; use `ruin_bounds`, or `ruin_dp(horizon=None)` with one arm.

    Examples
    --------
    >>> round(gambler_ruin([1, -1], [0.6, 0.4], 5), 12) == round((2 / 3) ** 5, 12)
    True
    >>> gambler_ruin([1, -1], [0.4, 0.6], 5), gambler_ruin([1, 0], [0.4, 0.6], 5)
    (1.0, 0.0)

    References
    ----------
    [Feller1968]_, chapter XIV
    """
    x, p = _law(outcomes, probabilities)
    if np.any(x != np.floor(x)) or x.min() < -1.0:
        raise BadValue(f"outcomes: got {x[(x != np.floor(x)) | (x < -1.0)][0]:g}; allowed: whole numbers from -1 on")
    return float(odds(x[None], p[None])[0]) ** whole("budget", budget)


def odds(outcomes: Any, probabilities: Any) -> np.ndarray:
    """r_k = e^(-g_k) of each arm, (K,): P(-1) / P(+1) for gains -1, 0, 1; 1 for an arm that does not win on average, 0 for one that cannot lose.

    >>> odds([[1, -1], [1, -1]], [[0.65, 0.35], [0.4, 0.6]]).round(12).tolist()
    [0.538461538462, 1.0]
    """
    x, p = _arms(outcomes, probabilities)
    found = np.array([math.exp(-lundberg_exponent(row, chances)) for row, chances in zip(x, p, strict=True)])
    for k in range(len(x)):
        if found[k] not in (0.0, 1.0) and set(x[k][p[k] > 0.0]) <= {-1.0, 0.0, 1.0}:  # the quotient itself, without log and exp
            found[k] = p[k][x[k] == -1.0].sum() / p[k][x[k] == 1.0].sum()
    return found


def ruin_bounds(outcomes: Any, probabilities: Any, budget: float) -> tuple[float, float]:
    """Lundberg's bounds on ruin of one arm played for ever: e^(-g (b + l)) <= P(ruin from b) <= e^(-g b), l the largest loss.

    Optional stopping of e^(-g stock), which at ruin lies in [1, e^(g l)]; [1, e^(g (l - 1))] where stock and outcomes are
    whole, so that the lower bound is then e^(-g (b + l - 1)), and both meet for an arm that loses 1 at most.

    Parameters
    ----------
    outcomes, probabilities : (S,), the law of the gain. budget : the stock b >= 0.

    Returns
    -------
    (lower, upper); (1, 1) where the mean gain is not positive and the arm can lose, (0, 0) where it cannot lose.

    Examples
    --------
    >>> lower, upper = ruin_bounds([3, -3], [0.55, 0.45], 4)
    >>> round(lower, 6), round(upper, 6)
    (0.669421, 0.765244)

    References
    ----------
    [Asmussen2010]_, chapter IV
    """
    x, p = _law(outcomes, probabilities)
    b = number("budget", budget, 0.0)
    if b == 0.0:
        return 1.0, 1.0
    g = lundberg_exponent(x, p)
    if g == math.inf:
        return 0.0, 0.0
    loss = float(-x.min()) - float(bool(np.all(x == np.floor(x)) and b == math.floor(b)))
    return math.exp(-g * (b + loss)), math.exp(-g * b)


# ------------------------------------------------------------------------------------------------ several arms
def ruin_lower_bound(odds: Any, net_loss: Any) -> float:
    """What no rule can avoid: prod_k r_k^(E_Q L_k), where L_k is what it has lost on arm k at ruin under the mirrored law Q.

    P(ruin) = E_Q[prod r_k^L_k], and the exponential is convex (Jensen). Arms with r_k >= 1 count with 1: they are not mirrored.

    Parameters
    ----------
    odds : (K,) r_k > 0. net_loss : (K,) E_Q L_k, or (replication, K), whose mean is taken.

    Examples
    --------
    >>> round(ruin_lower_bound([0.35 / 0.65, 0.45 / 0.55], [6.68, 3.32]), 4)
    0.0082
    """
    r = np.minimum(array("odds", odds, (None,), math.nextafter(0.0, 1.0)), 1.0)
    lost = array("net_loss", net_loss, (None,) * np.ndim(net_loss))
    mean = lost.mean(axis=0) if lost.ndim == 2 else lost
    if mean.shape != r.shape:
        raise BadValue(f"net_loss: got {mean.size} arms; allowed: {r.size}, one for each of the odds")
    return math.exp(math.fsum(np.log(r) * mean))


def equal_shares(budget: int, arms: int) -> np.ndarray:
    """How many units each arm may lose, (K,): B / K, the units that are left over to the first arms.

    This is what "pull the first arm of the largest cumulative reward" has lost at ruin, for gains -1, 0, 1: it lowers the
    arms one after the other by one unit each, whatever luck does in between.

    >>> equal_shares(10, 4).tolist()
    [3, 3, 2, 2]
    """
    budget, arms = whole("budget", budget, 0), whole("arms", arms, 1)
    return np.array([budget // arms + (k < budget % arms) for k in range(arms)])


def share_ruin(odds: Any, shares: Any) -> float:
    """Ruin under fixed shares: prod_k min(1, r_k)^(B_k), for gains -1, 0, 1 and no end of rounds, whatever the rule among live arms.

    Parameters
    ----------
    odds : (K,) r_k = P(-1) / P(+1). shares : (K,) whole numbers; arm k is left once it has lost B_k.

    Examples
    --------
    >>> round(share_ruin([0.35 / 0.65, 0.45 / 0.55], [5, 5]), 6)
    0.016597
    """
    shares = array("shares", shares, np.shape(odds), 0.0)
    if np.any(shares != np.floor(shares)):
        raise BadValue(f"shares: got {shares[shares != np.floor(shares)][0]:g}; allowed: whole numbers")
    return ruin_lower_bound(odds, shares)


def equal_share_bracket(odds: Any, budget: int) -> tuple[float, float]:
    """Ruin under shares that differ by at most one unit: the extra units on the arms that lose least often, or most often.

    >>> low, high = equal_share_bracket([0.5, 0.8], 5)
    >>> round(low, 6), round(high, 6), equal_share_bracket([0.5, 0.8], 4)[0] == equal_share_bracket([0.5, 0.8], 4)[1]
    (0.08, 0.128, True)
    """
    r = np.sort(array("odds", odds, (None,), math.nextafter(0.0, 1.0)))
    shares = equal_shares(budget, r.size)
    return share_ruin(r, shares), share_ruin(r[::-1].copy(), shares)


# ------------------------------------------------------------------------------------------------ rare ruin
def mirrored(outcomes: Any, probabilities: Any) -> np.ndarray:
    """The laws under which ruin is certain, (K, S): those of -1 and +1 swapped, in general tilted by e^(-g_k x).

    An arm that does not win on average is left as it is, and so is one that cannot lose. Play the mirrored instance as
    any other problem, and weigh its runs by `weights`.

    Parameters
    ----------
    outcomes, probabilities : (K, S), as in `survival_bandit`.

    Examples
    --------
    >>> mirrored([[1, -1], [1, 0]], [[0.65, 0.35], [0.5, 0.5]]).tolist()
    [[0.35, 0.65], [0.5, 0.5]]
    """
    x, p = _arms(outcomes, probabilities)
    out = p.copy()
    for k, g in enumerate(_exponents(x, p)):
        if g > 0.0:
            exact = set(x[k][p[k] > 0.0]) <= {-1.0, 0.0, 1.0} and np.count_nonzero(p[k]) == np.unique(x[k][p[k] > 0.0]).size
            tilted = p[k] * np.exp(np.where(p[k] > 0.0, -g * x[k], 0.0))
            out[k] = tilted / tilted.sum()
            if exact:
                lose, win = (int(np.flatnonzero((x[k] == s) & (p[k] > 0.0))[0]) for s in (-1.0, 1.0))
                out[k] = p[k]
                out[k, lose], out[k, win] = p[k, win], p[k, lose]
    return out


def weights(outcomes: Any, probabilities: Any, net_loss: Any) -> np.ndarray:
    """Likelihood of a run under the true laws over that under the mirrored ones, (replication,): prod_k e^(-g_k L_k).

    Parameters
    ----------
    outcomes, probabilities : (K, S), the true laws. net_loss : (replication, K), what each arm has lost, in raw gains:
        `net_losses(problem, runs)` of problems/survival_bandit.py.

    Examples
    --------
    >>> weights([[1, -1], [1, -1]], [[0.65, 0.35], [0.55, 0.45]], [[5, 5]]).round(6).tolist()
    [0.016597]
    """
    x, p = _arms(outcomes, probabilities)
    lost = array("net_loss", net_loss, (None, len(x)))
    # not a matrix product: equal losses give equal bits, so that a share policy has no variance at all
    return np.exp(-sum(g * lost[:, k] for k, g in enumerate(_exponents(x, p))))


def rare_ruin(weights: Any, ruined: Any, level: float = 0.95) -> Interval:
    """Probability of ruin from runs of the mirrored instance: the mean of weight times ruined, with its interval.

    Parameters
    ----------
    weights : (replication,) of `weights`. ruined : (replication,), whether the run was. level : of confidence.

    Examples
    --------
    >>> round(rare_ruin([1e-9] * 200 + [3e-9] * 200, [True] * 400).estimate, 12)
    2e-09
    """
    w = array("weights", weights, (None,), 0.0)
    return intervals.mean(w * array("ruined", np.asarray(ruined, float), w.shape, 0.0, 1.0), level)


def _exponents(x: np.ndarray, p: np.ndarray) -> list[float]:
    """g_k where arm k is mirrored, else 0."""
    found = [lundberg_exponent(row, chances) for row, chances in zip(x, p, strict=True)]
    return [g if g < math.inf else 0.0 for g in found]
