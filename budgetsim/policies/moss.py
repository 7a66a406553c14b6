"""MOSS: the minimax optimal strategy in the stochastic case."""

from typing import NamedTuple

import numpy as np

from ..confidence import Means, best, best_mean, hoeffding, means, record
from ..draws import log
from ..model import ARM, Policy


class Memory(NamedTuple):
    reward: Means
    bound: np.ndarray


class Params(NamedTuple):
    share: float  #: horizon / arms


def init(spec):
    seen = means(spec.n_actions)
    return Memory(seen, seen.mean.copy()), Params(spec.horizon / spec.n_actions)


def act(memory, params, view, left, t, key):
    return best(view, memory.bound)


def update(memory, params, view, action, outcome, t):
    n = record(memory.reward, action, outcome.reward)
    memory.bound[action] = memory.reward.mean[action] + hoeffding(n, max(log(params.share / n), 0.0))


def recommend(memory, params, left, t, key):
    return best_mean(memory.reward)


def moss() -> Policy:
    """The arm of greatest ``mean + sqrt(max(log(T / (K pulls)), 0) / pulls)``, T the horizon, K arms.

    Each arm is tried once first; ties go to the lower arm. Recommends the greatest mean.

    Returns
    -------
    Policy
        For problems whose action is an arm; rewards in [0, 1].

    Departures from the paper
    -------------------------
    An arm is tried when it first is available. A round that the budget made void counts as a reward of 0.

    Examples
    --------
    >>> moss().name
    'moss(told the horizon)'

    References
    ----------
    [Audibert2009]_.
    """
    return Policy(ARM, init, act, update, recommend=recommend, name="moss(told the horizon)")
