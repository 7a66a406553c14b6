"""Explore-then-commit: every arm the same number of times, then the best for good."""

import math
from typing import NamedTuple

import numpy as np

from ..arguments import whole
from ..confidence import Means, best, best_mean, means, record
from ..draws import exp, log
from ..kernels import available
from ..model import ARM, Policy


class Memory(NamedTuple):
    reward: Means  #: of the exploring pulls only
    unfinished: np.ndarray  #: how many arms have fewer pulls than they should
    committed: np.ndarray


class Params(NamedTuple):
    pulls: float


def act(memory, params, view, left, t, key):
    if memory.unfinished[0] == 0.0 and available(view, int(memory.committed[0])):
        return int(memory.committed[0])
    arm, fewest = -1, params.pulls
    for k in range(memory.reward.pulls.size):
        if available(view, k) and memory.reward.pulls[k] < fewest:
            arm, fewest = k, memory.reward.pulls[k]
    return arm if arm >= 0 else best(view, memory.reward.mean)


def update(memory, params, view, action, outcome, t):
    if memory.reward.pulls[action] < params.pulls and record(memory.reward, action, outcome.reward) == params.pulls:
        memory.unfinished[0] -= 1.0
        if memory.unfinished[0] == 0.0:
            memory.committed[0] = best_mean(memory.reward)


def recommend(memory, params, left, t, key):
    return best_mean(memory.reward)


def explore_then_commit(pulls: int | None = None) -> Policy:
    """Every arm N times in turn, then the arm of greatest mean for good.

    By default ``N = ceil((T/K)^(2/3) (log T)^(1/3))``, T the horizon, K arms. Ties go to the lower arm. Recommends the
    greatest mean of the exploring pulls.

    Parameters
    ----------
    pulls
        N, exploring pulls of each arm, >= 1; None for the value above.

    Returns
    -------
    Policy
        For problems whose action is an arm.

    Raises
    ------
    BadValue, BadType
        If pulls is not a whole number >= 1.

    Departures from the paper
    -------------------------
    Among the available arms the least pulled is explored; while the committed arm is not available, the best that is.
    A round that the budget made void counts as a reward of 0.

    Examples
    --------
    >>> explore_then_commit(pulls=38).name, explore_then_commit().name
    ('explore_then_commit(pulls=38)', 'explore_then_commit(told the horizon)')

    References
    ----------
    [Slivkins2019]_, chapter 1.
    """
    fixed = None if pulls is None else whole("pulls", pulls, 1)

    def init(spec):
        k, t = spec.n_actions, spec.horizon
        n = fixed or math.ceil(exp((2.0 * log(t / k) + log(max(log(t), 1.0))) / 3.0))
        return Memory(means(k), np.array([float(k)]), np.zeros(1)), Params(float(n))

    name = "told the horizon" if fixed is None else f"pulls={fixed}"
    return Policy(ARM, init, act, update, recommend=recommend, name=f"explore_then_commit({name})")
