"""MARAB: the arm whose worst rewards are best."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import BadValue, number
from ..confidence import best
from ..draws import log
from ..model import ARM, Policy


class Memory(NamedTuple):
    worst: np.ndarray  #: the least rewards of each arm, in order; inf where there are none yet
    pulls: np.ndarray
    tail: np.ndarray  #: empirical CVaR, inf before the first pull
    value: np.ndarray


class Params(NamedTuple):
    alpha: float
    c: float


def ceiling(x):
    return -math.floor(-x)


def act(memory, params, view, left, t, key):
    level = log(max(ceiling(params.alpha * t), 1))
    for k in range(memory.value.size):
        memory.value[k] = memory.tail[k] - params.c * math.sqrt(level / max(memory.pulls[k], 1.0))
    return best(view, memory.value)


def update(memory, params, view, action, outcome, t):
    worst, reward = memory.worst[action], outcome.reward
    last = worst.size - 1
    i = int(min(memory.pulls[action], last))  # where there is room, or the greatest of those kept
    if reward < worst[i]:
        while i > 0 and worst[i - 1] > reward:
            worst[i] = worst[i - 1]
            i -= 1
        worst[i] = reward
    memory.pulls[action] += 1.0
    few = int(min(ceiling(params.alpha * memory.pulls[action]), last + 1))
    total = 0.0
    for j in range(few):
        total += worst[j]
    memory.tail[action] = total / few


def marab(alpha: float = 0.05, c: float = 1e-6) -> Policy:
    """The arm of greatest empirical CVaR, less a width.

    After each arm was pulled once, index ``CVaR - c sqrt(log ceil(alpha t) / pulls)``, t rounds being over; CVaR is the mean of the
    ceil(alpha pulls) least rewards of the arm. Ties go to the lower arm.

    Parameters
    ----------
    alpha
        Risk level in (0, 1]: 1 for the mean.
    c
        Multiplies the width, >= 0, in units of reward: arms pulled less often are avoided.

    Returns
    -------
    Policy
        For problems whose action is an arm.

    Raises
    ------
    BadValue, BadType
        If alpha is not in (0, 1] or c not a number >= 0; on a problem whose horizon asks for more than 10^8 rewards to be kept.

    Departures from the paper
    -------------------------
    The index is that of the survival bandits' authors' code, but for a reward of 0 that every arm has there from the start.

    Examples
    --------
    >>> marab(alpha=0.1).name
    'marab(alpha=0.1, c=1e-06)'

    References
    ----------
    [Galichet2013]_.
    """
    alpha, c = number("alpha", alpha, 1e-12, 1.0), number("c", c, 0.0)

    def init(spec):
        n, kept = spec.n_actions, int(ceiling(alpha * spec.horizon))
        if n * kept > 1e8:
            raise BadValue(f"marab: got {n} arms and a horizon of {spec.horizon}; allowed: at most 10^8 rewards to keep, alpha of all pulls")
        return Memory(np.full((n, kept), math.inf), np.zeros(n), np.full(n, math.inf), np.zeros(n)), Params(alpha, c)

    return Policy(ARM, init, act, update, name=f"marab(alpha={alpha:g}, c={c:g})")
