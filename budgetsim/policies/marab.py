"""MARAB: the arm whose worst rewards are best."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import BadValue, number
from ..confidence import best
from ..draws import log
from ..model import ARM, Policy


class Memory(NamedTuple):
    worst: np.ndarray  #: the least rewards of each arm, in order and each value once
    times: np.ndarray  #: how often it came
    values: np.ndarray  #: how many values are kept
    pulls: np.ndarray
    width: np.ndarray  #: 1 / sqrt(pulls), 0 before the first pull
    few: np.ndarray  #: how many rewards make the tail
    edge: np.ndarray  #: the greatest of them
    tail: np.ndarray  #: empirical CVaR, inf before the first pull
    value: np.ndarray


class Params(NamedTuple):
    alpha: float
    c: float


def ceiling(x):
    return -math.floor(-x)


def act(memory, params, view, left, t, key):
    scale = params.c * math.sqrt(log(max(ceiling(params.alpha * t), 1)))
    for k in range(memory.value.size):
        memory.value[k] = memory.tail[k] - scale * memory.width[k]
    return best(view, memory.value)


def keep(memory, arm, reward):
    """Adds a reward to the worst ones; where all room is taken the greatest value makes way."""
    worst, times, many = memory.worst[arm], memory.times[arm], int(memory.values[arm])
    i = many
    while i > 0 and worst[i - 1] > reward:
        i -= 1
    if i > 0 and worst[i - 1] == reward:
        times[i - 1] += 1.0
    elif i < worst.size:
        many = min(many + 1, worst.size)
        memory.values[arm] = many
        for j in range(many - 1, i, -1):
            worst[j], times[j] = worst[j - 1], times[j - 1]
        worst[i], times[i] = reward, 1.0


def update(memory, params, view, action, outcome, t):
    reward, worst, times = outcome.reward, memory.worst[action], memory.times[action]
    keep(memory, action, reward)
    memory.pulls[action] += 1.0
    memory.width[action] = 1.0 / math.sqrt(memory.pulls[action])
    few = min(ceiling(params.alpha * memory.pulls[action]), worst.size)
    if few > memory.few[action] or reward < memory.edge[action]:
        total, missing, i = 0.0, float(few), -1
        while missing > 0.0:
            i += 1
            total += min(times[i], missing) * worst[i]
            missing -= times[i]
        memory.few[action], memory.edge[action], memory.tail[action] = few, worst[i], total / few


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
        memory = Memory(np.zeros((n, kept)), np.zeros((n, kept)), *(np.zeros(n) for _ in range(7)))
        memory.tail[:] = math.inf
        return memory, Params(alpha, c)

    return Policy(ARM, init, act, update, name=f"marab(alpha={alpha:g}, c={c:g})")
